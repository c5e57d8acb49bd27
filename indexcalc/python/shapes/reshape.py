"""Reshapes: the shape that comes out, and whether axes surely end up among each other's entries.

A reshape keeps the order of the entries.  An axis is kept by it only if what stands in front of it, multiplied, is the
same before and after.  Names tell: both sides are products of one value, so that when all factors but one of a side
are found on the other, the one is the product of what is left there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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
    """Both sides in the same factors: those of each axis before, and those after in a row; what the -1 is."""

    before: tuple[tuple[Dim, ...], ...]
    after: tuple[Dim, ...]
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
    rest = merged(missing) if has_rest else Dim()
    if has_rest:
        if extra:
            return None
        after = [f for d in target for f in (missing if is_rest(d) else factors(d))]
        return Aligned(tuple(map(tuple, groups)), tuple(after), rest)
    if (len(missing) != 1 and len(extra) != 1 and (missing or extra)) or bool(missing) != bool(extra):
        return None
    if not _equal_products(missing, extra) or _twice(missing, atoms) or _twice(extra, given):
        return None
    if len(missing) == 1:  # the axis `dim` is split into all that is new
        whole = missing[0]
        groups = [[x for f in g for x in (extra if f is whole else (f,))] for g in groups]
        return Aligned(tuple(map(tuple, groups)), tuple(given), rest)
    after = [x for f in given for x in (missing if extra and f is extra[0] else (f,))]
    return Aligned(tuple(map(tuple, groups)), tuple(after), rest)


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
        rest = both.rest if both is not None else _rest_by_size(before, target)
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
    """
    both = aligned(before, target, relations)
    if both is None:
        return None
    left = [f for group in both.before for f in group]
    counts = Counter(f.name for f in left)
    start = 0
    for group in both.before:
        for k, factor in enumerate(group):
            if factor.name is None or counts[factor.name] > 1:
                continue
            at = next(i for i, f in enumerate(both.after) if f.name == factor.name)
            front, back = Counter(map(_key, left[: start + k])), Counter(map(_key, both.after[:at]))
            if len(group) > 1:  # in which order the factors of one axis lie is not known: look at the whole axis
                own = {_key(f) for f in group}
                front = Counter(map(_key, left[:start]))
                back = Counter({name: n for name, n in back.items() if name not in own})
            if front != back:
                return factor
        start += len(group)
    return None
