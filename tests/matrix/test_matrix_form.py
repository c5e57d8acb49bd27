"""Matrix notation: its value against the interpreter's, golden text for the formulas that people know, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.interpret.run import run
from indexcalc.ir.default_sizes import choose_sizes
from indexcalc.ir.program import Define, Program
from indexcalc.ir.trace import Derivation
from indexcalc.matrix.form import matrix_form
from indexcalc.verify.inputs import draw
from tests.calculus.programs import PROGRAMS

from .numpy_meaning import column, numpy_value

MORE = {
    "row and column weights": "T[i,j] = u[i] A[i,j] / v[j]",
    "weights inside": "y[i] = sum[j](A[i,j] v[j] B[j,k] x[k])",
    "softmax of columns": "T[i,j] = softmax[i](A[i,j]) - softmax[j](A[i,j])",
    "sums": "a[i] = sum[j](A[i,j])\nb[j] = sum[i](A[i,j])\nc = sum[i,j](A[i,j] x[j])",
    "traces": "L = A[i,j] B[j,k] C[k,l] E[l,i]\nM = A[i,j] B[j,i] + A[i,i]",
    "diagonals": "d[i] = A[i,i] x[i]\nB[i,j] = delta[i,j] x[i] + delta[i,j] A[i,j] + 2 delta[i,j]",
    "powers": "y[i] = A[i,j] A[j,k] A[k,l] x[l]\nz[i] = A[i,j] inv(A)[j,k] x[k]",
    "elementwise": "Y[i,j] = A[i,j]**3 + 1 / A[i,j] + A[i,j]**2 / B[i,j] + tanh(A[i,j] + x[i])",
    "scalars": "L = (x[i] x[i])**2 / (y[j] y[j]) - 3 pi (x[i] A[i,j] y[j])",
    "residual": "L = sum[n,k]((X[n,i] W[i,k] - Y[n,k])**2) / 2",
    "extents": "index i : n(N)\nL = sum[i](3) + sum[i](x[i]) / N",
    "reductions": "m[i] = max[j](A[i,j])\nl = logsumexp[i](x[i]) + max[i,j](A[i,j])\nv = var[i](x[i])",
    "three hadamard factors": "s = sum[i,j](A[i,j] B[i,j] C[i,j])\nt[i] = sum[j](A[i,j] B[i,j] x[j] y[j])",
    "parallel chains": "T[i,j] = A[i,k] B[k,j] C[i,l] D[l,j]\nu = sum[i,j](x[i] A[i,k] B[k,j] C[i,l] D[l,j] y[j])",
    "outer of nothing": "T[i,j] = x[i] ones[j] + ones[i] y[j] + 1",
    "sum of outer products": "y[i] = A[i,j] (u[j] v[k] + B[j,k]) x[k]",
    "mean and norm": "L = mean[i,j](A[i,j]) + norm[i,j](A[i,j]) - norm[j](A[i,j] x[i])",
    "nested": "L = x[i] A[i,j] exp(B[j,k] y[k] + (w[l] w[l]) z[j])",
}
# Programs of these names have intermediate values of rank 3 or more, masks, gathers or fixed slots.
LEAST_FORMS = 60


def program_of(name: str) -> Program:
    return ic.parse(MORE[name] if name in MORE else PROGRAMS[name][0])


def check(program: Program) -> int:
    """Compares every form with the interpreter; how many definitions have one."""
    sizes = choose_sizes(program)
    arrays = draw(program, sizes, np.random.default_rng(5), "positive")
    known = {**arrays, **run(program, arrays, {s.name: n for s, n in sizes.items()})}
    functions = {f.name for f in program.functions}
    found = 0
    for s in program.statements:
        assert isinstance(s, Define)
        form = matrix_form(s, program.inputs)
        if form is None or any(name in str(s) for name in functions):
            continue
        found += 1
        got = numpy_value(form.equations[0].term, known, sizes)
        np.testing.assert_allclose(got, column(known[s.name]), rtol=1e-12, atol=1e-12, err_msg=f"{s} => {form}")
        assert form.ascii.isascii() or not str(s).isascii()
        assert form.latex.count("{") == form.latex.count("}")
    return found


def test_every_form_has_the_value_of_its_statement() -> None:
    assert sum(check(program_of(name)) for name in PROGRAMS) >= LEAST_FORMS


@pytest.mark.parametrize("name", MORE)
def test_every_kind_of_product_has_a_form(name: str) -> None:
    program = program_of(name)
    assert check(program) == len(program.definitions)


def test_gradients_have_the_values_of_their_statements() -> None:
    names = ["quadratic form", "bilinear", "least squares", "norm", "hadamard", "tanh", "inverse", "gaussian", "mlp"]
    for name in names:
        text, wrt = PROGRAMS[name]
        assert check(ic.grad(text, wrt)) >= 2


KNOWN = {
    "L = A[i,j] X[j,k] B[k,i]": "L = tr(A X B)",
    "L = x[i] A[i,j] x[j]": "L = xᵀ A x",
    "L = x[i] A[i,j] y[j]": "L = xᵀ A y",
    "L = sum[i]((A[i,j] x[j] - b[i])**2)": "L = ‖A x − b‖²",
    "L = logdet(X)": "L = log det X",
    "L = inv(X)[i,j] A[j,i]": "L = tr(X⁻¹ A)",
    "L = a[i] inv(X)[i,j] b[j]": "L = aᵀ X⁻¹ b",
    "L = sum[i,j](X[i,j]**2)": "L = ‖X‖_F²",
    "y[i] = (A[i,j] + A[j,i]) x[j]": "y = (A + Aᵀ) x",
    "y[i] = A[i,j] x[j] + A[j,i] x[j]": "y = (A + Aᵀ) x",
    "G[i,k] = 2 X[n,i] (X[n,j] W[j,k] - Y[n,k])": "G = 2 Xᵀ (X W − Y)",
    "G[i,k] = 2 X[n,i] X[n,j] W[j,k] - 2 X[n,i] Y[n,k]": "G = 2 Xᵀ (X W − Y)",
    "g[i] = 2 X[n,i] (X[n,j] w[j] - y[n]) + 2 lam w[i]": "g = 2 (Xᵀ (X w − y) + lam w)",
    "L = sum[n]((X[n,i] w[i] - y[n])**2) + lam w[i] w[i]": "L = ‖X w − y‖² + lam ‖w‖²",
    "L = logdet(S) + (x[i] - m[i]) inv(S)[i,j] (x[j] - m[j])": "L = log det S + (x − m)ᵀ S⁻¹ (x − m)",
    "tensor A[i,j] symmetric\ny[i] = A[i,j] x[j] + x[j] A[j,i]": "y = 2 A x",
    "T[i,j] = P[i,j] (dO[i,a] V[j,a] - D[i])": "T = P ⊙ (dO Vᵀ − D 1ᵀ)",
    "T[i,j] = x[i] y[j]": "T = x yᵀ",
    "T[i,j] = u[i] A[i,j] / v[j]": "T = diag(u) A diag(v)⁻¹",
    "y[i] = A[i,j] A[j,k] x[k]": "y = A² x",
    "L = A[i,j] A[j,k] A[k,i]": "L = tr(A³)",
    "s = sum[i](x[i])": "s = 1ᵀ x",
    "r[i] = sum[j](A[i,j])": "r = A 1",
    "T[i,j] = softmax[j](Q[i,d] K[j,d] / sqrt(D))": "T = softmax(Q Kᵀ / √D)",
    "G[i,j] = -inv(X)[j,i]": "G = −X⁻ᵀ",
    "J[i,j] = p[i] (delta[i,j] - p[j])": "J = diag(p) − p pᵀ",
    "y[i] = v[i] (sum[j](x[j]) + a[j] b[j])": "y = (1ᵀ x + aᵀ b) v",
    "T[n,k] = tanh(W[j,k] X[n,j]) - Y[n,k]": "T = tanh(X W) − Y",
    "T[n,k] = (W[j,k] X[n,j])**3 Y[n,k]": "T = (X W)^∘3 ⊙ Y",
    "u[i] = x[i] / sqrt(sum[j](x[j]**2)) / sqrt(sum[j](y[j]**2))": "u = x / (‖x‖ ‖y‖)",
    "J[i,j] = p[i] delta[i,j] - p[i] p[j]": "J = diag(p) − p pᵀ",
}


@pytest.mark.parametrize(("text", "form"), KNOWN.items())
def test_the_notation_is_the_one_that_people_know(text: str, form: str) -> None:
    assert str(ic.matrix_form(text)) == form


@pytest.mark.parametrize(
    ("text", "latex", "ascii"),
    [
        (
            "G[i,k] = 2 X[n,i] (X[n,j] W[j,k] - Y[n,k])",
            r"G = 2 X^{\top} \left(X W - Y\right)",
            "G = 2 X^T (X W - Y)",
        ),
        (
            "L = norm[i](A[i,j] x[j]) / sqrt(α)",
            r"L = \frac{\left\lVert A x \right\rVert}{\sqrt{\alpha}}",
            "L = ||A x|| / sqrt(alpha)",
        ),
        (
            "G[i,j] = u_q[i] inv(X)[j,i] * 0.5",
            r"G = \frac{\operatorname{diag}\left(u_{q}\right) X^{-\top}}{2}",
            "G = diag(u_q) X^-T / 2",
        ),
        ("L = det(X) + tanh(x[i]) y[i]", r"L = \det X + \tanh\left(x\right)^{\top} y", "L = det X + tanh(x)^T y"),
    ],
)
def test_latex_and_plain_characters(text: str, latex: str, ascii: str) -> None:
    form = ic.matrix_form(text)
    assert form is not None
    assert form.latex == latex
    assert form.ascii == ascii


def test_expressions_and_statements() -> None:
    assert str(ic.matrix_form("A[i,k] B[k,j]")) == "A B"
    e = ic.simplify("x[i] A[i,j]")
    assert str(ic.matrix_form(e)) == "Aᵀ x"
    statement = ic.parse("y[j] = x[i] A[i,j]").statements[0]
    assert str(ic.matrix_form(statement)) == "y = Aᵀ x"


def test_several_equations_stand_in_lines() -> None:
    form = ic.matrix_form("r[n] = X[n,i] w[i] - y[n]\nL = 0.5 r[n] r[n]")
    assert str(form) == "r = X w − y\nL = ‖r‖² / 2"
    assert form is not None
    assert form.latex.startswith("\\begin{aligned}\nr &= X w - y \\\\\n")


@pytest.mark.parametrize(
    "text",
    [
        "T[i,j,k] = A[i,j] x[k]",
        "L = sum[i,j,k,l](A[i,j] B[i,k] C[i,l] D[j,k] E[j,l] F[k,l])",
        "L = x[0] y[1]",
        "P[i,j] = where(j <= i, A[i,j], 0)",
        "y[i] = cumsum[i](x[i])",
        "integer t[b] : v\nindex w : v\ny[b,d] = E[t[b],d]\ntensor E[w,d]",
        "T[i,j,k] = A[i,j] x[k]\ny[i] = x[i]",
    ],
)
def test_what_has_no_matrix_notation_has_none(text: str) -> None:
    assert ic.matrix_form(text) is None


def test_attention_statement_by_statement() -> None:
    derived = ic.grad(PROGRAMS["attention"][0], "V")
    assert isinstance(derived, Program) and not isinstance(derived, Derivation)
    forms = [str(matrix_form(s, derived.inputs)) for s in derived.statements if s.name == "grad_V"]  # type: ignore[union-attr]
    assert forms == ["grad_V = Pᵀ grad_O"]
