"""Upper and lower positions, in equations that pair them."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic
from .evidence import Evidence
from .teller import Teller
from .terms import Use
from .tree import Place


def misplaced(tell: Teller) -> Iterator[Diagnostic]:
    """A free index up in one place and down in another; a pair in one position.

    Of an index in a space with a declared metric that is an error.  Of any other, something is said only where the
    equation pairs upper with lower positions somewhere, and of a pair only where all other pairs are mixed; of a free
    index also where tensors have several Greek indices.
    """
    firm = tell.equation.declared.positioned
    paired = bool(tell.evidence.paired & tell.evidence.sure)
    if not paired and not firm and not tell.evidence.grid:
        return
    yield from _free(tell, firm, paired or tell.evidence.grid)
    mixed, same = _pairs(tell.evidence)
    turned = {(n, t.place) for t in tell.evidence.terms for n in t.names if {u.up for u in t.of(n)} == {True, False}}
    for place, first, second in same:
        if first.name not in firm and (not paired or mixed < 2 * len(same)):
            continue
        where = "up" if first.up else "down"
        likely = tell.strict or (first.name, place) in turned  # the same dummy of the same brackets, elsewhere mixed
        yield tell.finding(
            "IX301",
            f"both places of the summed index {tell.show(first.name)} are {where}",
            first.place,
            "a sum pairs an upper with a lower position; raise or lower one of them",
            where,
            (tell.label(second.place, where),),
            severity="error" if first.name in firm else "warning" if likely else "note",
        )


def _free(tell: Teller, firm: frozenset[str], paired: bool) -> Iterator[Diagnostic]:
    """Each free index is up everywhere or down everywhere."""
    first: dict[str, Use] = {}
    told: set[str] = set()
    terms = tell.evidence.terms
    summed = {n for t in terms for n in t.names if t.count(n) > 1}
    for use in (u for t in terms for u in t.uses):
        name = use.name
        if name not in tell.evidence.sure or use.up is None or name in summed or name in told:
            continue
        if name not in firm and not paired:
            continue
        other = first.setdefault(name, use)
        if other.up is not use.up:
            told.add(name)
            here, there = ("up", "down") if use.up else ("down", "up")
            yield tell.finding(
                "IX301",
                f"the free index {tell.show(name)} is {there} in one place and {here} in another",
                use.place,
                "each term has a free index in the same position",
                here,
                (tell.label(other.place, there),),
                severity="error" if name in firm else "warning",
            )


def _pairs(evidence: Evidence) -> tuple[int, list[tuple[Place, Use, Use]]]:
    """How many summed pairs are mixed, and those that are not."""
    mixed = 0
    same = []
    for term in evidence.terms:
        for name in term.names:
            uses = term.of(name)
            if name not in evidence.sure or len(uses) != 2 or any(u.up is None for u in uses):
                continue
            if uses[0].up is uses[1].up:
                same.append((term.place, uses[0], uses[1]))
            else:
                mixed += 1
    return mixed, same
