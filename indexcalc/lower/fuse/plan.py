"""How a cluster is computed: in one of several styles, or value by value, whichever is cheapest by the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...ir.graph import Contract, Graph, Map, Value
from ...ir.index import Space
from ..passes import Context
from ..target import Machine
from . import tell
from .build import Built, build
from .group import Group, Grouping, Style
from .price import ITEM, SLOW
from .splice import can_run, spliced
from .tell import Plan
from .tiles import with_tiles
from .virtual import Cluster, clusters, size

SMALL = 4096  # elements of a result that may always be added up across tiles
STYLES = (
    Style("split", accumulate=False, whole=False, small=SMALL),
    Style("accumulated", accumulate=True, whole=False, small=SMALL),
    Style("whole rows", accumulate=True, whole=True, small=SMALL),
)
LARGE = 1 << 28  # bytes that are not worth storing even where that would be somewhat faster
SLOWER = 1.5


def fused(graph: Graph, context: Context, machine: Machine) -> Graph:
    """The graph with a kernel for each group of each cluster that gains by it."""
    chosen = []
    for cluster in clusters(graph, context.sizes):
        plan = _chosen(graph, cluster, context, machine)
        if plan is not None:
            chosen.append(list(plan.kernels))
    if not can_run(graph, [b for found in chosen for b in found]):
        chosen = _compatible(graph, chosen)
    found = [b for each in chosen for b in each]
    return spliced(graph, found, context) if found else graph


def _compatible(graph: Graph, chosen: list[list[Built]]) -> list[list[Built]]:
    """Those that can run together, the first first: two kernels may each need a part of what the other gives."""
    kept: list[list[Built]] = []
    for found in chosen:
        if can_run(graph, [b for each in (*kept, found) for b in each]):
            kept.append(found)
    return kept


def _chosen(graph: Graph, cluster: Cluster, context: Context, machine: Machine) -> Plan | None:
    """The cheapest plan, unless storing everything is cheaper; told with its figures."""
    sizes = context.sizes
    plans = [plan_in(graph, cluster, sizes, machine, style) for style in STYLES]
    plans = [p for p in plans if can_run(graph, list(p.kernels))]
    if not plans:
        return None
    best = min(plans, key=lambda p: p.seconds)
    stored, between = unfused(cluster, sizes, machine)
    subject = tell.subject(graph, cluster.members)
    limit = stored * (SLOWER if between > LARGE else 1.0)
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
        names = (graph.names.get(m.value.number, "") for m in group.members if m.value.number in stored)
        built = build(group, grouping.inside, stored, ", ".join(dict.fromkeys(n for n in names if n)))
        kernel, cost = with_tiles(built.kernel, sizes, machine)
        kernels.append(replace(built, kernel=kernel))
        prices.append(cost)
    return Plan(style.name, tuple(kernels), tuple(prices))


def unfused(cluster: Cluster, sizes: Mapping[Space, int], machine: Machine) -> tuple[float, int]:
    """(seconds, bytes stored in between) where each value of the cluster is an operation of its own."""
    seconds, stored = 0.0, 0
    values = {v.number: v for v in (*cluster.virtual, *cluster.members)}
    for value in values.values():
        if value.is_view:
            continue
        elements = size(value.axes, sizes)
        moved = ITEM * (elements + sum(size(o.value.axes, sizes) for o in value.operands))
        seconds += machine.step + moved / machine.bandwidth
        operation = value.operation
        if isinstance(operation, Contract):
            labels = dict.fromkeys(x for o in value.operands for x in o.labels)
            seconds += 2 * size(tuple(labels), sizes) / machine.matmul
        elif isinstance(operation, Map) and operation.function in SLOW:
            seconds += elements / machine.exponentials
    for value in cluster.virtual:
        stored += ITEM * size(value.axes, sizes)
    return seconds, stored


def _stored(graph: Graph, grouping: Grouping) -> set[int]:
    """Numbers of the members that something outside of their kernels reads."""
    place = {m.value.number: n for n, g in enumerate(grouping.groups) for m in g.members}
    found = {o.operand.value.number for o in graph.outputs}
    for value in graph:
        if value.number not in place and not grouping.inside(value):
            found |= {o.value.number for o in value.operands}
    for n, group in enumerate(grouping.groups):
        found |= {v.number for v in _loads(grouping, group) if place.get(v.number, n) != n}
    found |= {m.value.number for g in grouping.groups for m in g.members if grouping.inside(m.value)}
    return {number for number in found if number in place}


def _loads(grouping: Grouping, group: Group) -> list[Value]:
    found = []
    for member in group.members:
        operands = [member.instance] if grouping.inside(member.value) else member.operands
        found += [i.value for i in grouping.reach(operands, group.walked)[1]]
    return found
