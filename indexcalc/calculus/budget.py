"""Which values to compute again, so that the peak memory stays within a budget at the least extra work.

A few definitions are tried in all combinations.  Of many, a model of the program at the level of statements is
searched: from several starts, then bettered one definition at a time; what it finds is measured on the program itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from ..cost.measure import cost, statement_figures
from ..cost.report import bytes_text
from ..diagnostics import fail
from ..ir.program import Program
from ..ir.signature import all_sizes
from .phases import Line, Phases, Schedule
from .recompute import realised

EXACT = 6  # definitions tried in all combinations
TRIES = 8  # how often the model's target is corrected by a measurement
MOVES = 600  # evaluations of the model for one target

Gone = frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Definitions that are not kept, and what follows."""

    gone: Gone
    peak: int
    flops: int


def chosen_for(phases: Phases, derived: Program, memory: int, sizes: Mapping[str, int]) -> Gone:
    """The definitions to compute again so that `cost(…).peak_bytes` is at most `memory`.

    Refuses a budget that no choice was found to meet, with the smallest peak found.
    """
    if isinstance(memory, bool) or not isinstance(memory, int) or memory <= 0:
        raise fail("IX901", f"memory is a number of bytes above 0, not {memory!r}", hint="memory=2 * 2**30")
    all_sizes(derived, sizes)  # says which are missing
    search = _Measured(phases, derived, sizes)
    names = phases.candidates()
    if len(names) <= EXACT:
        outcomes = [search.outcome(frozenset(some)) for n in range(len(names) + 1) for some in combinations(names, n)]
    else:
        outcomes = search.through_model(names, memory)
    fitting = [o for o in outcomes if o.peak <= memory]
    if fitting:
        return min(fitting, key=lambda o: (o.flops, o.peak, len(o.gone), sorted(o.gone))).gone
    least = min(o.peak for o in outcomes)
    raise fail(
        "IX909",
        f"the gradient does not fit into {bytes_text(memory)}: the smallest peak is {bytes_text(least)}",
        hint=f"give memory={least} (--memory {least}) or more, or smaller sizes",
        why="inputs, results and the operands of one statement are there at the same time, whatever is computed again",
    )


class _Measured:
    """Outcomes on the program itself."""

    def __init__(self, phases: Phases, derived: Program, sizes: Mapping[str, int]) -> None:
        self.phases, self.derived, self.sizes = phases, derived, sizes

    def outcome(self, gone: Gone) -> Outcome:
        found = cost(self._realised(gone), self.sizes)
        return Outcome(gone, found.peak_bytes, found.flops)

    def _realised(self, gone: Gone) -> Program:
        return realised(self.phases, self.phases.schedule(gone), self.derived)

    def through_model(self, names: tuple[str, ...], memory: int) -> list[Outcome]:
        """Measured outcomes of what the model proposes for targets that approach the budget from where it errs."""
        model = Model(self.phases, self.derived, self.sizes)
        first = self.outcome(frozenset())
        outcomes = [first]
        target = memory + model.outcome(frozenset()).peak - first.peak
        for _ in range(TRIES):
            if min(o.peak for o in outcomes) <= memory:
                break
            proposed = search(model.outcome, names, target, model.worth)
            found = self.outcome(proposed.gone)
            outcomes.append(found)
            if found.peak > memory and proposed.peak > target:
                break  # the model knows nothing smaller
            target -= max(found.peak - memory, 1)
        return outcomes


class Model:
    """The program as statements with a size, a peak of their own and work, counted apart from each other."""

    def __init__(self, phases: Phases, derived: Program, sizes: Mapping[str, int]) -> None:
        self.phases = phases
        self.figures = statement_figures(derived, sizes)
        self.inputs = self.figures.inputs
        self.lasting = frozenset(derived.outputs)
        self.outcomes: dict[Gone, Outcome] = {}

    def worth(self, name: str) -> float:
        """Bytes that are not kept for each FLOP of computing the definition again."""
        return self.figures.size[name] / (self.figures.flops[name] + 1)

    def outcome(self, gone: Gone) -> Outcome:
        """Peak and work of the schedule without these values."""
        known = self.outcomes.get(gone)
        if known is None:
            known = self.outcomes[gone] = self._outcome(gone)
        return known

    def _outcome(self, gone: Gone) -> Outcome:
        schedule = self.phases.schedule(gone)
        steps = [(line, self._read(line, schedule)) for line in schedule.lines]
        last = {r: n for n, (_, reads) in enumerate(steps) for r in reads}
        now = peak = self.inputs
        for n, (line, reads) in enumerate(steps):
            peak = max(peak, now + self.figures.own_peak[line.of])
            now += self.figures.size[line.of]
            for r in {*reads, line}:
                if last.get(r, n) == n and r.of not in self.lasting and self.figures.is_freed[r.of]:
                    now -= self.figures.size[r.of]
        return Outcome(gone, peak, sum(self.figures.flops[line.of] for line in schedule.lines))

    def _read(self, line: Line, schedule: Schedule) -> tuple[Line, ...]:
        behind = line.again or line.of not in self.phases.owner
        return tuple(Line(r, behind and r in schedule.again) for r in self.phases.reads[line.of])


def search(
    outcome: Callable[[Gone], Outcome], names: tuple[str, ...], target: int, worth: Callable[[str], float]
) -> Outcome:
    """The least work found with a peak of at most the target; the least peak found where that is not reached."""

    def better(o: Outcome) -> tuple[int, int]:
        return (max(o.peak - target, 0), o.flops)

    ranked = sorted(names, key=lambda n: (-worth(n), n))
    best = min((outcome(g) for g in _starts(names, ranked)), key=better)
    left = MOVES
    moved = True
    while moved and left > 0:
        moved = False
        for name in (*reversed(ranked), *ranked):  # the dearest first: keeping it saves most
            if left <= 0:
                break
            left -= 1
            found = outcome(best.gone ^ {name})
            if better(found) < better(best):
                best, moved = found, True
    return best


def _starts(names: tuple[str, ...], ranked: Collection[str]) -> Iterable[Gone]:
    """Nothing; the cheapest n, for some n; and all but every k-th, as for a chain of layers."""
    yield frozenset()
    order = list(ranked)
    count = len(order)
    steps = sorted({max(1, count * k // 16) for k in range(1, 17)})
    yield from (frozenset(order[:n]) for n in steps)
    yield from (frozenset(n for m, n in enumerate(names) if m % k != k - 1) for k in range(2, min(count, 64) + 1))
