"""`# ix:` comments: what they say, and the statement that each belongs to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...diagnostics import Span
from ...python.module import Module
from ..comments import Commented

_MARK = re.compile(r"#\s*ix:[ \t]*+(?!ignore\b)(.*)", re.DOTALL)
_SEE = re.compile(r"see\s+(?P<path>[^\s#]*)#(?P<label>\S+)$|see\s+(?P<whole>\S+)$")
_SPEC = re.compile(r"(?:[\w.]+\s+)?(['\"])(?P<quoted>[^'\"]*->[^'\"]*)\1$|(?P<bare>[^='\"]*->[^='\"]*)$")
_DECLARES = re.compile(r"(?:index|tensor|scalar|integer|function|metric|convention)\b(?!\s*[=\[(])")
FORMULA, SPEC, SEE, DECLARATION = "formula", "spec", "see", "declaration"


@dataclass(frozen=True, slots=True)
class Comment:
    """What stands behind `ix:`, of what kind it is, and where it is in the file.  `row` counts from 1; `alone` says
    that nothing else stands on its line."""

    kind: str
    text: str
    start: int
    span: Span
    row: int
    alone: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """The comments that belong to one statement and say one thing; a formula may take several lines.

    `statement` is None where no statement follows.
    """

    kind: str
    comments: tuple[Comment, ...]
    statement: ast.stmt | None

    @property
    def span(self) -> Span:
        """From the first comment to the last."""
        return self.comments[0].span.to(self.comments[-1].span)


def comments_of(module: Module) -> list[Comment]:
    """The `# ix:` comments of a module in their order, those that only silence findings left out."""
    return list(_found(module)) if "ix:" in module.text else []


def _found(module: Module) -> Iterator[Comment]:
    commented = Commented(module.text, "python")
    for found in commented.comments():
        match = _MARK.match(module.text[found.start : found.end].rstrip())
        if match is not None and match[1]:
            start, line = found.start + match.start(1), commented.line(found.start)
            span = module.lines.span(start, start + len(match[1]))
            alone = not module.text[commented.line_start(line) : found.start].strip()
            yield Comment(_kind(match[1]), match[1], start, span, line + 1, alone)


def _kind(text: str) -> str:
    if _SEE.match(text):
        return SEE
    if _DECLARES.match(text):
        return DECLARATION
    return SPEC if _SPEC.match(text) else FORMULA


def spec_in(text: str) -> tuple[str, int]:
    """The spec of a comment that is one, and where in the text it begins."""
    match = _SPEC.match(text)
    assert match is not None
    name = "quoted" if match["quoted"] is not None else "bare"
    return match[name], match.start(name)


def place_in(text: str) -> tuple[str, str]:
    """The path and the label (or "") of `see path#label`."""
    match = _SEE.match(text)
    assert match is not None
    return (match["whole"], "") if match["whole"] else (match["path"], match["label"])


def references(module: Module, comments: Sequence[Comment]) -> list[Reference]:
    """What is said about which statement; lines of a formula that belong together are one reference."""
    owners = _simple_statements(module)
    rows = {c.row for c in comments if c.alone}
    comment_rows = rows | {k for k, line in enumerate(module.text.split("\n"), 1) if line.lstrip().startswith("#")}
    found: list[Reference] = []
    for comment in comments:
        if comment.kind == DECLARATION:
            continue
        statement = _statement(comment, owners, comment_rows)
        last = found[-1] if found else None
        if last is not None and comment.kind == last.kind == FORMULA and last.statement is statement is not None:
            found[-1] = Reference(FORMULA, (*last.comments, comment), statement)
        else:
            found.append(Reference(comment.kind, (comment,), statement))
    return found


Owners = tuple[dict[int, ast.stmt], dict[int, ast.stmt]]


def _simple_statements(module: Module) -> Owners:
    """For each line the last simple statement on it, and the first one that begins there."""
    around: dict[int, ast.stmt] = {}
    beginning: dict[int, ast.stmt] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            around |= dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), node)
            beginning.setdefault(node.lineno, node)
    return around, beginning


def _statement(comment: Comment, owners: Owners, comment_rows: set[int]) -> ast.stmt | None:
    """The simple statement around the comment, else, for a comment on a line of its own, the one that follows."""
    around, beginning = owners
    if comment.row in around or not comment.alone:
        return around.get(comment.row)
    row = comment.row + 1
    while row in comment_rows:
        row += 1
    return beginning.get(row)
