"""What is printed reads back to the very same program."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from indexcalc.elaborate.read import read_program
from indexcalc.ir.program import Program
from indexcalc.ir.wellformed import check_program

from .strategies import programs


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_text_reads_back_to_the_same_program(program: Program) -> None:
    check_program(program)
    text = str(program)
    again = read_program(text)
    assert again == program, text
    assert str(again) == text
