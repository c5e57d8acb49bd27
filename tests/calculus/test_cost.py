"""The order in which folding expects a product to be contracted."""

from __future__ import annotations

import random
from math import prod

import numpy as np

import indexcalc as ic
from indexcalc.calculus.cost import EXACT_LIMIT, CostModel
from indexcalc.ir.index import Index, Space
from indexcalc.normal.atoms import access, workspace
from indexcalc.normal.definitions import Definitions

INDICES = [Index(f"i{k}", Space(f"s{k}")) for k in range(7)]


def cheapest_first(factors, kept, size):
    """Multiplications, where of all pairs the cheapest is multiplied first, of equal ones the earliest."""
    factors, total = list(factors), 0
    while len(factors) > 1:
        pairs = [(prod(size[i] for i in p | q), n, m) for n, p in enumerate(factors) for m, q in enumerate(factors[:n])]
        cost, n, m = min(pairs, key=lambda pair: (pair[0], pair[2], pair[1]))
        rest = [f for k, f in enumerate(factors) if k not in (n, m)]
        joint = factors[n] | factors[m]
        factors = [*rest, joint & kept.union(*rest)]
        total += cost
    return total


def test_a_long_product_is_ordered_pair_by_pair():
    rng = random.Random(3)
    for _ in range(60):
        size = {i: rng.choice([2, 3, 64, 64, 512]) for i in INDICES}
        factors = [frozenset(rng.sample(INDICES, rng.randint(1, 4))) for _ in range(EXACT_LIMIT + rng.randint(1, 6))]
        kept = frozenset(rng.sample(INDICES, 2))
        with workspace():
            model = CostModel({i.space: n for i, n in size.items()}, Definitions({}, (), ()))
            atoms = [access(f"t{n}", tuple(sorted(f, key=INDICES.index))) for n, f in enumerate(factors)]
            work, _ = model.order(sorted(set(INDICES) - kept, key=INDICES.index), atoms)
        assert work == cheapest_first(factors, kept, size)


def test_a_product_of_hundreds_of_factors_is_derived():
    factors = " ".join(f"x{n}[i]" for n in range(400))
    assert str(ic.grad(f"y[i] = {factors}", "x0").statements[-1].body).count("[i]") == 400


def test_a_product_of_many_equal_factors_is_derived():
    letters = "abcdefghijklmno"
    product = " ".join(f"x[{i}]" for i in letters)
    gradient = ic.grad(f"L = sum[{','.join(letters)}]({product})", "x")
    found = ic.compile(gradient)(x=np.array([0.5, 0.25, 0.5]))["grad_x"]
    assert found.tolist() == [15 * 1.25**14] * 3
