"""Rows of formulas with remarks beside them, or below where the line is too short."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from unicodedata import combining, east_asian_width

from ..ir.text import CLOSE, OPEN
from .look import Look

GAP = 3
_LEAD = re.compile(r" *(\d+ +)?")


def width_of(text: str) -> int:
    """Columns of a terminal that the text takes.

    >>> width_of("x̂"), width_of("指")
    (1, 2)
    """
    return sum(0 if combining(c) or c in (OPEN, CLOSE) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))


def beside(rows: Sequence[tuple[str, str]], look: Look) -> list[str]:
    """Each formula with its remark: in one column for as many rows as it can be, else on a line below.  Marked parts of
    a formula are underlined on a line of their own, and bold where there is colour.

    >>> beside([("a = b c", "from x"), ("d = a", "")], Look(width=40))
    ['a = b c   from x', 'd = a']
    >>> beside([(f"a = b {OPEN}c d{CLOSE}", "from x")], Look(width=40))
    ['a = b c d   from x', '      ~~~']
    """
    column = _column(rows, look.width)
    out = []
    for formula, remark in rows:
        if remark and _fits(formula, remark, column, look.width):
            out += _underlined([pad(formula, column + GAP)], look, look.paint(remark, "dim"))
            continue
        out += _underlined(wrap(formula, look.width), look)
        lead = " " * (len(_lead(formula)) + 4)
        out += [look.paint(line, "dim") for line in prose(remark, look.width, lead)]
    return [line.rstrip() for line in out]


def _underlined(lines: Sequence[str], look: Look, remark: str = "") -> list[str]:
    """The lines of one formula without their marks, each with a line of strokes under what was marked."""
    out = []
    depth = 0
    for line in lines:
        shown, strokes = "", ""
        for character in line:
            if character in (OPEN, CLOSE):
                depth += 1 if character == OPEN else -1
                if depth == (character == OPEN):  # the outermost mark
                    shown += look.emphasis(character == OPEN)
                continue
            if depth and character == " " and not strokes.strip():
                strokes += " "  # the indentation of a line that goes on with a marked part
            else:
                strokes += (look.stroke if depth else " ") * width_of(character)
            shown += character
        out.append(shown + (look.emphasis(False) if depth else "") + remark)
        if strokes.strip():
            out.append(look.paint(strokes.rstrip(), "dim"))
    return out


def _column(rows: Sequence[tuple[str, str]], width: int) -> int:
    """The width of the formulas' column that lets most remarks stand beside their formula; the least such one."""
    candidates = sorted({width_of(formula) for formula, remark in rows if remark})
    return max(candidates, key=lambda c: (sum(_fits(f, r, c, width) for f, r in rows if r), -c), default=0)


def _fits(formula: str, remark: str, column: int, width: int) -> bool:
    return width_of(formula) <= column and column + GAP + width_of(remark) <= width


def prose(text: str, width: int, indent: str = "") -> list[str]:
    """Words in lines, all of them indented alike."""
    return textwrap.wrap(
        text, max(width, len(indent) + 20), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def wrap(formula: str, width: int) -> list[str]:
    """The formula in lines of at most `width` columns, cut outside brackets rather than inside, and before signs.

    >>> wrap("  1   a b + c (d + e)", 16)
    ['  1   a b', '        + c', '        (d + e)']
    """
    lead = len(_lead(formula))
    lines, rest = [], formula
    while width_of(rest) > width:
        cut = _best_cut(rest, width, lead)
        if cut <= 0:
            break
        lines.append(rest[:cut].rstrip())
        lead = len(_lead(formula)) + 2
        rest = " " * lead + rest[cut:].lstrip()
    return [*lines, rest]


def _lead(formula: str) -> str:
    """Blanks and a line's number, which stay together with what follows."""
    found = _LEAD.match(formula)
    return found[0] if found else ""


def _best_cut(text: str, width: int, lead: int) -> int:
    """The last good place within the width: shallow before deep, a sign before a mere space."""
    best, score, depth, used = 0, (-99, -1), 0, 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        used += width_of(character)
        if used > width:
            break
        if character != " " or at <= lead or text[at - 1] in "=," or text[at + 1 : at + 2] == "=":
            continue
        if text[at - 2 : at] in (" +", " -", " /"):
            continue
        sign = text[at + 1 : at + 3] in ("+ ", "- ")
        here = (-2 * depth - (0 if sign else 1), at)
        if here >= score and (sign or at > width // 2 or score[0] == -99):
            best, score = at, here
    return best
