"""Paths against brute force over all orders, and against opt_einsum's figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import opt_einsum
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import indexcalc as ic
from indexcalc.diagnostics import IndexCalcError
from indexcalc.paths import Network, Path, find_path, fitting_path, network, search, tree
from indexcalc.paths.network import CALL, TRAFFIC

EXTENTS = {"a": 2, "b": 30, "c": 4, "d": 500, "e": 1, "f": 60}
Operands = tuple[frozenset[str], ...]


@st.composite
def networks(draw: st.DrawFn, least: int, most: int) -> tuple[list[str], str]:
    count = draw(st.integers(least, most))
    operands = ["".join(sorted(draw(st.sets(st.sampled_from("abcdef"), max_size=4)))) for _ in range(count)]
    seen = sorted(set("".join(operands)))
    return operands, "".join(sorted(draw(st.sets(st.sampled_from(seen))))) if seen else ""


def elements(labels: frozenset[str]) -> int:
    return int(np.prod([EXTENTS[x] for x in labels], dtype=object))


def all_costs(operands: Operands, out: frozenset[str]) -> Iterator[int]:
    """What every order costs: written anew, over sets of letters and without dynamic programming."""
    if len(operands) == 1:
        yield 0
    for n, left in enumerate(operands):
        for m, right in enumerate(operands[:n]):
            rest = tuple(o for k, o in enumerate(operands) if k not in (n, m))
            made = (left | right) & out.union(*rest)
            cost = TRAFFIC * (elements(left) + elements(right) + elements(made))
            if (left & right) - made:
                cost += elements(left | right)
                cost += CALL * elements(left & right & made) if left & right & made else 0
            yield from (cost + more for more in all_costs((*rest, made), out))


@settings(max_examples=60, deadline=None)
@given(networks(2, 5))
def test_few_operands_get_the_cheapest_of_all_orders(case: tuple[list[str], str]) -> None:
    operands, out = case
    sets = tuple(frozenset(o) for o in operands)
    bare = tuple(s & frozenset(out).union(*(o for m, o in enumerate(sets) if m != n)) for n, s in enumerate(sets))
    found = Network(operands, out, EXTENTS)
    assert find_path(found).cost - found.alone_cost == min(all_costs(bare, frozenset(out)))


def figures(operands: Sequence[str], out: str, path: Path) -> tuple[int, int]:
    """(multiplications, largest intermediate) of the path, as opt_einsum's description of it says."""
    views = [np.broadcast_to(1.0, [EXTENTS[x] for x in o]) for o in operands]
    steps = path.steps(len(operands))
    _, info = opt_einsum.contract_path(f"{','.join(operands)}->{out}", *views, optimize=steps)
    made = [set(step[2].split("->")[1]) for step in info.contraction_list]
    multiplied = [set(step[2].replace(",", "").split("->")[0]) for step in info.contraction_list]
    inner = [elements(frozenset(m)) for m in made[:-1]]
    return sum(elements(frozenset(m)) for m in multiplied), max(inner, default=0)


@settings(max_examples=40, deadline=None)
@given(networks(9, 14))
def test_many_operands_get_a_whole_path_with_true_figures(case: tuple[list[str], str]) -> None:
    operands, out = case
    assume(all(sum(x in o for o in operands) > 1 or x in out for x in "".join(operands)))  # nothing is summed alone
    path = find_path(Network(operands, out, EXTENTS))
    assert len(path.pairs) == len(operands) - 1
    assert (path.multiplications, path.largest) == figures(operands, out, path)
    assert find_path(Network(operands, out, EXTENTS)) == path


def ring(count: int, chords: int) -> list[tuple[int, ...]]:
    """Operands in a ring, each also joined to the one so far ahead."""
    own: list[list[int]] = [[] for _ in range(count)]
    edges = [(n, (n + step) % count) for n in range(count) for step in (1, chords)]
    for label, (one, other) in enumerate(edges):
        own[one].append(label)
        own[other].append(label)
    return [tuple(o) for o in own]


@pytest.mark.parametrize("with_rust", [True, False])
@pytest.mark.parametrize("count", [10, 16, 60])
def test_it_finds_what_opt_einsum_finds_or_better(count: int, with_rust: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_rust:
        monkeypatch.setattr(search, "find_spec", lambda name: None)
    operands = ring(count, 3)
    path = find_path(Network(operands, (), dict.fromkeys(range(2 * count), 4)))
    sets = [frozenset(map(opt_einsum.get_symbol, o)) for o in operands]
    sizes = dict.fromkeys(frozenset[str]().union(*sets), 4)
    theirs = opt_einsum.paths.auto(sets, frozenset(), sizes)
    views = [np.broadcast_to(1.0, (4,) * len(o)) for o in operands]
    spec = ",".join("".join(map(opt_einsum.get_symbol, o)) for o in operands) + "->"
    costs = [opt_einsum.contract_path(spec, *views, optimize=p)[1].opt_cost for p in (path.steps(count), theirs)]
    assert costs[0] <= 1.02 * float(costs[1])


def test_an_intermediate_above_the_limit_is_avoided_where_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    operands = ["acd", "be", "ade", "bc"]
    sizes = {"a": 100, "b": 2, "c": 50, "d": 10, "e": 10}
    free = find_path(Network(operands, "", sizes))
    monkeypatch.setattr(network, "MAX_INTERMEDIATE", free.largest - 1)
    tight = find_path(Network(operands, "", sizes))
    assert tight.largest < free.largest and tight.multiplications > free.multiplications
    monkeypatch.setattr(network, "MAX_INTERMEDIATE", 1)  # nothing fits: there is a path all the same
    assert len(find_path(Network(operands, "", sizes)).pairs) == 3


def test_the_search_is_limited_by_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    real = tree.optimal_order
    monkeypatch.setattr(tree, "optimal_order", lambda *given: tried.append(1) or real(*given))
    find_path(Network(ring(200, 7), (), dict.fromkeys(range(400), 2)))
    assert 0 < len(tried) <= tree.MOST_PIECES


def test_like_operands_are_multiplied_first() -> None:
    operands = [*(["ab"] * 300), "bc", *(["ac"] * 20)]
    path = find_path(Network(operands, "c", {"a": 50, "b": 40, "c": 30}))
    assert path.multiplications == 299 * 2000 + 19 * 1500 + min(50 * 40 * 30 + 1500, 50 * 40 * 30 + 1200)


def test_sizes_of_none_and_one() -> None:
    path = find_path(Network(["ab", "bc", "cd"], "ad", {"a": 0, "b": 1, "c": 5, "d": 1}))
    assert len(path.pairs) == 2
    assert find_path(Network([""], "", {})).pairs == ()
    assert find_path(Network(["", ""], "", {})).pairs == ((0, 1),)


WHOLE = ["abc", "ade", "bdf", "cef"]  # each joined to each: any pair leaves four labels


def test_what_no_order_makes_fit_is_refused() -> None:
    network_of = {n: Network(WHOLE, "", dict.fromkeys("abcdef", n)) for n in (2**12, 2**13)}
    assert fitting_path(network_of[2**12]).largest == 2**48
    with pytest.raises(IndexCalcError, match=r"IX960: the contraction needs an intermediate of 4.5e\+15 elements"):
        fitting_path(network_of[2**13])
    slots = " ".join(f"T{n}[{', '.join(own)}]" for n, own in enumerate(WHOLE))
    with pytest.raises(IndexCalcError, match="IX960"):
        ic.emit(f"index a, b, c, d, e, f : n(8192)\ny = {slots}")
    assert ic.emit(f"index a, b, c, d, e, f : n\ny = {slots}", sizes={"n": 8192})  # may still be called with less
    views = [np.broadcast_to(np.float32(1), (8192,) * 3)] * 4
    with pytest.raises(IndexCalcError, match="IX960"):
        ic.einsum(f"{','.join(WHOLE)}->", *views)


@pytest.mark.parametrize("turned", [False, True])
def test_the_best_of_all_searches_is_taken(turned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Along a chain products from the left cost least, since it grows wider to the right."""
    count = 12
    operands = [(n, n + 1) for n in range(count)]
    sizes = {n: 2 + n for n in range(count + 1)}
    right = [(count - 2 - n, count + n - 1 if n else count - 1) for n in range(count - 1)]
    left = [(count + n - 1 if n else 0, n + 1) for n in range(count - 1)]
    orders = [("from the left", left), ("from the right", right)]
    monkeypatch.setattr(search, "_searches", lambda network, masks: iter(orders[::-1] if turned else orders))
    monkeypatch.setattr(tree.Tree, "improve", lambda self: None)
    path = find_path(Network(operands, (0, count), sizes))
    assert (path.finder, path.multiplications) == (
        "from the left",
        sum(2 * (n + 3) * (n + 4) for n in range(count - 1)),
    )
