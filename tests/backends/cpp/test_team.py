"""Kernels whose tiles come one after the other: threads share each step, repeatably.

To accept a new golden text: `python -m tests.backends.cpp.test_team`.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.backends.cpp.kernel import kernel_text
from indexcalc.backends.cpp.kernel.team import Work
from indexcalc.backends.cpp.spelling import CPP
from indexcalc.interpret.kernel import run_kernel
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.graph import Fused
from indexcalc.ir.index import Index, Space
from indexcalc.ir.kernel import Array, Block, Kernel, Load, Map, Reduce, Store, Tile
from indexcalc.lower.fuse.tiles import retiled
from indexcalc.lower.program import lower_program
from tests.kernels import normalised_rows, products, streamed_softmax
from tests.lower.fusion import CASES

from .batch import Batch
from .running import Library
from .test_kernel_text import D, H, L, T, in_order, random_array, spaces_of

GOLDEN = Path(__file__).parents[2] / "golden" / "kernels" / "rows_in_order.cpp.txt"


def exponential_rows():
    """y[n,d] = exp(x[n,d] − m[n]) / its sum over d, m the maximum: the exponentials of a row are read twice."""
    n, d = Index("n", T), Index("d", D)
    x, gap, e, y = (Block(k, (n, d), "float") for k in range(4))
    top, total = Block(4, (n,), "float"), Block(5, (n,), "float")
    body = (
        Load(x, 0, (n, d)),
        Reduce(top, "max", x),
        Map(gap, "subtract", (x, top)),
        Map(e, "exp", (gap,)),
        Reduce(total, "sum", e),
        Map(y, "divide", (e, total)),
        Store(0, (n, d), y, "="),
    )
    array = Array((n, d), "float")
    return Kernel((array,), (array,), (Tile(n, 64),), body)


SOFTMAX = streamed_softmax()
ORDERED = {
    "softmax": (in_order(streamed_softmax(8, 5)), "double"),
    "heads": (replace(SOFTMAX, grid=(SOFTMAX.grid[0], replace(SOFTMAX.grid[1], parallel=False))), "double"),
    "rows": (in_order(normalised_rows()), "double"),
    "exponentials": (in_order(exponential_rows()), "double"),
    "wide": (products("ab", "cb", "ac", "ba"), "double"),
    "tall": (products("ba", "bc", "ac", "ab"), "double"),
    "batch": (products("abd", "abc", "dc", "dab"), "double"),
}  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return Library(ORDERED, tmp_path_factory.mktemp("ordered"), "-O1", "-Wall", eager=True)


def given(kernel, extents, seed=0):
    rng = np.random.default_rng(seed)
    return [random_array(rng, array, extents) for array in kernel.inputs]


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
@pytest.mark.parametrize(
    ("name", "extents"),
    [
        ("softmax", {H: 2, L: 33, D: 7}),
        ("softmax", {H: 1, L: 1, D: 3}),
        ("softmax", {H: 2, L: 0, D: 3}),
        ("heads", {H: 1, L: 21, D: 4}),
        ("heads", {H: 3, L: 9, D: 4}),
        ("heads", {H: 0, L: 9, D: 4}),
        ("rows", {T: 67, D: 130}),
        ("rows", {T: 3, D: 2}),
    ],
)
def test_threads_that_share_steps_give_what_one_does(library, name, extents, threads):
    kernel = ORDERED[name][0]
    inputs = given(kernel, extents)
    for mine, theirs in zip(library(name, inputs, extents, threads), run_kernel(kernel, inputs, extents), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("sizes", [(700, 40, 30), (30, 40, 700), (2, 900, 3), (1, 1, 1), (130, 0, 200), (0, 5, 9)])
@pytest.mark.parametrize("name", ["wide", "tall"])
def test_parts_of_a_product_make_the_whole(library, name, sizes):
    kernel = ORDERED[name][0]
    extents = dict(zip((Space(x, x.upper()) for x in "abc"), sizes))
    inputs = given(kernel, extents)
    for threads in (2, 3):
        (found,) = library(name, inputs, extents, threads)
        spec = "ab,cb->ac" if name == "wide" else "ba,bc->ac"
        np.testing.assert_allclose(found, np.einsum(spec, *inputs), rtol=1e-11, atol=1e-11)


def test_a_product_summed_over_two_axes(library):
    """Its result is cleared, and then added to for each position of one of them."""
    kernel = ORDERED["batch"][0]
    extents = {s: 3 + n for n, s in enumerate(sorted(set(spaces_of(kernel)), key=lambda s: s.name))}
    inputs = given(kernel, extents)
    for threads in (1, 2, 3):
        (found,) = library("batch", inputs, extents, threads)
        np.testing.assert_allclose(found, np.einsum("abd,abc->dc", *inputs), rtol=1e-12)


def test_what_threads_clear_together_they_wait_for(library):
    text = kernel_text(ORDERED["batch"][0], "batch", "double").text
    cleared, multiplied = text.index("= double(0);"), text.index("_product<double>")
    assert "team.wait();" in text[cleared:multiplied]


def test_each_thread_has_memory_for_its_row(library):
    assert "for each thread" in kernel_text(ORDERED["exponentials"][0], "exponentials", "double").text
    extents = {T: 500, D: 200}
    inputs = given(ORDERED["exponentials"][0], extents)
    for _ in range(5):
        (found,) = library("exponentials", inputs, extents, 3)
        e = np.exp(inputs[0] - inputs[0].max(1, keepdims=True))
        np.testing.assert_allclose(found, e / e.sum(1, keepdims=True), rtol=1e-12)


X, Y = Index("x", T), Index("y", D)


@pytest.mark.parametrize(
    ("first", "second", "wait"),
    [
        (Work({}, {"a": (X, Y)}, X), Work({"a": (X, Y)}, {}, X), False),  # each reads what it has made
        (Work({}, {"a": (X, Y)}, X), Work({"a": (X, Y)}, {}, Y), True),
        (Work({"a": (X,)}, {}, X), Work({}, {"a": (X,)}, Y), True),  # read before it changes
        (Work({"a": (X,)}, {}, X), Work({"a": (X,)}, {}, Y), False),
        (Work({}, {"out0": ()}, X), Work({}, {"out0": ()}, X), True),  # perhaps by other slots
        (Work({}, {"a": (X,)}, "first"), Work({"a": (X,)}, {}, "first"), False),
        (Work({}, {"a": (X,)}, "first"), Work({"a": (X,)}, {}, X), True),
        (Work({}, {"a": (X, Y)}, "product"), Work({"a": (X, Y)}, {}, "product"), True),
        (Work({"a": (X,)}, {"b": (X,)}, X), Work({"c": (X,)}, {"d": (X,)}, Y), False),
    ],
)
def test_threads_wait_for_what_others_change(first, second, wait):
    assert first.meets(second) is wait
    assert second.meets(first) is wait


@pytest.mark.parametrize("threads", [2, 3])
def test_the_same_threads_give_the_same_bits(library, threads):
    for name, extents in (("softmax", {H: 1, L: 20, D: 9}), ("rows", {T: 15, D: 70})):
        inputs = given(ORDERED[name][0], extents)
        first = library(name, inputs, extents, threads)
        for _ in range(3):
            for mine, before in zip(library(name, inputs, extents, threads), first, strict=True):
                assert mine.tobytes() == before.tobytes()


def test_inputs_that_are_packed_are_packed_by_all(library):
    rng = np.random.default_rng(2)
    whole = rng.standard_normal((40, 2, 9, 2))
    q, k, v = (x.transpose(1, 0, 2) for x in (whole[::-2, :, ::3, 0], whole[::2, :, ::-3, 1], whole[1::2, :, ::3, 1]))
    kernel, extents = ORDERED["softmax"][0], {H: 2, L: 20, D: 3}
    for threads in (1, 2, 3):
        found = library("softmax", [q, k, v], extents, threads)
        for mine, theirs in zip(found, run_kernel(kernel, [q, k, v], extents), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12)


def test_kernels_of_programs_in_order(tmp_path):
    kernels, cases = {}, {}
    for case in CASES.values():
        program = ic.grad(ic.parse(case.text), case.by, with_value=True) if case.by else ic.parse(case.text)
        graph = lower_program(program, sizes=case.big, target=CPP.target)
        for kernel in (v.operation.kernel for v in graph if isinstance(v.operation, Fused)):
            name = f"kernel_{len(kernels)}"
            kernels[name] = in_order(retiled(kernel, lambda t: replace(t, size=3) if t.size else t)), "double"
            cases[name] = case
    assert len(kernels) > 20
    library = Library(kernels, tmp_path, "-O0", eager=True)
    for name, case in cases.items():
        kernel, sizes = kernels[name][0], case.small[0]
        extents = {s: s.extent if isinstance(s.extent, int) else sizes[s.extent] for s in spaces_of(kernel)}
        inputs = given(kernel, extents, 3)
        expected = run_kernel(kernel, inputs, extents)
        for threads in (2, 3):
            for mine, theirs in zip(library(name, inputs, extents, threads), expected, strict=True):
                np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-11, err_msg=f"{name} {case.text}")


# -- a whole program ---------------------------------------------------------------------------------------------------

LOSS = """\
index n : tokens(T)
index m : model(M)
index v : vocab(V)
tensor x[n, m], W[v, m]
integer label[n] : vocab
z[n, v] = x[n, m] W[v, m]
loss = mean[n](logsumexp[v](z[n, v]) - z[n, label[n]])
output loss
"""


def test_a_large_vocabulary_has_one_kernel_in_order_that_adds_to_the_result_in_place():
    program = ic.grad(ic.parse(LOSS), "x,W", with_value=True)
    told = []
    graph = lower_program(program, sizes={"T": 2048, "M": 512, "V": 32_000}, target=CPP.target, decisions=told)
    assert "for 512 of n in order, each step shared out among the threads" in "\n".join(d.text for d in told)
    kernels = [v.operation.kernel for v in graph if isinstance(v.operation, Fused)]
    assert sum(not all(t.parallel for t in k.grid) for k in kernels) == 1
    batch = Batch({"loss": program}, "float64", ("-O1",), {"loss": graph})
    text = batch.emitted["loss"].function
    target = next(line.split("*")[1].split()[1] for line in text.splitlines() if "out[2].data" in line)
    assert text.count("static_cast<value*>(out[2].data)") == 2  # of the kernel's sum, and of what is added to it
    assert f" {target}[i0 * n_1 + i1] = " not in text  # no copy
    rng = np.random.default_rng(0)
    arrays = {
        "x": rng.standard_normal((600, 5)),
        "W": rng.standard_normal((300, 5)),
        "label": rng.integers(0, 300, 600),
    }
    found = batch.run("loss", arrays, {})
    for name, value in run_outputs(program, arrays).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-10, atol=1e-13, err_msg=name)


def test_the_text_of_steps_that_threads_share():
    assert kernel_text(in_order(normalised_rows(16)), "rows", "float").text == GOLDEN.read_text(encoding="utf-8")


if __name__ == "__main__":
    GOLDEN.write_text(kernel_text(in_order(normalised_rows(16)), "rows", "float").text, encoding="utf-8")
