"""Assignments: what the names on the left are from then on, and what an unpacked shape says of its array."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

from ..module import Dim, Shape
from .conflicts import order_conflict, swapped
from .dims import QUOTIENT, UNKNOWN, known, named
from .infer import Inference
from .targets import axis_read, dotted, source_of_shape, targets
from .values import Items, Symbol, Value


def forget(inference: Inference, names: Iterable[str]) -> None:
    """Nothing is known of these any more."""
    for name in names:
        if name:
            inference.env[name] = None


def bind(inference: Inference, target: ast.expr, value: Value, source: ast.expr) -> None:
    """Give the target the value."""
    if isinstance(target, (ast.Tuple, ast.List)):
        _unpack(inference, target, value, source)
        return
    name = dotted(target)
    if not name:
        if isinstance(target, ast.Starred):
            forget(inference, targets(target))
        return
    if name.endswith(".shape") and isinstance(value, Items):  # in texts: x.shape = (B, T, D)
        said_shape(inference, name.removesuffix(".shape"), source, ast.Expr(source))
        return
    once = inference.stores.get(name, 0) <= 1
    if isinstance(value, (Dim, Symbol)):
        value = _without_quotient(value)
    if isinstance(value, Dim) and value.name is None and not value.parts and once:
        value = replace(value, name=name.rpartition(".")[2], evidence=value.evidence or "constructor")
    if isinstance(value, Symbol) and not known(value.dim) and once:  # d = dim // h, of names that may be sizes
        value = Symbol(named(name.rpartition(".")[2], "constructor"))
    if isinstance(value, Dim) and not once and value.name is None:
        value = Dim(size=value.size)
    _relate(inference, name, source)
    _size_of(inference, name, value, source)
    inference.env[name] = value
    if name in inference.owners:
        for key in [k for k in inference.env if k.startswith(name + ".")]:
            del inference.env[key]
    if "." in name:
        inference.owners.add(name.partition(".")[0])


def _without_quotient(value: Dim | Symbol) -> Dim | Symbol:
    """A quotient gets the name of its variable."""
    dim = value.dim if isinstance(value, Symbol) else value
    if dim.evidence != QUOTIENT:
        return value
    return Symbol(UNKNOWN) if isinstance(value, Symbol) else UNKNOWN


def _relate(inference: Inference, name: str, source: ast.expr) -> None:
    """head_dim = dim // heads: dim is heads * head_dim."""
    inner = source.args[0] if isinstance(source, ast.Call) and len(source.args) == 1 else source
    if not isinstance(inner, ast.BinOp) or not isinstance(inner.op, (ast.FloorDiv, ast.Div)):
        return
    whole, by = (inference.size(n) for n in (inner.left, inner.right))
    if whole.name and by.name and not whole.parts and not by.parts:
        own = named(name.rpartition(".")[2], "constructor")
        inference.relations = {**inference.relations, whole.name: (by, own)}


def _size_of(inference: Inference, name: str, value: Value, source: ast.expr) -> None:
    """b = x.shape[0]: x has that axis, whatever else it has."""
    if not isinstance(value, Dim) or value.name is None:
        return
    place = axis_read(source)
    if place is None:
        return
    array, number = place
    now = inference.env.get(array)
    if now is None and array in inference.env:
        return  # it was something that is not known any more
    shape = now if isinstance(now, Shape) else Shape((), 0)
    dim = replace(value, evidence="unpack")
    if shape.open_at is not None and number == shape.open_at:
        inference.env[array] = Shape((*shape.dims[:number], dim, *shape.dims[number:]), number + 1)
    elif shape.open_at is not None and number == shape.open_at - len(shape.dims) - 1:
        at = shape.open_at
        inference.env[array] = Shape((*shape.dims[:at], dim, *shape.dims[at:]), at)
    elif shape.open_at is None and -len(shape.dims) <= number < len(shape.dims):
        dims = list(shape.dims)
        dims[number] = dims[number] if known(dims[number]) else dim
        inference.env[array] = Shape(tuple(dims))


def _unpack(inference: Inference, target: ast.Tuple | ast.List, value: Value, source: ast.expr) -> None:
    """Tuples on the left: of an array's shape, or of several values."""
    array = source_of_shape(source)
    if array:
        _unpack_shape(inference, target, array, source)
        return
    first = source.elts[0] if isinstance(source, (ast.Tuple, ast.List)) and source.elts else None
    plain = not any(isinstance(t, ast.Starred) for t in target.elts)
    if isinstance(first, ast.Starred) and plain and (array := source_of_shape(first.value)):
        assert isinstance(source, (ast.Tuple, ast.List))  # b, n, _, h = *x.shape, self.heads
        more = source.elts[1:]
        count = len(target.elts) - len(more)
        if count > 0 and not any(isinstance(m, ast.Starred) for m in more):
            values = [inference.evaluate(m) for m in more]
            head = ast.copy_location(ast.Tuple(target.elts[:count], ast.Store()), target)
            _unpack_shape(inference, head, array, source)
            for item, own, node in zip(target.elts[count:], values, more):
                bind(inference, item, own, node)
            return
    if isinstance(value, Items) and plain and value.open_at is None and len(value.values) == len(target.elts):
        nodes = source.elts if isinstance(source, (ast.Tuple, ast.List)) else [source] * len(target.elts)
        for k, item in enumerate(target.elts):
            bind(inference, item, value.values[k], nodes[k] if len(nodes) == len(target.elts) else source)
    elif isinstance(value, Items) and plain and value.open_at == len(value.values) == 1:
        for item in target.elts:  # all of unknown many parts are alike
            bind(inference, item, value.values[0], source)
    else:
        forget(inference, targets(target))


def _unpack_shape(inference: Inference, target: ast.Tuple | ast.List, array: str, source: ast.expr) -> None:
    """`b, n, *_ = x.shape` names the axes of x."""
    place = inference.positions.span(target)
    star = next((k for k, t in enumerate(target.elts) if isinstance(t, ast.Starred)), None)
    items = [t for t in target.elts if not isinstance(t, ast.Starred)]
    names = [dotted(t).rpartition(".")[2] for t in items]
    dims = tuple(named(n, "unpack", place) if n.strip("_") else Dim() for n in names)
    said = Shape(dims, star)
    now = inference.env.get(array)
    if isinstance(now, Shape) and now.open_at is None and star is None and len(now.dims) == len(dims):
        at = swapped(names, now.dims)
        if at is not None:
            inference.tell(replace(order_conflict(place, array, names, now, at), weak=True))
        dims = tuple(n if known(n) else s for n, s in zip(now.dims, dims))
        inference.env[array] = Shape(dims)
    elif array not in inference.env or now is not None:
        inference.env[array] = said
        inference.together.add(said)
    else:
        inference.env[array] = said
    for item, dim in zip(items, dims):
        forget(inference, targets(item))
        if dotted(item).strip("_"):
            inference.env[dotted(item)] = dim
    if star is not None:
        forget(inference, targets(target.elts[star]))


def said_shape(inference: Inference, name: str, sizes: ast.expr, statement: ast.stmt) -> None:
    """`x.shape == (b, n, d)` holds from here on."""
    value = inference.evaluate(sizes)
    if isinstance(value, Items) and value.open_at is None:
        dims = [v.dim if isinstance(v, Symbol) else v if isinstance(v, Dim) else Dim() for v in value.values]
        place = inference.positions.span(sizes)
        dims = [replace(d, evidence="unpack", span=place) if d.name else d for d in dims]
        inference.declare(name, Shape(tuple(dims)), statement)
