"""What is declared or defined and never read."""

import pytest

from indexcalc.lint.run import lint


def told(text):
    return [(d.code, d.message.split("`")[1]) for d in lint(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("tensor A[i], B[i]\ny[i] = 2 A[i]", "B"),
        ("scalar lam, mu\ny[i] = lam x[i]", "mu"),
        ("index i, j : n(N)\ny[i] = 2 x[i]", "j"),
        ("function f(t) = t + 1\ny[i] = 2 x[i]", "f"),
        ("integer tok[b] : vocab\nindex v : vocab(V)\ny[v] = 2 x[v]", "tok"),
        ("index i : n(N)\ntensor \\beta[i], x[i]\ny[i] = 2 x[i]", "β"),
    ],
)
def test_an_unused_declaration_is_told_where_it_stands(text, name):
    (found,) = lint(text)
    assert found.code == "IX591"
    assert f"`{name}`" in found.message or "beta" in found.message
    assert found.span is not None


@pytest.mark.parametrize(
    "text",
    [
        "index i : n(N)\ny[i] = x[i] / N",  # by its extent too
        "index i, i' : n(N)\ny[i] = x[i] / sum[i'](x[i'])",
        "index k : n(N)\ny = sum[k](2)",
        "index i, j : n(N)\ny[i] = sum[j](j <= i)",
        "index i : n(N)\ny = N x",  # an index that gives its space's extent a name
        "index v : vocab(V)\ninteger tok[b] : vocab\ny[b, d] = E[tok[b], d]",
        "tensor A[i, j]\ny = det(A)",
        "function f(t) = t + 1\nfunction g(t) = f(t)**2\ny[i] = g(x[i])",
        "index i : spacetime(4)\nmetric g : spacetime\ny[^i] = 2 A[^i]",
        "tensor A[i]\nA[i] == x[i]",
        "index m, n : pts\ntensor x[m]\ny[n] = 2 x[n]",  # a slot by example
        "y[i] = A_ij x_j",
        "y = x[p + k] w[k] v[p]",
    ],
)
def test_uses_of_every_kind_count(text):
    assert [d.message for d in lint(text) if d.code in ("IX591", "IX592")] == []


def test_a_definition_that_no_output_needs():
    text = "a[i] = 2 x[i]\nb[i] = a[i] + 1\nc[i] = b[i]\noutput b"
    assert told(text) == [("IX592", "c")]
    assert told(text.replace("output b", "output c")) == []
    assert told(text.replace("output b", "output a")) == [("IX592", "b"), ("IX592", "c")]


def test_a_claim_is_a_reason():
    text = "a[i] = 2 x[i]\nb[i] = 3 x[i]\na[i] == x[i] + x[i]\noutput b"
    assert told(text) == []


def test_without_an_output_line_every_last_definition_is_one():
    assert told("a[i] = 2 x[i]\nb[i] = 3 x[i]") == []
