"""Upper and lower positions."""

from __future__ import annotations

from ..registry import page

RULES = (
    page(
        "IX301",
        name="variance-mismatch",
        summary="upper and lower positions do not fit a space with a metric",
        why="Where a metric is declared, A^i and A_i are different numbers, and a sum pairs an upper with a lower "
        "position. The two sides of an equation have each free index in the same position. Without "
        "`convention einstein` this is a warning.",
        bad="convention einstein\nindex i : spacetime(4)\nmetric g : spacetime\ny[^i] = A[_i]",
        good="index i, j : spacetime(4)\nmetric g : spacetime\ny[^i] = g[^i, ^j] A[_j]",
    ),
)
