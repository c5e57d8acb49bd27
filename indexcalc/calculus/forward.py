"""Forward accumulation: one tangent per definition, by the transpose of the rules of reverse mode.

A rule is linear in the cotangent.  Called with a placeholder g in its place, it gives each operand x contributions

    x̄[slots] += Σ c F g[h…]        and these say        ẏ[out…] += Σ c F ẋ[slots] Π δ(out, h),

because ⟨x̄, ẋ⟩ = ⟨ȳ, ẏ⟩ for every ȳ.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..diagnostics import fail
from ..ir.index import Index
from ..normal import poly as nf
from ..normal.atoms import Atom, Hole, access, delta, names_in
from ..normal.canonical import Factor
from ..normal.definitions import Definition, Definitions
from ..normal.poly import Mono, Poly
from .rules import apply_rule
from .sweep import Accumulator, Sweep, Swept, reaching

PLACEHOLDER = "%cotangent"  # no user can write it


def sweep_forward(store: Definitions, sweep: Sweep) -> Swept:
    """Append the tangents of what lies between the inputs and the wanted outputs, and the results."""
    return _Forward(store, sweep).run()


class _Forward(Accumulator):
    def run(self) -> Swept:
        given = dict(zip(self.sweep.start, self.sweep.seeds))
        self.tangent = {name: self.seed(name, given) for name in self.sweep.start}
        felt = reaching(self.forward, self.sweep.start)
        needed = {d.name for d in self.store.live(self.sweep.wanted)} & felt
        for d in self.forward:
            if d.name in needed:
                self.tangent[d.name] = self._kept(d, self._transposed(d))
        for name in self.sweep.wanted:
            if name not in self.done.names:
                self.result(name, {})
        self.store.learn()
        return self.done

    def _kept(self, d: Definition, found: Poly) -> Poly:
        """The tangent as later definitions read it: by the name of the result, where it is one and dense."""
        if d.name not in self.sweep.wanted:
            return self.carried(d, found)
        whole = self.result(d.name, found)
        return self.carried(d, found) if self.sweep.batched else nf.atom_poly(whole)

    def _transposed(self, d: Definition) -> Poly:
        """The tangent of d, from the tangents of what it reads."""
        found: list[Poly] = []

        def add(atom: Atom, poly: Poly, scope: Iterable[Index]) -> None:
            operand = self.tangent[atom.name]
            over = tuple(scope)
            moved = nf.instantiate(operand, dict(zip(self.free[atom.name], atom.holes)))
            for mono, c in poly.items():
                bound, factors = nf.freshen(mono)
                holes, rest = _taken_out(mono, factors)
                ties = [(delta(own, hole), 1) for own, hole in zip(d.free, holes)]
                for inner, k in moved.items():
                    dummies, others = nf.freshen(inner)
                    found.append(nf.make(c * k, bound + over + dummies, (*rest, *others, *ties)))

        apply_rule(self.store, d, nf.atom_poly(access(PLACEHOLDER, d.free)), self.tangent, add)
        return nf.add(*found)


def _taken_out(mono: Mono, factors: tuple[Factor, ...]) -> tuple[tuple[Hole, ...], list[Factor]]:
    """The placeholder's slots, and the factors beside it."""
    mine = [f for f in factors if PLACEHOLDER in names_in(f[0])]
    if len(mine) != 1 or mine[0][0].name != PLACEHOLDER or mine[0][1] != 1:
        raise fail("IX990", f"a rule of differentiation is not linear in the cotangent: {mono.text}")
    return mine[0][0].holes, [f for f in factors if f is not mine[0]]
