"""A named value put back in the place of its formula."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

from ..ir.expr import Access, Apply, Derivative, Expr, IndexMap, IndexReduce
from ..ir.program import Define
from ..ir.walk import children, rebuild, substitute


def recognise(e: Expr, readers: Iterable[Define]) -> Expr:
    """The expression with softmax, logsumexp and the like that a reader defines replaced by the reader's name."""
    for reader in readers:
        if isinstance(reader.body, (IndexMap, IndexReduce, Apply)):
            e = _recognise_one(e, reader)
    return e


def _recognise_one(e: Expr, reader: Define) -> Expr:
    if isinstance(e, Derivative):
        return e  # what is still to be differentiated has to be seen, or its name would pass for a constant
    parts = children(e)
    new = tuple(_recognise_one(p, reader) for p in parts)
    return _named(rebuild(e, new) if new != parts else e, reader)


def _named(part: Expr, reader: Define) -> Expr:
    """The reader's access, where `part` is its body at other indices."""
    if type(part) is not type(reader.body) or len(part.free) != len(reader.indices):
        return part
    for order in permutations(part.free_indices):
        names = dict(zip(reader.indices, order))
        if all(a.space == b.space for a, b in names.items()) and substitute(reader.body, dict(names)) == part:
            return Access(reader.name, order)
    return part
