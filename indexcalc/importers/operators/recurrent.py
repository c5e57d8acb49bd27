"""One step of an LSTM and of a GRU."""

from __future__ import annotations

from collections.abc import Sequence

from ..builder import Builder
from ..value import Value
from .contraction import linear
from .elementwise import call, plus_scaled
from .registry import operator
from .shape import sliced


@operator("lstm_cell.default")
def lstm_cell(
    b: Builder, x: Value, state: Sequence[Value], w_ih: Value, w_hh: Value, b_ih: Value | None = None,
    b_hh: Value | None = None,
) -> tuple[Value, Value]:  # fmt: skip
    """The gates i, f, g, o, then c' = f c + i g and h' = o tanh(c')."""
    h, c = b.define(state[0]), b.define(state[1])
    n = h.shape[-1]
    x = b.define(x)
    gates: list[Value] = []
    for k, (name, function) in enumerate((("i", "sigmoid"), ("f", "sigmoid"), ("g", "tanh"), ("o", "sigmoid"))):
        z = plus_scaled(b, _gate(b, x, w_ih, b_ih, k, n), _gate(b, h, w_hh, b_hh, k, n))
        gates.append(b.define(b.pointwise_of(lambda z, f=function: call(f, z), z), f"gate_{name}"))
    i, f, g, o = gates
    cell = b.define(b.pointwise_of(lambda f, c, i, g: f * c + i * g, f, c, i, g), "cell")
    return b.pointwise_of(lambda o, c: o * call("tanh", c), o, cell), cell


@operator("gru_cell.default")
def gru_cell(
    b: Builder, x: Value, h: Value, w_ih: Value, w_hh: Value, b_ih: Value | None = None, b_hh: Value | None = None
) -> Value:
    """The gates r and z, the candidate n, then h' = (1 - z) n + z h."""
    h, x = b.define(h), b.define(x)
    size = h.shape[-1]
    ours = [_gate(b, x, w_ih, b_ih, k, size) for k in range(3)]
    theirs = [_gate(b, h, w_hh, b_hh, k, size) for k in range(3)]
    r, z = (
        b.define(b.pointwise_of(lambda x, h: call("sigmoid", x + h), ours[k], theirs[k]), name)
        for k, name in enumerate(("gate_r", "gate_z"))
    )
    n = b.define(b.pointwise_of(lambda x, r, h: call("tanh", x + r * h), ours[2], r, theirs[2]), "candidate")
    return b.pointwise_of(lambda z, n, h: (1 - z) * n + z * h, z, n, h)


def _gate(b: Builder, x: Value, weight: Value, bias: Value | None, k: int, n: int) -> Value:
    """The k-th block of n rows."""
    return linear(b, x, sliced(b, weight, 0, k * n, n), None if bias is None else sliced(b, bias, 0, k * n, n))
