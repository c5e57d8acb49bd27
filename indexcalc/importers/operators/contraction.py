"""Products summed over labels: matrix products, einsum, linear layers; and matrix functions."""

from __future__ import annotations

from collections.abc import Sequence

from ...einsum.expand import expanded
from ...einsum.parse import parse
from ...ir.build import index_sum, multiply
from ...ir.expr import Access, Apply, Delta, LeviCivita, MatrixApply
from ..builder import Builder
from ..value import Value
from .elementwise import minus, plus_scaled, times
from .reduction import vector_norm
from .registry import dimension, operator, unsupported
from .shape import diagonal, transpose, unsqueeze


@operator("matmul.default", "mm.default", "bmm.default", "mv.default", "dot.default", "linalg_matmul.default")
def matmul(b: Builder, x: Value, y: Value) -> Value:
    """x[…, i, k] y[…, k, j]; a vector is a row on the left, and a column on the right."""
    batch = max(x.rank, y.rank, 2) - 2
    left = [*range(batch - max(x.rank - 2, 0), batch), *(["i", "k"] if x.rank > 1 else ["k"])]
    right = [*range(batch - max(y.rank - 2, 0), batch), *(["k", "j"] if y.rank > 1 else ["k"])]
    output = [*range(batch), *(["i"] if x.rank > 1 else []), *(["j"] if y.rank > 1 else [])]
    return b.contract([x, y], [left, right], output)


@operator("linear.default")
def linear(b: Builder, x: Value, weight: Value, bias: Value | None = None) -> Value:
    before = list(range(x.rank - 1))
    out: list[object] = ["o"] if weight.rank == 2 else []
    found = b.contract([x, weight], [[*before, "i"], [*out, "i"]], [*before, *out])
    return found if bias is None else plus_scaled(b, found, bias)


@operator("addmm.default", "baddbmm.default", "addmv.default", "addbmm.default")
def add_matmul(b: Builder, z: Value, x: Value, y: Value, *, beta: float = 1, alpha: float = 1) -> Value:
    product = matmul(b, x, y)
    return plus_scaled(b, times(b, z, beta) if beta != 1 else z, product, alpha)


@operator("outer.default", "ger.default")
def outer(b: Builder, x: Value, y: Value) -> Value:
    return b.contract([x, y], [["i"], ["j"]], ["i", "j"])


@operator("bilinear.default")
def bilinear(b: Builder, x: Value, y: Value, weight: Value, bias: Value | None = None) -> Value:
    before = list(range(x.rank - 1))
    found = b.contract([x, weight, y], [[*before, "i"], ["o", "i", "j"], [*before, "j"]], [*before, "o"])
    return found if bias is None else plus_scaled(b, found, bias)


@operator("einsum.default")
def einsum(b: Builder, spec: str, values: Sequence[Value], path: object = None) -> Value:
    found = expanded(parse(spec), [v.rank for v in values], sums_ellipsis=True)
    return b.contract(values, found.inputs, found.output)


@operator("tensordot.default")
def tensordot(b: Builder, x: Value, y: Value, left: Sequence[int], right: Sequence[int]) -> Value:
    pairs = {dimension(j, y.rank): dimension(i, x.rank) for i, j in zip(left, right)}
    ours: list[object] = list(range(x.rank))
    theirs: list[object] = [pairs.get(k, ("y", k)) for k in range(y.rank)]
    output = [k for k in ours if k not in pairs.values()] + [k for k in theirs if k not in ours]
    return b.contract([x, y], [ours, theirs], output)


@operator("trace.default")
def trace(b: Builder, x: Value) -> Value:
    main = b.factor(diagonal(b, x))
    return Value(index_sum(main.expr, main.axes[0]))


@operator("diag_embed.default")
def diag_embed(b: Builder, x: Value, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Value:
    if offset or {dimension(dim1, x.rank + 1), dimension(dim2, x.rank + 1)} != {x.rank - 1, x.rank}:
        raise unsupported("a diagonal off the last two dimensions", "use einsum with torch.eye")
    x = b.short(b.flat(x, x.rank - 1))
    column = b.axis(x.shape[-1])
    if not column:
        return unsqueeze(b, x, -1)
    b.unify(x.axes[-1][0], column[0])
    return Value(multiply(Delta(x.axes[-1][0], column[0]), x.expr), (*x.axes, column), x.hint)


@operator("diag.default")
def diag(b: Builder, x: Value, offset: int = 0) -> Value:
    return diag_embed(b, x, offset) if x.rank == 1 else diagonal(b, x, offset)


@operator("cross.default", "linalg_cross.default")
def cross(b: Builder, x: Value, y: Value, dim: int = -1) -> Value:
    """ε_ijk x_j y_k in three dimensions."""
    d = dimension(dim, x.rank)
    x, y = transpose(b, x, d, -1), transpose(b, y, d, -1)
    before = list(range(x.rank - 1))
    exprs, axes = b.join([b.factor(x), b.factor(y)], [[*before, "j"], [*before, "k"]])
    i, (j,), (k,) = b.fresh(3), axes["j"], axes["k"]
    b.unify(i, j)
    b.unify(i, k)
    found = index_sum(multiply(LeviCivita((i, j, k)), *exprs), (j, k))
    return transpose(b, Value(found, (*(axes[a] for a in before), (i,))), d, -1)


# ---- matrix functions ------------------------------------------------------------------------------------
def _matrix(b: Builder, x: Value, what: str) -> tuple[str, Value]:
    """A square matrix under a name, its rows and columns of one space."""
    if x.rank != 2:
        raise unsupported(f"{what} of a batch of matrices", "take it of each matrix by itself: of x[0], x[1], …")
    x = b.flat(b.flat(x, 0), 1)
    if x.shape[0] == 1:
        raise unsupported(f"{what} of a 1×1 matrix", "it is the number itself")
    (row,), (column,) = x.axes
    b.unify(row, column)
    if not (isinstance(x.expr, Access) and x.expr.slots == (row, column)):
        x = b.define(Value(x.expr, x.axes, x.hint or "matrix"), force=True)
    assert isinstance(x.expr, Access)
    return x.expr.tensor, x


@operator("linalg_inv.default", "inverse.default")
def inverse(b: Builder, x: Value) -> Value:
    name, x = _matrix(b, x, "the inverse")
    return Value(MatrixApply("inv", name, (x.axes[0][0], x.axes[1][0])), x.axes)


@operator("linalg_det.default", "det.default")
def determinant(b: Builder, x: Value) -> Value:
    return Value(MatrixApply("det", _matrix(b, x, "the determinant")[0], ()))


@operator("logdet.default")
def logdet(b: Builder, x: Value) -> Value:
    return Value(MatrixApply("logdet", _matrix(b, x, "the determinant")[0], ()))


@operator("linalg_slogdet.default", "slogdet.default")
def slogdet(b: Builder, x: Value) -> tuple[Value, Value]:
    """The determinant's sign, and the logarithm of its size."""
    det = MatrixApply("det", _matrix(b, x, "the determinant")[0], ())
    return Value(Apply("sign", (det,))), Value(Apply("log", (Apply("abs", (det,)),)))


@operator("linalg_solve.default")
def solve(b: Builder, a: Value, y: Value, *, left: bool = True) -> Value:
    if not left:
        raise unsupported("a linear system with the unknown on the left", "transpose both sides")
    return matmul(b, inverse(b, a), y)


@operator("linalg_matrix_power.default", "matrix_power.default")
def matrix_power(b: Builder, x: Value, n: int) -> Value:
    if n <= 0:
        x = inverse(b, x) if n else x
        n = -n
    if not n:
        raise unsupported("a matrix to the power 0", "write torch.eye")
    found = x = b.define(x)
    for _ in range(n - 1):
        found = matmul(b, found, x)
    return found


@operator("cdist.default")
def cdist(b: Builder, x: Value, y: Value, p: float = 2, mode: object = None) -> Value:
    rows, columns = unsqueeze(b, x, -2), unsqueeze(b, y, -3)
    return vector_norm(b, minus(b, rows, columns), p, [-1])
