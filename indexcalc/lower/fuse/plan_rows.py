"""Groups over the same rows become kernels where these are cheaper than value by value."""

from __future__ import annotations

from dataclasses import replace

from ...ir.graph import Graph
from ..estimate import Uses
from ..passes import Context
from ..target import Machine
from . import tell
from .alone import unfused
from .build import build
from .row_groups import row_groups
from .rows import Rows
from .splice import with_kernels
from .tell import Plan
from .tiles import with_tiles


def fused_rows(graph: Graph, context: Context, machine: Machine) -> Graph:
    """The graph with a kernel for each group of elementwise values and reductions over the same rows."""
    chosen = []
    uses = Uses(graph)
    for rows in row_groups(graph, context.sizes):
        stored = _read_outside(uses, rows)
        built = build(rows.group(stored), rows.inside, stored, tell.note(graph, stored, rows.values), rows.namings)
        kernel, cost = with_tiles(built.kernel, context.sizes, machine)
        plan = Plan("rows", (replace(built, kernel=kernel),), (cost,))
        alone, between = unfused(rows.values, stored, context.sizes, machine)
        taken = plan if plan.seconds < alone else None
        for line in tell.lines(tell.subject(graph, rows.values), alone, between, [plan], taken):
            context.decide(line)
        if taken:
            chosen.append(list(plan.kernels))
    return with_kernels(graph, chosen, context)


def _read_outside(uses: Uses, rows: Rows) -> set[int]:
    """Numbers of the group's values that others read."""
    own = set(rows.slots)
    return {n for n in own if n in uses.outputs or any(v.number not in own for v in uses.users[n])}
