"""Backends: a Program as source text for an array library, and as a function that runs it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ..diagnostics import fail

if TYPE_CHECKING:
    from ..ir.program import Program
    from .base import Backend
    from .emitter import Emitted
    from .function import Function
    from .spelling import Spelling

__all__ = ["compile_program", "emit_program"]


def emit_program(
    program: Program, backend: str = "numpy", *, sizes: Mapping[str, int] | None = None, without: Collection[str] = ()
) -> str:
    """Stand-alone source text with a function `run(inputs, sizes=None)`; needs no array library.

    `sizes` are representative extents by name, by which the passes choose between equal forms.  `without`: passes to
    leave out.
    """
    return _emitted(program, backend, sizes, without)[2].source


def compile_program(
    program: Program, backend: str = "numpy", *, sizes: Mapping[str, int] | None = None, without: Collection[str] = ()
) -> Function:
    """The program as a function of arrays of the backend's kind."""
    from .function import Function

    return Function(program, *_emitted(program, backend, sizes, without))


def _emitted(
    program: Program, backend: str, sizes: Mapping[str, int] | None, without: Collection[str]
) -> tuple[Backend, Spelling, Emitted]:
    from ..lower.program import lower_program
    from .base import backend_named
    from .emitter import emit

    found = backend_named(backend)
    if not program.outputs:
        raise fail("IX901", "the program defines nothing", hint="give a result a name: y = …")
    spelling = found.load_spelling()
    graph = lower_program(program, sizes=sizes, target=spelling.target, without=without)
    return found, spelling, emit(program, graph, spelling)
