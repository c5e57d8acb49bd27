"""Whole programs with kernels as NumPy text against the interpreter."""

import numpy as np
import pytest

from indexcalc.backends.emitter import emit
from indexcalc.backends.function import load
from indexcalc.backends.numpy.emit import NUMPY
from indexcalc.interpret.run import run_outputs
from indexcalc.lower.fuse import plan
from indexcalc.lower.program import lower_program
from tests.backends.kernel_runs import THRESHOLD
from tests.lower.fusion import CASES, arrays_of
from tests.lower.test_fuse import kernels_of, program_of, with_tiles

TEXTS = [(n, b) for n, c in CASES.items() for b in ((False, True) if c.by else (False,))]


@pytest.mark.parametrize(("name", "backward"), TEXTS)
def test_fused_text_gives_what_the_interpreter_gives(name, backward, monkeypatch):
    monkeypatch.setattr(plan, "SLOWER", float("inf"))  # kernels whatever they cost
    monkeypatch.setattr(plan, "LARGE", 0)
    case = CASES[name]
    program = program_of(case, backward)
    graph = lower_program(program, sizes=case.big, target=NUMPY.target)
    assert kernels_of(graph)
    for tile in (3, 100):
        source = emit(program, with_tiles(graph, tile), NUMPY).source
        assert THRESHOLD in source
        runs = [load(text, "<test>") for text in (source, source.replace(THRESHOLD, "effort < 0"))]
        for sizes in case.small:
            arrays = arrays_of(program, sizes, case)
            wanted = run_outputs(program, arrays)
            for run in runs:
                found = run(arrays, sizes)
                for output, value in wanted.items():
                    assert found[output].dtype == np.float64
                    np.testing.assert_allclose(
                        found[output], value, rtol=1e-10, atol=1e-10, err_msg=f"{output} {sizes}"
                    )
