"""`ic.cost`: a program's operations, counted at given sizes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce

from ..diagnostics import did_you_mean, fail
from ..ir.graph import Graph
from ..ir.program import Define, Program, Tensor
from ..ir.signature import all_sizes
from ..ir.walk import tensors_in
from ..lower.program import lower_at, lower_program
from ..lower.target import ARRAY_KERNELS, Target
from .peak import Memory, memory_of
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
) -> Cost:
    """What the program takes at these sizes, by the name of an extent, space or index, as it is emitted for them.

    `dtype`: of the floating-point inputs.  `target`: what it is emitted for; `without`: passes that are left out.
    Raises IX945 where a size is missing.
    """
    item = ITEM_BYTES.get(dtype)
    if item is None:
        hint = did_you_mean(str(dtype), ITEM_BYTES) or f"one of {', '.join(ITEM_BYTES)}"
        raise fail("IX901", f"no dtype {dtype!r} is counted", hint=hint)
    meter = Meter(all_sizes(program, sizes), item)
    graph = lower_program(program, sizes=sizes, target=target, without=without)
    memory = memory_of(program, graph, meter, target.machine.threads if target.machine else 1)
    work = {value.number: meter.work(value) for value in graph}
    total = reduce(Work.__add__, work.values(), Work())
    return Cost(
        total.flops,
        total.multiplications,
        total.functions,
        total.bytes,
        memory.peak,
        _statements(program, graph, work, memory),
        dict(sizes),
        dtype,
        total.matmul,
    )


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


def _statements(program: Program, graph: Graph, work: Mapping[int, Work], memory: Memory) -> tuple[StatementCost, ...]:
    """The work by the statement that is the first to need it.  A statement that makes nothing new has figures of 0."""
    own: dict[str, Work] = {}
    peak: dict[str, int] = {}
    for value in graph:
        name = graph.makers[value.number]
        own[name] = own.get(name, Work()) + work[value.number]
        peak[name] = max(peak.get(name, 0), memory.during[value.number])
    found, before = [], memory.inputs
    for s in program.statements:
        if isinstance(s, Define):
            w = own.get(s.name, Work())
            before = peak.get(s.name, before)
            figures = (w.flops, w.multiplications, w.functions, w.bytes, before, w.matmul)
            found.append(StatementCost(s.name, str(s), *figures))
    return tuple(found)
