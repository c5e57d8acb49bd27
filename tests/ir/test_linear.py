"""Conditions as inequalities: against counting through all values of the indices."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexcalc.elaborate.read import read_program
from indexcalc.interpret.evaluate import evaluate
from indexcalc.ir.expr import Index, Space, Where
from indexcalc.ir.linear import Linear, TooComplex, clauses, implied, of_expression, some_point
from indexcalc.ir.program import Define
from indexcalc.ir.slots import Unknown, unknown_of

N, K = Space("time", "N"), Space("kernel", "K")
T, J = Index("t", N), Index("k", K)
small = st.integers(-3, 3)
forms = st.builds(
    lambda a, b, c, n: Linear({v: x for v, x in ((T, a), (J, b), ("N", n)) if x}, c), small, small, small, small
)


def holds(form: Linear, point: dict[Index, int], sizes: dict[Unknown, int]) -> bool:
    return form.constant + sum(c * (point[v] if isinstance(v, Index) else sizes[v]) for v, c in form.terms.items()) >= 0


def points(n: int, k: int) -> list[dict[Index, int]]:
    return [{T: t, J: j} for t, j in product(range(n), range(k))]


@given(st.lists(forms, max_size=3), forms)
@settings(max_examples=300)
def test_what_is_implied_holds_at_every_point(known: list[Linear], target: Linear) -> None:
    if not implied(known, target):
        return
    for n, k in product(range(1, 5), repeat=2):
        sizes: dict[Unknown, int] = {"N": n, "K": k}
        for p in points(n, k):
            assert not all(holds(f, p, sizes) for f in known) or holds(target, p, sizes)


@given(st.lists(forms, min_size=1, max_size=4), st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=300)
def test_a_point_is_found_where_there_is_one(constraints: list[Linear], n: int, k: int) -> None:
    plain = [Linear({v: c for v, c in f.terms.items() if isinstance(v, Index)}, f.constant) for f in constraints]
    found = some_point(plain, {T: (0, n - 1), J: (0, k - 1)})
    there = [p for p in points(n, k) if all(holds(f, p, {}) for f in plain)]
    assert (found in there) if there else (found is None)


def test_a_large_range_is_searched_by_halves() -> None:
    many = 10**9
    assert some_point([Linear({T: 3, J: -7}, -2), Linear({T: -3, J: 7}, 2)], {T: (0, many), J: (5, many)}) is not None
    assert some_point([Linear({T: 1, J: -1}, -1), Linear({T: -1, J: 1})], {T: (0, many), J: (0, many)}) is None
    parity = [Linear({T: 2, J: -2}, -1), Linear({T: -2, J: 2}, 1), Linear({T: 1, J: 1}, -many)]
    with pytest.raises(TooComplex):
        some_point(parity, {T: (0, many), J: (0, many)})


CONDITIONS = [
    "t <= k",
    "t < k and not (k == 2)",
    "abs(t - k) <= 1",
    "abs(2 t - k) > 2",
    "2 <= abs(t - 1) or t + k < N - 1",
    "not (t >= 1 and k != 2)",
    "(t <= k) (k < 3)",
    "t / 2 - k / 3 >= 1/2",
    "2 t - 2 k == 1",
    "not (t == k or (t < 2 and k > 1))",
    "t * k > 2",  # not linear: nothing is said
]


@pytest.mark.parametrize("text", CONDITIONS)
def test_clauses_cover_the_condition(text: str) -> None:
    """Exactly, where it is linear; for the one that is not, everywhere."""
    program = read_program(f"index t : time(N)\nindex k : kernel(K)\ny[t,k] = where({text}, 1, 0) ones[t] ones[k]")
    (define,) = (s for s in program.statements if isinstance(s, Define))
    (chosen,) = (f for f in (define.body, *getattr(define.body, "factors", ())) if isinstance(f, Where))
    found = clauses((chosen.condition,))
    sizes = {i.space: n for i, n in zip(define.indices, (5, 4))}
    array, axes = evaluate(chosen, {}, sizes)
    t, k = define.indices
    for p in product(range(5), range(4)):
        point = dict(zip((t, k), p))
        own = {unknown_of(s): n for s, n in sizes.items()}
        true = bool(array[tuple(point[a] for a in axes)])
        assert true == any(all(holds(f, point, own) for f in clause) for clause in found) or "*" in text


def test_a_form_that_is_not_linear_is_none() -> None:
    program = read_program("index t : time(N)\ny[t] = t**2 + N t\nz[t] = 2 (t + N) / 4 - 1")
    bodies = {s.name: s.body for s in program.statements if isinstance(s, Define)}
    assert of_expression(bodies["y"]) is None
    found = of_expression(bodies["z"])
    assert found is not None and sorted(map(str, found.terms.values())) == ["1/2", "1/2"] and found.constant == -1
