"""Shapes in comments and docstrings: behind an assignment, in lines of their own, in the list of arguments."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...diagnostics import Lines, Span
from ..module import Dim, Shape
from .written import times_shape, words, written_shape

# Text up to the first # that is no part of a string.
_COMMENT = re.compile(r"""(?:[^#'"\\\n]|\\.|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")*\#(?P<text>[^\n]*)""")
_LISTED = r"(?:\((?P<round>[^()\[\]]*)\)|\[(?P<square>[^()\[\]]*)\])"
_SHAPED = r"(?:[\w ]{0,20}\b)?(?:shape|size|dims?)(?: is| of)?\s*[:=]*\s*"
_ALONE = re.compile(
    rf"\s*(?:->|=>|[:=]|out(?:put)?s?\s*[:=]|{_SHAPED})?\s*(?:torch\.Size\()?{_LISTED}\)?(?P<rest>.*)", re.I
)
_ARROW = re.compile(rf"(?:->|=>|→)\s*{_LISTED}")
_NAMED = re.compile(
    rf"(?<![\w.])(?P<names>[^\W\d][\w.]*(?:\s*[,/&]\s*[^\W\d][\w.]*)*)"
    rf"(?P<link>\s*:\s*(?:{_SHAPED})?|\s*=\s*|\s*\.?\s*(?:has |is of |of )?shape\s*(?:is|[:=]*)\s*|\s+is\s+|\s+|)"
    rf"(?:torch\.Size\()?{_LISTED}"
)
_TIMES = re.compile(r"\s*(?:->|:|shape:?)?\s*(?P<by>\w+(?: x \w+| × \w+)+)\s*(?:$|[,.;#(])")
_NAMED_TIMES = re.compile(r"\s*(?P<name>[^\W\d][\w.]*)\s*:\s*(?P<by>\w+(?: x \w+| × \w+)+)\s*(?:$|[,.;#(])")
_WORDS = re.compile(r"\s*(?:->|shape\s*[:=])\s*(?P<words>[^\W\d]\w*(?: [^\W\d]\w*| \d+| \.\.\.){1,7})\s*$")
_END_OF_SHAPE = re.compile(r"\s*(?:$|[-,.;:=|#(]|->|→|<|after|float|int|bool|tensor|where|if\b|with\b|by\b)", re.I)
_CALL = re.compile(r"\w\(")
_OTHERWISE = re.compile(r"\s*,?\s*(?:or|and/or|/)\s*[(\[]")
# Pairs that tell what an array holds rather than how long its axes are.
_CONTENTS = frozenset(
    words("x y z w u v r g b a min max start end low high lo hi left right top bottom width height real imag")
)
_CODE = re.compile(
    r"^\s*(?:return|for|if|else|def|import|from|while|with|print)\b|^\s*[\w.]+\s*[-+*/]?=[^=].*\w\((?<!Size\()"
)


@dataclass(frozen=True, slots=True)
class Written:
    """Shapes that one comment gives: of named variables, and of the value that its line assigns (`name` "")."""

    name: str
    shape: Shape


class Comments:
    """The comments of a file by line, read when they are asked for."""

    def __init__(self, text: str, lines: Lines, strings: list[tuple[int, int]]) -> None:
        """`strings` are first and last lines of the string literals that run over several lines."""
        self._lines = lines
        self._texts: dict[int, tuple[str, int, bool]] = {}
        if "#" not in text:
            return
        covered = {n for first, last in strings for n in range(first, last + 1)}
        offset = 0
        for number, line in enumerate(text.splitlines(keepends=True), 1):
            if "#" in line and number not in covered and len(line) <= 400:
                match = _COMMENT.match(line)
                if match is not None:
                    start = match.start("text")
                    alone = not line[: start - 1].strip()
                    self._texts[number] = (match["text"].rstrip(), offset + start, alone)
            offset += len(line)
        self._numbers = sorted(self._texts)

    def behind(self, line: int) -> tuple[Written, ...]:
        """What the comment at the end of a line of code says."""
        found = self._texts.get(line)
        return () if found is None or found[2] else self._read(line, trailing=True)

    def above(self, first: int, last: int) -> list[Written]:
        """What the comments in lines of their own say, from line `first` up to before `last`."""
        if not self._texts:
            return []
        out: list[Written] = []
        for k in range(bisect_left(self._numbers, first), len(self._numbers)):
            number = self._numbers[k]
            if number >= last:
                break
            if self._texts[number][2]:
                out += self._read(number, trailing=False)
        return out

    def _read(self, line: int, trailing: bool) -> tuple[Written, ...]:
        text, start, _ = self._texts[line]
        found = read_comment(text, trailing)
        span = self._lines.span(start, start + len(text)) if found else None
        return tuple(Written(w.name, _placed(w.shape, span)) for w in found)


def _placed(shape: Shape, span: Span | None) -> Shape:
    def put(dim: Dim) -> Dim:
        return replace(dim, span=span, parts=tuple(map(put, dim.parts)))

    return Shape(tuple(map(put, shape.dims)), shape.open_at)


def read_comment(text: str, trailing: bool) -> list[Written]:
    """The shapes in a comment.  `trailing` says that it stands behind code, so that it may leave out the name.

    >>> [(w.name, len(w.shape.dims)) for w in read_comment(" x: (b, n, d), W_q: (d, e)", False)]
    [('x', 3), ('W_q', 2)]
    >>> [d.name for d in read_comment(" -> [B, T, D] after the projection", True)[0].shape.dims]
    ['B', 'T', 'D']
    >>> read_comment(" see (Vaswani, 2017)", True), read_comment(" y = f(a, b)", False)
    ([], [])
    """
    if _CODE.match(text):
        return []
    if trailing and (own := _alone(text)) is not None:
        return [Written("", own)]
    return list(_with_names(text, trailing))


def _alone(text: str) -> Shape | None:
    """A comment that is a shape and little else."""
    match = _ALONE.match(text)
    if match is not None:
        shape = _listed(match)
        arrows = list(_ARROW.finditer(match["rest"]))
        if arrows:
            return _listed(arrows[-1])  # (b, n, d) -> (b, d, n): the value is what comes out
        return shape if _END_OF_SHAPE.match(match["rest"]) or _plain_words(match["rest"]) else None
    match = _TIMES.match(text)
    if match is not None:
        return times_shape(match["by"].replace("×", "x"), "comment")
    match = _WORDS.match(text)
    if match is None:
        return None
    return written_shape(", ".join(match["words"].split()), "comment")


def _plain_words(rest: str) -> bool:
    """Whether what follows the brackets is prose."""
    return re.fullmatch(r"\s+[A-Za-z][\w' ,.-]*", rest) is not None


def _with_names(text: str, trailing: bool) -> Iterator[Written]:
    plain = _NAMED_TIMES.match(text)
    if plain is not None and (shape := times_shape(plain["by"].replace("×", "x"), "comment")) is not None:
        yield Written(plain["name"], shape)
    for match in _NAMED.finditer(text):
        link = match["link"].strip()
        if match["round"] is not None and not link and not match["link"]:
            continue  # f(a, b) is a call
        if not link and match["link"] and match["round"] is not None and trailing:
            continue  # prose (like, this)
        shape = _listed(match)
        if shape is None or not shape.dims or _ARROW.match(text[match.end() :].lstrip()):
            continue
        if not link and (len(shape.dims) < 2 or (not match["link"] and _CALL.search(text))):
            continue  # x[i], and f(x[i, j]), which reads a part
        if _OTHERWISE.match(text, match.end()):
            continue  # (b, n, d) or (n, d)
        for name in re.split(r"\s*[,/&]\s*", match["names"]):
            yield Written(name.removesuffix(".shape"), shape)


def _listed(match: re.Match[str]) -> Shape | None:
    inside = match["round"] if match["round"] is not None else match["square"]
    if ":" in inside or not inside.strip():
        return None
    shape = written_shape(inside, "comment")
    if shape is None and "," not in inside:
        shape = times_shape(inside, "comment")
    if shape is None or not (shape.dims or shape.open_at is not None):
        return None
    names = {d.name for d in shape.dims}
    if len(shape.dims) == 1 and shape.open_at is None and "," not in inside:
        return None  # (optional), [1]
    if None not in names and len(shape.dims) <= 4 and {str(n).lower() for n in names} <= _CONTENTS:
        return None
    return shape


_PARAMETER = re.compile(
    rf"^[ \t]*(?:[-*] |:param (?:\w+ )?)?[`*]*(?P<name>[^\W\d]\w*)[`*]*\s*(?:\([^()\n]*\)|:[^\n(\[]*?)?[^\n]{{0,60}}?"
    rf"(?:[sS]hapes?\b(?: of| is|:|=)?|:)\s*[`*]*{_LISTED}",
    re.M,
)


def docstring_shapes(text: str, names: frozenset[str]) -> dict[str, Shape]:
    """Shapes of the parameters that a docstring gives, each only where it gives one.

    >>> found = docstring_shapes("Args:\\n    x (Tensor): input of shape (b, n, d)\\n    k: a key", frozenset("xk"))
    >>> {name: len(shape.dims) for name, shape in found.items()}
    {'x': 3}
    """
    found: dict[str, Shape] = {}
    twice: set[str] = set()
    if len(text) > 20_000:
        return {}
    for match in _PARAMETER.finditer(text):
        name = match["name"]
        shape = _listed(match)
        if name not in names or shape is None:
            continue
        if name in found:
            twice.add(name)
        found[name] = _as_docstring(shape)
    return {n: s for n, s in found.items() if n not in twice}


def _as_docstring(shape: Shape) -> Shape:
    return Shape(tuple(replace(d, evidence="docstring") for d in shape.dims), shape.open_at)
