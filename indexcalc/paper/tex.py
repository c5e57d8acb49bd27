"""TeX's tokens, each with its place in the file: commands, characters, and nothing of comments and blanks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .symbols import UNICODE

OPEN, CLOSE = "{", "}"
_TOKEN = re.compile(r"%[^\n]*\n?[ \t]*|\\(?:[A-Za-z@]+\*?|[^A-Za-z@]|$)|\s+|[0-9]+(?:\.[0-9]+)?|#[0-9]|.", re.DOTALL)
MAX_TOKENS = 20_000  # in one formula; more is no formula


class Tex(NamedTuple):
    """A command (`\\alpha`), a number or a character, and its offsets in the file.

    What a macro wrote stands at the place of the call; what was handed to it keeps its own place.
    """

    text: str
    start: int
    end: int


def tokenise(text: str, start: int = 0, end: int | None = None) -> list[Tex]:
    """The tokens of text[start:end], without blanks and comments.

    >>> [t.text for t in tokenise(r"\\alpha_{ij} % note" + "\\n= 12")]
    ['\\\\alpha', '_', '{', 'i', 'j', '}', '=', '12']
    """
    out = []
    for m in _TOKEN.finditer(text, start, len(text) if end is None else end):
        word = m[0]
        if word[0] == "%" or word[0].isspace():
            continue
        first, last = m.span()
        if word[0] == "\\" and word[-1] == "*" and len(word) > 2 and word not in STARRED:
            out.append(Tex(word[:-1], first, last - 1))
            out.append(Tex("*", last - 1, last))
        else:
            out.append(Tex(UNICODE.get(word, word), first, last))
    return out


STARRED = frozenset((r"\operatorname*", r"\pdv*", r"\dv*"))


def group_end(tokens: Sequence[Tex], k: int) -> int:
    """The position behind the argument at k: a whole group `{…}`, else one token.

    >>> group_end(tokenise("{a{b}}c"), 0)
    6
    """
    if k >= len(tokens) or tokens[k].text != OPEN:
        return min(k + 1, len(tokens))
    depth = 0
    for n in range(k, len(tokens)):
        word = tokens[n].text
        depth += (word == OPEN) - (word == CLOSE)
        if depth == 0:
            return n + 1
    return len(tokens)


def argument(tokens: Sequence[Tex], k: int) -> tuple[list[Tex], int]:
    """What stands in the argument at k, without its braces, and the position behind it."""
    end = group_end(tokens, k)
    inner = list(tokens[k:end])
    if len(inner) > 1 and inner[0].text == OPEN:
        inner = inner[1:-1] if inner[-1].text == CLOSE else inner[1:]
    return inner, end


def written(tokens: Sequence[Tex]) -> str:
    """The tokens as text, without blanks but behind a command.

    >>> written(tokenise(r"\\rm  in"))
    '\\\\rm in'
    """
    out: list[str] = []
    for t in tokens:
        if out and out[-1][0] == "\\" and out[-1][-1].isalpha() and t.text[0].isalpha():
            out.append(" ")
        out.append(t.text)
    return "".join(out)
