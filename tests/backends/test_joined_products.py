"""Products that take in what is added to them: NumPy's text against the kernel's plain meaning."""

import re

import numpy as np
import pytest

from indexcalc.interpret.kernel import run_kernel
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import (
    Affine,
    Array,
    Block,
    Carry,
    Condition,
    Contract,
    Fold,
    Kernel,
    Load,
    Loop,
    Map,
    Mask,
    Store,
    Tile,
)
from tests.backends.kernel_runs import kernel_source, run_numpy

M, N, D = Space("rows", "I"), Space("columns", "J"), Space("feat", "D")
i, j, d = Index("i", M), Index("j", N), Index("d", D)
ROW, COLUMN = Block(2, (i,), "float"), Block(3, (j,), "float")
SIZES = {M: 11, N: 9, D: 5}
Link = tuple[str, str]  # "+", "-", "from" or "mask", and whose number: "row" or "column"


def kernel(links: list[Link], turned: bool = False, again: bool = False) -> Kernel:
    """out[i, j] = the product of a and b, after the links.  `turned`: b is first; `again`: it is read twice."""
    a, b = Block(0, (i, d), "float"), Block(1, (d, j) if turned else (j, d), "float")
    block = Block(10, (i, j), "float")
    product = Contract(block, *((b, a) if turned else (a, b)))
    body = [Load(b, 1, (d, j) if turned else (j, d)), product, Load(COLUMN, 3, (j,))]
    for number, (how, whose) in enumerate(links, 11):
        new, term = Block(number, (i, j), "float"), ROW if whose == "row" else COLUMN
        if how == "mask":
            body.append(Mask(new, block, (Condition(Affine(((1, i), (-1, j)), 1)),), -7.5))
        elif how == "from":
            body.append(Map(new, "subtract", (term, block)))
        else:
            body.append(Map(new, "add" if how == "+" else "subtract", (block, term)))
        block = new
    body.append(Store(0, (i, j), block, "="))
    total = Block(30, (i,), "float")
    body.append(Fold(total, "sum", Block(10, (i, j), "float") if again else block))
    inputs = tuple(Array(axes, "float") for axes in ((i, d), (d, j) if turned else (j, d), (i,), (j,)))
    outside = (Load(a, 0, (i, d)), Load(ROW, 2, (i,)), Carry(total, "sum"), Loop(Tile(j, 4), tuple(body)))
    outputs = (Array((i, j), "float"), Array((i,), "float"))
    return Kernel(inputs, outputs, (Tile(i, 3),), (*outside, Store(1, (i,), total, "=")))


CHAINS: list[list[Link]] = [
    [("+", "row")],
    [("-", "column")],
    [("from", "row"), ("+", "column")],
    [("-", "row"), ("from", "column"), ("-", "row")],
    [("mask", ""), ("-", "row")],
    [("mask", ""), ("from", "column"), ("mask", ""), ("+", "column")],
    [("+", "row"), ("mask", "")],
    [("mask", ""), ("-", "row"), ("-", "column")],
]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("links", CHAINS, ids=lambda c: " ".join(how + whose for how, whose in c))
def test_what_is_added_is_the_same(links: list[Link], turned: bool) -> None:
    rng = np.random.default_rng(0)
    case = kernel(links, turned)
    given = [rng.normal(size=[SIZES[x.space] for x in a.axes]) for a in case.inputs]
    for mine, right in zip(run_numpy(case, given, SIZES), run_kernel(case, given, SIZES)):
        np.testing.assert_allclose(mine, right, rtol=1e-12, atol=1e-12)


def test_infinite_rows_stay_what_they_are() -> None:
    case = kernel([("mask", ""), ("-", "row")])
    given = [np.ones([SIZES[x.space] for x in a.axes]) for a in case.inputs]
    given[2][:] = [np.inf, -np.inf, np.nan, *range(8)]
    for mine, right in zip(run_numpy(case, given, SIZES), run_kernel(case, given, SIZES)):
        np.testing.assert_array_equal(mine, right)


def test_sums_are_part_of_the_product() -> None:
    text, _ = kernel_source(kernel([("from", "row"), ("+", "column")]))
    assert re.search(r"np\.matmul\(u_0\[:m_0\], u_1\[:m_1\]\.T", text)
    assert "np.add(b_10" not in text and "np.subtract" not in text
    assert text.index("u_0[:m_0, :n_") < text.index("for i_1 in range") < text.index("u_1[:m_1, :n_")


def test_a_product_that_is_read_twice_stays_as_it_is() -> None:
    text, _ = kernel_source(kernel([("+", "row")], again=True))
    assert "u_0" not in text and "np.add(b_" in text
