"""The pieces of a string literal as written, with the place of every character: prefixes, escapes, f-string fields."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Generator, Iterator
from dataclasses import dataclass

_OPENING = re.compile(r"([A-Za-z]{0,2})('''|\"\"\"|'|\")")
_BETWEEN = re.compile(r"(?:[ \t\f\r\n]|\\\r?\n|#[^\r\n]*)*")
_ESCAPE = re.compile(
    r"\\(?:(\r\n|[\r\n])|([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|N\{([^}]*)\}|(.))",
    re.DOTALL,
)
_SIMPLE = {"\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True, slots=True)
class Character:
    """One character of the value, and where it is written."""

    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Field:
    """A replacement field of an f-string: the expression's source, what follows it (`!r`, `:>3`), and its place."""

    expression: str
    rest: str
    offset: int
    end: int


Piece = Character | Field


def pieces(text: str, start: int, end: int) -> Iterator[Piece]:
    r"""What the literals in text[start:end] stand for, from left to right.

    >>> [(p.text, p.offset) for p in pieces(r"'i\x6a' 'k'", 0, 11)]
    [('i', 1), ('j', 2), ('k', 9)]
    >>> list(pieces("f'a{n}'", 0, 7))
    [Character(text='a', offset=2), Field(expression='n', rest='', offset=3, end=6)]
    """
    at = start
    while at < end:
        at = _past(_BETWEEN, text, at)
        opening = _OPENING.match(text, at, end)
        if opening is None:
            return
        prefix, quote = opening[1].lower(), opening[2]
        at = yield from _literal(text, opening.end(), end, quote, "r" in prefix, "f" in prefix)


def _literal(text: str, at: int, end: int, quote: str, raw: bool, fields: bool) -> Generator[Piece, None, int]:
    """The pieces of one literal's inside; returns where it has ended."""
    while at < end and not text.startswith(quote, at):
        c = text[at]
        if c == "\\" and raw:
            yield Character(c, at)  # what it precedes is no closing quote
            at += 1
            if text.startswith("\r\n", at):
                at += 1
            yield Character("\n" if text[at] == "\r" or text[at] == "\n" else text[at], at)
            at += 1
        elif c == "\\":
            escape = _ESCAPE.match(text, at)
            assert escape is not None
            value = _value(escape)
            for k, character in enumerate(value):
                yield Character(character, at + k)
            at = escape.end()
        elif fields and c in "{}" and text.startswith(c, at + 1):
            yield Character(c, at)
            at += 2
        elif fields and c == "{":
            field = _field(text, at, end)
            yield field
            at = field.end
        elif c == "\r":
            at += 1 + text.startswith("\n", at + 1)
            yield Character("\n", at - 1)
        else:
            yield Character(c, at)
            at += 1
    return at + len(quote)


def _value(escape: re.Match[str]) -> str:
    newline, octal, x, u, long_u, name, other = escape.groups()
    if newline is not None:
        return ""
    if octal is not None:
        return chr(int(octal, 8))
    if name is not None:
        try:
            return unicodedata.lookup(name)
        except KeyError:
            return escape[0]
    code = x or u or long_u
    if code is not None:
        return chr(min(int(code, 16), 0x10FFFF))
    return _SIMPLE.get(other, "\\" + other)


def _field(text: str, start: int, end: int) -> Field:
    """The field that opens at `start`: brackets and strings inside are skipped until it closes."""
    depth, at, expression_end = 0, start, -1
    while at < end:
        c = text[at]
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                break
        elif c in "'\"" and expression_end < 0:
            at = _skip_string(text, at, end)
            continue
        elif depth == 1 and expression_end < 0 and (c == ":" or (c == "!" and text[at + 1 : at + 2] != "=")):
            expression_end = at
        at += 1
    last = at if expression_end < 0 else expression_end
    return Field(text[start + 1 : last], text[last:at], start, min(at + 1, end))


def _skip_string(text: str, at: int, end: int) -> int:
    """Behind the literal whose quote is at `at`."""
    quote = text[at] * 3 if text.startswith(text[at] * 3, at) else text[at]
    at += len(quote)
    while at < end and not text.startswith(quote, at):
        at += 2 if text[at] == "\\" else 1
    return at + len(quote)


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
