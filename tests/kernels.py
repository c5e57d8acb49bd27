"""Kernels written by hand, for tests of what runs and prints kernels."""

from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import (
    Affine,
    Array,
    Block,
    Carry,
    Condition,
    Constant,
    Contract,
    Extent,
    Fold,
    Keep,
    Kernel,
    Load,
    Loop,
    Map,
    Mask,
    Recall,
    Reduce,
    Shift,
    Store,
    Tile,
)

INF = float("inf")


def streamed_softmax(rows: int = 4, columns: int = 3) -> Kernel:
    """O[h,i,a] = Σ_j softmax_j(where(j <= i, Σ_d Q[h,i,d] K[h,j,d], −∞)) V[h,j,a], and l[h,i] = logsumexp_j.

    Inputs Q, K, V; outputs O, l.  One head at a time, rows in tiles, columns streamed with a running maximum.
    """
    length, feature = Space("seq", "L"), Space("feat", "D")
    h, i, j = Index("h", Space("heads", "H")), Index("i", length), Index("j", length)
    d, a = Index("d", feature), Index("a", feature)
    q, k, v = Block(0, (i, d), "float"), Block(1, (j, d), "float"), Block(2, (j, a), "float")
    s, z = Block(3, (i, j), "float"), Block(4, (i, j), "float")
    m, total, acc = Block(5, (i,), "real"), Block(6, (i,), "float"), Block(7, (i, a), "float")
    gap, e = Block(8, (i, j), "float"), Block(9, (i, j), "float")
    part, out = Block(10, (i, a), "float"), Block(11, (i, a), "float")
    log, row = Block(12, (i,), "float"), Block(13, (i,), "float")
    visible = Condition(Affine(((1, i), (-1, j)), 0))
    loop = Loop(
        Tile(j, columns),
        (
            Load(k, 1, (h, j, d)),
            Load(v, 2, (h, j, a)),
            Contract(s, q, k),
            Mask(z, s, (visible,), -INF),
            Shift(m, z, ((total, 1), (acc, 1))),
            Map(gap, "subtract", (z, m)),
            Map(e, "exp", (gap,)),
            Fold(total, "sum", e),
            Contract(part, e, v),
            Fold(acc, "sum", part),
        ),
        (visible,),
    )
    body = (
        Load(q, 0, (h, i, d)),
        Carry(m, "shift"),
        Carry(total, "sum"),
        Carry(acc, "sum"),
        loop,
        Map(out, "divide", (acc, total)),
        Store(0, (h, i, a), out, "="),
        Map(log, "log", (total,)),
        Map(row, "add", (log, m)),
        Store(1, (h, i), row, "="),
    )
    inputs = (Array((h, i, d), "float"), Array((h, j, d), "float"), Array((h, j, a), "float"))
    outputs = (Array((h, i, a), "float"), Array((h, i), "float"))
    return Kernel(inputs, outputs, (Tile(h, 0), Tile(i, rows)), body, "O, l")


def kept_softmax(rows: int = 4, columns: int = 3, degree: int = 1) -> Kernel:
    """With P[i,j] = E_ij / Σ_j E_ij and E = where(j <= i, exp(degree · Σ_d Q[i,d] K[j,d]), 0): Σ_i P, logsumexp, Σ_j P.

    Inputs Q, K.  Exponentials are made in one loop and kept for another.
    """
    length, feature = Space("seq", "L"), Space("feat", "D")
    i, j, every, d = Index("i", length), Index("j", length), Index("t", length), Index("d", feature)
    q, k = Block(0, (i, d), "float"), Block(1, (j, d), "float")
    s, z, gap, e = (Block(n, (i, j), "float") for n in range(2, 6))
    m, total, first = Block(6, (i,), "real"), Block(7, (i,), "float"), Block(8, (i,), "float")
    power, kept, again = Block(9, (i, j), "float"), Block(10, (i, every), "float"), Block(11, (i, j), "float")
    unit, column = Block(12, (i, j), "float"), Block(13, (i,), "float")
    log, row = Block(14, (i,), "float"), Block(15, (i,), "float")
    visible = Condition(Affine(((1, i), (-1, j)), 0))
    making = Loop(
        Tile(j, columns),
        (
            Load(k, 1, (j, d)),
            Contract(s, q, k),
            Mask(z, s, (visible,), -INF),
            Shift(m, z, ((first, 1), (total, degree), (kept, degree))),
            Map(gap, "subtract", (z, m)),
            Map(e, "exp", (gap,)),
            Fold(first, "sum", e),
            Map(power, "power", (e, Constant(degree))),
            Fold(total, "sum", power),
            Keep(kept, power),
        ),
        (visible,),
    )
    using = Loop(
        Tile(j, columns),
        (
            Recall(again, kept),
            Map(unit, "divide", (again, total)),
            Store(0, (j,), unit, "+="),
            Fold(column, "sum", unit),
        ),
        (visible,),
    )
    body = (
        Load(q, 0, (i, d)),
        Carry(m, "shift"),
        Carry(first, "sum"),
        Carry(total, "sum"),
        Carry(kept, "kept"),
        making,
        Carry(column, "sum"),
        using,
        Map(log, "log", (first,)),
        Map(row, "add", (log, m)),
        Store(1, (i,), row, "="),
        Store(2, (i,), column, "="),
    )
    inputs = (Array((i, d), "float"), Array((j, d), "float"))
    outputs = (Array((j,), "float", accumulated=True), Array((i,), "float"), Array((i,), "float"))
    return Kernel(inputs, outputs, (Tile(i, rows),), body, "P, l, one")


def normalised_rows(rows: int = 4) -> Kernel:
    """y[n,d] = (x[n,d] − mean_d x) / sqrt(mean_d (x − mean)² + 1e-5) g[d], and s[d] = Σ_n y[n,d] x[n,d].

    Inputs x, g; outputs y, s.  Rows in tiles, d whole; s is accumulated over the grid.
    """
    n, d = Index("n", Space("tok", "T")), Index("d", Space("feat", "D"))
    x, g = Block(0, (n, d), "float"), Block(1, (d,), "float")
    total, m = Block(2, (n,), "float"), Block(3, (n,), "float")
    c, square = Block(4, (n, d), "float"), Block(5, (n,), "float")
    var, shifted, root = Block(6, (n,), "float"), Block(7, (n,), "float"), Block(8, (n,), "float")
    unit, y = Block(9, (n, d), "float"), Block(10, (n, d), "float")
    s = Block(11, (d,), "float")
    body = (
        Load(x, 0, (n, d)),
        Load(g, 1, (d,)),
        Reduce(total, "sum", x),
        Map(m, "divide", (total, Extent(d.space))),
        Map(c, "subtract", (x, m)),
        Contract(square, c, c),
        Map(var, "divide", (square, Extent(d.space))),
        Map(shifted, "add", (var, Constant(1e-5))),
        Map(root, "sqrt", (shifted,)),
        Map(unit, "divide", (c, root)),
        Map(y, "multiply", (unit, g)),
        Store(0, (n, d), y, "="),
        Contract(s, y, x),
        Store(1, (d,), s, "+="),
    )
    inputs = (Array((n, d), "float"), Array((d,), "float"))
    outputs = (Array((n, d), "float"), Array((d,), "float", accumulated=True))
    return Kernel(inputs, outputs, (Tile(n, rows),), body, "y, s")


def products(left, right, kept, order):
    """C[kept] = Σ A[left] B[right] as one block of whole axes; letters are axes."""
    axes = {x: Index(x, Space(x, x.upper())) for x in "abcdef"}
    of = lambda letters: tuple(axes[x] for x in letters)  # noqa: E731
    a, b, c = Block(0, of(order), "float"), Block(1, of(right), "float"), Block(2, of(kept), "float")
    body = (Load(a, 0, of(left)), Load(b, 1, of(right)), Contract(c, a, b), Store(0, of(kept), c, "="))
    return Kernel((Array(of(left), "float"), Array(of(right), "float")), (Array(of(kept), "float"),), (), body)


PRODUCTS = [
    "ab,bc->ac", "ab,cb->ca", "ba,bc->ca", "abc,dc->abd", "abc,cd->dab", "abd,abc->dc", "abd,abc->cd", "dab,abc->dc",
    "abc,abd->acd", "abc,acd->abd", "abc,ac->ab", "ac,abc->ab", "abc,abc->", "ab,ab->a", "ab,ab->b", "ab,b->a",
    "b,ab->a", "a,a->", "ab,c->c", "ab,c->a", "abc,bd->da", "abcd,bd->ac", "abe,abcde->cd", "abcd,efcd->abef",
]  # fmt: skip
