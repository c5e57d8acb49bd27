"""Scaled dot-product attention, as its three equations."""

from __future__ import annotations

from ...ir.expr import Compare, Literal
from ..builder import Builder, axis_value
from ..value import Value
from .contraction import matmul
from .elementwise import chosen, plus, times
from .reduction import mapped
from .registry import number, operator, unsupported
from .shape import flatten, transpose, unflatten, unsqueeze


@operator("scaled_dot_product_attention.default")
def attention(
    b: Builder, q: Value, k: Value, v: Value, mask: Value | None = None, dropout: float = 0.0, is_causal: bool = False,
    *, scale: float | None = None, enable_gqa: bool = False,
) -> Value:  # fmt: skip
    """softmax(q kᵀ scale + mask) v over the last two dimensions.

    With fewer heads of k and v than of q, a head of q is a pair: the group, and the place in it.
    """
    if dropout:
        raise unsupported("dropout inside attention, which is random,", "set dropout_p to 0")
    grouped = enable_gqa and q.rank >= 3 and q.shape[-3] != k.shape[-3]
    if grouped:
        groups = k.shape[-3]
        q = unflatten(b, q, -3, [groups, q.shape[-3] // groups])
        k, v = unsqueeze(b, k, -3), unsqueeze(b, v, -3)
        if mask is not None and mask.rank >= 3:
            size = mask.shape[-3]
            mask = unflatten(b, mask, -3, [groups, size // groups] if size > 1 else [1, 1])
    width = q.shape[-1]
    factor = number(width**-0.5 if scale is None else scale)
    scores = matmul(b, q, transpose(b, k, -2, -1))
    scores = b.define(times(b, scores, Value(factor)), "scores")
    if is_causal:
        rows, columns = axis_value(scores.axes[-2]), axis_value(scores.axes[-1])
        scores = Value(chosen(Compare("<=", columns, rows), scores.expr, Literal(float("-inf"))), scores.axes)
    if mask is not None:
        if "bool" in b.argument_kinds[3:4]:
            scores = b.pointwise_of(lambda m, s: chosen(m, s, Literal(float("-inf"))), mask, scores)
        else:
            scores = b.pointwise_of(plus, scores, mask)
    weights = b.define(mapped(b, "softmax", scores, -1), "weights")
    found = matmul(b, weights, v)
    return flatten(b, found, -4, -3) if grouped else found
