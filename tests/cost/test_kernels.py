"""Work of fused kernels against runs that count, and against the products that NumPy's kernels really make."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
import threadpoolctl

import indexcalc as ic
from indexcalc.backends.base import backend_named
from indexcalc.backends.function import load
from indexcalc.cost.kernels import kernel_work
from indexcalc.cost.rules import Work
from indexcalc.ir.graph import Fused
from indexcalc.ir.index import Space
from indexcalc.ir.kernel import Contract
from indexcalc.ir.program import Program
from indexcalc.lower.program import lower_program
from indexcalc.lower.target import ARRAY_KERNELS
from tests.kernels import normalised_rows, streamed_softmax
from tests.random_kernels import random_case

from .observed_kernels import observed_work

HEADS = """
index i, j : seq(L)
index d, a : feat(D)
index h : heads(H)
S[h,i,j] = Q[h,i,d] K[h,j,d] / sqrt(D)
P[h,i,j] = softmax[j](where(j <= i, S[h,i,j], -inf))
O[h,i,a] = P[h,i,j] V[h,j,a]
"""
GAUSS = """
index i, j : pts(N)
index d : dim(D)
f[i] = exp(-sum[d]((x[i,d] - x[j,d])**2) / (2 D)) w[j]
"""
CROSS_ENTROPY = """
index n : tok(T)
index d : dim(D)
index v : vocab(V)
integer t[n] : vocab
z[n,v] = X[n,d] W[v,d]
L = mean[n](logsumexp[v](z[n,v]) - z[n,t[n]])
"""
NORM = """
index n : tok(T)
index d : dim(D)
c[n,d] = x[n,d] - mean[d](x[n,d])
y[n,d] = c[n,d] / sqrt(mean[d](c[n,d]**2) + 0.00001) g[d] + b[d]
"""


def counted(kernel: Any, extents: dict[Space, int]) -> tuple[int, int, int, int]:
    found = sum(kernel_work(kernel, extents, 8).values(), Work())
    return found.flops, found.multiplications, found.functions, found.bytes


@pytest.mark.parametrize("seed", range(0, 200, 50))
def test_random_kernels_count_what_they_do(seed: int) -> None:
    for each in range(seed, seed + 50):
        kernel, inputs, extents = random_case(each)
        assert counted(kernel, extents) == observed_work(kernel, inputs, extents), each


@pytest.mark.parametrize("tiles", [(4, 3), (1, 1), (3, 7), (16, 16)])
@pytest.mark.parametrize("sizes", [(2, 10, 5), (1, 13, 1), (3, 0, 2)])
def test_a_loop_that_leaves_tiles_out(tiles: tuple[int, int], sizes: tuple[int, int, int]) -> None:
    kernel = streamed_softmax(*tiles)
    heads, length, feature = sizes
    named = {"heads": heads, "seq": length, "feat": feature}
    extents = {x.space: named[x.space.name] for a in kernel.inputs for x in a.axes}
    given = [np.random.default_rng(0).normal(size=(heads, length, feature)) for _ in range(3)]
    assert counted(kernel, extents) == observed_work(kernel, given, extents)


def test_rows() -> None:
    kernel = normalised_rows(4)
    extents = {x.space: n for a in kernel.inputs[:1] for x, n in zip(a.axes, (10, 6))}
    given = [np.ones([extents[x.space] for x in a.axes]) for a in kernel.inputs]
    assert counted(kernel, extents) == observed_work(kernel, given, extents)


@pytest.mark.parametrize("derive", [False, True])
def test_products_are_those_that_numpy_makes(derive: bool) -> None:
    """FLOPs of all products, by the shapes that reach `np.matmul` and `np.einsum`."""
    program = ic.grad(HEADS, "Q,K,V", with_value=True) if derive else ic.parse(HEADS)
    sizes = {"L": 700, "D": 16, "H": 2}
    source = ic.emit(program, sizes=sizes)
    assert "def kernel_0" in source and "np.matmul" in source and "in_threads" in source
    made = 0

    def matmul(x: Any, y: Any, **options: Any) -> Any:
        nonlocal made
        if x.ndim > 1 and y.ndim > 1:  # a vector is of ones: sums are made so
            found = np.matmul(x, y, **options)
            made += 2 * found.size * x.shape[-1]
            return found
        return np.matmul(x, y, **options)

    def joined(x: Any, y: Any, **options: Any) -> Any:
        """With further columns, by which it adds what the formula adds apart from the product."""
        nonlocal made
        found = np.matmul(x, y, **options)
        made += 2 * found.size * sizes["D"]
        return found

    def einsum(spec: str, *operands: Any, **options: Any) -> Any:
        nonlocal made
        terms = spec.split("->")[0].split(",")
        made += 2 * math.prod({x: n for term, o in zip(terms, operands) for x, n in zip(term, o.shape)}.values())
        return np.einsum(spec, *operands, **options)

    source = source.replace("np.matmul(u_", "joined(u_")
    run = load(source.replace("np.matmul", "matmul").replace("np.einsum", "einsum"), "<observed>")
    scope = run.__wrapped__.__globals__  # behind np.errstate
    scope |= {"matmul": matmul, "joined": joined, "einsum": einsum}
    scope["threadpoolctl"] = None  # so that one thread counts
    run(given(program, sizes), sizes)
    assert made == ic.cost(program, sizes).matmul


def given(program: Program, sizes: dict[str, int], dtype: str = "float64") -> dict[str, Any]:
    rng = np.random.default_rng(0)
    found = {}
    for name, tensor in program.inputs.items():
        shape = [sizes[str(s.extent)] for s in tensor.spaces]
        found[name] = rng.integers(0, 5, shape) if tensor.is_integer else rng.normal(size=shape).astype(dtype)
    return found


@pytest.mark.parametrize(
    ("text", "wrt", "sizes"),
    [
        (HEADS, "Q,K,V", {"L": 1024, "D": 64, "H": 4}),
        (GAUSS, "x", {"N": 3000, "D": 3}),
        (CROSS_ENTROPY, "X,W", {"T": 512, "D": 64, "V": 6000}),
        (NORM, "x,g,b", {"T": 2048, "D": 1024}),
    ],
    ids=["heads", "gauss", "cross-entropy", "norm"],
)
@pytest.mark.parametrize("derive", [False, True], ids=["forward", "backward"])
def test_the_peak_is_what_numpy_allocates_within_a_tenth(
    text: str, wrt: str, sizes: dict[str, int], derive: bool
) -> None:
    program = ic.grad(text, wrt, with_value=True) if derive else ic.parse(text)
    run, values = ic.compile(program, sizes=sizes), given(program, sizes, "float32")
    assert "def kernel_0" in run.source
    with threadpoolctl.threadpool_limits(ARRAY_KERNELS.machine.threads, user_api="blas"):
        run(**values)
        peaks = []
        tracemalloc.start()
        try:
            for _ in range(8):  # on a busy machine the threads of one run may work one after the other
                tracemalloc.reset_peak()
                run(**values)
                peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        found = max(peaks) + sum(a.nbytes for a in values.values())
    assert math.isclose(ic.cost(program, sizes, dtype="float32").peak_bytes, found, rel_tol=0.1)


def test_streaming_takes_less_memory() -> None:
    program, sizes = ic.grad(HEADS, "Q,K,V", with_value=True), {"L": 2048, "D": 64, "H": 4}
    streamed = ic.cost(program, sizes)
    stored = ic.cost(program, sizes, without="fuse,fuse-rows")
    assert streamed.peak_bytes < stored.peak_bytes / 3
    assert streamed.bytes < stored.bytes


def test_a_kernel_of_a_graph_counts_for_the_statement_that_needs_it_first() -> None:
    sizes = {"L": 1024, "D": 64, "H": 4}
    found = ic.cost(HEADS, sizes)
    assert sum(s.flops for s in found.statements) == found.flops
    graph = lower_program(ic.parse(HEADS), sizes=sizes, target=ARRAY_KERNELS)
    assert any(isinstance(v.operation, Fused) for v in graph)


FULL = HEADS.replace("where(j <= i, S[h,i,j], -inf)", "S[h,i,j]")


@pytest.mark.parametrize("backend", ["numpy", "cpp"])
@pytest.mark.parametrize("machine", ["matmul=1e9", "bandwidth=1e6"])
def test_each_statement_counts_what_a_kernel_makes_of_it(backend: str, machine: str) -> None:
    """Scores and weighted values are a product each, exponentials are the softmax's: whoever computes them."""
    sizes = {"L": 2048, "D": 64, "H": 2}
    program = ic.parse(FULL)
    target = backend_named(backend).load_spelling().target
    (kernel,) = (v.operation.kernel for v in lower_program(program, sizes=sizes, target=target) if is_fused(v))
    assert len([s for s in kernel.steps() if isinstance(s, Contract)]) == 2
    found = ic.cost(program, sizes, backend=backend, machine=machine)
    assert isinstance(found, ic.Cost) and found.time is not None
    product = 2 * 2 * 2048 * 2048 * 64
    own = {s.name: s for s in found.statements}
    assert [own[name].matmul for name in "SPO"] == [product, 0, product]
    assert [own[name].functions >= 2 * 2048 * 2048 for name in "SPO"] == [False, True, False]
    assert own["O"].bytes >= 8 * 2 * 2048 * 64 and own["P"].bytes == 0  # exponentials are nowhere stored
    for name in ("flops", "multiplications", "functions", "bytes", "matmul"):
        assert sum(getattr(s, name) for s in found.statements) == getattr(found, name), name
    assert {s.peak_bytes for s in found.statements} == {found.peak_bytes}
    assert sum(s.time.seconds for s in found.statements if s.time) == pytest.approx(found.time.seconds, rel=1e-12)
    assert {s.time.bound for s in found.statements if s.time and s.time.seconds} == {found.time.bound}


@pytest.mark.parametrize(("length", "times"), [(8192, 1), (1 << 18, 2)])  # kept, and where that would be too large
def test_a_gradient_that_makes_the_scores_again_counts_them_for_the_scores(length: int, times: int) -> None:
    sizes = {"L": length, "D": 64, "H": 2}
    found = ic.cost(ic.grad(FULL, "Q,K,V", with_value=True), sizes)
    product = 2 * 2 * length * length * 64
    own = {s.name: s.matmul for s in found.statements}
    assert own["S"] == times * product
    assert {own[name] for name in ("O", "grad_S", "grad_Q", "grad_K", "grad_V")} == {product}
    assert sum(own.values()) == found.matmul


def is_fused(value: Any) -> bool:
    return isinstance(value.operation, Fused)
