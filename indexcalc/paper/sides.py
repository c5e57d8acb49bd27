"""The two sides of an equation: which free indices only one of them has."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import Diagnostic
from .teller import Teller, absent, extent
from .terms import Term, Use


def side_findings(tell: Teller, a: tuple[Term, ...], b: tuple[Term, ...]) -> Iterator[Diagnostic]:
    if _components(a, b):
        return
    have_a, have_b = tell.certain(a), tell.certain(b)
    if not any(t.uses for t in a) or not any(t.uses for t in b):  # a name, a number, or a matrix equation
        firm = tell.equation.declared.positioned
        if firm.isdisjoint((*have_a, *have_b)) or any(not x or tell.source(extent(x)) == "0" for x in (a, b)):
            return
    extra_a = [n for n in have_a if n not in tell.told and absent(n, b)]
    extra_b = [n for n in have_b if n not in tell.told and absent(n, a)]
    if _numbered(a) or _numbered(b):
        extra_a = extra_b = []
    if not extra_b and not _matched(tell, extra_a, a, b):
        extra_a = []
    if not extra_a and not _matched(tell, extra_b, b, a):
        extra_b = []
    if not extra_a and not extra_b:
        return
    tell.told.update(extra_a, extra_b)
    summed = [n for n in extra_a if any(e.name == n for t in b for e in t.bound)]
    if extra_a and extra_b:
        yield _differ(tell, extra_a, extra_b, have_a, have_b, summed)
    elif extra_a:
        yield _nowhere(tell, extra_a, have_a, b, summed)
    else:
        yield _dangling(tell, extra_b, have_b, a)


def _matched(tell: Teller, extra: list[str], side: tuple[Term, ...], other: tuple[Term, ...]) -> bool:
    """Whether a letter that one side lacks tells: beside others that both have, or as one that is surely free."""
    if not extra:
        return False
    shared = [n for t in side for n in t.names if n in tell.evidence.sure and any(x.count(n) for x in other)]
    several = len({u.name for t in side for u in t.uses}) > 1
    uses = [u for t in side for u in t.uses if u.name in extra]
    summed = any(t.bound or t.count(n) == 2 for t in (*side, *other) for n in t.names or ("",))
    if any(e.name in extra for t in other for e in t.bound):
        return True
    return bool(shared) or (several and summed) or any(not u.alone for u in uses) or tell.evidence.tensorial


def _differ(
    tell: Teller, a: list[str], b: list[str], have_a: dict[str, Use], have_b: dict[str, Use], summed: list[str]
) -> Diagnostic:
    first, second = have_a[a[0]], have_b[b[0]]
    one = len(a) == 1 and len(b) == 1
    if summed:
        return tell.finding(
            "IX112",
            f"{tell.words(summed)} is summed on one side and free on the other, which leaves {tell.words(b)} over",
            first.owner,
            f"rename {tell.show(a[0])} to {tell.show(b[0])} in {tell.source(first.owner)}" if one else "",
            f"{tell.show(a[0])} is free here",
            (tell.label(second.owner, f"has {tell.show(b[0])}"),),
            why="The index of a sum means nothing outside of it.",
        )
    return tell.finding(
        "IX101",
        f"free indices differ between the two sides: the left one has {tell.words(a)}, the right one {tell.words(b)}",
        first.owner,
        f"rename {tell.show(b[0])} to {tell.show(a[0])} in {tell.source(second.owner)}, or "
        f"{tell.show(a[0])} to {tell.show(b[0])} in {tell.source(first.owner)}"
        if one
        else "an equation holds for each value of its free indices, so both sides have the same ones",
        f"has {tell.show(a[0])}",
        (tell.label(second.owner, f"has {tell.show(b[0])}"),),
    )


def _nowhere(
    tell: Teller, extra: list[str], have: dict[str, Use], other: tuple[Term, ...], summed: list[str]
) -> Diagnostic:
    use = have[extra[0]]
    rest = (tell.label(extent(other), f"has no free {tell.show(extra[0])}"),)
    if summed:
        return tell.finding(
            "IX112",
            f"{tell.words(summed)} is summed on one side, so it cannot be free on the other",
            use.owner,
            "rename one of the two",
            f"{tell.show(extra[0])} is free here",
            rest,
            why="The index of a sum means nothing outside of it.",
        )
    return tell.finding(
        "IX105",
        f"{tell.words(extra)} stands on one side only",
        use.owner,
        f"one factor of the other side should depend on {tell.show(extra[0])}, or it is not needed here",
        f"has {tell.show(extra[0])}",
        rest,
        severity="error" if tell.evidence.tensorial else "warning",
    )


def _dangling(tell: Teller, extra: list[str], have: dict[str, Use], other: tuple[Term, ...]) -> Diagnostic:
    use = have[extra[0]]
    return tell.finding(
        "IX102",
        f"{tell.words(extra)} stands once in a term and not on the other side",
        use.owner,
        f"write the sum over {tell.show(extra[0])}, or rename it; the other side has no such index",
        f"{tell.show(extra[0])} is neither summed nor free",
        (tell.label(extent(other), f"has no {tell.show(extra[0])}"),),
    )


def _components(a: tuple[Term, ...], b: tuple[Term, ...]) -> bool:
    """Whether both sides are a component of one tensor, as in `x_i = x_j`: a condition on the two."""
    one = [t.uses for side in (a, b) for t in side]
    return [len(u) for u in one] == [1, 1] and one[0][0].base == one[1][0].base


def _numbered(side: tuple[Term, ...]) -> bool:
    """Whether the side is one numbered piece, such as T^{(1)}, whose other indices are often left out."""
    return len(side) == 1 and side[0].numbered
