"""How a cluster is computed: in one of several styles, or value by value, whichever is cheapest by the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...ir.graph import Graph, Value
from ...ir.index import Space
from ..passes import Context
from ..target import Machine
from . import tell
from .alone import unfused
from .build import build
from .group import Group, Style
from .grouping import Grouping
from .splice import can_run, with_kernels
from .tell import Plan
from .tiles import with_tiles
from .virtual import Cluster, clusters, stored_to_compare

SMALL = 4096  # elements of a result that may always be added up across tiles
STYLES = (
    Style("split", accumulate=False, whole=False, small=SMALL),
    Style("accumulated", accumulate=True, whole=False, small=SMALL),
    Style("whole rows", accumulate=True, whole=True, small=SMALL),
)
LARGE = 1 << 28  # bytes that are not worth storing even where that would be somewhat faster
SLOWER = 1.5
GAIN = 0.9  # of the time that a kernel may take: the model is no finer


def fused(graph: Graph, context: Context, machine: Machine) -> Graph:
    """The graph with a kernel for each group of each cluster that gains by it."""
    chosen = []
    for value in stored_to_compare(graph, context.sizes):
        context.decide(f"{graph.makers[value.number]}: stored, since elements of it are compared with each other")
    for cluster in clusters(graph, context.sizes):
        plan = _chosen(graph, cluster, context, machine)
        if plan is not None:
            chosen.append(list(plan.kernels))
    return with_kernels(graph, chosen, context)


def _chosen(graph: Graph, cluster: Cluster, context: Context, machine: Machine) -> Plan | None:
    """The cheapest plan, unless storing everything is cheaper; told with its figures."""
    sizes = context.sizes
    plans = [plan_in(graph, cluster, sizes, machine, style) for style in STYLES]
    plans = [p for p in plans if can_run(graph, list(p.kernels))]
    if not plans:
        return None
    best = min(plans, key=lambda p: p.seconds)
    stored, between = unfused(cluster.values, cluster.key, sizes, machine)
    notes = (built.kernel.note for built in best.kernels)
    subject = ", ".join(n for n in notes if n) or tell.subject(graph, cluster.members)
    limit = stored * (SLOWER if between > LARGE else GAIN)
    taken = best if best.seconds <= limit else None
    for line in tell.lines(subject, stored, between, plans, taken):
        context.decide(line)
    return taken


def plan_in(graph: Graph, cluster: Cluster, sizes: Mapping[Space, int], machine: Machine, style: Style) -> Plan:
    """The kernels of a cluster in one style, with their best tiles."""
    grouping = Grouping(graph, cluster, sizes, style)
    stored = _stored(graph, grouping)
    kernels, prices = [], []
    for group in grouping.groups:
        note = tell.note(graph, stored, [m.value for m in group.members])
        built = build(group, grouping.needs.inside, stored, note)
        kernel, cost = with_tiles(built.kernel, sizes, machine)
        kernels.append(replace(built, kernel=kernel))
        prices.append(cost)
    return Plan(style.name, tuple(kernels), tuple(prices))


def _stored(graph: Graph, grouping: Grouping) -> set[int]:
    """Numbers of the members that something outside of their kernels reads."""
    place = {m.value.number: n for n, g in enumerate(grouping.groups) for m in g.members}
    found = {o.operand.value.number for o in graph.outputs}
    for value in graph:
        if value.number not in place and not grouping.needs.inside(value):
            found |= {o.value.number for o in value.operands}
    for n, group in enumerate(grouping.groups):
        found |= {v.number for v in _loads(grouping, group) if place.get(v.number, n) != n}
    found |= {m.value.number for g in grouping.groups for m in g.members if grouping.needs.inside(m.value)}
    return {number for number in found if number in place}


def _loads(grouping: Grouping, group: Group) -> list[Value]:
    found = []
    for member in group.members:
        operands = [member.instance] if grouping.needs.inside(member.value) else member.operands
        found += [i.value for i in grouping.needs.reach(operands, group.walked)[1]]
    return found
