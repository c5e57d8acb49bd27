"""Sums: a limit that is the index itself, an index that the summed expression lacks."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic
from .teller import Teller, command
from .terms import Term, Use
from .tree import Place
from .words import USUAL


def sum_findings(tell: Teller) -> Iterator[Diagnostic]:
    """A bound that is the index itself; an index that the summed expression lacks."""
    for node, found, body in tell.evidence.met.ranges:
        for entry in found.names:
            shown = tell.show(entry.name)
            if found.first and found.last and found.last == command(entry.name):
                tell.told.add(entry.name)
                yield tell.finding(
                    "IX110",
                    f"the sum over {shown} runs up to {shown} itself",
                    Place(node.scripts[0].place.start, max(s.place.end for s in node.scripts)),
                    f"rename the index that is summed, or write the limit's own letter ({shown.upper()}?)",
                    why="The index of a sum means nothing outside of it, so its limit cannot be written with it.",
                )
            elif _lacks(tell, entry.name, body):
                usual = entry.name in USUAL
                used = [u for t in body for u in t.uses if u.name in tell.evidence.sure or (usual and u.name in USUAL)]
                alone = list(dict.fromkeys(u.name for t in body for u in t.uses if _dangles(tell, u, t)))
                bare = any(
                    n.isascii() and len(n) == 1 for t in body for n in t.may & tell.evidence.met.bare
                )  # A may be A_{ij}
                if not used or node.op != r"\sum" or (bare and not alone):
                    continue
                tell.told.add(entry.name)
                hint = f"is {tell.words(alone)} meant?" if alone else "without it the sum counts one value many times"
                yield tell.finding(
                    "IX111",
                    f"the sum runs over {shown}, which stands nowhere in it",
                    entry.place,
                    hint,
                    "summed here",
                    tuple(tell.label(u.owner, f"has {tell.show(u.name)}") for u in used[:3]),
                    severity="warning",
                )


def _lacks(tell: Teller, name: str, body: tuple[Term, ...]) -> bool:
    if any(name.partition("_")[0] in t.may for t in body):  # a sum over the values of \sigma_b
        return False
    return not any(t.count(name) or t.open or name in t.may for t in body) and not any(
        u.name.rstrip("'") == name for t in body for u in t.uses
    )


def _dangles(tell: Teller, use: Use, term: Term) -> bool:
    sides = tell.evidence.sides
    everywhere = sum(any(t.count(use.name) for t in side) for side in sides)
    return use.name in tell.evidence.sure and term.count(use.name) == 1 and everywhere < 2
