"""Expressions for people: Aᵢⱼ xⱼ where the characters exist, `A[i,j] x[j]` elsewhere and on plain terminals.

This text is for reading, `ir.text` is for reading back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .declarations import statement_indices
from .expr import (
    Access,
    Affine,
    Constant,
    Delta,
    Derivative,
    Expr,
    GeneralizedDelta,
    Index,
    IndexSum,
    LeviCivita,
    Literal,
    MatrixApply,
    Slot,
)
from .program import Define, Statement
from .text import ANY, CLOSE, OPEN, PRIMARY, SUM, TERM, Printer
from .walk import indices_in, slots_of, subexpressions

_SUBSCRIPTS = str.maketrans("aehijklmnoprstuvx0123456789βγρφχ'", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₀₁₂₃₄₅₆₇₈₉ᵦᵧᵨᵩᵪ′")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_OPERATORS = {"<=": "≤", ">=": "≥", "!=": "≠", "==": "="}


class PlainPrinter(Printer):
    """ASCII without spaces inside brackets; derivatives as quotients."""

    comma = ","

    def derivative(self, e: Derivative) -> tuple[str, int]:
        return f"d({self.at(e.body, ANY)})/d({self.at(e.wrt, ANY)})", TERM


class UnicodePrinter(PlainPrinter):
    """Mathematical characters.  `subscripts`: every index of the statement has a subscript character."""

    def __init__(self, implicit: frozenset[IndexSum] = frozenset(), subscripts: bool = True) -> None:
        super().__init__(implicit)
        self.subscripts = subscripts

    def reference(self, name: str, slots: Sequence[Slot], variance: str = "") -> str:
        if variance or not slots or not self.subscripts:
            return super().reference(name, slots, variance)
        return name + "".join(self.slot(s).translate(_SUBSCRIPTS) for s in slots)

    def number(self, e: Literal) -> str:
        text = super().number(e)
        return "∞" if text == "inf" else text

    def constant(self, e: Constant) -> tuple[str, int]:
        return ("π" if e.name == "pi" else e.name), PRIMARY

    def delta(self, e: Delta) -> tuple[str, int]:
        return self.reference("δ", (e.left, e.right)), PRIMARY

    def levi_civita(self, e: LeviCivita) -> tuple[str, int]:
        return self.reference("ε", e.slots), PRIMARY

    def generalized_delta(self, e: GeneralizedDelta) -> tuple[str, int]:
        text, level = super().generalized_delta(e)
        return "δ" + text.removeprefix("delta"), level

    def matrix_apply(self, e: MatrixApply) -> tuple[str, int]:
        if e.function == "inv":
            return self.reference(f"({e.tensor}⁻¹)", e.slots), PRIMARY
        return super().matrix_apply(e)

    def operator(self, name: str) -> str:
        return _OPERATORS.get(name, name)

    def raised(self, base: Expr, exponent: Expr) -> tuple[str, int]:
        if isinstance(exponent, Literal) and isinstance(exponent.value, int) and exponent.value >= 0:
            # A superscript behind a subscript would seem to belong to it.
            inside = self.at(base, PRIMARY)
            plain = not self.subscripts or not isinstance(base, (Access, Delta, LeviCivita)) or not slots_of(base)
            return (inside if plain else f"({inside})") + str(exponent.value).translate(_SUPERSCRIPTS), PRIMARY
        return super().raised(base, exponent)

    def root(self, base: Expr) -> str:
        text = self.at(base, PRIMARY)
        bare = text.strip(OPEN + CLOSE)
        return f"√{text}" if bare.startswith("(") or bare.isalnum() else f"√({text})"

    def bound(self, operation: str, indices: Sequence[object], body: Expr) -> str:
        words = {"sum": "Σ", "prod": "Π", "partial": "∂"}
        if not self.subscripts or not all(isinstance(i, Index) for i in indices):
            text = super().bound(operation, indices, body)
            return words.get(operation, operation) + text.removeprefix(operation)
        low = "".join(i.name.translate(_SUBSCRIPTS) for i in indices if isinstance(i, Index))
        inside = self.at(body, ANY) if isinstance(body, Derivative) else f"({self.at(body, ANY)})"
        return f"{words.get(operation, operation)}{low}{inside}"

    def derivative(self, e: Derivative) -> tuple[str, int]:
        return f"(∂{self.at(e.body, PRIMARY)}/∂{self.at(e.wrt, PRIMARY)})", PRIMARY


def pretty_printer(x: Statement | Expr, unicode: bool) -> Printer:
    """The printer for lines for people."""
    return UnicodePrinter(subscripts=_subscriptable(x)) if unicode else PlainPrinter()


def pretty_text(x: Statement | Expr, unicode: bool = True) -> str:
    """One line for people.

    >>> from indexcalc.ir.expr import Product, Space
    >>> i, d = Index("i", Space("n")), Index("d", Space("m"))
    >>> x = IndexSum(Product((Access("A", (i, i)), Access("x", (i,)))), (i,))
    >>> pretty_text(x), pretty_text(x, unicode=False), pretty_text(Access("Q", (i, d)))
    ('Σᵢ(Aᵢᵢ xᵢ)', 'sum[i](A[i,i] x[i])', 'Q[i,d]')
    """
    printer = pretty_printer(x, unicode)
    if isinstance(x, Expr):
        return printer.side(x, tuple(x.free))
    if isinstance(x, Define):
        return f"{printer.reference(x.name, x.indices)} = {printer.side(x.body, x.indices)}"
    free = tuple(x.left.free | x.right.free)
    return f"{printer.side(x.left, free, SUM)} = {printer.side(x.right, free, SUM)}"


def _subscriptable(x: Statement | Expr) -> bool:
    """Every slot is an index or digit that has a subscript character."""
    parts = [x] if isinstance(x, Expr) else [x.body] if isinstance(x, Define) else [x.left, x.right]
    indices: Iterable[Index] = indices_in(x) if isinstance(x, Expr) else statement_indices(x)
    for index in indices:
        letter = index.name.rstrip("'")
        if len(letter) != 1 or ord(letter) not in _SUBSCRIPTS:
            return False
    slots = (s for part in parts for p in subexpressions(part) for s in slots_of(p))
    return not any(isinstance(s, (Affine, Expr)) or (isinstance(s, int) and not 0 <= s <= 9) for s in slots)
