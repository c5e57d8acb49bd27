"""Programs are corrupted in every way that the invariants name, and each complaint is demanded."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from indexcalc.diagnostics import IndexCalcError
from indexcalc.ir.expr import (
    Access,
    Affine,
    Apply,
    Compare,
    Constant,
    Delta,
    Expr,
    Extent,
    Index,
    IndexMap,
    IndexReduce,
    IndexSum,
    Literal,
    Logic,
    MatrixApply,
    Power,
    Product,
    Space,
    Sum,
)
from indexcalc.ir.program import Define, Program, Tensor
from indexcalc.ir.wellformed import check_expression, check_program

N, H = Space("seq", "L"), Space("head", "D")
i, j, d = Index("i", N), Index("j", N), Index("d", H)
x, y = Access("x", (i,)), Access("y", (j,))
TWO = Literal(2)
GOOD = Program(
    (i, j, d),
    (Tensor("x", (i,)), Tensor("Q", (i, d)), Tensor("tok", (i,), (), H)),
    (),
    (),
    (
        Define("O", (i, j), IndexSum(Product((Access("Q", (i, d)), Access("Q", (j, d)))), (d,))),
        Define("P", (i, d), Access("Q", (i, Access("tok", (i,))))),
    ),
    ("O", "P"),
)


def test_a_good_program_passes() -> None:
    check_program(GOOD)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (Sum((x,)), "fewer than two terms"),
        (Sum((x, Sum((y, x)))), "sums are flat"),
        (Sum((x, Literal(0))), "a term is 0"),
        (Product((x,)), "fewer than two factors"),
        (Product((x, Product((y, x)))), "products are flat"),
        (Product((x, TWO)), "a number stands behind the first place"),
        (Product((Literal(1), x)), "a factor is 1"),
        (Power(x, Literal(1)), "the exponent is 1"),
        (Power(TWO, TWO), "not computed"),
        (Power(Power(x, Literal(Fraction(1, 2))), TWO), "not merged"),
        (Literal(0.5), "neither exact nor infinite"),
        (Literal(float("nan")), "neither exact nor infinite"),
        (Literal(Fraction(4, 2)), "an integer kept as a fraction"),
        (Literal(True), "no number"),
        (Constant("tau"), "no constant 'tau'"),
        (Extent(Space("s")), "no named extent"),
        (Compare("=<", x, y), "no operator '=<'"),
        (Logic("not", (x, y)), "2 arguments of 'not'"),
        (Apply("exp", (x, y)), "`exp` with 2 arguments"),
        (MatrixApply("inv", "A", ()), "inv with 0 slots"),
        (IndexSum(x, ()), "binds nothing"),
        (IndexSum(x, (i, i)), "binds `i` twice"),
        (IndexSum(IndexSum(Access("Q", (i, d)), (i,)), (d,)), "not merged"),
        (IndexSum(Product((x, IndexReduce("max", x, (i,)))), (i,)), "`i` hides an index"),
        (IndexReduce("softmax", x, (i,)), "no operation 'softmax'"),
        (IndexMap("softmax", x, (i,), 2), "softmax with count 2"),
        (Product((x, Access("z", (Index("i", H),)))), "`i` ranges over two spaces"),
        (Delta(i, Affine(((1, Access("tok", (j,))),), 0)), "is a plain slot"),
        (Delta(i, Affine(((0, j),), 1)), "a coefficient is 0"),
        (Delta(i, "j"), "slot: 'j'"),
        (Sum((x, 3)), "holds 3"),
        (Access("T", (i, j), "^"), "positions"),
    ],
)
def test_bad_expressions(bad: Expr, message: str) -> None:
    with pytest.raises(IndexCalcError, match=message) as caught:
        check_expression(bad)
    assert caught.value.diagnostics[0].code == "IX990"


def corrupted(**changes: object) -> Program:
    return replace(GOOD, **changes)  # type: ignore[arg-type]


def with_body(body: Expr, *left: Index) -> Program:
    return corrupted(statements=(Define("O", left, body),), outputs=("O",))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (corrupted(outputs=("Z",)), "output `Z` is not defined"),
        (corrupted(outputs=()), "outputs are missing"),
        (corrupted(outputs=("O", "O")), "outputs are missing or repeated"),
        (corrupted(tensors=()), "`Q` is neither declared nor defined"),
        (corrupted(tensors=(*GOOD.tensors, Tensor("x"))), "`x` is used twice"),
        (corrupted(statements=(*GOOD.statements, GOOD.statements[0])), "`O` is used twice"),
        (corrupted(statements=GOOD.statements[::-1], tensors=GOOD.tensors[:2]), "`tok` is no integer tensor"),
        (corrupted(indices=(*GOOD.indices, Index("i", H))), "`i` ranges over two spaces"),
        (corrupted(indices=(*GOOD.indices, Index("k", Space("seq", 4)))), "`seq` has two extents"),
        (corrupted(indices=(*GOOD.indices, Index("#1", N))), "no index name"),
        (with_body(x, i, i), "stands twice on the left"),
        (with_body(x), "`i` is free on the right only"),
        (with_body(Access("Q", (i,)), i), "has rank 2, not 1"),
        (with_body(Access("x", (d,)), d), "slot 1 of `x` is over seq, not head"),
        (with_body(Access("x", (Access("tok", (i,)),)), i), "slot 1 of `x` is over seq, not head"),
        (with_body(IndexSum(Access("Q", (i, d)), (i,)), i, d), "`i` hides an index"),
        (with_body(Apply("swish", (x,)), i), "no function `swish`"),
        (with_body(Access("Z", ())), "`Z` is neither declared nor defined"),
        (with_body(Access("O", (i,)), i), "`O` is neither declared nor defined"),
    ],
)
def test_bad_programs(bad: Program, message: str) -> None:
    with pytest.raises(IndexCalcError, match=message):
        check_program(bad)
