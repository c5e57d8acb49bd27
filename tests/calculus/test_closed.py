"""Closed forms: the values are those of the derived program, and the text is what a paper prints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.calculus.closed import LONGEST, closed
from indexcalc.calculus.vanish import without_vanishing_sums
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.default_sizes import choose_sizes
from indexcalc.ir.program import Define, Program
from indexcalc.rewrite.measure import nodes
from indexcalc.verify.inputs import draw

from .programs import PROGRAMS

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
POSITIVE = {"variable power", "cosine"}


def derived(text: str, wrt: str) -> tuple[Program, Program]:
    program = ic.parse(text)
    return program, ic.grad(program, wrt)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_values_are_those_of_the_derived_program(name: str) -> None:
    program, gradient = derived(*PROGRAMS[name])
    form = closed(gradient, program)
    assert form.outputs == gradient.outputs
    assert form.inputs == gradient.inputs
    sizes = choose_sizes(gradient)
    arrays = draw(gradient, sizes, np.random.default_rng(11), "positive" if name in POSITIVE else "normal")
    named = {s.name: n for s, n in sizes.items()}
    with np.errstate(all="ignore"):
        want, got = run_outputs(gradient, arrays, named), run_outputs(form, arrays, named)
    for output in want:
        np.testing.assert_allclose(got[output], want[output], rtol=1e-10, atol=1e-10, err_msg=str(form))


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_text_reads_back(name: str) -> None:
    program, gradient = derived(*PROGRAMS[name])
    form = closed(gradient, program)
    assert ic.parse(str(form)) == form


SECOND = {
    "letters of two spaces": ("M[i,j] = A[i,k] X[k,l] B[l,j]; L = det(M)", "A,X,B"),
    "sums inside of sums": (
        "index i, j : n; index p, q : m; tensor X[i,p], C[i,j], A[p,q]\n"
        "G[p,q] = X[i,p] C[i,j] X[j,q]; L = inv(G)[p,q] A[q,p]",
        "X,C,A",
    ),
    "all letters taken": (
        "index p, q : out(3); index u, v : in(6); index k, l : kernel(2); tensor x[u,v], w[k,l]\n"
        "y[p,q] = x[2*p + k, q + 2*l] w[k,l]; z[p,q] = max[k,l](x[2*p + k, 2*q + l]); L = y[p,q] z[p,q]",
        "x,w",
    ),
    "a softmax read at a gather": (
        "integer y[n] : cls(3); index c : cls(3); tensor t[c], z[n,c]\n"
        "s[n,c] = sqrt(2 + z[n,c] t[c] - delta[c, y[n]] cos(z[n,c])); L = mean[n](logsumexp[c](s[n,c]) - s[n,y[n]])",
        "z,t",
    ),
    "a softmax read on its diagonal": ("L = sum[i](logsumexp[j](A[i,j]**3) A[i,i]**2) + tr(A)", "A"),
}


@pytest.mark.parametrize("name", SECOND)
def test_closed_second_derivatives_read_back_and_keep_their_values(name: str) -> None:
    text, wrt = SECOND[name]
    second = ic.hessian(text, wrt)
    form = ic.closed(second)
    assert ic.parse(str(form)) == form
    arrays = draw(second, sizes := choose_sizes(second), np.random.default_rng(3), "normal")
    named = {s.name: n for s, n in sizes.items()}
    want, got = run_outputs(second, arrays, named), run_outputs(form, arrays, named)
    for output in want:
        np.testing.assert_allclose(got[output], want[output], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_users_definitions_stay_as_written_and_equations_stay_short(name: str) -> None:
    program, gradient = derived(*PROGRAMS[name])
    for s in closed(gradient, program).statements:
        assert isinstance(s, Define)
        if s.name in program.definitions:
            assert s == program.definitions[s.name]
        else:
            assert nodes(s.body) <= 2 * LONGEST


def equations(text: str, wrt: str) -> list[str]:
    program, gradient = derived(text, wrt)
    form = closed(gradient, program)
    return [str(s) for s in form.statements if isinstance(s, Define) and s.name not in program.definitions]


KNOWN = {
    "quadratic form": ("L = x[i] A[i,j] x[j]", "x", "grad_x[i] = (A[j, i] + A[i, j]) x[j]"),
    "normal equation": (
        "L = sum[n,k]((X[n,i] W[i,k] - Y[n,k])**2)",
        "W",
        "grad_W[i, k] = 2 X[n, i] (W[j, k] X[n, j] - Y[n, k])",
    ),
    "cross entropy": ("L = logsumexp[v](z[v]) - y[v] z[v]", "z", "grad_z[v] = softmax[v](z[v]) - y[v]"),
    "cross entropy of labels": (
        "index b : batch\nindex c : class\ninteger t[b] : class\np[b,c] = softmax[c](z[b,c])\n"
        "L = -sum[b](log(p[b,t[b]]))",
        "z",
        "grad_z[b, c] = p[b, c] - delta[c, t[b]]",
    ),
    "softmax": ("p[i] = softmax[i](z[i])", "z", "grad_z[i] = p[i] (grad_p[i] - grad_p[j] p[j])"),
    "norm of a residual": (
        "L = norm[i](A[i,j] x[j] - b[i])",
        "x",
        "grad_x[j] = A[i, j] (A[i, k] x[k] - b[i]) / L",
    ),
    "log-determinant": ("L = logdet(X)", "X", "grad_X[i, j] = inv(X)[j, i]"),
    "inverse in a form": (
        "L = a[i] inv(X)[i,j] b[j]",
        "X",
        "grad_X[i, j] = -sum[k](a[k] inv(X)[k, i]) sum[k](b[k] inv(X)[j, k])",
    ),
    "layer norm": (
        "index t : tokens\nindex c : channels(C)\nmu[t] = mean[c](x[t,c])\nsigma[t] = sqrt(var[c](x[t,c]) + 1e-5)\n"
        "xhat[t,c] = (x[t,c] - mu[t]) / sigma[t]\noutput xhat",
        "x",
        "grad_x[t, c] = (grad_xhat[t, c] - (grad_xhat[t, d] xhat[t, d]) xhat[t, c] / C"
        " - sum[d](grad_xhat[t, d]) / C) / sigma[t]",
    ),
}


@pytest.mark.parametrize(("text", "wrt", "equation"), KNOWN.values(), ids=KNOWN)
def test_the_equation_is_the_one_in_the_papers(text: str, wrt: str, equation: str) -> None:
    assert equations(text, wrt) == [equation]


def test_attention_keeps_the_scores_gradient_that_two_results_share() -> None:
    text = (EXAMPLES / "attention.idx").read_text(encoding="utf-8")
    assert equations(text, "Q,K,V") == [
        "grad_S[i, j] = P[i, j] (V[j, a] grad_O[i, a] - O[i, a] grad_O[i, a])",
        "grad_Q[i, d] = K[j, d] grad_S[i, j] / sqrt(D)",
        "grad_K[j, d] = Q[i, d] grad_S[i, j] / sqrt(D)",
        "grad_V[j, a] = P[i, j] grad_O[i, a]",
    ]
    assert len(equations(text, "Q")) == 1


@pytest.mark.parametrize(
    ("definition", "vanishes"), [("x[c] - mean[c](x[c])", True), ("x[c] - 2 mean[c](x[c])", False)]
)
def test_a_sum_that_vanishes_is_proved_not_guessed(definition: str, vanishes: bool) -> None:
    program = ic.parse(f"index c : channels(C)\nd[c] = {definition}\ns = 3 w sum[c](d[c]) + w")
    body = without_vanishing_sums(program.definitions["s"].body, program)
    assert str(body) == ("w" if vanishes else "3 w sum[c](d[c]) + w")


def test_only_derived_programs_have_a_closed_form() -> None:
    with pytest.raises(ic.IndexCalcError, match=r"was derived by ic\.grad"):
        ic.closed(ic.parse("L = x[i] x[i]"))
    assert str(ic.closed(ic.grad("L = x[i] x[i]", "x")).statements[-1]) == "grad_x[i] = 2 x[i]"


def test_letters_do_not_run_out() -> None:
    layers = "\n".join(f"h{k}[i] = tanh(W{k}[i, j] h{k - 1}[j])" for k in range(1, 20))
    program, gradient = derived(f"index i, j : n(N)\nh0[i] = tanh(x[i])\n{layers}\nL = h19[i] h19[i]", "x")
    form = closed(gradient, program)
    assert "'''" in str(form)  # more sums in one line than letters behind i
    arrays = draw(form, choose_sizes(form), np.random.default_rng(1), "normal")
    np.testing.assert_allclose(
        run_outputs(form, arrays)["grad_x"], run_outputs(gradient, arrays)["grad_x"], rtol=1e-10, atol=0
    )
