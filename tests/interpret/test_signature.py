"""Sizes from shapes, given sizes, and affine slots; every refusal says what clashes with what."""

from __future__ import annotations

import subprocess
import sys

import pytest

from indexcalc.diagnostics import IndexCalcError
from indexcalc.ir.build import index_sum
from indexcalc.ir.expr import Access, Extent, MatrixApply
from indexcalc.ir.index import Index, Slot, Space, affine
from indexcalc.ir.program import Define, Program, Tensor
from indexcalc.ir.signature import bind_sizes

SEQ, KEY, HEAD = Space("seq", "L"), Space("key", "L"), Space("head", "D")
II, J, D = Index("i", SEQ), Index("j", KEY), Index("d", HEAD)
X, P, K, B = (Index(n, Space(s)) for n, s in (("x", "X"), ("p", "P"), ("k", "K"), ("b", "B")))


def scores() -> Program:
    body = index_sum(Access("Q", (II, D)) * Access("K", (J, D)), (D,))
    return Program((II, J, D), (Tensor("Q", (II, D)), Tensor("K", (J, D))), statements=(Define("S", (II, J), body),))


def convolution(slot: Slot) -> Program:
    body = index_sum(Access("w", (K,)) * Access("x", (B, slot)), (K,))
    tensors = (Tensor("w", (K,)), Tensor("x", (B, X)))
    return Program((B, P, K), tensors, statements=(Define("y", (B, P), body),))


def test_spaces_with_one_extent_name_have_one_size() -> None:
    assert bind_sizes(scores(), {"Q": (3, 2), "K": (3, 2)}) == {SEQ: 3, KEY: 3, HEAD: 2}
    with pytest.raises(
        IndexCalcError, match=r"IX944: `K` has size 4 in slot 1 \(index `j`\), but extent `L` is 3 by slot 1 of `Q`"
    ):
        bind_sizes(scores(), {"Q": (3, 2), "K": (4, 2)})


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize("kernel", range(1, 5))
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("offset", [0, 1])
def test_affine_extent_is_the_largest_that_stays_inside(size: int, kernel: int, stride: int, offset: int) -> None:
    program = convolution(affine([(stride, P), (1, K)], offset))
    shapes = {"w": (kernel,), "x": (1, size)}
    fits = [n for n in range(1, size + 1) if stride * (n - 1) + kernel - 1 + offset < size]
    if not fits:
        with pytest.raises(IndexCalcError, match=r"IX946: no value of `p` keeps slot 2 of `x`.*inside its size"):
            bind_sizes(program, shapes)
        return
    assert bind_sizes(program, shapes)[P.space] == max(fits)
    with pytest.raises(IndexCalcError, match=rf"IX946: slot 2 of `x`.*runs from .* but the slot has size {size}"):
        bind_sizes(program, shapes, {"p": max(fits) + 1})


def test_textbook_convolution_sizes() -> None:
    for n, k in ((9, 3), (10, 4)):
        assert bind_sizes(convolution(affine([(1, P), (1, K)], 0)), {"w": (k,), "x": (2, n)})[P.space] == n - k + 1
        assert (
            bind_sizes(convolution(affine([(2, P), (1, K)], 0)), {"w": (k,), "x": (2, n)})[P.space] == (n - k) // 2 + 1
        )


def test_reversal_is_bounded_by_its_offset() -> None:
    program = Program((P,), (Tensor("x", (X,)),), statements=(Define("y", (P,), Access("x", (affine([(-1, P)], 4),))),))
    assert bind_sizes(program, {"x": (5,)})[P.space] == 5
    with pytest.raises(IndexCalcError, match=r"slot 1 of `x`, `-p \+ 4`, runs from 0 to 4, but the slot has size 3"):
        bind_sizes(program, {"x": (3,)})


def test_affine_sizes_follow_from_each_other() -> None:
    q = Index("q", Space("Q"))
    first = Define("y", (P,), index_sum(Access("w", (K,)) * Access("x", (affine([(1, P), (1, K)], 0),)), (K,)))
    second = Define("z", (q,), index_sum(Access("w", (K,)) * Access("y", (affine([(1, q), (1, K)], 0),)), (K,)))
    program = Program((P, K, q), (Tensor("w", (K,)), Tensor("x", (X,))), statements=(first, second))
    sizes = bind_sizes(program, {"w": (3,), "x": (10,)})
    assert (sizes[P.space], sizes[q.space]) == (8, 6)


def test_reading_a_windowed_definition_at_its_own_index_bounds_nothing() -> None:
    first = Define("y", (P,), Access("x", (affine([(1, P)], 2),)))
    second = Define("z", (P,), Access("y", (P,)) * Access("y", (P,)))
    program = Program((P,), (Tensor("x", (X,)),), statements=(first, second))
    assert bind_sizes(program, {"x": (9,)})[P.space] == 7


@pytest.mark.parametrize(
    ("shapes", "sizes", "message"),
    [
        ({"Q": (3, 2)}, {}, "IX941: input `K` is missing"),
        ({"Q": (3, 2), "K": (3, 2), "QQ": ()}, {}, "(?s)IX942: the program has no input `QQ`.*did you mean `Q`"),
        ({"Q": (3,), "K": (3, 2)}, {}, r"(?s)IX943: `Q` has 2 slots.*1 dimension.*Q\[i, d\], got shape \(3,\)"),
        ({"Q": (3, 2), "K": (3, 2)}, {"D": 5}, "IX944: `Q` has size 2 in slot 2 .* extent `D` is 5 by sizes="),
        ({"Q": (3, 2), "K": (3, 2)}, {"heat": 5}, "(?s)IX942: sizes names `heat`.*did you mean `head`"),
        ({"Q": (3, 2), "K": (3, 2)}, {"D": 2, "d": 3}, "IX944: sizes gives `d` = 3, but extent `D` is 2 by sizes="),
        ({"Q": (3, 2), "K": (3, 2)}, {"D": -1}, "IX947: the size of `D` must be an integer ≥ 0, not -1"),
    ],
)
def test_refusals_name_both_sides(shapes: dict[str, tuple[int, ...]], sizes: dict[str, int], message: str) -> None:
    with pytest.raises(IndexCalcError, match=message):
        bind_sizes(scores(), shapes, sizes)


def test_declared_integers_bind_arrays() -> None:
    k = Index("k", Space("three", 3))
    program = Program((k,), (Tensor("x", (k,)),), statements=(Define("y", (k,), Access("x", (k,))),))
    assert bind_sizes(program, {"x": (3,)}) == {k.space: 3}
    with pytest.raises(IndexCalcError, match="the extent of index `k` is 3 by its declaration"):
        bind_sizes(program, {"x": (4,)})


def test_an_extent_that_nothing_determines() -> None:
    program = Program((II,), (), statements=(Define("n", (), Extent(SEQ)),))
    with pytest.raises(IndexCalcError, match=r"(?s)IX945: nothing determines extent `L`.*sizes=\{'L'"):
        bind_sizes(program, {})
    for name in ("L", "seq", "i"):
        assert bind_sizes(program, {}, {name: 7}) == {SEQ: 7}


def test_values_of_an_integer_tensor_need_no_size_of_their_own() -> None:
    program = Program(
        (II,), (Tensor("t", (II,), values=Space("vocab")),), statements=(Define("y", (II,), Access("t", (II,))),)
    )
    assert bind_sizes(program, {"t": (4,)}) == {SEQ: 4}


def test_literal_slots_stay_inside() -> None:
    program = Program((), (Tensor("x", (X,)),), statements=(Define("y", (), Access("x", (3,))),))
    assert bind_sizes(program, {"x": (4,)}) == {X.space: 4}
    with pytest.raises(
        IndexCalcError, match=r"IX946: slot 1 of `x`, `3`, is 3, but the slot has size 3 \(values from 0 to 2\)"
    ):
        bind_sizes(program, {"x": (3,)})


def test_a_matrix_function_needs_a_square_matrix() -> None:
    program = Program((), (Tensor("A", (X, P)),), statements=(Define("y", (), MatrixApply("det", "A", ())),))
    assert bind_sizes(program, {"A": (3, 3)}) == {X.space: 3, P.space: 3}
    with pytest.raises(IndexCalcError, match=r"IX944: det\(A\) needs a square matrix, but `A` is 2×3"):
        bind_sizes(program, {"A": (2, 3)})


def test_no_numpy_is_imported() -> None:
    code = "import indexcalc.ir.signature, sys; assert not {'numpy', 'sympy', 'torch', 'rich'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
