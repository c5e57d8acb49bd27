"""What array operations do to shapes: one function an operation, found by the operation's name.

An operation gets its array, its other arguments as expressions, and the inference to evaluate them.  It gives the
value that it knows, or None.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..module import Dim, Shape
from .dims import ONE, UNKNOWN, broadcast_dim, divided, factors, known, merged
from .reshape import is_rest, reshaped
from .values import Items, Value, axis, shape_items
from .written import words

if TYPE_CHECKING:
    from .infer import Inference


@dataclass(frozen=True, slots=True)
class Applied:
    """One use of an operation: `array` is what it is applied to, `args` and `keywords` the rest."""

    inference: Inference
    node: ast.Call
    array: Shape
    args: Sequence[ast.expr]
    keywords: Mapping[str, ast.expr]
    library: str  # "torch", "numpy", … or "" where it cannot be told

    def argument(self, place: int, *names: str) -> ast.expr | None:
        """An argument by place or by one of its names."""
        if place < len(self.args) and not any(isinstance(a, ast.Starred) for a in self.args[: place + 1]):
            return self.args[place]
        return next((self.keywords[n] for n in names if n in self.keywords), None)

    def number(self, place: int, *names: str) -> int | None:
        """A whole number among the arguments."""
        node = self.argument(place, *names)
        return None if node is None else self.inference.number(node)

    def is_true(self, *names: str) -> bool | None:
        """Whether a keyword is true: None where that is not literal."""
        node = next((self.keywords[n] for n in names if n in self.keywords), None)
        if node is None:
            return False
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, bool) else None

    def sizes(self, start: int = 0) -> list[Dim] | None:
        """The rest of the arguments as sizes: `view(b, n, -1)`, `view((b, n))`, `view(*x.shape[:2], -1)`."""
        return self.inference.size_list(self.args[start:])


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
    return _without(array, [p for p in places if p is not None])


def _literal_truth(node: ast.expr | None) -> bool | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, bool) else None


def _without(array: Shape, places: Sequence[int]) -> Shape:
    open_at = array.open_at
    if open_at is not None:
        open_at -= sum(p < open_at for p in places)
    return Shape(tuple(d for k, d in enumerate(array.dims) if k not in places), open_at)


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


def permute(use: Applied) -> Value:
    """`permute(0, 2, 1)`, and NumPy's `transpose` with all axes."""
    if not use.args and "dims" not in use.keywords and "axes" not in use.keywords:
        return _reversed(use.array) if use.library != "torch" else None
    node = use.keywords.get("dims", use.keywords.get("axes"))
    numbers = use.inference.numbers(node) if node is not None else use.inference.number_list(use.args)
    array = use.array
    if numbers is None or array.open_at is not None or len(numbers) != len(array.dims):
        return None
    places = [axis(array, n) for n in numbers]
    if None in places or len(set(places)) != len(places):
        return None
    return Shape(tuple(array.dims[p] for p in places if p is not None))


def _reversed(array: Shape) -> Shape | None:
    return Shape(tuple(reversed(array.dims))) if array.open_at is None else None


def transpose(use: Applied) -> Value:
    """torch exchanges two axes; NumPy, JAX and TensorFlow permute all."""
    if use.library == "torch":
        return exchange(use)
    if use.library:
        return permute(use)
    numbers = use.inference.number_list(use.args)
    if numbers is not None and len(numbers) == 2 and len(use.args) == 2:
        rank = len(use.array.dims)
        return exchange(use) if use.array.open_at is None and rank > 2 else None
    return permute(use)


def exchange(use: Applied) -> Value:
    """`swapaxes`, and torch's `transpose`."""
    first = use.number(0, "dim0", "axis1", "axis0")
    second = use.number(1, "dim1", "axis2", "axis1")
    return None if first is None or second is None else exchanged(use.array, first, second)


def exchanged(array: Shape, first: int, second: int) -> Shape | None:
    """The shape with two axes exchanged."""
    a, b = axis(array, first), axis(array, second)
    if a is None or b is None:
        return None
    dims = list(array.dims)
    dims[a], dims[b] = dims[b], dims[a]
    return Shape(tuple(dims), array.open_at)


def move(use: Applied) -> Value:
    """`movedim`, `moveaxis`."""
    source, target = use.argument(0, "source"), use.argument(1, "destination")
    array = use.array
    if source is None or target is None or array.open_at is not None:
        return None
    starts, ends = use.inference.numbers(source), use.inference.numbers(target)
    if starts is None or ends is None or len(starts) != len(ends):
        return None
    sources = [axis(array, n) for n in starts]
    targets = [axis(array, n) for n in ends]
    if None in sources or None in targets or len(set(sources)) != len(sources) or len(set(targets)) != len(targets):
        return None
    rest = iter([d for k, d in enumerate(array.dims) if k not in sources])
    there = {t: array.dims[s] for s, t in zip(sources, targets) if s is not None}
    return Shape(tuple(there[k] if k in there else next(rest) for k in range(len(array.dims))))


def last_two(use: Applied) -> Value:
    """`.t()`."""
    return _reversed(use.array) if len(use.array.dims) <= 2 else None


def view(use: Applied) -> Value:
    """`view`, `reshape`: where axes are torn apart, that is told."""
    node = use.argument(0, "shape", "newshape", "size")
    target = use.sizes() if use.args else use.inference.size_list([node]) if node is not None else None
    order = use.keywords.get("order")
    if target is None or (order is not None and not (isinstance(order, ast.Constant) and order.value == "C")):
        return None
    relations = use.inference.relations
    use.inference.judge_reshape(use.node, use.array, target)
    return reshaped(use.array, target, relations)


def flatten(use: Applied) -> Value:
    """`flatten`, `ravel`: axes from one to another become one."""
    array = use.array
    first = use.number(0, "start_dim") if use.argument(0, "start_dim") is not None else 0
    last = use.number(1, "end_dim") if use.argument(1, "end_dim") is not None else -1
    if array.open_at is not None or first is None or last is None:
        return None
    a, b = axis(array, first), axis(array, last)
    if a is None or b is None or a > b:
        return None
    return Shape((*array.dims[:a], merged(array.dims[a : b + 1]), *array.dims[b + 1 :]))


def unflatten(use: Applied) -> Value:
    """torch's `unflatten(dim, sizes)`."""
    number, node = use.number(0, "dim"), use.argument(1, "sizes", "unflattened_size")
    place = None if number is None else axis(use.array, number)
    sizes = None if node is None else use.inference.size_list([node])
    if place is None or sizes is None:
        return None
    inner = reshaped(Shape((use.array.dims[place],)), sizes, use.inference.relations)
    open_at = use.array.open_at
    moved = open_at + len(sizes) - 1 if open_at is not None and place < open_at else open_at
    return Shape((*use.array.dims[:place], *inner.dims, *use.array.dims[place + 1 :]), moved)


def unsqueeze(use: Applied) -> Value:
    """`unsqueeze(dim)`, `expand_dims(x, axis)`."""
    number = use.number(0, "dim", "axis")
    return None if number is None else with_one(use.array, number)


def with_one(array: Shape, number: int) -> Shape | None:
    """The shape with a new axis of size 1 at the place."""
    rank, open_at = len(array.dims), array.open_at
    if open_at is None:
        place = number + rank + 1 if number < 0 else number
        return Shape((*array.dims[:place], ONE, *array.dims[place:])) if 0 <= place <= rank else None
    if 0 <= number <= open_at:
        return Shape((*array.dims[:number], ONE, *array.dims[number:]), open_at + 1)
    place = rank + 1 + number
    if number < 0 and place >= open_at:
        return Shape((*array.dims[:place], ONE, *array.dims[place:]), open_at)
    return None


def squeeze(use: Applied) -> Value:
    """`squeeze(dim)` of an axis that is known to be 1; without an axis, only where every size is known."""
    number, array = use.number(0, "dim", "axis"), use.array
    if number is not None:
        place = axis(array, number)
        if place is None or not known(array.dims[place]):
            return None
        size = array.dims[place].size
        return None if size is None else _without(array, [place]) if size == 1 else array
    if use.argument(0, "dim", "axis") is not None or array.open_at is not None:
        return None
    if any(d.size is None for d in array.dims):
        return None
    return Shape(tuple(d for d in array.dims if d.size != 1))


def expand(use: Applied) -> Value:
    """torch's `expand`, and `broadcast_to`: -1 keeps an axis, and only an axis of size 1 may grow."""
    node = use.argument(0, "size", "shape")
    target = use.sizes() if use.args else use.inference.size_list([node]) if node is not None else None
    return None if target is None else use.inference.expanded(use.node, use.array, Shape(tuple(target)))


def expand_as(use: Applied) -> Value:
    """`expand_as(other)`."""
    other = use.inference.evaluate(use.args[0]) if use.args else None
    if not isinstance(other, Shape):
        return None
    return use.inference.expanded(use.node, use.array, other, use.inference.text(use.args[0]))


def shape_of_other(use: Applied) -> Value:
    """`view_as(other)`, `reshape_as(other)`."""
    other = use.inference.evaluate(use.args[0]) if use.args else None
    return other if isinstance(other, Shape) else None


def tile(use: Applied) -> Value:
    """torch's `repeat` and `tile`: each axis so many times longer."""
    times = use.sizes()
    array = use.array
    if times is None or array.open_at is not None or len(times) < len(array.dims):
        return None
    padded = [ONE] * (len(times) - len(array.dims)) + list(array.dims)
    return Shape(tuple(_longer(d, t) for d, t in zip(padded, times)))


def _longer(dim: Dim, times: Dim) -> Dim:
    if times.size == 1:
        return dim
    if dim.size == 1:
        return times if known(times) else UNKNOWN
    return merged((times, dim)) if known(dim) and known(times) else UNKNOWN


def repeat_interleave(use: Applied) -> Value:
    """Each entry of an axis so many times."""
    number, times = use.number(1, "dim", "axis"), use.argument(0, "repeats")
    place = None if number is None else axis(use.array, number)
    if place is None or times is None:
        return None
    size = use.inference.size(times)
    dim = use.array.dims[place]
    new = merged((dim, size)) if known(dim) and known(size) else UNKNOWN
    return Shape((*use.array.dims[:place], new, *use.array.dims[place + 1 :]), use.array.open_at)


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
    each, count = _without(use.array, [place]), use.array.dims[place].size
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


def broadcast(a: Shape, b: Shape) -> Shape | None:
    """The shape of an elementwise result."""
    if a.open_at is not None or b.open_at is not None:
        if a.open_at is None and len(a.dims) == 0:
            return b
        return a if b.open_at is None and len(b.dims) == 0 else None
    longer, shorter = (a, b) if len(a.dims) >= len(b.dims) else (b, a)
    shift = len(longer.dims) - len(shorter.dims)
    dims = (broadcast_dim(x, y) for x, y in zip(longer.dims[shift:], shorter.dims))
    return Shape((*longer.dims[:shift], *dims))


def targets_keep(array: Shape, target: Shape) -> Shape:
    """What -1 in a target of `expand` stands for is taken from the array."""
    shift = len(target.dims) - len(array.dims)
    dims = [
        array.dims[k - shift] if is_rest(d) and k >= shift and array.open_at is None else d
        for k, d in enumerate(target.dims)
    ]
    return Shape(tuple(UNKNOWN if is_rest(d) else d for d in dims), target.open_at)


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
