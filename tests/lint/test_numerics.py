"""Rules on overflow, cancellation and singular points: each bad formula really fails, its fix does not, and what is
guarded is left alone."""

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.lint.run import lint, lint_source
from indexcalc.lint.settings import Settings
from indexcalc.lint.source import Source


def codes(text):
    return [d.code for d in lint(text)]


def fixed(text):
    (found,) = lint(text)
    assert found.fix is not None
    assert found.safe
    return text[: found.span.start] + found.fix + text[found.span.end :]


def value(text, **arrays):
    """As it is written: compiled with all passes, many a formula takes its stable form by itself."""
    with np.errstate(all="ignore"):
        (out,) = ic.compile(text, without=("stable",))(**arrays).values()
    return out


FIXED = [
    ("IX601", "y[n, c] = log(softmax[c](z[n, c]))", np.array([[0.0, 800.0]])),
    ("IX601", "y[n, c] = 2 - log(softmax[c](z[n, c] + 3))", np.array([[0.0, 800.0]])),
    ("IX602", "y[n] = log(sum[c](exp(2 z[n, c])))", np.array([[0.0, 800.0]])),
    ("IX604", "y[n, c] = 3 log(sigmoid(z[n, c]))", np.array([[-800.0, 1.0]])),
    ("IX604", "y[n, c] = log(sigmoid(-z[n, c]))", np.array([[800.0, 1.0]])),
    ("IX604", "y[n, c] = log(sigmoid(z[n, c] - 1))", np.array([[-800.0, 1.0]])),
    ("IX605", "y[n, c] = log(exp(z[n, c]) + 1)", np.array([[800.0, 1.0]])),
]


@pytest.mark.parametrize(("code", "text", "extreme"), FIXED)
def test_the_fix_is_equal_where_the_formula_works_and_finite_where_it_fails(code, text, extreme):
    assert codes(text) == [code]
    better = fixed(text)
    assert codes(better) == []
    z = np.random.default_rng(1).normal(size=(3, 4))
    np.testing.assert_allclose(value(better, z=z), value(text, z=z), rtol=1e-12)
    assert not np.isfinite(value(text, z=extreme)).all()
    assert np.isfinite(value(better, z=extreme)).all()


def test_a_softmax_by_hand_fails_where_softmax_does_not():
    by_hand = "p[i, k] = exp(z[i, k]) / sum[k](exp(z[i, k]))"
    in_steps = "e[i, k] = exp(z[i, k])\nt[i] = sum[k](e[i, k])\np[i, k] = e[i, k] / t[i]\noutput p"
    z = np.array([[0.0, 800.0]])
    for text in (by_hand, in_steps):
        assert codes(text) == ["IX603"]
        assert np.isnan(value(text, z=z)).any()
    assert np.isfinite(value("p[i, k] = softmax[k](z[i, k])", z=z)).all()


def test_a_variance_by_difference_loses_all_digits():
    text = "v = mean[k](x[k]**2) - mean[k](x[k])**2"
    x = 1e9 + np.array([0.0, 1.0, 2.0])
    assert codes(text) == ["IX606"]
    assert abs(value(text, x=x) - 2 / 3) > 0.1
    np.testing.assert_allclose(value("v = var[k](x[k])", x=x), 2 / 3, rtol=1e-12)
    assert codes("m = mean[k](x[k])\nv = mean[k](x[k] x[k]) - m**2") == ["IX606"]


def test_the_gradient_of_a_distance_is_nan_on_the_diagonal():
    head = "index i, j : points(N)\n"
    bad = head + "L = sum[i, j](sqrt(sum[d]((x[i, d] - x[j, d])**2)))"
    good = bad.replace("**2)", "**2) + 1e-12")
    x = np.array([[0.0, 1.0], [2.0, 3.0]])
    with np.errstate(all="ignore"):
        slopes = [ic.compile(ic.grad(text, "x"))(x=x)["grad_x"] for text in (bad, good)]
    assert np.isnan(slopes[0]).any()
    assert np.isfinite(slopes[1]).all()
    assert (codes(bad), codes(good)) == (["IX607"], [])


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("IX601", "p[c] = softmax[c](z[c])\nL = -y[c] log(p[c])"),
        ("IX607", "index i, j : n(N)\nr[i, j] = norm[d](x[i, d] - x[j, d])"),
        ("IX607", "index i, j : n(N)\nD[i, j] = sum[d]((x[i, d] - x[j, d])**2)\nr[i, j] = sqrt(D[i, j])"),
        ("IX608", "w[i] = x[i] / sum[i](x[i])"),
        ("IX608", "y = sum[t](m[t] x[t]) / sum[t](m[t])"),
        ("IX608", "y[i] = (x[i] - mean[i](x[i])) / sqrt(var[i](x[i]))"),
        ("IX608", "s = sqrt(var[i](x[i]))\ny[i] = x[i] / s"),
        ("IX608", "y[i] = a[i] / relu(x[i])"),
        ("IX609", "m[i] = relu(x[i])\ny[i] = log(m[i])"),
        ("IX609", "y[i] = log(x[i] > 0)"),
        ("IX610", "integer age[n] : ages(A)\ny[n] = age[n]**2"),
    ],
)
def test_found(code, text):
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "y = log(sum[k](x[k]))",
        "y = log(sum[k](exp(x[k] - max[k](x[k])))) + max[k](x[k])",
        "y[i] = log(sum[k](exp(-sum[d]((x[i, d] - m[k, d])**2))))",  # every exponent is at most 0
        "e[k] = exp(x[k] - max[k](x[k]))\np[k] = e[k] / sum[k](e[k])",
        "p[k] = exp(x[k]) / (exp(sink) + sum[k](exp(x[k])))",  # no softmax
        "p[k] = exp(x[k]) / sum[k](exp(y[k]))",
        "p[c] = softmax[c](z[c])\nL = -y[c] log(p[c])\nacc = y[c] p[c]",  # p is needed in any case
        "p[c] = softmax[c](z[c])\nL = -y[c] log(p[c])\noutput p, L",
        "y[i] = log(2 + exp(x[i]))",
        "v = mean[k](x[k]**2) - mean[k](y[k])**2",
        "v = mean[k](x[k]**2) + mean[k](x[k])**2",
        "r[i, j] = sqrt(sum[d]((x[i, d] - y[j, d])**2))",  # two sets of points
        "index i, j : n(N)\nr[i, j] = where(i != j, sqrt(sum[d]((x[i, d] - x[j, d])**2)), 0)",
        "index i, j : n(N)\nr[i, j] = sqrt(sum[d]((x[i, d] - x[j, d])**2) + 0.01)",
        "tensor x[i] positive\nw[i] = x[i] / sum[i](x[i])",
        "w[i] = exp(x[i] - m) / sum[j](y[j]**2 + 1)",
        "e[i] = relu(x[i]) + 1e-3\nw[i] = e[i] / sum[i](e[i])",
        "k[e] = topk[e, 2](x[e]) exp(x[e])\nw[e] = k[e] / sum[e](k[e])",
        "y[i] = x[i] / sqrt(var[i](x[i]) + 1e-5)",
        "u[i] = x[i] / norm[i](x[i])",  # a matter for the profile `strict`
        "y[i] = log(relu(x[i]) + 1)",
        "integer tok[b] : vocab(V)\nindex v : vocab\ny[b, v] = tok[b] == v",
        "integer pos[t] : time(T)\nindex s : time\ny[t, s] = exp(-abs(pos[t] - s))",  # positions are numbers
    ],
)
def test_left_alone(text):
    assert codes(text) == []


def test_norms_are_told_of_in_the_strict_profile_only():
    text = "u[i] = x[i] / norm[i](x[i])"
    (found,) = lint_source(Source(text), Settings(profile="strict"))
    assert (found.code, found.severity) == ("IX611", "note")


def test_the_place_is_the_call_or_the_divisor():
    (found,) = lint("y[i] = x[i] / sum[j](x[j]) + 1")
    assert "y[i] = x[i] / sum[j](x[j]) + 1"[found.span.start : found.span.end] == "sum[j](x[j])"
    text = "a[i] = log(x[i]) + log(sigmoid(x[i]))"
    (found,) = lint(text)
    assert text[found.span.start : found.span.end] == "log(sigmoid(x[i]))"
