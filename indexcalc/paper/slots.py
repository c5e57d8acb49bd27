"""Declared spaces of indices, slot by slot: `% ix: index i, j : seq` makes a batch index in a head's slot a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..diagnostics import Diagnostic, Label, Lines
from .equation import Equation
from .evidence import weigh
from .terms import Use


@dataclass(frozen=True, slots=True)
class _Slot:
    """What a slot was first used with."""

    space: str
    use: Use


def space_clashes(equations: Sequence[Equation], lines: Lines) -> Iterator[Diagnostic]:
    """Slots of one tensor that are used with indices of two declared spaces.

    >>> from .document import equations
    >>> text = "% ix: index b : batch\\n% ix: index h : head\\n$x_{bh} = y_{hb} + z_{bh}$, $u_{bh} = y_{bh}$"
    >>> [d.code for d in space_clashes(equations(text), Lines(text))]
    ['IX201', 'IX201']
    """
    known: dict[tuple[str, int, int, str], _Slot] = {}
    for equation in equations:
        tree = equation.tree if equation.declared and equation.has_scripts else None
        if tree is None:
            continue
        evidence = weigh(tree, equation.declared)
        places = evidence.terms + [t for _, _, body in evidence.met.ranges for t in body]
        done = set()
        for use in (u for t in places for u in (*t.uses, *t.local)):
            if use.owner not in done:
                done.add(use.owner)
                slots = [u for t in places for u in (*t.uses, *t.local) if u.owner == use.owner]
                slots = list({u.place: u for u in slots}.values())
                yield from _clashes(slots, equation.declared, known, lines)


def _clashes(
    slots: list[Use], declared: dict[str, str], known: dict[tuple[str, int, int, str], _Slot], lines: Lines
) -> Iterator[Diagnostic]:
    for k, use in enumerate(slots):
        space = declared.get(use.name)
        if space is None or not use.base or use.base in ("delta", "partial", "nabla"):
            continue
        first = known.setdefault((use.base, len(slots), k, str(use.up)), _Slot(space, use))
        if first.space != space:
            number = f"slot {k + 1} of {use.base}" if len(slots) > 1 else f"the slot of {use.base}"
            yield Diagnostic(
                "IX201",
                f"`{use.name}` of space {space} stands in {number}, which is of space {first.space}",
                lines.span(use.place.start, use.place.end),
                f"an index of {first.space} is expected here; or declare `{use.name}` in that space",
                label=space,
                labels=(Label(lines.span(first.use.place.start, first.use.place.end), first.space),),
            )
