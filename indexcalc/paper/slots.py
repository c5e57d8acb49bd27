"""Declared spaces and tensors, slot by slot: a batch index in a head's slot, or one slot too few, is a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..diagnostics import Diagnostic, Label, Lines
from .declared import Declarations
from .equation import Equation
from .terms import SYMBOLS, Use
from .tree import Place

_UNTYPED = (*SYMBOLS, "partial", "nabla", "Box")  # take indices of any space
_Key = tuple[str, int, int]  # a tensor, its number of slots, and the slot


@dataclass(frozen=True, slots=True)
class _Slot:
    """The space of a slot, and where that was seen first; None where it was declared."""

    space: str
    place: Place | None


def slot_findings(equations: Sequence[Equation], lines: Lines) -> Iterator[Diagnostic]:
    """Slots that are used with indices of two declared spaces, and tensors with another number of slots than declared.

    >>> from .document import equations
    >>> text = "% ix: index b : batch\\n% ix: index h : head\\n$x_{bh} = y_{hb} + z_{bh}$, $u_{bh} = y_{bh}$"
    >>> [d.code for d in slot_findings(equations(text), Lines(text))]
    ['IX201', 'IX201']
    """
    known: dict[_Key, _Slot] = {}
    for equation in equations:
        declared = equation.declared
        evidence = equation.evidence if declared.spaces or declared.tensors else None
        if evidence is None:
            continue
        terms = evidence.terms + [t for _, _, body in evidence.met.ranges for t in body]
        owners: dict[Place, dict[Place, Use]] = {}
        for use in (u for t in terms for u in (*t.uses, *t.local)):
            if use.base and use.base not in _UNTYPED:
                owners.setdefault(use.owner, {})[use.place] = use
        for found in owners.values():
            slots = [found[place] for place in sorted(found)]
            yield from _rank(slots, declared, lines)
            yield from _spaces(slots, declared, known, lines)


def _rank(slots: list[Use], declared: Declarations, lines: Lines) -> Iterator[Diagnostic]:
    base = slots[0].base
    meant = declared.tensors.get(base)
    derived = any("," in u.script or ";" in u.script for u in slots)  # u_{i,j} may be a derivative
    if meant is None or derived or len(meant) == len(slots):
        return
    owner = slots[0].owner
    yield Diagnostic(
        "IX203",
        f"`{base}` has {len(slots)} slot{'s' * (len(slots) > 1)} here, and {len(meant)} by its declaration",
        lines.span(owner.start, owner.end),
        f"declared as {base}[{', '.join(meant)}]",
    )


def _spaces(slots: list[Use], declared: Declarations, known: dict[_Key, _Slot], lines: Lines) -> Iterator[Diagnostic]:
    for k, use in enumerate(slots):
        space = declared.spaces.get(use.name)
        if space is None:
            continue
        meant = declared.tensors.get(use.base, ())
        stated = declared.spaces.get(meant[k]) if len(meant) == len(slots) else None
        first = _Slot(stated, None) if stated else known.setdefault((use.base, len(slots), k), _Slot(space, use.place))
        if first.space != space:
            number = f"slot {k + 1} of {use.base}" if len(slots) > 1 else f"the slot of {use.base}"
            at = first.place
            yield Diagnostic(
                "IX201",
                f"`{use.name}` of space {space} stands in {number}, which is of space {first.space}",
                lines.span(use.place.start, use.place.end),
                f"an index of {first.space} is expected here; or declare `{use.name}` in that space",
                label=space,
                labels=(Label(lines.span(at.start, at.end), first.space),) if at else (),
            )
