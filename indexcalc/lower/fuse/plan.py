"""How a cluster is computed: in one of several styles, or value by value, whichever is cheapest by the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil, prod

from ...ir.graph import Graph, Value
from ...ir.index import Space
from ...ir.kernel import Keep
from ..estimate import Uses
from ..passes import Context
from ..target import Machine
from . import tell
from .alone import unfused
from .build import build
from .group import Group, Style
from .grouping import Grouping
from .needs import Needs
from .splice import waits_for_itself, with_kernels
from .tell import Plan
from .tiles import with_tiles
from .virtual import Cluster, clusters, stored_to_compare

SMALL = 4096  # elements of a result that may always be added up across tiles
STYLES = (
    Style("split", accumulate=False, whole=False, small=SMALL),
    Style("accumulated", accumulate=True, whole=False, small=SMALL),
    Style("whole rows", accumulate=True, whole=True, small=SMALL),
    Style("kept", accumulate=True, whole=False, small=SMALL, keep=True),
)
LARGE = 1 << 28  # bytes that are not worth storing even where that would be somewhat faster
SLOWER = 1.5
GAIN = 0.9  # of the time that a kernel may take: the model is no finer


def fused(graph: Graph, context: Context, machine: Machine) -> Graph:
    """The graph with a kernel for each group of each cluster that gains by it."""
    chosen = []
    for value in stored_to_compare(graph, context.sizes):
        context.decide(f"{graph.makers[value.number]}: stored, since elements of it are compared with each other")
    uses = Uses(graph)
    for cluster in clusters(graph, context.sizes):
        plan = _chosen(graph, uses, cluster, context, machine)
        if plan is not None:
            chosen.append(list(plan.kernels))
    return with_kernels(graph, chosen, context)


def _chosen(graph: Graph, uses: Uses, cluster: Cluster, context: Context, machine: Machine) -> Plan | None:
    """The cheapest plan, unless storing everything is cheaper; told with its figures."""
    sizes = context.sizes
    needs = Needs([v.number for v in cluster.virtual])
    styles = [s for s in STYLES if context.target.keeps or not s.keep]
    plans = [plan_in(graph, uses, cluster, needs, sizes, machine, style) for style in styles]
    plans = [p for p in plans if not waits_for_itself(p.kernels) and not _keeps_alone(p, sizes, machine)]
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


def _keeps_alone(plan: Plan, sizes: Mapping[Space, int], machine: Machine) -> bool:
    """Whether a kernel keeps blocks, but has fewer tiles at a time than there are threads.

    Those are left to its products then, which do better in one piece.
    """
    for built in plan.kernels:
        units = prod(ceil(sizes[t.axis.space] / max(1, t.size)) for t in built.kernel.grid if t.parallel)
        if units < machine.threads and any(isinstance(s, Keep) for s in built.kernel.steps()):
            return True
    return False


def plan_in(
    graph: Graph,
    uses: Uses,
    cluster: Cluster,
    needs: Needs,
    sizes: Mapping[Space, int],
    machine: Machine,
    style: Style,
) -> Plan:
    """The kernels of a cluster in one style, with their best tiles."""
    grouping = Grouping(cluster, needs, uses.users, sizes, style)
    stored = _stored(uses, grouping)
    kernels, prices = [], []
    for group in grouping.groups:
        note = tell.note(graph, stored, [m.value for m in group.members])
        built = build(group, grouping.needs.inside, stored, note)
        kernel, cost = with_tiles(built.kernel, sizes, machine)
        kernels.append(replace(built, kernel=kernel))
        prices.append(cost)
    return Plan(style.name, tuple(kernels), tuple(prices))


def _stored(uses: Uses, grouping: Grouping) -> set[int]:
    """Numbers of the members that something outside of their kernels reads."""
    place = {m.value.number: n for n, g in enumerate(grouping.groups) for m in g.members}
    inside = grouping.needs.inside
    found = {
        number
        for number in place
        if number in uses.outputs or any(u.number not in place and not inside(u) for u in uses.users[number])
    }
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
