"""The sizes of a program's spaces: from declared integers, array shapes, sizes given by name, and affine slots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING

from ..diagnostics import IndexCalcError, did_you_mean, fail
from .expr import Access, Expr, Extent, MatrixApply, Space
from .index import Index
from .program import Define, Program
from .ranges import is_guarded, leaving_point, speaks_of
from .slots import SlotUse, Unknown, slot_range, slot_spaces, slot_text, slot_uses, unknown_of
from .walk import indices_in, subexpressions

if TYPE_CHECKING:
    from .program import Tensor


def bind_sizes(
    program: Program, shapes: Mapping[str, tuple[int, ...]], sizes: Mapping[str, int] | None = None
) -> dict[Space, int]:
    """The size of every space of the program, for input arrays of these shapes.

    `sizes` gives what no array tells, by the name of an extent, a space or an index.  An extent that occurs only in
    affine slots and is given nowhere is the largest one for which they stay inside.

    >>> from .expr import Access
    >>> from .program import Tensor
    >>> i = Index("i", Space("rows", "N"))
    >>> program = Program((i,), (Tensor("x", (i,)),), statements=(Define("y", (i,), Access("x", (i,))),))
    >>> bind_sizes(program, {"x": (3,)})
    {Space('rows', 'N'): 3}
    """
    check_names(program, shapes)
    table = SizeTable(program)
    table.take_sizes({} if sizes is None else sizes)
    for name, tensor in program.inputs.items():
        table.take_shape(tensor, shapes[name])
    return table.finish()


def named_sizes(sizes: Mapping[str, int] | None) -> dict[str, int]:
    """A copy of sizes by name; refuses what is no mapping."""
    if sizes is not None and not isinstance(sizes, Mapping):
        raise fail("IX947", f"sizes maps names to numbers, and is no {type(sizes).__name__}", hint="sizes={'N': 3}")
    return dict(sizes or {})


def given_sizes(program: Program, sizes: Mapping[str, int]) -> dict[Space, int]:
    """The sizes that the names of extents, spaces and indices give; refuses a name that the program does not have.

    >>> i = Index("i", Space("rows", "N"))
    >>> given_sizes(Program((i,)), {"i": 3})
    {Space('rows', 'N'): 3}
    """
    table = SizeTable(program)
    table.take_sizes(sizes)
    return {space: size for space in table.spaces if (size := table.size(space)) is not None}


def all_sizes(program: Program, sizes: Mapping[str, int]) -> dict[Space, int]:
    """The size of every space, from declarations, names and affine slots alone; refuses sizes that are not enough.

    >>> i, j = Index("i", Space("rows", "N")), Index("j", Space("columns", 2))
    >>> all_sizes(Program((i, j)), {"i": 3})
    {Space('rows', 'N'): 3, Space('columns', 2): 2}
    """
    table = _solved(program, sizes)
    missing = _missing(table)
    if missing:
        message = f"no size is given for {', '.join(table.describe(s) for s in missing)}"
        raise fail("IX945", message, hint=_sizes_hint([table.key(s) for s in missing]))
    return table.finish()


def _sizes_hint(keys: Sequence[str]) -> str:
    """How sizes are given, to a function and to a command."""
    return f"give sizes={{{', '.join(f'{k!r}: …' for k in keys)}}} (--sizes {','.join(f'{k}=…' for k in keys)})"


def missing_sizes(program: Program, sizes: Mapping[str, int]) -> list[Space]:
    """The spaces whose sizes the given ones leave open, one for each extent."""
    return _missing(_solved(program, sizes))


def _solved(program: Program, sizes: Mapping[str, int]) -> SizeTable:
    table = SizeTable(program)
    table.take_sizes(sizes)
    table.solve_affine()
    return table


def _missing(table: SizeTable) -> list[Space]:
    return list({unknown_of(s): s for s in table.needed if table.size(s) is None}.values())


def check_names(program: Program, given: Iterable[str]) -> None:
    """Refuse a missing and a surplus input."""
    given, wanted = list(given), list(program.inputs)
    listed = "inputs: " + (", ".join(wanted) or "none")
    for name in wanted:
        if name not in given:
            raise fail("IX941", f"input `{name}` is missing", hint=listed)
    for name in given:
        if name not in wanted:
            raise fail("IX942", f"the program has no input `{name}`", hint=did_you_mean(name, wanted) or listed)


def check_positions(program: Program) -> None:
    """With a metric, an array holds one kind of components; raising and lowering must have been written out."""
    if not program.metrics:
        return
    seen: dict[str, str] = {}
    metrics = {m.name for m in program.metrics}
    for body in statement_bodies(program):
        for part in subexpressions(body):
            if isinstance(part, Access) and part.tensor in metrics and len(set(part.variance)) > 1:
                hint = "with one upper and one lower position a metric is δ: write delta[^i, _j]"
                raise fail("IX902", f"`{part.tensor}` is read with index positions `{part.variance}`", hint=hint)
            if isinstance(part, Access) and seen.setdefault(part.tensor, part.variance) != part.variance:
                raise fail(
                    "IX902",
                    f"`{part.tensor}` is read with index positions `{seen[part.tensor]}` and `{part.variance}`: "
                    "an array holds one kind of components",
                    hint="raise or lower it by a product with the metric, in a definition of its own",
                )


def statement_bodies(program: Program) -> list[Expr]:
    """Both sides of claims and the bodies of definitions and functions."""
    bodies = [f.body for f in program.functions]
    for s in program.statements:
        bodies += [s.body] if isinstance(s, Define) else [s.left, s.right]
    return bodies


def _is_own(use: SlotUse) -> bool:
    """Whether the slot is an index of the slot's own space, which bounds nothing."""
    return use.offset == 0 and [(c, unknown_of(i.space)) for c, i in use.terms or ()] == [(1, unknown_of(use.space))]


class SizeTable:
    """Sizes as they become known, each with where it came from.  Two sizes for one extent are an error."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.known: dict[Unknown, tuple[int, str]] = {}
        self.indices: dict[Index, None] = dict.fromkeys(program.indices)
        needed: dict[Space, None] = {}
        for tensor in program.tensors:
            self.indices |= dict.fromkeys(tensor.indices)
        for statement in program.statements:
            if isinstance(statement, Define):
                self.indices |= dict.fromkeys(statement.indices)
        for body in statement_bodies(program):
            self.indices |= dict.fromkeys(indices_in(body))
            needed |= dict.fromkeys(p.space for p in subexpressions(body) if isinstance(p, Extent))
        # A space that only an integer tensor's values name (never an index or an extent) may stay without a size.
        self.needed = list(dict.fromkeys(i.space for i in self.indices) | needed)
        self.spaces = list(dict.fromkeys(program.spaces) | dict.fromkeys(self.needed))
        self.uses: list[SlotUse] = []
        self.guarded: list[SlotUse] = []  # read only inside their range, by the conditions around them
        for use in slot_uses(program):
            (self.guarded if is_guarded(use.slot, use.space, use.conditions) else self.uses).append(use)
        for space in self.spaces:
            if isinstance(space.extent, int):
                self.known[space] = (space.extent, "its declaration")

    def size(self, space: Space) -> int | None:
        found = self.known.get(unknown_of(space))
        return None if found is None else found[0]

    def describe(self, space: Space) -> str:
        """The space in words: by its extent's name, else by an index that ranges over it, else by its own name."""
        if isinstance(space.extent, str):
            return f"extent `{space.extent}`"
        index = next((i for i in self.indices if i.space == space), None)
        return f"the extent of index `{index.name}`" if index else f"the extent of space `{space.name}`"

    def assume(self, space: Space, size: int, origin: str) -> None:
        """Take a size for granted, unless one is known."""
        self.known.setdefault(unknown_of(space), (size, origin))

    def take_sizes(self, sizes: Mapping[str, int]) -> None:
        """Sizes by the name of an extent, a space or an index."""
        for name, size in named_sizes(sizes).items():
            if isinstance(size, bool) or not isinstance(size, Integral) or size < 0:
                raise fail("IX947", f"the size of `{name}` must be an integer ≥ 0, not {size!r}")
            space = self.named(name)
            before = self.known.setdefault(unknown_of(space), (int(size), f"sizes={{{name!r}: …}}"))
            if before[0] != size:
                message = f"sizes gives `{name}` = {size}, but {self.describe(space)} is {before[0]} by {before[1]}"
                raise fail("IX944", message, hint="give one of them only, or make them agree")

    def named(self, name: str) -> Space:
        """The space that a key of `sizes` means: an extent's name first, then a space's, then an index's."""
        by_extent = [s for s in self.spaces if s.extent == name]
        by_name = [s for s in self.spaces if s.name == name]
        by_index = [i.space for i in self.indices if i.name == name]
        for found in (by_extent[:1], by_name, list(dict.fromkeys(by_index))):
            if len(found) == 1:
                return found[0]
            if found:
                raise fail("IX947", f"`{name}` in sizes means several spaces: {', '.join(s.name for s in found)}")
        names = [str(s.extent) for s in self.spaces if isinstance(s.extent, str)]
        names = list(dict.fromkeys([*names, *(i.name for i in self.indices), *(s.name for s in self.spaces if s.name)]))
        hint = did_you_mean(name, names) or "extents, spaces and indices: " + (", ".join(names) or "none")
        raise fail("IX942", f"sizes names `{name}`, which is no extent, space or index of the program", hint=hint)

    def take_shape(self, tensor: Tensor, shape: tuple[int, ...]) -> None:
        """The sizes that an input array shows."""
        if len(shape) != len(tensor.indices):
            slots = f"[{', '.join(i.name for i in tensor.indices)}]" if tensor.indices else " as a number"
            count = f"{len(tensor.indices)} slot{'' if len(tensor.indices) == 1 else 's'}"
            dimensions = f"{len(shape)} dimension{'' if len(shape) == 1 else 's'}"
            message = f"`{tensor.name}` has {count}, but its array has {dimensions}"
            raise fail("IX943", message, hint=f"expected {tensor.name}{slots}, got shape {tuple(shape)}")
        for slot, (index, size) in enumerate(zip(tensor.indices, shape), 1):
            before = self.known.setdefault(unknown_of(index.space), (size, f"slot {slot} of `{tensor.name}`"))
            if before[0] != size:
                raise fail(
                    "IX944",
                    f"`{tensor.name}` has size {size} in slot {slot} (index `{index.name}`), "
                    f"but {self.describe(index.space)} is {before[0]} by {before[1]}",
                    hint=f"shape given: {tuple(shape)}",
                )

    def finish(self) -> dict[Space, int]:
        """All sizes, affine extents solved for, and every slot checked against them."""
        self.solve_affine()
        for space in self.needed:
            if self.size(space) is None:
                raise self._undetermined(space)
        found = {s: size for s in self.spaces if (size := self.size(s)) is not None}
        for use in self.uses:
            self._check_inside(use, found)
        spaces = slot_spaces(self.program)
        for body in statement_bodies(self.program):
            self._check_square(body, spaces, found)
        return found

    def solve_affine(self) -> None:
        """Give an extent that only affine slots bound the largest value that keeps each of them inside."""
        progress = True
        while progress:
            progress = False
            bounds: dict[Unknown, list[tuple[int, SlotUse]] | None] = {}
            for use in self.uses:
                self._bound(use, bounds)
            for unknown, limits in bounds.items():
                if limits:
                    size, use = min(limits, key=lambda pair: pair[0])
                    if size < 1:
                        raise self._no_room(unknown, use)
                    self.known[unknown] = (size, f"slot {use.number} of `{use.tensor}`, `{slot_text(use.slot)}`")
                    progress = True

    def _bound(self, use: SlotUse, bounds: dict[Unknown, list[tuple[int, SlotUse]] | None]) -> None:
        """File the largest size that this slot allows its only unknown; None where it cannot tell."""
        if use.terms is None or _is_own(use):
            return
        open_terms = [(c, i) for c, i in use.terms if self.size(i.space) is None]
        unknowns = {unknown_of(i.space) for _, i in open_terms}
        limit = self.size(use.space)
        if len(unknowns) != 1 or limit is None:
            bounds |= dict.fromkeys(unknowns)
            return
        (unknown,) = unknowns
        rest = [(c, self.size(i.space) or 0) for c, i in use.terms if (c, i) not in open_terms]
        high = use.offset + sum(c * (n - 1) for c, n in rest if c > 0)
        low = use.offset + sum(c * (n - 1) for c, n in rest if c < 0)
        up, down = sum(c for c, _ in open_terms if c > 0), -sum(c for c, _ in open_terms if c < 0)
        spoken = speaks_of(use)
        sizes = [(limit - 1 - high) // up + 1] if up and not spoken.high else []
        sizes += [low // down + 1] if down and not spoken.low else []
        found = bounds.setdefault(unknown, [])
        if found is not None and sizes:
            found.append((min(sizes), use))

    def _no_room(self, unknown: Unknown, use: SlotUse) -> IndexCalcError:
        size = self.size(use.space)
        name = next(i.name for _, i in use.terms or () if unknown_of(i.space) == unknown)
        return fail(
            "IX946",
            f"no value of `{name}` keeps slot {use.number} of `{use.tensor}`, `{slot_text(use.slot)}`, "
            f"inside its size {size}",
            hint=self._sizes_in(use),
        )

    def _sizes_in(self, use: SlotUse) -> str:
        pairs = [(i.name, self.size(i.space)) for _, i in use.terms or ()]
        return ", ".join(f"`{n}` has size {size}" for n, size in dict(pairs).items() if size is not None)

    def key(self, space: Space) -> str:
        """A key of `sizes` for the space: its extent's name, else an index of it, else its own name."""
        key = space.extent if isinstance(space.extent, str) else None
        return key or next((i.name for i in self.indices if i.space == space), space.name)

    def _undetermined(self, space: Space) -> IndexCalcError:
        why = "no input array has a slot of this space, and no affine slot alone bounds it"
        return fail(
            "IX945",
            f"nothing determines {self.describe(space)}",
            hint=_sizes_hint([self.key(space)]),
            why=why,
        )

    def _check_inside(self, use: SlotUse, sizes: Mapping[Space, int]) -> None:
        found = slot_range(use, sizes)
        if found is None or (found[0] >= 0 and found[1] < sizes[use.space]):
            return
        point = leaving_point(use, sizes)
        if point is None:
            return
        ranged = f"is {found[0]}" if found[0] == found[1] else f"runs from {found[0]} to {found[1]}"
        at = ", ".join(f"{i.name} = {n}" for i, n in sorted(point.items(), key=lambda item: item[0].name))
        hints = [f"it leaves at {at}" if at else "", self._sizes_in(use), self._why_whole(use)]
        raise fail(
            "IX946",
            f"slot {use.number} of `{use.tensor}`, `{slot_text(use.slot)}`, {ranged}, "
            f"but the slot has size {sizes[use.space]} (values from 0 to {sizes[use.space] - 1})",
            hint="; ".join(filter(None, hints)),
            why="the conditions around it hold there, so that the slot is read" if use.conditions else "",
        )

    def _why_whole(self, use: SlotUse) -> str:
        """An index that stands alone in a slot ranges over all of it, also where `x[p + 1]` would have it shorter."""
        whole = next((i.name for c, i in use.terms or () if i.space == use.space), None)
        if whole is None or use.offset == 0 or use.conditions:
            return ""
        alone = f"`{use.tensor}[{whole}]`"
        return f"{alone} makes `{whole}` range over the whole slot, `{use.tensor}[{whole} + 0]` does not"

    def _check_square(self, body: Expr, spaces: Mapping[str, tuple[Space, ...]], sizes: Mapping[Space, int]) -> None:
        for part in subexpressions(body):
            if not isinstance(part, MatrixApply) or len(spaces.get(part.tensor, ())) != 2:
                continue
            rows, columns = (sizes[s] for s in spaces[part.tensor])
            if rows != columns:
                what = f"{part.function}({part.tensor}) needs a square matrix"
                raise fail("IX944", f"{what}, but `{part.tensor}` is {rows}×{columns}")


__all__ = [
    "SizeTable",
    "Unknown",
    "all_sizes",
    "bind_sizes",
    "check_names",
    "check_positions",
    "missing_sizes",
    "statement_bodies",
    "unknown_of",
]
