"""The SymPy symbols that stand for indices and extents, shared by both directions.

Every symbol is built from its name: no text ever reaches SymPy's parsers (`sympify`, `parse_expr`, and
`IndexedBase` given text, evaluate what they are handed).
"""

from __future__ import annotations

import sympy

from ..ir.expr import Index, Space

UNNAMED = "extent_"  # an extent that has no name is called after its space


def index_symbol(index: Index) -> sympy.Symbol:
    """An index's value, counted from 0."""
    return sympy.Symbol(index.name, integer=True)


def extent_symbol(space: Space) -> sympy.Expr:
    """The number of values of a space: an integer, or a symbol of the extent's name.

    >>> extent_symbol(Space("seq", "L")), extent_symbol(Space("batch", 8)), extent_symbol(Space("seq"))
    (L, 8, extent_seq)
    """
    if isinstance(space.extent, int):
        return sympy.Integer(space.extent)
    return sympy.Symbol(space.extent or UNNAMED + space.name, integer=True)


def limits_of(index: Index) -> tuple[sympy.Symbol, int, sympy.Expr]:
    """The limits of a sum over the index: 0 to its extent − 1."""
    return index_symbol(index), 0, extent_symbol(index.space) - 1
