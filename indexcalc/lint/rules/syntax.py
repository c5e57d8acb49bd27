"""What cannot be read at all, and limits."""

from __future__ import annotations

from ..registry import page

RULES = (
    page(
        "IX001",
        name="syntax-error",
        summary="a statement does not follow the grammar",
        why="The message says what stands in the way and what was expected there. Other statements are read and "
        "checked all the same, so several mistakes are told at once.",
        bad="y[i] = A[i, j] (x[j] + b[j]",
        good="y[i] = A[i, j] (x[j] + b[j])",
    ),
    page(
        "IX002",
        name="unexpected-character",
        summary="a character that the language does not know",
        why="Formulas copied from a page or a chat often carry characters that look like others: a typographic quote, "
        "a full-width bracket. Reading them as their likeness would be a guess.",
        bad="y[i] = A[i, j] @ x[j]",
        good="y[i] = A[i, j] x[j]",
    ),
    page(
        "IX009",
        name="limit-exceeded",
        summary="the input goes beyond a documented limit",
        why="Size, nesting, number of terms, rank and length of numbers are limited (indexcalc/limits.py), so that "
        "every input gets an answer soon, and none a crash.",
        bad="y = " + "(" * 120 + "x" + ")" * 120,
        good="y = " + "(" * 20 + "x" + ")" * 20,
    ),
)
