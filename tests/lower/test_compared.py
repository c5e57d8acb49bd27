"""What is compared with an element of itself is one number on both sides, however it is computed."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import indexcalc as ic
from indexcalc.backends.cpp.spelling import CPP
from indexcalc.backends.emitter import emit
from indexcalc.backends.function import load
from indexcalc.backends.numpy.emit import NUMPY
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.graph import Contract, Fused
from indexcalc.lower.compared import compared
from indexcalc.lower.fuse import tiles
from indexcalc.lower.program import lower_program
from indexcalc.lower.target import INTERPRETED, Target
from tests.backends import fusing
from tests.backends.cpp.batch import Batch, has_compiler

DECLARED = """index i, j : seq(L)
index d, a : feat(D)
index v : vocab(V)
integer t[i] : vocab
tensor x[i, d], y[j, d], w[j], g[d], E[v, d], W[j, a]
scalar s
"""
SCORES = (
    "x[i, d] y[j, d]",
    "x[i, d] y[j, d] / sqrt(D) + w[j]",
    "-sum[d]((x[i, d] - y[j, d])**2) / 2",
    "sum[d](tanh(x[i, d] + y[j, d]) g[d])",
    "w[i] w[j] + w[j]",
    "w[i] w[j] s",  # symmetric, but not to the last bit if s meets one of them first
    "x[i, d] x[j, d] / sqrt(D)",
)
FORMS = ("S[i, j]", "tanh(S[i, j])", "exp(S[i, j] / 4) + 1", "where(j <= i, S[i, j], -3)", "softmax[j](S[i, j])")
EXTREMES = ("max[j]({0})", "min[j]({0})", "max[i]({0})", "max[i, j]({0})")
OTHERS = ("0", "sum[i, a]((S[i, j] W[j, a])**2)", "sum[i, j](sin(S[i, j]))")
SIZES = {"seq": 37, "feat": 19, "vocab": 5}
BIG = {"L": 2048, "D": 64, "V": 30000}


@st.composite
def gradients(draw):
    """The gradient of a loss that reads an extreme of what a kernel would compute again."""
    extreme = draw(st.sampled_from(EXTREMES)).format(draw(st.sampled_from(FORMS)))
    slots = {"j": "[i]", "i": "[j]", "i, j": ""}[extreme[4 : extreme.index("]")]]
    lines = [f"S[i, j] = {draw(st.sampled_from(SCORES))}", f"m{slots} = {extreme}"]
    loss = f"sum{slots}(sin(m{slots}))" if slots else "sin(m)"
    lines.append(f"loss = {loss} + {draw(st.sampled_from(OTHERS))}")
    program = ic.parse(f"{DECLARED}{chr(10).join(lines)}\noutput loss")
    read = [n for n in ("x", "y", "w") if any(f"{n}[" in line for line in lines)]
    return ic.grad(program, read, with_value=True)


def decided(program):
    return {name: size for name, size in BIG.items() if any(s.extent == name for s in program.spaces)}


def arrays_of(program, seed):
    rng = np.random.default_rng(seed)
    shapes = {n: [SIZES[s.name] for s in t.spaces] for n, t in program.inputs.items()}
    return {
        n: rng.integers(0, SIZES["vocab"], shapes[n]) if t.is_integer else rng.standard_normal(shapes[n])
        for n, t in program.inputs.items()
    }


def known_sizes(program):
    return {s.name: SIZES[s.name] for s in program.spaces if s.name in SIZES}


def assert_close(found, wanted):
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        scale = max(1, np.abs(value).max())
        np.testing.assert_allclose(found[name], value, rtol=1e-10, atol=1e-10 * scale, err_msg=name)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(gradients(), st.integers(0, 3))
def test_gradients_of_extremes_find_where_these_are_taken(program, seed):
    arrays, sizes = arrays_of(program, seed), known_sizes(program)
    wanted = run_outputs(program, arrays, sizes)
    with mock.patch.object(tiles, "SIZES", (2, 4, 8)):
        graph = lower_program(program, sizes=decided(program), target=fusing.TILING_SPELLING.target)
    text = emit(program, graph, NUMPY)
    read = {name: SIZES[space.name] for name, space in text.sizes.items()}
    assert_close(load(text.source, "<test>")(arrays, read), wanted)


@pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")
@settings(deadline=None, max_examples=1, suppress_health_check=list(HealthCheck))
@given(st.lists(gradients(), min_size=12, max_size=12))
def test_gradients_of_extremes_in_cpp(programs):
    named = {str(n): program for n, program in enumerate(programs)}
    graphs = {n: lower_program(p, sizes=decided(p), target=CPP.target) for n, p in named.items()}
    batch = Batch(named, "float64", ("-O1",), graphs)
    for name, program in named.items():
        arrays, sizes = arrays_of(program, 0), known_sizes(program)
        assert_close(batch.run(name, arrays, sizes), run_outputs(program, arrays, sizes))


def fused_graph(text, wrt=None):
    program = ic.parse(DECLARED + text)
    program = program if wrt is None else ic.grad(program, wrt, with_value=True)
    decisions = []
    sizes = decided(program)
    graph = lower_program(program, sizes=sizes, target=Target(machine=INTERPRETED), decisions=decisions, check=True)
    return graph, [d.text for d in decisions]


EXTREME = "S[i, j] = x[i, d] y[j, d]\nm[i] = max[j]({0})\nloss = sum[i](sin(m[i]))\noutput loss"


def test_a_product_that_is_compared_with_its_maximum_is_stored_and_said_to_be():
    graph, told = fused_graph(EXTREME.format("tanh(S[i, j])"), "x")
    assert ["L", "L"] in [[x.space.extent for x in v.axes] for v in graph if isinstance(v.operation, Contract)]
    assert "t0: stored, since elements of it are compared with each other" in told


def test_a_maximum_alone_is_taken_of_what_is_never_stored():
    graph, told = fused_graph(EXTREME.format("tanh(S[i, j])"))
    assert any(isinstance(v.operation, Fused) for v in graph)
    assert not any("stored, since" in line for line in told)


def test_what_elementwise_functions_make_of_arrays_may_be_computed_twice():
    _, told = fused_graph("m[i] = max[j](w[i] w[j] + w[j])\nloss = sum[i](sin(m[i]))\noutput loss", "w")
    assert not any("stored, since" in line for line in told)


READ = "z[i, v] = x[i, d] E[v, d]\nc[i] = where({0}, 1, 0)\noutput c"


def test_what_is_read_at_positions_is_not_computed_there_if_it_is_compared_with_the_rest():
    """A top prediction: the score of the label is the largest one or not."""
    _, told = fused_graph(READ.format("z[i, t[i]] >= max[v](z[i, v])"))
    assert not any("computed where it is read" in line for line in told)
    program = ic.parse(DECLARED + READ.format("z[i, t[i]] >= max[v](z[i, v])"))
    arrays = arrays_of(program, 0)
    arrays["t"] = np.argmax(arrays["x"] @ arrays["E"].T, axis=1)
    assert (ic.compile(program, sizes=decided(program))(**arrays)["c"] == 1).all()
    _, told = fused_graph(READ.format("z[i, t[i]] >= w[i]"))
    assert any("computed where it is read" in line for line in told)


def test_common_values_are_the_last_of_a_chain():
    graph, _ = fused_graph(EXTREME.format("tanh(-S[i, j])"))
    assert compared(graph) == frozenset()
    program = ic.grad(ic.parse(DECLARED + EXTREME.format("tanh(-S[i, j])")), "x")
    plain = lower_program(program, stop_after="lowering")
    found = [v for v in plain if v.number in compared(plain)]
    assert [getattr(v.operation, "function", "") for v in found] == ["tanh"]
