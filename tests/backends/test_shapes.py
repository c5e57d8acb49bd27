"""One compiled function on arrays of all sizes and layouts, on every backend."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.interpret.run import run_outputs

from .everywhere import BACKENDS, BIG, COMPILER, Everywhere, arrays_for, assert_same, programs

NAMES = list(programs())
SIZES = [(0, 3), (1, 3), (3, 1), (1, 1), (7, 4), (4, 3), (3, 7), (6, 2)]
WITHOUT_KERNELS = {"matmul", "matmul'", "cumsum", "passed through", "reductions"}


@pytest.fixture(scope="module")
def everywhere():
    return Everywhere()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_all_sizes(name, backend, everywhere):
    """Empty and single extents, too, with no text made anew."""
    program = everywhere.programs[name]
    for number, (length, width) in enumerate(SIZES):
        if name == "passed through" and not length:
            continue  # X[0,d] has no element then
        arrays = arrays_for(program, length, width, number)
        assert_same(everywhere.run(name, backend, arrays), run_outputs(program, arrays), f"L={length}, D={width}")


def test_the_kernels_of_these_tests_are_kernels(everywhere):
    assert {n for n in NAMES if not everywhere.has_kernels(n)} == WITHOUT_KERNELS


def fortran(x):
    return np.asfortranarray(x)


def reversed_(x):
    return np.flip(np.flip(x).copy())


def spread(x):
    """Each axis has steps of two and three elements."""
    wide = np.zeros(tuple(2 * n + 1 for n in x.shape))
    view = wide[tuple(slice(1, None, 2) for _ in x.shape)]
    view[...] = x
    return view


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def repeated(x):
    """Every row is the first one, in its memory."""
    return np.broadcast_to(x[:1], x.shape)


LAYOUTS = [fortran, reversed_, spread, read_only, repeated]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_all_layouts(backend, layout, everywhere):
    """Inputs stay as they are, and results share no memory with them or with each other."""
    for name, program in everywhere.programs.items():
        arrays = arrays_for(program, 5, 4)
        arrays = {n: layout(a) if a.dtype.kind == "f" else a[::-1] for n, a in arrays.items()}
        before = {n: a.copy() for n, a in arrays.items()}
        found = everywhere.run(name, backend, arrays)
        assert_same(found, run_outputs(program, before), name)
        for n, a in arrays.items():
            np.testing.assert_array_equal(a, before[n], err_msg=f"{name} writes to {n}")
        owners = [*arrays.values(), *found.values()]
        for k, result in enumerate(found.values(), len(arrays)):
            assert not any(np.shares_memory(result, other) for other in owners[:k]), name


@pytest.mark.parametrize("backend", ["numpy", "torch", "cpp"])
@pytest.mark.parametrize("name", ["attention'", "layer norm'", "cross entropy'"])
def test_extents_stay_symbols_in_the_text(name, backend):
    """Sizes may choose between forms, but no number of theirs gets into the text."""
    program = programs()[name]
    texts = {ic.emit(program, backend, sizes=sizes, without="fuse,fuse-rows") for sizes in (BIG, {"L": 4099, "D": 67})}
    assert len(texts) == 1


@pytest.mark.parametrize("backend", ["numpy", "torch", pytest.param("cpp", marks=COMPILER)])
def test_four_threads_call_one_function(backend):
    program = programs()["softmax"]
    f = ic.compile(program, backend)
    convert = pytest.importorskip("torch").from_numpy if backend == "torch" else np.asarray
    given = [arrays_for(program, 3 + k % 5, 4, k) for k in range(32)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda a: f(**{n: convert(x) for n, x in a.items()}), given))
    for result, arrays in zip(found, given):
        assert_same({n: np.asarray(x) for n, x in result.items()}, run_outputs(program, arrays))
