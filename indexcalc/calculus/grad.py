"""Gradients of programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..ir.program import Program
from .orders import answer
from .question import Question
from .trace import LazyTrace


def grad(
    program: Program,
    wrt: Sequence[str],
    *,
    of: str | None = None,
    with_value: bool = False,
    sizes: Mapping[str, int] | None = None,
) -> Program:
    """The program that computes `grad_<name>` for every name in `wrt`, inputs of `program`.

    `of`: the output to differentiate, needed where there are several.  Where it is not scalar, the result also takes
    the cotangent `grad_<of>`, of the output's shape.  `with_value`: also return the forward outputs.  `sizes` (by
    the name of an extent, space or index) tell which of two equal forms is cheaper; without them representative
    sizes decide.

    The derivation's steps are found when `.trace` is first read.
    """
    return _result(Question(program, tuple(wrt), of, "gradient", with_value, dict(sizes or {})))


def _result(question: Question) -> Program:
    return replace(answer(question)[-1].derived.result, trace=LazyTrace(question))
