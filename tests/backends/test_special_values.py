"""Infinities, NaN, huge and tiny numbers go through every backend as through the interpreter.

What differs is documented in docs/backends.md, and tested here as well.
"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from indexcalc.interpret.run import run_outputs

from .everywhere import BACKENDS, COMPILER, Everywhere, arrays_for, assert_same, programs

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
EVERYWHERE = Everywhere()
NAMES = list(programs())
NAN = [n for n in NAMES if "causal" not in n]
# Infinite inputs: values, and gradients where no infinity meets a 0 that another form of the formula does not have.
INFINITE = [n for n in NAMES if n not in {"causal", "causal'", "distances", "distances'", "gated'", "attention'"}]
FINITE = [800.0, -800.0, 5e-324, 1e-308, -1e-310, 0.0, -0.0]
HUGE = ["layer norm", "root mean square", "softmax", "functions", "gelu", "reductions", "cumsum", "matmul"]
# torch.softmax gives NaN to the whole row of an infinity: see below.
SOFTMAX = {"softmax", "softmax'", "cross entropy'", "attention"}


def with_values(name, values, seed):
    """Noise with some of the values in some places of each input."""
    rng = np.random.default_rng(seed)
    arrays = arrays_for(EVERYWHERE.programs[name], 5, 4, seed)
    for array in arrays.values():
        if array.dtype.kind == "f" and rng.random() < 0.7:
            for _ in range(rng.integers(1, 3)):
                array.flat[rng.integers(array.size)] = rng.choice(values)
    return arrays


def check(name, backend, arrays):
    assert_same(EVERYWHERE.run(name, backend, arrays), run_outputs(EVERYWHERE.programs[name], arrays), name)


SEEDS = st.integers(0, 10**6)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=30)
@given(name=st.sampled_from(NAN), seed=SEEDS)
def test_nan(backend, name, seed):
    check(name, backend, with_values(name, [np.nan], seed))


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=30)
@given(name=st.sampled_from(NAMES), seed=SEEDS)
def test_what_overflows_in_exponentials_and_what_is_denormal(backend, name, seed):
    check(name, backend, with_values(name, FINITE, seed))


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=30)
@given(name=st.sampled_from(INFINITE), seed=SEEDS, sign=st.sampled_from([1, -1]))
def test_infinities(backend, name, seed, sign):
    assume(backend != "torch" or name not in SOFTMAX)
    arrays = arrays_for(EVERYWHERE.programs[name], 5, 4, seed)
    rng = np.random.default_rng(seed)
    array = rng.choice(sorted(n for n, a in arrays.items() if a.dtype.kind == "f"))
    arrays[array].flat[rng.integers(arrays[array].size)] = sign * np.inf
    check(name, backend, arrays)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=20)
@given(name=st.sampled_from(HUGE), seed=SEEDS, value=st.sampled_from([1e160, -1e160, 1e300, -1e300]))
def test_one_huge_number(backend, name, seed, value):
    arrays = arrays_for(EVERYWHERE.programs[name], 5, 4, seed)
    arrays["X"].flat[seed % 20] = value
    check(name, backend, arrays)


def test_torch_has_a_row_with_plus_infinity_all_nan_in_softmax():
    pytest.importorskip("torch")
    arrays = arrays_for(EVERYWHERE.programs["softmax"], 2, 4)
    arrays["X"][0, 1] = np.inf
    found = EVERYWHERE.run("softmax", "torch", arrays)["Y"]
    wanted = run_outputs(EVERYWHERE.programs["softmax"], arrays)["Y"]
    assert np.isnan(found[0]).all()
    assert np.isnan(wanted[0]).tolist() == [False, True, False, False]
    np.testing.assert_allclose(found[1], wanted[1], rtol=1e-12)


@pytest.mark.parametrize("backend", ["numpy kernels", pytest.param("cpp kernels", marks=COMPILER)])
def test_kernels_do_not_read_what_a_mask_excludes(backend):
    """The interpreter has 0 · NaN there, which is NaN."""
    arrays = arrays_for(EVERYWHERE.programs["causal"], 7, 4)
    arrays["V"][6] = np.nan
    found = EVERYWHERE.run("causal", backend, arrays)["O"]
    wanted = run_outputs(EVERYWHERE.programs["causal"], arrays)["O"]
    assert np.isnan(wanted).all()
    assert np.isfinite(found[:3]).all()
    assert np.isnan(found[6]).all()
