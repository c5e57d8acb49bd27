"""In which order several operands are contracted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def contraction_order(
    inputs: Sequence[Sequence[str]], output: Sequence[str], sizes: Mapping[str, int]
) -> list[tuple[int, ...]]:
    """Positions of what is contracted together at each step; a result goes to the end.  Found by opt_einsum.

    >>> contraction_order(["ij", "jk", "kl"], "il", {"i": 9, "j": 9, "k": 9, "l": 1})
    [(1, 2), (0, 1)]
    """
    if len(inputs) <= 2:
        return [tuple(range(len(inputs)))]
    from opt_einsum import paths  # type: ignore[import-untyped,unused-ignore]

    path = paths.auto([frozenset(labels) for labels in inputs], frozenset(output), sizes)
    # Only the last step may join more than two: what is left, from the front.
    return [pair for step in path for pair in ([tuple(step)] if len(step) <= 2 else [(0, 1)] * (len(step) - 1))]
