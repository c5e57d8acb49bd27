"""The few things that running an einsum asks of an array library: NumPy, PyTorch and CuPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from numbers import Complex
from typing import Any

from ..diagnostics import fail, listed

LIBRARIES = ("numpy", "torch", "cupy")


@dataclass(frozen=True, slots=True)
class Arrays:
    """One array library: its einsum on strings of letters, and how it permutes axes."""

    name: str
    einsum: Callable[..., Any]
    permute: Callable[[Any, Sequence[int]], Any]

    def contract(self, spec: str, arrays: Sequence[Any]) -> Any:
        """The library's own einsum."""
        if self.name == "numpy" and len(arrays) > 1:
            return self.einsum(spec, *arrays, optimize=True)  # by BLAS where it can be
        return self.einsum(spec, *arrays)


def library_of(operands: Sequence[object]) -> tuple[Arrays, list[Any]]:
    """The library of the operands, and the operands as its arrays; numbers and nested lists go with any.

    >>> library_of([[1, 2], 3.0])[0].name
    'numpy'
    """
    names = [_library_name(x) for x in operands]
    found = sorted({name for name in names if name})
    if len(found) > 1:
        message = f"the operands are arrays of {listed(found)}"
        raise fail("IX953", message, hint="convert them to one library first")
    name = found[0] if found else "numpy"
    module = import_module(name)
    like = next((x for x, own in zip(operands, names) if own), None)
    arrays = [x if own else _converted(x, name, module, like) for x, own in zip(operands, names)]
    if name == "torch":
        _check_alike(arrays)
    permute = module.permute if name == "torch" else module.transpose
    return Arrays(name, module.einsum, permute), arrays


def _library_name(x: object) -> str:
    """The library that an array is of, or "" for numbers and lists."""
    for kind in type(x).__mro__:
        first = kind.__module__.partition(".")[0]
        if first in LIBRARIES and hasattr(x, "shape") and hasattr(x, "dtype"):
            return first
    if isinstance(x, (Complex, list, tuple)):
        return ""
    message = f"an operand of einsum is an array of {listed(LIBRARIES)}, not {type(x).__name__}"
    raise fail("IX953", message, hint="numpy.asarray(…)")


def _converted(x: object, name: str, module: Any, like: Any) -> Any:
    try:
        if name == "torch":
            return module.as_tensor(x, dtype=like.dtype, device=like.device)
        found = module.asarray(x)
    except (TypeError, ValueError) as error:
        raise fail("IX953", f"an operand of einsum is no array: {error}", hint="numpy.asarray(…)") from None
    if found.dtype == object:
        raise fail("IX953", "an operand of einsum holds no numbers", hint="numpy.asarray(…)")
    return found


def _check_alike(arrays: Sequence[Any]) -> None:
    """That tensors are of one dtype and on one device, which torch's einsum asks for."""
    for what, code, hint in (("dtype", "IX949", "x.to(y.dtype)"), ("device", "IX954", "x.to(y.device)")):
        first = getattr(arrays[0], what)
        for k, x in enumerate(arrays[1:], 2):
            if getattr(x, what) != first:
                message = f"operand 1 has the {what} {first}, but operand {k} has {getattr(x, what)}"
                raise fail(code, message, hint=hint)
