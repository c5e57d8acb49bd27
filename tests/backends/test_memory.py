"""Calls that do not fit into memory are refused before they run, once for each signature."""

import tracemalloc

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.backends import function, lowered, memory

OUTER = "index i, j : n(N)\nD[i, j] = x[i] - x[j]\nE[i, j] = exp(D[i, j]) y[j, i]\noutput E"
MIB = 2**20


def given(n):
    return {"x": np.ones(n), "y": np.ones((n, n))}


def test_a_call_that_needs_more_than_there_is(monkeypatch):
    run = ic.compile(OUTER, without="fuse,fuse-rows")
    monkeypatch.setattr(memory, "free_host_memory", lambda: 20 * MIB)
    monkeypatch.setattr("indexcalc.backends.numpy.runtime.free_host_memory", lambda: 20 * MIB)
    arrays = given(2048)
    tracemalloc.start()
    with pytest.raises(
        ic.IndexCalcError, match=r"needs 32\.0 MiB beside its inputs, most of it for `\w`, .* room for 20"
    ) as caught:
        run(**arrays)
    assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    tracemalloc.stop()
    assert caught.value.diagnostics[0].code == "IX959"
    assert run(**given(512))["E"].shape == (512, 512)


def test_the_environment_sets_the_limit(monkeypatch):
    run, arrays = ic.compile(OUTER, without="fuse,fuse-rows"), given(300)
    monkeypatch.setenv("INDEXCALC_MEMORY", "700 kB")
    with pytest.raises(ic.IndexCalcError, match=r"needs 703\.1 KiB .* INDEXCALC_MEMORY allows 683\.6 KiB"):
        run(**arrays)
    monkeypatch.setenv("INDEXCALC_MEMORY", "720 kB")
    assert run(**arrays)["E"].shape == (300, 300)
    monkeypatch.setenv("INDEXCALC_MEMORY", "plenty")
    with pytest.raises(ic.IndexCalcError, match="'plenty', which is no amount of memory"):
        run(**given(301))


def test_results_for_which_there_are_arrays_count_for_nothing(monkeypatch):
    run = ic.compile("index i, j : n(N)\nC[i, j] = A[i, k] B[k, j]")
    monkeypatch.setenv("INDEXCALC_MEMORY", "100 kB")
    arrays = {"A": np.ones((200, 2)), "B": np.ones((2, 200))}
    with pytest.raises(ic.IndexCalcError, match="IX959"):
        run(**arrays)
    out = {"C": np.empty((200, 200))}
    assert (run(**arrays, out=out)["C"] == 2).all()


def test_it_is_asked_once_for_a_signature(monkeypatch):
    asked = []
    monkeypatch.setattr(function, "check_memory", lambda *_, **options: asked.append(options))
    run = ic.compile(OUTER)
    for n in (3, 3, 4, 3, 4):
        run(**given(n))
    assert len(asked) == 2


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_elements_have_their_own_size(dtype, monkeypatch):
    width = np.dtype(dtype).itemsize
    run = ic.compile("index i, j : n(N)\nC[i, j] = x[i] + x[j]")
    monkeypatch.setenv("INDEXCALC_MEMORY", str(100 * 100 * width))
    assert run(x=np.ones(100, dtype))["C"].dtype == dtype
    with pytest.raises(ic.IndexCalcError, match="IX959"):
        run(x=np.ones(101, dtype))


def test_values_that_a_reader_computes_need_not_fit(monkeypatch):
    """C++ computes D where it is read, and holds E alone."""
    program = ic.parse(OUTER)
    graph, context = lowered(program, sizes={"N": 300}, without=("fuse", "fuse-rows"))
    monkeypatch.setenv("INDEXCALC_MEMORY", "720 kB")
    sizes, larger = (dict.fromkeys(context.sizes, n) for n in (300, 301))
    memory.check_memory(program, lambda: graph, sizes, ["float64"], lambda: None, inlines=True)
    with pytest.raises(ic.IndexCalcError, match="IX959"):
        memory.check_memory(program, lambda: graph, larger, ["float64"], lambda: None, inlines=True)


def test_what_is_free():
    free = memory.free_host_memory()
    assert free is None or 0 < free < 2**50
