"""Forward mode, told: the tangent of each definition, from the tangents of what it reads."""

from __future__ import annotations

from ..diagnostics import listed
from ..ir import build
from ..ir.expr import Access, Derivative, Expr, Index
from ..ir.program import Define
from ..ir.trace import Section
from ..ir.walk import tensors_in
from .structure import has_structure
from .tell import Teller, apart, slots_text


class ForwardTeller(Teller):
    law = r"\dot y_r = \sum_m \frac{\partial y_r}{\partial x_m} \dot x_m"

    def sections(self) -> list[Section]:
        """One section per definition between the inputs and the outputs, in order."""
        felt = {*self.sweep.wrt, *(d.name for d in self.path)}
        found = [self._of(d, felt) for d in self.path]
        still = [self.program.definitions[n] for n in self.sweep.wanted if n not in felt]
        return [*found, *(self._of(d, felt) for d in still)]

    def _of(self, d: Define, felt: set[str]) -> Section:
        target = self.derivative(d.name)
        batch, own = self.frame(d.name, target)
        read = [n for n in (*self.program.inputs, *self.program.definitions) if n in felt & tensors_in(d.body)]
        start = build.add(*(self._through(d, name, batch, own) for name in read))
        why = f"{d.name} reads {listed(read)}" if read else f"{d.name} does not depend on the inputs moved"
        by = f"∂{self.sweep.start[0]}{slots_text(batch)}" if self.sweep.batched else ""
        find = f"∂{d.name}{slots_text(own)}/{by}" if by else f"d{d.name}{slots_text(own)}"
        if d.name in dict(self.sweep.curved):
            return self.untold(target, find)
        return self.section(target, (*own, *batch), find, start, why, [d] if read else [])

    def _through(self, d: Define, name: str, batch: tuple[Index, ...], own: tuple[Index, ...]) -> Expr:
        """Σ_m ∂D/∂X[m] Ẋ[m], with m renamed apart from every index of the definition."""
        taken = (*batch, *own)
        itself = self.sweep.batched and name == self.sweep.start[0]
        if itself:  # its own tangent is δ, or what its declaration leaves of it
            body = self.body_at(d, dict(zip(d.indices, own)), taken)
            tensor = self.program.inputs[name]
            if not has_structure(tensor):
                return Derivative(body, Access(name, batch))
            avoid = {*taken, *body.free, *body.bound_indices}
            return self.projected(tensor, batch, avoid, lambda at: Derivative(body, Access(name, at)))
        body = self.body_at(d, dict(zip(d.indices, own)), taken)
        over = apart(self.own(name), {*taken, *body.free, *body.bound_indices}, self.names)
        moved = Access(self._tangent(name), (*over, *batch))
        return build.index_sum(Derivative(body, Access(name, over)) * moved, over)

    def _tangent(self, name: str) -> str:
        seeds = dict(zip(self.sweep.start, self.sweep.seeds))
        return seeds[name].name if name in seeds else self.derivative(name)
