"""`ic.cost`: a program's operations, counted at given sizes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..diagnostics import did_you_mean, fail
from ..ir.program import Define, Program, Tensor
from ..ir.signature import all_sizes, missing_sizes
from ..ir.walk import tensors_in
from ..lower.program import lower_at, lower_program
from ..lower.target import ARRAY_KERNELS, Machine, Target
from .alternatives import Alternative, of_kernels, of_values
from .formulas import FUSING, Formulas, formulas
from .machine import Time, machine_of, roofline_of_parts
from .peak import memory_of
from .report import Cost, StatementCost
from .rules import Work
from .work import Meter

ITEM_BYTES = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}


def cost(
    program: Program,
    sizes: Mapping[str, int],
    *,
    dtype: str = "float64",
    target: Target = ARRAY_KERNELS,
    without: Collection[str] = (),
    machine: str | Machine | None = None,
    alternatives: bool = False,
) -> Cost:
    """What the program takes at these sizes, by the name of an extent, space or index, as it is emitted for them.

    `dtype`: of the floating-point inputs.  `target`: what it is emitted for; `without`: passes that are left out.
    `machine`: on which least times are estimated; `alternatives`: whether to say what is saved, and by what.
    Raises IX945 where a size is missing.
    """
    item = _item(dtype)
    on = None if machine is None else machine_of(machine)
    meter = Meter(all_sizes(program, sizes), item)
    found = _Counted(program, sizes, meter, target, without)
    times = None if on is None else found.times(on)
    total = found.total
    return Cost(
        total.flops,
        total.multiplications,
        total.functions,
        total.bytes,
        found.memory.peak,
        _statements(program, found, times),
        dict(sizes),
        dtype,
        total.matmul,
        on,
        None if times is None else sum(times.values(), Time()),
        _alternatives(program, sizes, found, target, without) if alternatives else (),
    )


class _Counted:
    """A program's graph for a target, with the work of each value and the memory over its run."""

    def __init__(
        self, program: Program, sizes: Mapping[str, int], meter: Meter, target: Target, without: Collection[str]
    ) -> None:
        self.meter = meter
        self.graph = lower_program(program, sizes=sizes, target=target, without=without)
        self.memory = memory_of(program, self.graph, meter, target.machine.threads if target.machine else 1)
        self.parts = {value.number: meter.parts(self.graph, value) for value in self.graph}
        self.total = sum((work for parts in self.parts.values() for work in parts.values()), Work())

    def times(self, machine: Machine) -> dict[str, Time]:
        """The least times by definition."""
        found: dict[str, Time] = {}
        for parts in self.parts.values():
            for name, time in roofline_of_parts(parts, machine).items():
                found[name] = found.get(name, Time()) + time
        return found


def _alternatives(
    program: Program, sizes: Mapping[str, int], found: _Counted, target: Target, without: Collection[str]
) -> tuple[Alternative, ...]:
    stored = _Counted(program, sizes, found.meter, target, [*without, *FUSING])
    whole = of_kernels(found.graph, (found.total, found.memory), (stored.total, stored.memory))
    return (*whole, *of_values(stored.graph, found.meter))


def cost_or_formulas(
    program: Program,
    sizes: Mapping[str, int],
    *,
    dtype: str = "float64",
    target: Target = ARRAY_KERNELS,
    without: Collection[str] = (),
    machine: str | Machine | None = None,
    alternatives: bool = False,
) -> Cost | Formulas:
    """The same; where a size is missing and neither times nor alternatives are asked for, formulas in the extents."""
    if machine is None and not alternatives and missing_sizes(program, sizes):
        return formulas(program, sizes, dtype=dtype, item=_item(dtype), target=target, without=without)
    return cost(program, sizes, dtype=dtype, target=target, without=without, machine=machine, alternatives=alternatives)


def _item(dtype: str) -> int:
    found = ITEM_BYTES.get(dtype)
    if found is None:
        hint = did_you_mean(str(dtype), ITEM_BYTES) or f"one of {', '.join(ITEM_BYTES)}"
        raise fail("IX901", f"no dtype {dtype!r} is counted", hint=hint)
    return found


@dataclass(frozen=True, slots=True)
class Figures:
    """Every statement by itself, by its name, in float64: the bytes of its result, the most bytes that it takes above
    those of its operands, its FLOPs, and whether its result is freed after its last use.  And the bytes of all inputs.
    """

    inputs: int
    size: Mapping[str, int]
    own_peak: Mapping[str, int]
    flops: Mapping[str, int]
    is_freed: Mapping[str, bool]


def statement_figures(program: Program, sizes: Mapping[str, int]) -> Figures:
    """What each statement takes if it shares nothing with the others."""
    spaces = all_sizes(program, sizes)
    meter = Meter(spaces, ITEM_BYTES["float64"])
    known = dict(program.inputs)
    own_peak, flops = {}, {}
    for s in program.definitions.values():
        reads = [known[n] for n in sorted(tensors_in(s.body))]
        alone = Program(program.indices, tuple(reads), program.functions, (), (s,), (s.name,))
        graph = lower_at(alone, {space: max(1, n) for space, n in spaces.items()})
        own_peak[s.name] = memory_of(alone, graph, meter).peak - meter.inputs(reads)
        flops[s.name] = sum(meter.work(value).flops for value in graph)
        known[s.name] = Tensor(s.name, s.indices)
    size = {name: meter.inputs([known[name]]) for name in program.definitions}
    freed = {name: len(s.indices) > 1 for name, s in program.definitions.items()}
    return Figures(meter.inputs(program.tensors), size, own_peak, flops, freed)


def _statements(program: Program, counted: _Counted, times: Mapping[str, Time] | None) -> tuple[StatementCost, ...]:
    """The work by the statement that is the first to need it.  A statement that makes nothing new has figures of 0."""
    work: dict[str, Work] = {}
    during: dict[str, int] = {}
    for number, parts in counted.parts.items():
        for name, part in parts.items():
            work[name] = work.get(name, Work()) + part
            during[name] = max(during.get(name, 0), counted.memory.during[number])
    found, before = [], counted.memory.inputs
    for s in program.statements:
        if isinstance(s, Define):
            w, before = work.get(s.name, Work()), during.get(s.name, before)
            figures = (w.flops, w.multiplications, w.functions, w.bytes, before, w.matmul)
            time = None if times is None else times.get(s.name, Time())
            found.append(StatementCost(s.name, str(s), *figures, time))
    return tuple(found)
