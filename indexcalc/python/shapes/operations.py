"""What array operations do to shapes: one function an operation, found by the operation's name.

An operation gets its array, its other arguments as expressions, and the inference to evaluate them.  It gives the
value that it knows, or None.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from ..module import Dim, Shape
from .applied import Applied
from .dims import ONE, UNKNOWN, divided, factors
from .layout import (
    exchange,
    expand,
    expand_as,
    flatten,
    last_two,
    move,
    permute,
    repeat_interleave,
    shape_of_other,
    squeeze,
    tile,
    transpose,
    unflatten,
    unsqueeze,
    view,
    without,
)  # fmt: skip
from .values import Items, Value, axis, shape_items
from .written import words


def same_shape(use: Applied) -> Value:
    """Elementwise functions of one array, and functions along an axis that keep it."""
    return use.array


def along(use: Applied) -> Value:
    """`cumsum`: NumPy's flattens where no axis is given."""
    return use.array if use.argument(0, "dim", "axis") is not None else None


def paired(use: Applied) -> Value:
    """Elementwise functions of the array and the first argument."""
    other = use.inference.evaluate(use.args[0]) if use.args else None
    if isinstance(other, Dim) or (use.args and isinstance(use.args[0], ast.Constant)):
        return use.array
    return use.inference.elementwise(use.node, use.array, other, use.args[0]) if isinstance(other, Shape) else None


def spread(use: Applied) -> Value:
    """`std`, `var`, whose second argument is not `keepdim`."""
    return reduction(use) if len(use.args) <= 1 else None


def reduction(use: Applied) -> Value:
    """`sum`, `mean`, … over some axes or all."""
    array, node = use.array, use.argument(0, "dim", "axis")
    keep = use.is_true("keepdim", "keepdims")
    if keep is None or (use.argument(1) is not None and use.library != "numpy"):
        keep = _literal_truth(use.argument(1))
    if keep is None or (len(use.args) > 1 and use.library not in ("torch", "")):
        return None
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        if not keep:
            return Shape(())
        return None if array.open_at is not None else Shape(tuple(ONE for _ in array.dims))
    numbers = use.inference.numbers(node)
    places = None if numbers is None else [axis(array, n) for n in numbers]
    if places is None or None in places:
        return None
    if keep:
        return Shape(tuple(ONE if k in places else d for k, d in enumerate(array.dims)), array.open_at)
    return without(array, [p for p in places if p is not None])


def _literal_truth(node: ast.expr | None) -> bool | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, bool) else None


def extreme(use: Applied) -> Value:
    """`max`, `min`, `sort`: in torch with an axis, values and indices; of two arrays, elementwise."""
    if use.library == "torch" and (use.args or "dim" in use.keywords):
        if use.inference.number(use.args[0] if use.args else use.keywords["dim"]) is None:
            return None
        value = reduction(use)
        return Items((value, value)) if isinstance(value, Shape) else None
    if use.library == "torch" or "axis" in use.keywords or use.library == "numpy":
        return reduction(use) if not use.args or use.library == "numpy" else None
    return None


def matmul(use: Applied) -> Value:
    """`matmul`, `bmm`, `mm`, `@`."""
    if not use.args or set(use.keywords) - {"out"}:
        return None  # NumPy's `axes` says which axes are meant
    other, right = use.inference.evaluate(use.args[0]), use.args[0]
    return use.inference.product(use.node, use.array, other, use.inference.array_node(use.node), right)


def dot(use: Applied) -> Value:
    """NumPy's `dot`, a matrix product up to rank 2."""
    return matmul(use) if len(use.array.dims) <= 2 and use.array.open_at is None else None


def chunk(use: Applied) -> Value:
    """`chunk(n, dim)`: n equal parts."""
    count = use.number(0, "chunks", "indices_or_sections")
    node = use.argument(1, "dim", "axis")
    place = axis(use.array, 0 if node is None else use.inference.number(node) or 0)
    if node is not None and use.inference.number(node) is None:
        return None
    if count is None or place is None or not 0 < count <= 64:
        return None
    part = _part(use.array.dims[place], count)
    each = Shape((*use.array.dims[:place], part, *use.array.dims[place + 1 :]), use.array.open_at)
    return Items((each,) * count)


def _part(dim: Dim, count: int) -> Dim:
    """One of so many equal parts.  Where the division may have a remainder, nothing is known."""
    if dim.size is not None:
        return Dim(size=dim.size // count, evidence="inferred") if dim.size % count == 0 else UNKNOWN
    numbers = [f for f in factors(dim) if f.name is None and f.size == count]
    return divided(dim, numbers[0]) if numbers else UNKNOWN


def split(use: Applied) -> Value:
    """torch's `split(size or sizes, dim)`; NumPy's takes places instead."""
    if use.library == "numpy":
        return chunk(use) if use.number(0, "indices_or_sections") is not None else None
    node, place_node = use.argument(0, "split_size_or_sections", "split_size"), use.argument(1, "dim")
    number = 0 if place_node is None else use.inference.number(place_node)
    place = None if number is None else axis(use.array, number)
    if node is None or place is None or not isinstance(node, (ast.List, ast.Tuple)):
        return None
    sizes = use.inference.size_list([node])
    if sizes is None:
        return None
    dims = use.array.dims
    return Items(tuple(Shape((*dims[:place], s, *dims[place + 1 :]), use.array.open_at) for s in sizes))


def unbind(use: Applied) -> Value:
    """One array for each entry of an axis, where their number is known."""
    node = use.argument(0, "dim", "axis")
    number = 0 if node is None else use.inference.number(node)
    place = None if number is None else axis(use.array, number)
    if place is None:
        return None
    each, count = without(use.array, [place]), use.array.dims[place].size
    return Items((each,) * count) if count is not None and 0 < count <= 64 else Items((each,), 1)


def gather(use: Applied) -> Value:
    """torch's `gather(dim, index)` has the index's shape."""
    index = use.argument(1, "index")
    value = None if index is None else use.inference.evaluate(index)
    return value if isinstance(value, Shape) else None


def size(use: Applied) -> Value:
    """`x.size()`, `x.size(1)`."""
    node = use.argument(0, "dim")
    if node is None:
        return shape_items(use.array)
    number = use.inference.number(node)
    place = None if number is None else axis(use.array, number)
    return UNKNOWN if place is None else use.array.dims[place]


SAME = words(
    "relu relu_ gelu silu swish tanh sigmoid exp log log2 log10 log1p expm1 sqrt rsqrt abs absolute neg "
    "negative square reciprocal sin cos tan erf floor ceil round sign softmax log_softmax softplus elu "
    "leaky_relu selu mish hardtanh relu6 dropout layer_norm rms_norm normalize clamp clip clamp_min "
    "clamp_max clamp_ nan_to_num flip roll triu tril conj contiguous detach clone copy to cpu cuda float "
    "half double bfloat16 long int bool type type_as astype numpy requires_grad_ isnan isinf isfinite "
    "logical_not zeros_like ones_like empty_like full_like rand_like randn_like stop_gradient bernoulli "
    "fill_ zero_ normal_ uniform_ mul_ add_ sub_ div_ copy_ masked_fill_ pin_memory argsort asarray "
    "ascontiguousarray as_tensor real imag xavier_uniform_ xavier_normal_ kaiming_uniform_ "
    "kaiming_normal_ trunc_normal_ constant_ zeros_ ones_ orthogonal_ Parameter Variable scatter scatter_ "
    "scatter_add scatter_add_ index_add index_copy block_until_ready"
)
Operation = Callable[[Applied], Value]
OPERATIONS: dict[str, Operation] = {
    **dict.fromkeys(SAME, same_shape),
    **dict.fromkeys(words("masked_fill add sub subtract mul multiply div divide true_divide pow power"), paired),
    **dict.fromkeys(words("std var"), spread),
    **dict.fromkeys(words("cumsum cumprod"), along),
    **dict.fromkeys(
        words(
    "sum mean prod amax amin logsumexp any all nansum nanmean argmax argmin count_nonzero reduce_sum "
    "reduce_mean reduce_max reduce_min"
), reduction),
    **dict.fromkeys(words("max min median"), extreme),
    **dict.fromkeys(words("swapaxes swapdims"), exchange),
    **dict.fromkeys(words("movedim moveaxis"), move),
    **dict.fromkeys(words("view reshape"), view),
    **dict.fromkeys(words("matmul bmm mm"), matmul),
    **dict.fromkeys(words("unsqueeze expand_dims"), unsqueeze),
    **dict.fromkeys(words("expand broadcast_to"), expand),
    **dict.fromkeys(words("view_as reshape_as"), shape_of_other),
    **dict.fromkeys(words("repeat tile"), tile),
    **dict.fromkeys(words("flatten ravel"), flatten),
    "permute": permute, "transpose": transpose, "t": last_two, "unflatten": unflatten, "squeeze": squeeze,
    "expand_as": expand_as, "repeat_interleave": repeat_interleave, "dot": dot, "chunk": chunk, "split": split,
    "tensor_split": chunk, "array_split": chunk, "unbind": unbind, "gather": gather, "size": size,
}  # fmt: skip
