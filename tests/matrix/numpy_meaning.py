"""What matrix notation means in NumPy, by plain calls; vectors are n × 1 arrays, scalars 1 × 1."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from indexcalc.ir.expr import Space
from indexcalc.matrix import nodes as m

ELEMENTWISE: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "abs", "sign")},
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x * (1 + np.vectorize(math.erf)(x / np.sqrt(2))) / 2,
    "erf": np.vectorize(math.erf),
    "max": np.maximum,
    "min": np.minimum,
}
Array = np.ndarray[Any, Any]


def column(array: Array) -> Array:
    """A tensor of rank at most 2 as a matrix."""
    return array.reshape(array.shape + (1,) * (2 - array.ndim))


def numpy_value(t: m.Term, tensors: Mapping[str, Array], sizes: Mapping[Space, int]) -> Array:
    """The term's value as a matrix."""

    def at(x: m.Term) -> Array:
        return numpy_value(x, tensors, sizes)

    if isinstance(t, m.Symbol):
        return np.array([[np.pi]]) if t.name == "π" and "π" not in tensors else column(tensors[t.name])
    if isinstance(t, m.Number):
        return np.array([[float(t.value)]])
    if isinstance(t, m.Size):
        return np.array([[float(sizes[t.space])]])
    if isinstance(t, m.Ones):
        return np.ones((sizes[t.space], 1))
    if isinstance(t, m.Identity):
        return np.eye(sizes[t.space])
    if isinstance(t, m.Transpose):
        return at(t.of).T
    if isinstance(t, m.Chain):
        return reduce(np.matmul, map(at, t.factors))
    if isinstance(t, m.Scaled):
        scale = float(t.coefficient) * float(np.prod([at(s) for s in t.scalars]))
        return scale * (np.ones((1, 1)) if t.body is None else at(t.body))
    if isinstance(t, m.Total):
        return same_shape(np.add, [at(x) for x in t.terms])
    if isinstance(t, m.Hadamard):
        return same_shape(np.multiply, [at(x) for x in t.factors])
    if isinstance(t, m.MatrixPower):
        return np.linalg.matrix_power(at(t.base), t.exponent)
    if isinstance(t, m.ElementPower):
        return at(t.base) ** float(t.exponent)
    if isinstance(t, m.Map):
        return np.asarray(ELEMENTWISE[t.function](*map(at, t.arguments)))
    if isinstance(t, m.Norm):
        return np.array([[np.linalg.norm(at(t.of))]])
    if isinstance(t, m.Diag):
        return np.diag(at(t.of)[:, 0])
    if isinstance(t, m.Diagonal):
        return np.diag(at(t.of))[:, None]
    if isinstance(t, m.OfMatrix):
        of: dict[str, Callable[[Array], Any]] = {
            "tr": np.trace, "det": np.linalg.det, "logdet": lambda x: np.log(np.linalg.det(x)),
        }  # fmt: skip
        return np.array([[of[t.function](at(t.of))]])
    return _along(t, at)


def same_shape(operation: Any, values: list[Array]) -> Array:
    """Matrix notation adds and multiplies equal shapes only: no broadcasting."""
    assert len({v.shape for v in values}) == 1, [v.shape for v in values]
    return np.asarray(reduce(operation, values))


def _along(t: m.Term, at: Callable[[m.Term], Array]) -> Array:
    """Softmax and reductions."""
    assert isinstance(t, (m.Softmax, m.Reduced))
    x = at(t.of)
    axis = 1 if t.of.shape == m.MATRIX else 0
    if isinstance(t, m.Softmax):
        e = np.exp(x)
        return np.asarray(e / e.sum(axis=axis, keepdims=True))
    axes = (0, 1) if t.total else axis
    if t.operation == "logsumexp":
        return np.asarray(np.log(np.exp(x).sum(axis=axes, keepdims=True)))
    return np.asarray(getattr(np, t.operation)(x, axis=axes, keepdims=True))
