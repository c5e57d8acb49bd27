"""How far apart two arrays are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..interpret.value import Array
from .report import Worst

# Two evaluators of the same program in float64 differ by rounding alone.
SAME_TOLERANCE = 1e-11
# What rounding leaves of a number that should be 0, in units of the terms it is the difference of.
ROUNDING = 1e-15


def relative_error(found: Array, expected: Array, floor: float) -> tuple[float, int]:
    """max |found − expected| / max(max |expected|, floor), and where it is reached (a flat position).

    NaN where either holds a NaN; infinities agree with themselves.

    >>> relative_error(np.array([1.0, 2.5]), np.array([1.0, 2.0]), 0.0)
    (0.25, 1)
    """
    if found.shape != expected.shape:
        return np.inf, 0
    if found.size == 0:
        return 0.0, 0
    with np.errstate(invalid="ignore"):
        differences = np.where(found == expected, 0.0, np.abs(found - expected)).ravel()
    bad = int(np.argmax(differences))  # NaN counts as the largest
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(float(np.max(finite, initial=0.0)), floor, float(np.finfo(float).tiny))
    return float(differences[bad] / scale), bad


def compare(
    found: Array, expected: Array, floor: float, name: Callable[[int], tuple[int, ...] | str] | None = None
) -> tuple[float, Worst | None]:
    """The relative error and the worst component; `name` says what a flat position means."""
    error, position = relative_error(found, expected, floor)
    if found.shape != expected.shape:
        return error, Worst(f"shapes {found.shape} and {expected.shape}", np.nan, np.nan)
    if found.size == 0:
        return error, None
    place = name(position) if name else tuple(int(k) for k in np.unravel_index(position, found.shape))
    return error, Worst(place, float(found.flat[position]), float(expected.flat[position]))
