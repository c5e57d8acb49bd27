"""Kernels that wait for themselves are found, and fusion takes twice as long for twice as many layers."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest

import indexcalc as ic
from indexcalc.ir.graph import Graph, Value
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import Kernel
from indexcalc.lower.estimate import Uses
from indexcalc.lower.fuse import plan_rows
from indexcalc.lower.fuse.build import Built
from indexcalc.lower.fuse.plan import fused
from indexcalc.lower.fuse.plan_rows import fused_rows
from indexcalc.lower.fuse.row_groups import Around
from indexcalc.lower.fuse.rows import Rows
from indexcalc.lower.fuse.splice import can_run, waits_for_itself, with_kernels
from indexcalc.lower.passes import Context
from indexcalc.lower.program import lower_program
from indexcalc.lower.sizes import representative_sizes
from indexcalc.lower.target import LAPTOP

NO_KERNELS = ("fuse", "fuse-rows")


def layers(count: int) -> ic.Program:
    """Normalisation and softmax-weighted sums, one layer after the other, with the gradient of all weights."""
    lines = ["index i, j : seq(L)", "index d, a : feat(D)", "tensor x_0[i, d]"]
    for n in range(1, count + 1):
        lines += [
            f"c_{n}[i, d] = x_{n - 1}[i, d] - mean[d](x_{n - 1}[i, d])",
            f"u_{n}[i, d] = c_{n}[i, d] / sqrt(mean[d](c_{n}[i, d]**2) + 0.00001)",
            f"q_{n}[i, a] = u_{n}[i, d] W_{n}[d, a]",
            f"p_{n}[i, j] = softmax[j](q_{n}[i, a] u_{n}[j, a])",
            f"x_{n}[i, d] = x_{n - 1}[i, d] + p_{n}[i, j] u_{n}[j, d]",
        ]
    program = ic.parse("\n".join([*lines, f"loss = sum[i, d](x_{count}[i, d]**2)", "output loss"]))
    return ic.grad(program, [f"W_{n}" for n in range(1, count + 1)])


def built(values: list[Value]) -> Built:
    """Something that gives all of these values and reads what they are made of."""
    own = {v.number for v in values}
    read = {o.value.number: o.value for v in values for o in v.operands if o.value.number not in own}
    return Built(Kernel((), (), (), ()), tuple(read.values()), tuple(values), ())


def drawn(graph: Graph, rng: random.Random) -> list[Built]:
    """Up to three sets of values, most of them near each other."""
    left = [v for v in graph if v.operands]
    found = []
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(left))
        chosen = [v for v in left[start : start + rng.choice((2, 4, 12))] if rng.random() < 0.6]
        left = [v for v in left if v not in chosen]
        found += [built(chosen)] if chosen else []
    return found


def test_kernels_that_wait_for_themselves_are_found() -> None:
    """An order of the whole graph exists where none waits for itself, and only there."""
    graph = lower_program(layers(3), without=NO_KERNELS)
    rng = random.Random(0)
    told = []
    for _ in range(300):
        kernels = drawn(graph, rng)
        told.append(waits_for_itself(kernels))
        can = can_run(graph, kernels)
        assert told[-1] == (not can)
    assert 50 < sum(told) < 250


@pytest.mark.parametrize("run", [fused, fused_rows])
def test_fusion_is_linear_in_layers(run: Any, calls: Any) -> None:
    works = []
    for count in (2, 4, 8):
        program = layers(count)
        context = Context(representative_sizes(program, {"L": 2048, "D": 64}))
        graph = lower_program(program, sizes={"L": 2048, "D": 64}, without=NO_KERNELS)
        works.append(calls(lambda graph=graph, context=context: run(graph, context, LAPTOP)))
    assert works[2] - works[1] < 2.4 * (works[1] - works[0])


def rows_of(values: list[Value]) -> Rows:
    """A group of these values, as far as joining looks at it."""
    found = Rows(Index("n", Space("tok")))
    found.values = sorted(values, key=lambda v: v.number)
    found.slots = {v.number: () for v in found.values}
    return found


def is_between(graph: Graph, groups: list[Rows], one: Rows, other: Rows) -> bool:
    """Whether something behind one of both is read by them, where the values of each group are made together."""
    own = {*one.slots, *other.slots}
    behind: set[int] = set()
    before = -1
    while len(behind) > before:
        before = len(behind)
        behind |= {v.number for v in graph if any(o.value.number in own | behind for o in v.operands)} - own
        for group in groups:
            if group not in (one, other) and not behind.isdisjoint(group.slots):
                behind |= set(group.slots)
    return any(o.value.number in behind for v in (*one.values, *other.values) for o in v.operands)


def test_what_lies_between_two_groups_is_found() -> None:
    graph = lower_program(layers(2), without=NO_KERNELS)
    rng = random.Random(1)
    told = []
    for _ in range(80):
        left = [v for v in graph if v.operands]
        groups = []
        while len(groups) < 5:
            start = rng.randrange(len(left))
            chosen = left[start : start + rng.choice((1, 2, 3))]
            left = [v for v in left if v not in chosen]
            groups += [rows_of(chosen)] if chosen else []
        around = Around(Uses(graph), groups)
        if rng.random() < 0.5:  # two of them are one already
            last = groups.pop()
            first = rng.choice(groups)
            for value in last.values:
                first.slots[value.number] = ()
            first.values = sorted([*first.values, *last.values], key=lambda v: v.number)
            around.joined(first, last)
        groups.sort(key=lambda g: min(g.slots))
        for one, other in pairwise(groups):
            told.append(around.between(one, other))
            expected = is_between(graph, groups, one, other)  # apart: a graph is too long for a message
            assert told[-1] == expected
    assert 0.2 < sum(told) / len(told) < 0.9


TEXTS = {
    "layers": layers(2),
    # a sum over the rows comes back to them through a matrix product
    "through a product": ic.parse(
        """
        index n : tok(8192)
        index d, e : dim(256)
        y[n, d] = x[n, d] - mean[d](x[n, d])
        s[d] = sum[n](y[n, d])
        t[d] = exp(s[e] W[e, d])
        z[n, d] = v[n, d] - mean[e](v[n, e])
        w[n, d] = y[n, d] t[d] + z[n, d] / sqrt(mean[e](z[n, e]**2) + 1)
        output w
        """
    ),
    # two groups that give each other a part, and a third between them
    "three": ic.parse(
        """
        index n : tok(8192)
        index m : row(4096)
        index d, e : dim(256)
        y[n, d] = exp(x[n, d]) + 1
        p[m, d] = U[m, n] y[n, d]
        q[m, d] = tanh(p[m, d]) / sqrt(mean[e](p[m, e]**2) + 1)
        r[n, d] = U[m, n] q[m, d]
        u[n, d] = exp(v[n, d]) y[n, d]
        w[n, d] = (r[n, d] - mean[e](r[n, e])) u[n, d]
        output w, u
        """
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_groups_over_rows_are_joined_only_where_they_can_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them is dropped at the end."""
    chosen: list[list[list[Built]]] = []

    def seen(graph: Graph, kernels: list[list[Built]], context: Context) -> Graph:
        chosen.append(kernels)
        return with_kernels(graph, kernels, context)

    monkeypatch.setattr(plan_rows, "with_kernels", seen)
    sizes = {"L": 2048, "D": 64} if name == "layers" else {}
    context = Context(representative_sizes(TEXTS[name], sizes))
    graph = lower_program(TEXTS[name], sizes=sizes, without=NO_KERNELS)
    plan_rows.fused_rows(graph, context, LAPTOP)
    count = len(chosen[0])
    assert count > 1
    can = can_run(graph, [built for kernels in chosen[0] for built in kernels])
    assert can
