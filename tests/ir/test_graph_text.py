"""Graphs and kernels read as one would write them on paper."""

from __future__ import annotations

from indexcalc.elaborate.read import read_program
from indexcalc.ir.graph import Fused, Graph, Input, Operand, Output, Part, Value
from indexcalc.ir.graph_text import graph_text
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import Affine, Array, Block, Kernel, Load, Position, Store, Tile
from indexcalc.ir.kernel_text import kernel_text
from indexcalc.lower.passes import Context
from indexcalc.lower.program import plain_graph
from indexcalc.lower.sizes import representative_sizes
from tests.kernels import normalised_rows, streamed_softmax

STREAMED = """\
inputs   in0[heads, seq, feat], in1[heads, seq, feat], in2[heads, seq, feat]
outputs  out0[heads, seq, feat], out1[heads, seq]
for h, in parallel:
    for i by 4, in parallel:
        b0[i, d] = in0[h, i, d]
        b5[i]: real = start of shift
        b6[i] = start of sum
        b7[i, a] = start of sum
        for j by 3, only where i - j >= 0:
            b1[j, d] = in1[h, j, d]
            b2[j, a] = in2[h, j, a]
            b3[i, j] = sum[d](b0[i, d] * b1[j, d])
            b4[i, j] = b3[i, j] where i - j >= 0 else -inf
            b5[i] shifts to max[j](b4[i, j]), rescaling b6[i], b7[i, a]
            b8[i, j] = subtract(b4[i, j], b5[i])
            b9[i, j] = exp(b8[i, j])
            b6[i] += sum[j](b9[i, j])
            b10[i, a] = sum[j](b9[i, j] * b2[j, a])
            b7[i, a] += b10[i, a]
        b11[i, a] = divide(b7[i, a], b6[i])
        out0[h, i, a] = b11[i, a]
        b12[i] = log(b6[i])
        b13[i] = add(b12[i], b5[i])
        out1[h, i] = b13[i]"""


def test_a_streamed_kernel_is_a_loop_nest() -> None:
    assert kernel_text(streamed_softmax()) == STREAMED


def test_accumulated_outputs_extents_and_constants() -> None:
    lines = kernel_text(normalised_rows()).splitlines()
    assert lines[1] == "outputs  out0[tok, feat], out1[feat] accumulated"
    assert "    b3[n] = divide(b2[n], D)" in lines and "    b7[n] = add(b6[n], 1e-05)" in lines
    assert lines[-1] == "    out1[d] += b11[d]"


def test_axes_of_one_name_are_told_apart() -> None:
    rows, columns = Index("i", Space("rows")), Index("i", Space("columns"))
    block, at = Block(0, (rows, columns), "float"), Block(1, (rows,), "int")
    body = (
        Position(at, rows),
        Load(block, 0, (Affine(((2, rows),), -1), columns)),
        Store(0, (at, columns), block, "+="),
    )
    arrays = (Array((rows, columns), "float"),), (Array((rows, columns), "float", accumulated=True),)
    assert kernel_text(Kernel(*arrays, (Tile(rows, 8, parallel=False),), body)).splitlines()[2:] == [
        "for i by 8:",
        "    b1[i]: int = position of i",
        "    b0[i, i'] = in0[2 i - 1, i']",
        "    out0[b1[i], i'] += b0[i, i']",
    ]


GRAPH = """\
v0[v, w] = input W
v1[n]: int = input t
v2[n, w] = v0[v1[n], w]  # X
v4[n]: int = positions
v5[n@, v] = v2[n@, v] with -1 added at [v4[n], v1[n]]  # Y
v6[v, w] = 0 with v2[n, w] added at [v1[n], w]  # Z
v7[v] = v0[v, v]  # c
v8[w] = sum[n](v2[n, w])
v9[w] = max[n](v2[n, w])
v10[w] = add(v8[w], v9[w])  # m
v11[j]: int = positions
v12[k]: int = positions
v13[k, j]: bool = less_equal(v11[j], v12[k])
v14[j] = input A
v15[k, j]: real = as_real(v13[k, j])
v16[k] = sum[j](v14[j] * v15[k, j])
v17[i] = input x
v18[k] = v17[2 k + 1]
v19[k] = add(v16[k], v18[k])  # y
v20[p] = input f
v21[i, p] = padded v17[i - p]
v22[i] = sum[p](v20[p] * v21[i, p])  # z
v23[i] = cumsum[i](v17[i])
v24 = v17[0]
v25[i] = add(v23[i], v24)  # q
v26[w, v] = inv(v0[v, w])  # e
output Y[n, v] = v5[n, v]
output Z[v, w] = v6[v, w]
output c[v] = v7[v]
output m[w] = v10[w]
output y[k] = v19[k]
output z[i] = v22[i]
output q[i] = v25[i]
output e[v, w] = v26[v, w]"""


def test_every_operation_has_a_line() -> None:
    program = read_program("""
index n : tok(T)
index v, w : vocab(V)
integer t[n] : vocab
tensor W[v, w]
X[n, w] = W[t[n], w]
Y[n, v] = X[n, v] - delta[v, t[n]]
Z[v, w] = sum[n](X[n, w] delta[v, t[n]])
c[v] = W[v, v]
m[w] = sum[n](X[n, w]) + max[n](X[n, w])
y[k] = sum[j]((j <= k) A[j]) + x[2*k + 1]
z[i] = sum[p](x[i - p] f[p] (0 <= i - p))
q[i] = cumsum[i](x[i]) + x[0]
e[v, w] = inv(W)[v, w]
""")
    assert graph_text(plain_graph(program, Context(representative_sizes(program)))) == GRAPH


def test_a_fused_value_shows_its_kernel() -> None:
    i, j = Index("i", Space("rows")), Index("j", Space("rows"))
    block, array = Block(0, (i,), "float"), Array((i,), "float")
    body = (Load(block, 0, (i,)), Store(0, (i,), block, "="))
    x = Value(0, Input("x"), (), (j,), "float")
    whole = Value(1, Fused(Kernel((array,), (array,), (Tile(i, 4),), body, "y")), (Operand(x, (j,)),), (), "float")
    y = Value(2, Part(0), (Operand(whole, ()),), (j,), "float")
    found = graph_text(Graph((x, whole, y), (Output("y", Operand(y, (j,)), (j,)),), {2: "y"}, {}))
    assert found.splitlines() == [
        "v0[j] = input x",
        "v1 = kernel(v0[j])  # y",
        "    inputs   in0[rows]",
        "    outputs  out0[rows]",
        "    for i by 4, in parallel:",
        "        b0[i] = in0[i]",
        "        out0[i] = b0[i]",
        "v2[j] = output 0 of v1  # y",
        "output y[j] = v2[j]",
    ]
