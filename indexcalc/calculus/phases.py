"""The forward and the backward part of a derived program, and the order of its lines when some values are not kept
from the one to the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ..ir.program import Define, Program
from ..ir.walk import tensors_in


class Line(NamedTuple):
    """The definition `of`, computed where the line stands; `again`: for the backward part, which lost the first one."""

    of: str
    again: bool = False


@dataclass(frozen=True)
class Schedule:
    """Lines in order; the definitions that the backward part computes `again`; those `kept` from the forward part.

    What is computed again may not have been computed before, where only the backward part needs it.
    """

    lines: tuple[Line, ...]
    again: frozenset[str]
    kept: tuple[str, ...]

    @property
    def twice(self) -> tuple[str, ...]:
        """What is computed in both parts, in the order of the second time."""
        before = {line.of for line in self.lines if not line.again}
        return tuple(line.of for line in self.lines if line.again and line.of in before)


class Phases:
    """The parts of a derived program.

    The forward part is the user's definitions and what they read; the rest is the backward part.  Inner definitions go
    with the user's definition that they were made for, the next one after them.
    """

    def __init__(self, forward: Program, derived: Program) -> None:
        self.defines = derived.definitions
        self.reads = {name: self._read_by(s) for name, s in self.defines.items()}
        needed = {n for n in self.defines if n in forward.definitions}
        for name in reversed(tuple(self.defines)):
            if name in needed:
                needed.update(self.reads[name])
        self.forward = tuple(n for n in self.defines if n in needed)
        self.backward = self._sinks_early([n for n in self.defines if n not in needed])
        self.returned = tuple(n for n in derived.outputs if n in needed)
        self.owner: dict[str, str] = {}
        own = ""
        for name in reversed(self.forward):
            own = name if name in forward.definitions else own
            self.owner[name] = own

    def _read_by(self, s: Define) -> tuple[str, ...]:
        return tuple(sorted(n for n in tensors_in(s.body) if n in self.defines))

    def _sinks_early(self, names: list[str]) -> tuple[str, ...]:
        """What nothing else reads, a gradient, comes as soon as it can, so that its operands need not wait for it."""
        inside = frozenset(names)
        read = {r for n in names for r in self.reads[n]}
        waiting = {n: {r for r in self.reads[n] if r in inside} for n in names if n not in read}
        readers: dict[str, list[str]] = {}
        for sink, operands in waiting.items():
            for r in operands:
                readers.setdefault(r, []).append(sink)
        order = [n for n, operands in waiting.items() if not operands]
        for name in names:
            if name in waiting:
                continue
            order.append(name)
            for sink in readers.get(name, ()):
                waiting[sink].discard(name)
                if not waiting[sink]:
                    order.append(sink)
        return tuple(order)

    def candidates(self) -> tuple[str, ...]:
        """What may be computed again: all that the backward part needs, inner definitions too, but what is returned."""
        again = self._again(frozenset(self.forward))
        return tuple(n for n in self.forward if n in again)

    def with_inner(self, gone: Collection[str]) -> frozenset[str]:
        """These definitions of the user, and the inner ones that were made for them."""
        return frozenset(n for n in self.forward if self.owner[n] in gone)

    def schedule(self, lost: Collection[str]) -> Schedule:
        """The order of lines where the values of these definitions are lost after the forward part."""
        again = self._again(lost)
        second = [*self.backward, *(n for n in self.forward if n in again)]
        wanted = {r for n in second for r in self.reads[n] if r in self.owner and r not in again}
        before = {*wanted, *self.returned}
        for name in reversed(self.forward):
            if name in before:
                before.update(self.reads[name])
        lines = [Line(n) for n in self.forward if n in before]
        done: set[str] = set()
        place = {n: k for k, n in enumerate(self.forward)}
        for name in self.backward:
            missing = self._missing(name, again, done)
            done |= missing
            lines += [Line(n, True) for n in sorted(missing, key=place.__getitem__)]
            lines.append(Line(name))
        return Schedule(tuple(lines), again, tuple(n for n in self.forward if n in wanted))

    def _again(self, lost: Collection[str]) -> frozenset[str]:
        """What the backward part reads, directly or through something lost, among the values that are lost."""
        lost = {n for n in lost if n in self.owner and n not in self.returned}
        again = {r for n in self.backward for r in self.reads[n] if r in lost}
        for name in reversed(self.forward):
            if name in again:
                again.update(r for r in self.reads[name] if r in lost)
        return frozenset(again)

    def _missing(self, name: str, again: Collection[str], done: Collection[str]) -> set[str]:
        """What has to be computed again before this line."""
        found: set[str] = set()
        stack: list[Iterable[str]] = [self.reads[name]]
        while stack:
            for r in stack.pop():
                if r in again and r not in done and r not in found:
                    found.add(r)
                    stack.append(self.reads[r])
        return found


__all__ = ["Line", "Phases", "Schedule"]
