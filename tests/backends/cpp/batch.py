"""Many programs in one C++ source: the headers once, each function in a namespace of its own.  Compiles in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from indexcalc.backends.check import bound_sizes, check_values, checked_arrays
from indexcalc.backends.cpp.emit import CppEmitted, emit_for
from indexcalc.backends.cpp.runtime import LIBRARY, SCALARS, Compiled, CppProgram, compiled
from indexcalc.backends.cpp.support import header
from indexcalc.backends.cpp.toolchain import find_compiler
from indexcalc.diagnostics import IndexCalcError
from indexcalc.ir.graph import Graph
from indexcalc.ir.program import Program
from indexcalc.lower.program import lower_program

ORDER = ("core", "vmath", "elementwise", "memory", "blas", "complex", "complex_functions", "complex_blas", "product",
         "tiles", "team", "large", "contract", "linear", "ranked", "extremes")  # fmt: skip


def skip_without_compiler() -> None:
    try:
        find_compiler()
    except IndexCalcError as error:
        pytest.skip(str(error))


def has_compiler() -> bool:
    """Whether programs can be compiled here; to skip some of a test's parameters."""
    try:
        find_compiler()
    except IndexCalcError:
        return False
    return True


class Batch:
    """The programs, compiled for arrays of one type; run by name."""

    def __init__(
        self,
        programs: Mapping[str, Program],
        dtype: str,
        flags: tuple[str, ...],
        graphs: Mapping[str, Graph] | None = None,
    ) -> None:
        skip_without_compiler()
        self.programs = programs
        self.emitted: dict[str, CppEmitted] = {
            name: emit_for(program, graphs[name] if graphs else lower_program(program), SCALARS[dtype])
            for name, program in programs.items()
        }
        self._place = {name: number for number, name in enumerate(self.emitted)}
        self._library = compiled(joined(self.emitted.values()), flags)

    def run(self, name: str, given: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
        """As `Function` runs a program: checked, with its sizes bound."""
        program, emitted = self.programs[name], self.emitted[name]
        arrays = checked_arrays(program, given, LIBRARY)
        bound = bound_sizes(program, arrays, sizes, LIBRARY)
        check_values(program, arrays, bound, LIBRARY)
        function = Compiled(emitted, self._library, f"run_{self._place[name]}")
        return CppProgram(lambda scalar: function)(arrays, {key: bound[space] for key, space in emitted.sizes.items()})


def joined(emitted: Iterable[CppEmitted]) -> str:
    """One source with the functions run_0, run_1, …"""
    found = list(emitted)
    needed = frozenset(name for e in found for name in e.needs)
    lines = [header(name) for name in ORDER if name in needed]
    for number, each in enumerate(found):
        lines.append(f"namespace program_{number} {{\n{each.function.replace('int run(', f'int run_{number}(')}}}\n")
    return "\n".join(lines)
