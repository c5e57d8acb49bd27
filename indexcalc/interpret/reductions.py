"""Reductions and maps over the last axis.  Selections and shifts look at real parts, so the complex step goes through.

Every function takes an array whose last axis runs over all combinations of the bound indices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ..diagnostics import fail
from .elementwise import log, nan_where_negative
from .value import Array


def shift(x: Array) -> Array:
    """The real maximum along the last axis, 0 where it is infinite or the axis is empty: safe to subtract."""
    top = np.max(x.real, axis=-1, keepdims=True, initial=-np.inf)
    return np.where(np.isinf(top), 0.0, top)


def mean(x: Array) -> Array:
    return np.asarray(np.sum(x, axis=-1) / np.asarray(float(x.shape[-1])))


def prod(x: Array) -> Array:
    return np.asarray(np.prod(x, axis=-1))


def _chosen(x: Array, position: Array) -> Array:
    return np.take_along_axis(x, position[..., None], axis=-1)[..., 0]


def _not_empty(x: Array, name: str) -> None:
    if x.shape[-1] == 0:
        raise fail("IX950", f"{name} over an empty extent has no value", hint="give its indices sizes of at least 1")


def maximum(x: Array) -> Array:
    _not_empty(x, "max")
    return _chosen(x, np.argmax(x.real, axis=-1))


def minimum(x: Array) -> Array:
    _not_empty(x, "min")
    return _chosen(x, np.argmin(x.real, axis=-1))


def argmax(x: Array) -> Array:
    _not_empty(x, "argmax")
    return np.asarray(np.argmax(x.real, axis=-1)).astype(float)


def logsumexp(x: Array) -> Array:
    top = shift(x)
    return log(np.sum(np.exp(x - top), axis=-1)) + top[..., 0]


def norm(x: Array) -> Array:
    squares = np.sum(x * x, axis=-1)
    return nan_where_negative(squares, np.sqrt(squares))


def var(x: Array) -> Array:
    centred = x - mean(x)[..., None]
    return mean(centred * centred)


def softmax(x: Array) -> Array:
    """exp(x) / Σ exp(x); NaN along a row of −inf alone, as the formula says."""
    raised = np.exp(x - shift(x))
    return np.asarray(raised / np.sum(raised, axis=-1, keepdims=True))


def topk(x: Array, count: int) -> Array:
    """1 at the `count` largest, 0 elsewhere; of equal ones the first are taken."""
    if count > x.shape[-1]:
        raise fail("IX951", f"topk takes the {count} largest of only {x.shape[-1]}", hint="make the count smaller")
    position = np.argsort(-x.real, axis=-1, kind="stable")[..., :count]
    mask = np.zeros(x.shape)
    np.put_along_axis(mask, position, 1.0, axis=-1)
    return mask


REDUCTIONS: Mapping[str, Callable[[Array], Array]] = {
    "mean": mean,
    "prod": prod,
    "max": maximum,
    "min": minimum,
    "argmax": argmax,
    "logsumexp": logsumexp,
    "norm": norm,
    "var": var,
}
