"""Programs in normal form: one definition per non-linear step, value-numbered up to renaming.

A definition is a polynomial, or one operation on accesses.  A *virtual* definition is knowledge only: it has a name
so that matching can see through it (softmax = exp / Σ exp), and is never computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, Union

from ..ir.expr import Literal, Number
from ..ir.index import Affine, Index
from ..ir.program import Tensor
from ..ir.structure import Structure, structure_of
from . import poly as nf
from .atoms import Atom, Hole, access, names_in, note_symmetry, slot_order, substitute
from .exchange import note_exchanges
from .poly import Mono, Poly
from .symmetry import of_structure

Operand: TypeAlias = Union[Atom, Literal]
Part: TypeAlias = Union[Atom, Literal, Mono, Index, str, int, tuple["Part", ...]]
Payload: TypeAlias = Union[Poly, tuple[Part, ...]]


@dataclass(slots=True)
class Definition:
    """`name[free]`.  kind and payload:

    poly                                a polynomial
    map                                 (function, operands); "**" is a power with a variable exponent
    where                               (condition monomial, then, other)
    softmax max min logsumexp prod argmax cumsum     (operand, indices)
    topk                                (operand, indices, count)
    inv det logdet                      (access of the matrix,)
    """

    name: str
    free: tuple[Index, ...]
    kind: str
    payload: Payload
    virtual: bool = False
    alternatives: list[Poly] = field(default_factory=list)  # further polynomials that equal this name

    @property
    def poly(self) -> Poly:
        assert isinstance(self.payload, dict)
        return self.payload

    @property
    def parts(self) -> tuple[Part, ...]:
        assert isinstance(self.payload, tuple)
        return self.payload

    @property
    def polys(self) -> list[Poly]:
        return ([self.poly] if self.kind == "poly" else []) + self.alternatives

    def atoms(self) -> Iterator[Atom]:
        if isinstance(self.payload, dict):
            for mono in self.payload:
                for atom, _ in mono.factors:
                    yield atom
        else:
            yield from atoms_in(self.payload)

    def reads(self) -> set[str]:
        return {name for atom in self.atoms() for name in names_in(atom)}

    def swapped(self, one: Index, other: Index) -> Payload:
        """The payload with two indices in each other's place."""
        return substitute_payload(self.payload, {one: other, other: one})

    def whole(self) -> Atom:
        """The access that stands for the definition, at its own indices."""
        return access(self.name, self.free)


def atoms_in(part: Part) -> Iterator[Atom]:
    if isinstance(part, Atom):
        yield part
    elif isinstance(part, Mono):
        for atom, _ in part.factors:
            yield atom
    elif isinstance(part, tuple):
        for inner in part:
            yield from atoms_in(inner)


def substitute_payload(payload: Payload, mapping: Mapping[Index, Hole]) -> Payload:
    if isinstance(payload, dict):
        return nf.instantiate(payload, mapping)
    return tuple(_substitute_part(p, mapping) for p in payload)


def _substitute_part(part: Part, mapping: Mapping[Index, Hole]) -> Part:
    if isinstance(part, Index):
        new = mapping.get(part, part)
        assert isinstance(new, Index)
        return new
    if isinstance(part, Atom):
        return substitute(part, mapping)
    if isinstance(part, Mono):
        return condition((substitute(a, mapping), e) for a, e in part.factors)
    if isinstance(part, tuple):
        return tuple(_substitute_part(p, mapping) for p in part)
    return part


def condition(factors: Iterable[tuple[Atom, Number]]) -> Mono:
    return Mono((), tuple(sorted(factors, key=lambda f: (f[0].text, f[1]))))


def plain_access(poly: Poly) -> Atom | None:
    """The access that the polynomial is, if it is nothing but one."""
    if len(poly) == 1:
        (mono, c), *_ = poly.items()
        if not mono.bound and c == 1 and len(mono.factors) == 1:
            atom, e = mono.factors[0]
            if e == 1 and atom.kind == "access":
                return atom
    return None


class Definitions:
    """Inputs by name, and definitions in order of computation."""

    def __init__(self, inputs: Mapping[str, tuple[Index, ...]], integer: Iterable[str], taken: Iterable[str]) -> None:
        self.inputs = dict(inputs)
        self.integer = frozenset(integer)  # they carry no cotangent
        self.structured: dict[str, Tensor] = {}  # inputs that lie in a smaller set than all arrays of their shape
        self.diagonal: set[str] = set()
        self.taken = set(taken)
        self.table: dict[str, Definition] = {}
        self._numbers: dict[str, tuple[str, tuple[Index, ...]]] = {}  # key -> name, free indices in key order
        self._to_number: list[Definition] = []
        self._to_learn: list[str] = []  # operations of which more is known, once they have their final name
        self._count = 0

    def declare(self, tensor: Tensor) -> None:
        """Take note of what an input is declared to be."""
        self.inputs[tensor.name] = tensor.indices
        structure = structure_of(tensor.attributes, len(tensor.indices))
        if structure != Structure():
            self.structured[tensor.name] = tensor
        if structure.diagonal:
            self.diagonal.add(tensor.name)
        elif (found := of_structure(structure, len(tensor.indices))) is not None:
            note_symmetry(tensor.name, found)

    def new_name(self, wish: str) -> str:
        name, n = wish, 1
        while name in self.taken:
            n += 1
            name = f"{wish}_{n}"
        self.taken.add(name)
        return name

    def temporary(self) -> str:
        while True:
            name = f"t{self._count}"
            self._count += 1
            if name not in self.taken:
                self.taken.add(name)
                return name

    # ---- adding -----------------------------------------------------------------------------------
    def add(self, d: Definition) -> Atom:
        self.learn()
        self._to_number.append(d)
        self.table[d.name] = d
        self.taken.add(d.name)
        note_exchanges(d)
        return d.whole()

    @property
    def _numbered(self) -> dict[str, tuple[str, tuple[Index, ...]]]:
        """Value numbers of all that was added, found when first asked for: most definitions are never looked up."""
        waiting, self._to_number = self._to_number, []
        for d in waiting:
            for key, order in _keys(d):
                self._numbers.setdefault(key, (d.name, tuple(order)))
        return self._numbers

    def lift(self, kind: str, payload: Payload, free: Iterable[Index], *, virtual: bool = False) -> Atom:
        """The access for an operation, computed once however often and under whatever dummies it is written."""
        self.learn()
        d = Definition("", tuple(free), kind, payload, virtual)
        key, order = next(iter(_keys(d)))
        known = self._numbered.get(key)
        if known is not None:
            old = self.table[known[0]]
            if old.virtual and not virtual:
                self._make_real(old)
            mapping = dict(zip(known[1], order))
            return access(old.name, tuple(mapping[i] for i in old.free))
        d.name = self.temporary()
        self.add(d)
        if kind in ("softmax", "logsumexp"):
            self._to_learn.append(d.name)
        return d.whole()

    def lift_operation(self, kind: str, payload: tuple[Part, ...], bound: Iterable[Index] = ()) -> Atom:
        free = frozenset[Index]().union(*(a.free for a in atoms_in(payload)))
        return self.lift(kind, payload, slot_order(atoms_in(payload), free - frozenset(bound)))

    def operand(self, poly: Poly) -> Operand:
        """An access or a number that equals the polynomial."""
        if nf.is_number(poly):
            return Literal(nf.number_of(poly))
        found = plain_access(poly)
        return found if found is not None else self.lift("poly", poly, nf.free_indices(poly))

    def rename_last(self, name: str, free: tuple[Index, ...], holes: tuple[Hole, ...]) -> None:
        """The operation lifted last *is* the definition `name[free]`, read as its own name at `holes`."""
        self._to_learn = [name for _ in self._to_learn]  # nothing was lifted since
        old, d = self.table.popitem()
        back: dict[Index, Hole] = dict(zip(d.free, holes))
        self.table[name] = Definition(name, free, d.kind, substitute_payload(d.payload, back), d.virtual)
        note_exchanges(self.table[name])
        for key, (who, order) in list(self._numbered.items()):
            if who == old:
                self._numbered[key] = (name, tuple(back[i] for i in order))  # type: ignore[misc]

    # ---- knowledge --------------------------------------------------------------------------------
    def learn(self) -> None:
        """Note what follows from the operation lifted last.  Not before something else is added, so that a user's
        name can still be given to it."""
        waiting, self._to_learn = self._to_learn, []
        for name in waiting:
            self._learn(self.table[name])

    def _make_real(self, d: Definition) -> None:
        """Knowledge is now asked for: compute it, and what it reads."""
        d.virtual = False
        for name in d.reads():
            if name in self.table and self.table[name].virtual:
                self._make_real(self.table[name])

    def _learn(self, d: Definition) -> None:
        """softmax = exp / Σ exp, and exp(z − logsumexp z) = softmax z: what is new is virtual."""
        argument, indices = d.parts
        assert isinstance(argument, Atom) and isinstance(indices, tuple)
        over: list[Index] = [i for i in indices if isinstance(i, Index)]
        free = slot_order([argument], argument.free)
        if d.kind == "logsumexp":
            p = self.lift("softmax", (argument, indices), free, virtual=True)
            gap = nf.add(nf.atom_poly(argument), nf.scale(nf.atom_poly(d.whole()), -1))
            self._last(d)
            named = self.lift("poly", gap, free, virtual=True)
            key, order = _operation_key(Definition("", tuple(free), "map", ("exp", (named,))))
            position = {hole: own for own, hole in zip(self.table[p.name].free, p.holes)}
            self._numbered.setdefault(key, (p.name, tuple(position[i] for i in order)))
            return
        e = self.lift("map", ("exp", (argument,)), free, virtual=True)
        rest = [i for i in free if i not in over]
        z = self.lift("poly", nf.bind(nf.atom_poly(e), over), rest, virtual=True)
        ratio = nf.multiply(nf.atom_poly(e), nf.atom_poly(z, -1))
        d.alternatives.append(ratio)
        key, found = nf.definition_key(d.free, ratio)
        self._numbered.setdefault(key, (d.name, tuple(found)))
        self._last(d)

    def _last(self, d: Definition) -> None:
        """Knowledge goes before what it explains."""
        self.table[d.name] = self.table.pop(d.name)

    def resolve(self, atom: Atom) -> Poly:
        """An access to a definition that only renames another one becomes an access to the other one."""
        d = self.table.get(atom.name) if atom.kind == "access" else None
        if d is not None and d.kind == "poly" and plain_access(d.poly) is not None:
            return nf.instantiate(d.poly, dict(zip(d.free, atom.holes)))
        return nf.atom_poly(atom)

    def live(self, outputs: Iterable[str]) -> list[Definition]:
        """What the outputs need, in order of computation."""
        need, order = set(outputs), []
        for d in reversed(list(self.table.values())):
            if d.name in need:
                need |= d.reads()
                order.append(d)
        return order[::-1]


def _keys(d: Definition) -> Iterator[tuple[str, list[Index]]]:
    for poly in d.polys:
        yield nf.definition_key(d.free, poly)
    if d.kind != "poly":
        yield _operation_key(d)


def _operation_key(d: Definition) -> tuple[str, list[Index]]:
    """Key of an operation: its indices named in order of first appearance in the operands."""
    seen: dict[Index, str] = {}

    def visit(part: Part | Hole) -> str:
        if isinstance(part, Index):
            return seen.setdefault(part, f"#{len(seen)}:{part.space.name}")
        if isinstance(part, Atom):
            return f"{part.head}[{','.join(map(visit, part.holes))}]"
        if isinstance(part, Mono):
            return "*".join(visit(a) for a, _ in part.factors)
        if isinstance(part, tuple):
            return f"({','.join(map(visit, part))})"
        if isinstance(part, Affine):
            return "+".join(f"{c}*{visit(p)}" for c, p in part.terms) + f"+{part.offset}"  # type: ignore[arg-type]
        return str(part) if isinstance(part, (str, int)) else repr(part)

    text = d.kind + visit(d.parts)
    return text, [i for i in seen if i in d.free]
