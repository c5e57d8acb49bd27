"""The derivative of each kind of definition, as a rule that is linear in the definition's cotangent.

Reverse mode calls a rule with the cotangent; forward mode calls it with a placeholder and reads it backwards.  There
are no other rules of differentiation for programs.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeGuard

from ..ir.expr import Access as AccessNode
from ..ir.expr import Apply, Expr, Literal, Power
from ..ir.functions import BUILTIN
from ..ir.index import Index
from ..normal import poly as nf
from ..normal.atoms import Atom, access, comparison, delta, fresh, hole_text, slot_order, substitute
from ..normal.definitions import Definition, Definitions, Part, Payload, substitute_payload
from ..normal.enter import Normaliser
from ..normal.poly import Mono, Poly

Contribute = Callable[[Atom, Poly, Iterable[Index]], None]


def apply_rule(store: Definitions, d: Definition, g: Poly, active: Container[str], add: Contribute) -> None:
    """Call `add(operand, poly, scope)` for each access to an active tensor that d reads: Σ_scope poly goes to the
    operand's cotangent.

    `g` is d's cotangent at d's own free indices; it may hold further free indices.  A kind without a rule (argmax,
    topk) is piecewise constant and contributes nothing.
    """
    rule = RULES.get(d.kind)
    if rule is None:
        return
    # every index of d, those it reduces over included, is renamed apart: the tensors it reads may use the same
    inside = frozenset[Index]().union(*(a.free for a in d.atoms())) if d.kind != "poly" else frozenset()
    apart = {i: fresh(i.space) for i in (*d.free, *sorted(inside - set(d.free), key=hole_text))}
    free = tuple(apart[i] for i in d.free)
    value = nf.atom_poly(access(d.name, free))
    rule(Step(store, d, substitute_payload(d.payload, apart), free, nf.instantiate(g, apart), value, active, add))


@dataclass(frozen=True, slots=True)
class Step:
    """One definition d[free] with cotangent g, all at indices of their own, and where contributions go."""

    store: Definitions
    d: Definition
    payload: Payload
    free: tuple[Index, ...]
    g: Poly
    value: Poly
    active: Container[str]
    add: Contribute

    @property
    def parts(self) -> tuple[Part, ...]:
        assert isinstance(self.payload, tuple)
        return self.payload

    def varies(self, part: Part) -> TypeGuard[Atom]:
        """Is it an access to a tensor whose derivative is wanted?"""
        return isinstance(part, Atom) and part.kind == "access" and part.name in self.active

    def give(self, part: Part, poly: Poly, extra: Iterable[Index] = ()) -> None:
        """A contribution to an operand, if it is one that varies."""
        if self.varies(part):
            self.add(part, poly, (*self.free, *extra))

    def slope(self, e: Expr, operands: Mapping[str, Poly]) -> Poly:
        """A formula in the operands, given as rank-0 accesses "0", "1", … and "y", as a polynomial."""
        return _Formula(self.store, operands).poly(e, {})


class _Formula(Normaliser):
    """Reads a derivative's formula, whose only accesses are the placeholders of the operands."""

    def __init__(self, store: Definitions, operands: Mapping[str, Poly]) -> None:
        super().__init__(store)
        self.operands = operands

    def access(self, e: AccessNode, scope: object) -> Poly:
        return self.operands[e.tensor]


def _indices(part: Part) -> tuple[Index, ...]:
    assert isinstance(part, tuple)
    return tuple(i for i in part if isinstance(i, Index))


def _operand(part: Part) -> Poly:
    if isinstance(part, Literal):
        return nf.constant(part.value)
    assert isinstance(part, Atom)
    return nf.atom_poly(part)


# ---- one rule per kind of definition ----------------------------------------------------------------
def _poly(s: Step) -> None:
    """Product and power rule, monomial by monomial."""
    assert isinstance(s.payload, dict)
    for mono, c in s.payload.items():
        bound, factors = nf.freshen(mono)
        for n, (atom, e) in enumerate(factors):
            if s.varies(atom):
                rest = [*factors[:n], (atom, e - 1), *factors[n + 1 :]]
                # the would-be dummies stay free here: `add` binds them together with the deltas
                s.add(atom, nf.multiply(s.g, nf.make(c * e, (), [f for f in rest if f[1]])), s.free + bound)


def _map(s: Step) -> None:
    """Chain rule through an elementwise function, its slope written in the argument and the value."""
    name, arguments = s.parts
    assert isinstance(name, str) and isinstance(arguments, tuple)
    places: tuple[Expr, ...] = tuple(AccessNode(str(k), ()) for k in range(len(arguments)))
    operands = {str(k): _operand(a) for k, a in enumerate(arguments)} | {"y": s.value}
    y = AccessNode("y", ())
    slopes = _power_slopes(places[0], places[1], y) if name == "**" else BUILTIN[name].slope(places, y)
    for argument, slope in zip(arguments, slopes):
        if s.varies(argument):
            s.give(argument, nf.multiply(s.g, s.slope(slope, operands)))


def _power_slopes(base: Expr, exponent: Expr, y: Expr) -> tuple[Expr, Expr]:
    return exponent * Power(base, exponent - 1), y * Apply("log", (base,))


def _where(s: Step) -> None:
    """Each branch gets the cotangent where it is chosen."""
    holds, then, other = s.parts
    assert isinstance(holds, Mono)
    keep: Poly = {holds: 1}
    s.give(then, nf.multiply(s.g, keep))
    s.give(other, nf.add(s.g, nf.scale(nf.multiply(s.g, keep), -1)))


def _softmax(s: Step) -> None:
    """∂p_k/∂z_l = p_k (δ_kl − p_l): the cotangent is p ∘ (g − Σ p g)."""
    argument, over = s.parts
    weighted = nf.multiply(s.value, s.g)
    row = nf.bind(weighted, _indices(over))
    s.give(argument, nf.add(weighted, nf.scale(nf.multiply(s.value, row), -1)))


def _logsumexp(s: Step) -> None:
    """∂ log Σ exp z / ∂z_k = softmax z."""
    argument, over = s.parts
    assert isinstance(argument, Atom)
    p = s.store.lift("softmax", (argument, over), slot_order([argument], argument.free))
    s.give(argument, nf.multiply(s.g, nf.atom_poly(p)), _indices(over))


def _extreme(s: Step) -> None:
    """max and min: the cotangent is shared evenly by all that attain it."""
    argument, over = s.parts
    assert isinstance(argument, Atom)
    top = comparison("==", argument, access(s.d.name, s.free))
    ties = s.store.operand(nf.bind(nf.atom_poly(top), _indices(over)))
    assert isinstance(ties, Atom)
    share = nf.multiply(nf.atom_poly(top), nf.atom_poly(ties, -1))
    s.give(argument, nf.multiply(s.g, share), _indices(over))


def _product(s: Step) -> None:
    """∂ Π_j x_j / ∂x_k = Π_j (1 where j = k, else x_j): right also where some x_j is 0."""
    argument, over = s.parts
    assert isinstance(argument, Atom)
    own = _indices(over)
    other = tuple(fresh(i.space) for i in own)
    same = Mono((), tuple(sorted(((delta(a, b), 1) for a, b in zip(own, other)), key=lambda f: f[0].text)))
    moved = substitute(argument, dict(zip(own, other)))
    left_out = s.store.lift_operation("where", (same, Literal(1), moved))
    rest = s.store.lift_operation("prod", (left_out, other), other)
    s.give(argument, nf.multiply(s.g, nf.atom_poly(rest)), own)


def _cumsum(s: Step) -> None:
    """∂ Σ_{m ≤ j} x_m / ∂x_k = [k ≤ j]: a sum from the other end."""
    argument, over = s.parts
    assert isinstance(argument, Atom)
    own = _indices(over)
    source = {i: fresh(i.space) for i in own}
    reached = [(comparison("<=", source[i], i), Fraction(1)) for i in own]
    poly = nf.multiply(s.g, nf.make(1, (), reached))
    s.give(substitute(argument, source), poly, tuple(source.values()))


def _inverse(s: Step) -> None:
    """d A⁻¹ = −A⁻¹ dA A⁻¹."""
    (matrix,) = s.parts
    assert isinstance(matrix, Atom)
    b, a = (h for h in matrix.holes if isinstance(h, Index))  # the inverse's row is the matrix's column
    p, q = fresh(b.space), fresh(a.space)

    def inverse(row: Index, column: Index) -> Atom:
        return access(s.d.name, tuple(row if f == a else column for f in s.free))

    poly = nf.multiply(nf.scale(s.g, -1), nf.make(1, (), [(inverse(a, p), 1), (inverse(q, b), 1)]))
    s.give(access(matrix.name, (p, q)), poly, (p, q))


def _determinant(s: Step) -> None:
    """d det A = det A tr(A⁻¹ dA), d log det A = tr(A⁻¹ dA)."""
    (matrix,) = s.parts
    assert isinstance(matrix, Atom)
    r, c = (fresh(h.space) for h in matrix.holes if isinstance(h, Index))
    inverse = s.store.lift("inv", (access(matrix.name, (r, c)),), (c, r))
    weight = nf.multiply(s.g, s.value) if s.d.kind == "det" else s.g
    s.give(access(matrix.name, (r, c)), nf.multiply(weight, nf.atom_poly(inverse)), (r, c))


RULES: Mapping[str, Callable[[Step], None]] = {
    "poly": _poly,
    "map": _map,
    "where": _where,
    "softmax": _softmax,
    "logsumexp": _logsumexp,
    "max": _extreme,
    "min": _extreme,
    "prod": _product,
    "cumsum": _cumsum,
    "inv": _inverse,
    "det": _determinant,
    "logdet": _determinant,
}
