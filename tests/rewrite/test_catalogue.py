"""Every rule's example: exact, true in numbers, final, decreasing; and a wrong right side is noticed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from indexcalc.elaborate.read import read_expression, read_program
from indexcalc.ir.build import add, number
from indexcalc.ir.expr import Expr
from indexcalc.ir.wellformed import check_expression
from indexcalc.rewrite.catalogue import page
from indexcalc.rewrite.engine import lines
from indexcalc.rewrite.measure import MEASURES
from indexcalc.rewrite.rule import Rule
from indexcalc.rewrite.rules import ALL, DIFFERENTIATE, FACTOR, SIMPLIFY

from .numeric import agree

every_rule = pytest.mark.parametrize("rule", ALL, ids=lambda r: r.name)


def sides(rule: Rule) -> tuple[Expr, Expr]:
    if not rule.left:
        before, after = (read_expression(text, given=rule.given) for text in rule.example)
        return before, after
    programs = (read_program(f"{rule.given}\nresult[{rule.left}] = {text}") for text in rule.example)
    before, after = (p.definitions["result"].body for p in programs)
    return before, after


@every_rule
def test_example_gives_exactly_its_result(rule: Rule) -> None:
    before, after = sides(rule)
    assert [str(line[2]) for line in lines(before, (rule,))] == [str(after)]
    assert next(lines(before, (rule,)))[2] == after
    check_expression(after)


@every_rule
def test_both_sides_agree_in_numbers(rule: Rule) -> None:
    before, after = sides(rule)
    assert agree(before, after, read_program(rule.given))


@every_rule
def test_a_corrupted_right_side_is_caught(rule: Rule) -> None:
    before, after = sides(rule)
    wrong = add(after, number(1))
    assert not agree(before, wrong, read_program(rule.given))
    broken = replace(rule, apply=lambda node, context: wrong if node == before else None)
    assert [line[2] for line in lines(before, (broken,))] != [after]


@every_rule
def test_the_measure_decreases(rule: Rule) -> None:
    before, after = sides(rule)
    measure = MEASURES[rule.decreases]
    assert measure(after) < measure(before)


@every_rule
def test_a_rule_is_documented(rule: Rule) -> None:
    assert rule.doc and rule.title and rule.law and rule.doc.endswith(".")


def test_names_are_unique_and_every_rule_is_used() -> None:
    names = [r.name for r in ALL]
    assert len(set(names)) == len(names)
    assert set(names) == {r.name for r in (*SIMPLIFY, *DIFFERENTIATE, *FACTOR)}


def test_the_page_is_up_to_date() -> None:
    written = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m indexcalc.rewrite.catalogue"
