"""Shapes that people write down: `(b, h, n, d)`, `[B, T, D]`, `B x T x D`, and jaxtyping's `"*batch n d=3"`."""

from __future__ import annotations

import re

from ...diagnostics import Span
from ..module import Dim, Shape
from .dims import merged, named

MAX_TEXT = 200  # characters of one written shape
_NAME = re.compile(r"[^\W\d]\w*'?(?:\.\w+)*")
_ATOM = re.compile(r"\s*(?:(?P<name>[^\W\d]\w*(?:\.\w+)*)|(?P<number>\d+)|(?P<times>[*×·])|(?P<other>//|\S))")
_BY = re.compile(r"\s*(?:\bx\b|×|\*)\s*")
ELLIPSES = ("...", "…", "*", "Ellipsis")


def words(text: str) -> list[str]:
    """The words of a table that is written as a text."""
    return text.split()


def written_shape(text: str, evidence: str, span: Span | None = None) -> Shape | None:
    """The shape that a list separated by commas says, without its brackets; None where it is no such list.

    >>> [d.name for d in written_shape("b, h, n, d", "comment").dims]
    ['b', 'h', 'n', 'd']
    >>> written_shape("see below, and there", "comment") is None
    True
    """
    if len(text) > MAX_TEXT:
        return None
    items = [x.strip() for x in text.split(",")]
    if items and items[-1] == "":
        items.pop()  # (n,)
    dims: list[Dim] = []
    open_at: int | None = None
    for item in items:
        if item in ELLIPSES or (item.startswith("*") and _NAME.fullmatch(item[1:])):
            if open_at is not None:
                return None
            open_at = len(dims)
            continue
        dim = written_dim(item, evidence, span)
        if dim is None:
            return None
        dims.append(dim)
    return Shape(tuple(dims), open_at)


def written_dim(text: str, evidence: str, span: Span | None = None) -> Dim | None:
    """One dimension: a name, a number, a product, or some formula whose value is unknown; None for anything else.

    >>> written_dim("h*d", "comment").parts[1].name, written_dim("n + 1", "comment").name
    ('d', None)
    >>> written_dim("the batch", "comment") is None
    True
    """
    parts: list[Dim] = []
    plain, wants = True, True  # only a product so far; a factor comes next
    at = 0
    while at < len(text):
        match = _ATOM.match(text, at)
        if match is None:
            return None
        at = match.end()
        if match["name"] or match["number"]:
            if not wants:
                return None
            name = match["name"]
            parts.append(
                Dim(None, int(match["number"][:12]), evidence, span) if name is None else named(name, evidence, span)
            )
            wants = False
        elif match["times"] and not wants:
            wants = True
        elif match["other"] in ("+", "-", "/", "//", "%") and not wants:
            plain, wants = False, True
        elif match["other"] in ("?", "_") and len(text) == 1:
            return Dim(evidence=evidence, span=span)
        else:
            return None
    if wants or not parts:
        return None
    if any(p.name == "_" for p in parts) or not plain:
        return Dim(evidence=evidence, span=span)
    return merged(parts, evidence, span)


def times_shape(text: str, evidence: str, span: Span | None = None) -> Shape | None:
    """`B x T x D`: the shape, or None where the text is not of this form.

    >>> len(times_shape("B x T x 64", "comment").dims)
    3
    """
    items = _BY.split(text.strip())
    if len(items) < 2 or len(text) > MAX_TEXT or not all(_NAME.fullmatch(i) or i.isdigit() for i in items):
        return None
    dims = [written_dim(i, evidence, span) for i in items]
    return Shape(tuple(d for d in dims if d is not None))


def spaced_shape(text: str, evidence: str, span: Span | None = None) -> Shape | None:
    """jaxtyping's string: names with `*`, `...`, `#`, `_`, `?`, `d=3`, `d+1`; None where it is none.

    >>> shape = spaced_shape("*batch n d=3 #k _", "annotation")
    >>> shape.open_at, [d.name for d in shape.dims], shape.dims[1].size
    (0, ['n', 'd', None, None], 3)
    """
    if len(text) > MAX_TEXT:
        return None
    dims: list[Dim] = []
    open_at: int | None = None
    for item in text.split():
        if item == "..." or "*" in item[:2]:
            if item != "..." and not _NAME.fullmatch(item.lstrip("*#?_")) and item.strip("*_") != "":
                return None
            if open_at is not None:
                return None
            open_at = len(dims)
            continue
        name, _, size = item.partition("=")
        if size and (size.isdigit() or name.isdigit()):
            label, number = (name, size) if size.isdigit() else (size, name)
            dims.append(named(label.lstrip("#?_"), evidence, span, int(number[:12])))
        elif item.startswith(("#", "_")):  # may be 1, or is not checked: nothing to rely on
            dims.append(Dim(evidence=evidence, span=span))
        elif item.startswith(("(", "{")):
            return None
        else:
            dim = written_dim(item.lstrip("?"), evidence, span)
            if dim is None:
                return None
            dims.append(dim)
    return Shape(tuple(dims), open_at)
