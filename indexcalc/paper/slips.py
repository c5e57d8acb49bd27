"""Slips of the pen: an underscore left out, a letter that is a script and a tensor."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic
from .teller import Teller
from .tree import Place


def missed_underscores(tell: Teller) -> Iterator[Diagnostic]:
    for before, group in tell.evidence.met.missed:
        side = group.parts[0].sides[0]
        letters = [f.name for f in side.terms[0].factors if hasattr(f, "name")] if side else []
        scripts = {u.name for t in tell.evidence.terms for u in t.uses}
        if letters and all(n in scripts for n in letters):
            place = Place(before.place.start, group.place.end)
            fix = tell.source(before.place) + "_" + tell.source(group.place)
            yield Diagnostic(
                "IX113",
                f"an underscore is missing: {tell.source(place)} prints the letters side by side",
                tell.span(place),
                f"{fix}",
                "warning",
                fix=fix,
            )


def script_names(tell: Teller) -> Iterator[Diagnostic]:
    """A letter that is a script of one tensor and itself a tensor with indices."""
    for use in (u for side in tell.evidence.sides[:1] for t in side for u in t.uses):
        bases = [u for t in tell.evidence.terms for u in t.uses if u.base == use.name and u.owner != use.owner]
        alone = not any(u.name == use.name for side in tell.evidence.sides[1:] for t in side for u in t.uses)
        beside = any(u.owner == use.owner and u.name != use.name for u in tell.evidence.sides[0][0].uses)
        if bases and alone and beside and use.base != use.name and tell.evidence.paired:
            yield tell.finding(
                "IX114",
                f"{tell.show(use.name)} is a script here, and a tensor with indices of its own in the same equation",
                use.place,
                "where it is a label, brackets or upright letters say so",
                "a label, no index",
                (tell.label(bases[0].owner, "a tensor"),),
                severity="note",
            )
            return
