"""Gradients of programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..ir.program import Program
from .derive import derive
from .explain import LazyTrace


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
    given = dict(sizes or {})
    result = derive(program, wrt, of, with_value, given).result
    return replace(result, trace=LazyTrace(program, tuple(wrt), of, with_value, given))
