"""Derivatives by structured variables.

The oracles know a declaration as equations between components, from which NumPy makes the orthogonal projection onto
what satisfies them, and as curves in the set; nothing of how gradients are projected in the package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.elaborate.read import read_program
from indexcalc.ir.default_sizes import choose_sizes
from indexcalc.ir.wellformed import check_program
from indexcalc.verify import verify
from indexcalc.verify.inputs import draw
from indexcalc.verify.structured import tangents
from tests.autograd import close

from .programs import STRUCTURED

Array = np.ndarray[Any, Any]


def point(program: ic.Program, seed: int = 3) -> dict[str, Array]:
    return draw(program, choose_sizes(program), np.random.default_rng(seed), "normal")


def undeclared(text: str) -> ic.Program:
    """The same program with all components independent."""
    program = ic.parse(text)
    return replace(program, tensors=tuple(replace(t, attributes=()) for t in program.tensors))


# ---- declarations as equations ---------------------------------------------------------------------
def equations(tensor: Any, shape: tuple[int, ...]) -> Array:
    """Rows of a matrix that takes the components of the tensor to zero."""
    rows: list[Array] = []

    def row(*terms: tuple[float, tuple[int, ...]]) -> None:
        found = np.zeros(shape)
        for c, at in terms:
            found[at] += c
        rows.append(found.ravel())

    for a in tensor.attributes:
        slots = [s - 1 for s in a.slots] or list(range(len(shape)))
        for at in product(*map(range, shape)):
            if a.name in ("symmetric", "antisymmetric"):
                for one, two in pairwise(slots):
                    other = list(at)
                    other[one], other[two] = at[two], at[one]
                    row((1, at), (-1 if a.name == "symmetric" else 1, tuple(other)))
            elif a.name == "diagonal" and at[0] != at[1]:
                row((1, at))
            elif a.name == "riemann":
                i, j, k, m = at
                row((1, at), (1, (j, i, k, m)))
                row((1, at), (1, (i, j, m, k)))
                row((1, at), (1, (i, k, m, j)), (1, (i, m, j, k)))
    return np.array(rows) if rows else np.zeros((1, int(np.prod(shape))))


def projector(tensor: Any, shape: tuple[int, ...]) -> Array:
    """The orthogonal projection onto what satisfies the equations: 1 − C⁺ C."""
    c = equations(tensor, shape)
    return np.asarray(np.eye(c.shape[1]) - np.linalg.pinv(c, rcond=1e-10) @ c)


LINEAR = {n: (t, w) for n, (t, w) in STRUCTURED.items() if "orthogonal" not in t and n != "tied weights"}


@pytest.mark.parametrize("name", STRUCTURED)
def test_gradients_are_verified_well_formed_and_round_trip(name: str) -> None:
    text, wrt = STRUCTURED[name]
    report = ic.verify(text, wrt=wrt)
    assert report, str(report)
    derived = ic.grad(text, wrt)
    check_program(derived)
    assert ic.parse(str(derived)) == derived


@pytest.mark.parametrize("name", LINEAR)
def test_gradients_are_projections_of_the_unconstrained_ones(name: str) -> None:
    text, wrt = LINEAR[name]
    program = ic.parse(text)
    arrays = point(program)
    seed = {}
    (output,) = program.outputs
    if program.definitions[output].indices:
        shape = ic.compile(program)(**arrays)[output].shape
        seed = {f"grad_{output}": np.random.default_rng(1).normal(size=shape)}
    ours = ic.compile(ic.grad(program, wrt))(**arrays, **seed)
    free = ic.compile(ic.grad(undeclared(text), wrt))(**arrays, **seed)
    for n in wrt.split(","):
        expected = projector(program.inputs[n], arrays[n].shape) @ free[f"grad_{n}"].ravel()
        close(ours[f"grad_{n}"].ravel(), expected, 1e-12)


@pytest.mark.parametrize("name", [n for n in LINEAR if "L = " in LINEAR[n][0]])
def test_second_derivatives_are_projected_on_both_sides(name: str) -> None:
    text, wrt = LINEAR[name]
    program, variable = ic.parse(text), wrt.split(",")[0]
    arrays = point(program)
    p = projector(program.inputs[variable], arrays[variable].shape)
    n = arrays[variable].size
    ours = ic.compile(ic.hessian(program, variable))(**arrays)[f"hess_{variable}"].reshape(n, n)
    free = ic.compile(ic.hessian(undeclared(text), variable))(**arrays)[f"hess_{variable}"].reshape(n, n)
    close(ours, p @ free @ p, 1e-11)
    direction = (p @ np.random.default_rng(2).normal(size=n)).reshape(arrays[variable].shape)
    along = ic.compile(ic.hvp(program, variable))(**arrays, **{f"tangent_{variable}": direction})
    close(along[f"hvp_{variable}"].ravel(), ours @ direction.ravel(), 1e-11)


@pytest.mark.parametrize("name", LINEAR)
def test_jacobians_in_both_directions_are_projected_where_they_are_the_variables(name: str) -> None:
    text, wrt = LINEAR[name]
    program, variable = ic.parse(text), wrt.split(",")[0]
    arrays = point(program)
    p = projector(program.inputs[variable], arrays[variable].shape)
    ours = ic.compile(ic.jacobian(program, variable))(**arrays)[f"jac_{variable}"]
    free = ic.compile(ic.jacobian(undeclared(text), variable))(**arrays)[f"jac_{variable}"]
    n = arrays[variable].size
    close(ours.reshape(-1, n), free.reshape(-1, n) @ p, 1e-12)


def test_tangents_of_a_declared_tensor_are_declared_too() -> None:
    program = ic.jvp("tensor S[i,j] symmetric\nL = x[i] S[j,i] y[j]", "S")
    assert str(program.inputs["tangent_S"].attributes[0].name) == "symmetric"
    assert program.notes == ("S is declared symmetric: so is tangent_S, and nothing checks that it is",)


# ---- the orthogonal group and its quotients --------------------------------------------------------------
def rows_of_q(text: str) -> tuple[ic.Program, dict[str, Array], Array, Callable[[Array], float]]:
    program = ic.parse(text)
    arrays = point(program)
    run = ic.compile(program)
    rng = np.random.default_rng(4)
    skew = rng.normal(size=(arrays["Q"].shape[0],) * 2)
    return program, arrays, skew - skew.T, lambda q: float(run(**{**arrays, "Q": q})["L"])


ORTHOGONAL = ["brockett", "procrustes", "stiefel", "rotated gaussian"]


@pytest.mark.parametrize("name", ORTHOGONAL)
def test_orthogonal_gradients_are_tangent_and_give_every_rotations_slope(name: str) -> None:
    torch = pytest.importorskip("torch")
    program, arrays, skew, _ = rows_of_q(STRUCTURED[name][0])
    q, found = arrays["Q"], ic.compile(ic.grad(program, "Q"))(**arrays)["grad_Q"]
    close(q.T @ found + found.T @ q, np.zeros((q.shape[1],) * 2), 1e-12)
    free = ic.compile(ic.grad(undeclared(STRUCTURED[name][0]), "Q"))(**arrays)["grad_Q"]
    # the slope along exp(t W) Q for every antisymmetric W, by torch: all tangents are W Q
    w = torch.zeros(skew.shape, dtype=torch.float64, requires_grad=True)
    moved = torch.linalg.matrix_exp(w - w.T) @ torch.tensor(q)
    (slope,) = torch.autograd.grad((moved * torch.tensor(free)).sum(), w)
    close(found @ q.T - q @ found.T, slope, 1e-12)


@pytest.mark.parametrize("name", ["brockett", "procrustes", "stiefel"])
def test_orthogonal_hessians_are_second_derivatives_along_geodesics(name: str) -> None:
    """Along Q + t D − t² Q DᵀD / 2, which agrees with the geodesic and with the set to second order."""
    text = STRUCTURED[name][0]
    program, arrays, skew, _ = rows_of_q(text)
    q = arrays["Q"]
    d = skew @ q
    along = ic.compile(ic.hvp(program, "Q"))(**arrays, tangent_Q=d)["hvp_Q"]
    close(q.T @ along + along.T @ q, np.zeros((q.shape[1],) * 2), 1e-11)
    free = undeclared(text)
    bend = -q @ d.T @ d
    second = np.sum(ic.compile(ic.hvp(free, "Q"))(**arrays, tangent_Q=d)["hvp_Q"] * d)
    second += np.sum(ic.compile(ic.grad(free, "Q"))(**arrays)["grad_Q"] * bend)
    close(np.sum(along * d), second, 1e-11)
    whole = ic.compile(ic.hessian(program, "Q"))(**arrays)["hess_Q"]
    close(np.einsum("abcd,cd->ab", whole, d), along, 1e-11)
    close(whole, whole.transpose(2, 3, 0, 1), 1e-11)


# ---- closed forms that people know -----------------------------------------------------------------------
FORMS = [
    ("tensor A[i,j] symmetric\nL = x[i] A[i,j] x[j]", "x", "grad_x[i] = 2 A[i, j] x[j]"),
    ("tensor A[i,j] symmetric\nL = x[i] A[j,i] x[j]", "A", "grad_A[i, j] = x[i] x[j]"),
    ("tensor A[i,j] antisymmetric\nL = y[i] A[i,j] x[j]", "y", "grad_y[i] = A[i, j] x[j]"),
    ("tensor A[i,j] symmetric\nL = tr(A)", "A", "grad_A[i, j] = delta[i, j]"),
    ("tensor A[i,j] symmetric\nL = B[i,j] A[j,i]", "A", "grad_A[i, j] = 0.5 (B[i, j] + B[j, i])"),
    ("tensor A[i,j] symmetric\nL = logdet(A)", "A", "grad_A[i, j] = t1[i, j]"),
    ("tensor D[i,j] diagonal\nL = x[i] D[i,j] x[j]", "D", "grad_D[i, j] = x[i]**2 delta[i, j]"),
    ("tensor Q[i,k] orthogonal\nL = sum[i]((Q[i,k] x[k])**2)", "x", "grad_x[k] = 2 x[k]"),
    ("index i,j,k : n(N)\ntensor Q[i,j] orthogonal\nL = sum[k]((Q[k,i] x[i])**2)", "Q", "grad_Q[i, j] = 0"),
]


@pytest.mark.parametrize(("text", "wrt", "line"), FORMS)
def test_closed_forms(text: str, wrt: str, line: str) -> None:
    assert str(ic.grad(text, wrt).statements[-1]).startswith(line)


@pytest.mark.parametrize("spelling", ["A[i,j]", "A[j,i]"])
def test_a_forward_value_is_found_again_under_the_other_spelling(spelling: str) -> None:
    text = f"tensor A[i,j] symmetric\ns[i] = {spelling} x[j]\nL = x[i] A[i,j] x[j] + s[i] b[i]"
    assert "2 s[" in str(ic.grad(text, "x").statements[-1])


def test_a_forward_value_is_found_again_with_the_other_sign() -> None:
    text = (
        "tensor A[i,j] antisymmetric\nW[i,j] = A[i,j] u[i]\nL = sum[i,j](tanh(W[i,j])) + sum[i,j](B[i,j] A[i,j] u[j])"
    )
    assert str(ic.grad(text, "B,u").definitions["grad_B"]) == "grad_B[i, j] = -W[j, i]"
    assert ic.verify(text)


SAID = [
    ("symmetric", "S is symmetric: grad_S is the gradient among symmetric matrices, (G + Gᵀ)/2, where G treats all"),
    ("antisymmetric", "S is antisymmetric: grad_S is the gradient among antisymmetric matrices, (G − Gᵀ)/2, where"),
    ("diagonal", "S is diagonal: grad_S is the gradient among diagonal matrices, δ_ij G_ij, where G treats"),
    (
        "orthogonal",
        "S is orthogonal, its columns are orthonormal: grad_S is the gradient among such matrices, G − S (Sᵀ G",
    ),
]


@pytest.mark.parametrize(("attribute", "said"), SAID)
def test_the_convention_is_said(attribute: str, said: str) -> None:
    (note,) = ic.grad(f"tensor S[i,j] {attribute}\nL = x[i] S[i,j] y[j]", "S").notes
    assert note.startswith(said)


def test_nothing_is_said_of_a_positive_tensor_and_nothing_projected() -> None:
    found = ic.grad("tensor S[i,j] positive\nL = x[i] S[i,j] y[j]", "S")
    assert found.notes == () and str(found.statements[-1]) == "grad_S[i, j] = x[i] y[j]"


# ---- expressions -------------------------------------------------------------------------------------------
DIFF = [
    ("x[i] A[i,j] x[j]", "x[k]", "symmetric", "2 A[k, j] x[j]"),
    ("x[i] A[i,j] y[j]", "A[k,l]", "symmetric", "0.5 x[k] y[l] + 0.5 x[l] y[k]"),
    ("x[i] A[i,j] y[j]", "A[0,l]", "symmetric", "0.5 x[0] y[l] + 0.5 x[l] y[0]"),
    ("x[i] A[i,j] y[j]", "A[k,l]", "antisymmetric", "0.5 x[k] y[l] - 0.5 x[l] y[k]"),
    ("logdet(A)", "A[k,l]", "symmetric", "inv(A)[k, l]"),
    ("x[i] A[i,j] y[j]", "A[k,l]", "diagonal", "delta[k, l] x[k] y[k]"),
    ("A[i,j]", "A[k,l]", "symmetric", "0.5 delta[i, k] delta[j, l] + 0.5 delta[i, l] delta[j, k]"),
]


@pytest.mark.parametrize(("expr", "wrt", "attribute", "expected"), DIFF)
def test_diff_respects_what_is_given(expr: str, wrt: str, attribute: str, expected: str) -> None:
    given = f"tensor A[i,j] {attribute}"
    assert str(ic.diff(expr, wrt, given=given)) == expected
    assert str(ic.simplify(f"diff({expr}, {wrt})", given=given)) == expected


def test_diff_by_an_orthogonal_matrix_is_the_gradient_program() -> None:
    declared = "index i,j,k,l : n(3)\ntensor Q[i,j] orthogonal"
    text = str(ic.diff("B[i,j] Q[i,j]", "Q[k,l]", given=declared))
    program = ic.parse(f"{declared}\nG[k,l] = {text}")
    arrays = point(program)
    expected = ic.compile(ic.grad(f"{declared}\nL = B[i,j] Q[i,j]", "Q"))(**arrays)["grad_Q"]
    close(ic.compile(program)(**arrays)["G"], expected, 1e-12)


# ---- verification --------------------------------------------------------------------------------------------
def test_numerical_tangents_are_those_of_the_equations() -> None:
    program = read_program(
        "index i,j,k,l : n(3)\ntensor R[i,j,k,l] riemann, T[i,j,k] antisymmetric, S[i,j] symmetric, Q[i,j] orthogonal"
    )
    arrays = point(program)
    for n in "RTS":
        size = arrays[n].size
        units = np.eye(size).reshape(*arrays[n].shape, size)
        found = tangents(program.inputs[n], arrays[n], units).reshape(size, size)
        close(found, projector(program.inputs[n], arrays[n].shape), 1e-12)
    q = arrays["Q"]
    moved = tangents(program.inputs["Q"], q, np.eye(9).reshape(3, 3, 9)).reshape(9, 9)
    close(moved @ moved, moved, 1e-12)  # a projection onto
    close(moved, moved.T, 1e-12)  # an orthogonal one
    assert round(float(np.trace(moved))) == 3  # of the right dimension
    turned = np.einsum("ia,ibu->abu", q, moved.reshape(3, 3, 9))
    close(turned, -turned.transpose(1, 0, 2), 1e-12)


def test_a_wrong_projection_is_found() -> None:
    from indexcalc.verify import Task, check

    text = "tensor S[i,j] symmetric\nL = x[i] S[i,j] y[j]"
    wrong = ic.parse("tensor S[i,j] symmetric\ngrad_S[i,j] = x[i] y[j] + 0 S[i,j]")
    assert not check(ic.parse(text), [Task("L", ("S",), wrong)])
    right = ic.parse("tensor S[i,j] symmetric\ngrad_S[i,j] = 0.5 x[i] y[j] + 0.5 x[j] y[i] + 0 S[i,j]")
    assert check(ic.parse(text), [Task("L", ("S",), right)])


@pytest.mark.parametrize(
    "text",
    [
        "tensor A[i,j] antisymmetric\nL = x[i] A[i,j] x[j]",
        "index i,j,k : n(3)\nL = eps[i,j,k] x[i] x[j] z[k]",
        "tensor A[i,j] antisymmetric\ny[k] = x[i] A[i,j] x[j] z[k]",
    ],
)
def test_what_vanishes_is_verified_relative_to_its_terms(text: str) -> None:
    found = ic.verify(text)
    assert found, str(found)
    wrong = text.replace("L = ", "L = 0.000000001 x[i] x[i] + ").replace(
        "y[k] = ", "y[k] = 0.000000001 (x[i] x[i]) z[k] + "
    )
    from indexcalc.verify import Task, check

    program = ic.parse(wrong)
    (output,) = program.outputs
    assert not check(program, [Task(output, ("x",), ic.grad(text, "x"))])  # a small gradient is not taken for noise


def test_a_kink_at_the_point_is_said() -> None:
    found = verify(read_program("L = sum[i](abs(x[i]))"), inputs={"x": np.array([0.0, 1.0, -2.0])})
    assert not found
    with pytest.raises(AssertionError, match=r"grad_x: not verified, 1 of 3 directions have a kink or jump \(abs\)"):
        assert found, found.failures[0]
    assert found.as_dict()["passed"] is False


# ---- refusals --------------------------------------------------------------------------------------------------
REFUSED = [
    ("tensor Q[i,j] orthogonal symmetric\nL = tr(Q)", "Q", r"`Q` is declared orthogonal symmetric: no projection"),
    ("tensor T[a,b,c,d,e,f,g] symmetric\nL = T[a,b,c,d,e,f,g] T[a,b,c,d,e,f,g]", "T", r"a mean over 5040 orders"),
]


@pytest.mark.parametrize(("text", "wrt", "match"), REFUSED)
def test_what_has_no_projection_is_refused(text: str, wrt: str, match: str) -> None:
    with pytest.raises(ic.IndexCalcError, match=match):
        ic.grad(text, wrt)


def test_arrays_to_verify_at_must_be_as_declared() -> None:
    x = np.ones(3)
    upper, turned = np.triu(np.ones((3, 3))), np.eye(3)[::-1].copy()
    for attribute, bad, good in (
        ("symmetric", upper, upper + upper.T),
        ("antisymmetric", upper, upper - upper.T),
        ("diagonal", upper, np.eye(3)),
        ("orthogonal", upper, turned),
        ("positive", -upper, upper + 1),
    ):
        program = read_program(f"tensor A[i,j] {attribute}\nL = x[i] A[i,j] x[j] + y[i] A[i,j] x[j]")
        given = {"x": x, "y": np.arange(3.0)}
        assert verify(program, inputs={"A": good, **given})
        with pytest.raises(ic.IndexCalcError, match=f"`A` is declared {attribute}, and the array given for it is not"):
            verify(program, inputs={"A": bad, **given})


def test_a_wide_matrix_has_no_orthonormal_columns() -> None:
    text = "index i : n(2)\nindex k : p(3)\ntensor Q[i,k] orthogonal\nL = Q[i,k] B[i,k]"
    with pytest.raises(ic.IndexCalcError, match=r"a 2×3 matrix cannot have orthonormal columns"):
        ic.verify(text)
