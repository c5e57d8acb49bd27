"""In which order several operands are contracted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..paths import Network, fitting_path


def contraction_order(
    inputs: Sequence[Sequence[str]], output: Sequence[str], sizes: Mapping[str, int]
) -> list[tuple[int, ...]]:
    """Positions of what is contracted together at each step; a result goes to the end.

    >>> contraction_order(["ij", "jk", "kl"], "il", {"i": 9, "j": 9, "k": 9, "l": 1})
    [(1, 2), (0, 1)]
    """
    if len(inputs) <= 2:
        return [tuple(range(len(inputs)))]
    return [*fitting_path(Network(inputs, output, sizes)).steps(len(inputs))]
