"""Functions that emitted text carries along: what array libraries lack.  `xp` stands for the library's module."""

from __future__ import annotations

import re

SHIFT_OF = '''
def shift_of(x, axes):
    """The largest of x along the axes, 0 where that is infinite or nothing is there: safe to subtract before exp."""
    if x.size == 0:
        return xp.zeros([n for k, n in enumerate(x.shape) if k not in axes], dtype=x.real.dtype)
    top = xp.max(x.real, axis=axes)
    return xp.where(xp.isinf(top), xp.zeros_like(top), top)
'''

ABSOLUTE = '''
def absolute(x):
    """|x|; of a complex x, which stands for a real one and a step, x times the sign of its real part."""
    return xp.where(x.real < 0, -x, x) if xp.iscomplexobj(x) else xp.abs(x)
'''

SIGMOID = '''
def sigmoid(x):
    """1 / (1 + exp(-x)); exp may overflow to inf, whose reciprocal is the right 0."""
    y = xp.exp(-x)
    y += 1.0
    return 1.0 / y
'''

SOFTPLUS = '''
def softplus(x):
    """log(1 + exp(x)) without overflow."""
    return xp.maximum(x, xp.zeros_like(x)) + xp.log1p(xp.exp(-absolute(x)))
'''

MASKED = '''
def masked(x, condition, value):
    """x, overwritten by the value where the condition holds."""
    xp.copyto(x, value, where=condition)
    return x
'''

STRIDED = '''
def strided(x, shape, forms):
    """The view v[k] = x[p], where each axis has p = sum(weight * k) + offset, its (weights, offset) in forms."""
    if 0 in shape:
        return xp.zeros(shape, dtype=x.dtype)
    for size, (weights, offset) in zip(x.shape, forms):
        if offset + sum(w * (n - 1) for w, n in zip(weights, shape)) >= size:
            raise IndexError("a position lies outside of its axis")
    start = x[tuple(slice(offset, None) for _, offset in forms)]
    strides = [sum(s * w[k] for s, (w, _) in zip(start.strides, forms)) for k in range(len(shape))]
    return xp.lib.stride_tricks.as_strided(start, shape, strides)
'''

_PADDED = '''
def windows(x, shape, forms):
    """The array v[k] = x[p], 0 where p lies outside; p = sum(weight * k) + offset along each axis, as in forms.

    It is a view of x, or of x with zeros around it where some p lies outside.
    """
    if 0 in shape:
        return xp.zeros(shape, dtype=x.dtype)
    before, after = [], []
    for size, (weights, offset) in zip(x.shape, forms):
        ends = [w * (n - 1) for w, n in zip(weights, shape)]
        before.append(max(0, -(offset + sum(min(e, 0) for e in ends))))
        after.append(max(0, offset + sum(max(e, 0) for e in ends) + 1 - size))
    if any(before) or any(after):
        wide = xp.zeros([b + n + a for b, n, a in zip(before, x.shape, after)], dtype=x.dtype)
        wide[tuple(slice(b, b + n) for b, n in zip(before, x.shape))] = x
        x = wide
'''

WINDOWS = (
    _PADDED
    + """    start = x[tuple(slice(b + offset, None) for b, (_, offset) in zip(before, forms))]
    strides = [sum(s * w[k] for s, (w, _) in zip(start.strides, forms)) for k in range(len(shape))]
    return xp.lib.stride_tricks.as_strided(start, shape, strides)
"""
)

WINDOWS_TORCH = (  # which has no strides below 0: such an axis is read from its end, and turned
    _PADDED.replace("dtype=x.dtype", "dtype=x.dtype, device=x.device")
    + """    start = x[tuple(slice(b + offset, None) for b, (_, offset) in zip(before, forms))]
    strides = [sum(s * w[k] for s, (w, _) in zip(start.stride(), forms)) for k in range(len(shape))]
    turned = [k for k, stride in enumerate(strides) if stride < 0]
    first = start.storage_offset() + sum(strides[k] * (shape[k] - 1) for k in turned)
    found = start.as_strided(shape, [abs(stride) for stride in strides], first)
    return torch.flip(found, turned) if turned else found
"""
)

TOPK_MASK = '''
def topk_mask(x, axis, count):
    """True at the count largest of x along the axis; of equal ones at the first."""
    order = xp.argsort(-x.real, axis=axis, kind="stable")
    return xp.argsort(order, axis=axis, kind="stable") < count
'''

INSIDE = '''
def inside(position, size):
    """The positions, refused where one lies outside of an axis of this size."""
    if position.size and (position.min() < 0 or position.max() >= size):
        raise IndexError("a position lies outside of its axis")
    return position
'''

LOGDET = '''
def logdet(x):
    """The logarithm of the determinant, NaN where that is negative."""
    sign, size = xp.linalg.slogdet(x)
    return xp.log(sign) + size
'''

ADD_AT = '''
def add_at(x, order, positions, source):
    """x with the source added at the positions along its first axes in this order; no position occurs twice."""
    x.transpose(order)[positions] += source
    return x
'''

ADD_REPEATED = '''
def add_repeated(x, order, positions, source):
    """x with the source added at the positions along its first axes in this order; equal positions add up."""
    at = x.transpose(order)
    rest = at.shape[len(positions) :]
    over = source.shape[: source.ndim - len(rest)]
    over = xp.broadcast_shapes(over, *(p.shape for p in positions))
    places = [xp.broadcast_to(p, over).reshape(-1) for p in positions]
    rows = xp.broadcast_to(source, (*over, *rest)).reshape(places[0].shape + rest)
    if places[0].size:  # sorted, equal positions are neighbours and sum up in one pass
        order = xp.lexsort(places)
        places = [p[order] for p in places]
        first = xp.any([p[1:] != p[:-1] for p in places], axis=0)
        starts = xp.flatnonzero(xp.concatenate(([True], first)))
        at[tuple(p[starts] for p in places)] += xp.add.reduceat(rows[order], starts, axis=0)
    return x
'''

ADD_REPEATED_CUPY = '''
def add_repeated(x, order, positions, source):
    """x with the source added at the positions along its first axes in this order; equal positions add up."""
    cupyx.scatter_add(x.transpose(order), positions, source)
    return x
'''

ADD_REPEATED_TORCH = '''
def add_repeated(x, order, positions, source):
    """x with the source added at the positions along its first axes in this order; equal positions add up."""
    x.permute(order).index_put_(positions, source, accumulate=True)
    return x
'''

_POSITIONS = '''
def scatter_add(shape, positions, source):
    """Zeros, with source[k] added at [positions[0][k], positions[1][k], ...]; what points outside is dropped."""
    heads, rest = shape[: len(positions)], shape[len(positions) :]
    over = source.shape[: source.ndim - len(rest)]
    flat, kept = 0, True
    for position, size in zip(positions, heads):
        kept = kept & (position >= 0) & (position < size)
        flat = flat * size + position
    flat, kept = (xp.broadcast_to(a, over).reshape(-1) for a in (flat, kept))
    rows = source.reshape(flat.shape[0], math.prod(rest))
    if not kept.all():
        flat, rows = flat[kept], rows[kept]
    out = xp.zeros((math.prod(heads), math.prod(rest)), dtype=source.dtype)
'''

SCATTER_ADD = (
    _POSITIONS
    + """    if flat.size:  # sorted, equal positions are neighbours and sum up in one pass
        order = xp.argsort(flat, kind="stable")
        flat = flat[order]
        starts = xp.flatnonzero(xp.concatenate(([True], flat[1:] != flat[:-1])))
        out[flat[starts]] = xp.add.reduceat(rows[order], starts, axis=0)
    return out.reshape(shape)
"""
)

SCATTER_ADD_CUPY = (
    _POSITIONS
    + """    cupyx.scatter_add(out, flat, rows)
    return out.reshape(shape)
"""
)

SCATTER_ADD_TORCH = (
    _POSITIONS.replace("dtype=source.dtype", "dtype=source.dtype, device=source.device")
    + """    out.index_add_(0, flat, rows)
    return out.reshape(shape)
"""
)

SCATTER_WINDOWS = '''
def scatter_windows(shape, forms, source):
    """Zeros, with the source added where the forms over its first axes point; what points outside is dropped.

    For each form one axis, the longest, moves as a slice; the others are counted through.
    """
    out = xp.zeros(shape, dtype=source.dtype)
    count = len(forms[0][0])
    long = []
    for weights, _ in forms:
        own = [k for k in range(count) if weights[k] > 0 and sum(w[k] != 0 for w, _ in forms) == 1]
        long.append(max(own, key=lambda k: source.shape[k]) if own else None)
    short = [k for k in range(count) if k not in long]
    for at in itertools.product(*(range(source.shape[k]) for k in short)):
        place = dict(zip(short, at))
        into, take = [], dict(place)
        for size, k, (weights, offset) in zip(shape, long, forms):
            step = weights[k] if k is not None else 1
            moved = source.shape[k] if k is not None else 1
            shift = offset + sum(weights[s] * p for s, p in place.items())
            first = max(0, -(shift // step))
            last = min(moved, (size - 1 - shift) // step + 1)
            if last <= first:
                break
            into.append(slice(shift + step * first, shift + step * (last - 1) + 1, step))
            if k is not None:
                take[k] = slice(first, last)
        else:
            piece = source[tuple(take[k] for k in range(count))]  # its long axes stand in the order of the forms
            for axis, k in enumerate(long):
                if k is None:
                    piece = xp.expand_dims(piece, axis)
            out[tuple(into)] += piece
    return out
'''


def spelled(text: str, module: str) -> str:
    """A helper's text for a library's module."""
    return re.sub(r"\bxp\.", f"{module}.", text)
