"""All that decides which text is emitted for a program."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..ir.index import Space
from ..ir.program import Program
from ..lower.target import Target

if TYPE_CHECKING:
    from ..ir.graph import Graph
    from .base import Backend
    from .bound import Bound

FINDERS = ("opt_einsum", "cotengra", "cotengrust")
"""Libraries that search orders of contraction: where one is there, another order may be found."""


@dataclass
class Recipe:
    """A program, the backend that it is lowered for, the extents that decide, and the passes to leave out.

    `is_kept`: whether its text is looked for in the cache, and put there; then a graph is only made where it is needed.
    """

    program: Program
    backend: Backend
    sizes: Mapping[Space, int]
    without: Collection[str] = ()
    is_kept: bool = False
    _graphs: dict[Target, Graph] = field(default_factory=dict, repr=False)

    @property
    def target(self) -> Target:
        """What the backend asks of a graph."""
        return self.backend.load_spelling().target

    def graph(self, target: Target | None = None) -> Graph:
        """The graph for a target, made once."""
        from ..lower.passes import Context
        from ..lower.program import lower_in

        wanted = target or self.target
        if wanted not in self._graphs:
            self._graphs[wanted] = lower_in(self.program, Context(self.sizes, wanted), without=self.without)
        return self._graphs[wanted]

    def memory_bound(self) -> Bound:
        """A bound of what a call of the text needs."""
        from .bound import memory_bound
        from .memory import held_in, threads_of

        graph = self.graph()
        held = held_in(graph, self.backend.inlines)
        return memory_bound(self.program, graph, self.sizes, threads_of(self.target.machine), held)

    def key(self, part: str) -> str | None:
        """The name under which this part of the text is kept: a hash of all that decides.  None where it is not."""
        from .cache import key_of
        from .sources import identity, sources_hash

        sources = sources_hash() if self.is_kept else None
        if sources is None:
            return None
        found = [find_spec(name) for name in FINDERS]
        return key_of(
            sources,
            self.backend.name,
            ",".join(sorted(self.target.native)),
            repr(self.target.machine),
            str(self.program),
            repr([(space.name, size) for space, size in self.sizes.items()]),
            ",".join(sorted(self.without)),
            *("" if spec is None or spec.origin is None else identity(spec.origin) for spec in found),
            part,
        )
