"""Calls: einsum-like ones by their spec, functions and methods of arrays by name, layers, functions of the file."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...einsum.dialects import DIALECTS
from ...einsum.spec import Axis
from ..module import Call, Conflict, Dim, Shape
from .applied import Applied
from .conflicts import (
    axes_conflict,
    differ,
    displaced,
    ellipsis_conflict,
    extent_conflict,
    order_conflict,
    rank_conflict,
    sizes_clash,
    swapped,
)  # fmt: skip
from .constructors import OF_ARRAY, joined_arrays, made_array
from .dims import UNKNOWN, known
from .layers import LAYERS, applied_layer, made_layer
from .layout import broadcast, laid_out
from .operations import OPERATIONS
from .patterns import Matched, Use, label_dims, match, output_shape
from .values import Items, Layer, Symbol, Value, shape_items
from .written import words

if TYPE_CHECKING:
    from .infer import Inference

LAYING_OUT = ("contract", "rearrange", "reduce", "repeat")
PAIRED = frozenset(
    words(
        "add sub subtract mul multiply div divide true_divide maximum minimum fmax fmin pow power where "
        "logical_and logical_or logical_xor atan2 arctan2 hypot remainder fmod floor_divide logaddexp"
    )
)
LAID_OUT = frozenset(words("view reshape permute"))
JOINING = frozenset(words("cat concat concatenate stack vstack hstack dstack"))


def call(inference: Inference, node: ast.Call) -> Value:
    """The value of a call.  Every argument is evaluated."""
    values = [inference.evaluate(a.value if isinstance(a, ast.Starred) else a) for a in node.args]
    for keyword in node.keywords:
        inference.evaluate(keyword.value)
    if id(node) in inference.calls:
        return _of_spec(inference, inference.calls[id(node)])
    func = node.func
    if isinstance(func, ast.Name):
        return _named(inference, node, func.id, values)
    if not isinstance(func, ast.Attribute):
        return _applied(inference, node, inference.evaluate(func), values)
    library = library_of(inference, func.value)
    if library is not None:
        return _of_library(inference, node, func.attr, library, values)
    key = f"self.{func.attr}" if isinstance(func.value, ast.Name) and func.value.id in ("self", "cls") else ""
    if key and key in inference.returns and key not in inference.env:
        return _returned(inference, node, key, values, skip=1)
    owner = inference.evaluate(func.value)
    if isinstance(owner, Shape):
        return _operation(inference, node, func.attr, owner, node.args, inference.method_library)
    if func.attr == "size" and len(node.args) == 1:
        return UNKNOWN
    if func.attr in LAID_OUT and (found := laid_out(inference, node, node.args)) is not None:
        return found
    if func.attr == "param" and len(node.args) >= 3:
        return made_array("zeros", node.args[2:3], {}, "numpy", inference)  # flax: param(name, initializer, shape)
    made = made_array(func.attr, node.args, _keywords(node), "", inference) if func.attr != "array" else None
    if made is not None and _looks_random(func.value):
        return made
    return _applied(inference, node, inference.evaluate(func), values)


def _looks_random(node: ast.expr) -> bool:
    """`rng.normal`, `self.rng.random`: an object that makes arrays."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return "rng" in name.lower() or "random" in name.lower()


def _keywords(node: ast.Call) -> dict[str, ast.expr]:
    return {k.arg: k.value for k in node.keywords if k.arg}


def library_of(inference: Inference, node: ast.expr) -> str | None:
    """The library whose module the expression is: "torch" of `torch.nn.functional`; None for anything else."""
    while isinstance(node, ast.Attribute):
        node = node.value
    if not isinstance(node, ast.Name) or node.id in inference.env:
        return None
    return inference.libraries.get(node.id)


def _named(inference: Inference, node: ast.Call, name: str, values: Sequence[Value]) -> Value:
    if name in inference.env:
        return _applied(inference, node, inference.env[name], values)
    if name in inference.libraries:
        return _of_library(inference, node, name, inference.libraries[name], values)
    if name in inference.returns:
        return _returned(inference, node, name, values)
    builtin = BUILTINS.get(name)
    return builtin(inference, node, values) if builtin is not None else None


def _applied(inference: Inference, node: ast.Call, function: Value, values: Sequence[Value]) -> Value:
    return applied_layer(function, node, node.args, values, inference) if isinstance(function, Layer) else None


# ---- functions of libraries --------------------------------------------------------------------------------
def _of_library(inference: Inference, node: ast.Call, name: str, library: str, values: Sequence[Value]) -> Value:
    """`torch.zeros(…)`, `np.transpose(x, …)`, `nn.Linear(…)`, `F.softmax(…)`."""
    args, keywords = node.args, _keywords(node)
    if name in LAYERS and (layer := made_layer(name, args, keywords, inference)) is not None:
        return layer
    first = values[0] if values else None
    if name in OF_ARRAY and isinstance(first, Shape):
        return first
    made = made_array(name, args, keywords, library, inference)
    if made is not None:
        return made
    if name in JOINING:
        return _joined(inference, node, name, values)
    if name in PAIRED:
        return _paired(inference, node, values, args)
    if name == "linear" and len(args) >= 2:
        return _linear(inference, node, values)
    if name in ("shape", "size") and isinstance(first, Shape) and len(args) == 1:
        return shape_items(first)
    if name == "outer" and len(values) >= 2:
        both = values[:2]
        flat = all(isinstance(v, Shape) and len(v.dims) == 1 and v.open_at is None for v in both)
        return Shape(tuple(v.dims[0] for v in both if isinstance(v, Shape))) if flat else None
    if isinstance(first, Shape):
        return _operation(inference, node, name, first, args[1:], library)
    return laid_out(inference, node, args[1:]) if name in LAID_OUT else None


def _operation(
    inference: Inference, node: ast.Call, name: str, array: Shape, args: Sequence[ast.expr], library: str
) -> Value:
    operation = OPERATIONS.get(name)
    if operation is None:
        return None
    return operation(Applied(inference, node, array, args, _keywords(node), library))


def _joined(inference: Inference, node: ast.Call, name: str, values: Sequence[Value]) -> Value:
    keywords = _keywords(node)
    place = keywords.get("dim", keywords.get("axis", node.args[1] if len(node.args) > 1 else None))
    number = 0 if place is None else inference.number(place)
    arrays = values[0] if values else None
    if name not in ("cat", "concat", "concatenate", "stack") or number is None or not isinstance(arrays, Items):
        return None
    return joined_arrays(name, arrays.values, number) if arrays.open_at is None else None


def _paired(inference: Inference, node: ast.Call, values: Sequence[Value], args: Sequence[ast.expr]) -> Value:
    """Elementwise functions of several arrays; numbers among them do not matter."""
    arrays = [(v, a) for v, a in zip(values, args) if isinstance(v, Shape)]
    numbers = sum(isinstance(v, Dim) or isinstance(a, ast.Constant) for v, a in zip(values, args))
    if not arrays or len(arrays) + numbers != len(args):
        return None
    result: Shape | None = arrays[0][0]
    for other, _ in arrays[1:]:
        result = broadcast(result, other) if result is not None else None
    if len(arrays) == 2:
        inference.elementwise(node, arrays[0][0], arrays[1][0], arrays[1][1])
    return result


def _linear(inference: Inference, node: ast.Call, values: Sequence[Value]) -> Value:
    """F.linear(x, W): W is (out, in)."""
    array, weights = values[0], values[1]
    if not isinstance(array, Shape) or not isinstance(weights, Shape) or len(weights.dims) != 2:
        return None
    if not array.dims or array.open_at == len(array.dims):
        return None
    of = (inference.text(node.args[0]), inference.text(node.args[1]))
    inference.judge_pair(node, array.dims[-1], weights.dims[1], of)
    return Shape((*array.dims[:-1], weights.dims[0]), array.open_at)


# ---- functions of the file -----------------------------------------------------------------------------------
def _returned(inference: Inference, node: ast.Call, key: str, values: Sequence[Value], skip: int = 0) -> Value:
    """By the annotation of what the function returns, its names as the arguments of this call give them."""
    arguments, shape = inference.returns[key]
    from .annotations import annotated_shape

    names: dict[str, Dim] = {}
    given = [*arguments.posonlyargs, *arguments.args][skip:]
    for parameter, value in zip(given, values):
        said = annotated_shape(parameter.annotation, None)
        if said is None or not isinstance(value, Shape) or said.open_at is not None or value.open_at is not None:
            continue
        if len(said.dims) == len(value.dims):
            names.update((s.name, v) for s, v in zip(said.dims, value.dims) if s.name and known(v))
    dims = tuple(names.get(d.name or "", Dim(size=d.size)) if not d.parts else UNKNOWN for d in shape.dims)
    return Shape(dims, shape.open_at)


# ---- builtins ------------------------------------------------------------------------------------------------
def _integer(inference: Inference, node: ast.Call, values: Sequence[Value]) -> Value:
    return values[0] if values and isinstance(values[0], (Dim, Symbol)) else UNKNOWN


def _length(inference: Inference, node: ast.Call, values: Sequence[Value]) -> Value:
    value = values[0] if values else None
    if isinstance(value, Shape):
        return value.dims[0] if value.dims and value.open_at != 0 else UNKNOWN
    if isinstance(value, Items) and value.open_at is None:
        return Dim(size=len(value.values))
    return UNKNOWN


def _as_items(inference: Inference, node: ast.Call, values: Sequence[Value]) -> Value:
    return values[0] if values and isinstance(values[0], Items) else None


def _map(inference: Inference, node: ast.Call, values: Sequence[Value]) -> Value:
    """map(lambda t: …, (q, k, v)): the body for each."""
    function = node.args[0] if node.args else None
    items = values[1] if len(values) == 2 else None
    if not isinstance(function, ast.Lambda) or not isinstance(items, Items) or len(function.args.args) != 1:
        return None
    name = function.args.args[0].arg
    if len(items.values) > 16:
        return None
    return Items(tuple(inference.evaluate_with({name: v}, [function.body])[0] for v in items.values), items.open_at)


def _number(inference: Inference, node: ast.Call, values: Sequence[Value]) -> Value:
    return UNKNOWN


BUILTINS: Mapping[str, Callable[[Inference, ast.Call, Sequence[Value]], Value]] = {
    "int": _integer, "round": _number, "len": _length, "tuple": _as_items, "list": _as_items, "map": _map,
}  # fmt: skip


# ---- einsum, rearrange, … ------------------------------------------------------------------------------------
def _of_spec(inference: Inference, call: Call) -> Value:
    """The result of an einsum-like call; its operands' shapes are noted, and judged against the labels."""
    values = [inference.evaluate(a.node) for a in call.operands]
    shapes = [v if isinstance(v, Shape) else None for v in values]
    for operand, shape in zip(call.operands, shapes):
        inference.see_operand(operand.node, shape)
    operation = DIALECTS[call.dialect].operation if call.dialect in DIALECTS else ""
    spec = call.spec
    if spec is None or operation not in LAYING_OUT or len(shapes) != len(spec.inputs) or not call.complete:
        return None

    def size_of(label: str) -> Dim:
        return inference.size(call.keywords[label]) if label in call.keywords else UNKNOWN

    found = match(spec, shapes, size_of)
    _judge(inference, call, found, shapes)
    if call.function.endswith(("_path", "_expression")):
        return None
    return output_shape(call, found, label_dims(found, call.sizes, size_of), size_of)


def _judge(inference: Inference, call: Call, found: Matched, shapes: Sequence[Shape | None]) -> None:
    """Ranks, orders of names, sizes, and names of axes under one label."""
    assert call.spec is not None
    odd: set[int] = set(found.wrong_rank)
    for number in found.wrong_rank:
        _tell_rank(inference, call, number, shapes[number])
    for number in found.no_ellipsis[:1]:
        _tell_ellipsis(inference, call, number, shapes[number])
    for number, (operand, shape) in enumerate(zip(call.spec.inputs, shapes)):
        if shape is None or shape.open_at is not None or number in odd:
            continue
        labels = [i.name if isinstance(i, Axis) and i.is_label else None for i in operand.items]
        at = swapped(labels, shape.dims) or displaced(labels, shape.dims)
        if at is not None and _trusted(shape, at, call.dialect):
            odd.add(number)
            span = call.place(operand.items[at[0]].start, operand.items[at[-1]].end)
            inference.tell(order_conflict(span, call.operands[number].text, labels, shape, at))
    output = None if call.spec.output is None else {a.name for a in call.spec.output.axes}
    for label, uses in found.uses.items():
        summed = output is not None and label not in output
        if _judge_label(inference, call, label, [u for u in uses if u.operand not in odd], summed):
            break  # two exchanged labels are one mistake
    for use in found.numbers:
        size = int(use.axis.name[:12])
        if sizes_clash(use.dim, Dim(size=size), broadcast=False):
            inference.tell(_extent(call, use, Dim(size=size), "the string"))


def _trusted(shape: Shape, at: Sequence[int], dialect: str) -> bool:
    """Whether names prove that labels are exchanged: those that people wrote, and those of patterns in patterns.

    The letters of one einsum say nothing about those of the next.
    """
    evidence = {shape.dims[k].evidence for k in at}
    return "pattern" not in evidence or (not dialect.endswith("einsum") and dialect != "sublist")


def _judge_label(inference: Inference, call: Call, label: str, uses: Sequence[Use], summed: bool) -> bool:
    """Every use of a label against the others before it; whether something was told."""
    told = [u for u in uses if known(u.dim)]
    for k, use in enumerate(told):
        given = call.sizes.get(label)
        if given is not None and sizes_clash(use.dim, Dim(size=given), broadcast=False):
            inference.tell(_extent(call, use, Dim(size=given), f"{label}={given}"))
            return True
        for other in told[:k]:
            of = (call.operands[other.operand].text, call.operands[use.operand].text)
            span = call.place(use.axis.start, use.axis.end)
            places = ((call.place(other.axis.start, other.axis.end), ""),)
            if sizes_clash(other.dim, use.dim, broadcast=True):
                inference.tell(extent_conflict(span, label, other.dim, use.dim, of, places))
                return True
            reason = differ(other.dim, use.dim, inference.together, summed)
            if reason:
                inference.tell(axes_conflict(span, label, other.dim, use.dim, of, reason, summed, places))
                return True
    return False


def _extent(call: Call, use: Use, size: Dim, where: str) -> Conflict:
    span = call.place(use.axis.start, use.axis.end)
    return extent_conflict(span, use.axis.name, use.dim, size, (call.operands[use.operand].text, where), ())


def _tell_rank(inference: Inference, call: Call, number: int, shape: Shape | None) -> None:
    assert call.spec is not None and shape is not None
    operand = call.spec.inputs[number]
    open_spec = any(a.is_ellipsis for a in operand.axes)
    span = call.place(operand.start, max(operand.end, operand.start))
    labels = len(operand.items) - open_spec
    conflict = rank_conflict(span, labels, open_spec, shape, call.operands[number].text)
    inference.tell(replace(conflict, weak=any(d.evidence in ("comment", "docstring") for d in shape.dims)))


def _tell_ellipsis(inference: Inference, call: Call, number: int, shape: Shape | None) -> None:
    """Only what an annotation leaves open was meant to be open."""
    assert call.spec is not None and shape is not None
    if not shape.dims or any(d.evidence != "annotation" for d in shape.dims) or shape.open_at != 0:
        return
    operand = call.spec.inputs[number]
    span = call.place(operand.start, operand.end)
    inference.tell(ellipsis_conflict(span, call.operands[number].text, shape, [a.name for a in operand.axes]))
