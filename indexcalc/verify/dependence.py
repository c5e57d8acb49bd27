"""Which parts of a program an output depends on through an input, and whether all of them are analytic."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.expr import Access, Apply, Compare, Expr, IndexMap, IndexReduce, Logic, Where
from ..ir.functions import BUILTIN
from ..ir.program import Define, Program
from ..ir.walk import children, subexpressions, tensors_in

SELECTING_REDUCTIONS = ("max", "min", "argmax")


def definitions_between(program: Program, wrt: str, output: str) -> list[Define]:
    """The definitions that read `wrt`, at first or second hand, and that `output` needs."""
    needed, moved = {output}, {wrt}
    for d in reversed(list(program.definitions.values())):
        if d.name in needed:
            needed |= tensors_in(d.body)
    found = []
    for d in program.definitions.values():
        if tensors_in(d.body) & moved:
            moved.add(d.name)
            if d.name in needed:
                found.append(d)
    return found


def piecewise_parts(program: Program, wrt: str, output: str) -> list[str]:
    """What on the way from `wrt` to `output` is not analytic, in words; empty where the complex step is sound."""
    way = definitions_between(program, wrt, output)
    moved = {wrt, *(d.name for d in way)}
    found = [name for d in way for name in _piecewise_in(d.body, moved, program)]
    return list(dict.fromkeys(found))


def _piecewise_in(e: Expr, moved: set[str], program: Program) -> Iterator[str]:
    functions = {f.name: f for f in program.functions}
    for part in subexpressions(e):
        name = _kink(part)
        if name and any(tensors_in(c) & moved for c in _deciding(part)):
            yield name
        if isinstance(part, Access) and any(_moved_slot(s, moved) for s in part.slots):
            yield "gather"
        if isinstance(part, Apply) and part.function in functions and tensors_in(part) & moved:
            inner = functions[part.function]
            yield from _piecewise_in(inner.body, moved | set(inner.parameters), program)


def _moved_slot(slot: object, moved: set[str]) -> bool:
    return isinstance(slot, Expr) and bool(tensors_in(slot) & moved)


def _kink(e: Expr) -> str:
    """The name of a node that decides something by its arguments' values, else nothing."""
    if isinstance(e, Apply):
        built_in = BUILTIN.get(e.function)
        return e.function if built_in is not None and not built_in.analytic else ""
    if isinstance(e, (Compare, Logic)):
        return "comparison" if isinstance(e, Compare) else "logic"
    if isinstance(e, Where):
        return "where"
    if isinstance(e, IndexReduce):
        return e.operation if e.operation in SELECTING_REDUCTIONS else ""
    return "topk" if isinstance(e, IndexMap) and e.operation == "topk" else ""


def _deciding(e: Expr) -> tuple[Expr, ...]:
    """The children that the decision reads: of a where only the condition."""
    return (e.condition,) if isinstance(e, Where) else children(e)
