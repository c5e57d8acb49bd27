"""Expressions and statements as canonical text, which reads back to the very same expressions.

Brackets are minimal, sums are left to the summation convention where the reading rules provably put them back, and
nothing recurses on the length of a sum or product.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from copy import copy
from fractions import Fraction
from typing import Any

from .expr import (
    MAPS,
    MATRIX_FUNCTIONS,
    REDUCTIONS,
    Access,
    Affine,
    Apply,
    Compare,
    Constant,
    Delta,
    Derivative,
    Expr,
    Extent,
    GeneralizedDelta,
    Index,
    IndexMap,
    IndexReduce,
    IndexSum,
    IndexValue,
    LeviCivita,
    Literal,
    Logic,
    MatrixApply,
    Partial,
    Power,
    Product,
    Slot,
    Sum,
    Where,
)
from .functions import BUILTIN
from .index import plain_part
from .numbers import magnitude_text
from .program import Claim, Define, Program, Statement
from .summation import implicit_sums, occurrences
from .walk import free_in_order

# How tightly a text holds together.  A part is bracketed where its place asks for more than it has.
ANY, AND, NOT, COMPARE, SUM, SIGNED, TERM, POWER, PRIMARY = range(9)
KEYWORDS = frozenset(
    ("index", "tensor", "scalar", "integer", "function", "metric", "output", "recompute", "convention")
)
# Names that the language reads as an operator where a bracket follows, even after a space.
OPERATORS = frozenset((*BUILTIN, *REDUCTIONS, *MAPS, *MATRIX_FUNCTIONS)) | frozenset(
    ("sum", "where", "sqrt", "tr", "diff", "einsum", "partial", "inf", "pi")
)
# Around parts of a text that a printer marks; no user's text has these characters, and no width.
OPEN, CLOSE = "\ue000", "\ue001"
_NAME = re.compile(r"[^\W\d]\w*")


class Printer:
    """Writes expressions.  `implicit` are the sums that are not written; subclasses change how things are spelled."""

    comma = ", "

    def __init__(self, implicit: frozenset[IndexSum] = frozenset()) -> None:
        self.implicit = implicit

    def at(self, e: Expr, level: int) -> str:
        """Text of `e` where at least `level` is needed."""
        text, own = getattr(self, _METHODS[type(e)])(e)
        return text if own >= level else f"({text})"

    def write(self, e: Expr) -> tuple[str, int]:
        """Text of `e` and how tightly it holds together."""
        written: tuple[str, int] = getattr(self, _METHODS[type(e)])(e)
        return written

    # ---- leaves ------------------------------------------------------------------------------------
    def literal(self, e: Literal) -> tuple[str, int]:
        text = self.number(e)
        if e.value < 0:
            return f"-{text}", SIGNED
        return text, TERM if "/" in text else PRIMARY

    def number(self, e: Literal) -> str:
        return magnitude_text(e.value)

    def constant(self, e: Constant) -> tuple[str, int]:
        return e.name, PRIMARY

    def extent(self, e: Extent) -> tuple[str, int]:
        return (str(e.space.extent) if e.space.extent is not None else f"extent({e.space.name})"), PRIMARY

    def index_value(self, e: IndexValue) -> tuple[str, int]:
        return self.slot(e.index), PRIMARY

    def slot(self, slot: Slot) -> str:
        if isinstance(slot, Index):
            return slot.name
        if isinstance(slot, int):
            return str(slot)
        if isinstance(slot, Affine):
            return self.affine(slot)
        assert isinstance(slot, Expr)
        return self.at(slot, PRIMARY)

    def affine(self, slot: Affine) -> str:
        parts: list[str] = []
        for coefficient, part in sorted(slot.terms, key=lambda term: term[0] < 0):  # t - k rather than -k + t
            text = self.slot(part)
            text = text if abs(coefficient) == 1 else f"{abs(coefficient)}*{text}"
            parts.append(_joined(coefficient < 0, text, not parts))
        if slot.offset or plain_part(slot) != slot:  # a window is `p + 0`: a bare `p` would be of the slot's space
            parts.append(_joined(slot.offset < 0, str(abs(slot.offset)), not parts))
        return "".join(parts)

    def reference(self, name: str, slots: Sequence[Slot], variance: str = "") -> str:
        """A tensor's component: `A[i, j]`, `T[^i, _j]`, a bare name at rank 0.  Only plain slots take a mark."""
        marks = [m if isinstance(s, (Index, int)) else "" for m, s in zip(variance or " " * len(slots), slots)]
        marks = [m.strip() for m in marks]
        inside = self.comma.join(mark + self.slot(s) for mark, s in zip(marks, slots))
        return f"{name}[{inside}]" if slots else name

    def access(self, e: Access) -> tuple[str, int]:
        return self.reference(e.tensor, e.slots, e.variance), PRIMARY

    def delta(self, e: Delta) -> tuple[str, int]:
        return self.reference("delta", (e.left, e.right)), PRIMARY

    def generalized_delta(self, e: GeneralizedDelta) -> tuple[str, int]:
        upper = " ".join(f"^{self.slot(s)}" for s in e.upper)
        lower = " ".join(f"_{self.slot(s)}" for s in e.lower)
        return f"delta[{upper}, {lower}]", PRIMARY

    def levi_civita(self, e: LeviCivita) -> tuple[str, int]:
        return self.reference("eps", e.slots), PRIMARY

    def matrix_apply(self, e: MatrixApply) -> tuple[str, int]:
        return self.reference(f"{e.function}({e.tensor})", e.slots), PRIMARY

    # ---- arithmetic --------------------------------------------------------------------------------
    def sum(self, e: Sum) -> tuple[str, int]:
        parts: list[str] = []
        for term in e.terms:
            parts.append(_joined(*self.signed(term), not parts))
        return "".join(parts), SUM

    def signed(self, e: Expr) -> tuple[bool, str]:
        """Whether a minus stands before the term, and the term's text without it."""
        text, level = self.write(e)
        if level == SIGNED:
            return True, text[1:]
        return False, text if level >= TERM else f"({text})"

    def product(self, e: Product) -> tuple[str, int]:
        return self.factors(e, ())

    def factors(self, e: Product, summed: tuple[Index, ...]) -> tuple[str, int]:
        """A product's text.  No bracket set for a quotient may hold both occurrences of an index in `summed`."""
        first, rest = e.factors[0], e.factors
        sign, pieces = "", []
        if isinstance(first, Literal):
            rest = rest[1:]
            sign = "-" if first.value < 0 else ""
            if abs(first.value) != 1:
                text = self.number(first)
                pieces.append(("", f"({text})" if "/" in text else text))
            elif len(rest) == 1 and not self.is_quotient(rest[0]):
                return f"{sign}{self.at(rest[0], TERM)}", SIGNED if sign else TERM
        numbers = len(pieces)
        for factor in rest:
            below = self.is_quotient(factor)
            pieces.append(("/", self.denominator(factor)) if below else ("", self.at(factor, POWER)))
        return sign + _arrange(pieces, lambda stop: _together(rest[: stop - numbers], summed)), SIGNED if sign else TERM

    def is_quotient(self, e: Expr) -> bool:
        """Printed as 1 / …: a power with a negative number as its exponent."""
        if not (isinstance(e, Power) and isinstance(e.exponent, Literal) and e.exponent.value < 0):
            return False
        return not isinstance(e.exponent.value, float) and not (isinstance(e.base, Literal) and e.base.value == 0)

    def denominator(self, e: Expr) -> str:
        assert isinstance(e, Power) and isinstance(e.exponent, Literal)
        if e.exponent.value == -1:
            return self.at(e.base, POWER)
        return self.raised(e.base, Literal(-e.exponent.value))[0]

    def power(self, e: Power) -> tuple[str, int]:
        if self.is_quotient(e):
            return f"1 / {self.denominator(e)}", TERM
        return self.raised(e.base, e.exponent)

    def raised(self, base: Expr, exponent: Expr) -> tuple[str, int]:
        if isinstance(exponent, Literal) and exponent.value == Fraction(1, 2):
            return self.root(base), PRIMARY
        return f"{self.at(base, PRIMARY)}**{self.at(exponent, PRIMARY)}", POWER

    def root(self, base: Expr) -> str:
        return self.call("sqrt", (base,))

    # ---- functions, conditions, binders --------------------------------------------------------------
    def call(self, name: str, arguments: Sequence[Expr]) -> str:
        return f"{name}({', '.join(self.at(a, ANY) for a in arguments)})"

    def apply(self, e: Apply) -> tuple[str, int]:
        return self.call(e.function, e.arguments), PRIMARY

    def where(self, e: Where) -> tuple[str, int]:
        return self.call("where", (e.condition, e.then, e.other)), PRIMARY

    def compare(self, e: Compare) -> tuple[str, int]:
        return f"{self.at(e.left, SUM)} {self.operator(e.operator)} {self.at(e.right, SUM)}", COMPARE

    def operator(self, name: str) -> str:
        return name

    def logic(self, e: Logic) -> tuple[str, int]:
        if e.operator == "not":
            return f"not {self.at(e.arguments[0], NOT)}", NOT
        inside, own = (NOT, AND) if e.operator == "and" else (AND, ANY)
        return f" {e.operator} ".join(self.at(a, inside) for a in e.arguments), own

    def bound(self, operation: str, indices: Sequence[Any], body: Expr) -> str:
        names = self.comma.join(i.name if isinstance(i, Index) else str(i) for i in indices)
        return f"{operation}[{names}]({self.at(body, ANY)})"

    def index_sum(self, e: IndexSum) -> tuple[str, int]:
        if e not in self.implicit:
            return self.bound("sum", e.indices, e.body), PRIMARY
        text = self.factors(e.body, e.indices)[0] if isinstance(e.body, Product) else self.at(e.body, TERM)
        return text, TERM

    def index_reduce(self, e: IndexReduce) -> tuple[str, int]:
        return self.bound(e.operation, e.indices, e.body), PRIMARY

    def index_map(self, e: IndexMap) -> tuple[str, int]:
        return self.bound(e.operation, (*e.indices, e.count) if e.operation == "topk" else e.indices, e.body), PRIMARY

    def partial(self, e: Partial) -> tuple[str, int]:
        return self.bound("partial", (e.index,), e.body), PRIMARY

    def derivative(self, e: Derivative) -> tuple[str, int]:
        return self.call("diff", (e.body, e.wrt)), PRIMARY

    # ---- whole right sides ---------------------------------------------------------------------------
    def side(self, e: Expr, left: Sequence[Index], level: int = ANY) -> str:
        """A right side or one side of a claim: each term decides on its own which sums it leaves unwritten."""
        if not isinstance(e, Sum):
            return self.under(e, left).at(e, level)
        parts: list[str] = []
        for term in e.terms:
            parts.append(_joined(*self.under(term, left).signed(term), not parts))
        return "".join(parts) if level <= SUM else f"({''.join(parts)})"

    def under(self, term: Expr, left: Sequence[Index]) -> Printer:
        """The printer for one term."""
        found = copy(self)
        found.implicit = implicit_sums(term, left)
        return found


def _joined(negative: bool, text: str, first: bool) -> str:
    if first:
        return f"-{text}" if negative else text
    return f" - {text}" if negative else f" + {text}"


def _arrange(pieces: list[tuple[str, str]], holds_both: Callable[[int], bool]) -> str:
    """Factors and divisors in order.  `a / b c` is never written: it becomes `(a / b) c`, or `a (1 / b) c`."""
    end = len(pieces)
    while end and pieces[end - 1][0] == "/":
        end -= 1
    inner = [k for k in range(end) if pieces[k][0] == "/"]  # divisors with a factor behind them
    if inner:
        stop = inner[-1] + 1
        one_run = inner == list(range(inner[0], stop)) and inner[0] > 0
        if one_run and not holds_both(stop):
            pieces = [("", f"({_line(pieces[:stop])})"), *pieces[stop:]]
        else:
            pieces = [("", f"(1 / {text})") if k in set(inner) else (op, text) for k, (op, text) in enumerate(pieces)]
    return _line(pieces)


def _line(pieces: list[tuple[str, str]]) -> str:
    if pieces[0][0] == "/":
        pieces = [("", "1"), *pieces]
    out = [pieces[0][1]]
    for op, text in pieces[1:]:
        # A number never stands right of a juxtaposition, and `max (…)` would be a call.
        first = text.lstrip(OPEN)[0]
        clash = first.isdigit() or first == "." or (first == "(" and _looks_like_call(out[-1].rstrip(CLOSE)))
        out.append(f" {op} " if op else (" * " if clash else " "))
        out.append(text)
    return "".join(out)


def _looks_like_call(before: str) -> bool:
    return not before.endswith(")") and not OPERATORS.isdisjoint(_NAME.findall(before))


def _together(factors: Sequence[Expr], summed: tuple[Index, ...]) -> bool:
    if not summed:
        return False
    counts = occurrences(Product(tuple(factors)))
    return any(counts.get(i, 0) > 1 for i in summed)


_METHODS: dict[type, str] = {
    Literal: "literal",
    Constant: "constant",
    Extent: "extent",
    IndexValue: "index_value",
    Access: "access",
    Delta: "delta",
    GeneralizedDelta: "generalized_delta",
    LeviCivita: "levi_civita",
    MatrixApply: "matrix_apply",
    Sum: "sum",
    Product: "product",
    Power: "power",
    Apply: "apply",
    Where: "where",
    Compare: "compare",
    Logic: "logic",
    IndexSum: "index_sum",
    IndexReduce: "index_reduce",
    IndexMap: "index_map",
    Partial: "partial",
    Derivative: "derivative",
}


def expression_text(e: Expr) -> str:
    """Canonical text of an expression.

    >>> from indexcalc.ir.expr import Space
    >>> i, k = Index("i", Space("n")), Index("k", Space("m"))
    >>> expression_text(IndexSum(Product((Access("A", (i, k)), Access("x", (k,)))), (k,)))
    'A[i, k] x[k]'
    """
    return Printer().side(e, tuple(e.free))


def statement_text(s: Statement) -> str:
    """`name[i] = body`, or `left == right`."""
    printer = Printer()
    if isinstance(s, Define):
        return f"{printer.reference(s.name, s.indices)} = {printer.side(_filled(s.body, s.indices), s.indices)}"
    left, right = claim_sides(s, printer)
    return f"{left} == {right}"


def claim_sides(s: Claim, printer: Printer) -> tuple[str, str]:
    """Both sides; the left one is bracketed where the line would otherwise begin like something else."""
    free = free_in_order(s.left) + tuple(i for i in free_in_order(s.right) if i not in s.left.free)
    zero = Literal(0)
    sides = (side if zero in (s.left, s.right) else _filled(side, free) for side in (s.left, s.right))
    left, right = (printer.side(side, free, SUM) for side in sides)
    begins = _NAME.match(left)
    if left.startswith("-") or (begins and begins.group() in KEYWORDS):
        left = f"({left})"
    return left, right


def _filled(body: Expr, indices: Sequence[Index]) -> Expr:
    """A side, with the built-in `ones` for indices of the other side that no term has."""
    missing = [i for i in indices if i not in body.free]
    if not missing or body == Literal(0):  # which has any free indices
        return body
    ones = tuple(Access("ones", (i,)) for i in missing)
    terms = body.terms if isinstance(body, Sum) else (body,)
    first = terms[0]
    if isinstance(first, IndexSum) and isinstance(first.body, Product):
        filled: Expr = IndexSum(Product((*first.body.factors, *ones)), first.indices)
    else:
        parts = first.factors if isinstance(first, Product) else () if first == Literal(1) else (first,)
        joined = (*parts, *ones)
        filled = joined[0] if len(joined) == 1 else Product(joined)
    return Sum((filled, *terms[1:])) if isinstance(body, Sum) else filled


def program_text(p: Program) -> str:
    """The whole program, declarations first."""
    from .declarations import closing_lines, declaration_lines

    return "\n".join([*declaration_lines(p), *map(statement_text, p.statements), *closing_lines(p)])
