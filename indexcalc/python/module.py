"""What the linter knows of a Python file: its einsum-like calls, and of each operand what the file shows."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..diagnostics import Lines, Span
from ..einsum.spec import Spec, SpecError
from .contraction import Contraction, contraction_of
from .operations import Operations
from .positions import Positions


@dataclass(frozen=True, slots=True)
class Dim:
    """One dimension of an array as far as the file shows it: a name, a size, both or neither.

    `evidence` says where that comes from ("annotation", "comment", "constructor", "pattern", "inferred"), and `span`
    the place in the file.  A dimension into which others were merged holds them in `parts`, the outermost first.
    """

    name: str | None = None
    size: int | None = None
    evidence: str = ""
    span: Span | None = None
    parts: tuple[Dim, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """Dimensions from left to right.  `open_at` is the position of an ellipsis (unknown many dimensions), or None."""

    dims: tuple[Dim, ...]
    open_at: int | None = None


@dataclass(frozen=True, slots=True)
class SpecText:
    """The string of a call as Python would see it, and for each character and its end the offset in the file.

    `whole` says that every part is known; the unknown parts of an f-string stand as `{…}` otherwise.
    """

    text: str
    offsets: tuple[int, ...]
    whole: bool = True

    def span(self, lines: Lines, start: int, end: int) -> Span:
        """The place in the file of text[start:end]."""
        first = self.offsets[start]
        last = self.offsets[end - 1] + 1 if end > start else first
        return lines.span(first, max(last, first))


@dataclass(frozen=True, slots=True)
class Argument:
    """One operand of a call: its source text, its last name (`W_query` of `self.W_query[0]`), place, and shape."""

    text: str
    name: str
    node: ast.expr
    span: Span
    shape: Shape | None = None


@dataclass(frozen=True)
class Call:
    """One einsum-like call.

    `function` is the full name behind the file's aliases ("numpy.einsum"), `library` its first part ("numpy"; "" where
    it cannot be told), `dialect` a key of `einsum.dialects.DIALECTS`.  `spec` is None where the string cannot be read:
    `problem` then says why, with the stretch of the string it is about.  `complete` says that all operands are seen:
    none is behind a `*`, and the function is no layer or wrapper that adds its own.
    """

    function: str
    library: str
    dialect: str
    string: SpecText
    spec: Spec | None
    operands: tuple[Argument, ...]
    keywords: Mapping[str, ast.expr]
    node: ast.Call
    span: Span
    sizes: Mapping[str, int] = field(default_factory=dict)
    problem: SpecError | None = None
    complete: bool = False
    lines: Lines = field(default_factory=lambda: Lines(""), repr=False, compare=False)

    def place(self, start: int, end: int) -> Span:
        """The place in the file of string.text[start:end]."""
        return self.string.span(self.lines, start, end)

    @cached_property
    def contraction(self) -> Contraction | None:
        """The labels of an einsum and what becomes of them; None for another operation, or where nothing is read."""
        return contraction_of(self)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two things that a file shows of shapes and that exclude each other.

    `kind` says which rule tells of it (see `python/shapes/conflicts.py`).  `message`, `label`, `why` and `hint` are
    texts for the reader; `places` are the other spans involved, with what stands there.  It is `weak` where it rests
    on what only a comment says.
    """

    kind: str
    span: Span
    message: str
    label: str = ""
    why: str = ""
    hint: str = ""
    places: tuple[tuple[Span, str], ...] = ()
    weak: bool = False


@dataclass(frozen=True, eq=False)
class Module:
    """A Python file or a notebook's code cell, parsed.  `conflicts` are found when shapes are inferred."""

    text: str
    tree: ast.Module
    lines: Lines
    calls: tuple[Call, ...]
    conflicts: tuple[Conflict, ...] = ()

    @cached_property
    def operations(self) -> Operations:
        """Every call and operator of the file, found in one walk for all rules that ask."""
        return Operations(self.tree, Positions(self.text, self.lines))
