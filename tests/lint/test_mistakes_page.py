"""docs/mistakes.md: its codes exist, its equations give what it says."""

import re
from pathlib import Path

import pytest

from indexcalc.lint.registry import rules
from indexcalc.lint.run import lint

PAGE = (Path(__file__).parents[2] / "docs" / "mistakes.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([^`]+)` \| (.+) \|$", PAGE, re.M)


def test_every_code_has_a_page():
    assert set(re.findall(r"IX\d{3}", PAGE)) <= set(rules())


def test_every_rule_over_programs_is_on_the_page():
    of_programs = {c for c, r in rules().items() if r.check and r.subject == "program"}
    assert of_programs <= set(re.findall(r"IX\d{3}", PAGE))


@pytest.mark.parametrize(("equation", "told"), ROWS)
def test_equations_give_what_the_page_says(equation, told):
    assert {d.code for d in lint(equation)} == set(re.findall(r"IX\d{3}", told))


def test_the_table_of_equations_is_read():
    assert len(ROWS) == 4
