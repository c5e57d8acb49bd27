"""The public functions, called as a person calls them: with slips, and in any spelling of a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.ir.index import Space
from indexcalc.ir.signature import given_sizes

PROGRAM = "L = x[i] A[i,j] x[j]"
TAKE_A_PROGRAM = [ic.parse, ic.emit, ic.compile, ic.verify, lambda p: ic.grad(p, "x")]


@pytest.mark.parametrize("call", [*TAKE_A_PROGRAM, ic.simplify, lambda e: ic.diff(e, "x[k]")])
@pytest.mark.parametrize("given", [None, 3, b"y = x", ["y = x"], Path("model.idx")])
def test_what_is_no_text_is_refused(call: Any, given: object) -> None:
    with pytest.raises(ic.IndexCalcError, match=f"IX901: an? .* is given as text, not as {type(given).__name__}"):
        call(given)


@pytest.mark.parametrize("call", TAKE_A_PROGRAM)
def test_a_file_name_is_no_program(call: Any) -> None:
    with pytest.raises(ic.IndexCalcError, match=r"'examples/model\.idx' is a file's name.*\n.*read_text"):
        call("examples/model.idx")


@pytest.mark.parametrize("given", [None, 3, b"x", []])
def test_lint_never_raises(given: Any) -> None:
    assert [d.code for d in ic.lint(given)] == ["IX901"]


@pytest.mark.parametrize("call", [ic.emit, ic.compile])
def test_unknown_options_and_sizes_that_are_none(call: Any) -> None:
    with pytest.raises(ic.IndexCalcError, match=r"IX901: no such option: `size`\n.*did you mean `sizes`\?"):
        call(PROGRAM, size={"i": 3})
    with pytest.raises(ic.IndexCalcError, match=r"IX901: no such option: `q`\n.*options: sizes, without"):
        call(PROGRAM, q=3)
    for sizes in (3, [("i", 3)], "i=3"):
        with pytest.raises(ic.IndexCalcError, match="IX947: sizes maps names to numbers, and is no"):
            call(PROGRAM, sizes=sizes)


def test_sizes_of_a_call_are_a_mapping() -> None:
    f = ic.compile("index i : n(N); y[i] = x i")
    with pytest.raises(ic.IndexCalcError, match="IX947: sizes maps names to numbers, and is no int"):
        f(x=1.0, sizes=3)
    np.testing.assert_array_equal(f(x=1.0, sizes={"i": 3})["y"], [0.0, 1.0, 2.0])


@pytest.mark.parametrize("written", ["alpha", "\\alpha", "α"])
@pytest.mark.parametrize("keyword", ["alpha", "α"])
def test_an_array_is_given_under_any_spelling_of_its_name(written: str, keyword: str) -> None:
    f = ic.compile(f"y[i] = {written} x[i]")
    for _ in range(2):  # the second call meets a known signature
        np.testing.assert_array_equal(f(**{keyword: 2.0, "x": np.ones(2)})["y"], [2.0, 2.0])
    with pytest.raises(ic.IndexCalcError, match="IX942: the program has no input `beta`"):
        f(**{keyword: 2.0, "x": np.ones(2), "beta": 1.0})


def test_a_program_that_defines_nothing_has_no_source() -> None:
    for text in ("", "x[i] == x[i]", "tensor x[i]"):
        with pytest.raises(ic.IndexCalcError, match="IX901: the program defines nothing"):
            ic.emit(text)
    assert ic.verify("x[i] == x[i]")


def test_sizes_are_named_by_extent_space_or_index() -> None:
    text = "index i : big(N); L = sum[i](exp(x[i]))"
    for name in ("N", "big", "i"):
        assert given_sizes(ic.parse(text), {name: 5}) == {Space("big", "N"): 5}
        assert ic.grad(text, "x", sizes={name: 5}).outputs == ("grad_x",)
    with pytest.raises(ic.IndexCalcError, match="IX942: sizes names `k`"):
        ic.grad(text, "x", sizes={"k": 5})


def test_an_index_that_fills_its_slot_is_told_apart_from_a_window() -> None:
    with pytest.raises(ic.IndexCalcError, match=r"(?s)IX946.*`x\[p\]` makes `p` range over the whole slot"):
        ic.compile("y[p] = x[p+1] - x[p]")(x=np.ones(4))
    np.testing.assert_array_equal(ic.compile("y[p] = x[p+1] - x[p+0]")(x=np.arange(4.0) ** 2)["y"], [1.0, 3.0, 5.0])


def test_a_metric_of_mixed_positions_is_delta() -> None:
    with pytest.raises(ic.IndexCalcError, match=r"IX902.*`\^_`\n.*a metric is δ"):
        ic.compile("index m : st(4)\nmetric g : st\nt = g[^m, _m]")


@pytest.mark.parametrize(
    ("expr", "wrt", "expected"),
    [
        ("x[i] x[i]", "x[i]", "2 x[i]"),
        ("A[i,j] x[j]", "x[j]", "A[i, j]"),
        ("x_i A_ij x_j", "x_j", "(A[j, j'] + A[j', j]) x[j']"),
        ("sum[i](x[i]**2)", "x[i]", "2 x[i]"),
        ("x[i'] x[i']  # a comment", "x[i']", "2 x[i']"),
        ("x[i] x[i] y[i'] y[i']", "x[i]", "2 x[i] sum[i'](y[i']**2)"),
        ("A[i,j] A[i,j]", "A[k,k]", "2 (A[j, j])"),
        ("f(x[i]) a[i]", "x[k]", "2 x[k] a[k]"),
    ],
)
def test_diff_keeps_the_letters_of_both_arguments_apart(expr: str, wrt: str, expected: str) -> None:
    assert str(ic.diff(expr, wrt, given="function f(u) = u**2")) == expected


def test_diff_takes_terms_and_text_in_any_mixture() -> None:
    text, term = "a[i] x[i]", ic.simplify("a[i] x[i]")
    for expr in (text, term):
        for wrt in ("x[k]", ic.simplify("x[k]")):
            assert str(ic.diff(expr, wrt)) == "a[k]"  # type: ignore[arg-type]


@pytest.mark.parametrize("wrt", ["", "2", "x[k] + 1", "x[k]) + diff(x", "x[k", "y = x[k]"])
def test_what_is_no_component_is_refused_where_it_stands(wrt: str) -> None:
    with pytest.raises(ic.IndexCalcError, match=r"IX(001|505)"):
        ic.diff("x[i] x[i]", wrt)


def test_simplify_carries_derivatives_out() -> None:
    assert str(ic.simplify("diff(x[i] x[i], x[k])")) == "2 x[k]"
    assert str(ic.simplify("diff(f(x), x)", given="function f(u) = u**2")) == "2 x"
    assert str(ic.simplify("f(x) + f(x)", given="function f(u) = u**2")) == "2 f(x)"


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: ic.grad(PROGRAM, ["x", 3]), "a name is text, not int"),  # type: ignore[list-item]
        (lambda: ic.grad(PROGRAM, b"x"), "a name is text"),  # type: ignore[arg-type]
        (lambda: ic.grad(PROGRAM, "x", of=["L"]), "an output's name is text, not list"),  # type: ignore[arg-type]
        (lambda: ic.hvp(PROGRAM, "x", sizes=[3]), "sizes maps names to numbers, and is no list"),  # type: ignore[arg-type]
        (lambda: ic.compile(PROGRAM, without=3), "names are text, or several texts, not int"),
        (lambda: ic.emit(PROGRAM, without=["fuse", 3]), "a name is text, not int"),
        (lambda: ic.emit(PROGRAM, without="nothing-of-the-kind"), "IX901: no pass `nothing-of-the-kind`"),
        (lambda: ic.compile(PROGRAM, sizes=3), "sizes maps names to numbers, and is no int"),
        (lambda: ic.diff("x[i] x[i]", "x[k]", given=3), "declarations is given as text, not as int"),  # type: ignore[arg-type]
        (lambda: ic.simplify("x[i] x[i]", given=3), "declarations is given as text, not as int"),  # type: ignore[arg-type]
        (lambda: ic.verify(PROGRAM, seed="a"), "a seed is an integer from 0"),  # type: ignore[arg-type]
        (lambda: ic.verify(PROGRAM, seed=-1), "a seed is an integer from 0"),
        (lambda: ic.matrix_form(None), "is asked for, not NoneType"),  # type: ignore[arg-type]
    ],
)
def test_arguments_of_a_wrong_type_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ic.IndexCalcError, match=message):
        call()


def test_an_empty_tensor_is_verified() -> None:
    assert ic.verify("L = x[i] x[i] + a[j] a[j]", sizes={"i": 0, "j": 2})
