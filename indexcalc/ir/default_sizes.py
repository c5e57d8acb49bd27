"""Sizes to try a program at: declared, else the user's, else small and distinct, with affine slots kept inside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle

from .expr import IndexMap, LeviCivita, MatrixApply
from .index import Index, Space
from .program import Program
from .signature import SizeTable, Unknown, statement_bodies, unknown_of
from .slots import SlotUse, slot_spaces
from .walk import subexpressions

# Distinct, so that mixed-up axes show as shape errors; small, so that every component can be compared.
DEFAULTS = (3, 4, 2, 5)
ORIGIN = "a default to try the program at"


def choose_sizes(
    program: Program, sizes: Mapping[str, int] | None = None, defaults: Sequence[int] = DEFAULTS
) -> dict[Space, int]:
    """A size for every space of the program, from `defaults` in turn where nothing else tells.

    >>> from .expr import Access
    >>> from .program import Define, Tensor
    >>> i, j = Index("i", Space("rows")), Index("j", Space("columns"))
    >>> body = Define("y", (i, j), Access("x", (i, j)))
    >>> sorted(choose_sizes(Program((i, j), (Tensor("x", (i, j)),), statements=(body,))).values())
    [3, 4]
    """
    table = SizeTable(program)
    table.take_sizes(sizes or {})
    _equal_sides(program, table)
    _tall(program, table)
    wanted = dict(_required(program))
    offset_uses = [u for u in table.uses if u.terms is not None and not isinstance(u.slot, Index)]
    dependent = _dependent(program, table, offset_uses)
    padded = [u for u in table.guarded if unknown_of(u.space) not in {unknown_of(i.space) for _, i in u.terms or ()}]
    targets = {unknown_of(u.space) for u in [*offset_uses, *padded] if table.size(u.space) is None}
    turns = cycle(defaults)
    for space in table.spaces:
        if table.size(space) is None and unknown_of(space) not in targets | dependent:
            default = next(turns)
            table.assume(space, wanted.get(unknown_of(space), default), ORIGIN)
    _fit_targets(table, offset_uses, padded, targets)
    return table.finish()


def _required(program: Program) -> Iterable[tuple[Unknown, int]]:
    """ε needs as many values as it has slots (fewer would make it zero), topk more than it takes."""
    for body in statement_bodies(program):
        for part in subexpressions(body):
            if isinstance(part, LeviCivita):
                for slot in part.slots:
                    if isinstance(slot, Index):
                        yield unknown_of(slot.space), len(part.slots)
            elif isinstance(part, IndexMap) and part.operation == "topk":
                for index in part.indices:
                    yield unknown_of(index.space), part.count + 1


def _equal_sides(program: Program, table: SizeTable) -> None:
    """Both slots of a matrix whose inverse or determinant is taken get one size, known or new.

    A matrix that the program computes gets the smallest: XᵀX is singular where X has fewer rows than columns.
    """
    spaces = slot_spaces(program)
    for body in statement_bodies(program):
        for part in subexpressions(body):
            if isinstance(part, MatrixApply) and part.tensor in spaces:
                found = [table.size(s) for s in spaces[part.tensor]]
                size = next((n for n in found if n is not None), 3 if part.tensor in program.inputs else 2)
                for space in spaces[part.tensor]:
                    table.assume(space, size, ORIGIN)


def _tall(program: Program, table: SizeTable) -> None:
    """A matrix with orthonormal columns has at least as many rows."""
    for tensor in program.tensors:
        if any(a.name == "orthogonal" for a in tensor.attributes):
            rows, columns = tensor.spaces
            if table.size(columns) is None:
                table.assume(columns, min(DEFAULTS[0], table.size(rows) or DEFAULTS[0]), ORIGIN)
            if table.size(rows) is None:
                table.assume(rows, max(DEFAULTS[1], table.size(columns) or 0), ORIGIN)


def _dependent(program: Program, table: SizeTable, uses: list[SlotUse]) -> set[Unknown]:
    """Extents without a slot of their own in any input, bounded by a slot whose size is known: solved for later."""
    own = {unknown_of(s) for t in program.tensors for s in t.spaces}
    known = [u for u in uses if table.size(u.space) is not None]
    return {unknown_of(i.space) for u in known for _, i in u.terms or ()} - own


def _fit_targets(table: SizeTable, inside: list[SlotUse], padded: list[SlotUse], targets: set[Unknown]) -> None:
    """Make every tensor that is read through affine slots just large enough; where it is padded, one too small."""
    waiting = set(targets)
    uses = [*inside, *padded]
    while waiting:
        ready = {t for t in waiting if all(_known(table, u) for u in uses if unknown_of(u.space) == t)}
        # Slots that wait for each other: one of them gets a default, and the final check judges.
        for target in ready or {min(waiting, key=repr)}:
            known = [u for u in uses if unknown_of(u.space) == target and _known(table, u)]
            reaches = [_reach(table, u) - (u in padded) for u in known]
            space = next(u.space for u in uses if unknown_of(u.space) == target)
            table.assume(space, max([min(DEFAULTS), *reaches]), ORIGIN)
            waiting.discard(target)


def _known(table: SizeTable, use: SlotUse) -> bool:
    return all(table.size(i.space) is not None for _, i in use.terms or ())


def _reach(table: SizeTable, use: SlotUse) -> int:
    """The size that the slot needs."""
    return use.offset + 1 + sum(c * ((table.size(i.space) or 1) - 1) for c, i in use.terms or () if c > 0)
