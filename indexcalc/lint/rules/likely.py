"""Equations that are well formed and most likely not what was meant: parts that cancel, repeat or do not vary, and
products that were meant as contractions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

from ...diagnostics import Diagnostic
from ...ir.build import MINUS_ONE, multiply
from ...ir.expr import (
    Access,
    Apply,
    Compare,
    Delta,
    Expr,
    Index,
    IndexMap,
    IndexReduce,
    IndexSum,
    IndexValue,
    Product,
    Sum,
    Where,
)  # fmt: skip
from ...ir.program import Define, Statement
from ...ir.walk import children, slots_of, subexpressions, substitute
from ..facts import shown, standard, unordered
from ..registry import Checked, lint_rule

E = TypeVar("E", bound=Expr)


@lint_rule(
    "IX150",
    name="elementwise-matrices",
    summary="two undeclared matrices are multiplied component by component",
    why="C_ij = A_ij B_ij sums nothing: each component is a product of two numbers. The matrix product pairs the "
    "second index of A with the first of B, C_ij = A_ik B_kj.",
    bad="C_ij = A_ij B_ij",
    good="C_ij = A_ik B_kj",
    right="The Hadamard product is meant. Declaring a matrix, `tensor A[i, j]`, says that its indices are chosen.",
)
def elementwise_matrices(checked: Checked) -> Iterator[Diagnostic]:
    """C_ij = A_ij B_ij of inputs that look like matrices, where the program declares nothing."""
    program = checked.program
    if _declares(checked):
        return
    for s in program.statements:
        if not isinstance(s, Define) or not isinstance(s.body, Product) or len(s.indices) != 2:
            continue
        one, two = (*s.body.factors, None, None)[:2]
        if len(s.body.factors) == 2 and isinstance(one, Access) and isinstance(two, Access):
            alike = {*one.slots} == {*two.slots} == {*s.indices}
            named = all(x.tensor[0].isupper() and x.tensor in checked.facts.inputs for x in (one, two))
            if alike and named and one.tensor != two.tensor and _is_letter(one) and _is_letter(two):
                i, j = (x.name for x in s.indices)
                k = next(c for c in "kmnpqrs" if c not in (i, j))
                message = f"`{one.tensor}` and `{two.tensor}` are multiplied component by component: nothing is summed"
                hint = f"for the matrix product write {one.tensor}[{i}, {k}] {two.tensor}[{k}, {j}]"
                yield checked.warning("IX150", message, s.span, hint)


@lint_rule(
    "IX151",
    name="elementwise-inside",
    summary="a matrix inside a function is multiplied component by component, though the other one is contracted",
    why="In V[i,h] tanh(W[h,i] y[n,i]) the index i is free, so that W scales y and mixes nothing: each i has a network "
    "of its own. The layer sums over an index that only W and y have: V[i,h] tanh(W[h,j] y[n,j]).",
    bad="s[n, i] = V[i, h] tanh(W[h, i] y[n, i])",
    good="s[n, i] = V[i, h] tanh(W[h, j] y[n, j])",
    right="Every i is to have weights of its own, as in a depthwise layer.",
)
def elementwise_inside(checked: Checked) -> Iterator[Diagnostic]:
    """V[i,h] f(W[h,i] y[…,i]) with i free and h summed."""
    for s, part in checked.facts.parts(IndexSum):
        found = _scaled_inside(part)
        if isinstance(s, Define) and found is not None and found[0] in s.indices:
            index, matrix, vector = found
            message = f"`{index.name}` is free, so that `{matrix}` and `{vector}` are multiplied component by component"
            hint = f"to contract them give both an index that is not on the left in the place of {index.name}"
            yield checked.warning("IX151", message, s.span, hint)


@lint_rule(
    "IX152",
    name="constant-along",
    summary="a reduction or softmax along an index that the tensors in it do not have",
    why="What does not vary along an index has the same value for all of it: its mean and maximum are itself, its "
    "softmax is 1/N, its sum is N times it. Usually an index inside is misspelt.",
    bad="y[n] = u[n] - mean[m](u[n])\nindex n, m : rows(N)",
    good="y[n] = u[n] - mean[m](u[m])\nindex n, m : rows(N)",
    right="The extent is wanted as a factor: then write the extent.",
)
def constant_along(checked: Checked) -> Iterator[Diagnostic]:
    """Reductions whose tensors all lack the index; a mask may have it."""
    facts, places = checked.facts, checked.places
    for s, part in (*facts.parts(IndexSum), *facts.parts(IndexReduce), *facts.parts(IndexMap)):
        assert isinstance(part, (IndexSum, IndexReduce, IndexMap))
        held = _values(part.body)
        lacking = [i for i in part.indices if held and not any(i in e.free for e in held)]
        if lacking:
            name, operation = shown(lacking[0]), "sum" if isinstance(part, IndexSum) else part.operation
            message = f"nothing that this {operation} runs over has the index `{name}`"
            hint = f"give a tensor inside the index {name}, or write the extent as a factor"
            yield checked.warning("IX152", message, places.span(places.reduction(s, part), s), hint)


@lint_rule(
    "IX153",
    name="cancels",
    summary="a term and its negative, or a comparison of something with itself",
    why="x - x is 0 and x == x always holds, for all values. Such a part is left over from an index that was meant to "
    "differ: x[i] - x[j].",
    bad="D[i, j] = sum[d]((x[i, d] - x[i, d])**2) + a[i] b[j]",
    good="D[i, j] = sum[d]((x[i, d] - x[j, d])**2) + a[i] b[j]",
    right="It is never meant; a claim that both sides of an identity agree is not told of.",
)
def cancels(checked: Checked) -> Iterator[Diagnostic]:
    """Sums with opposite terms, comparisons of equal sides."""
    for s, _, alike in _similar(checked):
        known = {standard(x) for x in alike}
        opposite = next((x for x in alike if standard(multiply(MINUS_ONE, x)) in known), None)
        if opposite is not None:
            message = f"`{multiply(MINUS_ONE, opposite)}` and `{opposite}` cancel, whatever the tensors hold"
            yield checked.warning("IX153", message, s.span, "one of them was meant to have another index")
    for s, equal in _stated(checked, Compare):
        if equal.left == equal.right and _values(equal.left):
            message = f"`{equal.left}` is compared with itself"
            yield checked.warning("IX153", message, s.span, "one side was meant to have another index")


@lint_rule(
    "IX154",
    name="term-twice",
    summary="the same term stands twice in a sum",
    why="Twice a term is written with a 2. Two equal terms are mostly two terms of which one has lost an index or an "
    "order: A_ij + A_ij was A_ij + A_ji.",
    bad="e[i, j] = (H[i, j] + H[i, j]) / 2",
    good="e[i, j] = (H[i, j] + H[j, i]) / 2",
    right="It is never needed: 2 A_ij says it.",
)
def term_twice(checked: Checked) -> Iterator[Diagnostic]:
    """Sums with equal terms."""
    for s, part, alike in _similar(checked):
        twice = [x for x, n in Counter(map(standard, alike)).items() if n > 1]
        equal = [x for x in part.terms if standard(x) in twice] if twice else []
        if equal:
            hint = "write it once with a factor 2, or give one of them its own indices"
            yield checked.warning("IX154", f"`{equal[0]}` stands twice in one sum", s.span, hint)


@lint_rule(
    "IX155",
    name="lone-diagonal",
    summary="a term takes a diagonal of a free index and lacks another free index of the same space",
    why="In M_ij = A_jj + B_ij the first term is the same for every i. A diagonal beside a full matrix is usually "
    "A_ij with one index written twice.",
    bad="index i, j : n(N)\nM[i, j] = A[j, j] + B[i, j]",
    good="index i, j : n(N)\nM[i, j] = A[i, j] + B[i, j]",
    right="The diagonal is meant for each row, as in G_ii + G_jj - 2 G_ij, where both stand: that is not told of.",
)
def lone_diagonal(checked: Checked) -> Iterator[Diagnostic]:
    """Terms of a sum with A[j,j], j free, beside terms that have i and j, where no term has A[i,i]."""
    for s, part in _stated(checked, Sum):
        found = [(term, d) for term in part.terms for d in _diagonals(term)]
        known = {(_name(d), _index(d)) for _, d in found}
        for term, diagonal in found:
            index = _index(diagonal)
            others = sorted((i for i in part.free - term.free if i.space == index.space), key=lambda i: i.name)
            beside = [o for o in others if any({index, o} <= x.free for x in part.terms)]
            if beside and not any((_name(diagonal), o) in known for o in others):
                message = f"`{diagonal}` takes a diagonal, and its term does not vary with `{beside[0].name}`"
                hint = f"write one of the two {index.name} as {beside[0].name}"
                yield checked.warning("IX155", message, s.span, hint)


@lint_rule(
    "IX156",
    name="read-transposed",
    summary="a definition is only ever read with two of its indices exchanged",
    why="S[i,j] that every reader takes as S[j,i], with the same letters, was either defined or read the wrong way "
    "round. Both indices are of one space, so that nothing else can tell.",
    bad="index i, j : seq(L)\nS[i, j] = Q[i, d] K[j, d]\nP[i, j] = softmax[j](S[j, i])",
    good="index i, j : seq(L)\nS[i, j] = Q[i, d] K[j, d]\nP[i, j] = softmax[j](S[i, j])",
    right="The transpose is meant: defining it that way round, S[j,i] = …, says so.",
)
def read_transposed(checked: Checked) -> Iterator[Diagnostic]:
    """Definitions, no outputs, whose readers all exchange the same two letters of one space."""
    program = checked.program
    readings: dict[str, list[tuple[Statement, Access]]] = {}
    for s, part in checked.facts.parts(Access):
        readings.setdefault(part.tensor, []).append((s, part))
    for definition in program.definitions.values():
        own = tuple(i.name for i in definition.indices)
        found = readings.get(definition.name, ())
        if not found or definition.name in program.outputs:
            continue
        if all(_is_exchange(own, tuple(map(str, x.slots))) and not x.variance for _, x in found):
            if _is_symmetric(definition, found[0][1]):
                continue
            statement, access = found[0]
            message = (
                f"`{definition.name}` is defined as {definition.name}[{', '.join(own)}] and only read as `{access}`"
            )
            hint = "read it the other way round, or define it as it is read"
            yield checked.warning("IX156", message, statement.span, hint)


def _is_symmetric(definition: Define, reading: Access) -> bool:
    """Whether the exchange leaves the definition as it is, as in a kernel of distances."""
    slots = [s for s in reading.slots if isinstance(s, Index)]
    places = {i.name: i for i in definition.indices}
    exchanged = substitute(definition.body, {a: places[b.name] for a, b in zip(definition.indices, slots)})
    return unordered(exchanged) == unordered(definition.body)


def _is_exchange(one: tuple[str, ...], two: tuple[str, ...]) -> bool:
    """Whether two rows of names differ by one exchange."""
    differing = [n for n, (a, b) in enumerate(zip(one, two)) if a != b]
    return len(one) == len(two) and len(differing) == 2 and sorted(one) == sorted(two)


# ---- helpers -------------------------------------------------------------------------------------
def _declares(checked: Checked) -> bool:
    """Whether the text declares anything: indices, tensors."""
    words = ("index ", "tensor ", "integer ")
    return any(line.lstrip().startswith(words) for line in checked.text.replace(";", "\n").splitlines())


def _is_letter(access: Access) -> bool:
    """Whether a name is one letter, as matrices have."""
    return len(access.tensor.rstrip("'0123456789")) == 1


def _scaled_inside(part: IndexSum) -> tuple[Index, Access, Access] | None:
    """(i, W, y) of Σ_h V[i,h] f(W[h,i] y[…,i])."""
    if not isinstance(part.body, Product):
        return None
    outer = [f for f in part.body.factors if isinstance(f, Access) and len(f.slots) == 2]
    for factor in part.body.factors:
        if not isinstance(factor, Apply) or len(factor.arguments) != 1:
            continue
        for inner in subexpressions(factor.arguments[0]):
            accesses = [f for f in inner.factors if isinstance(f, Access)] if isinstance(inner, Product) else []
            for matrix in accesses:
                for vector in accesses:
                    shared = matrix.free & vector.free
                    if len(matrix.slots) != 2 or matrix is vector or len(shared) != 1:
                        continue
                    (index,) = shared
                    summed = matrix.free - shared
                    if not summed <= set(part.indices) or not isinstance(index, Index) or vector.free & summed:
                        continue
                    if any(v.free == matrix.free for v in outer):
                        return index, matrix, vector
    return None


def _values(e: Expr) -> list[Expr]:
    """The tensors, δs and the like that a value depends on.  A mask that only compares indices is left out."""
    found: list[Expr] = []
    stack = [e]
    while stack:
        now = stack.pop()
        if isinstance(now, Where):
            stack += [now.then, now.other, *([now.condition] if _has_tensor(now.condition) else ())]
        elif isinstance(now, (Compare, IndexValue)):
            found += [now] if isinstance(now, IndexValue) or _has_tensor(now) or now is e else []
        elif slots_of(now):
            found.append(now)
        else:
            stack += children(now)
    return found


def _has_tensor(e: Expr) -> bool:
    return any(isinstance(p, Access) for p in subexpressions(e))


def _stated(checked: Checked, kind: type[E]) -> Iterator[tuple[Statement, E]]:
    """The parts of a definition, and of a claim about an input; identities may say the obvious."""
    return ((s, part) for s, part in checked.facts.parts(kind) if _states(s, checked))


def _similar(checked: Checked) -> Iterator[tuple[Statement, Sum, Sequence[Expr]]]:
    """Sums of the same statements, with the terms that are similar."""
    return (found for found in checked.facts.similar if _states(found[0], checked))


def _states(s: Statement, checked: Checked) -> bool:
    return isinstance(s, Define) or (isinstance(s.left, Access) and s.left.tensor in checked.facts.inputs)


def _diagonals(e: Expr) -> Iterator[Access | Delta]:
    """References with one index, free in `e`, in both of their two slots."""
    for part in subexpressions(e):
        if isinstance(part, (Access, Delta)):
            slots = slots_of(part)
            if len(slots) == 2 and slots[0] == slots[1] and isinstance(slots[0], Index) and slots[0] in e.free:
                yield part


def _index(diagonal: Access | Delta) -> Index:
    (index,) = diagonal.free
    return index


def _name(diagonal: Access | Delta) -> str:
    return diagonal.tensor if isinstance(diagonal, Access) else "delta"


RULES = (elementwise_matrices, elementwise_inside, constant_along, cancels, term_twice, lone_diagonal, read_transposed)
