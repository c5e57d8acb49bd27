"""Random programs, fused in each style whatever it costs, give what the interpreter gives at extents of many tiles."""

import os
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexcalc.interpret.run import prepare, run_outputs
from indexcalc.lower.fuse import alone, plan
from indexcalc.lower.program import lower_program

from .graph_meaning import run_graph
from .programs import programs
from .test_fuse import TARGET, with_tiles
from .test_random_programs import DECIDED, EXTENTS, arrays, assert_close, sizes_of

COUNT = 300 if os.environ.get("HYPOTHESIS_PROFILE") == "fuzz" else 12


@pytest.mark.parametrize("style", [s.name for s in plan.STYLES])
def test_every_style_gives_what_the_interpreter_gives(style):
    @settings(deadline=None, max_examples=COUNT, suppress_health_check=list(HealthCheck))
    @given(programs(), st.sampled_from(EXTENTS), st.integers(0, 3), st.sampled_from((2, 3, 100)))
    def check(program, extents, seed, tile):
        inputs = arrays(program, extents, seed)
        sizes = sizes_of(program, extents)
        _, bound = prepare(program, inputs, sizes)
        graph = fused_anyhow(program, style)
        spaces = {x.space for value in graph for x in value.axes}
        bound |= {space: extents[space.extent] for space in spaces if space not in bound}
        assert_close(run_graph(with_tiles(graph, tile), inputs, bound), run_outputs(program, inputs, sizes))

    check()


def fused_anyhow(program, style):
    """The graph with kernels wherever some can be made."""
    chosen = [s for s in plan.STYLES if s.name == style]
    sizes = {name: size for name, size in DECIDED.items() if any(s.extent == name for s in program.spaces)}
    with (
        mock.patch.object(plan, "STYLES", chosen),
        mock.patch.object(plan, "SLOWER", np.inf),
        mock.patch.object(plan, "_keeps_alone", lambda *_: False),
        mock.patch.object(plan, "GAIN", np.inf),
        mock.patch.object(alone, "ALONE", 1e6),
    ):
        return lower_program(program, sizes=sizes, target=TARGET, check=True)
