"""Reverse mode, told: the derivative of the output by each definition, from its readers, and by the inputs."""

from __future__ import annotations

from dataclasses import replace

from ..diagnostics import listed
from ..ir import build
from ..ir.expr import Access, Derivative, Expr, Index
from ..ir.program import Define, Tensor
from ..ir.trace import Section, Step
from ..ir.walk import tensors_in
from ..normal.symmetry import spellings
from .structure import full_name, has_structure
from .tell import FOLDING, PROJECTION, REARRANGE, Teller, apart, slots_text
from .telling import component_letters


class ReverseTeller(Teller):
    law = r"\frac{\partial L}{\partial x_m} = \sum_r \frac{\partial L}{\partial y_r} \frac{\partial y_r}{\partial x_m}"

    def sections(self) -> list[Section]:
        """One section per definition between output and inputs, backwards, then the inputs."""
        (self.output,) = self.sweep.of
        found = [self._of(d.name, self.derivative(d.name)) for d in reversed(self.path) if d.name != self.output]
        for name in self.sweep.wrt:
            found += self._wanted(self.program.inputs[name])
        return found

    def _of(self, name: str, target: str) -> Section:
        batch, own = self.frame(name, target)
        readers = [s for s in self.path if name in tensors_in(s.body)]
        own = component_letters(own, batch, readers, self.program)
        start = build.add(*(self._through(r, name, batch, own) for r in readers))
        why = f"{name} is read by {listed([r.name for r in readers])}"
        why = why if readers else f"the output does not depend on {name}"
        found = self.section(target, (*batch, *own), self._find(name, batch, own), start, why, readers)
        return self._in_some_order(found, name, len(batch))

    def _in_some_order(self, section: Section, name: str, batch: int) -> Section:
        """The derivative by a value whose slots may be exchanged: the normal form, and so the last step, knows it only
        up to such an exchange."""
        symmetry = self.derived.exchanges.get(name)
        if symmetry is None or not section.steps or section.steps[-1].rule not in (FOLDING, REARRANGE):
            return section
        own, last = self.own(name), section.steps[-1]
        found = list(spellings(tuple(range(len(own))), symmetry))
        if len(found) == 1:  # too many to be told
            return section
        orders = tuple(((*range(batch), *(batch + k for k in order)), sign) for order, sign in found)
        order, sign = found[1]
        turned = Access(name, tuple(own[k] for k in order))
        note = f"{last.note}; slots may change places, as {Access(name, own)} = {turned if sign > 0 else -turned}"
        return replace(section, steps=(*section.steps[:-1], replace(last, note=note, orders=orders)))

    def _find(self, name: str, batch: tuple[Index, ...], own: tuple[Index, ...]) -> str:
        return f"∂{self.output}{slots_text(batch)}/∂{name}{slots_text(own)}"

    def _through(self, reader: Define, name: str, batch: tuple[Index, ...], own: tuple[Index, ...]) -> Expr:
        """Σ_r ∂L/∂R[r] ∂R[r]/∂X[m], every index of the reader renamed apart from m."""
        taken = (*batch, *own)
        if reader.name == self.output and not self.sweep.seeds:  # its own derivative is 1, or δ
            body = self.body_at(reader, dict(zip(reader.indices, batch)), taken)
            return Derivative(body, Access(name, own))
        plain = self.body_at(reader, {}, taken)
        over = apart(reader.indices, {*taken, *plain.bound_indices} - ({*reader.indices} - {*taken}), self.names)
        slope = Derivative(self.body_at(reader, dict(zip(reader.indices, over)), taken), Access(name, own))
        return build.index_sum(Access(self._cotangent(reader.name), (*batch, *over)) * slope, over)

    def _cotangent(self, name: str) -> str:
        return self.sweep.seeds[0].name if name == self.output else self.derivative(name)

    # ---- structured variables -----------------------------------------------------------------------
    def _wanted(self, tensor: Tensor) -> list[Section]:
        """A wanted gradient; by a structured variable the unconstrained one, unless the two are written alike, and its
        projection."""
        name, target = tensor.name, self.derivative(tensor.name)
        if self.sweep.curved and self.output in dict(self.sweep.curved):
            return [self.untold(target, self._find(name, *self.frame(name, target)))]
        plain = self._of(name, target)
        if not has_structure(tensor) or plain.steps[-1].rule not in (FOLDING, REARRANGE):
            return [plain]
        final, full = self.final[target], self._unconstrained(name, target)
        batch, own = self.frame(name, target)
        formula = self.projected(tensor, own, (*batch, *own), lambda at: Access(full.target.name, (*batch, *at)))
        steps = [Step(target, final.indices, PROJECTION, "", None, formula, "onto what the declaration allows")]
        if not self.same(formula, final.body):
            steps.append(self.folded(final, formula, self.derived.folded_onto.get(target, [])))
        find = self._find(name, batch, own)
        return [full, Section(final, find, tuple(steps), f"{full.target.name}, projected onto what {name} can be")]

    def _unconstrained(self, name: str, target: str) -> Section:
        """The gradient that treats all components as independent.  There are several, one for each spelling of the
        tensor's slots, with the same projection: the statement is told only where it is the one that is derived."""
        known = {*self.program.inputs, *self.program.definitions}
        new = sorted(n for n in tensors_in(self.final[target].body) - known if n.startswith(full_name(target)))
        found = self._of(name, new[0]) if new else None
        if found is not None and found.steps[-1].rule not in (FOLDING, REARRANGE):
            return found
        other = full_name(target)
        while other in known or other in self.final:
            other += "_"
        return self._of(name, other)
