"""What lies between inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable

from ..ir.program import Define, Program
from ..ir.walk import tensors_in


def path(program: Program, wrt: Iterable[str], of: Iterable[str]) -> list[Define]:
    """Definitions between the inputs and the outputs, in order."""
    felt = set(wrt)
    forward = []
    for s in program.definitions.values():
        if felt & tensors_in(s.body):
            felt.add(s.name)
            forward.append(s)
    needed = set(of)
    found = []
    for s in reversed(forward):
        if s.name in needed:
            needed |= tensors_in(s.body)
            found.append(s)
    return found[::-1]
