"""Reverse accumulation: one cotangent per definition; ∂ of an access is a product of deltas, one per slot."""

from __future__ import annotations

from collections.abc import Iterable

from ..ir.index import Index
from ..normal import poly as nf
from ..normal.atoms import Atom, delta
from ..normal.definitions import Definitions
from ..normal.poly import Poly
from .rules import apply_rule
from .structure import onto_tangent
from .sweep import Accumulator, Sweep, Swept, reaching


def sweep_backward(store: Definitions, sweep: Sweep) -> Swept:
    """Append the cotangents of what lies between the output and the wanted inputs, and the results."""
    return _Reverse(store, sweep).run()


class _Reverse(Accumulator):
    def run(self) -> Swept:
        sweep = self.sweep
        active = reaching(self.forward, (n for n in sweep.wanted if n not in self.store.integer))
        self.cotangent: dict[str, Poly] = {name: {} for name in active}
        (output,) = sweep.start
        if output in active:
            self.cotangent[output] = self.seed(output, dict(zip(sweep.start, sweep.seeds)))
        for d in reversed(self.forward):
            bar = self.cotangent.get(d.name)
            if bar:
                apply_rule(self.store, d, self.carried(d, bar), self.cotangent, self._add)
        for name in sweep.wanted:
            free = self.cotangent.get(name, {})
            result = sweep.results[sweep.wanted.index(name)]
            self.result(name, onto_tangent(self.store, name, result, self.free[name], self.frame(name), free))
        self.store.learn()
        return self.done

    def _add(self, atom: Atom, poly: Poly, scope: Iterable[Index]) -> None:
        """Add Σ_scope poly · Π δ(m, slot) to the cotangent of the accessed tensor, whose own indices are m."""
        deltas = [(delta(m, hole), 1) for m, hole in zip(self.free[atom.name], atom.holes)]
        over = tuple(scope)
        out = [self.cotangent[atom.name]]
        apart = frozenset[Index](over).union(*(d.free for d, _ in deltas))
        for mono, c in poly.items():
            bound, factors = nf.freshen(mono, apart)
            out.append(nf.make(c, bound + over, (*factors, *deltas)))
        self.cotangent[atom.name] = nf.add(*out)
