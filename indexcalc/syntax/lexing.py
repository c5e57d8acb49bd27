"""From text to tokens, and from tokens to statements."""

from __future__ import annotations

import re
from functools import lru_cache

from .greek import unknown_command
from .lalr import Tables, Token

OPEN = {"LPAR": "RPAR", "LSQB": "RSQB", "_ANTI": "RSQB", "_LOWB": "RBRACE", "_UPB": "RBRACE"}
CLOSE = frozenset(OPEN.values())
_OPERATORS = "PLUS _MINUS _TIMES SLASH _POW CMP AND OR EQUAL"
LEADS_NOWHERE = frozenset(_OPERATORS.split())  # cannot begin a statement
CONTINUES = LEADS_NOWHERE | {"_CARET", "COMMA", "COLON", "NOT"}  # a line that ends so goes on
KEYWORDS = frozenset(
    ("index", "tensor", "scalar", "integer", "function", "metric", "output", "recompute", "convention")
)
_AFTER_KEYWORD = frozenset(["NAME", "COLON", "COMMA", "NUMBER"])


@lru_cache(2)
def _scanner(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def tokenise(text: str, tables: Tables) -> list[Token]:
    """All tokens but blanks and comments.  What no terminal matches is a token of kind BAD, so this never fails."""
    ignored, words = tables.ignored, tables.words
    out: list[Token] = []
    for m in _scanner(tables.scanner).finditer(text):
        kind = m.lastgroup
        if kind is None or kind in ignored:
            continue
        value = m[0]
        if kind == "NAME":
            kind = words.get(value, kind)
        if "\\" in value and (kind == "NAME" or kind == "LOW") and unknown_command(value):
            kind = "BAD"
        out.append(Token(kind, value, m.start(), m.end()))
    return out


def statements(tokens: list[Token]) -> list[list[Token]]:
    """The tokens of each statement, without NEWLINE and SEMICOLON.

    A newline ends a statement unless a bracket is open or an operator waits for its right side.  A line that can only
    be a new statement (a second `=`, a declaration, or a `=` inside brackets) ends it all the same, so that one slip
    costs one statement.
    """
    out: list[list[Token]] = []
    now: list[Token] = []
    depth, equals = 0, False
    for k, t in enumerate(tokens):
        kind = t.kind
        if kind == "SEMICOLON" or (kind == "NEWLINE" and now and _ends(tokens, k, now[-1].kind, depth, equals)):
            if now:
                out.append(now)
            now, depth, equals = [], 0, False
        elif kind != "NEWLINE":
            depth += (kind in OPEN) - (kind in CLOSE)
            equals = equals or kind == "EQUAL"
            now.append(t)
    if now:
        out.append(now)
    return out


def _ends(tokens: list[Token], newline: int, last: str, depth: int, equals: bool) -> bool:
    if depth <= 0 and last not in CONTINUES:
        return True
    k = newline + 1
    if k + 1 < len(tokens) and tokens[k].text in KEYWORDS and tokens[k + 1].kind == "NAME":
        return True
    return (depth > 0 or equals) and _defines(tokens, k)


def _defines(tokens: list[Token], k: int) -> bool:
    """Whether the line at token k has `=` outside its own brackets."""
    depth = 0
    while k < len(tokens) and depth >= 0 and tokens[k].kind not in ("NEWLINE", "SEMICOLON"):
        kind = tokens[k].kind
        if kind == "EQUAL":
            return depth == 0
        depth += (kind in OPEN) - (kind in CLOSE)
        k += 1
    return False


def keyword_of(statement: list[Token]) -> str:
    """The declaration's keyword, or "" (a keyword is an ordinary name where a declaration cannot follow)."""
    head = statement[0].text
    if head in KEYWORDS and (len(statement) == 1 or statement[1].kind in _AFTER_KEYWORD):
        return head
    return ""


def brackets(statement: list[Token]) -> dict[int, int]:
    """Position of each opening bracket -> position of the bracket that closes it."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for k, t in enumerate(statement):
        if t.kind in OPEN:
            stack.append(k)
        elif t.kind in CLOSE and stack and OPEN[statement[stack[-1]].kind] == t.kind:
            found[stack.pop()] = k
    return found


def too_deep(statement: list[Token], limit: int) -> Token | None:
    """The opening bracket that has `limit` others open around it, if any."""
    depth = 0
    for t in statement:
        depth += (t.kind in OPEN) - (t.kind in CLOSE)
        if depth > limit:
            return t
    return None
