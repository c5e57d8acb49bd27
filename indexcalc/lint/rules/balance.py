"""Which indices are free, which are summed, and whether the two sides agree."""

from __future__ import annotations

from ..registry import page

RULES = (
    page(
        "IX101",
        name="free-indices-differ",
        summary="the two sides have different free indices",
        why="An equation holds for each value of its free indices, so both sides have the same ones. Where one "
        "index is missing and another left over, one of the two is usually misspelt.",
        bad="S[i, j] = Q[i, d] K[k, d]",
        good="S[i, j] = Q[i, d] K[j, d]",
    ),
    page(
        "IX102",
        name="dangling-index",
        summary="an index stands once in a term, and is neither free nor bound there",
        why="An index that is not on the left must be summed, and the summation convention sums pairs. A single one "
        "is either misspelt, or meant to be summed alone, which is written out.",
        bad="y[i] = A[i, k] x[i]",
        good="y[i] = sum[k](A[i, k]) x[i]",
    ),
    page(
        "IX103",
        name="index-thrice",
        summary="an index stands three times or more in a term, so no pair can be summed",
        why="Two of the occurrences might be meant as a pair, or all of them as one sum: the convention does not say. "
        "`sum[k](…)` does.",
        bad="y = a[k] b[k] c[k]",
        good="y = sum[k](a[k] b[k] c[k])",
    ),
    page(
        "IX104",
        name="left-slot",
        summary="a slot on the left of a definition repeats an index or holds no plain index",
        why="A definition gives every component of a tensor at once. A diagonal is written with δ, a single component "
        "with `where`.",
        bad="D[i, i] = x[i]",
        good="D[i, j] = delta[i, j] x[i]",
    ),
    page(
        "IX105",
        name="nothing-varies",
        summary="an index on the left is nowhere on the right",
        why="The right side has the same value for every value of that index, which is seldom meant. Where it is, "
        "the factor `ones[j]` says so.",
        bad="y[i, j] = x[i]",
        good="y[i, j] = x[i] ones[j]",
    ),
    page(
        "IX106",
        name="einstein-convention",
        summary="a term breaks `convention einstein`",
        why="Under the strict convention each term has every free index exactly once and every other index exactly "
        "twice; with a metric, one of the two is an upper and the other a lower one.",
        bad="convention einstein\ny[b, i] = W[i, j] x[b, j] + c[i]",
        good="convention einstein\ny[b, i] = W[i, j] x[b, j]",
    ),
    page(
        "IX107",
        name="ambiguous-division",
        summary="`a / b c` is read as `(a / b) c`",
        why="Some read it as a / (b c). Both readings are one bracket or one order away from being clear.",
        bad="y = a / b c",
        good="y = a c / b",
        severity="warning",
    ),
)
