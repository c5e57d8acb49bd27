"""Whether the free indices of a statement agree: rules 3, 4, 6 and 7, and the positions of a metric."""

from __future__ import annotations

from ..diagnostics import Label
from ..ir.build import ZERO
from .findings import quoted
from .scope import Scope
from .summation import Settled, settle
from .terms import Bind, IndexSlot, Join, Leaf, Term, base_name, indices_in, occurrences

MAX_PLACES = 6  # places named in one finding


def definition(left: Term, right: Term, scope: Scope) -> tuple[str, ...]:
    """The left side fixes the free indices."""
    free = tuple(left.counts)
    found = settle(right, frozenset(free))
    if scope.here.broken:
        return free
    _thrice(found, scope)
    given = values_in(right)
    missing = [k for k in free if k not in right.counts and k not in given]
    if _is_zero(right):
        missing = []
    dangling = {k: terms for k, terms in found.single.items() if k not in free}
    if missing and dangling:
        _differ(left, missing, dangling, scope)
    else:
        _dangling(dangling, left, scope)
        _missing(missing, left, right, scope)
    _positions(right, left, free, scope)
    return free


def claim(left: Term, right: Term, scope: Scope) -> tuple[str, ...]:
    """A single reference fixes the free indices; else both sides must have the same."""
    fixed = next((tuple(s.counts) for s in (left, right) if _fixes(s)), None)
    if fixed is not None:
        return _claim_of_reference(left, right, fixed, scope)
    sides = settle(left, frozenset()), settle(right, frozenset())
    if scope.here.broken:
        return tuple(sides[0].single)
    for found in sides:
        _thrice(found, scope)
        _ambiguous(found, scope)
    one, two = sides[0].single, sides[1].single
    if one.keys() != two.keys() and not _is_zero(left) and not _is_zero(right):
        only = {k: v for k, v in one.items() if k not in two} or {k: v for k, v in two.items() if k not in one}
        other = {k: v for k, v in two.items() if k not in one} if only.keys() <= one.keys() else {}
        _sides_differ(left, right, only, other, scope)
    return tuple(dict.fromkeys((*one, *two)))


def bare(term: Term, scope: Scope) -> tuple[str, ...]:
    """Rule 7: single occurrences are free."""
    found = settle(term, frozenset())
    if not scope.here.broken:
        _thrice(found, scope)
        _ambiguous(found, scope)
        _positions(term, None, tuple(found.single), scope)
    return tuple(found.single)


def _is_zero(term: Term) -> bool:
    return isinstance(term, Leaf) and term.expr == ZERO


def _fixes(side: Term) -> bool:
    """A single reference whose slots are distinct indices."""
    return isinstance(side, Leaf) and side.kind not in ("expr", "value") and all(n == 1 for n in side.counts.values())


def _claim_of_reference(left: Term, right: Term, free: tuple[str, ...], scope: Scope) -> tuple[str, ...]:
    reference, other = (left, right) if _fixes(left) and tuple(left.counts) == free else (right, left)
    return definition(reference, other, scope)


def values_in(term: Term) -> set[str]:
    """Names of the indices whose values are used in a term, where nothing in it sums or binds them."""
    out: set[str] = set()
    stack: list[tuple[Term, frozenset[str]]] = [(term, frozenset())]
    while stack:
        now, bound = stack.pop()
        bound = bound.union(now.sums)
        if isinstance(now, Leaf):
            if now.kind == "value" and now.name not in bound:
                out.add(now.name)
        elif isinstance(now, Join):
            stack += [(part, bound) for part in now.parts]
        elif isinstance(now, Bind):
            stack.append((now.body, bound.union(now.keys)))
    return out


# ---- findings ------------------------------------------------------------------------------------
def _labels(places: list[Term], text: str) -> tuple[Label, ...]:
    """The places after the first, the last of them with a text."""
    shown = places[1:MAX_PLACES]
    return tuple(Label(p.span, text if p is shown[-1] else "") for p in shown)


def _thrice(found: Settled, scope: Scope) -> None:
    for key, term in found.thrice:
        places = occurrences(term, key)
        name, count = base_name(key), term.counts[key]
        shown = ", ".join(f"`{scope.findings.text(p.span)}`" for p in places[:MAX_PLACES])
        text = scope.findings.text(term.span)
        offer = f"sum[{name}]({text})" if len(text) < 60 else f"sum[{name}](…)"
        more = ", …" if len(places) > MAX_PLACES else ""
        message = f"index `{name}` stands {count} times in one term: in {shown}{more}"
        hint = f"if all of them are summed together write {offer}; if two are meant, rename the others"
        scope.bad("IX103", message, places[0].span, hint, _labels(places, ""))


def _dangling(single: dict[str, list[Term]], left: Term, scope: Scope) -> None:
    pair = ""
    if len(single) == 2:
        (one, at), (two, there) = ((base_name(k), scope.findings.text(v[0].span)) for k, v in single.items())
        pair = f"to sum `{at}` with `{there}` rename {two} to {one}; " if at != there else ""
    for key, terms in single.items():
        name = base_name(key)
        shown = scope.findings.text(terms[0].span)
        message = f"index `{name}` stands once, in `{shown}`, and not on the left"
        offer = f"put `{name}` on the left" if isinstance(left, Leaf) else f"give both sides `{name}`"
        hint = f"{pair}to sum over it alone write sum[{name}](…); else {offer}"
        if _looks_like_power(terms[0], key):
            hint = f"for a power write {shown.replace('^{', '^').replace('^', '**').rstrip('}')}; " + hint
        scope.bad("IX102", message, terms[0].span, hint, _labels(terms, ""))


def _looks_like_power(term: Term, key: str) -> bool:
    """`x^n`: an upper index that stands nowhere else."""
    return isinstance(term, Leaf) and any(
        isinstance(s, IndexSlot) and s.key == key and s.mark == "^" for s in term.slots[-1:]
    )


def _missing(missing: list[str], left: Term, right: Term, scope: Scope) -> None:
    if not missing:
        return
    ones = f"ones[{', '.join(missing)}]"
    stand = "stand" if len(missing) > 1 else "stands"
    message = f"{quoted(missing)} {stand} on the left, but nowhere on the right"
    hint = f"if every component is the same, multiply by {ones}" + _read_as_scalar(scope)
    scope.bad("IX105", message, left.span, hint)


def _read_as_scalar(scope: Scope) -> str:
    """A likely cause: a compact name that was read as one scalar."""
    names = list(scope.here.whole)
    return f"; {quoted(names)} {'are' if len(names) > 1 else 'is'} read as scalar, brackets give slots" if names else ""


def _differ(left: Term, missing: list[str], dangling: dict[str, list[Term]], scope: Scope) -> None:
    labels = tuple(Label(terms[0].span, f"has {base_name(k)}") for k, terms in list(dangling.items())[:MAX_PLACES])
    key, terms = next(iter(dangling.items()))
    place = scope.findings.text(terms[0].span)
    hint = f"rename {base_name(key)} to {missing[0]} in {place}, or {missing[0]} to {base_name(key)} on the left"
    message = f"free indices differ: the left side has {quoted(missing)}, the right {quoted(map(base_name, dangling))}"
    scope.findings.error("IX101", message, left.span, hint, label=f"has {', '.join(missing)}", labels=labels)
    scope.here.broken = True


def _sides_differ(
    left: Term, right: Term, only: dict[str, list[Term]], other: dict[str, list[Term]], scope: Scope
) -> None:
    places = [(k, v[0]) for k, v in (*only.items(), *other.items())]
    where = "left" if places[0][0] in left.counts and places[0][0] in only else "right"
    names = quoted(base_name(k) for k in only)
    message = f"free indices differ: only one side of this claim has {names}"
    if other:
        message = f"free indices differ: one side has {names}, the other {quoted(map(base_name, other))}"
    hint = f"sum it on the {where}, sum[{base_name(places[0][0])}](…), or rename it"
    labels = tuple(Label(p.span, f"has {base_name(k)}") for k, p in places[1:MAX_PLACES])
    first = places[0]
    scope.findings.error("IX101", message, first[1].span, hint, label=f"has {base_name(first[0])}", labels=labels)
    scope.here.broken = True


def _ambiguous(found: Settled, scope: Scope) -> None:
    """Without a left side, an index cannot be summed in one term and free in another."""
    for key, terms in found.single.items():
        if key not in found.summed:
            continue
        name, summed = base_name(key), found.summed[key]
        message = f"index `{name}` is summed in one term and free in another"
        hint = f"write sum[{name}](…) around the one, or give the other another letter"
        scope.findings.error("IX101", message, terms[0].span, hint, label="free", labels=[Label(summed.span, "summed")])
        scope.here.broken = True


# ---- a metric's positions ------------------------------------------------------------------------
def _positions(term: Term, left: Term | None, free: tuple[str, ...], scope: Scope) -> None:
    """In a space with a metric, a summed pair is one upper and one lower, and a free index keeps its position."""
    if not scope.metrics or scope.here.broken:
        return
    stack = [term]
    while stack:
        now = stack.pop()
        for key in now.sums:
            _pair(now, key, scope)
        if isinstance(now, Join):
            stack += now.parts
        elif isinstance(now, Bind):
            stack.append(now.body)
    if left is not None:
        for key in free:
            _kept(term, left, key, scope)


def _marks(term: Term, key: str, scope: Scope) -> list[tuple[str, IndexSlot]]:
    """The written positions of an index; under einstein one that is not written is lower."""
    out = []
    for place in occurrences(term, key):
        for slot in place.slots if isinstance(place, Leaf) else ():
            for inner in indices_in(slot):
                if inner.key == key:
                    mark = slot.mark or inner.mark or ("_" if scope.convention else "")
                    out.append((mark, inner))
    return out


def _has_metric(key: str, scope: Scope) -> bool:
    root = scope.spaces.find(("index", key))
    return any(scope.spaces.find(k) == root for _, k, _ in scope.metrics.values())


def _pair(term: Term, key: str, scope: Scope) -> None:
    """The positions in the one factor that holds a summed index against those in the other: a factor that is a sum has
    the index once in each of its terms."""
    if not _has_metric(key, scope):
        return
    holders = [part for part in term.parts if key in part.counts] if isinstance(term, Join) else []
    groups = [_marks(part, key, scope) for part in holders] if len(holders) == 2 else _halves(_marks(term, key, scope))
    for one in groups[0]:
        for two in groups[1]:
            if one[0] and one[0] == two[0]:
                which = "upper" if one[0] == "^" else "lower"
                root = scope.spaces.find(("index", key))
                metric = next(n for n, (_, k, _) in scope.metrics.items() if scope.spaces.find(k) == root)
                message = f"index `{base_name(key)}` is summed over two {which} positions"
                hint = f"a pair is one upper and one lower: raise or lower one with `{metric}`"
                _variance(message, [one, two], hint, scope)
                return


def _halves(marks: list[tuple[str, IndexSlot]]) -> tuple[list[tuple[str, IndexSlot]], list[tuple[str, IndexSlot]]]:
    """Of two occurrences in one reference, the first and the second."""
    return (marks[:1], marks[1:]) if len(marks) == 2 else ([], [])


def _kept(term: Term, left: Term, key: str, scope: Scope) -> None:
    if not _has_metric(key, scope):
        return
    own = _marks(left, key, scope)
    for mark in _marks(term, key, scope):
        if own and own[0][0] and mark[0] and own[0][0] != mark[0]:
            words = {"^": "upper", "_": "lower"}
            message = f"index `{key}` is {words[own[0][0]]} on the left, but {words[mark[0]]} on the right"
            _variance(message, [mark, own[0]], "raise or lower it with the metric", scope)
            return


def _variance(message: str, marks: list[tuple[str, IndexSlot]], hint: str, scope: Scope) -> None:
    """An error under `convention einstein`, else a warning: without it positions are checked where written."""
    if scope.convention:
        scope.bad("IX301", message, marks[0][1].span, hint, (Label(marks[1][1].span, "and here"),))
    else:
        scope.findings.warning("IX301", message, marks[0][1].span, hint)
