"""What `make valgrind` changes in emitted texts is found there: else it would watch less than it says."""

from __future__ import annotations

import re

from indexcalc.backends.cpp.emit import CppEmitted
from indexcalc.ir.kernel import Kernel

from .calls import every
from .program import source, strict


def test_blocks_have_memory_of_their_own() -> None:
    calls = [*every(0, "rows 0"), *every(0, "rms norm")]
    text, numbers = source(calls)
    assert {type(c.function) for c in calls} == {CppEmitted, Kernel} and len(numbers) == len(calls)
    pieces = len(re.findall(r"const Scratch<char> own_t\d+\(o\d+\);", text))
    assert pieces > 3
    assert text.count("struct Memory {") == 1 and "std::abort();  // it was not taken" in text


def test_headers_ask_for_exactly_what_is_needed() -> None:
    assert "PARALLEL = 2;" in strict("core") and "alignment, whole)" not in strict("core")
    assert re.search(r"whole_lines.* \+ 64; }", strict("tiles"))
