"""Calls of very different sizes are lowered for their own, and give the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.backends import variants
from indexcalc.backends.base import BACKENDS
from indexcalc.backends.function import Function
from indexcalc.backends.variants import MAX_VARIANTS, Variants

from .fusing import BACKEND

ATTENTION = ic.parse("""
index i, j : seq
index d : feat
S[i, j] = Q[i, d] K[j, d] / 8
P[i, j] = softmax[j](S[i, j])
O[i, d] = P[i, j] V[j, d]
output O
""")


def compiled(backend: Any = BACKEND, **options: Any) -> Function:
    return Function(Variants(ATTENTION, backend, **options), backend.load_library())


def inputs(length: int, width: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {name: rng.standard_normal((length, width)) for name in "QKV"}


def expected(given: Mapping[str, Any]) -> Any:
    scores = given["Q"] @ given["K"].T / 8
    e = np.exp(scores - scores.max(1, keepdims=True))
    return e @ given["V"] / e.sum(1, keepdims=True)


def assert_right(f: Function, length: int, width: int) -> None:
    given = inputs(length, width)
    np.testing.assert_allclose(f(**given)["O"], expected(given), rtol=1e-12, atol=1e-12)


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, int]]:
    """The sizes of every lowering for a text, by space; shorter calls than usual are worth one."""
    found: list[dict[str, int]] = []
    true = variants.emitted

    def counted(recipe: Any) -> Any:
        found.append({s.name: n for s, n in recipe.sizes.items()})
        return true(recipe)

    monkeypatch.setattr(variants, "emitted", counted)
    monkeypatch.setattr(variants, "WORTH", 2e-4)
    return found


def test_a_large_call_of_other_sizes_is_lowered_for_them_once(texts: list[dict[str, int]]) -> None:
    f = compiled()
    assert texts == [{"seq": 64, "feat": 64}] and len(f.sources) == 1
    for _ in range(2):
        assert_right(f, 600, 32)
    assert texts[1:] == [{"seq": 600, "feat": 32}]
    assert f.source == f.sources[0] and len(f.sources) == 2
    assert_right(f, 700, 40)  # as many times four larger than what is taken without sizes
    assert len(texts) == 2


def test_a_small_call_is_not(texts: list[dict[str, int]]) -> None:
    f = compiled()
    for length, width in ((1, 1), (2, 64), (64, 64), (0, 3)):
        assert_right(f, length, width) if length else f(**inputs(length, width))
    assert len(texts) == 1


@pytest.mark.parametrize("options", [{"adapt": False}, {"sizes": {"i": 64, "d": 64}}, {"backend": BACKENDS["torch"]}])
def test_what_is_given_decides_for_all_calls(options: Any, texts: list[dict[str, int]]) -> None:
    f = compiled(**options)
    given = inputs(600, 32)
    if "backend" in options:
        torch = pytest.importorskip("torch")
        given = {n: torch.as_tensor(x) for n, x in given.items()}
    f(**given)
    assert len(texts) == 1


def test_only_spaces_that_are_not_given_are_open(texts: list[dict[str, int]]) -> None:
    f = compiled(sizes={"d": 512})
    assert_right(f, 600, 32)
    assert texts == [{"seq": 64, "feat": 512}, {"seq": 600, "feat": 512}]


def test_texts_are_few_and_the_nearest_one_runs(texts: list[dict[str, int]]) -> None:
    f = compiled()
    for length, width in ((256, 256), (512, 64), (1024, 4), (1024, 16), (2048, 1)):
        assert_right(f, length, width)
    assert len(texts) <= MAX_VARIANTS and len(f.sources) <= MAX_VARIANTS


def test_the_option_reaches_compile_and_is_checked() -> None:
    assert ic.compile(ATTENTION, adapt=False)(**inputs(3, 2))["O"].shape == (3, 2)
    with pytest.raises(ic.IndexCalcError, match="IX901: adapt is True or False, not 3"):
        ic.compile(ATTENTION, adapt=3)
    with pytest.raises(ic.IndexCalcError, match="IX901: no such option: `adapt`"):
        ic.emit(ATTENTION, adapt=False)


def test_a_call_whose_signature_is_known_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    f = compiled()
    given = inputs(8, 4)
    f(**given)
    monkeypatch.setattr(Variants, "choose", None)
    f(**given)
