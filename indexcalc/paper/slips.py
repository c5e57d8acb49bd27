"""Slips of the pen: an underscore left out, a letter that is a script and a tensor, or a factor and a tensor."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic
from .teller import Teller
from .terms import Term
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
        if bases and not use.name.isupper() and alone and beside and use.base != use.name and tell.evidence.paired:
            yield tell.finding(
                "IX114",
                f"{tell.show(use.name)} is a script here, and a tensor with indices of its own in the same equation",
                use.place,
                "where it is a label, brackets or upright letters say so",
                "a label, no index",
                (tell.label(bases[0].owner, "a tensor"),),
                severity="warning",
            )
            return


def scalar_names(tell: Teller) -> Iterator[Diagnostic]:
    """A coefficient that stands as a tensor in one term, where all other terms have products of another tensor there.

    That a name has two ranks is no slip by itself: R is the trace of R_ij.
    """
    for side in tell.evidence.sides:
        forms = [_form(t) for t in side]
        for k, form in enumerate(forms):
            rest = {f for n, f in enumerate(forms) if n != k}
            if len(side) < 3 or form is None or len(rest) != 1 or form[0] not in tell.evidence.met.bare:
                continue
            usual = rest.pop()
            if usual is None or usual[0] == form[0] or usual[1:] != form[1:]:
                continue
            uses = [u for u in side[k].uses if u.base == form[0]]
            other = next(u for n, t in enumerate(side) if n != k for u in t.uses)
            yield tell.finding(
                "IX116",
                f"{tell.show(form[0])} has indices here, and is a coefficient in another term",
                uses[0].owner,
                f"all other terms have {tell.show(usual[0])} in this place: is that meant?",
                "a tensor",
                (tell.label(other.owner, f"the other terms have {tell.show(usual[0])}"),),
                severity="warning",
            )


def _form(term: Term) -> tuple[str, int, tuple[str, ...]] | None:
    """The one tensor of two indices whose product a term is, how many of them, and all their letters."""
    owners: dict[Place, str] = {u.owner: u.base for u in term.uses}
    if len(set(owners.values())) != 1 or len(owners) < 2 or len(term.uses) != 2 * len(owners) or term.open:
        return None
    return next(iter(owners.values())), len(owners), tuple(sorted(u.name for u in term.uses))
