"""Products summed over labels: summed early where only one operand has the label, then two operands at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from ..ir.graph import Contract, Input, Operand, Reduce
from ..ir.index import Index
from ..paths import Network, find_path, fitting_path
from .builder import Builder


def contract(
    build: Builder,
    operands: Sequence[Operand],
    out: Sequence[Index],
    scalars: Sequence[Operand],
    shares: Sequence[tuple[Operand, Operand]] = (),
) -> Operand:
    """Π scalars · Σ Π operands over every label that `out` lacks, in the order that costs least.

    `out` is also the wished order of the result's axes, which it takes where that is free.  `shares`: further scalars,
    which stand inside of the sum and are infinite where it has no terms, each with what is 1 there in its place.
    """
    if not operands:
        return _factor(build, [*scalars, *(finite for _, finite in shares)] or [build.number(1)])
    work = sum_alone(build, list(operands), frozenset(out))
    summed = frozenset[Index]().union(*(o.label_set for o in operands)) - set(out)
    work = _scale(build, work, out, scalars, shares, summed)
    for pair in _order(build, work, frozenset(out)):
        chosen = [work[n] for n in pair]
        work = [o for n, o in enumerate(work) if n not in pair]
        keep = frozenset(out).union(*(o.label_set for o in work))
        work.append(_merge(build, chosen, keep, out))
    return work[0]


def sum_alone(build: Builder, operands: list[Operand], out: frozenset[Index]) -> list[Operand]:
    """Sum every operand over the labels that neither another operand nor the result has."""
    summed = []
    for n, operand in enumerate(operands):
        needed = out.union(*(o.label_set for m, o in enumerate(operands) if m != n))
        summed.append(reduce_to(build, "sum", operand, [x for x in operand.labels if x in needed]))
    return summed


def reduce_to(build: Builder, operation: str, operand: Operand, kept: Sequence[Index]) -> Operand:
    """The operand reduced over the labels that are not kept."""
    if len(kept) == len(operand.labels):
        return operand
    number = build.floating(operand)
    return build.make(Reduce(operation), (number,), tuple(kept), number.kind)


def _scale(
    build: Builder,
    work: list[Operand],
    out: Sequence[Index],
    scalars: Sequence[Operand],
    shares: Sequence[tuple[Operand, Operand]],
    summed: frozenset[Index],
) -> list[Operand]:
    """Multiply the scalars into the smallest operand, or into the result where that is smaller.

    A factor 1/sqrt(D) on scores of L × L thus costs L × D.  On equal sizes an input is preferred: another product may
    share it scaled, and it is not larger than what is made from it.  A sum without terms is 0, not 0 · ∞: what divides
    by its length scales an operand that is empty then, or divides by 1.
    """
    if not scalars and not shares:
        return work
    candidates = [n for n, o in enumerate(work) if o.kind in ("float", "real")]
    given = [isinstance(o.value.operation, Input) for o in work]
    best = min(candidates, key=lambda n: (build.extent(work[n].labels), not given[n]), default=None)
    behind = best is None or build.extent(out) < build.extent(work[best].labels)
    empty = not behind and best is not None and summed <= work[best].label_set
    factor = _factor(build, [*scalars, *(plain if empty else finite for plain, finite in shares)])
    if behind or best is None:
        return [scaled(build, contract(build, work, out, ()), factor)]
    return [*work[:best], scaled(build, work[best], factor), *work[best + 1 :]]


def _factor(build: Builder, scalars: Sequence[Operand]) -> Operand:
    """The product of the scalars; numbers are multiplied here."""
    numbers = [n for n in (s.number() for s in scalars) if n is not None]
    whole = prod(numbers)
    others = [s for s in scalars if s.number() is None]
    if len(numbers) < 2 or abs(whole) > 2**53:
        others = list(scalars)
    elif whole != 1 or not others:
        others.insert(0, build.number(whole))
    factor = others[0]
    for scalar in others[1:]:
        factor = product(build, factor, scalar)
    return factor


def scaled(build: Builder, operand: Operand, factor: Operand) -> Operand:
    """operand · factor; a factor −1 is a negation."""
    if factor.number() == 1:
        return operand
    if factor.number() == -1 and operand.kind != "bool":
        return build.map("negative", operand)
    return build.map("multiply", operand, factor)


def _order(build: Builder, work: Sequence[Operand], out: frozenset[Index]) -> list[tuple[int, ...]]:
    """Pairs of positions, each result going to the end."""
    if len(work) < 2:
        return [(0,)] if work and work[0].label_set - out else []
    if len(work) == 2:
        return [(0, 1)]
    is_certain = all(isinstance(x.space.extent, int) for o in work for x in o.labels)
    search = fitting_path if is_certain else find_path
    return [*search(network(build, work, out)).steps(len(work))]


def network(build: Builder, work: Sequence[Operand], out: Iterable[Index]) -> Network:
    """The product of the operands summed to `out`, at representative sizes."""
    sizes = {x: build.sizes[x.space] for o in work for x in o.labels}
    return Network([o.labels for o in work], [x for x in out if x in sizes], sizes)


def _merge(build: Builder, chosen: list[Operand], keep: frozenset[Index], out: Sequence[Index]) -> Operand:
    """One operand, reduced to what is kept, or the product of two."""
    chosen = sum_alone(build, chosen, keep)
    if len(chosen) == 1:
        return chosen[0]
    left, right = chosen
    summed = (left.label_set | right.label_set) - keep
    if not summed:
        return product(build, left, right)
    left, right = build.floating(left), build.floating(right)
    left, right = _sides(left, right, keep, out)
    kind = "float" if "float" in (left.kind, right.kind) else "real"
    return build.make(Contract(), (left, right), _matmul_axes(left, right, keep, out), kind)  # type: ignore[arg-type]


def product(build: Builder, left: Operand, right: Operand) -> Operand:
    """left · right, elementwise; two masks become a mask."""
    if left.kind == right.kind == "bool":
        return build.map("logical_and", left, right)
    for one, other in ((left, right), (right, left)):
        if not one.labels and one.number() is not None:
            return scaled(build, other, one)
    return build.map("multiply", left, right)


def _sides(left: Operand, right: Operand, keep: frozenset[Index], out: Sequence[Index]) -> tuple[Operand, Operand]:
    """Left and right so that the rows come before the columns in the order wanted."""
    place = {x: n for n, x in enumerate(out)}
    rows = [place[x] for x in left.labels if x in place and x not in right.label_set]
    columns = [place[x] for x in right.labels if x in place and x not in left.label_set]
    if rows and columns:
        return (right, left) if min(rows) > min(columns) else (left, right)
    # Nothing is wished for: the same order for x A and A x, so that they are one value.
    return (right, left) if right.value.number < left.value.number else (left, right)


def _matmul_axes(left: Operand, right: Operand, keep: frozenset[Index], out: Sequence[Index]) -> tuple[Index, ...]:
    """Batch, rows, columns: how a batched matmul lays its result out."""
    place = {x: n for n, x in enumerate(out)}
    batch = [x for x in left.labels if x in right.label_set and x in keep]
    batch.sort(key=lambda x: place.get(x, len(place)))
    rows = [x for x in left.labels if x not in right.label_set]
    columns = [x for x in right.labels if x not in left.label_set]
    return (*batch, *rows, *columns)
