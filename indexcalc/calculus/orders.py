"""From a question to derived programs: which sweeps, in how many orders, and which direction is cheaper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..ir.program import Program
from .derive import Derived, derive
from .notes import direction_note
from .plan import Pairs, directional_plan, gradient_plan, jacobian_plan
from .question import Kind, Question
from .sweep import Direction


@dataclass(frozen=True, slots=True)
class Stage:
    """One derivation: the program that was differentiated, and what came out.  Second derivatives take two."""

    program: Program
    derived: Derived


def answer(question: Question) -> tuple[Stage, ...]:
    """The derivations that lead to the answer, which is the last one's result."""
    return _ANSWERS[question.kind](question)


def _gradient(q: Question) -> tuple[Stage, ...]:
    plan = gradient_plan(q.program, q.output(), q.wrt)
    return (Stage(q.program, derive(q.program, plan, q.with_value, q.sizes)),)


def _directional(q: Question) -> tuple[Stage, ...]:
    output = q.output().name
    plan = directional_plan(q.program, [(output, f"tangent_{output}")], q.wrt)
    return (Stage(q.program, derive(q.program, plan, q.with_value, q.sizes)),)


def _jacobian(q: Question) -> tuple[Stage, ...]:
    output = q.output().name
    blocks = [(output, name, f"jac_{name}") for name in q.wrt]
    return (Stage(q.program, _cheaper(q, q.program, blocks, "the Jacobian")),)


def _hessian(q: Question) -> tuple[Stage, ...]:
    """The Jacobian of the gradient; of two mixed blocks, transposes of each other, the first."""
    first, gradients = _first_order(q)
    blocks = [
        (gradients[x], y, f"hess_{x}" if x == y else f"hess_{x}_{y}") for n, x in enumerate(q.wrt) for y in q.wrt[n:]
    ]
    program = first.derived.result
    found = _cheaper(q, program, blocks, "the gradient's Jacobian", _curved(q, gradients))
    return first, Stage(program, found)


def _hessian_vector(q: Question) -> tuple[Stage, ...]:
    """The gradient's derivative along a direction: forward over reverse."""
    first, gradients = _first_order(q)
    program = first.derived.result
    plan = directional_plan(program, [(gradients[x], f"hvp_{x}") for x in q.wrt], q.wrt, _curved(q, gradients))
    return first, Stage(program, derive(program, plan, q.with_value, q.sizes))


def _first_order(q: Question) -> tuple[Stage, dict[str, str]]:
    """The gradient, and the name of each input's."""
    q.check_scalar()
    (stage,) = _gradient(replace(q, with_value=False))
    return stage, dict(zip(q.wrt, stage.derived.result.outputs))


def _curved(q: Question, gradients: Mapping[str, str]) -> Pairs:
    """The gradients whose variables lie in no linear space."""
    inputs = q.program.inputs
    return tuple((gradients[x], x) for x in q.wrt if any(a.name == "orthogonal" for a in inputs[x].attributes))


def _cheaper(
    q: Question, program: Program, blocks: list[tuple[str, str, str]], what: str, curved: Pairs = ()
) -> Derived:
    """The blocks of a Jacobian by the direction that multiplies less, and a note that says so."""
    ways: tuple[Direction, ...] = ("forward", "reverse")
    both = {way: derive(program, jacobian_plan(program, blocks, way, curved), q.with_value, q.sizes) for way in ways}
    work = {way: found.multiplications for way, found in both.items()}
    chosen = min(ways, key=lambda way: work[way])
    result = both[chosen].result
    notes = (*result.notes, direction_note(what, work, chosen))
    return replace(both[chosen], result=replace(result, notes=notes))


_ANSWERS: Mapping[Kind, Callable[[Question], tuple[Stage, ...]]] = {
    "gradient": _gradient,
    "jvp": _directional,
    "jacobian": _jacobian,
    "hessian": _hessian,
    "hvp": _hessian_vector,
}
