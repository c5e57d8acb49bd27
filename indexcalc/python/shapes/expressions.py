"""Expressions: one function for each kind of node that says something about a shape or a size."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..module import Dim, Shape
from .applications import call
from .dims import ONE, UNKNOWN, divided, known, merged, named
from .layers import weight
from .layout import exchanged
from .targets import dotted, source_of_shape
from .values import Items, Layer, Symbol, Value, axis, joined, shape_items

if TYPE_CHECKING:
    from .infer import Inference


def evaluate(inference: Inference, node: ast.expr) -> Value:
    """What is known of the expression's value.  All calls inside are gone through."""
    rule = RULES.get(type(node))
    if rule is not None:
        return rule(inference, node)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            inference.evaluate(child)
    return None


def _constant(inference: Inference, node: ast.Constant) -> Value:
    return Dim(None, node.value, "constructor") if type(node.value) is int else None


def _name(inference: Inference, node: ast.Name) -> Value:
    if node.id in inference.env:
        return inference.env[node.id]
    if inference.stores.get(node.id, 0) > 1:
        return None
    return Symbol(named(node.id, "constructor"))


def _attribute(inference: Inference, node: ast.Attribute) -> Value:
    key = dotted(node)
    if key and key in inference.env:
        return inference.env[key]
    base = inference.evaluate(node.value)
    if isinstance(base, Shape):
        return _of_array(base, node.attr, inference)
    if isinstance(base, Layer):
        return weight(base, node.attr)
    if not key or inference.stores.get(key, 0) > 1 or node.attr in ("shape", "T", "data"):
        return None
    return Symbol(named(node.attr, "constructor"))


def _of_array(array: Shape, name: str, inference: Inference) -> Value:
    if name == "shape":
        return shape_items(array)
    if name == "ndim" and array.open_at is None:
        return Dim(size=len(array.dims))
    if name == "T":
        plain = array.open_at is None and (len(array.dims) <= 2 or inference.method_library != "torch")
        return Shape(tuple(reversed(array.dims))) if plain else None
    if name in ("mT", "mH"):
        return exchanged(array, -2, -1)
    return array if name in ("data", "real", "imag", "grad", "value") else None


def _subscript(inference: Inference, node: ast.Subscript) -> Value:
    base = inference.evaluate(node.value)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for part in parts:
        for piece in (part.lower, part.upper, part.step) if isinstance(part, ast.Slice) else (part,):
            if piece is not None:
                inference.evaluate(piece)
    if base is None and source_of_shape(node.value) and not isinstance(node.slice, ast.Slice):
        return UNKNOWN  # a size, whatever the array is
    if isinstance(base, Items):
        return _item(inference, base, node.slice)
    return indexed(inference, base, parts) if isinstance(base, Shape) else None


def _item(inference: Inference, items: Items, index: ast.expr) -> Value:
    as_shape = Shape(tuple(UNKNOWN for _ in items.values), items.open_at)
    if isinstance(index, ast.Slice):
        if items.open_at is not None or index.step is not None:
            return None
        bounds = [None if b is None else inference.number(b) for b in (index.lower, index.upper)]
        if any(n is None and b is not None for n, b in zip(bounds, (index.lower, index.upper))):
            return None
        return Items(items.values[bounds[0] : bounds[1]])
    number = inference.number(index)
    place = None if number is None else axis(as_shape, number)
    if place is not None:
        return items.values[place]
    sizes = all(isinstance(v, Dim) for v in items.values)
    return UNKNOWN if sizes and items.values else None


def indexed(inference: Inference, array: Shape, parts: Sequence[ast.expr]) -> Shape | None:
    """`x[:, None, 0, ...]`.  Indexing by arrays, and by what may be one, is not followed."""
    at = next((k for k, p in enumerate(parts) if isinstance(p, ast.Constant) and p.value is ...), len(parts))
    front = _indexed_from(inference, array, parts[:at])
    if front is None:
        return None
    done, used = front
    back = parts[at + 1 :]
    taken = sum(not _is_new(p) for p in back)
    rank = len(array.dims)
    if array.open_at is None:
        if used + taken > rank:
            return None
        middle, tail = array.dims[used : rank - taken], array.dims[rank - taken :]
        ending = _indexed_from(inference, Shape(tail), back)
        return None if ending is None else Shape((*done, *middle, *ending[0]))
    if used > array.open_at or taken > rank - array.open_at:
        return None
    ending = _indexed_from(inference, Shape(array.dims[rank - taken :]), back)
    if ending is None:
        return None
    before = array.dims[used : array.open_at]
    return Shape((*done, *before, *array.dims[array.open_at : rank - taken], *ending[0]), len(done) + len(before))


def _is_new(part: ast.expr) -> bool:
    is_name = isinstance(part, ast.Attribute) and part.attr == "newaxis"
    return is_name or (isinstance(part, ast.Constant) and part.value is None)


def _indexed_from(inference: Inference, array: Shape, parts: Sequence[ast.expr]) -> tuple[list[Dim], int] | None:
    """The dimensions that leading indices leave, and how many of the array's they use."""
    out: list[Dim] = []
    used = 0
    for part in parts:
        if _is_new(part):
            out.append(ONE)
            continue
        if used >= len(array.dims):
            return None
        if isinstance(part, ast.Slice):
            out.append(_sliced(inference, array.dims[used], part))
        elif not isinstance(inference.evaluate(part), Dim):
            return None
        used += 1
    return out, used


def _sliced(inference: Inference, dim: Dim, part: ast.Slice) -> Dim:
    if part.lower is None and part.upper is None and part.step is None:
        return dim
    bounds = [None if b is None else inference.number(b) for b in (part.lower, part.upper, part.step)]
    if dim.size is None or any(
        n is None and b is not None for n, b in zip(bounds, (part.lower, part.upper, part.step))
    ):
        return UNKNOWN
    if bounds[2] == 0:
        return UNKNOWN
    return Dim(size=len(range(dim.size)[slice(*bounds)]), evidence="inferred")


def _binary(inference: Inference, node: ast.BinOp) -> Value:
    left, right = inference.evaluate(node.left), inference.evaluate(node.right)
    if isinstance(node.op, ast.MatMult):
        return inference.product(node, left, right, node.left, node.right)
    if isinstance(left, Items) or isinstance(right, Items):
        return _of_lists(node.op, left, right)
    if isinstance(left, Shape) and isinstance(right, Shape):
        return inference.elementwise(node, left, right, node.right)
    if isinstance(left, Shape) or isinstance(right, Shape):
        array, other, other_node = (left, right, node.right) if isinstance(left, Shape) else (right, left, node.left)
        return array if isinstance(other, Dim) or is_scalar(inference, other_node) else None
    if isinstance(left, (Dim, Symbol)) and isinstance(right, (Dim, Symbol)):
        a, b = (v.dim if isinstance(v, Symbol) else v for v in (left, right))
        size = size_of(node.op, a, b)
        return Symbol(size) if isinstance(left, Symbol) or isinstance(right, Symbol) else size
    return None


def is_scalar(inference: Inference, node: ast.expr) -> bool:
    """Whether the expression is surely one number: a literal, a power of one, `math.sqrt(…)`, `self.scale`."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (int, float, complex))
    if isinstance(node, ast.UnaryOp):
        return is_scalar(inference, node.operand)
    if isinstance(node, ast.BinOp):
        return all(isinstance(inference.evaluate(n), Dim) or is_scalar(inference, n) for n in (node.left, node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
        name = dotted(node.func)
        return (
            name.startswith("math.") or name in ("float", "int", "len", "sqrt") or _root_of_size(inference, name, node)
        )
    return dotted(node).rpartition(".")[2] in ("scale", "scaling", "eps", "epsilon", "temperature", "dtype", "pi")


def _root_of_size(inference: Inference, name: str, node: ast.Call) -> bool:
    return name.endswith(".sqrt") and len(node.args) == 1 and isinstance(inference.evaluate(node.args[0]), Dim)


def _of_lists(op: ast.operator, left: Value, right: Value) -> Value:
    """`x.shape[:2] + (h, d)`, `(1,) * 3`."""
    if isinstance(op, ast.Add) and isinstance(left, Items) and isinstance(right, Items):
        if left.open_at is not None and right.open_at is not None:
            return None
        shift = len(left.values) if right.open_at is not None else 0
        open_at = left.open_at if left.open_at is not None else right.open_at
        return Items(left.values + right.values, None if open_at is None else open_at + shift)
    if isinstance(op, ast.Mult) and isinstance(left, Items) and isinstance(right, Dim) and left.open_at is None:
        return Items(left.values * right.size) if right.size is not None and 0 <= right.size <= 32 else None
    return None


def size_of(op: ast.operator, a: Dim, b: Dim) -> Dim:
    """The arithmetic of sizes: products stay products, sums of numbers are numbers, all else is unknown."""
    if isinstance(op, ast.Mult):
        return merged((a, b)) if known(a) and known(b) and -1 not in (a.size, b.size) else UNKNOWN
    if isinstance(op, (ast.FloorDiv, ast.Div)):
        return divided(a, b) if known(a) and known(b) else UNKNOWN
    if a.size is None or b.size is None or a.parts or b.parts:
        return UNKNOWN
    operations: Mapping[type[ast.operator], Callable[[int, int], int]] = {
        ast.Add: int.__add__, ast.Sub: int.__sub__
    }  # fmt: skip
    operation = operations.get(type(op))
    return UNKNOWN if operation is None else Dim(None, operation(a.size, b.size), "inferred")


def _unary(inference: Inference, node: ast.UnaryOp) -> Value:
    value = inference.evaluate(node.operand)
    if isinstance(value, Dim) and isinstance(node.op, ast.USub):
        return Dim(size=-value.size) if value.size is not None else UNKNOWN
    return value if isinstance(value, Shape) and not isinstance(node.op, ast.Not) else None


def _compare(inference: Inference, node: ast.Compare) -> Value:
    values = [inference.evaluate(n) for n in (node.left, *node.comparators)]
    if len(values) != 2 or isinstance(node.ops[0], (ast.Is, ast.IsNot, ast.In, ast.NotIn)):
        return None
    left, right = values
    if isinstance(left, Shape) and isinstance(right, Shape):
        return inference.elementwise(node, left, right, node.comparators[0])
    return (
        left
        if isinstance(left, Shape) and (isinstance(right, Dim) or is_scalar(inference, node.comparators[0]))
        else None
    )


def _choice(inference: Inference, node: ast.IfExp) -> Value:
    inference.evaluate(node.test)
    return joined(inference.evaluate(node.body), inference.evaluate(node.orelse))


def _listed(inference: Inference, node: ast.Tuple | ast.List) -> Value:
    out: list[Value] = []
    open_at: int | None = None
    for item in node.elts:
        if not isinstance(item, ast.Starred):
            out.append(inference.evaluate(item))
            continue
        value = inference.evaluate(item.value)
        if not isinstance(value, Items):
            value = Items((), 0)
        if value.open_at is not None:
            if open_at is not None:
                return None
            open_at = len(out) + value.open_at
        out += value.values
    return Items(tuple(out), open_at)


def _lambda(inference: Inference, node: ast.Lambda) -> Value:
    arguments = node.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    inference.evaluate_with(dict.fromkeys(names), [node.body])
    return None


def _comprehension(inference: Inference, node: ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp) -> Value:
    first = node.generators[0]
    source = inference.evaluate(first.iter)
    bound: dict[str, Value] = {}
    for generator in node.generators:
        for target in ast.walk(generator.target):
            if isinstance(target, ast.Name):
                bound[target.id] = None
    bodies = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    simple = len(node.generators) == 1 and not first.ifs and isinstance(first.target, ast.Name)
    if simple and isinstance(source, Items) and source.open_at is None and len(source.values) <= 16:
        assert isinstance(first.target, ast.Name)
        return Items(tuple(inference.evaluate_with({first.target.id: v}, bodies)[-1] for v in source.values))
    inference.evaluate_with(bound, [*(i for g in node.generators for i in g.ifs), *bodies])
    return None


def _walrus(inference: Inference, node: ast.NamedExpr) -> Value:
    value = inference.evaluate(node.value)
    inference.env[node.target.id] = value
    return value


def _nothing(inference: Inference, node: ast.expr) -> Value:
    return None


Rule = Callable[["Inference", Any], Value]
RULES: Mapping[type[ast.expr], Rule] = {
    ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _subscript, ast.Call: call,
    ast.BinOp: _binary, ast.UnaryOp: _unary, ast.Compare: _compare, ast.IfExp: _choice, ast.Tuple: _listed,
    ast.List: _listed, ast.Lambda: _lambda, ast.ListComp: _comprehension, ast.GeneratorExp: _comprehension,
    ast.SetComp: _comprehension, ast.DictComp: _comprehension, ast.NamedExpr: _walrus, ast.JoinedStr: _nothing,
}  # fmt: skip
