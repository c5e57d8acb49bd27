"""Refuses wrong arrays before anything runs: names, kinds, devices, dtypes, ranks, sizes, integer values."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Complex, Integral, Real
from typing import Any

from ..diagnostics import fail
from ..ir.expr import IndexMap, IndexReduce
from ..ir.index import Space
from ..ir.program import Program, Tensor
from ..ir.signature import bind_sizes, check_names, statement_bodies
from ..ir.walk import subexpressions
from .base import Library

FLOATING = ("float32", "float64", "complex64", "complex128", "float16", "bfloat16")
INTEGER = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")
COMPLEX_OF = {"float32": "complex64", "float64": "complex128", "complex64": "complex64", "complex128": "complex128"}


def checked_arrays(program: Program, given: Mapping[str, Any], library: Library) -> dict[str, Any]:
    """The inputs as arrays of one floating dtype on one device; numbers are taken for tensors without slots."""
    check_names(program, given)
    found: dict[str, Any] = {}
    like = _check_alike(program, {n: x for n, x in given.items() if library.is_array(x)}, library)
    for name, tensor in program.inputs.items():
        value = given[name]
        if library.is_array(value):
            _check_dtype(tensor, library.dtype(value), library)
            found[name] = library.plain(value)
        else:
            found[name] = _from_number(tensor, value, like, library)
    return _one_dtype(program, found, library)


def _from_number(tensor: Tensor, value: object, like: Any | None, library: Library) -> Any:
    if not isinstance(value, Complex) or isinstance(value, bool):
        kind = type(value).__name__
        message = f"`{tensor.name}` is given as {kind}, not as a {library.title} array"
        raise fail("IX953", message, hint=library.convert)
    if tensor.indices:
        slots = ", ".join(i.name for i in tensor.indices)
        count = f"{len(tensor.indices)} slot{'' if len(tensor.indices) == 1 else 's'}"
        message = f"`{tensor.name}` has {count}, but it is given as a number"
        raise fail("IX943", message, hint=f"expected an array for {tensor.name}[{slots}]")
    if tensor.is_integer:
        if not isinstance(value, Integral):
            raise fail("IX949", f"`{tensor.name}` holds integers, but it is given as {value!r}")
        return library.widened(library.of_number(int(value), None), "int64")
    if not isinstance(value, Real) and "complex128" not in library.floating:
        raise fail("IX949", f"`{tensor.name}` is complex, which this backend does not take")
    return library.of_number(complex(value) if not isinstance(value, Real) else float(value), like)


def _check_dtype(tensor: Tensor, dtype: str, library: Library) -> None:
    if tensor.is_integer:
        if dtype not in INTEGER:
            raise fail("IX949", f"`{tensor.name}` holds integers, but its array is of type {dtype}")
    elif dtype not in FLOATING:
        hint = "convert it, for example to float32 or float64"
        raise fail("IX949", f"`{tensor.name}` holds real numbers, but its array is of type {dtype}", hint=hint)
    elif dtype not in library.floating:
        taken = ", ".join(d for d in FLOATING if d in library.floating)
        hint = f"use numpy, or convert it; taken are {taken}"
        raise fail("IX949", f"`{tensor.name}` is of type {dtype}, which this backend does not take", hint=hint)


def _check_alike(program: Program, arrays: Mapping[str, Any], library: Library) -> Any | None:
    """One device for all, one precision for the floating ones.  Returns a floating array as the example."""
    example: tuple[str, Any] | None = None
    first: tuple[str, str] | None = None
    for name, tensor in program.inputs.items():
        if name not in arrays:
            continue
        device = library.device(arrays[name])
        first = first or (name, device)
        if device != first[1]:
            message = f"`{name}` is on {device}, but `{first[0]}` is on {first[1]}"
            raise fail("IX954", message, hint="move all arrays to one device")
        if tensor.is_integer or library.dtype(arrays[name]) not in FLOATING:
            continue
        if example is None:
            example = name, arrays[name]
        mine, theirs = library.dtype(arrays[name]), library.dtype(example[1])
        if COMPLEX_OF.get(mine, mine) != COMPLEX_OF.get(theirs, theirs):
            message = f"`{name}` is of type {mine}, but `{example[0]}` is of type {theirs}"
            raise fail("IX949", message, hint="convert them to one type, so that nothing widens unseen")
    return None if example is None else example[1]


def _one_dtype(program: Program, arrays: dict[str, Any], library: Library) -> dict[str, Any]:
    """Where one input is complex, all floating ones are made so."""
    floats = [n for n, t in program.inputs.items() if not t.is_integer]
    if not any(library.dtype(arrays[n]).startswith("complex") for n in floats):
        return arrays
    for name in floats:
        dtype = library.dtype(arrays[name])
        if not dtype.startswith("complex"):
            arrays[name] = library.widened(arrays[name], COMPLEX_OF[dtype])
    return arrays


def bound_sizes(
    program: Program, arrays: Mapping[str, Any], sizes: Mapping[str, int] | None, library: Library
) -> dict[Space, int]:
    """The size of every space, where all shapes agree and every operation has what it needs."""
    found = bind_sizes(program, {n: library.shape(a) for n, a in arrays.items()}, sizes)
    for body in statement_bodies(program):
        for part in subexpressions(body):
            if isinstance(part, IndexReduce) and part.operation in ("max", "min", "argmax"):
                if any(found.get(i.space) == 0 for i in part.indices):
                    message = f"{part.operation} over an empty extent has no value"
                    raise fail("IX950", message, hint="give its indices sizes of at least 1")
            elif isinstance(part, IndexMap) and part.operation == "topk":
                _check_count(part, found)
    return found


def _check_count(part: IndexMap, sizes: Mapping[Space, int]) -> None:
    size = 1
    for index in part.indices:
        size *= sizes.get(index.space, 0)
    if part.count > size:
        raise fail("IX951", f"topk takes the {part.count} largest of only {size}", hint="make the count smaller")


def check_values(program: Program, arrays: Mapping[str, Any], sizes: Mapping[Space, int], library: Library) -> None:
    """Integer tensors hold values of the space that they index."""
    for name, tensor in program.inputs.items():
        limit = None if tensor.values is None else sizes.get(tensor.values)
        if tensor.values is None or limit is None or 0 in library.shape(arrays[name]):
            continue
        low, high = library.bounds(arrays[name])
        if low < 0 or high >= limit:
            value = low if low < 0 else high
            message = f"`{name}` holds the value {value}, but its values index `{tensor.values.name}`"
            raise fail("IX948", f"{message} of size {limit}", hint=f"values must lie from 0 to {limit - 1}")
