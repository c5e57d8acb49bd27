"""Products over several statements: the order found, what is kept, and the values against the interpreter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexcalc.backends import compile_program
from indexcalc.cost.measure import cost
from indexcalc.elaborate.read import read_program
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.graph import Contract, Graph
from indexcalc.lower.passes import Decision
from indexcalc.lower.program import lower_program

HEAD = "index i, j, k, l : n(60)\nindex r : rank(3)\nindex b : batch(40)\n"


def lowered(text: str, *, without: tuple[str, ...] = ()) -> tuple[Graph, list[str]]:
    told: list[Decision] = []
    graph = lower_program(read_program(HEAD + text), without=without, decisions=told)
    return graph, [d.text for d in told if d.by == "contraction-order"]


def multiplications(graph: Graph) -> int:
    labels = [{x for o in v.operands for x in o.labels} for v in graph if isinstance(v.operation, Contract)]
    return sum(int(np.prod([int(x.space.extent) for x in own])) for own in labels)  # type: ignore[arg-type]


LOW_RANK = "W[i, j] = A[i, r] B[r, j]\ny[b, j] = x[b, i] W[i, j]\n"


def test_low_rank_factors_are_applied_one_after_the_other() -> None:
    graph, told = lowered(LOW_RANK + "output y")
    assert multiplications(graph) == 2 * 40 * 60 * 3
    assert multiplications(lowered(LOW_RANK + "output y", without=("contraction-order",))[0]) == 60 * 60 * (3 + 40)
    (text,) = told
    assert text.startswith("y of x, A, B: ") and "2.88e+04 FLOPs of 1.3e+06 in one loop" in text
    assert "largest intermediate 120 elements" in text


def test_a_shared_product_is_kept_and_read_past() -> None:
    graph, _ = lowered(LOW_RANK + "z[i, j] = W[i, j] + 1\noutput y, z")
    assert multiplications(graph) == 2 * 40 * 60 * 3 + 60 * 60 * 3


def test_what_would_not_gain_stays_as_written() -> None:
    text = "u[b, j] = x[b, i] A[i, j]\ny[b, k] = u[b, j] C[j, k]\noutput y"
    graph, told = lowered(text)
    assert [v.operation for v in graph] == [v.operation for v in lowered(text, without=("contraction-order",))[0]]
    assert "as written" in told[0]


def test_a_vector_is_multiplied_first_through_signs_and_scalars() -> None:
    text = "U[i, k] = A[i, j] C[j, k]\nV[i, l] = -U[i, k] D[k, l] / 3\ny[i] = 2 s V[i, l] x[l]\noutput y"
    graph, _ = lowered(text)
    assert multiplications(graph) == 3 * 60 * 60


def test_factors_that_lack_the_summed_index_move_out() -> None:
    text = "U[i, j] = A[i, j] x[i]\ny[i] = U[i, j] z[j]\noutput y"
    graph, _ = lowered(text)
    assert not any(len(v.axes) == 2 and v.operands for v in graph)


def test_nothing_is_read_again_from_before_what_is_computed_again() -> None:
    program = replace(read_program(HEAD + LOW_RANK + "output y"), recomputed=("y",))
    assert multiplications(lower_program(program)) == 60 * 60 * (3 + 40)


def test_functions_and_shared_values_end_a_tree() -> None:
    graph, told = lowered("U[i, k] = exp(A[i, j] C[j, k])\ny[i] = U[i, k] x[k]\noutput y")
    assert told == [] and multiplications(graph) == 60**3 + 60**2


SHAPES = {"A": "ij", "B": "jk", "C": "ik", "x": "i", "z": "k", "s": "", "T": "ijk"}
EXTENTS = {"i": 5, "j": 12, "k": 30}


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Statements of products of inputs and of what was defined before, with signs, numbers and sums."""
    known = dict(SHAPES)
    lines = [f"index {x} : space_{x}({n})" for x, n in EXTENTS.items()]
    for n in range(draw(st.integers(2, 4))):
        names = [draw(st.sampled_from(sorted(SHAPES))) for _ in range(draw(st.integers(1, 2)))]
        names += [f"v{n - 1}"] if n else []
        present = sorted({x for name in names for x in known[name]})
        out = "".join(draw(st.sets(st.sampled_from(present))) if present else "")
        body = " ".join(f"{name}[{', '.join(known[name])}]" if known[name] else name for name in names)
        body = draw(st.sampled_from(["", "-", "2 ", "-3 "])) + body
        summed = ", ".join(x for x in present if x not in out)
        body = f"sum[{summed}]({body})" if summed else body
        lines.append(f"v{n}[{', '.join(out)}] = {body}" if out else f"v{n} = {body}")
        known[f"v{n}"] = out
    return "\n".join([*lines, f"output v{n}" + draw(st.sampled_from(["", ", v0"]))])


@settings(max_examples=80, deadline=None)
@given(programs(), st.sampled_from([{}, {"i": 1}, {"j": 0}, {"i": 1, "k": 1}]))
def test_like_the_interpreter(text: str, changed: dict[str, int]) -> None:
    extents = EXTENTS | changed
    for x, n in EXTENTS.items():
        text = text.replace(f"space_{x}({n})", f"space_{x}({extents[x]})")
    program = read_program(text)
    rng = np.random.default_rng(0)
    arrays = {n: rng.standard_normal([extents[x] for x in SHAPES[n]]) for n in program.inputs}
    found = compile_program(program)(**arrays)
    for name, expected in run_outputs(program, arrays).items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("text", [LOW_RANK + "output y", "U[i,k] = A[i,j] C[j,k]\ny[i] = U[i,k] x[k]\noutput y"])
def test_the_cost_that_users_see_falls(text: str) -> None:
    plain = lower_program(read_program(HEAD + text), without=("contraction-order",))
    assert cost(read_program(HEAD + text), {}).multiplications < multiplications(plain) / 4
