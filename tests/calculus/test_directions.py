"""Jacobians, tangents, Hessians and Hessian-vector products, against torch's functional derivatives of hand-written
formulas and complex steps of the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.calculus.derive import derive
from indexcalc.calculus.plan import jacobian_plan
from indexcalc.calculus.sweep import Direction
from indexcalc.interpret.run import run
from indexcalc.ir.default_sizes import choose_sizes
from indexcalc.ir.wellformed import check_program
from indexcalc.verify.inputs import draw

from .programs import PROGRAMS
from .random_programs import random_program
from .test_against_torch import CASES, Case, close

torch = pytest.importorskip("torch")
F = torch.autograd.functional

# torch's formula symmetrises (Cholesky), or its own backward has no derivative (cdist)
NOT_TWICE = {"multivariate normal", "KL of full Gaussians", "GP predictive mean"}
FIRST = [c for c in CASES[::5] if c.name not in NOT_TWICE]
SECOND = [c for c in CASES[1::7] if c.name not in NOT_TWICE]
POSITIVE = {"variable power", "cosine", "divided by where it holds"}  # logarithms
EITHER: tuple[Direction, ...] = ("forward", "reverse")


def draws(program: ic.Program, wrt: list[str], seed: int, kind: str = "normal") -> tuple[dict[str, Any], Any, Any]:
    """Inputs, directions, and the generator that goes on."""
    rng = np.random.default_rng(seed)
    arrays = draw(program, choose_sizes(program), rng, kind)
    return arrays, {f"tangent_{n}": rng.normal(size=np.shape(arrays[n])) for n in wrt}, rng


class Point:
    """A case at random inputs: its formula as a function of what is differentiated by, and a direction."""

    def __init__(self, case: Case, *, scalar: bool) -> None:
        self.arrays, self.names = case.arrays(), case.names()
        program = ic.parse(case.text)
        (output,) = program.outputs
        indices = program.definitions[output].indices
        self.squared = scalar and bool(indices)
        if self.squared:
            slots = ", ".join(i.name for i in indices)
            lines = [line for line in str(program).splitlines() if not line.startswith("output")]
            total = f"total = sum[{slots}](cos({output}[{slots}]))"
            program = ic.parse("\n".join([*lines, total, "output total"]))
        self.program, self.case = program, case
        (self.output,) = program.outputs
        self.given = {n: torch.tensor(a) for n, a in self.arrays.items()}
        self.inputs = tuple(self.given[n] for n in self.names)
        rng = np.random.default_rng(5)
        self.direction = tuple(torch.tensor(rng.normal(size=tuple(x.shape))) for x in self.inputs)

    def formula(self, *values: Any) -> Any:
        value = self.case.formula(**{**self.given, **dict(zip(self.names, values))})
        return torch.cos(value).sum() if self.squared else value

    def run(self, derived: ic.Program) -> dict[str, Any]:
        check_program(derived)
        assert ic.parse(str(derived)) == derived
        tangents = {f"tangent_{n}": v.numpy() for n, v in zip(self.names, self.direction)}
        return ic.compile(derived)(**{n: {**self.arrays, **tangents}[n] for n in derived.inputs})


@pytest.mark.parametrize("case", FIRST, ids=lambda c: c.name)
def test_tangents_and_jacobians_in_both_directions_agree_with_torch(case: Case) -> None:
    at = Point(case, scalar=False)
    _, wanted = F.jvp(at.formula, at.inputs, at.direction)
    close(at.run(ic.jvp(at.program, at.names))[f"tangent_{at.output}"], wanted)
    jacobians = F.jacobian(at.formula, at.inputs)
    for direction in EITHER:
        plan = jacobian_plan(at.program, [(at.output, n, f"jac_{n}") for n in at.names], direction)
        found = at.run(derive(at.program, plan, False, {}).result)
        assert list(found) == [f"jac_{n}" for n in at.names]
        for name, jacobian in zip(at.names, jacobians):
            close(found[f"jac_{name}"], jacobian)


@pytest.mark.parametrize("case", SECOND, ids=lambda c: c.name)
def test_hessians_and_their_products_agree_with_torch(case: Case) -> None:
    at = Point(case, scalar=True)
    blocks = F.hessian(at.formula, at.inputs)
    found = at.run(ic.hessian(at.program, at.names))
    product = at.run(ic.hvp(at.program, at.names))
    for a, x in enumerate(at.names):
        for b, y in enumerate(at.names[a:], a):
            close(found[f"hess_{x}" if x == y else f"hess_{x}_{y}"], blocks[a][b])
        want = sum(torch.tensordot(blocks[a][b], v, dims=v.ndim) for b, v in enumerate(at.direction))
        close(product[f"hvp_{x}"], want)


@pytest.mark.parametrize("name", [n for n in PROGRAMS if n not in ("abs sign", "relu", "max of two", "max", "min")])
def test_tangents_agree_with_the_complex_step(name: str) -> None:
    text, names = PROGRAMS[name]
    program, wrt = ic.parse(text), names.split(",")
    (output,) = program.outputs
    arrays, tangents, _ = draws(program, wrt, 3, "positive" if name in POSITIVE else "normal")
    step = 1e-20
    moved = {n: a + 1j * step * tangents[f"tangent_{n}"] if n in wrt else a for n, a in arrays.items()}
    sizes = {s.name: n for s, n in choose_sizes(program).items()}
    with np.errstate(all="ignore"):
        want = run(program, moved, sizes)[output].imag / step
        got = run(ic.jvp(program, wrt), {**arrays, **tangents}, sizes)[f"tangent_{output}"]
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("batch", range(4))
def test_tangent_and_cotangent_are_adjoint_on_random_programs(batch: int) -> None:
    """⟨u, J v⟩ = ⟨Jᵀ u, v⟩, and the Jacobian in either direction is that J."""
    for seed in range(3000 + 3 * batch, 3003 + 3 * batch):
        program = ic.parse(random_program(seed))
        wrt = [n for n, t in program.inputs.items() if not t.is_integer]
        (output,) = program.outputs
        arrays, tangents, rng = draws(program, wrt, seed)
        value = run(program, arrays)[output]
        u = rng.normal(size=value.shape)
        moved = ic.compile(ic.jvp(program, wrt))(**arrays, **tangents)[f"tangent_{output}"]
        pulled = ic.grad(program, wrt)
        cotangent = {f"grad_{output}": u} if value.ndim else {}
        back = ic.compile(pulled)(**arrays, **cotangent)
        scale = 1.0 if value.ndim else u
        right = sum(np.sum(back[f"grad_{n}"] * tangents[f"tangent_{n}"]) for n in wrt) * scale
        np.testing.assert_allclose(np.sum(u * moved), right, rtol=1e-9, atol=1e-9, err_msg=f"seed {seed}")
        x = wrt[seed % len(wrt)]
        for direction in EITHER:
            plan = jacobian_plan(program, [(output, x, "jac")], direction)
            jacobian = ic.compile(derive(program, plan, False, {}).result)(**arrays)["jac"]
            want = back[f"grad_{x}"] * scale
            got = np.tensordot(u, jacobian, axes=u.ndim)
            np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9, err_msg=f"seed {seed} {direction}")
