"""What costs far more than it needs to, by known extents or whatever they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...diagnostics import Diagnostic
from ...ir.expr import Access, Compare, Expr, Index, IndexSum, IndexValue, Product
from ...ir.program import Define
from ...ir.walk import children
from ..facts import Facts
from ..orders import MAX_OPERANDS, best
from ..registry import Checked, lint_rule

Labels = frozenset[Index]
WORTH_TELLING = 4  # times the multiplications of the best order
LARGE = 2**24  # components
MANY_TIMES = 16  # the inputs and results
ONE_HOT = re.compile(r"one_?hot", re.IGNORECASE)


@lint_rule(
    "IX701",
    name="costly-order",
    summary="a definition forces a contraction order that costs far more than the best",
    why="(A B) x multiplies two matrices, A (B x) only a matrix and a vector, twice. Within one product the compiler "
    "chooses the order by itself; a definition of its own is computed as it stands.",
    bad="M[i, k] = A[i, j] B[j, k]\ny[i] = M[i, k] x[k]\noutput y",
    good="y[i] = A[i, j] B[j, k] x[k]\noutput y",
    right="The definition is kept for later calls, with other vectors.",
)
def costly_order(checked: Checked) -> Iterator[Diagnostic]:
    """Definitions that one contraction alone reads, and that it would better take apart."""
    facts = checked.facts
    for statement in checked.program.statements:
        if not isinstance(statement, Define):
            continue
        whole = _operands_of(statement.body)
        if whole is None:
            continue
        for factor in whole[0]:
            inner = _taken_apart(factor, facts)
            if inner is None or len(inner) + len(whole[0]) - 1 > MAX_OPERANDS:
                continue
            rest = [f.free for f in whole[0] if f is not factor]
            told = _gain(inner, factor.free, rest, whole[1])
            if told:
                message = f"`{factor.tensor}` is computed first, {told}"
                hint = f"write its definition in the place of `{factor}`: within one product the order is chosen"
                yield checked.warning("IX701", message, statement.span, hint)


@lint_rule(
    "IX702",
    name="large-intermediate",
    summary="an intermediate tensor is far larger than all that goes in and comes out",
    why="A score matrix of L x L numbers is written to memory and read again, where a kernel that works in blocks "
    "keeps a running maximum and sum and never stores it.",
    bad="index i, j : seq(16384)\nindex d, a : head(64)\ntensor Q[i, d], K[j, d], V[j, a]\n"
    "P[i, j] = softmax[j](Q[i, d] K[j, d])\nO[i, a] = P[i, j] V[j, a]",
    good="index i, j : seq(512)\nindex d, a : head(64)\ntensor Q[i, d], K[j, d], V[j, a]\n"
    "P[i, j] = softmax[j](Q[i, d] K[j, d])\nO[i, a] = P[i, j] V[j, a]",
    severity="note",
    right="There is memory enough, or the tensor is needed as it is. Only extents that are numbers are judged.",
)
def large_intermediate(checked: Checked) -> Iterator[Diagnostic]:
    """The largest definition that is no output, where all extents are known and it outweighs the rest."""
    facts = checked.facts
    shapes = {t.name: t.indices for t in facts.inputs.values()}
    shapes |= {d.name: d.indices for d in facts.definitions.values()}
    sizes = {name: _size(indices) for name, indices in shapes.items()}
    around = [sizes[n] for n in (*facts.inputs, *facts.outputs) if n in sizes]
    between = [d for n, d in facts.definitions.items() if n not in facts.outputs and sizes[n] is not None]
    if not between or None in around:
        return
    largest = max(between, key=lambda d: sizes[d.name] or 0)
    size, rest = sizes[largest.name] or 0, sum(n or 0 for n in around)
    if size >= LARGE and size >= MANY_TIMES * rest:
        message = f"`{largest.name}` has {size:_} components, {size // rest} times all inputs and results"
        hint = "fuse the lines around it, as flash attention does, or work in blocks"
        yield checked.warning("IX702", message, largest.span, hint, severity="note")


@lint_rule(
    "IX703",
    name="one-hot-product",
    summary="a row is chosen by a product with a one-hot matrix",
    why="The product multiplies every row by 0 but one. A gather, E[tok[b], d], reads that row, and its gradient adds "
    "to that row alone.",
    bad="integer tok[b] : vocab(V)\nindex v : vocab\ny[b, d] = sum[v]((tok[b] == v) E[v, d])",
    good="integer tok[b] : vocab(V)\nindex v : vocab\ntensor E[v, d]\ny[b, d] = E[tok[b], d]",
    right="The hardware has no fast gather, or the weights are soft. δ[tok[b], v] is compiled to a gather.",
)
def one_hot_product(checked: Checked) -> Iterator[Diagnostic]:
    """Sums over v of (tok == v) times a tensor with v, and of inputs that are called one-hot."""
    for statement, part in checked.facts.parts(IndexSum):
        for chosen, index in _chosen(part, checked.facts):
            message = f"the sum over `{index.name}` only chooses one component"
            hint = f"gather it: put {chosen} into the slot in the place of {index.name}"
            yield checked.warning("IX703", message, statement.span, hint)


@lint_rule(
    "IX704",
    name="explicit-transpose",
    summary="a definition only puts the slots of a tensor in another order",
    why="The order of indices in a reference says it already: B[i,j] for a B that is A[j,i] hides which slot is which, "
    "and may copy the array.",
    bad="B[i, j] = A[j, i]\ny[i] = B[i, j] x[j]",
    good="y[i] = A[j, i] x[j]",
    severity="note",
    right="The transpose has a name of its own in the text that the program follows.",
)
def explicit_transpose(checked: Checked) -> Iterator[Diagnostic]:
    """B[i,j] = A[j,i], where B is no output."""
    facts = checked.facts
    for s in facts.definitions.values():
        body = s.body
        if not isinstance(body, Access) or s.name in facts.outputs or body.variance or len(body.slots) < 2:
            continue
        if len(body.slots) == len(s.indices) and set(body.slots) == set(s.indices) and body.slots != s.indices:
            message = f"`{s.name}` is `{body.tensor}` with its slots in another order"
            hint = f"read {body} where {s.name}[{', '.join(map(str, s.indices))}] is read"
            yield checked.warning("IX704", message, s.span, hint, severity="note")


def _operands_of(e: Expr) -> tuple[tuple[Access, ...], Labels] | None:
    """The tensors of a contraction Σ Π A, all their slots plain indices, and its result's indices.  Scalars are left
    out: they are multiplied into the smallest tensor."""
    body = e.body if isinstance(e, IndexSum) else e
    factors = body.factors if isinstance(body, Product) else (body,)
    tensors = [f for f in factors if f.free]
    for f in tensors:
        if not isinstance(f, Access) or len(f.free) < len(f.slots) or not all(isinstance(s, Index) for s in f.slots):
            return None
    return tuple(f for f in tensors if isinstance(f, Access)), e.free


def _taken_apart(factor: Access, facts: Facts) -> list[Labels] | None:
    """The operands of the contraction that a factor stands for, if nothing else reads it."""
    if facts.reads[factor.tensor] != 1 or factor.tensor in facts.outputs:
        return None
    found = facts.meaning(factor)
    inner = _operands_of(found) if found is not factor and isinstance(found, IndexSum) else None
    return [f.free for f in inner[0]] if inner is not None and len(inner[0]) > 1 else None


def _gain(inner: list[Labels], middle: Labels, rest: list[Labels], out: Labels) -> str:
    """What the forced order costs more, in words; "" where that is little or depends on the sizes."""
    used = frozenset[Index]().union(*inner, *rest)
    sizes = {i: i.space.extent for i in used}
    if all(isinstance(n, int) for n in sizes.values()):
        known = {i: n for i, n in sizes.items() if isinstance(n, int)}
        forced = best(inner, middle, known) + best([middle, *rest], out, known)
        free = best([*inner, *rest], out, known)
        return f"which takes {forced:_} multiplications instead of {free:_}" if forced >= WORTH_TELLING * free else ""
    if len(inner) != 2 or len(rest) != 1:
        return ""
    first = inner[0] | inner[1]
    for one, other in (inner, inner[::-1]):
        steps = (one | rest[0], other | ((one | rest[0]) & (out | other)))
        if all(step < first for step in steps):
            return f"over {_row(first)}, where no step needs more than {_row(max(steps, key=len))}"
    return ""


def _row(labels: Labels) -> str:
    return " x ".join(sorted(i.name for i in labels))


def _size(indices: tuple[Index, ...]) -> int | None:
    """The number of components, where every extent is a number."""
    total = 1
    for i in indices:
        if not isinstance(i.space.extent, int):
            return None
        total *= i.space.extent
    return total


def _chosen(e: IndexSum, facts: Facts) -> Iterator[tuple[str, Index]]:
    """What chooses in a sum, and the index that it chooses by."""
    for factor in e.body.factors if isinstance(e.body, Product) else ():
        index: Index | None = None
        chosen = ""
        if isinstance(factor, Compare) and factor.operator == "==":
            for value, label in ((factor.left, factor.right), (factor.right, factor.left)):
                if isinstance(label, IndexValue) and isinstance(value, Access) and _is_integer(value, facts):
                    index, chosen = label.index, str(value)
        elif isinstance(factor, Access) and ONE_HOT.search(factor.tensor) and factor.slots:
            last = factor.slots[-1]
            index, chosen = (last, "the integer tensor") if isinstance(last, Index) else (None, "")
        if index is None or index not in e.indices:
            continue
        if any(_has_slot(f, index) for f in children(e.body) if f is not factor):
            yield chosen, index


def _is_integer(e: Access, facts: Facts) -> bool:
    found = facts.inputs.get(e.tensor)
    return found is not None and found.is_integer


def _has_slot(e: Expr, index: Index) -> bool:
    return isinstance(e, Access) and index in e.slots


RULES = (costly_order, large_intermediate, one_hot_product, explicit_transpose)
