"""What the slots of a program's accesses read: their range for given sizes, and their text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .conditions import Conditions, guarded_parts
from .expr import Access, Affine, Expr, MatrixApply, Slot, Space
from .index import Index
from .program import Define, Program
from .walk import slots_of

# Spaces with one symbolic extent have one size, so the extent's name stands for all of them.
Unknown: TypeAlias = str | Space


def unknown_of(space: Space) -> Unknown:
    """What the space's size is filed under."""
    return space.extent if isinstance(space.extent, str) else space


@dataclass(frozen=True, slots=True)
class SlotUse:
    """One slot of one access: `Σ coefficient · index + offset` on the slot's space.

    `terms` is None where a gather takes part: its values are known only at run time.  The slot is read only where the
    `conditions` hold.
    """

    tensor: str
    number: int
    slot: Slot
    space: Space
    terms: tuple[tuple[int, Index], ...] | None
    offset: int
    conditions: Conditions = ()


def slot_spaces(program: Program) -> dict[str, tuple[Space, ...]]:
    """The spaces of each input's and each definition's slots."""
    found = {name: tensor.spaces for name, tensor in program.inputs.items()}
    for s in program.statements:
        if isinstance(s, Define):
            found[s.name] = tuple(i.space for i in s.indices)
    return found


def slot_uses(program: Program) -> Iterator[SlotUse]:
    """Every slot of every access and matrix function in the program's statements."""
    spaces = slot_spaces(program)
    for statement in program.statements:
        bodies = (statement.body,) if isinstance(statement, Define) else (statement.left, statement.right)
        for body in bodies:
            for part, conditions in guarded_parts(body):
                yield from _uses_in(part, spaces, conditions)


def _uses_in(part: Expr, spaces: Mapping[str, tuple[Space, ...]], conditions: Conditions) -> Iterator[SlotUse]:
    if not isinstance(part, (Access, MatrixApply)) or part.tensor not in spaces:
        return
    own = spaces[part.tensor]
    if isinstance(part, MatrixApply):
        own = own[::-1]  # inv(A)[i, j]: its rows are A's columns
    for number, (slot, space) in enumerate(zip(slots_of(part), own), 1):
        terms, offset = linear_form(slot)
        yield SlotUse(part.tensor, number, slot, space, terms, offset, conditions)


def linear_form(slot: Slot) -> tuple[tuple[tuple[int, Index], ...] | None, int]:
    """(terms, offset) of a slot; the terms are None where a gather takes part."""
    if isinstance(slot, int):
        return (), slot
    if isinstance(slot, Index):
        return ((1, slot),), 0
    if isinstance(slot, Affine):
        plain = tuple((c, p) for c, p in slot.terms if isinstance(p, Index))
        return (plain if len(plain) == len(slot.terms) else None), slot.offset
    return None, 0


def slot_range(use: SlotUse, sizes: Mapping[Space, int]) -> tuple[int, int] | None:
    """Least and greatest value of the slot; None where it has no value or only the run can tell."""
    if use.terms is None or any(sizes[i.space] == 0 for _, i in use.terms):
        return None
    low = use.offset + sum(c * (sizes[i.space] - 1) for c, i in use.terms if c < 0)
    high = use.offset + sum(c * (sizes[i.space] - 1) for c, i in use.terms if c > 0)
    return low, high


def slot_text(slot: Slot) -> str:
    """A slot as a reader writes it.

    >>> i, k = Index("i", Space("n")), Index("k", Space("m"))
    >>> slot_text(Affine(((2, i), (-1, k)), 1))
    '2*i - k + 1'
    """
    if not isinstance(slot, Affine):
        return str(slot)
    text = ""
    for coefficient, part in [*slot.terms, *([(slot.offset, None)] if slot.offset else [])]:
        size = abs(coefficient)
        word = str(size) if part is None else (str(part) if size == 1 else f"{size}*{part}")
        sign = "-" if coefficient < 0 else "+"
        text = f"{text} {sign} {word}" if text else (f"-{word}" if coefficient < 0 else word)
    return text
