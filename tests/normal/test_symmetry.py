"""Slots that may be exchanged: equal monomials are equal objects, what is zero is zero, and nothing else is merged.

The oracle is NumPy's einsum over random arrays that have the symmetries and no other relation.
"""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import indexcalc as ic
from indexcalc.elaborate.read import read_program
from indexcalc.ir.index import Index, Space
from indexcalc.ir.program import Attribute
from indexcalc.ir.structure import structure_of
from indexcalc.normal import poly as nf
from indexcalc.normal.atoms import access, fresh, note_symmetry, workspace
from indexcalc.normal.enter import definitions_of
from indexcalc.normal.poly import Poly
from indexcalc.normal.symmetry import of_structure, sorted_slots, spellings

SPACE, SIZE = Space("s"), 5
DECLARED = {
    "S": ("symmetric", 2),
    "A": ("antisymmetric", 2),
    "T": ("symmetric", 3),
    "E": ("antisymmetric", 3),
    "R": ("riemann", 4),
    "M": ("", 2),
    "x": ("", 1),
}


def exchanges(name: str) -> list[tuple[tuple[int, ...], int]]:
    """The group of a tensor, written out: every order of its slots with its sign."""
    kind, rank = DECLARED[name]
    if kind == "riemann":
        found = {(0, 1, 2, 3): 1}
        for _ in range(3):
            for (a, b, c, d), s in list(found.items()):
                found |= {(b, a, c, d): -s, (a, b, d, c): -s, (c, d, a, b): s}
        return list(found.items())
    signs = {"symmetric": 1, "antisymmetric": -1}
    if kind not in signs:
        return [(tuple(range(rank)), 1)]
    return [
        (p, round(np.linalg.det(np.eye(rank)[list(p)])) if kind[0] == "a" else 1) for p in permutations(range(rank))
    ]


def arrays() -> dict[str, np.ndarray]:
    rng, found = np.random.default_rng(5), {}
    for name, (_, rank) in DECLARED.items():
        whole = rng.normal(size=(SIZE,) * rank)
        found[name] = sum(s * whole.transpose(p) for p, s in exchanges(name))
    return found


ARRAYS = arrays()


def declare() -> None:
    for name, (kind, rank) in DECLARED.items():
        found = of_structure(structure_of([Attribute(kind)] if kind else [], rank), rank)
        if found is not None:
            note_symmetry(name, found)


@st.composite
def contractions(draw: st.DrawFn) -> list[tuple[str, tuple[int, ...]]]:
    """Tensors whose slots hold the numbers of dummies, each twice, and at most two free indices, each once."""
    names = draw(st.lists(st.sampled_from("SATERMx"), min_size=1, max_size=4))
    slots = sum(DECLARED[n][1] for n in names)
    pairs = [k for k in range(slots // 2) for _ in range(2)]
    held = draw(st.permutations(pairs + ([-1] if slots % 2 else [])))
    if held and draw(st.booleans()):
        held = [-2 - held[:n].count(h) if h == 0 else h for n, h in enumerate(held)]  # a dummy becomes two free ones
    out, at = [], 0
    for name in names:
        out.append((name, tuple(held[at : at + DECLARED[name][1]])))
        at += DECLARED[name][1]
    return out


FREE = {-1: Index("i", SPACE), -2: Index("j", SPACE), -3: Index("k", SPACE)}


def polynomial(factors: list[tuple[str, tuple[int, ...]]]) -> Poly:
    numbers = {k for _, held in factors for k in held}
    names = {k: FREE[k] if k < 0 else fresh(SPACE) for k in sorted(numbers)}
    dummies = [names[k] for k in sorted(numbers) if k >= 0]
    return nf.make(1, dummies, [(access(n, tuple(names[k] for k in held)), 1) for n, held in factors])


def value(factors: list[tuple[str, tuple[int, ...]]]) -> np.ndarray:
    free = sorted({k for _, held in factors for k in held if k < 0}, reverse=True)
    operands = [part for name, held in factors for part in (ARRAYS[name], [k + 3 for k in held])]
    return np.einsum(*operands, [k + 3 for k in free], optimize=True)


def value_of(poly: Poly) -> np.ndarray | float:
    if not poly:
        return 0.0
    ((mono, c),) = poly.items()
    factors, number = [], {index: k for k, index in FREE.items()} | {b: n for n, b in enumerate(mono.bound)}
    for atom, e in mono.factors:
        assert isinstance(e, int)
        factors += [(atom.name, tuple(number[h] for h in atom.holes))] * e
    return float(c) * value(factors)


@settings(deadline=None)
@given(contractions(), st.randoms(use_true_random=False))
def test_a_monomial_is_the_same_however_it_is_written_and_keeps_its_value(factors, random) -> None:
    sign, other = 1, []
    for name, held in random.sample(factors, len(factors)):
        order, s = random.choice(exchanges(name))
        other.append((name, tuple(held[k] for k in order)))
        sign *= s
    with workspace():
        declare()
        one, two = polynomial(factors), polynomial(other)
        assert two == nf.scale(one, sign)
        expected = value(factors)
        np.testing.assert_allclose(value_of(one), expected, atol=1e-12 * 1e4)
        assert bool(one) == bool(np.abs(expected).max() > 1e-8)  # zero exactly where no such array gives another value


@settings(deadline=None)
@given(contractions(), contractions())
def test_monomials_that_are_merged_are_equal(one, two) -> None:
    with workspace():
        declare()
        first, second = polynomial(one), polynomial(two)
        if first and second and first.keys() == second.keys():
            np.testing.assert_allclose(value_of(first), value(one), rtol=1e-9, atol=1e-8)
            np.testing.assert_allclose(value_of(second), value(two), rtol=1e-9, atol=1e-8)
            assert first == second or first == nf.scale(second, -1)


@pytest.mark.parametrize("name", [n for n, (kind, _) in DECLARED.items() if kind])
def test_all_spellings_and_the_sorted_one_agree(name: str) -> None:
    kind, rank = DECLARED[name]
    over = of_structure(structure_of([Attribute(kind)], rank), rank)
    assert over is not None
    assert dict(spellings("abcd"[:rank], over)) == {tuple("abcd"[k] for k in p): s for p, s in exchanges(name)}
    for spelling, sign in spellings("abcd"[:rank], over):
        assert sorted_slots(spelling, over, str) == (tuple("abcd"[:rank]), sign)


ZERO = [
    "index i, j, k : n(3)\nL = eps[i, j, k] x[i] x[j] z[k]",
    "index i, j, k : n(3)\ntensor S[i, j] symmetric\ny[k] = eps[k, i, j] S[j, i]",
    "tensor A[i, j] antisymmetric\nL = x[i] A[i, j] x[j]",
    "tensor S[i, j] symmetric\ntensor A[i, j] antisymmetric\nL = S[i, j] A[i, j]",
    "tensor S[i, j] symmetric\ntensor A[i, j] antisymmetric\nL = tr(A) + A[i, j] S[j, k] S[k, i]",
    "tensor A[i, j] antisymmetric\nL = A[i, j] A[j, k] A[k, i]",
    "tensor E[i, j, k] antisymmetric\ny[i] = E[i, j, k] x[j] x[k]",
    "tensor R[i, j, k, l] riemann\ny[k, l] = R[i, i, k, l]",
    "tensor D[i, j] diagonal\nL = D[0, 1]",
    "tensor S[i, j] symmetric\nL = S[i, j] S[i, j] - S[j, i] S[i, j]",
    "tensor S[i, j] symmetric\nL = inv(S)[i, j] x[i] y[j] - inv(S)[i, j] y[i] x[j]",
]


@pytest.mark.parametrize("text", ZERO)
def test_zero_by_symmetry(text: str) -> None:
    program = read_program(text)
    with workspace():
        store = definitions_of(program)
        assert store.table[program.outputs[0]].poly == {}


def test_a_program_without_declared_structure_has_no_symmetries() -> None:
    with workspace():
        store = definitions_of(read_program("L = A[i, j] A[i, j] - A[j, i] A[i, j]"))
        assert len(store.table["L"].poly) == 2


SYMMETRIC_VALUES = [
    ("inverse of symmetric", "tensor S[i, j] symmetric\nV[i, j] = inv(S)[i, j]", 1),
    ("inverse of antisymmetric", "tensor S[i, j] antisymmetric\nV[i, j] = inv(S)[i, j]", -1),
    ("exponentials", "tensor S[i, j] symmetric\nV[i, j] = exp(S[i, j])", 1),
    ("product", "tensor S[i, j] symmetric\nV[i, j] = S[i, k] S[k, j]", 1),
    (
        "commutator",
        "tensor S[i, j] symmetric\ntensor T[i, j] symmetric\nV[i, j] = S[i, k] T[k, j] - T[i, k] S[k, j]",
        -1,
    ),
    ("Gram matrix", "V[i, j] = X[k, i] X[k, j] - mu δ_ij", 1),
    ("distances", "V[i, j] = exp(-sum[k]((X[i, k] - X[j, k])**2)) (i != j)", 1),
    ("differences", "V[i, j] = u[i] - u[j]", -1),
    ("neither", "V[i, j] = X[i, k] X[k, j]", 0),
]


@pytest.mark.parametrize(("text", "sign"), [c[1:] for c in SYMMETRIC_VALUES], ids=[c[0] for c in SYMMETRIC_VALUES])
def test_what_is_symmetric_is_seen_to_be(text: str, sign: int) -> None:
    whole = f"index i, j, k : n(4)\n{text}\nL = V[i, j] x[i] x[j] + y[j] V[j, i] z[i]\noutput L"
    last = {s.name: str(s.body) for s in ic.grad(whole, "x, z").definitions.values()}
    assert (last["grad_x"] == "0") == (sign < 0)
    assert last["grad_z"].count("V[") == 1 and last["grad_x"].count("V[") == (2, 1, 0)[sign]
    assert ic.verify(whole, wrt="x, z")


def test_a_complete_graph_over_a_symmetric_tensor_is_labelled_without_trying_all_orders(calls):
    """Every order of the dummies reads the same, whichever way round the slots are written."""

    def work(n: int) -> int:
        names = "abcdefgh"[:n]
        product = " ".join(f"A[{i}, {j}]" for i, j in combinations(names, 2))
        text = f"index {', '.join(names)} : n(N)\ntensor A[a, b] symmetric\nL = sum[{', '.join(names)}]({product})"
        program = ic.parse(text)
        return calls(lambda: ic.grad(program, "A"))

    assert work(7) < 12 * work(5)  # tried one by one, their orders made it over 30 times
