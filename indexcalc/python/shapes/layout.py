"""Operations that lay an array out anew: exchanges of axes, reshapes, axes of size 1, repetitions, broadcasts."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..module import Dim, Shape
from .applied import Applied
from .dims import ONE, UNKNOWN, broadcast_dim, known, merged
from .reshape import is_rest, reshaped
from .values import Value, axis

if TYPE_CHECKING:
    from .infer import Inference


def without(array: Shape, places: Sequence[int]) -> Shape:
    open_at = array.open_at
    if open_at is not None:
        open_at -= sum(p < open_at for p in places)
    return Shape(tuple(d for k, d in enumerate(array.dims) if k not in places), open_at)


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


def laid_out(inference: Inference, node: ast.Call, args: Sequence[ast.expr]) -> Shape | None:
    """What `view(b, n, h, d)` and `permute(0, 2, 1)` make of an array of which nothing else is known."""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "permute":
        order = inference.number_list(args)
        return Shape((UNKNOWN,) * len(order)) if order and sorted(order) == list(range(len(order))) else None
    args = args or [k.value for k in node.keywords if k.arg in ("shape", "newshape")]
    if len(args) < 2 and not (args and isinstance(args[0], (ast.Tuple, ast.List))):
        return None  # a type, or a shape in a variable
    sizes = inference.size_list(args)
    return None if sizes is None else reshaped(None, sizes, inference.relations)


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
        return None if size is None else without(array, [place]) if size == 1 else array
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
