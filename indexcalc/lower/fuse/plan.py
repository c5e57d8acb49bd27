"""How a cluster is computed: candidates of groups, of which the cheapest by the model is taken."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.graph import Graph, Value
from ...ir.index import Space
from ..passes import Context
from ..target import Machine
from .build import Built, build
from .group import Group, Grouping, Style
from .splice import can_run, spliced
from .virtual import Cluster, clusters

SMALL = 4096  # elements of a result that may always be added up across tiles


def kernels(graph: Graph, cluster: Cluster, sizes: Mapping[Space, int], accumulate: bool) -> list[Built]:
    """The kernels of a cluster, in an order in which they can run."""
    grouping = Grouping(graph, cluster, sizes, Style(accumulate, SMALL))
    stored = _stored(graph, grouping)
    names = graph.names
    found = []
    for group in grouping.groups:
        note = ", ".join(
            dict.fromkeys(names.get(m.value.number, "") for m in group.members if m.value.number in stored)
        )
        found.append(build(group, grouping.inside, stored, note.strip(", ")))
    return found


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


def fused(graph: Graph, context: Context, machine: Machine) -> Graph:
    """The graph with a kernel for each group of each cluster that gains by it."""
    chosen = [kernels(graph, cluster, context.sizes, False) for cluster in clusters(graph, context.sizes)]
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
