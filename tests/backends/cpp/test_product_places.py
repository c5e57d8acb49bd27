"""A product that has one reader writes where that would, but for where this would say something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexcalc.interpret.kernel import run_kernel
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import Affine, Array, Block, Carry, Contract, Fold, Kernel, Load, Loop, Step, Store, Tile
from indexcalc.ir.kernel_check import check_kernel

from .running import Library

i, j, d, a = (Index(name, Space(f"space_{name}", name.upper())) for name in "ijda")
SIZES = {i.space: 7, j.space: 5, d.space: 6, a.space: 5}
X, W = Block(0, (i, d), "float"), Block(1, (d, a), "float")
P = Block(2, (i, a), "float")
PRODUCT = Contract(P, X, W)
LOADS = (Load(X, 0, (i, d)), Load(W, 1, (d, a)))


def kernel(body: tuple[Step, ...], *outputs: Array, more: tuple[Array, ...] = ()) -> Kernel:
    """Tiles of three rows; inputs x[i, d], w[d, a] and more."""
    inputs = (Array((i, d), "float"), Array((d, a), "float"), *more)
    found = Kernel(inputs, outputs, (Tile(i, 3),), body)
    check_kernel(found)
    return found


def summed(*axes: Index) -> Array:
    return Array(axes, "float", accumulated=True)


def outside() -> Kernel:
    """The product is made once, and added in each step."""
    total = Block(3, (i, a), "float")
    loop = Loop(Tile(j, 2), (Fold(total, "sum", P),))
    body = (*LOADS, PRODUCT, Carry(total, "sum"), loop, Store(0, (i, a), total, "="))
    return kernel(body, Array((i, a), "float"))


def before_a_change() -> Kernel:
    """The product is of a running sum as it is before this step's part comes to it."""
    running, part = Block(3, (i, d), "float"), Block(4, (i, d), "float")
    total = Block(5, (i, a), "float")
    steps = (Load(part, 2, (j, i, d)), Contract(P, running, W), Fold(running, "sum", part), Fold(total, "sum", P))
    body = (*LOADS[1:], Carry(running, "sum"), Carry(total, "sum"), Loop(Tile(j, 0), steps))
    return kernel((*body, Store(0, (i, a), total, "=")), Array((i, a), "float"), more=(Array((j, i, d), "float"),))


def folded(operation: str, *axes: Index) -> Kernel:
    carry, right = Block(3, axes, "float"), Block(4, (d, a), "float")
    steps = (Load(right, 2, (j, d, a)), Contract(P, X, right), Fold(carry, operation, P))
    body = (*LOADS[:1], Carry(carry, operation), Loop(Tile(j, 0), steps), Store(0, axes, carry, "="))
    return kernel(body, Array(axes, "float"), more=(Array((j, d, a), "float"),))


def stored(slots: tuple[Index | Affine, ...], output: Array) -> Kernel:
    return kernel((*LOADS, PRODUCT, Store(0, slots, P, "+=" if output.accumulated else "=")), output)


def read_twice() -> Kernel:
    total = Block(3, (i,), "float")
    body = (*LOADS, PRODUCT, Carry(total, "sum"), Store(0, (i, a), P, "="), Fold(total, "sum", P))
    return kernel((*body, Store(1, (i,), total, "=")), Array((i, a), "float"), Array((i,), "float"))


def with_a_batch(*slots: Index) -> Kernel:
    """Σ_d x[i, d] v[d, i, a]: the rows are an axis of both."""
    right = Block(3, (d, i, a), "float")
    body = (*LOADS[:1], Load(right, 2, (d, i, a)), Contract(P, X, right), Store(0, slots, P, "="))
    return kernel(body, Array(slots, "float"), more=(Array((d, i, a), "float"),))


KERNELS = {
    "outside": outside(),
    "before_a_change": before_a_change(),
    "largest": folded("max", i, a),
    "turned": folded("sum", a, i),
    "rows": folded("sum", i),
    "stored": stored((i, a), Array((i, a), "float")),
    "stored_turned": stored((a, i), Array((a, i), "float")),
    "added": stored((i, a), summed(i, a)),
    "added_by_row": stored((i,), summed(i)),
    "added_backwards": stored((i, Affine(((-1, a),), 4)), summed(i, a)),
    "added_backwards_by_rows": stored((Affine(((-1, i),), 6), a), summed(i, a)),
    "added_to_a_diagonal": stored((a, i, a), summed(a, i, a)),
    "read_twice": read_twice(),
    "batch": with_a_batch(i, a),
    "batch_last": with_a_batch(a, i),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder: Path = tmp_path_factory.mktemp("places")
    return Library({name: (each, "double") for name, each in KERNELS.items()}, folder, "-O0")


@pytest.mark.parametrize("name", KERNELS)
def test_products_reach_their_places(name: str, library: Library) -> None:
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal([SIZES[x.space] for x in array.axes]) for array in KERNELS[name].inputs]
    wanted = run_kernel(KERNELS[name], inputs, SIZES)
    for mine, theirs in zip(library(name, inputs, SIZES), wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12)
