"""From the tokens of a formula to its equations: rows and columns of alignments, separators, joined lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..diagnostics import Lines
from .declared import Declarations
from .equation import Equation
from .macros import Macros, TooLarge
from .symbols import OPERATORS, RELATIONS, SEPARATORS, words
from .tex import CLOSE, MAX_TOKENS, OPEN, Tex, argument, group_end, tokenise, written

ALIGNED = words("aligned alignedat split gathered align alignat gather multline equation eqnarray")
_OPENING = frozenset(("(", "[", r"\{", r"\lbrace", r"\left"))
_CLOSING = frozenset((")", "]", r"\}", r"\rbrace", r"\right"))
_SPACES = frozenset((r"\,", r"\;", r"\:", r"\!", r"\ ", r"\>", r"\displaystyle", r"\nonumber", r"\notag", r"\noindent"))


def split_math(
    text: str, start: int, end: int, environment: str, macros: Macros, lines: Lines, declared: Declarations
) -> Iterator[Equation]:
    """The equations of text[start:end]."""
    for tokens, label in _rows(tokenise(text, start, end), text):
        try:
            expanded = macros.expand(tokens)
        except TooLarge:
            continue
        for row in _joined(_inner_rows(expanded)):
            for part in _parts(row, environment):
                if part and len(part) <= MAX_TOKENS:
                    first = lines.line(min(t.start for t in part))
                    yield Equation(text, tuple(part), first, label, environment.rstrip("*"), declared)


def _rows(tokens: list[Tex], text: str) -> list[tuple[list[Tex], str]]:
    """The lines of a display with their labels.  Lines that go on the one before are joined to it."""
    rows: list[tuple[list[Tex], str]] = []
    for row in _joined(_lines(tokens)):
        plain, label, k = [], "", 0
        while k < len(row):
            if row[k].text == r"\label":
                end = group_end(row, k + 1)
                label = label or text[row[k].end : row[min(end, len(row)) - 1].end].strip().strip("{}")
                k = end
            else:
                plain.append(row[k])
                k += 1
        rows.append((plain, label))
    return rows


def _lines(tokens: Sequence[Tex]) -> Iterator[list[Tex]]:
    """The tokens between `\\` outside of groups and environments."""
    now: list[Tex] = []
    depth, k = 0, 0
    while k < len(tokens):
        word = tokens[k].text
        depth += (word in (OPEN, r"\begin")) - (word in (CLOSE, r"\end"))
        # `\begin{…}` counts its own braces as well, which cancel.
        if word == r"\\" and depth <= 0:
            yield now
            now = []
            k = _behind_length(tokens, k + 1)
            continue
        now.append(tokens[k])
        k += 1
    yield now


def _behind_length(tokens: Sequence[Tex], k: int) -> int:
    """Behind `*` and a length such as `[2pt]` after a line's end."""
    if k < len(tokens) and tokens[k].text == "*":
        k += 1
    if k < len(tokens) and tokens[k].text == "[":
        close = next((n for n in range(k, min(k + 8, len(tokens))) if tokens[n].text == "]"), None)
        if close is not None and any(t.text[0].isdigit() for t in tokens[k:close]):
            return close + 1
    return k


def _joined(rows: Iterator[list[Tex]]) -> list[list[Tex]]:
    """Rows, where one that begins with a relation or an operator goes on the row before."""
    out: list[list[Tex]] = []
    for row in rows:
        core = [t for t in row if t.text != "&" and t.text not in _SPACES and t.text not in (r"\quad", r"\qquad")]
        if not core:
            continue
        before = [t for t in out[-1] if t.text not in _SPACES] if out else []
        first = core[0].text
        goes_on = bool(before) and (
            first in RELATIONS
            or first in OPERATORS
            or before[-1].text in RELATIONS
            or before[-1].text in OPERATORS
            or _open_brackets(before) > 0
        )
        if goes_on:
            out[-1].extend(t for t in row if t.text not in ("&", r"\quad", r"\qquad"))
        else:
            out.append(list(row))
    return out


def _open_brackets(tokens: Sequence[Tex]) -> int:
    depth, kept = 0, []
    for t in tokens:
        if t.text == OPEN:
            kept.append(depth)
        elif t.text == CLOSE:
            depth = kept.pop() if kept else 0
        else:
            depth = max(0, depth + (t.text in _OPENING) - (t.text in _CLOSING))
    return depth


def _inner_rows(tokens: list[Tex]) -> Iterator[list[Tex]]:
    """Rows of an `aligned` or `split` inside; other environments (matrices, cases) become one opaque token."""
    start = next((k for k, t in enumerate(tokens) if t.text == r"\begin"), None)
    if start is None:
        yield tokens
        return
    name, body = argument(tokens, start + 1)
    depth, k = 1, body
    while k < len(tokens) and depth:
        depth += (tokens[k].text == r"\begin") - (tokens[k].text == r"\end")
        k += 1
    inside, end = tokens[body : k - 1], group_end(tokens, k)
    if "".join(t.text for t in name).rstrip("*") not in ALIGNED:
        opaque = Tex(r"\opaque", tokens[start].start, tokens[min(end, len(tokens)) - 1].end)
        yield from _inner_rows([*tokens[:start], opaque, *tokens[end:]])
        return
    rows = list(_lines(inside))
    rows[0] = [*tokens[:start], *rows[0]]
    last = [*rows[-1], *tokens[end:]]
    yield from rows[:-1]
    yield from _inner_rows(last)


def _parts(row: list[Tex], environment: str) -> Iterator[list[Tex]]:
    """The equations of one row: between `\\quad`, commas and words, and in pairs of columns."""
    row = _bare(row)
    now: list[Tex] = []
    depth, kept, columns, k = 0, [], 0, 0
    while k < len(row):
        word = row[k].text
        if word == OPEN:
            kept.append(depth)
        elif word == CLOSE:
            depth = kept.pop() if kept else 0
        elif word in _OPENING:
            depth += 1
        elif word in _CLOSING:
            depth = max(0, depth - 1)
        top = depth == 0 and not kept
        if word in (r"\hspace", r"\vspace"):  # a separator with a length behind it
            k = group_end(row, k + 1 + (row[k + 1 : k + 2] != [] and row[k + 1].text == "*")) - 1
            if top:
                yield now
                now = []
        elif word == "&":
            columns += 1
            if columns % 2 == 0 and not environment.startswith(("eqnarray", "IEEE")):
                yield now
                now = []
        elif top and (word in SEPARATORS or word in (",", ";") or _is_colon(row, k)):
            yield now
            now = []
        elif top and word in (r"\text", r"\textrm", r"\textnormal", r"\intertext") and _is_prose(row, k):
            yield now
            now = []
            k = group_end(row, k + 1)
            continue
        elif word not in _SPACES and word not in (r"\quad", r"\qquad", r"\hfill"):
            now.append(row[k])
        k += 1
    while now and now[-1].text in (".", "\\", ":"):
        now.pop()
    yield now


def _is_colon(row: Sequence[Tex], k: int) -> bool:
    """Whether a colon ends a condition (`\\forall n: …`), and is no part of `:=`."""
    around = [row[n].text for n in (k - 1, k + 1) if 0 <= n < len(row)]
    return row[k].text == ":" and "=" not in around


def _bare(row: list[Tex]) -> list[Tex]:
    """The row without a pair of braces around all of it."""
    while len(row) > 1 and row[-1].text in ("\\", r"\ ", "."):
        row = row[:-1]
    while len(row) > 2 and row[0].text == OPEN and group_end(row, 0) == len(row):
        row = row[1:-1]
    return row


def _is_prose(row: Sequence[Tex], k: int) -> bool:
    """Whether the text at k is words between formulas, not a name inside of one."""
    inside, end = argument(row, k + 1)
    if not inside:
        return False
    following = row[end].text if end < len(row) else ""
    if following in ("_", "^", "(", r"\left"):
        return False
    spaced = any(b.start > a.end for a, b in zip(row[k + 1 : end], row[k + 2 : end]))
    word = written(inside).strip(".,;: ").lower()
    return spaced or word in ("and", "or", "for", "if", "where", "with", "otherwise", "else", "so", "then", "as", "")
