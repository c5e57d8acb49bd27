"""Every formula of the gallery passes `ic.verify`: numeric derivatives, the interpreter, and a second backend."""

from __future__ import annotations

import pytest

import indexcalc as ic

from .formulas import FORMULAS, NAMES, program_of


@pytest.mark.parametrize("name", NAMES)
def test_it_verifies(name: str) -> None:
    verification = ic.verify(program_of(name), wrt=FORMULAS[name].wrt())
    assert verification, str(verification)
