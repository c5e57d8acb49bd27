"""Every code has a page, and every page's examples give what they say."""

import ast
import re
from pathlib import Path

import pytest

import indexcalc
from indexcalc.lint.registry import CHECKING, LintRule, checks, near_codes, rules
from indexcalc.lint.run import lint_source
from indexcalc.lint.settings import settings_showing
from indexcalc.lint.source import Source

PACKAGE = Path(indexcalc.__file__).parent
CODE = re.compile(r"IX\d{3}")
TEXT_RULES = [rule for rule in rules().values() if rule.source in ("reader", "linter")]


def codes_in(source: str) -> set[str]:
    """Codes that stand as whole string constants."""
    found = {n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return {value for value in found if CODE.fullmatch(value)}


@pytest.mark.parametrize("rule", TEXT_RULES, ids=lambda r: r.code)
def test_the_bad_example_gives_exactly_its_code(rule: LintRule):
    found = lint_source(Source(rule.bad, kind=rule.language), settings_showing(rule))
    assert {d.code for d in found} == {rule.code}
    assert {d.severity for d in found} == {rule.severity}
    assert all(d.span is not None and d.source == rule.bad for d in found)
    assert all(d.hint or d.why for d in found), "a finding says what to do"


@pytest.mark.parametrize("rule", TEXT_RULES, ids=lambda r: r.code)
def test_the_good_example_gives_nothing(rule: LintRule):
    assert [str(d) for d in lint_source(Source(rule.good, kind=rule.language), settings_showing(rule))] == []


def test_every_code_that_any_part_gives_has_a_page():
    parts = [p for p in PACKAGE.rglob("*.py") if "lint/rules" not in p.as_posix()]
    given = set().union(*(codes_in(p.read_text(encoding="utf-8")) for p in parts))
    assert len(given) > 40
    assert given - set(rules()) == set()


def test_every_page_is_of_a_code_that_is_given():
    every = "".join(p.read_text(encoding="utf-8") for p in PACKAGE.rglob("*.py") if "lint/rules" not in p.as_posix())
    own = {rule.code for subject in CHECKING for rule in checks(subject)}
    assert {code for code in rules() if code not in every} - own == set()


def test_every_check_is_run():
    """A family that holds a check is listed in `CHECKING` under the check's subject."""
    for code, rule in rules().items():
        assert rule.check is None or code in {r.code for r in checks(rule.subject)}, code


def test_pages_are_whole():
    for rule in rules().values():
        assert CODE.fullmatch(rule.code)
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", rule.name)
        assert rule.summary and not rule.summary.endswith(".")
        assert rule.why.endswith("."), rule.code
        assert rule.bad and rule.good and rule.bad != rule.good
        assert rule.severity in ("error", "warning", "note")
    names = [rule.name for rule in rules().values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("asked", "offered"), [("IX10", "IX101"), ("ix1011", "IX101"), ("thrice", "IX103"), ("IX591x", "IX591")]
)
def test_near_codes(asked, offered):
    assert offered in near_codes(asked)


def test_nothing_is_near_to_nonsense():
    assert near_codes("?") == []
