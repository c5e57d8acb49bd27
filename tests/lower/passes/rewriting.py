"""Runs single passes: the graph that they give, and its text against the interpreter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import indexcalc as ic
from indexcalc.backends.emitter import emit
from indexcalc.backends.function import load
from indexcalc.backends.numpy.emit import NUMPY
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.graph import Graph, Map, Reduce
from indexcalc.lower.passes import ORDER
from indexcalc.lower.program import lower_program
from indexcalc.lower.target import ARRAYS, LAPTOP, Target

FUSING = Target(machine=LAPTOP)


def passed(
    program: ic.Program, names: Sequence[str], sizes: Mapping[str, int], target: Target = ARRAYS, *, share: bool = True
) -> tuple[Graph, list[str]]:
    """The graph after these passes alone, decided at those `sizes` that it has, and what they decided.

    `share`: values between statements.
    """
    decisions: list[Any] = []
    off = [n for n in ORDER if n not in names and not (share and n == "common")]
    known = {s.extent for s in program.spaces}
    sizes = {k: n for k, n in sizes.items() if k in known}
    graph = lower_program(program, sizes=sizes, target=target, without=off, decisions=decisions, check=True)
    return graph, [d.text for d in decisions if d.by in names]


def kinds(graph: Graph) -> Counter[str]:
    """How often each operation stands in the graph; of maps and reductions which."""
    found = Counter(type(v.operation).__name__ for v in graph)
    found.update(v.operation.function for v in graph if isinstance(v.operation, Map))
    found.update(v.operation.operation for v in graph if isinstance(v.operation, Reduce))
    return found


def drawn(program: ic.Program, sizes: Mapping[str, int], seed: int = 0) -> dict[str, Any]:
    """Random inputs at the sizes, by the name of an extent."""
    rng = np.random.default_rng(seed)

    def size(space: Any) -> int:
        return space.extent if isinstance(space.extent, int) else sizes[space.extent]

    found: dict[str, Any] = {}
    for name, tensor in program.inputs.items():
        shape = tuple(size(s) for s in tensor.spaces)
        if tensor.values is not None:
            found[name] = rng.integers(0, max(1, size(tensor.values)), shape)
        else:
            found[name] = rng.standard_normal(shape)
    return found


def assert_like_interpreter(
    program: ic.Program, graph: Graph, given: Mapping[str, Any], sizes: Mapping[str, int], tolerance: float = 1e-12
) -> None:
    """The emitted text of the graph gives what the interpreter gives, NaN and infinities in the same places."""
    by_space = {s.name: sizes[s.extent] for s in program.spaces if isinstance(s.extent, str) and s.extent in sizes}
    expected = run_outputs(program, given, by_space)
    named = {**by_space, **sizes, **{i.name: sizes[i.space.extent] for i in program.indices if i.space.extent in sizes}}
    found = load(emit(program, graph, NUMPY).source, "<test>")(given, named)
    assert list(found) == list(expected)
    for name, value in expected.items():
        finite = np.abs(value[np.isfinite(value)])
        scale = max(1.0, finite.max() if finite.size else 0.0)
        np.testing.assert_allclose(found[name], value, rtol=tolerance, atol=tolerance * scale, err_msg=name)
