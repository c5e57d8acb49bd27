"""Random products over random labels, against np.einsum."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from indexcalc.backends import compile_program
from indexcalc.ir.build import index_sum, multiply, number
from indexcalc.ir.expr import Access
from indexcalc.ir.index import Index, Space
from indexcalc.ir.program import Define, Program, Tensor

EXTENTS = {"a": 2, "b": 3, "c": 1, "d": 4, "e": 2, "f": 3}
INDICES = {n: Index(n, Space(f"space_{n}")) for n in EXTENTS}


@st.composite
def contractions(draw: st.DrawFn) -> tuple[list[str], str, int]:
    operands = draw(st.lists(st.text("abcdef", max_size=4), min_size=1, max_size=5))
    present = sorted(set("".join(operands)))
    out = draw(st.permutations(draw(st.lists(st.sampled_from(present), unique=True)) if present else []))
    return operands, "".join(out), draw(st.sampled_from([1, -1, 3]))


@settings(max_examples=200, deadline=None)
@given(contractions(), st.sampled_from(["numpy", "torch"]))
def test_like_einsum(case: tuple[list[str], str, int], backend: str) -> None:
    operands, out, coefficient = case
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal([EXTENTS[x] for x in o]) for o in operands]
    expected = coefficient * np.einsum(f"{','.join(operands)}->{out}", *arrays)
    # A repeated letter of one operand reads a diagonal, so the declaration names its slots apart.
    tensors = tuple(
        Tensor(f"T{n}", tuple(Index(f"{x}{k}", INDICES[x].space) for k, x in enumerate(o)))
        for n, o in enumerate(operands)
    )
    factors = [Access(f"T{n}", tuple(INDICES[x] for x in o)) for n, o in enumerate(operands)]
    free = tuple(INDICES[x] for x in out)
    bound = [INDICES[x] for x in sorted(set("".join(operands)) - set(out))]
    body = index_sum(multiply(number(coefficient), *factors), bound)
    program = Program(free, tensors, statements=(Define("y", free, body),), outputs=("y",))
    if backend == "torch":
        import torch

        found = compile_program(program, "torch")(**{f"T{n}": torch.as_tensor(x) for n, x in enumerate(arrays)})
    else:
        found = compile_program(program)(**{f"T{n}": x for n, x in enumerate(arrays)})
    got = np.asarray(found["y"])
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * max(1.0, np.abs(expected).max()))
