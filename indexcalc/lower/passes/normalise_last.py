"""Factors and normalisers that a sum does not see move behind it: Σ_j (E_ij / Z_i) V_ja = (Σ_j E_ij V_ja) / Z_i.

Normalisers whose labels a smaller operand of the product has move there: Σ_i (E_ij / Z_i) X_ia = Σ_i E_ij (X_ia / Z_i).

A factor g_i moves as multiplication is associative: sums may round and overflow otherwise, as they may in any other
order of the product.  A divisor, or the reciprocal of one, moves only where it cannot be zero or is the sum of what it
divides, which has no negative element (or not less than that sum).  Then Z = 0 means E = 0, and both forms are
0/0 = NaN; an infinite or NaN element of E makes both NaN.  What can differ: with E up to 1, as behind a shift, Σ E V is
larger than Σ (E/Z) V by the length of the sum at most; an exponential without a shift that is closer to overflow than
a factor |V| overflows in the product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...ir.graph import Contract, Graph, Map, Operand, Reduce, Value
from ...ir.index import Index, Space
from ..estimate import Uses, depends, extent, inside, unstored
from ..rebuild import Rebuild
from ..signs import lower_bound, normalises
from . import Context, Pass

SAFE = 1e-30  # a divisor above this is none that rounds to zero
MAX_DEPTH = 40  # products within products that are looked into


@dataclass(frozen=True, slots=True)
class Moved:
    """One operand of a sum: what stays (a product), and the factors and divisors that move, all labelled as in the sum.

    `opened`: the values between the operand and its parts, which the moved form does without.
    """

    place: int
    rest: tuple[Operand, ...]
    factors: tuple[Operand, ...] = ()
    divisors: tuple[Operand, ...] = ()
    opened: tuple[Value, ...] = ()

    @property
    def normalisers(self) -> list[Operand]:
        """What moves and is a sum of what stays."""
        inverses = [inside(f)[0] for f in self.factors if f.value.operation == Map("reciprocal")]
        return [*self.divisors, *(d for d in inverses if any(normalises(d, r) for r in self.rest))]

    def is_behind(self, value: Value) -> bool:
        """Whether all that moves goes behind the sum that the value is, and nothing to its other operand."""
        return all(o.label_set <= set(value.axes) for o in (*self.factors, *self.divisors))


def run(graph: Graph, context: Context) -> Graph:
    """The graph with what can move moved where that saves work."""
    found = {v.number: moved for v in graph if (moved := list(_movable(v, context.sizes)))}
    chosen = _worth_it(graph, found, context)
    if not chosen:
        return graph

    def rewrite(made: Rebuild, value: Value) -> Operand | None:
        moved = chosen.get(value.number)
        return None if moved is None else _applied(made, value, moved)

    return Rebuild(graph, context.sizes).run(rewrite)


def _movable(value: Value, sizes: Mapping[Space, int]) -> Iterator[Moved]:
    """What could move out of a sum or to its other, smaller operand, by operand."""
    operation = value.operation
    if not isinstance(operation, Contract) and operation != Reduce("sum"):
        return
    kept = frozenset(value.axes)
    if isinstance(operation, Contract) and value.operands[0] == value.operands[1]:
        return  # a square stays one
    for place, operand in enumerate(value.operands):
        bound = operand.label_set - kept
        others = [o for o in value.operands if o is not operand]
        smaller = [o for o in others if extent(o.labels, sizes) < extent(operand.labels, sizes)]
        beside = frozenset[Index]().union(*(o.label_set for o in smaller))
        moved = _opened(place, operand, bound, beside, MAX_DEPTH)
        if (moved.factors or moved.divisors) and all(_is_safe(f, moved, bound) for f in moved.factors):
            yield moved


def _is_safe(factor: Operand, moved: Moved, bound: frozenset[Index]) -> bool:
    """Whether no part of a factor is the reciprocal of what may be zero where the terms of the sum are not."""
    stack = [factor]
    while stack:
        now = stack.pop()
        operation = now.value.operation
        if operation in (Map("multiply"), Map("negative"), Map("square"), Map("sqrt")):
            stack += inside(now)
        elif operation in (Map("reciprocal"), Map("divide")):
            *above, below = inside(now)
            stack += above
            extents = frozenset(i.space for i in bound)
            if lower_bound(below, extents) < SAFE and not any(normalises(below, r) for r in moved.rest):
                return False
    return True


def _opened(place: int, operand: Operand, bound: frozenset[Index], beside: frozenset[Index], depth: int) -> Moved:
    """Products and quotients are opened as far as something in them moves: what has no label of `bound` behind the sum,
    a divisor that has only labels of `beside` to the other operand."""
    closed = Moved(place, (operand,))
    operation = operand.value.operation
    if not isinstance(operation, Map) or operand.kind not in ("float", "real") or depth == 0:
        return closed
    parts = inside(operand)
    behind = [o.label_set.isdisjoint(bound) for o in parts]
    moving = [b or o.label_set <= beside for b, o in zip(behind, parts)]
    if operation.function == "multiply":  # what products of plain factors are ordered by is "contraction-order"
        inverse = [o.value.operation == Map("reciprocal") for o in parts]
        moving = [b or (m and i and not all(inverse)) for b, m, i in zip(behind, moving, inverse)]
        factors = tuple(o for o, moves in zip(parts, moving) if moves)
        divisors: tuple[Operand, ...] = ()
    elif operation.function == "divide" and moving[1] and normalises(parts[1], parts[0]):
        factors, divisors, moving = (), (parts[1],), [False, True]
    else:
        return closed
    deeper = [_opened(place, o, bound, beside, depth - 1) for o, moves in zip(parts, moving) if not moves]
    factors = (*factors, *(f for m in deeper for f in m.factors))
    divisors = (*divisors, *(d for m in deeper for d in m.divisors))
    rest = tuple(o for m in deeper for o in m.rest)
    if not deeper or not (factors or divisors) or all(o.kind not in ("float", "real") for o in rest):
        return closed
    return Moved(place, rest, factors, divisors, (operand.value, *(v for m in deeper for v in m.opened)))


def _worth_it(graph: Graph, found: dict[int, list[Moved]], context: Context) -> dict[int, list[Moved]]:
    """Those that save more elements than they make.

    What a fused kernel never stores costs nothing to leave where others need it, too: there a normaliser moves if the
    sum can run beside it, so that one pass suffices, and stays if what it divides is made from it.
    """
    uses, sizes = Uses(graph), context.sizes
    limit = unstored(graph, sizes, context.target.machine)
    chosen = dict(found)
    while True:
        dead = uses.dying(_candidates(graph, chosen), chosen)
        kept: dict[int, list[Moved]] = {}
        for value in graph:
            moved = [m for m in chosen.get(value.number, ()) if _saves(value, m, dead, limit, sizes)]
            if moved:
                kept[value.number] = moved
        if kept == chosen:
            _tell(graph, chosen, context)
            return chosen
        chosen = kept


def _candidates(graph: Graph, chosen: dict[int, list[Moved]]) -> list[Value]:
    """The opened values that none of the new sums reads any more."""
    read: set[int] = set()
    for value in graph:
        moved = chosen.get(value.number, [])
        places = {m.place for m in moved}
        if moved:
            read |= {o.value.number for n, o in enumerate(value.operands) if n not in places}
            read |= {o.value.number for m in moved for o in (*m.rest, *m.factors, *m.divisors)}
    return [v for moved in chosen.values() for m in moved for v in m.opened if v.number not in read]


def _saves(value: Value, m: Moved, dead: set[int], limit: float, sizes: Mapping[Space, int]) -> bool:
    """Whether fewer elements are made: of the opened values those that die, against the result and products anew."""
    inner = extent(value.operands[m.place].labels, sizes)
    if m.normalisers and inner > limit:
        others = [o for n, o in enumerate(value.operands) if n != m.place and m.is_behind(value)]
        if any(depends(o.value, d.value) for o in (*others, *m.rest) for d in m.normalisers):
            return False
        if m.is_behind(value):
            return True
    made = inner * (len(m.rest) - 1)
    for moves in (*m.factors, *m.divisors):
        made += extent(_goes_to(value, m.place, moves).labels, sizes)
    return made < sum(extent(v.axes, sizes) for v in m.opened if v.number in dead)


def _goes_to(value: Value, place: int, moves: Operand) -> Operand:
    """The sum itself, or its other operand, by which one multiplies."""
    return Operand(value, value.axes) if moves.label_set <= set(value.axes) else value.operands[1 - place]


def _applied(made: Rebuild, value: Value, moved: list[Moved]) -> Operand:
    """The sum of what stays, then what moved."""
    operands = [made.new(o) for o in value.operands]
    for m in moved:
        rest = made.new(m.rest[0])
        for factor in m.rest[1:]:
            rest = made.build.map("multiply", rest, made.new(factor))
        operands[m.place] = rest
    kept = set(value.axes)
    for m in moved:
        other = [o for o in (*m.factors, *m.divisors) if not o.label_set <= kept]
        if other:
            operands[1 - m.place] = _scaled(made, operands[1 - m.place], m, other)
    have = frozenset[Index]().union(*(o.label_set for o in operands))
    result = made.build.make(value.operation, operands, [x for x in value.axes if x in have], value.kind)
    for m in moved:
        result = _scaled(made, result, m, [o for o in (*m.factors, *m.divisors) if o.label_set <= kept])
    return result


def _scaled(made: Rebuild, operand: Operand, m: Moved, moving: list[Operand]) -> Operand:
    for o in moving:
        function = "divide" if any(o is d for d in m.divisors) else "multiply"
        operand = made.build.map(function, operand, made.new(o))
    return operand


def _tell(graph: Graph, chosen: dict[int, list[Moved]], context: Context) -> None:
    for value in graph:
        for m in chosen.get(value.number, ()):
            inner = extent(value.operands[m.place].labels, context.sizes)
            what = "a normaliser moves" if m.normalisers else "a factor moves"
            where = "behind the sum" if m.is_behind(value) else "to the other side of the product"
            outer = max(extent(_goes_to(value, m.place, o).labels, context.sizes) for o in (*m.factors, *m.divisors))
            name = graph.makers[value.number]
            context.decide(f"{name}: {what} {where}, to {outer} elements in the place of {inner}")


PASS = Pass(
    name="normalise-last",
    summary="Factors and normalisers move behind a sum that does not see them, or to the smaller operand of a product.",
    why="(Σ_j E_ij V_ja) / Z_i divides rows of V's width where (E_ij / Z_i) V_ja divides a row of E; and a kernel that "
    "streams over j can add up numerators and normaliser in one pass.",
    example="""index i, j : seq(4096)
index a : feat(64)
P[i, j] = softmax[j](S[i, j])
O[i, a] = P[i, j] V[j, a]
output O""",
    run=run,
)
