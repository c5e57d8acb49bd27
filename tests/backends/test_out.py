"""Results in the caller's arrays."""

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.backends.base import BACKENDS
from indexcalc.diagnostics import IndexCalcError

from .cpp.batch import skip_without_compiler

TEXT = """
index i, j : seq(L)
index d : feat(D)
S[i, j] = Q[i, d] K[j, d]
P[i, j] = softmax[j](where(j <= i, S[i, j], -inf))
O[i, d] = P[i, j] V[j, d]
total = sum[i](x[i])
z[i] = x[i]
output O, total, z
"""
SIZES = {"L": 4096, "D": 8}


@pytest.fixture(scope="module", params=["numpy", "cpp"])
def f(request):
    if request.param == "cpp":
        skip_without_compiler()
    return ic.compile(TEXT, request.param, sizes=SIZES)


def arrays(length=70):
    rng = np.random.default_rng(0)
    return {n: rng.standard_normal((length, 8)) for n in "QKV"} | {"x": rng.standard_normal(length)}


def test_results_are_written_to_the_given_arrays(f):
    wanted = f(**arrays())
    whole, total, copied = np.full((2, 70, 8), np.nan), np.empty(()), np.empty(140)[::2]
    found = f(**arrays(), out={"O": whole[1], "total": total, "z": copied})
    assert found["total"] is total and found["z"] is copied and np.shares_memory(found["O"], whole)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12)
    np.testing.assert_allclose(whole[1], wanted["O"], rtol=1e-12)
    assert np.isnan(whole[0]).all()


def test_a_kernel_makes_its_results_there():
    text = ic.compile(TEXT, sizes=SIZES).source
    assert "y_0=out.get('O')" in text


def test_sums_start_anew_in_a_used_array():
    """Gradients that tiles add up do not add to what was in the array."""
    program = ic.grad(ic.parse(TEXT.replace("output O, total, z", "output O")), "Q,K,V")
    f = ic.compile(program, sizes=SIZES)
    given = arrays() | {"grad_O": np.ones((70, 8))}
    wanted, used = f(**given), np.full((70, 8), 7.0)
    found = f(**given, out={"grad_K": used})
    assert found["grad_K"] is used
    np.testing.assert_array_equal(used, wanted["grad_K"])


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ([], "no dict of arrays"),
        ({"o": np.empty((70, 8))}, "names 'o', which is no output"),
        ({"O": [1.0]}, "list for `O`, not a NumPy array"),
        ({"O": np.empty((70, 7))}, r"shape \(70, 7\) for `O`, which is \(70, 8\)"),
        ({"O": np.empty((70, 8), np.float32)}, "type float32 for `O`, which is float64"),
        ({"O": np.broadcast_to(np.empty(8), (70, 8))}, "is read-only"),
        ({"z": np.lib.stride_tricks.as_strided(np.empty(1), (70,), (0,))}, "elements that share memory"),
    ],
)
def test_what_cannot_take_a_result_is_refused(f, out, message):
    with pytest.raises(IndexCalcError, match=message) as caught:
        f(**arrays(), out=out)
    assert [d.code for d in caught.value.diagnostics] == ["IX961"]


def test_no_input_is_written_over(f):
    given = arrays()
    with pytest.raises(IndexCalcError, match="`O` shares memory with `K`"):
        f(**given, out={"O": given["K"][::-1]})
    place = np.empty((71, 8))
    with pytest.raises(IndexCalcError, match="`z` shares memory with `O`"):
        f(**given, out={"O": place[1:], "z": place.reshape(-1)[8:78]})


def test_columns_beside_an_input_are_no_overlap(f):
    given = arrays()
    both = np.zeros((70, 16))
    both[:, ::2] = given["K"]
    given["K"] = both[:, ::2]
    found = f(**given, out={"O": both[:, 1::2]})
    np.testing.assert_allclose(both[:, 1::2], f(**arrays())["O"], rtol=1e-12)
    assert np.shares_memory(found["O"], both)


def test_an_input_called_out_stays_one():
    f = ic.compile("y[i] = 2 out[i]")
    np.testing.assert_array_equal(f(out=np.arange(3.0))["y"], [0, 2, 4])


def test_torch_tensors():
    torch = pytest.importorskip("torch")
    assert "torch" in BACKENDS
    f = ic.compile("y[i] = 2 x[i]", "torch")
    place, x = torch.empty(3, dtype=torch.float64), torch.arange(3.0, dtype=torch.float64)
    assert f(x=x, out={"y": place})["y"] is place and place.tolist() == [0, 2, 4]
    with pytest.raises(IndexCalcError, match="shares memory with `x`"):
        f(x=x, out={"y": x})
    with pytest.raises(IndexCalcError, match="requires a gradient"):
        f(x=x, out={"y": place.requires_grad_()})


def test_an_empty_array_takes_an_empty_result(f):
    """NumPy gives it strides of 0."""
    given = {n: np.zeros((70, 0)) for n in "QKV"} | {"x": np.ones(70)}
    out = {"O": np.empty((70, 0))}
    assert not out["O"].strides[0]
    found = f(**given, out=out)
    assert found["O"] is out["O"] and found["total"] == 70
