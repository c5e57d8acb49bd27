"""NumPy values as a kernel's arguments, held against its parameters."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from ....diagnostics import fail

SIGNED, UNSIGNED, FLOATING, POINTER, OTHER = range(5)
KINDS = {"i": SIGNED, "u": UNSIGNED, "b": UNSIGNED, "f": FLOATING}
NAMES = {SIGNED: "int", UNSIGNED: "uint", FLOATING: "float"}
PLACE = 64  # bytes to which each value is aligned: no type of CUDA asks for more


class Parameter(ctypes.Structure):
    """`struct Parameter` of support/launch.hpp."""

    _fields_ = [(name, ctypes.c_int32) for name in ("kind", "bytes", "pointee", "pointee_bytes", "writable")]


class Arguments:
    """The values of a call in memory, each at a multiple of 64 bytes, and the pointers to them."""

    def __init__(self, kernel: str, parameters: Sequence[Parameter], given: Sequence[Any]) -> None:
        if len(given) != len(parameters):
            raise fail("IX971", f"`{kernel}` takes {len(parameters)} arguments, and {len(given)} are given")
        values = [
            _value(f"argument {place} of `{kernel}`", parameter, value)
            for place, (parameter, value) in enumerate(zip(parameters, given), 1)
        ]
        self._kept = given
        starts = [0]
        for value in values:
            starts.append(starts[-1] + (len(value) + PLACE - 1) // PLACE * PLACE)
        self._memory = ctypes.create_string_buffer(starts[-1] + PLACE)
        first = -(-ctypes.addressof(self._memory) // PLACE) * PLACE
        for start, value in zip(starts, values):
            ctypes.memmove(first + start, value, len(value))
        self.pointers = (ctypes.c_void_p * max(1, len(values)))(*(first + start for start in starts[: len(values)]))


def _value(what: str, parameter: Parameter, given: Any) -> bytes:
    """The bytes of one argument; raises IX971 where they are not what the parameter takes."""
    if parameter.kind == POINTER:
        return _pointer(what, parameter, given)
    if isinstance(given, np.ndarray) and given.ndim:
        raise fail("IX971", f"{what} is an array, and the parameter is no pointer")
    if parameter.kind == OTHER:
        return _structure(what, parameter, given)
    wanted = f"{NAMES[parameter.kind]}{8 * parameter.bytes}"
    if isinstance(given, np.generic | np.ndarray):
        same = KINDS.get(given.dtype.kind) == parameter.kind and given.dtype.itemsize == parameter.bytes
        if not same:
            raise fail("IX971", f"{what} is {given.dtype}, and the parameter takes {wanted}")
        return given.tobytes()
    if isinstance(given, bool | int) or (isinstance(given, float) and parameter.kind == FLOATING):
        return _number(what, wanted, given)
    raise fail("IX971", f"{what} is {type(given).__name__}, and the parameter takes {wanted}")


def _number(what: str, wanted: str, given: float) -> bytes:
    try:
        return np.array(given, dtype=wanted).tobytes()
    except OverflowError:
        raise fail("IX971", f"{what} is {given}, which is no {wanted}") from None


def _structure(what: str, parameter: Parameter, given: Any) -> bytes:
    value = bytes(given) if isinstance(given, bytes | bytearray | ctypes.Structure) else None
    if isinstance(given, np.generic | np.ndarray):
        value = given.tobytes()
    if value is None or len(value) != parameter.bytes:
        size = f"{len(value)} bytes" if value is not None else type(given).__name__
        raise fail("IX971", f"{what} is {size}, and the parameter is a structure of {parameter.bytes} bytes")
    return value


def _pointer(what: str, parameter: Parameter, given: Any) -> bytes:
    if given is None:
        return bytes(parameter.bytes)
    if not isinstance(given, np.ndarray):
        hint = "give a NumPy array, or None for a null pointer"
        raise fail("IX971", f"{what} is {type(given).__name__}, and the parameter is a pointer", hint=hint)
    if not given.flags.c_contiguous:
        raise fail("IX971", f"{what} has gaps or another order of axes", hint="numpy.ascontiguousarray makes a copy")
    if parameter.writable and not given.flags.writeable:
        raise fail("IX971", f"{what} is read-only, and the kernel may write to it", hint="declare the parameter const")
    _check_pointee(what, parameter, given.dtype)
    return int(given.ctypes.data).to_bytes(parameter.bytes, "little")


def _check_pointee(what: str, parameter: Parameter, dtype: np.dtype[Any]) -> None:
    """A pointer to bytes takes all arrays, one to a vector type those that it is made of, others their own type."""
    if parameter.pointee_bytes <= 1:
        return
    kind, size = KINDS.get(dtype.kind, OTHER), dtype.itemsize
    if parameter.pointee in NAMES:
        integers = {kind, parameter.pointee} <= {SIGNED, UNSIGNED}
        fits = size == parameter.pointee_bytes and (kind == parameter.pointee or integers)
        wanted = f"{NAMES[parameter.pointee]}{8 * parameter.pointee_bytes}"
    else:
        fits = parameter.pointee_bytes % size == 0
        wanted = f"structures of {parameter.pointee_bytes} bytes"
    if not fits:
        raise fail("IX971", f"{what} is an array of {dtype}, and the parameter points to {wanted}")
