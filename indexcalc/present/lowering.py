"""What the passes of lowering did to a program, and why, as text and as JSON values."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.program import Program
from ..ir.signature import SizeTable
from ..lower.passes import Context, passes

BULLET = "  - "


def lowering_text(program: Program, context: Context) -> str:
    """The sizes that decided, then each pass in order: what it is for, how many operations it left, its decisions.

    >>> from ..elaborate.read import read_program
    >>> from ..lower.passes import Stage
    >>> program = read_program("y[i] = A[i,j] x[j]")
    >>> context = Context({i.space: 64 for i in program.indices}, stages=[Stage("lowering", 1)])
    >>> print(lowering_text(program, context))
    sizes: i = 64, j = 64
    lowering: 1 operation
    """
    return "\n".join(_lines(program, context))


def _lines(program: Program, context: Context) -> Iterator[str]:
    sizes = ", ".join(f"{name} = {size}" for name, size in _sizes(program, context).items())
    yield f"sizes: {sizes or 'none'}"
    first, *rest = context.stages
    yield f"{first.name}: {_counted(first.operations)}"
    known = {p.name: p for p in passes()}
    for before, stage in zip(context.stages, rest):
        if stage.left_out:
            yield f"{stage.name}: left out"
            continue
        change = _change(before.operations, stage.operations)
        yield f"{stage.name}: {known[stage.name].summary.rstrip('.')} ({change})"
        yield from (BULLET + d.text for d in context.decisions if d.by == stage.name)


def _counted(count: int) -> str:
    return f"{count} operation{'' if count == 1 else 's'}"


def _change(before: int, after: int) -> str:
    return _counted(after) if before == after else f"{before} → {_counted(after)}"


def _sizes(program: Program, context: Context) -> dict[str, int]:
    """The representative extents by the names that `sizes` takes."""
    table = SizeTable(program)
    return {table.key(space): size for space, size in context.sizes.items()}


def lowering_data(program: Program, context: Context) -> dict[str, object]:
    """The same as JSON values."""
    known = {p.name: p for p in passes()}
    return {
        "sizes": _sizes(program, context),
        "operations": context.stages[0].operations,
        "passes": [
            {
                "name": stage.name,
                "summary": known[stage.name].summary,
                "left_out": stage.left_out,
                "operations": stage.operations,
                "decisions": [d.text for d in context.decisions if d.by == stage.name],
            }
            for stage in context.stages[1:]
        ],
    }
