"""Arrays of the caller's that results are written to: `out=` of a compiled function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..diagnostics import did_you_mean, fail
from ..ir.index import Space
from ..ir.program import Program
from .base import Library


def checked_places(
    program: Program, out: object, arrays: Mapping[str, Any], sizes: Mapping[Space, int], library: Library
) -> dict[str, Any]:
    """The arrays by output, refused where a result does not fit or would be written over something that is needed."""
    if not isinstance(out, Mapping):
        raise fail("IX961", "`out` is no dict of arrays", hint='out={"y": array}')
    places: dict[str, Any] = {}
    for name, place in out.items():
        if name not in program.outputs:
            hint = did_you_mean(str(name), program.outputs) or f"outputs: {', '.join(program.outputs)}"
            raise fail("IX961", f"`out` names {name!r}, which is no output", hint=hint)
        if not library.is_array(place):
            message = f"`out` has {type(place).__name__} for `{name}`, not a {library.title} array"
            raise fail("IX961", message, hint=library.convert)
        _check_shape(program, name, place, sizes, library)
        _check_dtype(name, place, arrays, library)
        reason = library.unwritable(place)
        if reason:
            raise fail("IX961", f"the array that `out` has for `{name}` {reason}", hint="give an array of its own")
        for other, array in (*arrays.items(), *places.items()):
            if library.overlap(place, array):
                message = f"the array that `out` has for `{name}` shares memory with `{other}`"
                raise fail("IX961", message, hint="give an array of its own")
        places[name] = place
    return places


def _check_shape(program: Program, name: str, place: Any, sizes: Mapping[Space, int], library: Library) -> None:
    indices = (program.definitions.get(name) or program.inputs[name]).indices
    wanted = tuple(sizes[i.space] for i in indices)
    if library.shape(place) != wanted:
        slots = ", ".join(f"{i.name}={n}" for i, n in zip(indices, wanted))
        message = f"`out` has shape {library.shape(place)} for `{name}`, which is {wanted}"
        raise fail("IX961", message, hint=f"{name}[{slots}]")


def _check_dtype(name: str, place: Any, arrays: Mapping[str, Any], library: Library) -> None:
    """That of the floating inputs, so that nothing is rounded or widened unseen."""
    found = next((d for d in map(library.dtype, arrays.values()) if d in library.floating), "float64")
    if library.dtype(place) != found:
        raise fail("IX961", f"`out` has type {library.dtype(place)} for `{name}`, which is {found}", hint=found)


def written(places: Mapping[str, Any], results: dict[str, Any], library: Library) -> dict[str, Any]:
    """The results with those that `places` names in these arrays: copied, unless they were made there."""
    for name, place in places.items():
        if results[name] is not place:
            library.write(place, results[name])
            results[name] = place
    return results
