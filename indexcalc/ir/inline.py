"""Declared functions written out as their formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .expr import Access, Apply, Expr
from .program import FunctionDefinition
from .walk import transform


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
