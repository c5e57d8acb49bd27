"""Programs on every backend that can run here: as arrays and as kernels, whatever these cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.backends.cpp.toolchain import FAST
from indexcalc.backends.emitter import emit
from indexcalc.backends.function import load
from indexcalc.backends.numpy.emit import NUMPY
from indexcalc.ir.graph import Fused, Graph
from indexcalc.ir.program import Program
from indexcalc.ir.signature import bind_sizes
from indexcalc.lower.fuse import plan, rows
from indexcalc.lower.program import lower_program
from indexcalc.lower.target import LAPTOP, Target
from tests.backends.cpp.batch import Batch, has_compiler
from tests.lower.test_fuse import with_tiles

Run = Callable[[Mapping[str, Any]], dict[str, Any]]
COMPILER = pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")
BACKENDS = [
    "numpy",
    "numpy kernels",
    "torch",
    pytest.param("cpp", marks=COMPILER),
    pytest.param("cpp kernels", marks=COMPILER),
]
TILE = 3
BIG = {"L": 4096, "D": 64}
TEXTS = {
    "attention": (
        "S[i,j] = Q[i,d] K[j,d] / sqrt(D); P[i,j] = softmax[j](S[i,j]); O[i,a] = P[i,j] V[j,a]; output O",
        "Q,K,V",
    ),
    "causal": (
        "S[i,j] = Q[i,d] K[j,d] / sqrt(D); P[i,j] = softmax[j](where(j <= i, S[i,j], -inf))"
        "; O[i,a] = P[i,j] V[j,a]; output O",
        "Q,K,V",
    ),
    "layer norm": (
        "mu[i] = mean[d](X[i,d]); h[i,d] = (X[i,d] - mu[i]) / sqrt(var[d](X[i,d]) + 1e-5)"
        "; Y[i,d] = g[d] h[i,d] + c[d]; output Y",
        "X,g,c",
    ),
    "root mean square": ("Y[i,d] = X[i,d] / sqrt(mean[a](X[i,a]**2) + 1e-5)", "X"),
    "cross entropy": ("integer t[i] : feat(D); loss = mean[i](logsumexp[d](Z[i,d]) - Z[i,t[i]])", "Z"),
    "distances": ("f[i] = sum[j](exp(-sum[d]((x[i,d] - x[j,d])**2)) w[j])", "x,w"),
    "softmax": ("Y[i,d] = softmax[d](X[i,d])", "X"),
    "functions": (
        "Y[i,d] = exp(X[i,d]) tanh(X[i,d]) + sigmoid(X[i,d]) + softplus(X[i,d]) + relu(X[i,d])"
        " + erf(X[i,d]) + log(abs(X[i,d]))",
        "",
    ),
    "gelu": ("Y[i,d] = gelu(X[i,d]) + silu(X[i,d])", "X"),
    "gated": ("Y[i,a] = silu(sum[d](X[i,d] W[d,a])) sum[d](X[i,d] U[d,a])", "X,W"),
    "matmul": ("Y[i,a] = X[i,d] W[d,a]", "X,W"),
    "reductions": (
        "y[i] = sum[d](X[i,d]); m[i] = max[d](X[i,d]); z[i] = min[d](X[i,d])"
        "; l[i] = logsumexp[d](X[i,d]); p[i] = prod[d](X[i,d]); output y, m, z, l, p",
        "",
    ),
    "cumsum": ("Y[i,d] = cumsum[d](X[i,d])", ""),
    "passed through": ("y[i,d] = X[i,d]; z[d,i] = X[i,d]; u[d] = X[0,d]", ""),
}
SPACES = "index i, j : seq(L)\nindex d, a : feat(D)\n"


def programs() -> dict[str, Program]:
    """`TEXTS`, and under "name'" with their gradients."""
    found = {}
    for name, (text, wrt) in TEXTS.items():
        found[name] = ic.parse(SPACES + text.replace("; ", "\n"))
        if wrt:
            found[f"{name}'"] = ic.grad(found[name], wrt, with_value=True)
    return found


def arrays_for(program: Program, length: int, width: int, seed: int = 0) -> dict[str, Any]:
    """Noise for inputs over `SPACES`."""
    rng = np.random.default_rng(seed)
    size = {"L": length, "D": width}
    found = {}
    for name, tensor in program.inputs.items():
        shape = tuple(size[str(s.extent)] for s in tensor.spaces)
        found[name] = rng.standard_normal(shape) if tensor.values is None else rng.integers(0, max(1, width), shape)
    return found


def assert_same(found: Mapping[str, Any], wanted: Mapping[str, Any], message: str = "") -> None:
    """The same numbers, infinities and NaN at the same places."""
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert found[name].shape == value.shape, name
        np.testing.assert_allclose(found[name], value, rtol=1e-10, atol=1e-10, err_msg=f"{name} {message}")


class Everywhere:
    """`programs()`, each compiled once per backend, and in C++ all together."""

    def __init__(self) -> None:
        self.programs = programs()
        self._runs: dict[tuple[str, str], Run] = {}
        self._batches: dict[bool, Batch] = {}

    def run(self, name: str, backend: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """The results as NumPy arrays."""
        if backend.startswith("cpp"):
            kernels = "kernels" in backend
            if kernels not in self._batches:
                self._batches[kernels] = self._batch(kernels)
            return self._batches[kernels].run(name, arrays, {})
        if (name, backend) not in self._runs:
            self._runs[name, backend] = self._one(name, backend)
        return self._runs[name, backend](arrays)

    def _one(self, name: str, backend: str) -> Run:
        program = self.programs[name]
        if backend == "torch":
            torch = pytest.importorskip("torch")
            f = ic.compile(program, "torch")
            return lambda arrays: {
                n: x.numpy() for n, x in f(**{n: torch.from_numpy(_forward(a)) for n, a in arrays.items()}).items()
            }
        if backend == "numpy":
            plain = ic.compile(program, without="fuse,fuse-rows")
            return lambda arrays: plain(**arrays)
        emitted = emit(program, self.graph(program, NUMPY.target), NUMPY)
        run = load(emitted.source, "<test>")

        def call(arrays: Mapping[str, Any]) -> dict[str, Any]:
            bound = bind_sizes(program, {n: a.shape for n, a in arrays.items()})
            return run(arrays, {key: bound[space] for key, space in emitted.sizes.items()})

        return call

    def _batch(self, kernels: bool) -> Batch:
        graphs = None
        if kernels:
            graphs = {n: self.graph(p, Target(machine=LAPTOP)) for n, p in self.programs.items()}
        return Batch(self.programs, "float64", FAST, graphs)

    def graph(self, program: Program, target: Target) -> Graph:
        """The program with kernels whatever they cost, of small tiles."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(plan, "SLOWER", float("inf"))
            patch.setattr(plan, "LARGE", 0)
            patch.setattr(rows, "LARGE", 0)
            graph = lower_program(program, sizes=BIG, target=target)
        return with_tiles(graph, TILE)

    def has_kernels(self, name: str) -> bool:
        graph = self.graph(self.programs[name], NUMPY.target)
        return any(isinstance(v.operation, Fused) for v in graph)


def _forward(array: Any) -> Any:
    """What torch can view: it knows no negative strides, and warns of what it may not write to."""
    if any(s < 0 for s in array.strides) or not array.flags.writeable:
        return np.array(array)
    return array
