"""Declared functions written out as their formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .expr import Access, Apply, Expr
from .program import FunctionDefinition
from .walk import children, transform


def call_body(function: FunctionDefinition, arguments: Sequence[Expr]) -> Expr:
    """The function's formula with the arguments in the place of its parameters."""
    values = dict(zip(function.parameters, arguments))

    def visit(part: Expr) -> Expr:
        return values.get(part.tensor, part) if isinstance(part, Access) and not part.slots else part

    return transform(function.body, visit)


def inline_functions(e: Expr, functions: Mapping[str, FunctionDefinition]) -> Expr:
    """Every call of a declared function replaced by its formula, also inside other functions' formulas.

    A function's formula reads earlier functions only, so this ends.
    """

    def visit(part: Expr) -> Expr:
        declared = functions.get(part.function) if isinstance(part, Apply) else None
        if declared is None or not isinstance(part, Apply):
            return part
        return inline_functions(call_body(declared, part.arguments), functions)

    return transform(e, visit) if functions else e


@dataclass(frozen=True, slots=True)
class WrittenSize:
    """How large an expression is with its calls written out: its nodes, how deep they are nested, and how often it
    reads each parameter of the function whose formula it is."""

    nodes: int
    depth: int
    uses: Mapping[str, int] = field(default_factory=dict)


def written_sizes(functions: Iterable[FunctionDefinition]) -> dict[str, WrittenSize]:
    """The size of each formula, counted without writing anything out: it may be exponential in the text."""
    known: dict[str, WrittenSize] = {}
    for f in functions:
        known[f.name] = written_size(f.body, known, f.parameters)
    return known


def written_size(e: Expr, known: Mapping[str, WrittenSize], parameters: Sequence[str] = ()) -> WrittenSize:
    """The size of an expression whose calls are of known functions; the depth may be counted too high, never too low.

    >>> x = Access("x", ())
    >>> double = FunctionDefinition("double", ("x",), Apply("max", (x, x)))
    >>> written_size(Apply("double", (Apply("double", (Access("y", ()),)),)), written_sizes([double]))
    WrittenSize(nodes=7, depth=3, uses={})
    """
    if isinstance(e, Access) and not e.slots and e.tensor in parameters:
        return WrittenSize(0, 0, {name: int(name == e.tensor) for name in parameters})
    parts = [written_size(p, known, parameters) for p in children(e)]
    depth = max((p.depth for p in parts), default=0)
    called = known.get(e.function) if isinstance(e, Apply) else None
    times = [1] * len(parts) if called is None else list(called.uses.values())
    uses = {name: sum(n * p.uses.get(name, 0) for n, p in zip(times, parts)) for name in parameters}
    own = WrittenSize(1, 1) if called is None else called
    return WrittenSize(own.nodes + sum(n * p.nodes for n, p in zip(times, parts)), own.depth + depth, uses)
