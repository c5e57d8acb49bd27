"""Random well-formed expressions and programs, built from nodes so that no reader is involved."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import strategies as st

from indexcalc.ir.build import add, index_sum, multiply, number, power
from indexcalc.ir.expr import (
    Access,
    Apply,
    Compare,
    Constant,
    Delta,
    Expr,
    Extent,
    Index,
    IndexMap,
    IndexReduce,
    IndexValue,
    LeviCivita,
    Literal,
    Logic,
    MatrixApply,
    Slot,
    Space,
    Where,
)
from indexcalc.ir.index import affine
from indexcalc.ir.program import Attribute, Claim, Define, FunctionDefinition, Program, Tensor

SEQ, HEAD, VOCAB, FIXED = Space("seq", "L"), Space("head", "D"), Space("vocab"), Space("fixed", 4)
I, J, K, M = (Index(n, SEQ) for n in ("i", "j", "k", "m"))  # noqa: E741
D, A, E = (Index(n, HEAD) for n in ("d", "a", "e"))
W, V, P, Q = Index("w", VOCAB), Index("v", VOCAB), Index("p", FIXED), Index("q", FIXED)
INDICES = (I, J, D, K, A, W, M, P, E, V, Q)
TENSORS = (
    Tensor("Q", (I, D)),
    Tensor("K", (J, D), (Attribute("constant"),)),
    Tensor("S", (I, J), (Attribute("symmetric", (1, 2)),)),
    Tensor("x", (I,)),
    Tensor("y", (D,)),
    Tensor("lam"),
    Tensor("tau", (), (Attribute("positive"),)),
    Tensor("tok", (I,), (), VOCAB),
    Tensor("E", (W, D)),
    Tensor("F", (P,)),
    Tensor("max"),
)
FUNCTION = FunctionDefinition("f", ("u",), multiply(Access("u", ()), power(Access("u", ()) + 1, number(-1))))
NUMBERS = (0, 1, 2, -1, -3, 10, Fraction(1, 2), Fraction(1, 3), Fraction(-5, 3), Fraction(1, 100000), Fraction(-1, 8))
EXPONENTS = (2, -1, 3, -2, 0, Fraction(1, 2), Fraction(-1, 2), Fraction(-3, 2), Fraction(1, 3))


@dataclass
class Scope:
    """Indices that may be used, and tensors that may be read."""

    indices: tuple[Index, ...]
    tensors: dict[str, tuple[Space, ...]] = field(default_factory=dict)

    def inside(self, bound: tuple[Index, ...]) -> Scope:
        return Scope(self.indices + bound, self.tensors)

    @property
    def unused(self) -> list[Index]:
        return [i for i in INDICES if i not in self.indices]


@st.composite
def slots(draw: st.DrawFn, space: Space, scope: Scope) -> Slot:
    mine = [i for i in scope.indices if i.space == space]
    kind = draw(st.sampled_from(("index", "index", "index", "integer", "special")))
    if kind == "index" and mine:
        return draw(st.sampled_from(mine))
    if kind == "special" and space == VOCAB:
        return Access("tok", (draw(slots(SEQ, scope)),))
    fixed = [i for i in scope.indices if i.space == FIXED]
    if kind == "special" and space == SEQ and fixed:
        first, coefficient = draw(st.sampled_from(fixed)), draw(st.sampled_from((1, 2, 3)))
        return affine([(coefficient, first)], draw(st.sampled_from((1, 2))))
    return draw(st.integers(0, 3))


@st.composite
def leaves(draw: st.DrawFn, scope: Scope) -> Expr:
    kind = draw(st.sampled_from(("access",) * 8 + ("number", "value", "delta", "extent", "pi", "eps", "matrix")))
    if kind == "number":
        return number(draw(st.sampled_from(NUMBERS)))
    if kind == "value" and scope.indices:
        return IndexValue(draw(st.sampled_from(scope.indices)))
    if kind == "delta":
        space = draw(st.sampled_from((SEQ, HEAD)))
        return Delta(draw(slots(space, scope)), draw(slots(space, scope)))
    if kind == "extent":
        return Extent(draw(st.sampled_from((SEQ, HEAD))))
    if kind == "pi":
        return Constant("pi")
    if kind == "eps":
        return LeviCivita(tuple(draw(slots(SEQ, scope)) for _ in range(draw(st.integers(2, 3)))))
    if kind == "matrix":
        operation = draw(st.sampled_from(("inv", "det", "logdet")))
        inner = (draw(slots(SEQ, scope)), draw(slots(SEQ, scope))) if operation == "inv" else ()
        return MatrixApply(operation, "S", inner)
    name = draw(st.sampled_from(sorted(scope.tensors)))
    return Access(name, tuple(draw(slots(space, scope)) for space in scope.tensors[name]))


@st.composite
def conditions(draw: st.DrawFn, scope: Scope, depth: int) -> Expr:
    kind = draw(st.sampled_from(("compare", "compare", "and", "or", "not")))
    if kind == "compare" or depth <= 0:
        operator = draw(st.sampled_from(("<", "<=", ">", ">=", "==", "!=")))
        return Compare(operator, draw(expressions(scope, depth - 1)), draw(expressions(scope, depth - 1)))
    count = 1 if kind == "not" else draw(st.integers(2, 3))
    return Logic(kind, tuple(draw(conditions(scope, depth - 1)) for _ in range(count)))


@st.composite
def expressions(draw: st.DrawFn, scope: Scope, depth: int = 3) -> Expr:
    """An expression whose free indices are among the scope's."""
    if depth <= 0:
        return draw(leaves(scope))
    inner = expressions(scope, depth - 1)
    kind = draw(st.sampled_from(KINDS))
    if kind == "contract":
        return draw(contractions(scope))
    if kind == "twins":  # the same dummies twice in one term
        first = draw(contractions(scope))
        return multiply(first, Apply("tanh", (draw(st.sampled_from((first, first + 1))),)))
    if kind == "number power":
        return power(number(draw(st.sampled_from((2, 10, Fraction(1, 2))))), draw(leaves(scope)))
    if kind == "sum":
        return add(*draw(st.lists(inner, min_size=2, max_size=3)))
    if kind == "product":
        return multiply(*draw(st.lists(inner, min_size=2, max_size=4)))
    if kind == "power":
        exponent = number(draw(st.sampled_from(EXPONENTS))) if draw(st.booleans()) else draw(leaves(scope))
        return power(draw(inner), exponent)
    if kind == "divide":
        return draw(inner) / draw(inner)
    if kind == "apply":
        name = draw(st.sampled_from(("exp", "tanh", "relu", "f", "max")))
        return Apply(name, tuple(draw(inner) for _ in range(2 if name == "max" else 1)))
    if kind == "where":
        other = Literal(float("-inf")) if draw(st.booleans()) else draw(inner)
        return Where(draw(conditions(scope, depth - 1)), draw(inner), other)
    if kind == "condition":
        return draw(conditions(scope, depth - 1))
    return draw(binders(scope, depth, kind))


@st.composite
def contractions(draw: st.DrawFn, scope: Scope) -> Expr:
    """A sum of a product that has each summed index twice, most of them to be left unwritten."""
    choices = [i for i in scope.unused if i.space in (SEQ, HEAD)]
    if not choices:
        return draw(leaves(scope))
    bound = tuple(draw(st.lists(st.sampled_from(choices), min_size=1, max_size=2, unique=True)))
    factors: list[Expr] = [Access("lam", ())] if draw(st.booleans()) else []
    for index in (*bound, *bound):
        name = draw(st.sampled_from([n for n, spaces in sorted(scope.tensors.items()) if index.space in spaces]))
        spaces = scope.tensors[name]
        inner = [draw(slots(space, scope)) for space in spaces]
        inner[spaces.index(index.space)] = index
        factor: Expr = Access(name, tuple(inner))
        wrap = draw(st.sampled_from(("", "", "", "divide", "exp")))
        factors.append(power(factor, number(-1)) if wrap == "divide" else Apply("exp", (factor,)) if wrap else factor)
    coefficient = number(draw(st.sampled_from((1, 1, 2, -1))))
    return index_sum(multiply(coefficient, *draw(st.permutations(factors))), bound)


KINDS = (
    ("sum", "product", "product", "power", "divide", "apply", "where", "condition")
    + ("bind",) * 3
    + (
        "map",
        "number power",
        "twins",
        *("contract",) * 4,
    )
)


@st.composite
def binders(draw: st.DrawFn, scope: Scope, depth: int, kind: str) -> Expr:
    if kind == "map":
        if not scope.indices:
            return draw(leaves(scope))
        along, operation = draw(st.sampled_from(scope.indices)), draw(st.sampled_from(("softmax", "cumsum", "topk")))
        body = draw(expressions(scope, depth - 1))
        return IndexMap(operation, body, (along,), 2 if operation == "topk" else 0)
    if not scope.unused:
        return draw(leaves(scope))
    bound = tuple(draw(st.lists(st.sampled_from(scope.unused), min_size=1, max_size=2, unique=True)))
    operation = draw(st.sampled_from(("sum",) * 8 + ("mean", "max", "logsumexp", "prod")))
    if operation == "sum":
        factors = draw(st.lists(expressions(scope.inside(bound), depth - 2), min_size=1, max_size=4))
        return index_sum(multiply(*factors), bound)
    return IndexReduce(operation, draw(expressions(scope.inside(bound), depth - 1)), bound)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A program of one to three definitions, perhaps with a claim and an output line."""
    tensors = {t.name: t.spaces for t in TENSORS if not t.is_integer}
    statements: list[Define | Claim] = []
    for name in draw(st.sampled_from((("O",), ("O", "P"), ("O", "P", "R")))):
        left = tuple(draw(st.lists(st.sampled_from(INDICES), max_size=3, unique=True)))
        statements.append(Define(name, left, draw(expressions(Scope(left, tensors)))))
        tensors = {**tensors, name: tuple(i.space for i in left)}
    names = [s.name for s in statements if isinstance(s, Define)]
    if draw(st.booleans()):
        claimed = statements[0]
        assert isinstance(claimed, Define)
        right = draw(expressions(Scope(claimed.indices, tensors), 2))
        if right.free == frozenset(claimed.indices):
            statements.append(Claim(Access(claimed.name, claimed.indices), right))
    outputs = tuple(draw(st.lists(st.sampled_from(names), min_size=1, unique=True)))
    return Program(INDICES, TENSORS, (FUNCTION,), (), tuple(statements), outputs)
