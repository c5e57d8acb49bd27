"""What checks over programs ask: what a name stands for, how often it is read, whether two parts say the same, and
which values can be zero or negative."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from enum import IntEnum
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

from ..diagnostics import IndexCalcError
from ..ir.build import MINUS_ONE, multiply
from ..ir.expr import (
    Access,
    Apply,
    Binder,
    Compare,
    Constant,
    Delta,
    Expr,
    Extent,
    Index,
    IndexMap,
    IndexReduce,
    IndexSum,
    IndexValue,
    Literal,
    Logic,
    MatrixApply,
    Power,
    Product,
    Slot,
    Sum,
    Where,
)  # fmt: skip
from ..ir.program import Define, Program, Statement
from ..ir.walk import children, rebuild, slot_indices, slots_of, subexpressions, substitute, tensors_in, transform
from .places import Found, is_division, numbered, sides

E = TypeVar("E", bound=Expr)


class Sign(IntEnum):
    """What the form of an expression tells of its values.  Smaller knows less."""

    ANY = 0
    NOT_NEGATIVE = 1
    POSITIVE = 2


class Facts:
    """Facts of one program, found when they are first asked for."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.definitions = program.definitions
        self.inputs = program.inputs
        self.outputs = frozenset(program.outputs)

    @cached_property
    def _walks(self) -> list[list[Expr]]:
        """All parts of each statement: the one walk over the program."""
        return [[p for side in sides(s) for p in subexpressions(side)] for s in self.program.statements]

    @cached_property
    def _parts(self) -> dict[type[Expr], list[tuple[Statement, Any]]]:
        found: dict[type[Expr], list[tuple[Statement, Any]]] = {}
        for statement, parts in zip(self.program.statements, self._walks):
            for part in parts:
                found.setdefault(type(part), []).append((statement, part))
        return found

    @cached_property
    def names(self) -> Sequence[Set[str]]:
        """The tensors, functions and indices that each statement names, on the left of a definition aside."""
        return [names_of(parts) for parts in self._walks]

    def parts(self, kind: type[E]) -> Sequence[tuple[Statement, E]]:
        """Every part of a statement that is of this class, in the order of the text, with the statement."""
        return self._parts.get(kind, ())

    @cached_property
    def reads(self) -> Counter[str]:
        """How often each tensor is read."""
        return Counter(p.tensor for _, p in self.parts(Access)) + Counter(p.tensor for _, p in self.parts(MatrixApply))

    @cached_property
    def logarithms(self) -> Counter[str]:
        """How often each tensor is read as the whole argument of a log."""
        logs = (p.arguments[0] for _, p in self.parts(Apply) if p.function == "log")
        return Counter(p.tensor for p in logs if isinstance(p, Access))

    @cached_property
    def similar(self) -> Sequence[tuple[Statement, Sum, Sequence[Expr]]]:
        """Every sum with those of its terms that read tensors, and have these and their free indices in common with
        another of its terms."""
        return [(s, part, found) for s, part in self.parts(Sum) if (found := _similar(part))]

    def calls(self, name: str) -> Iterator[Found]:
        """Every elementwise function, reduction or map of this name."""
        found: list[tuple[Statement, Expr]] = [x for x in self.parts(Apply) if x[1].function == name]
        found += [x for x in self.parts(IndexReduce) if x[1].operation == name]
        found += [x for x in self.parts(IndexMap) if x[1].operation == name]
        return numbered(found)

    @cached_property
    def divisions(self) -> tuple[tuple[Found, tuple[Expr, ...]], ...]:
        """Every division by something that is no number, and the other factors of its product."""
        if not any(is_division(p) for _, p in self.parts(Power)):
            return ()
        return tuple(x for s in self.program.statements for x in _divisions(s))

    def meaning(self, e: Expr) -> Expr:
        """The body of the definition that an access reads, at its slots; anything else as it is."""
        if not isinstance(e, Access):
            return e
        found = self.definitions.get(e.tensor)
        slots: list[Index] = [s for s in e.slots if isinstance(s, Index)]
        if found is None or len(set(slots)) < len(e.slots):
            return e
        try:
            return substitute(found.body, dict(zip(found.indices, slots)))
        except IndexCalcError:  # a softmax along an index that cannot be renamed here
            return e

    # ---- signs ----------------------------------------------------------------------------------
    @cached_property
    def _signs(self) -> dict[str, Sign]:
        """Of inputs and definitions.  In order: a definition reads earlier ones."""
        found = {}
        for name, tensor in self.inputs.items():
            positive = any(a.name == "positive" for a in tensor.attributes) and not any(
                a.name == "diagonal" for a in tensor.attributes
            )
            found[name] = Sign.POSITIVE if positive else Sign.NOT_NEGATIVE if tensor.is_integer else Sign.ANY
        for statement in self.program.statements:
            if isinstance(statement, Define):
                found[statement.name] = _sign(statement.body, found)
        return found

    def sign(self, e: Expr) -> Sign:
        """What the form of an expression, and of the definitions that it reads, tells of its sign."""
        return _sign(e, self._signs)


_POSITIVE = frozenset({"exp", "cosh", "sigmoid", "softplus"})


def _sign(e: Expr, known: dict[str, Sign]) -> Sign:
    if isinstance(e, Literal):
        return Sign.POSITIVE if e.value > 0 else Sign.NOT_NEGATIVE if e.value == 0 else Sign.ANY
    if isinstance(e, (Extent, Constant)):
        return Sign.POSITIVE
    if isinstance(e, (IndexValue, Compare, Logic, Delta)):
        return Sign.NOT_NEGATIVE
    if isinstance(e, Access):
        return known.get(e.tensor, Sign.ANY)
    if isinstance(e, Sum):
        signs = [_sign(x, known) for x in e.terms]
        return max(signs) if min(signs) > Sign.ANY else Sign.ANY
    if isinstance(e, Product):
        return min(_repeated(_sign(f, known), n) for f, n in Counter(e.factors).items())
    if isinstance(e, Power):
        return _sign_of_power(e, known)
    if isinstance(e, Apply):
        return _sign_of_function(e, known)
    if isinstance(e, Where):
        return min(_sign(e.then, known), _sign(e.other, known))
    if isinstance(e, IndexSum) and _chooses(e):
        rest = multiply(*(f for f in _factors(e.body) if not _is_topk(f)))
        return _sign(rest, known)
    if isinstance(e, IndexSum):
        return _sign(e.body, known)
    if isinstance(e, (IndexReduce, IndexMap)):
        return _sign_along(e, known)
    return Sign.ANY


def _repeated(sign: Sign, times: int) -> Sign:
    """Of the `times`-th power of a value."""
    return max(sign, Sign.NOT_NEGATIVE) if times % 2 == 0 else sign


def _sign_of_power(e: Power, known: dict[str, Sign]) -> Sign:
    base = _sign(e.base, known)
    if not isinstance(e.exponent, Literal):
        return base if base == Sign.POSITIVE else Sign.ANY
    n = e.exponent.value
    if base == Sign.ANY:
        even = isinstance(n, Fraction) or n % 2 == 0  # a root is not negative where there is one
        return Sign.NOT_NEGATIVE if even else Sign.ANY
    return Sign.POSITIVE if n <= 0 else base


def _sign_of_function(e: Apply, known: dict[str, Sign]) -> Sign:
    if e.function in _POSITIVE:
        return Sign.POSITIVE
    signs = [_sign(a, known) for a in e.arguments]
    if e.function in ("abs", "relu"):
        return max(signs[0], Sign.NOT_NEGATIVE)
    if e.function in ("max", "min"):
        return max(signs) if e.function == "max" else min(signs)
    return Sign.ANY


def _sign_along(e: IndexReduce | IndexMap, known: dict[str, Sign]) -> Sign:
    body = _sign(e.body, known)
    if e.operation == "softmax":  # a position that is masked by -inf has none
        masked = any(isinstance(p, Literal) and isinstance(p.value, float) for p in subexpressions(e.body))
        return Sign.NOT_NEGATIVE if masked else Sign.POSITIVE
    if e.operation in ("mean", "max", "min", "prod", "cumsum"):
        return body
    if e.operation == "norm":
        return max(body, Sign.NOT_NEGATIVE)
    return Sign.NOT_NEGATIVE if e.operation in ("var", "topk", "argmax") else Sign.ANY


def _is_topk(e: Expr) -> bool:
    return isinstance(e, IndexMap) and e.operation == "topk"


def _chooses(e: IndexSum) -> bool:
    """Whether a sum runs over all of what a topk chooses from: at least one term then has the factor 1."""
    return any(_is_topk(f) and set(getattr(f, "indices", ())) <= set(e.indices) for f in _factors(e.body))


def _factors(e: Expr) -> tuple[Expr, ...]:
    return e.factors if isinstance(e, Product) else (e,)


def _divisions(statement: Statement) -> Iterator[tuple[Found, tuple[Expr, ...]]]:
    count = 0
    stack: list[tuple[Expr, tuple[Expr, ...]]] = [(side, ()) for side in reversed(sides(statement))]
    while stack:
        part, others = stack.pop()
        if is_division(part):
            yield (statement, part, count), others
            count += 1
        inner = children(part)
        factors = inner if isinstance(part, Product) else ()
        stack += [(e, factors[:n] + factors[n + 1 :]) for n, e in reversed(tuple(enumerate(inner)))]


def _similar(e: Sum) -> list[Expr]:
    if len({x.free for x in e.terms}) == len(e.terms):
        return []
    read = [(x.free, tensors_in(x)) for x in e.terms]
    many = Counter(read)
    return [x for x, (free, tensors) in zip(e.terms, read) if tensors and many[free, tensors] > 1]


def names_of(parts: Iterable[Expr]) -> set[str]:
    """Names of tensors, functions and indices in the parts of an expression."""
    found: set[str] = set()
    for part in parts:
        if isinstance(part, (Access, MatrixApply)):
            found.add(part.tensor)
        elif isinstance(part, Apply):
            found.add(part.function)
        found.update(i.name for i in slot_indices(slots_of(part)))
        found.update(i.name for i in getattr(part, "indices", ()))
    return found | {name.rstrip("'") for name in found}  # a bound index may have been renamed apart


# ---- the same up to names ------------------------------------------------------------------------
def standard(e: Expr) -> Expr:
    """The expression with its bound indices named by their place, so that two that differ in these only are equal."""
    return _standard(e, 0)


def _standard(e: Expr, depth: int) -> Expr:
    if isinstance(e, Binder) and not e.keeps:
        names: dict[Index, Slot] = {i: Index(f"\0{depth + n}", i.space) for n, i in enumerate(e.indices)}
        body = _standard(substitute(e.body, names), depth + len(names))
        indices = tuple(names.values())
        if isinstance(e, IndexSum):
            return IndexSum(body, indices)  # type: ignore[arg-type]
        return IndexReduce(e.operation, body, indices)  # type: ignore[attr-defined,arg-type]
    inner = children(e)
    return rebuild(e, tuple(_standard(x, depth) for x in inner)) if inner else e


def unordered(e: Expr) -> Expr:
    """The expression with terms and factors sorted, and the sign dropped inside of even powers, so that (a - b)**2 and
    (b - a)**2 are equal."""

    def visit(part: Expr) -> Expr:
        if isinstance(part, Sum):
            return Sum(tuple(sorted(part.terms, key=str)))
        if isinstance(part, Product):
            return Product(tuple(sorted(part.factors, key=str)))
        if isinstance(part, Power) and isinstance(part.base, Sum) and _is_even(part.exponent):
            turned = Sum(tuple(sorted((multiply(MINUS_ONE, x) for x in part.base.terms), key=str)))
            return Power(min(part.base, turned, key=str), part.exponent)
        return part

    return transform(standard(e), visit)


def _is_even(e: Expr) -> bool:
    return isinstance(e, Literal) and isinstance(e.value, int) and e.value % 2 == 0


def shown(index: Index) -> str:
    """A bound index as it was written: reading renames nested ones apart by primes."""
    return index.name.rstrip("'") or index.name


def at_index(body: Expr, bound: Index, whole: Expr) -> Index | None:
    """The index i of `whole` for which it is `body` with i in the place of the bound index, or None."""
    if whole.free == body.free and standard(whole) == standard(body):
        return bound
    for index in sorted(whole.free - body.free, key=lambda i: i.name):
        if index.space == bound.space and standard(substitute(body, {bound: index})) == standard(whole):
            return index
    return None
