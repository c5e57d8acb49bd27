"""Formulas in running Markdown text: `$…$`, `$$…$$`, `\\(…\\)`, `\\[…\\]`, environments; code spans hold none.

The scan goes once from left to right; a closer that was looked for in vain is not looked for again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# Environments that are a formula by themselves, outside of `$$`.
ENVIRONMENTS = "equation|eqnarray|align|alignat|flalign|gather|multline|math|displaymath|subequations|dmath"
OPENERS = rf"\$\$|\\{{1,2}}[\[]|\\begin\{{(?:{ENVIRONMENTS})\*?\}}"
_TOKEN = re.compile(
    rf"(?P<comment><!--)|(?P<code>`+)|(?P<environment>\\begin\{{(?P<name>(?:{ENVIRONMENTS})\*?)\}})"
    r"|(?P<bracket>\\{1,2}[\[(])|\\.|(?P<tick>\$`)|(?P<display>\$\$)|(?P<dollar>\$)",
    re.DOTALL,
)
_CLOSING = {"[": "]", "(": ")"}
_DOLLAR = re.compile(r"(?:[^$`\\]|\\.)*?(\$)", re.DOTALL)
_MARK = re.compile(r"<!--[ \t]*ix:")


@dataclass(frozen=True, slots=True)
class Formula:
    """text[start:end] with its delimiters, and what a LaTeX reader shall see in their places, of the same lengths."""

    start: int
    end: int
    opening: str
    closing: str


@dataclass(slots=True)
class _Finder:
    """`str.find` that remembers from where on a string does not occur."""

    text: str
    missing: dict[str, int] = field(default_factory=dict)
    runs: dict[int, list[int]] | None = None

    def find(self, wanted: str, at: int) -> int:
        if self.missing.get(wanted, len(self.text) + 1) <= at:
            return -1
        found = self.text.find(wanted, at)
        if found < 0:
            self.missing[wanted] = at
        return found

    def code_end(self, length: int, at: int) -> int:
        """The end of the next run of so many backticks; -1 without one."""
        if self.runs is None:
            self.runs = {}
            for match in re.finditer("`+", self.text):
                self.runs.setdefault(len(match[0]), []).append(match.end())
            for ends in self.runs.values():
                ends.reverse()
        ends = self.runs.get(length, [])
        while ends and ends[-1] <= at:
            ends.pop()
        return ends[-1] if ends else -1


def formulas(text: str) -> Iterator[Formula]:
    """The formulas of a paragraph, from left to right.

    >>> [(f.opening, f.start, f.end) for f in formulas("at $5 a piece, `$no$` and $x_i$")]
    [('$', 26, 31)]
    """
    finder = _Finder(text)
    at = 0
    while token := _TOKEN.search(text, at):
        at = token.end()
        if token["code"]:
            end = finder.code_end(len(token["code"]), at)
            at = end if end > 0 else at
            continue
        found = _formula(text, token, finder)
        if isinstance(found, Formula):
            yield found
            at = found.end
        elif found is not None:
            at = found


def _formula(text: str, token: re.Match[str], finder: _Finder) -> Formula | int | None:
    """The formula that begins at a token; an offset where something else begins that ends there; None for neither."""
    start, at = token.span()
    match token.lastgroup if token["name"] is None else "environment":
        case "comment":
            return _comment(text, start, finder)
        case "environment":
            closing = f"\\end{{{token['name']}}}"
            end = finder.find(closing, at)
            return Formula(start, end + len(closing), token[0], closing) if end >= 0 else None
        case "bracket":
            opening = token[0]
            closing = opening[:-1] + _CLOSING[opening[-1]]
            end = finder.find(closing, at)
            if end < 0:
                return None
            pad = " " * (len(opening) - 2)
            return Formula(start, end + len(closing), pad + opening[-2:], closing[-2:] + pad)
        case "tick":
            end = finder.find("`$", at)
            return Formula(start, end + 2, " $", "$ ") if end >= 0 else None
        case "display":
            end = finder.find("$$", at)
            return Formula(start, end + 2, "$$", "$$") if end >= 0 else None
        case "dollar":
            return _dollars(text, start)
    return None


def _dollars(text: str, start: int) -> Formula | None:
    """`$…$`, unless the signs are money: there, the second one stands before a digit or behind a space."""
    match = _DOLLAR.match(text, start + 1)
    if match is None:
        return None
    close = match.start(1)
    inside = text[start + 1 : close]
    if not inside.strip() or text[close + 1 : close + 2].isdigit() or text[close + 1 : close + 2] == "$":
        return None
    if inside[0].isspace() != inside[-1].isspace():
        return None
    return Formula(start, close + 1, "$", "$")


def _comment(text: str, start: int, finder: _Finder) -> Formula | int | None:
    """The end of an HTML comment; one for the linter, with nothing behind it, is a comment of LaTeX as well."""
    end = finder.find("-->", start)
    if end < 0:
        return None
    line = text.find("\n", end)
    alone = not text[end + 3 : line if line >= 0 else len(text)].strip()
    if alone and _MARK.match(text, start) and "\n" not in text[start:end]:
        return Formula(start, end + 3, "%   ", "   ")
    return end + 3
