"""The door of the syntax: text in, trees and findings out.  Never raises on bad text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .. import limits
from ..diagnostics import Diagnostic, Lines
from . import messages
from .build_chains import Refused
from .build_tree import FLAT, Builder
from .lalr import Machine, Token, TooDeep, Unexpected
from .lexing import LEADS_NOWHERE, statements, tokenise, too_deep
from .naming import Survey, classify, survey
from .tables import load
from .tree import Parsed, Tree

MAX_FINDINGS = 200  # broken statements told apart; an input with more is not what it is taken for


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the statements of one text."""

    text: str
    lines: Lines
    names: Survey
    machine: Machine

    @staticmethod
    def of(text: str, names: Survey) -> _Reader:
        lines = Lines(text)
        return _Reader(text, lines, names, Machine(load(), Builder(text, lines, names), FLAT, limits.MAX_DEPTH))

    def read(self, s: list[Token], start: str, *, short: bool = False) -> Tree | Diagnostic:
        """The tree of one statement or expression, or what is wrong with it."""
        deep = too_deep(s, limits.MAX_DEPTH)
        if deep is not None:
            return self._nested(deep.start, deep.end)
        marked = classify(s, self.names, short=short)
        try:
            tree: Tree = self.machine.run(marked, start)
        except Unexpected as e:
            return messages.explain(marked, e.position, e.expected, self.lines)
        except Refused as e:
            return Diagnostic(e.code, e.message, self.lines.span(e.start, e.end), e.hint)
        except TooDeep as e:
            return self._nested(e.start, e.end)
        return tree

    def _nested(self, start: int, end: int) -> Diagnostic:
        message = f"nested more than {limits.MAX_DEPTH} levels deep here"
        return Diagnostic("IX009", message, self.lines.span(start, end), "define inner parts in lines of their own")


def parse_program(text: str, filename: str = "<input>") -> tuple[Parsed, list[Diagnostic]]:
    """All statements that can be read, in order, and one finding for each that cannot.

    >>> parsed, findings = parse_program("y[i] = A[i,j] x[j]\\nz = (a + b\\nw = 1")
    >>> len(parsed.statements), [f.message for f in findings]
    (2, ['this `(` is never closed'])
    """
    refused = _too_long(text)
    if refused:
        return Parsed(()), [refused.in_file(filename, None)]
    parts = statements(tokenise(text, load()))
    reader = _Reader.of(text, survey(parts))
    trees: list[Tree] = []
    findings: list[Diagnostic] = []
    previous: Token | None = None
    for number, s in enumerate(parts):
        if len(findings) == MAX_FINDINGS:
            findings.append(_too_many(reader.lines, s[0]))
            break
        if previous is not None and _cuts_short(s[0], previous, reader.lines):
            found: Tree | Diagnostic = messages.leading_operator(s[0], reader.lines)
        else:
            found = reader.read(s, "statement", short=number in reader.names.short)
        if isinstance(found, Diagnostic):
            findings.append(found)
        else:
            trees.append(found)
        previous = s[-1]
    return Parsed(tuple(trees)), [f.in_file(filename, text) for f in findings]


def parse_expression(
    text: str, known: Iterable[str] = (), functions: Iterable[str] = ()
) -> tuple[Tree | None, list[Diagnostic]]:
    """One expression, read beside a program whose tensors, scalars and indices are `known`.

    >>> parse_expression("a (b + c)")[0].factors[0][1].name
    'a'
    >>> [f.message for f in parse_expression("a +")[1]]
    ['nothing follows `+`']
    """
    refused = _too_long(text)
    if refused:
        return None, [refused]
    parts = statements(tokenise(text, load()))
    reader = _Reader.of(text, survey(parts, known, functions))
    found: Any
    if not parts:
        here = reader.lines.span(0, 0)
        found = Diagnostic("IX001", "an expression is expected here", here, "for example A[i,j] x[j]")
    else:
        found = reader.read(parts[0], "expression")
        if len(parts) > 1 and not isinstance(found, Diagnostic):
            found = _second_statement(parts[1][0], parts[0][-1], reader.lines)
    if isinstance(found, Diagnostic):
        return None, [found.in_file("<input>", text)]
    return found, []


def _cuts_short(first: Token, previous: Token, lines: Lines) -> bool:
    return first.kind in LEADS_NOWHERE and lines.line(first.start) > lines.line(previous.start)


def _second_statement(first: Token, previous: Token, lines: Lines) -> Diagnostic:
    if _cuts_short(first, previous, lines):
        return messages.leading_operator(first, lines)
    return Diagnostic(
        "IX001",
        f"the expression has ended before {messages.show(first)}",
        lines.span(first.start, first.end),
        "one expression is expected; inside brackets it may go on over several lines",
    )


def _too_long(text: str) -> Diagnostic | None:
    if len(text) <= limits.MAX_CHARACTERS:
        return None
    message = f"the text has {len(text)} characters; at most {limits.MAX_CHARACTERS} are read"
    return Diagnostic("IX009", message, hint="split it over several files")


def _too_many(lines: Lines, at: Token) -> Diagnostic:
    message = f"more than {MAX_FINDINGS} statements cannot be read; reading stops here"
    return Diagnostic("IX009", message, lines.span(at.start, at.end), "mend those above first")
