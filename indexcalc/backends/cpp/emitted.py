"""A C++ text with how it is called: emitted for each type of element when that is asked for, or found in the cache."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from ...ir.index import Space
from ...lower.target import ARRAYS
from ..bound import Bound, bound_data, bound_of
from ..cache import recalled
from ..emitted import Emitted
from ..recipe import Recipe

FIRST = "double"  # what the text is emitted for before there are arrays


@dataclass(frozen=True)
class Result:
    """An output array: its name, extents as numbers or keys, and whether it stays real where inputs are complex."""

    name: str
    shape: tuple[int | str, ...]
    is_real: bool


@dataclass(frozen=True)
class CppEmitted(Emitted):
    """The text, and how its `run` is called: keys of extents, names of inputs, and results, each in their order.

    `rows`: which inputs must lie without gaps along their last axis, for loops run along it; others take any strides.
    `source` is a head, the headers that it `needs`, and the text of the `function`.  `again` emits for another type of
    element; see `emit_for`.
    """

    needs: tuple[str, ...]
    function: str
    extents: tuple[str, ...]
    inputs: tuple[str, ...]
    rows: tuple[bool, ...]
    results: tuple[Result, ...]
    again: Callable[[str], CppEmitted] | None = None


def emit(recipe: Recipe) -> CppEmitted:
    """The source for arrays of doubles; it can be emitted `again` for other types.

    A kernel's text is for real numbers, so complex arrays get a graph without kernels; floats and doubles have one.
    """

    def fresh(scalar: str) -> CppEmitted:
        from .emit import emit_for  # much to load, where all is kept

        graph = recipe.graph(ARRAYS if scalar.startswith("Complex") else recipe.target)
        bound = recipe.memory_bound() if recipe.is_kept and scalar == FIRST else None
        return replace(emit_for(recipe.program, graph, scalar), bound=bound)

    @cache
    def again(scalar: str) -> CppEmitted:
        key = recipe.key(scalar)
        if key is None:
            return fresh(scalar)
        spaces = list(recipe.sizes)
        return recalled(key, lambda b: decoded(b, spaces), lambda e: encoded(e, spaces), lambda: fresh(scalar))

    return replace(again(FIRST), again=again)


def encoded(emitted: CppEmitted, spaces: Sequence[Space]) -> bytes:
    """The text and how it is called as JSON; spaces by their place among these."""
    data = {
        "source": emitted.source,
        "sizes": {key: spaces.index(space) for key, space in emitted.sizes.items()},
        "needs": emitted.needs,
        "function": emitted.function,
        "extents": emitted.extents,
        "inputs": emitted.inputs,
        "rows": emitted.rows,
        "results": [[r.name, r.shape, r.is_real] for r in emitted.results],
        "bound": None if emitted.bound is None else bound_data(emitted.bound, spaces),
    }
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")


def decoded(content: bytes, spaces: Sequence[Space]) -> CppEmitted:
    """What was encoded; `ValueError` for anything else."""
    data = json.loads(content.decode("utf-8", "surrogatepass"))
    try:
        bound: Bound | None = None if data["bound"] is None else bound_of(data["bound"], spaces)
        return CppEmitted(
            source=_is(str, data["source"]),
            sizes={key: spaces[place] for key, place in data["sizes"].items()},
            bound=bound,
            needs=_all(str, data["needs"]),
            function=_is(str, data["function"]),
            extents=_all(str, data["extents"]),
            inputs=_all(str, data["inputs"]),
            rows=_all(bool, data["rows"]),
            results=tuple(_result(*parts) for parts in data["results"]),
        )
    except (AttributeError, LookupError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _result(name: Any, shape: Any, is_real: Any) -> Result:
    return Result(_is(str, name), _all((int, str), shape), _is(bool, is_real))


def _is(kind: type | tuple[type, ...], value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} stands where something else was written")
    return value


def _all(kind: type | tuple[type, ...], values: Any) -> tuple[Any, ...]:
    return tuple(_is(kind, value) for value in _is(list, values))
