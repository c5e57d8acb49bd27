"""Which sweeps answer which question, and what the new inputs and outputs are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..ir.program import Define, Program, Tensor
from ..normal.enter import taken_names
from .structure import tangent_attributes
from .sweep import Direction, Sweep

Pairs: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Sweeps through one program; `outputs` are results of theirs, in the order in which they are returned."""

    sweeps: tuple[Sweep, ...]
    outputs: tuple[str, ...]

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The new inputs of the derived program."""
        return tuple(dict.fromkeys(t for s in self.sweeps for t in s.seeds))


class Wishes:
    """Names that nothing in the program has; a second wish for one gets a number."""

    def __init__(self, program: Program) -> None:
        self.taken = set(taken_names(program))

    def name(self, wish: str) -> str:
        found, n = wish, 1
        while found in self.taken:
            n += 1
            found = f"{wish}_{n}"
        self.taken.add(found)
        return found


def gradient_plan(program: Program, output: Define, wrt: Sequence[str]) -> Plan:
    """One reverse sweep from a scalar, or from the output's cotangent `grad_O`."""
    wishes = Wishes(program)
    seeds = (Tensor(wishes.name(f"grad_{output.name}"), output.indices),) if output.indices else ()
    results = tuple(wishes.name(f"grad_{name}") for name in wrt)
    return Plan((Sweep("reverse", (output.name,), tuple(wrt), results, seeds),), results)


def directional_plan(
    program: Program, outputs: Sequence[tuple[str, str]], wrt: Sequence[str], curved: Pairs = ()
) -> Plan:
    """One forward sweep along the new inputs `tangent_x`; each output comes with the wish for its result."""
    wishes = Wishes(program)
    moved = [program.inputs[name] for name in wrt]
    seeds = tuple(Tensor(wishes.name(f"tangent_{t.name}"), t.indices, tangent_attributes(t)) for t in moved)
    results = tuple(wishes.name(wish) for _, wish in outputs)
    wanted = tuple(name for name, _ in outputs)
    return Plan((Sweep("forward", tuple(wrt), wanted, results, seeds, prefix="tangent_", curved=curved),), results)


def jacobian_plan(
    program: Program, blocks: Sequence[tuple[str, str, str]], direction: Direction, curved: Pairs = ()
) -> Plan:
    """The blocks (output, input, wish for the result), by one batched sweep per output or per input."""
    wishes = Wishes(program)
    results = {(of, by): wishes.name(wish) for of, by, wish in blocks}
    reverse = direction == "reverse"
    starts = list(dict.fromkeys(of if reverse else by for of, by, _ in blocks))
    sweeps = []
    for start in starts:
        mine = [b for b in results if b[0 if reverse else 1] == start]
        sweeps.append(
            Sweep(
                direction,
                (start,),
                wanted=tuple(b[1 if reverse else 0] for b in mine),
                results=tuple(results[b] for b in mine),
                batched=True,
                prefix=f"jac_{start}_" if reverse and len(starts) > 1 else "jac_",
                suffix="" if reverse else f"_{start}",
                curved=curved,
            )
        )
    return Plan(tuple(sweeps), tuple(results.values()))
