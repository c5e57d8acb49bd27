"""One C++ program of all functions that are called, and the file of the calls that it makes."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from indexcalc.backends.cpp.emit import CppEmitted
from indexcalc.backends.cpp.kernel import kernel_text
from indexcalc.backends.cpp.support import header
from tests.backends.cpp.batch import ORDER

from .calls import KINDS, Call

HERE = Path(__file__).parent
BLOCK = re.compile(
    r"const int64_t (o\d+) = scratch_size;(?P<what>.*)\n\s*scratch_size \+= ix::whole_lines\((?P<bytes>.*)\);\n"
)
POINTER = re.compile(
    r"(?P<type>\w+)\* const (?P<name>t\d+) = reinterpret_cast<\w+\*>\(scratch\.data \+ (?P<bytes>o\d+)\);"
)
KERNELS = re.compile(r"^(?=static int )", re.MULTILINE)
APART = "const Scratch<char> scratch(scratch_size);"
PARALLEL = re.compile(r"PARALLEL = [^;]*;")
LINES = re.compile(r"(whole_lines\(int64_t bytes\) \{ return [^;]*); \}")
KEPT = re.compile(r"KEPT_LEAST = [^,]*,")
WHOLE = re.compile(r"posix_memalign\(&found, alignment, whole\)")


def source(calls: Sequence[Call]) -> tuple[str, list[int]]:
    """The text, and the number of each call's function."""
    functions = list({id(c.function): c.function for c in calls}.values())
    place = {id(f): n for n, f in enumerate(functions)}
    needs, texts, cases = set[str](), [], []
    for number, function in enumerate(functions):
        if isinstance(function, CppEmitted):
            needs |= set(function.needs)
            text = function.function.replace("int run(", f"int run_{number}(")
            call = f"program_{number}::run_{number}(sizes, in, out, threads)"
        else:
            found = kernel_text(function, f"kernel_{number}", "double")
            needs |= set(found.headers)
            text = found.text
            call = f"program_{number}::kernel_{number}(Extents{{sizes}}, in, out)"
        texts.append(f"namespace program_{number} {{\n{own_blocks(text)}}}\n")
        cases.append(f"    case {number}: return {call};")
    heads = [strict(name) for name in ORDER if name in needs | {"blas"}]
    table = [
        "static int call(int64_t function, const int64_t* sizes, const ArrayRef* in, ArrayRef* out, int threads) {",
        "  const Threads limit(threads);",
        "  switch (function) {",
        *cases,
        "  }",
        "  return -1;",
        "}",
    ]
    driver = (HERE / "driver.hpp").read_text(encoding="utf-8")
    return "\n".join([*heads, *texts, driver, *table, ""]), [place[id(c.function)] for c in calls]


def strict(name: str) -> str:
    """A header, with memory of exactly what is asked for, and threads for the smallest loop."""
    if name == "memory":
        return (HERE / "strict_memory.hpp").read_text(encoding="utf-8")
    text = header(name)
    if name == "tiles":
        text, gaps = LINES.subn(r"\1 + 64; }", text)
        assert gaps == 1, "tiles.hpp parts blocks otherwise"
    if name == "core":
        text, few = PARALLEL.subn("PARALLEL = 2;", text)
        text, exact = WHOLE.subn("posix_memalign(&found, alignment, bytes > 0 ? size_t(bytes) : 1)", text)
        text, fresh = KEPT.subn("KEPT_LEAST = INT64_MAX,", text)
        assert few == exact == fresh == 1, "core.hpp asks for memory otherwise"
    return text


def own_blocks(text: str) -> str:
    """The text with memory of its own for each block of a kernel whose threads share none.

    Blocks lie side by side in a thread's scratch otherwise, or in that of a team of threads.
    """
    return "".join(_with_own(part) if APART in part else part for part in KERNELS.split(text))


def _with_own(text: str) -> str:
    text = BLOCK.sub(r"const int64_t \1 = \g<bytes>;\g<what>\n", text)
    text = POINTER.sub(_own, text)
    rest = text.replace("scratch.data == nullptr", "")
    assert "scratch.data" not in rest and "whole_lines" not in rest, "blocks lie in memory otherwise"
    return text


def _own(found: re.Match[str]) -> str:
    type, name, size = found["type"], found["name"], found["bytes"]
    return f"const Scratch<char> own_{name}({size}); {type}* const {name} = reinterpret_cast<{type}*>(own_{name}.data);"


def write_calls(path: Path, calls: Sequence[Call], numbers: Sequence[int]) -> None:
    """The file that driver.hpp reads."""
    with path.open("wb") as file:
        _numbers(file, len(calls))
        for call, number in zip(calls, numbers):
            name = call.name.encode()
            _numbers(file, len(name))
            file.write(name)
            _numbers(file, number, len(call.sizes), *call.sizes)
            file.write(struct.pack("<d", call.tolerance))
            for arrays in (call.inputs, call.wanted):
                _numbers(file, len(arrays))
                for array in arrays:
                    _array(file, array)


def _numbers(file: BinaryIO, *found: int) -> None:
    file.write(struct.pack(f"<{len(found)}q", *found))


def _array(file: BinaryIO, array: Any) -> None:
    """The bytes from its lowest to its highest element, and where the first one is among them."""
    spans = [(n - 1) * s for n, s in zip(array.shape, array.strides)]
    first = -sum(min(0, s) for s in spans)
    length = (first + sum(max(0, s) for s in spans) + array.itemsize) if array.size else 0
    file_strides = [s // array.itemsize for s in array.strides]
    _numbers(file, KINDS[str(array.dtype)], array.ndim, *file_strides, first if array.size else 0, length)
    if length:
        low = array.ctypes.data - first
        file.write(np.ctypeslib.as_array((np.ctypeslib.ctypes.c_uint8 * length).from_address(low)).tobytes())
