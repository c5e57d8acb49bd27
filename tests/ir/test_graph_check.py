"""Graphs and kernels that lowering makes are well-formed, and what is broken in them is seen and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from indexcalc.diagnostics import IndexCalcError
from indexcalc.ir import kernel as k
from indexcalc.ir.graph import (
    Along,
    Broadcast,
    Contract,
    Form,
    Fused,
    Gather,
    Graph,
    Input,
    Kind,
    Map,
    MatrixFunction,
    Number,
    Operand,
    Operation,
    Output,
    Part,
    Range,
    Reduce,
    Scatter,
    ScatterWindows,
    Size,
    Value,
    View,
)
from indexcalc.ir.graph_check import check_graph
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel_check import check_kernel
from indexcalc.lower.program import lower_program
from indexcalc.lower.target import LAPTOP, Target
from tests.backends.cases import CASES
from tests.kernels import normalised_rows, streamed_softmax

ROWS, COLUMNS, PLACES = Space("rows", "M"), Space("columns", "N"), Space("places", "K")
R, J, L = Index("i", ROWS), Index("j", COLUMNS), Index("l", ROWS)
P, Q = Index("p", PLACES), Index("q", PLACES)


class Net:
    """A graph under construction, in which anything may be wrong."""

    def __init__(self) -> None:
        self.values: list[Value] = []
        self.a = self.value(Input("A"), (), (R, J))
        self.x = self.value(Input("x"), (), (J,))
        self.n = self.value(Input("n"), (), (L,), "int")
        self.mask = self.value(Map("less"), [(self.a, (R, J)), (self.x, (J,))], (R, J), "bool")

    def value(self, operation: Operation, operands: Any, axes: tuple[Index, ...], kind: Kind = "float") -> Value:
        made = Value(len(self.values), operation, tuple(Operand(v, ls) for v, ls in operands), axes, kind)
        self.values.append(made)
        return made

    def graph(self, *outputs: Output) -> Graph:
        return Graph(tuple(self.values), outputs, {}, {v.number: "y" for v in self.values})


def copying() -> k.Kernel:
    block, array = k.Block(0, (R, J), "float"), k.Array((R, J), "float")
    body = (k.Load(block, 0, (R, J)), k.Store(0, (R, J), block, "="))
    return k.Kernel((array,), (array,), (k.Tile(R, 4),), body, "copy")


COPY = copying()


def fused(net: Net) -> Value:
    return net.value(Fused(COPY), [(net.a, (R, J))], ())


def test_every_operation_can_be_right() -> None:
    net = Net()
    a, x, n, mask = net.a, net.x, net.n, net.mask
    net.value(Number(2), [], (), "int")
    half = net.value(Number(0.5), [], (), "number")
    net.value(Size(ROWS), [], (), "int")
    r = net.value(Range(), [], (L,), "int")
    net.value(Map("add"), [(n, (L,)), (r, (L,))], (L,), "int")
    net.value(Map("multiply"), [(a, (R, J)), (mask, (R, J))], (R, J))
    net.value(Map("power"), [(x, (J,)), (half, ())], (J,))
    net.value(Map("where"), [(mask, (R, J)), (a, (R, J)), (half, ())], (R, J))
    net.value(Contract(), [(a, (R, J)), (x, (J,))], (R,))
    net.value(Contract(), [(a, (R, J)), (a, (L, J))], (R, L))
    net.value(Reduce("shift"), [(a, (R, J))], (R,), "real")
    net.value(Along("cumsum", (J,)), [(a, (R, J))], (R, J))
    net.value(Along("softmax", (J, R)), [(a, (R, J))], (J, R))
    net.value(Along("argmax", (J,)), [(a, (R, J))], (R,), "int")
    net.value(View((Form((2, 1), 0), Form((0, 1), 1))), [(a, (R, J))], (P, Q))
    net.value(View((Form((-1,), 0), Form((1,), -1)), padded=True), [(a, (R, J))], (P,))
    net.value(Gather((R,)), [(a, (R, J)), (n, (L,))], (L, J))
    net.value(Scatter((R,), False), [(a, (L, J)), (n, (L,))], (R, J))
    net.value(Scatter((J,), True), [(half, ()), (n, (L,)), (a, (R, J))], (R, J))
    net.value(ScatterWindows((Form((2,), 1),), (J,)), [(a, (R, J))], (L, R))
    net.value(MatrixFunction("inv"), [(a, (R, J))], (J, R))
    net.value(MatrixFunction("logdet"), [(a, (R, J))], ())
    net.value(Broadcast(), [(x, (J,))], (R, J))
    whole = net.value(Fused(COPY), [(a, (R, J))], ())
    net.value(Part(0), [(whole, ())], (L, J))
    check_graph(net.graph(Output("y", Operand(net.a, (R, J)), (J, R, P))))


# What is made wrong, and what is said of it.  Each function adds one value that breaks one rule.
WRONG: dict[str, Callable[[Net], object]] = {
    "value 4 (Input): an input of kind bool": lambda g: g.value(Input("z"), [], (R,), "bool"),
    "(Input): it has 1 operand where it takes 0": lambda g: g.value(Input("z"), [(g.x, (J,))], (R,)),
    "(Input): an axis occurs twice": lambda g: g.value(Input("z"), [], (R, R)),
    "no kind is called": lambda g: g.value(Input("z"), [], (R,), "complex"),  # type: ignore[arg-type]
    "operand 0 has 1 labels for 2 axes": lambda g: g.value(Map("exp"), [(g.a, (R,))], (R,)),
    "operand 0 has a label twice": lambda g: g.value(Map("exp"), [(g.a, (R, R))], (R,)),
    "labels an axis of space `columns` by `l` of `rows`": lambda g: g.value(Map("exp"), [(g.a, (R, L))], (R, L)),
    "label `j` stands for two spaces": lambda g: g.value(Map("add"), [(g.a, (R, J)), (g.n, (J_,))], (R, J)),
    "which is not made before": lambda g: g.value(Map("exp"), [(Net().x, (J,))], (J,)),
    "(Number): it is of kind number where it should be int": lambda g: g.value(Number(1), [], (), "number"),
    "(Number): its axes are [i], those of a number are []": lambda g: g.value(Number(1.5), [], (R,), "number"),
    "(Size): it is of kind float where it should be int": lambda g: g.value(Size(ROWS), [], ()),
    "(Range): a range has one axis, not 2": lambda g: g.value(Range(), [], (R, J), "int"),
    "no function is called 'expp'": lambda g: g.value(Map("expp"), [(g.x, (J,))], (J,)),
    "(Map exp): it has 2 operands where it takes 1": lambda g: g.value(Map("exp"), [(g.x, (J,))] * 2, (J,)),
    "(Map exp): takes floating-point arrays": lambda g: g.value(Map("exp"), [(g.n, (L,))], (L,)),
    "(Map exp): its axes are [i], its operands have [j]": lambda g: g.value(Map("exp"), [(g.x, (J,))], (R,)),
    "(Map add): operand 1 is of kind int beside": lambda g: g.value(
        Map("add"), [(g.a, (R, J)), (g.n, (L,))], (R, J, L)
    ),
    "(Map add): it is of kind real where it should be float": lambda g: g.value(
        Map("add"), [(g.x, (J,)), (g.x, (J,))], (J,), "real"
    ),
    "(Map logical_not): takes masks": lambda g: g.value(Map("logical_not"), [(g.x, (J,))], (J,), "bool"),
    "(Map where): operand 0 is no mask": lambda g: g.value(Map("where"), [(g.x, (J,))] * 3, (J,)),
    "(Map divide): has no floating-point array": lambda g: g.value(Map("divide"), [(g.n, (L,))] * 2, (L,), "real"),
    "(Contract): it has 1 operand where it takes 2": lambda g: g.value(Contract(), [(g.a, (R, J))], (R,)),
    "(Contract): an operand of kind bool": lambda g: g.value(Contract(), [(g.mask, (R, J)), (g.x, (J,))], (R,)),
    "(Contract): no label is summed": lambda g: g.value(Contract(), [(g.a, (R, J)), (g.x, (J,))], (J, R)),
    "(Contract): its axes are [], its operands leave": lambda g: g.value(Contract(), [(g.a, (R, J)), (g.x, (J,))], ()),
    "as batch, rows and columns they are [i, l]": lambda g: g.value(Contract(), [(g.a, (R, J)), (g.a, (L, J))], (L, R)),
    "no reduction is called 'mean'": lambda g: g.value(Reduce("mean"), [(g.a, (R, J))], (R,)),
    "(Reduce sum): no label is reduced": lambda g: g.value(Reduce("sum"), [(g.a, (R, J))], (R, J)),
    "(Reduce shift): it is of kind float": lambda g: g.value(Reduce("shift"), [(g.a, (R, J))], (R,)),
    "(Along cumsum): it goes along 2 axes": lambda g: g.value(Along("cumsum", (R, J)), [(g.a, (R, J))], (R, J)),
    "(Along cumsum): it names axes [l]": lambda g: g.value(Along("cumsum", (L,)), [(g.a, (R, J))], (R, J)),
    "(Along softmax): its axes are [i, j], its operand gives [j, i]": lambda g: g.value(
        Along("softmax", (J, R)), [(g.a, (R, J))], (R, J)
    ),
    "(Along topk): it takes the 0 largest": lambda g: g.value(Along("topk", (J,)), [(g.a, (R, J))], (R, J), "bool"),
    "(Along argmax): its axes are [i, j], left are [i]": lambda g: g.value(
        Along("argmax", (J,)), [(g.a, (R, J))], (R, J), "int"
    ),
    "(View): 1 forms for 2 axes": lambda g: g.value(View((Form((1,), 0),)), [(g.a, (R, J))], (P,)),
    "form 1 has not one coefficient for each axis": lambda g: g.value(
        View((Form((1,), 0), Form((), 1))), [(g.a, (R, J))], (P,)
    ),
    "(View): no form has axis `q`": lambda g: g.value(View((Form((1, 0), 0),)), [(g.x, (J,))], (P, Q)),
    "leaves its source on the near side": lambda g: g.value(View((Form((1,), -1),)), [(g.x, (J,))], (P,)),
    "(Gather): 0 positions for 1 axes": lambda g: g.value(Gather((R,)), [(g.a, (R, J))], (J,)),
    "(Gather): a position of kind float": lambda g: g.value(Gather((R,)), [(g.a, (R, J)), (g.x, (J,))], (J,)),
    "its positions and its source give [l, j]": lambda g: g.value(Gather((R,)), [(g.a, (R, J)), (g.n, (L,))], (J, L)),
    "(Scatter): axes [i] are not among its own": lambda g: g.value(
        Scatter((R,), False), [(g.a, (L, J)), (g.n, (L,))], (J,)
    ),
    "a position has a label of the result": lambda g: g.value(
        Scatter((R,), False), [(g.a, (L, J)), (g.n, (R,))], (R, J)
    ),
    "without a base its source has to have every label": lambda g: g.value(
        Scatter((R,), False), [(g.x, (J,)), (g.n, (L,))], (R, J)
    ),
    "(Scatter): its axes are [i, j], its base has [j]": lambda g: g.value(
        Scatter((R,), True), [(g.x, (J,)), (g.n, (L,)), (g.x, (J,))], (R, J)
    ),
    "(ScatterWindows): its axes are [], behind those of its forms; its source leaves [i]": lambda g: g.value(
        ScatterWindows((Form((2,), 1),), (J,)), [(g.a, (R, J))], (R,)
    ),
    "(MatrixFunction inv): its axes are [i, j]": lambda g: g.value(MatrixFunction("inv"), [(g.a, (R, J))], (R, J)),
    "a matrix has two axes, not 1": lambda g: g.value(MatrixFunction("det"), [(g.x, (J,))], ()),
    "(Broadcast): it adds no axis, or loses one": lambda g: g.value(Broadcast(), [(g.a, (R, J))], (R, J)),
    "(Fused): operand 0 has not the spaces": lambda g: g.value(Fused(COPY), [(g.x, (J,))], ()),
    "(Fused): operand 0 is of kind bool": lambda g: g.value(Fused(COPY), [(g.mask, (R, J))], ()),
    "(Fused): its kernel: output 0 is never stored": lambda g: g.value(
        Fused(replace(COPY, body=COPY.body[:1])), [(g.a, (R, J))], ()
    ),
    "a Fused value is read by a Part": lambda g: g.value(Map("exp"), [(fused(g), ())], ()),
    "(Part): no output 1 of 1": lambda g: g.value(Part(1), [(fused(g), ())], (R, J)),
    "(Part): its axes have not the output's spaces": lambda g: g.value(
        Part(0), [(fused(g), ())], (J, R)
    ),
}  # fmt: skip
J_ = Index("j", ROWS)


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_with_a_value_is_said(message: str) -> None:
    net = Net()
    check_graph(net.graph())
    WRONG[message](net)
    with pytest.raises(IndexCalcError, match=r"IX990: ill-formed graph after pass `fold`: value [0-9]+ ") as error:
        check_graph(net.graph(), "fold")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (lambda g: [Output("y", Operand(Net().a, (R, J)), (R, J))], "`y`: its operand is value 0, which is not made"),
        (lambda g: [Output("y", Operand(g.a, (R, J)), (R,))], "`y`: its operand has a label that is none of its axes"),
        (lambda g: [Output("y", Operand(g.a, (R, J)), (R, J, R))], "`y`: an axis occurs twice"),
        (lambda g: [Output("y", Operand(g.n, (L,)), (L,))], "`y`: it is of kind int"),
        (lambda g: [Output("y", Operand(g.x, (J,)), (J,))] * 2, "`y`: it is there twice"),
    ],
)
def test_what_is_wrong_with_an_output_is_said(outputs: Callable[[Net], list[Output]], message: str) -> None:
    net = Net()
    with pytest.raises(IndexCalcError, match="ill-formed graph: output ") as error:
        check_graph(net.graph(*outputs(net)))
    assert message in str(error.value)


def test_values_have_numbers_of_their_own_and_makers() -> None:
    net = Net()
    with pytest.raises(IndexCalcError, match="its number is taken"):
        check_graph(replace(net.graph(), values=(net.a, net.a)))
    with pytest.raises(IndexCalcError, match="no definition is named as its maker"):
        check_graph(replace(net.graph(), makers={}))


@pytest.mark.parametrize("native", [frozenset[str](), frozenset({"softmax", "logsumexp"})], ids=["plain", "native"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_what_lowering_makes_is_well_formed_after_every_pass(case: Any, native: frozenset[str]) -> None:
    lower_program(case.program, target=Target(native=native), check=True)
    lower_program(case.program, target=Target(native=native, machine=LAPTOP), check=True)


# ---- kernels ----------------------------------------------------------------------------------------
def test_kernels_can_be_right() -> None:
    for kernel in (streamed_softmax(), normalised_rows(), COPY):
        check_kernel(kernel)


def changed(kernel: k.Kernel, find: Callable[[k.Step], bool], *by: k.Step) -> k.Kernel:
    """The kernel with other steps in the place of the first one that is meant, also inside of loops."""
    left = [True]

    def within(steps: tuple[k.Step, ...]) -> tuple[k.Step, ...]:
        found: list[k.Step] = []
        for step in steps:
            if left[0] and find(step):
                left[0] = False
                found += by
            elif isinstance(step, k.Loop):
                found.append(replace(step, body=within(step.body)))
            else:
                found.append(step)
        return tuple(found)

    result = replace(kernel, body=within(kernel.body))
    assert not left[0]
    return result


def made(number: int) -> Callable[[k.Step], bool]:
    return lambda step: (block := k.block_made(step)) is not None and block.number == number


def of(kind: type) -> Callable[[k.Step], bool]:
    return lambda step: isinstance(step, kind)


SOFT = streamed_softmax()
AXES = {axis.name: axis for axis in (*SOFT.tiles, *SOFT.inputs[0].axes, *SOFT.inputs[2].axes)}
STEPS = {b.number: s for s in SOFT.steps() if (b := k.block_made(s)) is not None}
BLOCKS = {b.number: b for s in STEPS.values() if (b := k.block_made(s)) is not None}
LOOP = next(s for s in SOFT.steps() if isinstance(s, k.Loop))
STORE = next(s for s in SOFT.steps() if isinstance(s, k.Store))
SHIFT = next(s for s in SOFT.steps() if isinstance(s, k.Shift))
FOLD = next(s for s in SOFT.steps() if isinstance(s, k.Fold))


def put(number: int, **fields: Any) -> k.Kernel:
    """The kernel with the step that makes a block changed."""
    return changed(SOFT, made(number), replace(STEPS[number], **fields))


def widened(number: int, **fields: Any) -> k.Kernel:
    """The kernel with a block changed where it is made and nowhere else."""
    return put(number, block=replace(BLOCKS[number], **fields))


H, SI, SJ, D, A = (AXES[n] for n in "hijda")
KERNELS: dict[str, Callable[[], k.Kernel]] = {
    "output 1 is never stored": lambda: replace(SOFT, body=SOFT.body[:-1]),
    "Store: output 0 is stored twice": lambda: changed(SOFT, of(k.Store), STORE, STORE),
    "axis `h` is walked in tiles of 0 and of 2": lambda: replace(SOFT, grid=(*SOFT.grid, k.Tile(H, 2))),
    "axis `h` is walked inside of its own walk": lambda: replace(SOFT, grid=(*SOFT.grid, k.Tile(H, 0))),
    "axis `i` has tiles of -1 positions": lambda: replace(SOFT, grid=(SOFT.grid[0], k.Tile(SI, -1))),
    "Contract of block 3: block 1 is not made before": lambda: changed(SOFT, made(1)),
    "Load of block 1: it is made twice": lambda: changed(SOFT, made(1), STEPS[1], STEPS[1]),
    "Contract of block 3: block 1 is not made before, or is another": lambda: widened(1, axes=(D, SJ)),
    "Load of block 0: axis `j` is walked in tiles, but not around": lambda: widened(0, axes=(SJ, D)),
    "Load of block 0: axis `h` is walked one position at a time": lambda: widened(0, axes=(H, SI, D)),
    "Load of block 0: its axes are [i], its slots have [i, d]": lambda: widened(0, axes=(SI,)),
    "Load of block 0: no array 3 of 3": lambda: put(0, array=3),
    "Load of block 0: 2 slots for 3 axes": lambda: put(0, slots=(SI, D)),
    "Load of block 0: slot `i` is not of the array's space `heads`": lambda: put(0, slots=(SI, SI, D)),
    "Load of block 0: positions of kind float": lambda: changed(
        SOFT, made(0), k.Load(replace(BLOCKS[1], number=40, axes=(SI, D)), 0, (H, SI, D)),
        replace(STEPS[0], slots=(H, replace(BLOCKS[1], number=40, axes=(SI, D)), D))
    ),
    "Load of block 0: a form has an axis twice or times 0": lambda: put(0, slots=(H, k.Affine(((0, SI),), 0), D)),
    "Map of block 9: no function is called 'expp'": lambda: put(9, function="expp"),
    "Map of block 9: exp of 2 arguments": lambda: put(9, arguments=(BLOCKS[8], BLOCKS[8])),
    "Map of block 9: block 9 is of kind real where it should be float": lambda: widened(9, kind="real"),
    "Map of block 8: its axes are [i], its arguments have [i, j]": lambda: widened(8, axes=(SI,)),
    "Mask of block 4: no condition": lambda: put(4, conditions=()),
    "Mask of block 4: its axes are [i, j], source and conditions have [i, j, d]": lambda: put(
        4, conditions=(k.Condition(k.Affine(((1, D),), 0)),)
    ),
    "Contract of block 3: it sums over no axis": lambda: widened(3, axes=(SI, SJ, D)),
    "Carry of block 5: nothing is carried by 'mean'": lambda: put(5, operation="mean"),
    "Carry of block 5: a maximum that is shifted by is real": lambda: widened(5, kind="float"),
    "Fold: a carry of sum takes max": lambda: changed(SOFT, of(k.Fold), replace(FOLD, operation="max")),
    "Fold: block 9 is no carry": lambda: changed(SOFT, of(k.Fold), replace(FOLD, carry=BLOCKS[9])),
    "Fold: its source lacks an axis of the carry": lambda: changed(SOFT, of(k.Fold), replace(FOLD, carry=BLOCKS[7])),
    "Shift: block 6 is no carry of shift": lambda: changed(SOFT, of(k.Shift), replace(SHIFT, carry=BLOCKS[6])),
    "Shift: block 6 is rescaled by nothing": lambda: changed(
        SOFT, of(k.Shift), replace(SHIFT, rescaled=((BLOCKS[6], 0),))
    ),
    "Shift: block 4 is no carry of a sum": lambda: changed(
        SOFT, of(k.Shift), replace(SHIFT, rescaled=((BLOCKS[4], 1),))
    ),
    "Loop: axis `i` is walked inside of its own walk": lambda: changed(
        SOFT, of(k.Loop), replace(LOOP, tile=SOFT.grid[1])
    ),
    "Store: mode '+=' of an output": lambda: changed(SOFT, of(k.Store), replace(STORE, mode="+=")),
    "Store: it does not cover its output": lambda: changed(
        SOFT, of(k.Store), replace(STORE, slots=(H, k.Affine(((1, SI),), 0), A))
    ),
    "Store: every tile of `j` would store": lambda: changed(
        SOFT, of(k.Loop), k.Loop(LOOP.tile, (*LOOP.body, replace(STORE, source=BLOCKS[7])))
    ),
    "Store: it stands in a loop that skips tiles": lambda: changed(
        SOFT, of(k.Loop), replace(LOOP, body=(*LOOP.body, replace(STORE, source=BLOCKS[7])))
    ),
}  # fmt: skip


@pytest.mark.parametrize("message", KERNELS)
def test_what_is_wrong_with_a_kernel_is_said(message: str) -> None:
    with pytest.raises(IndexCalcError, match="IX990: ill-formed kernel: ") as error:
        check_kernel(KERNELS[message]())
    assert message in str(error.value)
