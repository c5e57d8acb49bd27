"""einsum's spellings, against numpy.einsum: the elaborated sum is evaluated by plain loops over its components."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from indexcalc.elaborate.read import check_text, read_program
from indexcalc.ir.expr import Access, Expr, Index, IndexSum, Product

SIZE = 3


def value(e: Expr, at: dict[Index, int], arrays: dict[str, np.ndarray]) -> float:
    if isinstance(e, IndexSum):
        ranges = itertools.product(range(SIZE), repeat=len(e.indices))
        return sum(value(e.body, {**at, **dict(zip(e.indices, k))}, arrays) for k in ranges)
    if isinstance(e, Product):
        return float(np.prod([value(f, at, arrays) for f in e.factors]))
    assert isinstance(e, Access)
    return float(arrays[e.tensor][tuple(at[s] for s in e.slots)])  # type: ignore[index]


SPELLINGS = [
    ("ij,jk->ik", (2, 2)),
    ("ij,jk", (2, 2)),
    ("ji,jk", (2, 2)),  # implicit: alphabetical
    ("ba", (2,)),
    ("ii", (2,)),
    ("ii->i", (2,)),
    ("ij->", (2,)),
    ("ij,ij,ij->i", (2, 2, 2)),
    ("i,j", (1, 1)),
    ("...j,j->...", (3, 1)),
    ("...ij,...jk->...ik", (3, 2)),  # broadcast axes align on the right
    ("...ij,...jk", (3, 3)),
    ("...i,...i->...", (3, 2)),
    ("i j, j k -> i k", (2, 2)),
    ("ij , jk -> ik", (2, 2)),
]


@pytest.mark.parametrize(("spec", "ranks"), SPELLINGS)
def test_a_string_means_what_numpy_means(spec: str, ranks: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    arrays = {f"A{n}": rng.standard_normal((SIZE,) * rank) for n, rank in enumerate(ranks)}
    expected = np.einsum(spec, *arrays.values())
    _compare(f'"{spec}", {", ".join(arrays)}', arrays, expected)


def _compare(arguments: str, arrays: dict[str, np.ndarray], expected: np.ndarray) -> None:
    left = ["p", "q", "r", "s"][: expected.ndim]
    declared = ", ".join(f"{n}[{','.join('uvwx'[: a.ndim])}]" for n, a in arrays.items())
    target = f"C[{','.join(left)}]" if left else "C"
    define = read_program(f"tensor {declared}\n{target} = einsum({arguments})").definitions["C"]
    for at in np.ndindex(expected.shape):
        assert value(define.body, dict(zip(define.indices, at)), arrays) == pytest.approx(expected[at], rel=1e-12)


@pytest.mark.parametrize(
    "arguments",
    [
        ("A", [0, 1], "B", [1, 2], [0, 2]),
        ("A", [0, 1], "B", [1, 2]),
        ("A", [1, 0], "B", [0, 2]),
        ("A", [..., 1], "B", [1, 2]),
        ("A", [0, 0], "B", [10, 2], [10, 2]),
    ],
)
def test_sublists_mean_what_numpy_means(arguments: tuple[str | list[object], ...]) -> None:
    rng = np.random.default_rng(1)
    arrays = {n: rng.standard_normal((SIZE, SIZE)) for n in "AB"}
    expected = np.einsum(*(arrays[a] if isinstance(a, str) else a for a in arguments))
    text = ", ".join(str(a).replace("Ellipsis", "...") for a in arguments)
    _compare(text, arrays, expected)


def test_names_and_letters_agree() -> None:
    letters = read_program('C[b,h,q,k] = einsum("bqhd,bkhd->bhqk", Q, K)').statements
    names = read_program('C[b,h,q,k] = einsum("b seq_q h d, b seq_k h d -> b h seq_q seq_k", Q, K)').statements
    assert letters == names == read_program("C[b,h,q,k] = Q[b,q,h,d] K[b,k,h,d]").statements


def test_labels_that_numpy_lacks() -> None:
    greek, digits = 'einsum("βγ,γδ->βδ", A, B)', 'einsum("3c,cd->3d", A, B)'
    assert read_program(f"C[b,d] = {greek}").statements == read_program("C[b,d] = A[b,γ] B[γ,d]").statements
    assert read_program(f"C[b,d] = {digits}").statements == read_program("C[b,d] = A[b,c] B[c,d]").statements
    lists = "einsum(A, [rows, k], B, [k, x], [rows, x])"
    assert read_program(f"C[b,d] = {lists}").statements == read_program("C[b,d] = A[b,k] B[k,d]").statements


def test_the_value_takes_the_left_slots_or_its_own() -> None:
    same = read_program("C[b,c] = A[b,j] B[j,c]").statements
    assert read_program('C[b,c] = einsum("ij,jk->ik", A, B)').statements == same
    assert read_program('C[b,c] = einsum("ij,jk->ik", A, B)[b,c]').statements == same
    assert read_program('C[c,b] = einsum("ij,jk->ki", A, B)[b,c]').statements != same


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('einsum("ij,jk->ik", A)', "the spec describes 2 operands, but 1 are given"),
        ('einsum("ij->ii", A)', "the output repeats a label: `i`"),
        ('einsum("ij->iz", A)', "the output's `z` is in no operand"),
        ('einsum("...ij->ij", T)', "the output has no ellipsis, but an operand has"),
        ('einsum("b (h d) -> b h", A)', "einsum does not join or part axes"),
        ('einsum("ij,jk->ik", A x, B)', "an operand of einsum is a tensor's bare name"),
        ('einsum("i1->i", A)', "`i1` reads as two labels, or as one name"),
        ('einsum("i$->i", A)', "`$` is no label"),
        ("einsum()", "einsum has no operands"),
    ],
)
def test_what_einsum_refuses(call: str, message: str) -> None:
    found = check_text(f"tensor A[i,j], T[i,j,k]\nC[i,j] = {call}")
    assert message in [d.message for d in found]
