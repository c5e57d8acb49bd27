"""Evaluation in floating point by the interpreter: for what is no polynomial, and for counterexamples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from ..diagnostics import IndexCalcError
from ..ir.expr import MatrixApply
from ..ir.index import Space
from ..ir.program import Program
from ..ir.walk import subexpressions
from .draw import Draw
from .joint import Joint
from .result import Counterexample

POINTS = 4
TOLERANCE = 1e-9  # relative to the largest component
RANGES = ((-3, 3, 1.0), (1, 4, 1.0), (1, 9, 0.1))  # as integers; positive; inside (0, 1)
DRAWS = 5


def counterexample(joint: Joint, sizes: Mapping[Space, int], seed: int = 0) -> tuple[Counterexample | None, int]:
    """A component in which the two differ, and the number of points compared.  (None, 0): no point gave numbers."""
    compared = 0
    for values in _points(joint, sizes, seed):
        found = _difference(joint, sizes, values)
        if found is not None:
            return found, compared + 1
        compared += 1
        if compared == POINTS:
            break
    return None, compared


def _points(joint: Joint, sizes: Mapping[Space, int], seed: int) -> Iterator[dict[str, Any]]:
    """Values of every input and definition, at points where all outputs are finite."""
    import numpy as np

    from ..interpret.run import run_stored
    from ..interpret.value import Stored

    program = joint.program
    with np.errstate(all="ignore"):
        for low, high, scale in RANGES:
            for n in range(DRAWS):
                inputs = _inputs(program, sizes, Draw(program, seed * DRAWS + n, low, high), scale)
                stored = {name: Stored(a) for name, a in inputs.items()}
                try:
                    found = {**stored, **run_stored(program, stored, sizes)}
                except IndexCalcError:  # a domain that these numbers leave
                    continue
                values = {name: s.array for name, s in found.items()}
                if all(np.isfinite(values[name]).all() for pair in joint.pairs for name in pair):
                    yield values


def _inputs(program: Program, sizes: Mapping[Space, int], draw: Draw, scale: float) -> dict[str, Any]:
    """An array per input; a matrix whose inverse is taken gets a heavy diagonal."""
    import numpy as np

    bodies = [d.body for d in program.definitions.values()]
    inverted = {p.tensor for b in bodies for p in subexpressions(b) if isinstance(p, MatrixApply)}
    found = {}
    for t in program.tensors:
        shape = tuple(sizes[i.space] for i in t.indices)
        array = np.array([draw.component(t.name, p) for p in product(*map(range, shape))], dtype=float)
        array = array.reshape(shape)
        positive = any(a.name == "positive" for a in t.attributes)
        if t.values is not None:
            array = np.abs(array).astype(int) % sizes[t.values] + 0.0
        else:
            array = (np.abs(array) + positive if positive else array) * scale
        if t.name in inverted:
            array = array + 7 * np.eye(shape[0])
        found[t.name] = array
    return found


def _plain(array: Any) -> Any:
    """An array as nested lists, of whole numbers where all are."""
    whole = array.astype(int)
    return (whole if (whole == array).all() else array).tolist()


def _difference(joint: Joint, sizes: Mapping[Space, int], values: Mapping[str, Any]) -> Counterexample | None:
    import numpy as np

    for a, b in joint.pairs:
        left, right = values[a], values[b]
        gap = np.abs(left - right)
        largest = max(np.abs(left).max(initial=0), np.abs(right).max(initial=0))
        if gap.size == 0 or gap.max() <= TOLERANCE * largest:
            continue
        at = tuple(int(k) for k in np.unravel_index(int(np.argmax(gap)), gap.shape))
        inputs = {t.name: _plain(values[t.name]) for t in joint.program.tensors}
        named = {i.name: sizes[i.space] for i in reversed(joint.program.indices) if i.space in sizes}
        named = dict(sorted(named.items()))
        return Counterexample(named, inputs, a, at, float(left[at].real), float(right[at].real))
    return None
