"""The demo's text: alphabet, entropy, and windows against plain Python."""

from collections import Counter
from math import log

import numpy as np
import pytest

from indexcalc.demo.files import example_path
from indexcalc.demo.text import Text
from indexcalc.diagnostics import IndexCalcError

ALICE = example_path("data/alice.txt")


def test_the_shipped_text_is_plain_and_large_enough():
    characters = ALICE.read_bytes()
    assert 100_000 < len(characters) < 300_000
    assert characters.isascii()
    assert b"\r" not in characters
    assert b"\n\n\n" not in characters


def test_codes_decode_to_the_text():
    text = Text.read(ALICE)
    assert text.decode(text.codes) == ALICE.read_text(encoding="ascii")
    assert text.encode("ALICE'S").tolist() == text.codes[:7].tolist()


def test_unigram_entropy_by_counting():
    characters = ALICE.read_text(encoding="ascii")
    counts, n = Counter(characters), len(characters)
    expected = -sum(c / n * log(c / n) for c in counts.values())
    assert Text.of(characters).unigram_entropy == pytest.approx(expected, rel=1e-12)


def test_targets_follow_their_characters():
    text = Text.read(ALICE)
    tok, target = next(text.random_batches(5, 7, np.random.default_rng(0)))
    assert tok.shape == target.shape == (5, 7)
    assert (tok[:, 1:] == target[:, :-1]).all()


def test_the_whole_is_covered_once():
    text = Text.of("".join(chr(65 + n) for n in range(21)))  # 5 windows of 4, and one more character as a target
    seen = np.concatenate([tok.ravel() for tok, _ in text.whole(5, 4)])
    assert seen.tolist() == list(range(20))
    last = [target[-1, -1] for _, target in text.whole(5, 4)]
    assert last == [20]


def test_a_random_window_may_end_at_the_last_character():
    text = Text.of("abcd")
    batches = text.random_batches(50, 3, np.random.default_rng(0))
    assert next(batches)[1].max() == 3


def test_split_keeps_the_alphabet():
    first, last = Text.of("abcabcabcz").split(0.1)
    assert (first.alphabet, last.alphabet) == ("abcz", "abcz")
    assert (first.decode(first.codes), last.decode(last.codes)) == ("abcabcabc", "z")


def test_a_missing_example_is_named():
    with pytest.raises(IndexCalcError, match=r"no such example: `nothing\.idx`"):
        example_path("nothing.idx")
