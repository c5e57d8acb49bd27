"""The plain meaning of a graph on NumPy arrays, kernels by their interpreter: for tests of passes over graphs."""

import numpy as np

from indexcalc.interpret.kernel import MAPS, REDUCTIONS, run_kernel, spread
from indexcalc.ir.graph import (
    Broadcast,
    Contract,
    Fused,
    Gather,
    Input,
    Map,
    Number,
    Part,
    Range,
    Reduce,
    Scatter,
    ScatterWindows,
    Size,
    View,
)  # fmt: skip


def run_graph(graph, arrays, sizes):
    """{output: array}.  `sizes`: the extent of each space."""
    found = {}
    with np.errstate(all="ignore"):
        for value in graph:
            found[value.number] = _value(value, found, arrays, sizes)
    results = {}
    for output in graph.outputs:
        result = spread(np.asarray(found[output.operand.value.number]), output.operand.labels, output.axes)
        results[output.name] = np.broadcast_to(result, [sizes[x.space] for x in output.axes])
    return results


def _value(value, found, arrays, sizes):
    operation = value.operation
    parts = [found[o.value.number] for o in value.operands]
    labels = [o.labels for o in value.operands]
    shape = [sizes[x.space] for x in value.axes]
    if isinstance(operation, Input):
        return np.asarray(arrays[operation.tensor])
    if isinstance(operation, Number):
        return operation.value
    if isinstance(operation, Size):
        return sizes[operation.space]
    if isinstance(operation, Range):
        return np.arange(shape[0])
    if isinstance(operation, Map):
        aligned = [spread(np.asarray(p), x, value.axes) for p, x in zip(parts, labels)]
        return np.broadcast_to(MAPS[operation.function](*aligned), shape)
    if isinstance(operation, Contract):
        letters = {x: n for n, x in enumerate(dict.fromkeys((*labels[0], *labels[1])))}
        numbered = [[letters[x] for x in side] for side in labels]
        return np.einsum(parts[0], numbered[0], parts[1], numbered[1], [letters[x] for x in value.axes])
    if isinstance(operation, Reduce):
        gone = tuple(n for n, x in enumerate(labels[0]) if x not in value.axes)
        reduced = REDUCTIONS[operation.operation](parts[0], gone) if gone else parts[0]
        return spread(reduced, tuple(x for x in labels[0] if x in value.axes), value.axes)
    if isinstance(operation, Broadcast):
        return np.broadcast_to(spread(parts[0], labels[0], value.axes), shape)
    if isinstance(operation, View):
        return _view(operation, parts[0], shape)
    if isinstance(operation, Gather):
        return _gather(operation, parts, labels, value.axes)
    if isinstance(operation, Fused):
        return run_kernel(operation.kernel, parts, sizes)
    if isinstance(operation, Part):
        return parts[0][operation.number]
    if isinstance(operation, Scatter):
        return _scatter(operation, parts, labels, value, shape)
    if isinstance(operation, ScatterWindows):
        return _scatter_windows(operation, parts[0], labels[0], value, sizes)
    raise NotImplementedError(operation)


def _view(operation, source, shape):
    grid = np.indices(shape)
    places = [sum(c * grid[n] for n, c in enumerate(f.coefficients)) + f.offset for f in operation.forms]
    places = [np.broadcast_to(p, shape) for p in places]
    if not operation.padded:
        return source[tuple(places)]
    ok = np.ones(shape, bool)
    for place, extent in zip(places, source.shape):
        ok &= (place >= 0) & (place < extent)
    return np.where(ok, source[tuple(np.where(ok, p, 0) for p in places)], 0)


def _gather(operation, parts, labels, axes):
    position = dict(zip(operation.indices, zip(parts[1:], labels[1:])))
    places = []
    for n, x in enumerate(labels[0]):
        place, over = position.get(x, (np.arange(parts[0].shape[n]), (x,)))
        places.append(spread(np.asarray(place), over, axes))
    return parts[0][tuple(places)]


def _scatter(operation, parts, labels, value, shape):
    source, *positions = parts
    base = np.array(positions.pop(), float) if operation.has_base else np.zeros(shape)
    count = len(operation.indices)
    over = tuple(dict.fromkeys(x for side in labels[1 : 1 + count] for x in side))
    along = tuple(x for x in over)
    rest = tuple(x for x in value.axes if x not in operation.indices)
    axes = (*along, *rest)
    source_over = labels[0]
    amount = spread(np.asarray(source), source_over, axes)
    at = dict(zip(operation.indices, zip(positions, labels[1:])))
    places = []
    for n, x in enumerate(value.axes):
        place, where = at.get(x, (np.arange(shape[n]), (x,)))
        places.append(spread(np.asarray(place), where, axes))
    np.add.at(base, tuple(places), amount)
    return base


def _scatter_windows(operation, source, labels, value, sizes):
    shape = [sizes[x.space] for x in value.axes]
    result = np.zeros(shape)
    count = len(operation.forms)
    rest = value.axes[count:]
    axes = (*operation.indices, *rest)
    amount = spread(source, labels, axes)
    grid = np.indices([sizes[x.space] for x in operation.indices])
    places, ok = [], np.ones(grid.shape[1:], bool)
    for form, axis in zip(operation.forms, value.axes):
        place = sum(c * grid[n] for n, c in enumerate(form.coefficients)) + form.offset
        ok &= (place >= 0) & (place < sizes[axis.space])
        places.append(place)
    np.add.at(result, tuple(p[ok] for p in places), amount[ok])
    return result
