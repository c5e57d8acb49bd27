"""What a call refuses, in which words, and what it takes."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from indexcalc.backends import compile_program
from indexcalc.backends.function import Function
from indexcalc.diagnostics import IndexCalcError
from indexcalc.elaborate.read import read_program

from .cpp.batch import skip_without_compiler

TEXT = """
index i : seq(L)
index d : width(D)
index v : vocab(V)
integer tok[i] : vocab
tensor x[i, d], E[v, d]
scalar lam
y[i, d] = lam x[i, d] / sqrt(D) + E[tok[i], d]
"""


@pytest.fixture(scope="module", params=["numpy", "cpp"])
def f(request: pytest.FixtureRequest) -> Function:
    """Both take NumPy arrays, and refuse in the same words."""
    if request.param == "cpp":
        skip_without_compiler()
    return compile_program(read_program(TEXT), request.param)


def good(**changed: Any) -> dict[str, Any]:
    return {"tok": np.array([1, 0, 2]), "x": np.ones((3, 2)), "E": np.eye(4, 2), "lam": 2.0} | changed


def refusal(f: Function, message: str, **changed: Any) -> None:
    with pytest.raises(IndexCalcError, match=re.escape(message)):
        f(**{n: a for n, a in good(**changed).items() if a is not None})


def test_good_call(f: Function) -> None:
    found = f(**good())
    expected = 2 * np.ones((3, 2)) / np.sqrt(2) + np.eye(4, 2)[[1, 0, 2]]
    assert list(found) == ["y"]
    np.testing.assert_allclose(found["y"], expected, rtol=1e-15)


def test_second_call_of_the_same_shapes_still_checks_values(f: Function) -> None:
    f(**good())
    refusal(f, "error IX948: `tok` holds the value 4, but its values index `vocab` of size 4", tok=np.array([1, 4, 0]))
    refusal(f, "holds the value -1", tok=np.array([1, -1, 0]))
    refusal(f, "values must lie from 0 to 3", tok=np.array([1, -1, 0]))


def test_names(f: Function) -> None:
    refusal(f, "error IX941: input `x` is missing", x=None)
    refusal(f, "error IX942: the program has no input `xx`", xx=np.ones(3))
    with pytest.raises(IndexCalcError, match=r"IX901: arrays are given by keyword\n  help: f\(tok=…, x=…,"):
        f(np.ones(3))


def test_ranks_and_sizes(f: Function) -> None:
    refusal(
        f,
        "error IX943: `x` has 2 slots, but its array has 1 dimension\n  help: expected x[i, d], got shape (3,)",
        x=np.ones(3),
    )
    refusal(
        f, "error IX944: `E` has size 3 in slot 2 (index `d`), but extent `D` is 2 by slot 2 of `x`", E=np.ones((4, 3))
    )
    refusal(
        f, "error IX943: `x` has 2 slots, but it is given as a number\n  help: expected an array for x[i, d]", x=1.0
    )


def test_dtypes(f: Function) -> None:
    refusal(f, "error IX949: `x` holds real numbers, but its array is of type int64", x=np.ones((3, 2), int))
    refusal(f, "error IX949: `tok` holds integers, but its array is of type float64", tok=np.ones(3))
    refusal(f, "error IX949: `E` is of type float64, but `x` is of type float32", x=np.ones((3, 2), np.float32))
    refusal(f, "`x` holds real numbers, but its array is of type bool", x=np.ones((3, 2), bool))
    refusal(f, "its array is of type object", x=np.ones((3, 2), object))


def test_kinds_of_array(f: Function) -> None:
    refusal(f, "error IX953: `x` is given as list, not as a NumPy array\n  help: numpy.asarray(…)", x=[[1.0, 2.0]] * 3)
    refusal(f, "`x` is given as MaskedArray, not as a NumPy array", x=np.ma.masked_array(np.ones((3, 2))))
    refusal(f, "`lam` is given as str", lam="2")
    torch = pytest.importorskip("torch")
    refusal(f, "`x` is given as Tensor, not as a NumPy array", x=torch.ones(3, 2))
    g = compile_program(f.program, "torch")
    with pytest.raises(IndexCalcError, match=r"`tok` is given as ndarray, not as a PyTorch array\n  help: torch.as_te"):
        g(**good())


def test_devices() -> None:
    torch = pytest.importorskip("torch")
    f = compile_program(read_program("y[i] = x[i] + z[i]"), "torch")
    with pytest.raises(IndexCalcError, match="IX954: `z` is on meta, but `x` is on cpu\n  help: move all arrays"):
        f(x=torch.ones(2), z=torch.ones(2, device="meta"))


def test_complex_only_where_it_is_taken() -> None:
    program = read_program("y[i] = x[i] z[i]")
    found = compile_program(program)(x=np.array([1 + 2j]), z=np.array([2.0]))
    assert found["y"].dtype == complex and found["y"][0] == 2 + 4j
    torch = pytest.importorskip("torch")
    with pytest.raises(IndexCalcError, match="`x` is of type complex64, which this backend does not take"):
        compile_program(program, "torch")(x=torch.ones(2, dtype=torch.complex64), z=torch.ones(2))


def test_scalars_take_the_precision_of_the_arrays() -> None:
    f = compile_program(read_program("scalar lam, mu\ny[i] = lam x[i] + mu"))
    for lam in (2, 2.0, np.float64(2), np.float32(2), np.array(2, np.float32)):
        found = f(x=np.ones(3, np.float32), lam=lam, mu=0.5)
        assert found["y"].dtype == np.float32 and found["y"].tolist() == [2.5] * 3


def test_extent_that_no_array_tells() -> None:
    f = compile_program(read_program("index i : n(N)\ny[i] = i + 1"))
    assert f(sizes={"N": 3})["y"].tolist() == [1, 2, 3]
    assert f(sizes={"i": 2})["y"].tolist() == [1, 2]
    with pytest.raises(IndexCalcError, match="IX945: nothing determines extent `N`"):
        f()


@pytest.fixture(params=["numpy", "cpp"])
def compiled(request: pytest.FixtureRequest) -> Callable[[str], Function]:
    if request.param == "cpp":
        skip_without_compiler()
    return lambda text: compile_program(read_program(text), request.param)


def test_slot_ranges_and_counts_are_checked_before_anything_runs(compiled: Callable[[str], Function]) -> None:
    with pytest.raises(IndexCalcError, match="IX946"):
        compiled("y[i] = x[i] A[i, 5]")(x=np.ones(3), A=np.ones((3, 5)))
    with pytest.raises(IndexCalcError, match=r"IX951: topk takes the 4 largest of only 3"):
        compiled("y[i] = topk[i, 4](x[i])")(x=np.ones(3))
    with pytest.raises(IndexCalcError, match=r"IX950: max over an empty extent has no value"):
        compiled("y = max[i](x[i])")(x=np.ones(0))
    with pytest.raises(IndexCalcError, match="IX946: a position lies outside of its axis"):
        compiled("integer t[i] : voc\ny[i] = x[t[i] + 1]")(x=np.ones(3), t=np.array([2]))


def test_singular_matrix(compiled: Callable[[str], Function]) -> None:
    with pytest.raises(IndexCalcError, match="IX952: a matrix has no inverse"):
        compiled("Y[i,j] = inv(A)[i,j]")(A=np.zeros((2, 2)))


@pytest.mark.parametrize("layout", ["fortran", "strided", "reversed", "read-only", "transposed"])
def test_any_memory_layout(layout: str, compiled: Callable[[str], Function]) -> None:
    text = "Y[b,i,k] = A[b,i,j] B[b,j,k] / 3\nt[b] = sum[i,j](A[b,i,j] A[b,i,j])\nZ[b,i] = A[b,i,i+1]"
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 4, 5)), rng.standard_normal((2, 5, 3))
    made = {
        "fortran": np.asfortranarray,
        "strided": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
        "reversed": lambda x: x[::-1, :, ::-1].copy()[::-1, :, ::-1],
        "read-only": lambda x: np.broadcast_to(x, x.shape),
        "transposed": lambda x: np.ascontiguousarray(x.T).T,
    }[layout]
    f = compiled(text)
    expected, found = f(A=a, B=b), f(A=made(a), B=made(b))
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(expected["Y"], np.einsum("bij,bjk->bik", a, b) / 3, rtol=1e-13, atol=1e-13)


def test_results_share_no_memory(compiled: Callable[[str], Function]) -> None:
    f = compiled(
        "tensor A[i,j]\nY[i,j] = A[j,i]\nZ[i,j] = Y[i,j]\nw[i] = A[i,0]\nu[i] = A[i,i]\n"
        "E[i,j] = exp(A[i,j])\nF[i,j] = E[j,i]\nH[i,j] = E[i,j]"
    )
    a = np.ones((3, 3))
    found = list(f(A=a).values())
    for n, x in enumerate(found):
        assert not np.shares_memory(x, a)
        assert x.flags.writeable
        assert not any(np.shares_memory(x, y) for y in found[:n])


@pytest.mark.parametrize("backend", ["numpy", "torch", "cpp"])
def test_one_row_by_an_integer_is_not_written_over(backend: str) -> None:
    """`E[t]` with a number t is a view of the input: neither scratch memory nor a result."""
    if backend == "cpp":
        skip_without_compiler()
    else:
        pytest.importorskip(backend)
    program = read_program(
        "index n, k : rows\nindex m : pair\ninteger t[m] : rows\ntensor E[n,k]\nscalar c\n"
        "L = sum[n](2 E[n,n] E[t[1],n])\nr[n] = E[t[0],n]\nx = E[0,1]\nd = c\none = 1\nalso = 1\n"
        "output L, r, x, d, one, also"
    )
    e = np.random.default_rng(0).standard_normal((3, 3))
    given = {"E": e.copy(), "t": np.array([2, 1]), "c": np.array(0.5)}
    if backend == "torch":
        import torch

        given = {n: torch.tensor(a) for n, a in given.items()}
    found = {n: np.asarray(a) for n, a in compile_program(program, backend)(**given).items()}
    np.testing.assert_allclose(found["L"], 2 * np.diag(e) @ e[1], rtol=1e-14)
    np.testing.assert_array_equal(found["r"], e[2])
    assert [float(found[n]) for n in ("x", "d", "one", "also")] == [e[0, 1], 0.5, 1, 1]
    np.testing.assert_array_equal(np.asarray(given["E"]), e)
    mine = [np.asarray(a) for a in given.values()]
    assert not any(np.shares_memory(a, b) for a in found.values() for b in mine)


def test_an_input_may_have_any_name() -> None:
    program = read_program("y[i] = sizes[i] + self[i] + inputs[i] + np[i]")
    x = np.ones(2)
    assert compile_program(program)(**dict.fromkeys(program.inputs, x))["y"].tolist() == [4, 4]


def test_source_stands_alone_and_the_program_pickles() -> None:
    f = compile_program(read_program(TEXT))
    namespace: dict[str, Any] = {}
    exec(f.source, namespace)  # our own text: this is what a user would do with the file
    np.testing.assert_array_equal(namespace["run"](good(lam=np.asarray(2.0)))["y"], f(**good())["y"])
    assert pickle.loads(pickle.dumps(f.program)) == f.program
    assert "indexcalc" not in f.source.replace("# Generated by indexcalc", "")
