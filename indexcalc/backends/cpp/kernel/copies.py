"""Outputs to which several threads add: a copy for each thread, gathered in the order of threads at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ....ir.index import Index
from ....ir.kernel import Store
from ..layout import times as product
from .names import Lines, Names


class Copies:
    """`arrays`: numbers of the accumulated outputs that some parallel axis does not divide among the threads."""

    def __init__(self, names: Names, parallel: Sequence[Index]) -> None:
        self.names = names
        kernel = names.kernel
        found: dict[int, None] = {}
        for step in kernel.steps():
            if isinstance(step, Store) and kernel.outputs[step.array].accumulated:
                own = {s for s in step.slots if isinstance(s, Index)}
                found |= {} if set(parallel) <= own else {step.array: None}
        self.arrays = sorted(found)

    def _type(self, k: int) -> str:
        return self.names.type(self.names.kernel.outputs[k].kind)

    def _extents(self, k: int) -> list[str]:
        return [self.names.extent(x.space) for x in self.names.kernel.outputs[k].axes]

    def make(self, out: Lines, several: str) -> None:
        """Memory for the copies; more than one where the condition `several` holds."""
        if self.arrays:
            out.add(f"const int threads = {several} && !inside_parallel() ? thread_count() : 1;")
        for k in self.arrays:
            out.add(f"const int64_t z{k} = {product(*self._extents(k))};  // of each thread's output {k}")
            out.add(f"const Scratch<{self._type(k)}> own{k}(z{k} * threads);")
            out.add(f"if (own{k}.data == nullptr) return RUN_MEMORY;")
            out.add(f"std::memset(own{k}.data, 0, z{k} * threads * sizeof({self._type(k)}));")

    def choose(self, out: Lines) -> None:
        """In a thread, its copy takes the output's name."""
        for k in self.arrays:
            extents = self._extents(k)
            out.add(f"{self._type(k)}* const out{k} = own{k}.data + z{k} * (threads > 1 ? thread_number() : 0);")
            for n in range(len(extents) - 1):
                out.add(f"const int64_t out{k}_{n} = {product(*extents[n + 1 :])};")

    def gather(self, out: Lines, strides: Callable[[int], Sequence[str]]) -> None:
        """The threads' outputs are added in their order, so that a sum does not depend on which was faster."""
        for k in self.arrays:
            extents = self._extents(k)
            out.open("for (int thread = 0; thread < threads; ++thread)")
            size = ", ".join(extents) or "1"
            source = ", ".join(product(*extents[n + 1 :]) for n in range(len(extents))) or "0"
            target = ", ".join(strides(k)) or "0"
            out.add(f"const int64_t size[] = {{{size}}}, from[] = {{{source}}}, to[] = {{{target}}};")
            out.add(f"ix::add({len(extents)}, size, own{k}.data + z{k} * thread, from, out{k}, to);")
            out.close()
