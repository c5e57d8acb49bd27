"""`ic.grad` finds the forms that papers print: the statements as text, and their values against the paper's formula."""

from __future__ import annotations

import re

import numpy as np
import pytest

import indexcalc as ic

from .known_forms import KNOWN, Known
from .torch_cases import Case

DECLARATION = re.compile(r"(index|tensor|integer|scalar) ")
GENERATED = re.compile(r"\b(?:grad_)?[ts]_?\d*\b(?=\[|\b)")

each = pytest.mark.parametrize("known", KNOWN, ids=lambda k: k.name)


def new_statements(known: Known) -> str:
    """What the derived program has beyond declarations and the forward's own statements."""
    forward = {str(line) for line in str(ic.parse(known.text)).splitlines()}
    lines = str(ic.grad(known.text, known.wrt)).splitlines()
    return "\n".join(line for line in lines if line not in forward and not DECLARATION.match(line))


def in_order(text: str, own: set[str]) -> str:
    """Generated names replaced by numbers in the order in which they appear."""
    seen: dict[str, str] = {}
    return GENERATED.sub(lambda m: m[0] if m[0] in own else seen.setdefault(m[0], f"#{len(seen)}"), text)


@each
def test_the_statements_are_those_of_the_paper(known: Known) -> None:
    program = ic.parse(known.text)
    own = {*program.inputs, *program.definitions, *(f"grad_{n}" for n in (*program.inputs, *program.definitions))}
    own |= {i.name for i in program.indices}
    assert in_order(new_statements(known), own) == in_order(known.statements, own)


@each
def test_the_values_are_those_of_the_paper(known: Known) -> None:
    arrays = Case(known.name, known.text, known.inputs, lambda: None).arrays(seed=3)
    derived = ic.grad(known.text, known.wrt)
    given = dict(arrays)
    (output,) = ic.parse(known.text).outputs
    if f"grad_{output}" in derived.inputs:
        shape = ic.compile(known.text)(**arrays)[output].shape
        given[f"grad_{output}"] = np.random.default_rng(4).normal(size=shape)
    found = ic.compile(derived)(**given)
    for name, paper in known.paper(**given).items():
        np.testing.assert_allclose(found[f"grad_{name}"], paper, rtol=1e-12, atol=1e-13)
    assert set(known.paper(**given)) == set(known.wrt.split(","))
