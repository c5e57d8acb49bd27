"""Rows of formulas with remarks beside them, or below where the line is too short."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import combining, east_asian_width

from .look import Look


def width_of(text: str) -> int:
    """Columns of a terminal that the text takes.

    >>> width_of("x̂"), width_of("指")
    (1, 2)
    """
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))


def beside(rows: Sequence[tuple[str, str]], look: Look, gap: int = 3) -> list[str]:
    """Each formula with its remark: in one column where all fit, else the remark of a long row on a line below it.

    >>> beside([("a = b c", "from x"), ("d = a", "")], Look(width=40))
    ['a = b c   from x', 'd = a']
    """
    remarks = max((width_of(r) for _, r in rows), default=0)
    column = look.width - remarks - gap
    fitting = [width_of(f) for f, r in rows if r and width_of(f) <= column]
    column = max(fitting, default=0) if remarks * 2 <= look.width else 0
    out = []
    for formula, remark in rows:
        if remark and width_of(formula) <= column:
            out.append(pad(formula, column + gap) + look.paint(remark, "dim"))
            continue
        out += wrap(formula, look.width)
        out += [look.paint(line, "dim") for line in wrap(" " * 8 + remark, look.width)] if remark else []
    return [line.rstrip() for line in out]


def wrap(formula: str, width: int, hang: int = 6) -> list[str]:
    """The formula in lines of at most `width` columns, cut outside brackets rather than inside, and before signs.

    >>> wrap("y = a b + c (d + e)", 14, 4)
    ['y = a b', '    + c', '    (d + e)']
    """
    indent = len(formula) - len(formula.lstrip(" "))
    lines, rest = [], formula
    while width_of(rest) > width:
        cut = _best_cut(rest, width, indent)
        if cut <= 0:
            break
        lines.append(rest[:cut].rstrip())
        indent = min(hang + (len(formula) - len(formula.lstrip(" "))), width // 3)
        rest = " " * indent + rest[cut:].lstrip()
    return [*lines, rest]


def _best_cut(text: str, width: int, indent: int) -> int:
    """The last good place within the width: shallow before deep, a sign before a mere space."""
    best, score, depth, used = 0, (-99, -1), 0, 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        used += width_of(character)
        if used > width:
            break
        if character == " " and at > indent + 1 and text[at - 1] not in "=," and text[at + 1 : at + 2] != "=":
            sign = text[at + 1 : at + 3] in ("+ ", "- ", "− ")
            here = (-2 * depth - (0 if sign else 1), at)
            if here >= score and (sign or at > width // 2 or score[0] == -99):
                best, score = at, here
    return best
