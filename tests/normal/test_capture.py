"""Dummies never capture: the canonical names of a monomial differ from the free indices it holds."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from indexcalc.ir.index import Index, Space
from indexcalc.normal import poly as nf
from indexcalc.normal.atoms import access, fresh, workspace

S = Space("s")


def test_a_monomial_taken_out_of_a_sum_keeps_that_sums_dummies_apart() -> None:
    with workspace():
        i, j, k = (Index(n, S) for n in "ijk")
        row = nf.make(1, [j], [(access("A", (i, j)), 1), (access("x", (j,)), 1)])  # Σ_j A_ij x_j
        whole = nf.make(1, [k], [(access("y", (k,)), 1)])
        ((mono, _),) = whole.items()
        (dummy,) = mono.bound
        ((inner, _),) = nf.instantiate(row, {i: dummy}).items()  # at the dummy of the outer sum
        assert dummy in inner.free and dummy not in inner.bound


@given(st.permutations(range(5)), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=6))
def test_renaming_dummies_gives_the_same_monomial(order: list[int], edges: list[tuple[int, int]]) -> None:
    with workspace():
        first, second = ([fresh(S) for _ in range(5)] for _ in range(2))
        one = nf.make(1, first, [(access("A", (first[a], first[b])), 1) for a, b in edges])
        other = [second[order[k]] for k in range(5)]
        two = nf.make(1, second, [(access("A", (other[a], other[b])), 1) for a, b in reversed(edges)])
        assert one == two


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=4))
def test_adding_and_multiplying_commute(factors: list[tuple[str, int, int]]) -> None:
    with workspace():
        ix = [Index(n, S) for n in "ijkl"]
        polys = [nf.make(1, [ix[3]], [(access(t, (ix[a], ix[b])), 1)]) for t, a, b in factors]
        total = nf.constant(1)
        for p in polys:
            total = nf.multiply(total, p)
        again = nf.constant(1)
        for p in reversed(polys):
            again = nf.multiply(p, again)
        assert total == again and nf.add(*polys) == nf.add(*reversed(polys))


@given(st.permutations(range(12)), st.sampled_from([1, 2, 3, 4]))
def test_many_equal_parts_are_no_search(order: list[int], size: int) -> None:
    """Σ x_a x_b …, Σ A_ab A_cd …, Σ A_ab A_bc A_de A_ef …: the parts may be exchanged, in 12!, 6!, 4! and 3! ways."""
    with workspace():
        first, second = ([fresh(S) for _ in range(12)] for _ in range(2))

        def product(indices: list[Index]) -> nf.Poly:
            parts = [indices[n : n + size] for n in range(0, 12, size)]
            loose = [(access("x", (i,)), 1) for i in indices] if size == 1 else []
            return nf.make(1, indices, loose + [(access("A", pair), 1) for p in parts for pair in pairwise(p)])

        assert product(first) == product([second[n] for n in order])
