"""The demo on a console: all acts, loud failures, and pictures of curves."""

import io

import pytest
from rich.console import Console

from indexcalc.demo import show as demo
from indexcalc.demo import train
from indexcalc.demo.sparkline import sparkline
from indexcalc.demo.text import Text

SIZES = {"B": 4, "T": 8, "M": 8, "H": 2, "D": 4, "F": 8}
TEXT = Text.of("Alice sat on the mat. " * 40)


@pytest.fixture
def small(monkeypatch):
    """The same model on a text that is learnt in a moment."""
    make = train.language_model
    monkeypatch.setattr(train, "language_model", lambda: make(TEXT, SIZES))


def shown(steps, **options):
    console = Console(file=io.StringIO(), width=80, **options)
    return demo.show(console, steps), console.file.getvalue()


def test_all_five_acts_succeed(small):
    outcome, text = shown(60)
    assert outcome.failures == ()
    for told in (
        "error IX101", "grad_V[j,a] = P[i,j] grad_O[i,a]", "import numpy as np", "import cupy as cp", "verified",
        "unigram entropy", f"{TEXT.split(train.HELD_OUT)[1].unigram_entropy:.3f} nats", "it writes: Alice",
    ):  # fmt: skip
        assert told in text, told
    assert "\x1b" not in text


def test_a_model_that_does_not_learn_is_a_failure(small):
    outcome, _ = shown(1)
    (failure,) = outcome.failures
    assert "is not well below the unigram entropy" in failure


def test_a_verification_that_fails_is_a_failure(small, monkeypatch):
    class Failed:
        failures = ("grad_Q: complex step: relative error 1 exceeds 1e-12",)

        def __bool__(self):
            return False

        def __str__(self):
            return "3 gradients: 1 of 3 FAILED"

    monkeypatch.setattr(demo.api, "verify", lambda *a, **k: Failed())
    outcome, text = shown(60)
    assert outcome.failures[0] == "the verification of attention's gradients failed"
    assert "FAILED" in text


@pytest.mark.parametrize(
    ("values", "width", "curve"),
    [([], 5, ""), ([2.0], 5, "▁"), ([1, 1, 1], 2, "▁▁"), ([8, 7, 6, 5, 4, 3, 2, 1], 8, "█▇▆▅▄▃▂▁"), ([0, 8], 9, "▁█")],
)
def test_curves(values, width, curve):
    assert sparkline(values, width) == curve


def test_a_curve_is_never_wider_than_asked():
    assert len(sparkline(list(range(1000)), 37)) == 37
