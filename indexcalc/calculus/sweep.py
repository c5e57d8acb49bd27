"""One accumulation through a program: which way, between which names, and how its definitions are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..ir.index import Index
from ..ir.program import Tensor
from ..normal import poly as nf
from ..normal.atoms import Atom, access, delta, fresh
from ..normal.canonical import Factor
from ..normal.definitions import Definition, Definitions
from ..normal.poly import Mono, Poly
from .structure import onto_tangent, tangent_seed

Direction: TypeAlias = Literal["forward", "reverse"]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Reverse: from the one output `start` to the inputs `wanted`.  Forward: from the inputs `start` to the outputs
    `wanted`.

    Without `batched`, `seeds` are the new inputs that hold the derivatives of `start` (none: a scalar output, whose
    cotangent is 1).  With it, `start` is one name, and everything carries that name's indices once more: the
    derivative by, or of, each of its components.  `results` are the names of what is wanted; the definitions between
    are called `prefix` name `suffix`.  `curved` pairs definitions that are gradients with the orthogonal variables by
    which they are: what such a gradient changes by leaves the tangent space, and is projected back.
    """

    direction: Direction
    start: tuple[str, ...]
    wanted: tuple[str, ...]
    results: tuple[str, ...]
    seeds: tuple[Tensor, ...] = ()
    batched: bool = False
    prefix: str = "grad_"
    suffix: str = ""
    curved: tuple[tuple[str, str], ...] = ()

    @property
    def of(self) -> tuple[str, ...]:
        """The definitions that are differentiated."""
        return self.start if self.direction == "reverse" else self.wanted

    @property
    def wrt(self) -> tuple[str, ...]:
        """The inputs by which they are."""
        return self.wanted if self.direction == "reverse" else self.start

    def named(self, name: str) -> str:
        """How the derivative of a definition between start and wanted would like to be called."""
        return f"{self.prefix}{name}{self.suffix}"


@dataclass(slots=True)
class Swept:
    """What a sweep appended: `names` leads from a forward name to the definition of its derivative, whose indices are
    `batch` and the forward name's own (reverse), or the other way round (forward)."""

    sweep: Sweep
    batch: tuple[Index, ...]
    names: dict[str, str] = field(default_factory=dict)


class Accumulator:
    """What both directions share: the frame of free indices, the seed, and names for what is accumulated."""

    def __init__(self, store: Definitions, sweep: Sweep) -> None:
        self.store, self.sweep = store, sweep
        self.forward = [d for d in store.table.values() if not d.virtual]
        self.free: dict[str, tuple[Index, ...]] = {**store.inputs, **{d.name: d.free for d in self.forward}}
        batch = tuple(fresh(i.space) for i in self.free[sweep.start[0]]) if sweep.batched else ()
        self.done = Swept(sweep, batch)

    def frame(self, name: str) -> tuple[Index, ...]:
        """The free indices of the name's derivative, those of the output first."""
        own, batch = self.free[name], self.done.batch
        return (*batch, *own) if self.sweep.direction == "reverse" else (*own, *batch)

    def seed(self, name: str, given: Mapping[str, Tensor]) -> Poly:
        """The derivative of `name` by itself: Π δ, what is given as an input, or 1."""
        own = self.free[name]
        if self.sweep.batched:
            each = nf.make(1, (), [(delta(e, i), 1) for e, i in zip(self.done.batch, own)])
            return tangent_seed(self.store, name, own, each)
        if name not in given:
            return nf.constant(1)
        seed = given[name]
        self.store.declare(seed)
        return nf.atom_poly(access(seed.name, own))

    def result(self, name: str, derivative: Poly) -> Atom:
        """What is wanted: a definition of its own, whatever it holds."""
        target = self.sweep.results[self.sweep.wanted.index(name)]
        self.done.names[name] = target
        back = self._projected_back(name, target, derivative)
        return self.store.add(Definition(target, self.frame(name), "poly", back))

    def _projected_back(self, name: str, target: str, derivative: Poly) -> Poly:
        reverse = self.sweep.direction == "reverse"
        variable = dict(self.sweep.curved).get(self.sweep.start[0] if reverse else name)
        if variable is None:
            return derivative
        slots = self.done.batch if reverse else self.free[name]
        return onto_tangent(self.store, variable, target, slots, self.frame(name), derivative)

    def carried(self, d: Definition, derivative: Poly) -> Poly:
        """The derivative of d by name, part by part, so that nothing is multiplied out twice.

        δ that tie the batch to d's own indices are not part of a name: they are eaten where the derivative is used.
        What is as cheap as a name, a number times at most one access, gets none.
        """
        parts: dict[tuple[Factor, ...], list[Poly]] = {}
        for mono, c in nf.sorted_terms(derivative):
            ties = tuple(f for f in mono.factors if self._is_tie(f[0], mono))
            rest = [f for f in mono.factors if f not in ties]
            parts.setdefault(ties, []).append(nf.make(c, mono.bound, rest))
        out = []
        for ties, terms in parts.items():
            part = "diag" if ties else ("" if len(parts) == 1 else "rest")
            poly = nf.add(*terms)
            whole = poly if _is_cheap(poly) else nf.atom_poly(self._name(d, poly, part))
            out.append(nf.multiply(whole, nf.make(1, (), ties)))
        return nf.add(*out)

    def _is_tie(self, atom: Atom, mono: Mono) -> bool:
        """A delta that holds a batch index, and no dummy."""
        return atom.kind == "delta" and not atom.free.isdisjoint(self.done.batch) and atom.free.isdisjoint(mono.bound)

    def _name(self, d: Definition, poly: Poly, part: str) -> Atom:
        """A definition for the poly: the whole derivative of d, or a part: what δ leave of it, or the rest."""
        free = self.frame(d.name)
        if part == "diag":
            used = frozenset[Index]().union(*(m.free for m in poly))
            free = tuple(i for i in free if i in used)
        name = self.store.new_name(f"{part}_{d.name}" if part else self.sweep.named(d.name))
        if not part:
            self.done.names.setdefault(d.name, name)  # a result that is read on has its name already
        return self.store.add(Definition(name, free, "poly", poly))


def _is_cheap(poly: Poly) -> bool:
    return len(poly) == 1 and all(not m.bound and len(m.factors) <= 1 for m in poly)


def reaching(forward: Iterable[Definition], names: Iterable[str]) -> set[str]:
    """The names, and the definitions through which they can be felt."""
    felt = set(names)
    for d in forward:
        if felt & d.reads():
            felt.add(d.name)
    return felt
