"""The linter on random and on mutated sources of every kind: nothing but our own findings."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexcalc.lint.fix import fix_source
from indexcalc.lint.mark import mark_source
from indexcalc.lint.settings import Settings
from indexcalc.lint.source import Source

from .check import check
from .sources import KINDS, PIECES, SEEDS, mutated

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
@given(text=st.text(max_size=60))
@settings(max_examples=40)
def test_random_text(kind: str, text: str) -> None:
    check(text, kind)


@every_kind
@given(parts=st.lists(st.sampled_from(PIECES), max_size=20))
@settings(max_examples=40)
def test_pieces_of_sources(kind: str, parts: list[str]) -> None:
    check("".join(parts), kind)


@every_kind
@given(seed=st.integers(0, 10**9), steps=st.integers(1, 12))
@settings(max_examples=60)
def test_mutated_sources(kind: str, seed: int, steps: int) -> None:
    draw = random.Random(seed)
    check(mutated(draw.choice(SEEDS[kind]), draw, steps), kind)


@every_kind
@given(seed=st.integers(0, 10**9))
@settings(max_examples=15)
def test_fixes_and_marks_of_mutated_sources(kind: str, seed: int) -> None:
    """A fixed text has no safe fix left, and fewer findings; one that is marked has fewer, too."""
    draw = random.Random(seed)
    text = mutated(draw.choice(SEEDS[kind]), draw, 3)
    found = check(text, kind)
    fixed = fix_source(Source(text, kind=kind), Settings(), unsafe=True)
    assert fixed.count == 0 or len(fixed.findings) < len(found) or fixed.text != text
    marked, count = mark_source(Source(text, kind=kind), Settings())
    assert len(check(marked, kind)) == len(found) - count


@every_kind
def test_the_seeds_say_something(kind: str) -> None:
    """Else the mutations would test nothing but refusals."""
    assert any(d.code not in ("IX001", "IX020", "IX029") for text in SEEDS[kind] for d in check(text, kind))
