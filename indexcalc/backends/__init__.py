"""Backends: a Program as source text for an array library, and as a function that runs it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ..diagnostics import fail

if TYPE_CHECKING:
    from ..ir.graph import Graph
    from ..ir.program import Program
    from ..lower.passes import Context
    from .function import Function

__all__ = ["compile_program", "emit_program", "lowered"]


def emit_program(
    program: Program, backend: str = "numpy", *, sizes: Mapping[str, int] | None = None, without: Collection[str] = ()
) -> str:
    """Stand-alone source text with a function `run(inputs, sizes=None)`; needs no array library.

    `sizes` are representative extents by name, by which the passes choose between equal forms.  `without`: passes to
    leave out.
    """
    from ..lower.sizes import representative_sizes
    from .base import backend_named
    from .recipe import Recipe
    from .variants import emitted

    found = backend_named(backend)
    _check_outputs(program)
    return emitted(Recipe(program, found, representative_sizes(program, sizes), without)).source


def compile_program(
    program: Program,
    backend: str = "numpy",
    *,
    sizes: Mapping[str, int] | None = None,
    without: Collection[str] = (),
    adapt: bool = True,
) -> Function:
    """The program as a function of arrays of the backend's kind.

    `adapt`: whether calls of very different sizes may be lowered again for theirs.
    """
    from .base import backend_named
    from .function import Function
    from .variants import Variants

    found = backend_named(backend)
    _check_outputs(program)
    library = found.load_library()
    return Function(Variants(program, found, sizes=sizes, without=without, adapt=adapt), library)


def _check_outputs(program: Program) -> None:
    if not program.outputs:
        raise fail("IX901", "the program defines nothing", hint="give a result a name: y = …")


def lowered(
    program: Program,
    backend: str = "numpy",
    *,
    sizes: Mapping[str, int] | None = None,
    without: Collection[str] = (),
    stop_after: str | None = None,
    check: bool = False,
) -> tuple[Graph, Context]:
    """The graph that the backend writes out, and how it came about: sizes, stages, decisions.

    `stop_after`: the last pass to run; `check`: whether each pass's result is checked for well-formedness.
    """
    from ..lower.passes import Context
    from ..lower.program import lower_in
    from ..lower.sizes import representative_sizes
    from .base import backend_named

    target = backend_named(backend).load_spelling().target
    _check_outputs(program)
    context = Context(representative_sizes(program, sizes), target)
    return lower_in(program, context, without=without, stop_after=stop_after, check=check), context
