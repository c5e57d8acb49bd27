"""Whole programs through the interpreter: what comes back, what is refused, and batches of evaluations."""

from __future__ import annotations

import numpy as np
import pytest

from indexcalc.diagnostics import IndexCalcError
from indexcalc.interpret.run import claim_sides, prepare, run, run_outputs, run_stored
from indexcalc.interpret.value import Stored
from indexcalc.ir.build import index_sum, lift
from indexcalc.ir.expr import Access, Apply, Extent, IndexMap
from indexcalc.ir.index import Index, Space
from indexcalc.ir.program import Claim, Define, FunctionDefinition, Metric, Program, Tensor

V, M = Space("vocab", "V"), Space("model", "M")
t, v, m = Index("t", Space("time", "T")), Index("v", V), Index("m", M)
TOKENS = Tensor("tok", (t,), values=V)


def program() -> Program:
    """h = E[tok]; p = softmax(h Eᵀ); a scalar function and an extent besides."""
    h = Define("h", (t, m), Apply("scaled", (Access("E", (Access("tok", (t,)), m)),)))
    logits = index_sum(Access("h", (t, m)) * Access("E", (v, m)), (m,))
    p = Define("p", (t, v), IndexMap("softmax", logits, (v,)))
    n = Define("n", (), Extent(V))
    scaled = FunctionDefinition("scaled", ("x",), Access("x", ()) * Access("s", ()))
    tensors = (Tensor("E", (v, m)), TOKENS, Tensor("s"))
    return Program((t, v, m), tensors, (scaled,), (), (h, p, n), ("p", "n"))


def arrays() -> dict[str, object]:
    rng = np.random.default_rng(0)
    return {"E": rng.normal(size=(5, 3)).astype("float32"), "tok": np.array([4, 0, 0, 2]), "s": 0.5}


def test_definitions_and_outputs() -> None:
    given = arrays()
    found = run(program(), given)
    embedding = np.asarray(given["E"], dtype=float)
    h = 0.5 * embedding[given["tok"]]
    raised = np.exp(h @ embedding.T)
    np.testing.assert_allclose(found["p"], raised / raised.sum(1, keepdims=True), rtol=1e-14)
    assert list(found) == ["h", "p", "n"] and found["n"] == 5
    assert all(a.dtype == np.float64 for a in found.values())
    outputs = run_outputs(program(), given)
    assert list(outputs) == ["p", "n"] and np.array_equal(outputs["p"], found["p"])


def test_results_are_arrays_of_their_own() -> None:
    body = Define("y", (t, m), Access("x", (t,)))  # broadcasts
    found = run(Program((t, m), (Tensor("x", (t,)),), statements=(body,), outputs=("y",)), {"x": np.ones(2)}, {"M": 3})
    found["y"][0, 0] = 7
    assert found["y"].tolist() == [[7, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tok": np.array([4.0, 0, 0, 2])}, "IX949: `tok` holds integers, but its array is of type float64"),
        ({"tok": np.array([4, 0, 5, 2])}, "(?s)IX948: `tok` holds the value 5, .*of size 5.*from 0 to 4"),
        ({"tok": np.array([4, -1, 0, 2])}, "IX948: `tok` holds the value -1"),
        ({"s": np.array("a")}, "IX949: an array of numbers is needed, not one of type <U1"),
        ({"s": np.ones(2)}, "IX943: `s` has 0 slots, but its array has 1 dimension"),
        ({"z": 1}, "IX942: the program has no input `z`"),
    ],
)
def test_refusals(changed: dict[str, object], message: str) -> None:
    with pytest.raises(IndexCalcError, match=message):
        run(program(), {**arrays(), **changed})


def test_a_batch_is_the_same_as_one_evaluation_after_the_other() -> None:
    rng = np.random.default_rng(1)
    space = Space("batch")
    tensors, sizes = prepare(program(), arrays())
    many = rng.normal(size=(5, 3, 6))
    batched = run_stored(program(), {**tensors, "E": Stored(many, (Index("#", space),))}, {**sizes, space: 6})
    for number in range(6):
        alone = run(program(), {**arrays(), "E": many[..., number]})
        for name in ("h", "p"):
            np.testing.assert_allclose(batched[name].array[..., number], alone[name], rtol=1e-13)
    assert batched["n"].extra == ()


def test_sides_of_a_claim_share_their_axes() -> None:
    claim = Claim(Access("x", (t,)) * Access("y", (m,)), lift(0))
    p = Program((t, m), (Tensor("x", (t,)), Tensor("y", (m,))), statements=(claim,))
    tensors, sizes = prepare(p, {"x": np.ones(2), "y": np.arange(3.0)})
    left, right = claim_sides(p, claim, tensors, sizes)
    assert left.shape == right.shape == (3, 2) and left[:, 0].tolist() == [0, 1, 2]


def test_with_a_metric_an_array_holds_one_kind_of_components() -> None:
    up, down = Access("x", (t,), "^"), Access("x", (t,), "_")
    g = Metric("g", t.space)
    fine = Program((t,), (Tensor("x", (t,)),), metrics=(g,), statements=(Define("y", (t,), up),))
    assert run(fine, {"x": np.ones(2)})["y"].tolist() == [1, 1]
    mixed = Program((t,), (Tensor("x", (t,)),), metrics=(g,), statements=(Define("y", (), index_sum(up * down, (t,))),))
    with pytest.raises(IndexCalcError, match=r"(?s)IX902: `x` is read with index positions.*product with the metric"):
        run(mixed, {"x": np.ones(2)})
