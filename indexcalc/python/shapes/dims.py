"""Dimensions as products of named and numbered factors: their algebra, as far as it is certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from ...diagnostics import Span
from ..module import Dim, Shape

UNKNOWN = Dim()
ONE = Dim(size=1)
QUOTIENT = "quotient"  # evidence of a size that someone computed by a division, and that has no name of its own
DECLARED = ("annotation", "comment", "docstring", "constructor", "unpack")  # what a person wrote about this array


def named(name: str, evidence: str, span: Span | None = None, size: int | None = None) -> Dim:
    """A dimension with a name."""
    return Dim(name, size, evidence, span)


def factors(dim: Dim) -> tuple[Dim, ...]:
    """What the dimension is a product of, outermost first; ones left out."""
    if dim.parts:
        return tuple(f for part in dim.parts for f in factors(part))
    return () if dim.size == 1 else (dim,)


def known(dim: Dim) -> bool:
    """Whether a name, a size or known parts are there."""
    return dim.name is not None or dim.size is not None or bool(dim.parts)


def merged(parts: Sequence[Dim], evidence: str = "inferred", span: Span | None = None) -> Dim:
    """One dimension that runs over all of the parts, the last one fastest.

    >>> merged([Dim("h"), Dim("d", 64)]).parts[0].name
    'h'
    """
    flat = [f for part in parts for f in factors(part)]
    if not flat:
        return replace(ONE, evidence=evidence, span=span)
    if len(flat) == 1:
        return flat[0]
    if not all(map(known, flat)):
        return UNKNOWN
    sizes = [f.size for f in flat]
    size = prod(s for s in sizes if s is not None) if None not in sizes else None
    if all(f.name is None for f in flat):
        return Dim(None, size, evidence, span)
    return Dim(None, size, evidence, span, tuple(flat))


def divided(whole: Dim, by: Dim) -> Dim:
    """The dimension with one factor taken out; unknown where that is not certain.

    >>> divided(Dim(size=12), Dim(size=4)).size
    3
    """
    rest = list(factors(whole))
    for factor in factors(by):
        hit = next((k for k, f in enumerate(rest) if same(f, factor)), None)
        if hit is None:
            whole_size, by_size = whole.size, by.size
            if whole_size is not None and by_size and whole_size % by_size == 0:
                return Dim(size=whole_size // by_size, evidence="inferred")
            return _quotient(whole, by)
        del rest[hit]
    return merged(rest)


def _quotient(whole: Dim, by: Dim) -> Dim:
    """`dim // heads` as a size by itself, where two names are divided."""
    if whole.parts or by.parts or not whole.name or not by.name or QUOTIENT in (whole.evidence, by.evidence):
        return UNKNOWN
    return Dim(f"{whole.name}//{by.name}", evidence=QUOTIENT)


def same(a: Dim, b: Dim) -> bool:
    """Whether the two surely have one extent: one name, one size, or the same factors in order."""
    if a.parts or b.parts:
        left, right = factors(a), factors(b)
        return len(left) == len(right) and all(map(same, left, right))
    if a.name is not None and b.name is not None:
        return a.name == b.name
    return a.size is not None and a.size == b.size


def better(a: Dim, b: Dim) -> Dim:
    """Of two descriptions of one dimension the one that says more: a declared name before a pattern's letter."""
    size = a.size if a.size is not None else b.size
    best = a if _rank(a) >= _rank(b) else b
    return best if best.size == size or best.parts else replace(best, size=size)


def _rank(dim: Dim) -> int:
    if dim.parts:
        return 3
    if dim.name is None:
        return 0
    return 2 if dim.evidence in DECLARED else 1


def agreed(a: Dim, b: Dim) -> Dim:
    """What two ways to the same place agree on.

    >>> agreed(Dim("b", 2), Dim("b", 3))
    Dim(name='b', size=None, evidence='', span=None, parts=())
    """
    if a == b:
        return a
    if same(a, b):
        return replace(a, size=a.size if a.size == b.size else None)
    size = a.size if a.size == b.size else None
    return Dim(size=size)


def agreed_shapes(a: Shape, b: Shape) -> Shape | None:
    """The same for shapes; None where the ranks differ."""
    if len(a.dims) != len(b.dims) or a.open_at != b.open_at:
        return None
    return Shape(tuple(map(agreed, a.dims, b.dims)), a.open_at)


def broadcast_dim(a: Dim, b: Dim) -> Dim:
    """The dimension of an elementwise result.  A size that may be 1 gives way to the other."""
    if a.size == 1:
        return b
    if b.size == 1:
        return a
    if not known(a) or not known(b):  # the unknown one may be longer than a 1 that has a name
        other = b if not known(a) else a
        return other if other.size is not None else replace(other, size=None)
    return better(a, b)


def show(dim: Dim) -> str:
    """As a person writes it.

    >>> show(Dim(parts=(Dim("h"), Dim(size=64)))), show(Dim())
    ('h*64', '?')
    """
    if dim.parts:
        return "*".join(map(show, dim.parts))
    if dim.name is not None:
        return dim.name
    return "?" if dim.size is None else str(dim.size)


def show_shape(shape: Shape) -> str:
    """As a person writes it.

    >>> show_shape(Shape((Dim("b"), Dim(size=3)), 1))
    '(b, ..., 3)'
    """
    texts = [show(d) for d in shape.dims]
    if shape.open_at is not None:
        texts.insert(shape.open_at, "...")
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"
