"""Equality by normal form: both sides multiplied out over the same atoms are the same polynomial."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ..diagnostics import IndexCalcError
from ..ir.expr import Access
from ..ir.index import Index
from ..ir.program import Define
from ..ir.slots import slot_spaces
from ..ir.windows import in_statement
from ..normal import poly as nf
from ..normal.atoms import Hole, workspace
from ..normal.definitions import Definitions
from ..normal.enter import Normaliser, Scope, taken_names
from ..normal.poly import Poly
from .joint import Joint

MAX_MONOMIALS = 400
MAX_POWER = 6  # of a sum that is multiplied out


class _TooLong(Exception):
    """The polynomial would have too many terms."""


def proved(joint: Joint) -> bool:
    """Whether every pair of outputs has one normal form.  False says nothing."""
    try:
        with workspace():
            return _same(joint)
    except (IndexCalcError, _TooLong):  # something has no normal form: another way has to decide
        return False


def _same(joint: Joint) -> bool:
    program = joint.program
    store = Definitions(
        {t.name: t.indices for t in program.tensors},
        [t.name for t in program.tensors if t.is_integer],
        taken_names(program),
    )
    for t in program.tensors:
        store.declare(t)
    expand = _Expander(store)
    spaces = slot_spaces(program)
    for d in program.definitions.values():
        expand.define(in_statement(d, spaces, proven=True))
    return all(expand.at(a, slots) == expand.at(b, slots) for a, b, slots in _pairs(joint))


def _pairs(joint: Joint) -> list[tuple[str, str, Sequence[Index]]]:
    definitions, inputs = joint.program.definitions, joint.program.inputs
    return [(a, b, (definitions[a] if a in definitions else inputs[a]).indices) for a, b in joint.pairs]


class _Expander(Normaliser):
    """The normaliser, with products of sums multiplied out and definitions written out."""

    def __init__(self, store: Definitions) -> None:
        super().__init__(store)
        self.known: dict[str, tuple[tuple[Index, ...], Poly]] = {}

    def define(self, statement: Define) -> None:
        self.known[statement.name] = statement.indices, self.poly(statement.body, {})

    def at(self, name: str, slots: Sequence[Hole]) -> Poly:
        """The polynomial of a definition or an input at these slots."""
        if name not in self.known:
            return self.access(Access(name, tuple(slots)), {})
        own, value = self.known[name]
        return nf.instantiate(value, dict(zip(own, slots)))

    def access(self, e: Access, scope: Scope) -> Poly:
        if e.tensor in self.known and not e.variance:
            return self.at(e.tensor, self.slots(e.slots, scope))
        return super().access(e, scope)

    def multiply(self, polys: list[Poly]) -> Poly:
        total = nf.constant(1)
        for p in polys:
            if len(total) * len(p) > MAX_MONOMIALS:
                raise _TooLong
            total = nf.multiply(total, p)
        return total

    def named(self, p: Poly) -> Poly:
        return p

    def raise_to(self, base: Poly, exponent: int | Fraction) -> Poly:
        if isinstance(exponent, int) and 1 < exponent <= MAX_POWER and len(base) * len(base) <= MAX_MONOMIALS:
            return self.multiply([base] * exponent)
        return super().raise_to(base, exponent)
