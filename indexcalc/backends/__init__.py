"""Backends: a Program as source text for an array library, and as a function that runs it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ..diagnostics import fail

if TYPE_CHECKING:
    from ..ir.graph import Graph
    from ..ir.program import Program
    from ..lower.passes import Context
    from ..lower.target import Target
    from .base import Backend
    from .emitter import Emitted
    from .function import Function

__all__ = ["compile_program", "emit_program", "lowered"]


def emit_program(
    program: Program, backend: str = "numpy", *, sizes: Mapping[str, int] | None = None, without: Collection[str] = ()
) -> str:
    """Stand-alone source text with a function `run(inputs, sizes=None)`; needs no array library.

    `sizes` are representative extents by name, by which the passes choose between equal forms.  `without`: passes to
    leave out.
    """
    return _emitted(program, backend, sizes, without)[1].source


def compile_program(
    program: Program, backend: str = "numpy", *, sizes: Mapping[str, int] | None = None, without: Collection[str] = ()
) -> Function:
    """The program as a function of arrays of the backend's kind."""
    from .function import Function

    return Function(program, *_emitted(program, backend, sizes, without))


def _emitted(
    program: Program, backend: str, sizes: Mapping[str, int] | None, without: Collection[str]
) -> tuple[Backend, Emitted]:
    from .base import backend_named

    found = backend_named(backend)

    def lower(target: Target) -> Graph:
        return lowered(program, backend, target=target, sizes=sizes, without=without)[0]

    return found, found.emit(program, lower)


def lowered(
    program: Program,
    backend: str = "numpy",
    *,
    target: Target | None = None,
    sizes: Mapping[str, int] | None = None,
    without: Collection[str] = (),
    stop_after: str | None = None,
    check: bool = False,
) -> tuple[Graph, Context]:
    """The graph that the backend writes out, and how it came about: sizes, stages, decisions.

    `target`: the backend's own where none is given.  `stop_after`: the last pass to run; `check`: whether each pass's
    result is checked for well-formedness.
    """
    from ..lower.passes import Context
    from ..lower.program import lower_in, representative_sizes
    from .base import backend_named

    target = target or backend_named(backend).load_spelling().target
    if not program.outputs:
        raise fail("IX901", "the program defines nothing", hint="give a result a name: y = …")
    context = Context(representative_sizes(program, sizes), target)
    return lower_in(program, context, without=without, stop_after=stop_after, check=check), context
