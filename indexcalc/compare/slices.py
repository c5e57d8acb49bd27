"""Comparison for each value of some indices: a formula for one head and one sequence, and code for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, islice

from ..ir.expr import Access, Binder, Expr, Index
from ..ir.program import Define, Program, Tensor
from ..ir.walk import indices_in, subexpressions, transform
from .joint import plain
from .programs import SIDES, Sides, compare
from .result import Comparison

MAX_TRIED = 40  # choices of indices


def compare_each(left: Program, right: Program, *, leading: bool = False, sides: Sides = SIDES) -> Comparison:
    """`compare`, also where the second's output has more indices than the first's.

    Then it is enough that they are equal for each value of the surplus ones, which the second's inputs have or lack as
    a batch does.  `leading`: only the output's first indices may be surplus.

    >>> from ..elaborate.read import read_program
    >>> one = read_program("S[i,j] = Q[i,d] K[j,d]")
    >>> compare_each(one, read_program("S[b,i,j] = sum[d](Q[b,i,d] K[b,j,d])")).each
    ('b',)
    """
    found = compare(left, right, sides=sides)
    if found:
        return found
    best = found
    for indices, part in islice(_parts(left, right, leading), MAX_TRIED):
        of_part = replace(compare(left, part, sides=sides), each=tuple(i.name for i in indices))
        if of_part:
            return of_part
        if (_told(of_part), best is found) > (_told(best), False):
            best = of_part
    return best


def _told(found: Comparison) -> int:
    """How much a comparison that failed says about what is wrong."""
    return 2 if found.exchanged else int(found.counterexample is not None)


def _parts(left: Program, right: Program, leading: bool) -> Iterator[tuple[tuple[Index, ...], Program]]:
    """The second program at one value of so many output indices that the ranks agree, for every choice of them."""
    right = plain(right)
    if len(left.outputs) != 1 or len(right.outputs) != 1 or len(right.definitions) != 1:
        return
    a, (b,) = left.definitions.get(left.outputs[0]), right.definitions.values()
    surplus = len(b.indices) - len(a.indices) if a is not None else 0
    if surplus <= 0:
        return
    choices = iter([b.indices[:surplus]]) if leading else combinations(b.indices, surplus)
    for chosen in choices:
        part = _without(right, b, chosen)
        if part is not None:
            yield chosen, part


def _without(program: Program, d: Define, gone: Sequence[Index]) -> Program | None:
    """The program at one value of some indices; None where it is more than a batch of equal formulas."""
    lost = frozenset(gone)
    slots: dict[str, tuple[int, ...]] = {}
    for part in subexpressions(d.body):
        if isinstance(part, Binder) and lost & set(part.indices):
            return None
        if isinstance(part, Access):
            here = tuple(k for k, s in enumerate(part.slots) if s in lost)
            if slots.setdefault(part.tensor, here) != here:
                return None

    def visit(e: Expr) -> Expr:
        return e.with_slots(tuple(s for s in e.slots if s not in lost)) if isinstance(e, Access) else e

    body = transform(d.body, visit)
    if lost & set(indices_in(body)):
        return None
    tensors = tuple(_shorter(t, slots.get(t.name, ())) for t in program.tensors)
    kept = tuple(i for i in d.indices if i not in lost)
    return replace(program, tensors=tensors, statements=(Define(d.name, kept, body, d.span),))


def _shorter(t: Tensor, gone: Sequence[int]) -> Tensor:
    attributes = t.attributes if not gone else ()
    return replace(t, indices=tuple(i for k, i in enumerate(t.indices) if k not in gone), attributes=attributes)
