"""Programs whose values are fused into kernels, as C++, give what the interpreter gives."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.backends.cpp.spelling import CPP
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.graph import Fused
from indexcalc.lower.program import lower_program
from tests.lower.fusion import CASES, arrays_of

from .batch import Batch

TOGETHER = [(name, backward) for name, c in CASES.items() for backward in ((False, True) if c.by else (False,))]


def program_of(name: str, backward: bool) -> ic.Program:
    case = CASES[name]
    program = ic.parse(case.text)
    return ic.grad(program, case.by, with_value=True) if backward else program


@pytest.fixture(scope="module")
def doubles() -> Batch:
    """Decided on at sizes where fusion pays, run at small ones."""
    programs = {f"{name} {backward}": program_of(name, backward) for name, backward in TOGETHER}
    graphs = {
        f"{name} {backward}": lower_program(programs[f"{name} {backward}"], sizes=CASES[name].big, target=CPP.target)
        for name, backward in TOGETHER
    }
    kernels = [sum(isinstance(v.operation, Fused) for v in graph) for graph in graphs.values()]
    assert sum(k > 0 for k in kernels) > len(kernels) / 2
    return Batch(programs, "float64", ("-O0",), graphs)


@pytest.mark.parametrize(("name", "backward"), TOGETHER)
def test_fused_programs(name: str, backward: bool, doubles: Batch) -> None:
    case = CASES[name]
    program = program_of(name, backward)
    for seed, sizes in enumerate(case.small):
        given = arrays_of(program, sizes, case, seed)
        found = doubles.run(f"{name} {backward}", given, {})
        for output, value in run_outputs(program, given).items():
            np.testing.assert_allclose(found[output], value, rtol=1e-10, atol=1e-10, err_msg=f"{output} {sizes}")


def test_kernels_that_differ_in_names_share_a_function() -> None:
    program = ic.parse("""
        index i, j, p, q : rows(N)
        a[i, j] = softmax[j](x[i, j])
        b[p, q] = softmax[q](y[p, q])
    """)
    text = ic.emit(program, "cpp", sizes={"N": 2000})
    assert (text.count("static int kernel_"), text.count("stopped = kernel_0(")) == (1, 2)
