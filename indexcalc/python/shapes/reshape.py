"""Reshapes: the shape that comes out, and whether axes surely end up among each other's entries.

A reshape keeps the order of the entries.  An axis is kept by it only if what stands in front of it, multiplied, is the
same before and after.  Names tell: both sides are products of one value, so that when all factors but one of a side
are found on the other, the one is the product of what is left there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from ..module import Dim, Shape
from .dims import factors, known, merged

Relations = Mapping[str, tuple[Dim, ...]]  # dim = heads * head_dim, by the quotient that someone computed
REST = -1
Key = str | int


def is_rest(dim: Dim) -> bool:
    """Whether this is the -1 of a reshape."""
    return dim.size == REST and dim.name is None


@dataclass(frozen=True, slots=True)
class Aligned:
    """Both sides in the same factors, those of each axis before and after; and what the -1 is."""

    before: list[list[Dim]]
    after: list[list[Dim]]
    rest: Dim


def _key(dim: Dim) -> Key | None:
    return dim.name if dim.name is not None else dim.size


def _left_over(atoms: Sequence[Dim], others: Sequence[Dim]) -> list[Dim]:
    """The atoms without those that the others hold too."""
    counts = Counter(map(_key, others))
    out: list[Dim] = []
    for atom in atoms:
        if counts[_key(atom)]:
            counts[_key(atom)] -= 1
        else:
            out.append(atom)
    return out


def aligned(before: Shape, target: Sequence[Dim], relations: Relations) -> Aligned | None:
    """The two sides matched factor by factor; None where that is not certain."""
    if before.open_at is not None or sum(map(is_rest, target)) > 1 or not all(map(known, (*before.dims, *target))):
        return None
    given = [f for d in target if not is_rest(d) for f in factors(d)]
    names = {f.name for f in given}
    groups = [_expanded(factors(d), names, relations) for d in before.dims]
    atoms = [f for group in groups for f in group]
    missing, extra = _left_over(atoms, given), _left_over(given, atoms)
    has_rest = any(map(is_rest, target))
    if has_rest and extra:
        return _split_with_rest(groups, target, missing, extra)
    rest = merged(missing) if has_rest else Dim()
    if has_rest:
        return Aligned(groups, [missing if is_rest(d) else list(factors(d)) for d in target], rest)
    if (len(missing) != 1 and len(extra) != 1 and (missing or extra)) or bool(missing) != bool(extra):
        return None
    if not _equal_products(missing, extra) or _twice(missing, atoms) or _twice(extra, given):
        return None
    if len(missing) == 1:  # the axis `dim` is split into all that is new
        whole = missing[0]
        groups = _replaced(groups, whole, extra)
        return Aligned(groups, [list(factors(d)) for d in target], rest)
    after = [[x for f in factors(d) for x in (missing if extra and f is extra[0] else (f,))] for d in target]
    return Aligned(groups, after, rest)


def _split_with_rest(
    groups: Sequence[Sequence[Dim]], target: Sequence[Dim], missing: Sequence[Dim], extra: Sequence[Dim]
) -> Aligned | None:
    """One axis is split into all that is new and a -1.  The others are names: numbers may be equal by chance."""
    atoms = [f for group in groups for f in group]
    given = [f for d in target for f in factors(d)]
    if len(missing) != 1 or any(f.name is None for f in atoms if f is not missing[0]):
        return None
    if _twice(missing, atoms) or _twice(extra, given):
        return None
    rest = next(filter(is_rest, target))
    return Aligned(_replaced(groups, missing[0], (*extra, rest)), [list(factors(d)) for d in target], Dim())


def _replaced(groups: Sequence[Sequence[Dim]], whole: Dim, pieces: Sequence[Dim]) -> list[list[Dim]]:
    """The groups with several factors in the place of one."""
    return [[x for f in group for x in (pieces if f is whole else (f,))] for group in groups]


def _twice(some: Sequence[Dim], every: Sequence[Dim]) -> bool:
    """Whether one of `some` stands in `every` more than once, so that one cannot say which is meant."""
    counts = Counter(map(_key, every))
    return any(counts[_key(d)] > 1 for d in some)


def _equal_products(a: Sequence[Dim], b: Sequence[Dim]) -> bool:
    """Whether two products can be equal: False only where all sizes are known and are not."""
    sizes = [[d.size for d in side] for side in (a, b)]
    numbers = [prod(s for s in side if s is not None) if None not in side else None for side in sizes]
    return None in numbers or numbers[0] == numbers[1]


def _expanded(atoms: Sequence[Dim], names: set[str | None], relations: Relations) -> list[Dim]:
    """The atoms, each that the other side lacks replaced by what it is known to be a product of."""
    out: list[Dim] = []
    for atom in atoms:
        parts = relations.get(atom.name or "", ())
        out += parts if parts and atom.name not in names and {p.name for p in parts} & names else (atom,)
    return out


def reshaped(before: Shape | None, target: Sequence[Dim], relations: Relations) -> Shape:
    """The shape after a reshape to `target`, its -1 worked out where the factors allow it.

    >>> from .dims import show_shape
    >>> x = Shape((Dim("b"), Dim("n"), Dim(parts=(Dim("h"), Dim("d")))))
    >>> show_shape(reshaped(x, [Dim("b"), Dim("n"), Dim("h"), Dim(size=-1)], {}))
    '(b, n, h, d)'
    """
    rest = Dim()
    if before is not None and any(map(is_rest, target)):
        both = aligned(before, target, relations)
        rest = both.rest if both is not None and known(both.rest) else _rest_by_size(before, target)
    return Shape(tuple(rest if is_rest(d) else d for d in target))


def _rest_by_size(before: Shape, target: Sequence[Dim]) -> Dim:
    total, taken = _product(before.dims), _product([d for d in target if not is_rest(d)])
    whole = before.open_at is None and total and taken and total % taken == 0
    return Dim(size=total // taken, evidence="inferred") if whole and total and taken else Dim()


def _product(dims: Sequence[Dim]) -> int | None:
    sizes = [d.size for d in dims]
    return None if None in sizes else prod(s for s in sizes if s is not None)


def sizes_disagree(before: Shape, target: Sequence[Dim]) -> tuple[int, int] | None:
    """The numbers of entries before and after, where both are known and cannot be equal.

    >>> sizes_disagree(Shape((Dim(size=4), Dim(size=6))), [Dim(size=5), Dim(size=-1)])
    (24, 5)
    """
    if before.open_at is not None or any(d.size == 0 for d in (*before.dims, *target)):
        return None
    total = _product(before.dims)
    taken = _product([d for d in target if not is_rest(d)])
    if total is None or taken is None:
        return None
    wrong = total % taken if any(map(is_rest, target)) else total - taken
    return (total, taken) if wrong else None


def scrambled(before: Shape, target: Sequence[Dim], relations: Relations) -> Dim | None:
    """An axis that the reshape surely does not keep whole, though both sides name it; None where none is sure.

    >>> x = Shape((Dim("h"), Dim("b"), Dim("l"), Dim("d")))
    >>> scrambled(x, [Dim("b"), Dim("l"), Dim(size=-1)], {}).name
    'h'
    >>> scrambled(x, [Dim("h"), Dim("b"), Dim(size=-1)], {}) is None
    True
    >>> scrambled(Shape((Dim("b"), Dim("n"), Dim("e"))), [Dim("b"), Dim("h"), Dim("n"), Dim(size=-1)], {}).name
    'n'
    """
    both = aligned(before, target, relations)
    if both is None:
        return None
    left, right = _in_turn(both.before), _in_turn(both.after)
    now, then = next(left, None), next(right, None)
    while now is not None and then is not None:  # of the outermost axes on both sides one has to hold the other
        more, less = now - then, then - now
        if more and less:
            return next((Dim(key) for key in (*more, *less) if isinstance(key, str)), None)
        now, then = more or next(left, None), less or next(right, None)
    return None


def _in_turn(groups: Sequence[Sequence[Dim]]) -> Iterator[Counter[Key | None]]:
    """The factors of each axis without their order: how a product was written does not say how its entries lie."""
    return (Counter(map(_key, group)) for group in groups if group)
