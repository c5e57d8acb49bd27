"""How a reduction begins, and how it takes in one more element."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ....ir.index import Index
from .names import Lines, Names, Storage, times, total

SIGNS: Mapping[str, str] = {"sum": "+", "prod": "*", "max": "max", "min": "min", "shift": "max"}
"""What OpenMP calls a reduction."""


def neutral(operation: str, type: str) -> str:
    """What a reduction of nothing gives.

    >>> neutral("max", "float"), neutral("prod", "int64_t")
    ('-float(INFINITY)', 'int64_t(1)')
    """
    if operation in ("sum", "prod"):
        return f"{type}({'0' if operation == 'sum' else '1'})"
    sign = "" if operation == "min" else "-"
    return f"{sign}INT64_MAX" if type == "int64_t" else f"{sign}{type}(INFINITY)"


def combined(operation: str, old: str, new: str) -> str:
    """One more element of a reduction."""
    if operation == "sum":
        return f"{old} + {new}"
    if operation == "prod":
        return f"{old} * {new}"
    if operation == "shift":  # NaN needs no care here: it comes back in the exponential
        return f"{new} > {old} ? {new} : {old}"
    return f"ix::{'maximum' if operation == 'max' else 'minimum'}({old}, {new})"


def fill(
    names: Names, storage: Storage, axes: Iterable[Index], value: str, out: Lines, split: Index | None = None
) -> None:
    """Sets storage to a value along these axes, at one place of the others; of `split` at the thread's places."""
    along = list(axes)[::-1]
    for axis in along:
        out.open(names.loop(axis, split))
    terms = [times(names.at(x), stride) for x, stride in storage.strides.items()]
    out.add(f"{storage.name}[{total(terms)}] = {value};")
    out.close(len(along))
