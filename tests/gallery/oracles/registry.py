"""Oracles: for each formula of the gallery a function in torch, written as a torch user writes it.

`oracles/<family>.py` holds a family's functions.  Arguments are the program's inputs by name; the result is the
output, or a dict of outputs by name where there are several.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

Oracle = Callable[..., Any]


def oracle(name: str) -> Callable[[Oracle], Oracle]:
    """Marks the function of the formula `family/stem`."""

    def mark(function: Oracle) -> Oracle:
        function.formula = name  # type: ignore[attr-defined]
        return function

    return mark


def oracles(families: list[str]) -> dict[str, Oracle]:
    """All of them, by the formula's name."""
    found: dict[str, Oracle] = {}
    for family in families:
        module = importlib.import_module(f"tests.gallery.oracles.{family}")
        for function in vars(module).values():
            name = getattr(function, "formula", None)
            if isinstance(name, str):
                assert name not in found, f"two oracles for {name}"
                found[name] = function
    return found
