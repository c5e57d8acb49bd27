"""Derivatives of programs, each as a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..ir.program import Program
from ..ir.signature import named_sizes
from .orders import answer
from .question import Question
from .recompute import remembering
from .trace import LazyTrace


def grad(
    program: Program,
    wrt: Sequence[str],
    *,
    of: str | None = None,
    with_value: bool = False,
    sizes: Mapping[str, int] | None = None,
    save: Sequence[str] | None = None,
    recompute: Sequence[str] | None = None,
    memory: int | None = None,
) -> Program:
    """The program that computes `grad_<name>` for every name in `wrt`, inputs of `program`.

    `of`: the output to differentiate, needed where there are several.  Where it is not scalar, the result also takes
    the cotangent `grad_<of>`, of the output's shape.  `with_value`: also return the forward outputs.  `sizes` (by
    the name of an extent, space or index) tell which of two equal forms is cheaper; without them representative
    sizes decide.  `save`, `recompute`, `memory`: what is kept of the forward part, see `remembering`.

    The derivation's steps are found when `.trace` is first read.
    """
    result = _result(Question(program, tuple(wrt), of, "gradient", with_value, named_sizes(sizes)))
    return remembering(program, result, save, recompute, memory, sizes or {})


def jvp(
    program: Program,
    wrt: Sequence[str],
    *,
    of: str | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Program:
    """The program that computes `tangent_<of>`, the output's derivative along the new inputs `tangent_<name>`, by
    forward mode: Σ over `wrt` of ∂of/∂name · tangent_name.
    """
    return _result(Question(program, tuple(wrt), of, "jvp", sizes=named_sizes(sizes)))


def jacobian(
    program: Program,
    wrt: Sequence[str],
    *,
    of: str | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Program:
    """The program that computes `jac_<name>[output's indices…, name's indices…]` for every name in `wrt`.

    Forward or reverse mode, whichever multiplies less at the sizes given; a note says which.
    """
    return _result(Question(program, tuple(wrt), of, "jacobian", sizes=named_sizes(sizes)))


def hessian(
    program: Program,
    wrt: Sequence[str],
    *,
    of: str | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Program:
    """The program that computes the second derivatives of a scalar output: `hess_<x>[x's indices…, x's again…]`, and
    for each two names x before y in `wrt` the mixed `hess_<x>_<y>[x's indices…, y's indices…]`, whose transpose is the
    other one.
    """
    return _result(Question(program, tuple(wrt), of, "hessian", sizes=named_sizes(sizes)))


def hvp(
    program: Program,
    wrt: Sequence[str],
    *,
    of: str | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Program:
    """The program that computes the product of a scalar output's Hessian with a vector, by forward over reverse mode:
    `hvp_<x>` = Σ_y hess_x_y · tangent_y, with the new inputs `tangent_<y>` for every y in `wrt`.
    """
    return _result(Question(program, tuple(wrt), of, "hvp", sizes=named_sizes(sizes)))


def _result(question: Question) -> Program:
    return replace(answer(question)[-1].derived.result, trace=LazyTrace(question))
