"""The calls that are watched: every operation, the programs of fusion's tests, kernels by hand and random ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import indexcalc as ic
from indexcalc.backends.check import bound_sizes, check_values, checked_arrays
from indexcalc.backends.cpp.emit import CppEmitted, emit_for
from indexcalc.backends.cpp.runtime import LIBRARY, SCALARS, CppProgram
from indexcalc.backends.cpp.spelling import CPP
from indexcalc.interpret.kernel import run_kernel
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.graph import Graph
from indexcalc.ir.kernel import Kernel
from indexcalc.ir.kernel_spaces import kernel_spaces
from indexcalc.ir.program import Program
from indexcalc.lower.program import lower_program
from tests.backends.cases import CASES as OPERATIONS
from tests.backends.test_against_interpreter import inputs_of
from tests.kernels import PRODUCTS, normalised_rows, products, streamed_softmax
from tests.lower.fusion import CASES, ROWS, arrays_of
from tests.random_kernels import random_case

KINDS = {"float64": 0, "float32": 1, "int64": 2, "uint8": 3}
TOLERANCE = {"float64": 1e-9, "float32": 1e-3}


@dataclass
class Call:
    """`function`: what is called.  Arrays as they lie; `wanted` are the outputs that the interpreter gives."""

    name: str
    function: CppEmitted | Kernel
    sizes: Sequence[int]
    inputs: list[Any]
    wanted: list[Any]
    tolerance: float


def every(kernels: int, only: str = "") -> Iterator[Call]:
    """All calls whose names have `only`, with so many random kernels."""
    for operation in OPERATIONS:
        if only not in operation.name:
            continue
        program, given, sizes = inputs_of(operation, seed=3)
        floats = [a for a in given.values() if a.dtype.kind == "f"]  # without any a program computes in float64
        for dtype in ("float64", "float32") if floats else ("float64",):
            if dtype == "float64" or operation.analytic:
                graph = lower_program(program)
                yield from of_program(f"{operation.name} {dtype}", program, graph, [(given, sizes)], dtype)
    for name, case in {**CASES, **ROWS}.items():
        if only not in name:
            continue
        for backward in (False, True) if case.by else (False,):
            program = ic.parse(case.text)
            program = ic.grad(program, case.by, with_value=True) if backward else program
            graph = lower_program(program, sizes=case.big, target=CPP.target)
            runs = [(arrays_of(program, sizes, case), {}) for sizes in case.small]
            yield from of_program(f"{name}{' backward' if backward else ''}", program, graph, runs, "float64")
    yield from _by_hand(only)
    for seed in range(kernels if only in "random" else 0):
        kernel, inputs, extents = random_case(seed)
        yield of_kernel(f"random {seed}", kernel, inputs, extents)


class _Recorder:
    """Stands for a compiled program, and keeps what it is called with."""

    def __init__(self, emitted: CppEmitted) -> None:
        self.emitted = emitted

    def call(self, arrays: list[Any], sizes: list[int], results: list[Any]) -> int:
        self.arrays, self.sizes, self.results = arrays, sizes, results
        return 0


def of_program(
    name: str, program: Program, graph: Graph, runs: Sequence[tuple[Any, Any]], dtype: str
) -> Iterator[Call]:
    """Calls of one emitted text, with arrays that lie as they like."""
    emitted = emit_for(program, graph, SCALARS[dtype])
    recorder = _Recorder(emitted)
    rng = np.random.default_rng(0)
    for given, sizes in runs:
        wanted = run_outputs(program, given, sizes)
        given = {n: a.astype(dtype) if a.dtype.kind == "f" else a for n, a in given.items()}
        arrays = checked_arrays(program, {n: strange(a, rng) for n, a in given.items()}, LIBRARY)
        bound = bound_sizes(program, arrays, sizes, LIBRARY)
        check_values(program, arrays, bound, LIBRARY)
        run = CppProgram(lambda scalar: recorder)  # type: ignore[arg-type,return-value]
        run(arrays, {key: bound[space] for key, space in emitted.sizes.items()})
        results = [np.array(wanted[r.name], a.dtype, order="C") for r, a in zip(emitted.results, recorder.results)]
        yield Call(name, emitted, recorder.sizes, recorder.arrays, results, TOLERANCE[dtype])


def of_kernel(name: str, kernel: Kernel, inputs: Sequence[Any], extents: Any) -> Call:
    """The call of one kernel."""
    rng = np.random.default_rng(0)
    kinds = {"int": np.int64, "bool": np.uint8}
    given = [strange(np.asarray(x, kinds.get(a.kind, np.float64)), rng) for x, a in zip(inputs, kernel.inputs)]
    wanted = [
        np.array(y, kinds.get(a.kind, np.float64), order="C")
        for y, a in zip(run_kernel(kernel, inputs, extents), kernel.outputs)
    ]
    return Call(name, kernel, [extents[s] for s in kernel_spaces(kernel)], given, wanted, TOLERANCE["float64"])


def _by_hand(only: str) -> Iterator[Call]:
    rng = np.random.default_rng(1)
    made = {f"softmax {t}": streamed_softmax(*t) for t in ((4, 3), (16, 32))} | {"rows": normalised_rows(4)}
    for spec in PRODUCTS:
        left, right, kept = spec.replace("->", ",").split(",")
        made[spec] = products(left, right, kept, left[::-1])
    for name, kernel in made.items():
        spaces = {x.space for array in (*kernel.inputs, *kernel.outputs) for x in array.axes}
        for extra in (0, 30) if len(spaces) < 4 else (0,):
            extents = {s: 2 + n + extra for n, s in enumerate(sorted(spaces, key=lambda s: s.name))}
            inputs = [rng.standard_normal([extents[x.space] for x in a.axes]) for a in kernel.inputs]
            if only in f"{name} {extra}":
                yield of_kernel(f"{name} {extra}", kernel, inputs, extents)


def strange(array: Any, rng: Any) -> Any:
    """The same array with its axes in another order in memory, some backwards, with gaps between elements."""
    order = rng.permutation(array.ndim)
    wide = np.zeros([2 * array.shape[n] for n in order], array.dtype)
    view = wide[(*(slice(None, None, -2) if rng.integers(2) else slice(None, None, 2) for _ in order), ...)]
    view = view.transpose(np.argsort(order))
    view[...] = array
    return view
