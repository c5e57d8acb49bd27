"""Atoms: the factors that the normal form does not look into, each a head with holes where its indices sit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias, Union

from ..diagnostics import fail
from ..ir.expr import Literal, Number
from ..ir.index import Affine, Index, Space, affine_form, plain_part
from ..ir.node import Node, interning, node
from .symmetry import Symmetry

Hole: TypeAlias = Union[Index, int, Affine, "Atom", Literal, Space]
_set = object.__setattr__


@dataclass(slots=True)
class Workspace:
    """What one derivation shares: a supply of index names, and the symmetries of the tensors that have some."""

    supply: Iterator[int] = field(default_factory=count)
    symmetries: dict[str, Symmetry] = field(default_factory=dict)


_WORKSPACE: ContextVar[Workspace | None] = ContextVar("workspace", default=None)
_NONE: Mapping[str, Symmetry] = {}


@contextmanager
def workspace() -> Iterator[None]:
    """Owns the nodes, the fresh index names and the known symmetries of one derivation, so that equal inputs give
    equal outputs."""
    if _WORKSPACE.get() is not None:
        yield
        return
    token = _WORKSPACE.set(Workspace())
    try:
        with interning():
            yield
    finally:
        _WORKSPACE.reset(token)


def fresh(space: Space) -> Index:
    """An index that occurs nowhere else in this workspace; padded, so that order by name is order of creation."""
    here = _WORKSPACE.get()
    if here is None:
        raise fail("IX990", "fresh indices exist only inside a workspace")
    return Index(f"%{next(here.supply):07}", space)


def note_symmetry(name: str, symmetry: Symmetry) -> None:
    """From here on, accesses to the tensor are read as equal up to the exchange of its slots."""
    here = _WORKSPACE.get()
    if here is None:
        raise fail("IX990", "symmetries are known only inside a workspace")
    here.symmetries[name] = symmetry


def symmetries() -> Mapping[str, Symmetry]:
    """The tensors of this workspace whose slots may be exchanged."""
    here = _WORKSPACE.get()
    return _NONE if here is None else here.symmetries


def exchangeable(atom: Atom, exponent: Number, known: Mapping[str, Symmetry]) -> Symmetry | None:
    """The symmetry of a factor.  None also for a root of what may turn its sign."""
    found = known.get(atom.head) if atom.kind in ("access", "epsilon") else None
    return None if found is not None and found.signed and not isinstance(exponent, int) else found


@node
class Atom(Node):
    """kind: access, delta, compare, value (of an index), extent, constant, number (of a root), epsilon.

    `name` is the tensor, the comparison, the constant, the rank of ε; holes hold slots (an access in a hole is a
    gather, or the operand of a comparison).
    """

    kind: str
    name: str
    holes: tuple[Hole, ...]

    @property
    def head(self) -> str:
        """What patterns are filed under: equal for atoms that differ in their holes only."""
        return self.name if self.kind == "access" else f"{self.kind}:{self.name}"

    @property
    def is_indicator(self) -> bool:
        """0 or 1: its own square, and without an inverse."""
        return self.kind in ("compare", "delta")

    @property
    def commutes(self) -> bool:
        """Its two holes may change places, and are kept sorted: δ_ij, i == j, i != j."""
        return self.kind == "delta" or (self.kind == "compare" and _exchangeable(self.name, *self.holes))

    @property
    def is_unit(self) -> bool:
        """A number that only has a name: patterns and products look past it."""
        return self.kind in ("extent", "number", "constant")

    @property
    def text(self) -> str:
        """Total order and canonical spelling."""
        try:
            return self._text  # type: ignore[attr-defined,no-any-return]
        except AttributeError:
            found = f"{self.head}[{','.join(map(hole_text, self.holes))}]"
            _set(self, "_text", found)
            return found


def hole_text(hole: Hole) -> str:
    if isinstance(hole, Index):
        return f"{hole.name} {hole.space.name}"  # a blank, so that i comes before i'
    if isinstance(hole, Atom):
        return hole.text
    if isinstance(hole, Affine):
        return "+".join(f"{c}*{hole_text(p)}" for c, p in hole.terms) + f"+{hole.offset}"  # type: ignore[arg-type]
    if isinstance(hole, Literal):
        return str(hole.value)
    return hole.name if isinstance(hole, Space) else str(hole)


def access(name: str, holes: tuple[Hole, ...]) -> Atom:
    return Atom("access", name, holes)


def delta(a: Hole, b: Hole) -> Atom:
    """δ is symmetric: its holes are kept sorted."""
    return Atom("delta", "", (a, b) if hole_text(a) <= hole_text(b) else (b, a))


def comparison(operator: str, a: Hole, b: Hole) -> Atom:
    """A comparison; the holes of i == j and i != j are kept sorted."""
    turned = _exchangeable(operator, a, b) and hole_text(a) > hole_text(b)
    return Atom("compare", operator, (b, a) if turned else (a, b))


def _exchangeable(operator: str, a: Hole, b: Hole) -> bool:
    return operator in ("==", "!=") and isinstance(a, Index) and isinstance(b, Index)


def extent(space: Space) -> Atom:
    return Atom("extent", "", (space,))


def free_of(hole: Hole) -> frozenset[Index]:
    return frozenset() if isinstance(hole, int) else hole.free


def substitute_hole(hole: Hole, mapping: Mapping[Index, Hole]) -> Hole:
    if isinstance(hole, Index):
        return mapping.get(hole, hole)
    if isinstance(hole, int) or hole.free.isdisjoint(mapping):
        return hole
    if isinstance(hole, Atom):
        return substitute(hole, mapping)
    assert isinstance(hole, Affine)
    terms: list[tuple[int, Index | Node]] = []
    offset = hole.offset
    for coefficient, part in hole.terms:
        new = substitute_hole(part, mapping)  # type: ignore[arg-type]
        if isinstance(new, int):
            offset += coefficient * new
        elif isinstance(new, Affine):
            terms += [(coefficient * c, p) for c, p in new.terms]
            offset += coefficient * new.offset
        else:
            terms.append((coefficient, new))
    return affine_form(terms, offset)  # type: ignore[return-value]


def substitute(atom: Atom, mapping: Mapping[Index, Hole]) -> Atom:
    """Simultaneous substitution of holes for indices.  Atoms bind nothing, so nothing can be captured here."""
    if atom.free.isdisjoint(mapping):
        return atom
    holes = tuple(substitute_hole(h, mapping) for h in atom.holes)
    if atom.kind == "compare":  # values are compared, in whatever spaces
        return comparison(atom.name, *(plain_part(h) if isinstance(h, Affine) else h for h in holes))  # type: ignore[arg-type]
    return delta(*holes) if atom.kind == "delta" else Atom(atom.kind, atom.name, holes)


def slot_order(atoms: Iterable[Atom], free: frozenset[Index]) -> list[Index]:
    """The free indices in the order of the slots of the atoms that hold most of them: a value computed from x[t, c]
    is laid out as x is."""
    found: dict[Index, None] = {}
    for atom in sorted(atoms, key=lambda a: (-len(a.free & free), a.text)):
        for hole in atom.holes:
            for index in (hole,) if isinstance(hole, Index) else sorted(free_of(hole), key=hole_text):
                if index in free:
                    found.setdefault(index)
    return list(found)


def names_in(atom: Atom) -> Iterator[str]:
    """Tensors that the atom reads, those in its holes included."""
    if atom.kind == "access":
        yield atom.name
    for hole in atom.holes:
        if isinstance(hole, Atom):
            yield from names_in(hole)
        elif isinstance(hole, Affine):
            for _, part in hole.terms:
                if isinstance(part, Atom):
                    yield from names_in(part)
