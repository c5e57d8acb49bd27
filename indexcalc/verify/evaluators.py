"""Ways to evaluate a program: the interpreter, and the emitted code of each backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..backends import compile_program
from ..interpret.run import run_stored
from ..interpret.value import Array, Stored
from ..ir.index import Space
from ..ir.program import Program
from ..ir.signature import SizeTable, unknown_of

Sizes = Mapping[Space, int]


@dataclass(frozen=True)
class Evaluator:
    """A name, and what gives a program's outputs for inputs and sizes."""

    name: str
    outputs: Callable[[Program, Mapping[str, Array], Sizes], dict[str, Array]]


def interpreted(program: Program, inputs: Mapping[str, Array], sizes: Sizes) -> dict[str, Array]:
    """The program's outputs by the interpreter, whose inputs are known to fit."""
    tensors = {name: Stored(inputs[name]) for name in program.inputs}
    found = {**tensors, **run_stored(program, tensors, sizes)}
    return {name: np.array(found[name].array) for name in program.outputs}


INTERPRETER = Evaluator("interpreter", interpreted)


def compiled(backend: str) -> Evaluator:
    """The emitted code of a backend."""

    def outputs(program: Program, inputs: Mapping[str, Array], sizes: Sizes) -> dict[str, Array]:
        function = compile_program(program, backend)
        there, back = _conversion(backend)
        found = function(sizes=open_sizes(program, sizes), **{n: there(inputs[n]) for n in program.inputs})
        return {name: back(found[name]) for name in program.outputs}

    return Evaluator(backend, outputs)


def second_backend(first: str) -> str | None:
    """The backend to compare with: torch where installed, NumPy for the others, else None."""
    if first != "numpy":
        return "numpy"
    return "torch" if find_spec("torch") is not None else None


def open_sizes(program: Program, sizes: Sizes) -> dict[str, int]:
    """The sizes that no input array of the program tells, by name."""
    told = {unknown_of(s) for t in program.tensors for s in t.spaces}
    spaces = [s for s in SizeTable(program).needed if unknown_of(s) not in told and not isinstance(s.extent, int)]
    return {s.extent if isinstance(s.extent, str) else s.name: sizes[s] for s in spaces}


def _conversion(backend: str) -> tuple[Callable[[Array], Any], Callable[[Any], Array]]:
    """From NumPy to the backend's arrays and back."""
    if backend == "torch":
        import torch

        return (lambda x: torch.from_numpy(np.array(x))), (lambda x: np.asarray(x.numpy()))
    if backend == "cupy":
        import cupy

        return cupy.asarray, cupy.asnumpy
    return np.asarray, np.asarray
