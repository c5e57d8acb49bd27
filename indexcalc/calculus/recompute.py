"""What the backward part keeps of the forward part, and what it computes again: a pass over a derived program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..cost.measure import ITEM_BYTES, cost
from ..cost.report import bytes_text
from ..cost.work import Meter
from ..diagnostics import did_you_mean, fail
from ..ir.declarations import all_indices
from ..ir.expr import Access, Expr, MatrixApply
from ..ir.program import Define, Program, Tensor
from ..ir.signature import all_sizes, missing_sizes
from ..ir.walk import transform
from .notes import AGAIN, ONCE, SAVED
from .phases import Phases, Schedule
from .plan import Wishes

Names = Sequence[str]


def remembering(
    forward: Program,
    derived: Program,
    save: Names | None,
    recompute: Names | None,
    memory: int | None,
    sizes: Mapping[str, int],
) -> Program:
    """The derived program, of `forward`, that keeps some of the forward's values and computes the others again.

    `save`: the definitions that are kept; `recompute`: those that are not; `memory`: the most bytes at one time, for
    which they are chosen.  At most one of the three is given.  What is computed again stands as `P_again = …` right
    before its first reader, and is named in the program's `recompute` line.
    """
    phases = Phases(forward, derived)
    lost = lost_values(phases, forward, derived, save, recompute, memory, sizes)
    if lost is None:
        return derived
    schedule = phases.schedule(lost)
    result = realised(phases, schedule, derived)
    return replace(result, notes=(*derived.notes, *_notes(schedule, derived, result, sizes)))


def lost_values(
    phases: Phases,
    forward: Program,
    derived: Program,
    save: Names | None,
    recompute: Names | None,
    memory: int | None,
    sizes: Mapping[str, int],
) -> frozenset[str] | None:
    """The definitions whose values the backward part does not find; None where none of the three options is given."""
    chosen = [n for n, x in (("save", save), ("recompute", recompute), ("memory", memory)) if x is not None]
    if len(chosen) > 1:
        raise fail(
            "IX901", f"{' and '.join(chosen)} are given together", hint="each says what is kept: give one of them"
        )
    if save is not None:
        _check_names(save, "save", forward, derived, phases)
        return frozenset(n for n in phases.forward if n not in save)
    if recompute is not None:
        _check_names(recompute, "recompute", forward, derived, phases)
        return phases.with_inner(recompute)
    if memory is not None:
        from .budget import chosen_for

        return frozenset(chosen_for(phases, derived, memory, sizes))
    return None


def realised(phases: Phases, schedule: Schedule, derived: Program) -> Program:
    """The derived program with its lines in the order of the schedule."""
    wishes = Wishes(derived)
    renamed = {name: wishes.name(f"{name}_again") for name in schedule.twice}
    backward = frozenset(phases.backward)
    lines = []
    for line in schedule.lines:
        s = phases.defines[line.of]
        if line.again or line.of in backward:
            s = Define(renamed.get(s.name, s.name) if line.again else s.name, s.indices, _reading(s.body, renamed))
        lines.append(s)
    result = replace(derived, statements=tuple(lines), recomputed=tuple(renamed.values()))
    return replace(result, indices=all_indices(result))


def _reading(body: Expr, renamed: Mapping[str, str]) -> Expr:
    """The body with other names for the tensors that it reads."""

    def visit(e: Expr) -> Expr:
        if isinstance(e, Access) and e.tensor in renamed:
            return Access(renamed[e.tensor], e.slots, e.variance)
        if isinstance(e, MatrixApply) and e.tensor in renamed:
            return MatrixApply(e.function, renamed[e.tensor], e.slots)
        return e

    return transform(body, visit)


def _check_names(names: Names, option: str, forward: Program, derived: Program, phases: Phases) -> None:
    for name in names:
        if name in forward.definitions:
            if option == "recompute" and name in phases.returned:
                raise fail("IX901", f"`{name}` is returned, so that it is kept", hint="leave it out of recompute")
            continue
        known = list(forward.definitions)
        hint = did_you_mean(name, known) or (f"definitions: {', '.join(known)}" if known else "")
        if name in forward.inputs:
            raise fail("IX901", f"`{name}` is an input, which is there all along", hint=f"leave it out of {option}")
        owner = phases.owner.get(name)
        if owner is not None:
            hint = f"give the definition that it belongs to: {owner}"
            raise fail("IX901", f"`{name}` is an inner value of `{owner}`", hint=hint)
        if name in derived.definitions:
            raise fail("IX901", f"`{name}` belongs to the backward part, which keeps what it makes", hint=hint)
        raise fail("IX901", f"{option} names `{name}`, which the program does not define", hint=hint)


def _notes(schedule: Schedule, derived: Program, result: Program, sizes: Mapping[str, int]) -> list[str]:
    """What was saved and what is computed again; how large and how dear that is, where the sizes are known."""
    twice, kept = schedule.twice, schedule.kept
    known = None if missing_sizes(result, sizes) else all_sizes(result, sizes)

    def told(names: Names) -> str:
        if known is None:
            return ", ".join(names)
        arrays = (Tensor(name, derived.definitions[name].indices) for name in names)
        total = Meter(known, ITEM_BYTES["float64"]).inputs(arrays)
        return f"{', '.join(names)} ({bytes_text(total)} in float64)"

    lines = [f"{SAVED}: {told(kept) if kept else 'nothing but the inputs'}"]
    if not twice:
        return [*lines, ONCE]
    again = f"{AGAIN}: {told(twice)}"
    if known is None:
        return [*lines, again]
    before, after = cost(derived, sizes), cost(result, sizes)
    more = after.multiplications - before.multiplications
    share = f" ({100 * more / before.multiplications:.1f} %)" if before.multiplications else ""
    peaks = f"peak memory {bytes_text(after.peak_bytes)} instead of {bytes_text(before.peak_bytes)}"
    return [*lines, f"{again}, for {more:,} more multiplications{share}; {peaks}"]
