"""A curve in one line of text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

_BLOCKS, _ASCII = "▁▂▃▄▅▆▇█", "_.-=+*#@"


def sparkline(values: Sequence[float], width: int, *, unicode: bool = True) -> str:
    """The values, averaged into at most `width` columns, from the least to the greatest.

    >>> sparkline([4, 3, 2, 1, 1, 1, 1, 1], 4)
    '█▂▁▁'
    >>> sparkline([1, 2, 3, 4], 4, unicode=False)
    '_-*@'
    """
    marks = _BLOCKS if unicode else _ASCII
    count = min(max(width, 1), len(values))
    if not count:
        return ""
    edges = [len(values) * k // count for k in range(count + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = min(means), max(means)
    span = (high - low) or 1.0
    return "".join(marks[min(len(marks) - 1, int((m - low) / span * len(marks)))] for m in means)
