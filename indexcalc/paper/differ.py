"""The terms of one side: which differ in their free indices, and letters that stand too often in one."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic
from .symbols import EQUALITIES
from .teller import Teller, absent
from .terms import Term, Use
from .tree import Place


def term_findings(tell: Teller, number: int) -> Iterator[Diagnostic]:
    """Terms of one side that differ in their free indices."""
    side, others = tell.evidence.sides[number], _others(tell, number)
    if len(side) < 2:
        return
    outside = [o for o in others if any(t.uses for t in o)]
    for name, use in tell.certain(side).items():
        if name in tell.told:
            continue
        if any(name in tell.certain(o) for o in outside):
            yield from _lacking(tell, name, use, side, others)
        elif not outside:
            yield from _uneven(tell, name, use, side)


def renamed(tell: Teller, number: int) -> Iterator[Diagnostic]:
    """A term that has another letter where the left side and all other terms have the same one.

    This needs no evidence of its own for the letter: `x_i = R_{ij} y_j + t_k`.
    """
    side, others = tell.evidence.sides[number], _others(tell, number)
    free = {u.name for o in others if len(o) == 1 and not o[0].open for u in o[0].uses if o[0].count(u.name) == 1}
    summed = any(t.bound or any(t.count(n) == 2 for n in t.names) for t in side)
    if len(side) < 2 or (len(free) < 2 and not summed):
        return
    for term in side:
        lacks = [n for n in sorted(free) if absent(n, (term,))]
        rest = [t for t in side if t is not term]
        if lacks and not term.uses and all(t.count(n) for t in rest for n in lacks):
            yield from _left_over(tell, lacks, term, rest)
            continue
        extra = [n for n in term.names if term.count(n) == 1 and n not in free and _may_be_index(tell, n, term)]
        if len(lacks) != 1 or len(extra) != 1 or not all(t.count(n) for t in rest for n in free):
            continue
        (old,), (new,) = lacks, extra
        use = term.of(new)[0]
        if {old, new} & tell.told or any(not absent(new, o) for o in others) or not tell.is_usual(old):
            continue
        tell.told |= {old, new}
        has = next(u for t in rest for u in t.of(old))
        yield tell.finding(
            "IX102",
            f"{tell.show(new)} stands in one term where the others have {tell.show(old)}",
            use.owner,
            f"rename {tell.show(new)} to {tell.show(old)} in {tell.source(use.owner)}: each term has the same indices",
            f"has {tell.show(new)}",
            (tell.label(has.owner, f"has {tell.show(old)}"),),
        )


def _left_over(tell: Teller, free: list[str], term: Term, rest: list[Term]) -> Iterator[Diagnostic]:
    """A term whose only letter is summed in another one, in the place of free ones: the last of W_{ij} x_j + b_j."""
    summed = {e.name for t in rest for e in t.bound}
    over = sorted(term.may & summed)
    if term.open or term.bound or len(over) != 1 or over[0] in tell.told:
        return
    (name,) = over
    tell.told |= {name, *free}
    yield tell.finding(
        "IX102",
        f"{tell.show(name)} is summed in another term, and this one has no {tell.words(free)}",
        term.place,
        f"is {tell.words(free)} meant? If the sum holds this term as well, write brackets around what it holds",
        f"has {tell.show(name)}",
        severity="warning",
    )


def _may_be_index(tell: Teller, name: str, term: Term) -> bool:
    low = tell.evidence.uniform or not any(u.raised for u in term.of(name))  # x^m - x^n: two points
    return low and tell.is_usual(name) and name not in term.may and name not in tell.evidence.met.symbols


def _others(tell: Teller, k: int) -> list[tuple[Term, ...]]:
    """The sides that side k is equated with."""
    out = []
    for n in (k - 1, k):
        if 0 <= n < len(tell.tree.relations) and tell.tree.relations[n] in EQUALITIES:
            out.append(tell.evidence.sides[n + (n >= k)])
    return out


def _uneven(tell: Teller, name: str, use: Use, side: tuple[Term, ...]) -> Iterator[Diagnostic]:
    """Where the other sides say nothing: a letter that one term has free and another not at all, or summed."""
    evidence = tell.evidence
    if name in evidence.met.counted or not (evidence.tensorial or evidence.steady):
        return  # a step's number, or an expression that is elementwise
    odd = [t for t in side if not t.open and name not in t.may and t.count(name) != 1]
    if not odd or (not any(t.uses for t in odd) and not tell.evidence.tensorial):
        return
    if all(u.alone for t in side for u in t.of(name)) and not any(t.count(name) > 1 for t in side):
        return  # kinetic and potential energies: E_k + E_p
    term = odd[0]
    if not _is_news(tell, name, term.place):
        return
    has = f"has {tell.show(name)} {_times(term.count(name))}" if term.count(name) else f"lacks {tell.show(name)}"
    yield tell.finding(
        "IX102",
        f"{tell.show(name)} stands once in one term, and another term {has}",
        use.owner,
        "each term of a sum has the same free indices",
        f"{tell.show(name)} stands once",
        (tell.label(term.place, has),),
    )


def _lacking(
    tell: Teller, name: str, use: Use, side: tuple[Term, ...], others: list[tuple[Term, ...]]
) -> Iterator[Diagnostic]:
    """A term without an index that the other terms and sides have, where that is no broadcast."""
    derivative = any(_is_derivative(t, name) for o in others for t in o if len(o) == 1)
    uniform = tell.evidence.uniform
    if not uniform and not derivative:
        return
    by_place: dict[Place, list[Term]] = {}
    for term in side:
        by_place.setdefault(term.place, []).append(term)
    for place, terms in by_place.items():
        whole = not uniform  # brackets multiplied out are broadcasts in a formula of arrays
        missing = (all if whole else any)(absent(name, (t,)) for t in terms)
        if missing and any(t.uses or tell.evidence.tensorial for t in terms):
            if not _is_news(tell, name, place):
                return
            yield tell.finding(
                "IX115",
                f"this term lacks the index {tell.show(name)}, which the other terms have",
                place,
                "each term of a sum has the same free indices; a term that is the same for all values of "
                f"{tell.show(name)} is seldom meant here",
                f"has no {tell.show(name)}",
                (tell.label(use.owner, f"has {tell.show(name)}"),),
                severity="warning",
            )
            return


def _is_derivative(term: Term, name: str) -> bool:
    """Whether a term is a derivative by something with this index, and it is no comma that says so."""
    uses = term.of(name)
    return term.derived and bool(uses) and not any("," in u.script or ";" in u.script for u in uses)


def _is_news(tell: Teller, name: str, term: Place) -> bool:
    """Whether nothing was said of this term yet: two letters that differ are mostly one slip."""
    tell.told.add(name)
    known = term in tell.told_terms
    tell.told_terms.add(term)
    return not known


def thrice(tell: Teller, side: tuple[Term, ...]) -> Iterator[Diagnostic]:
    """An index three times in a term, where pairs are summed without a sign."""
    signs = bool(tell.evidence.met.ranges) or tell.evidence.met.dots
    for term in side:
        for name in term.names:
            uses = term.of(name)
            if name in tell.told or not tell.evidence.is_firm(name) or name in tell.evidence.met.counted:
                continue
            free = _is_free(tell, name)
            if len(uses) % 2 and len(uses) > 2 and not signs and _too_many(tell, name, uses, side):
                message = f"{tell.show(name)} stands {_times(len(uses))} in one term"
                hint = "an index that is summed stands twice, one that is free once: rename one of them"
            elif len(uses) == 2 and free and (tell.strict or (tell.evidence.tensorial and not signs)):
                message = f"{tell.show(name)} is free in this equation, and stands twice in one term"
                hint = "a pair is summed, so the sum's index needs a letter of its own"
            else:
                continue
            tell.told.add(name)
            labels = tuple(tell.label(u.place, "") for u in uses[1:])
            yield tell.finding("IX103", message, uses[0].place, hint, tell.show(name), labels)


def _too_many(tell: Teller, name: str, uses: list[Use], side: tuple[Term, ...]) -> bool:
    """Whether an odd number of uses is a slip: other letters, or positions, show that pairs are summed, or the letter
    stands nowhere else in an equation of tensors.  `\\delta_{ij} S_{ii}` is a diagonal matrix."""
    evidence = tell.evidence
    if any(u.base == "delta" for u in uses):
        return evidence.tensorial and bool(evidence.paired)
    if len(evidence.sides) < 2 and not evidence.paired:
        return False  # a lone expression is mostly elementwise
    if evidence.steady or (evidence.tensorial and {u.up for u in uses} >= {True, False}):
        return True
    if len({u.owner for u in uses}) == len(uses) and not evidence.tensorial:
        return False  # a_{ir} b_{jr} c_{kr}: a sum over three
    others = [t for s in evidence.sides if s is not side for t in s]
    return not any(t.count(name) for t in others) and any(t.uses or t.derived for t in others)


def _is_free(tell: Teller, name: str) -> bool:
    """Whether two sides have the letter once, or all terms of one side have it and this one twice."""
    sides = [side for side in tell.evidence.sides if any(t.uses for t in side)]
    return sum(any(t.count(name) == 1 for t in side) for side in sides) > 1 or (
        len(sides) == 1 and sum(t.count(name) == 1 for t in sides[0]) > 1
    )


def _times(count: int) -> str:
    return {2: "twice", 3: "three times"}.get(count, f"{count} times")
