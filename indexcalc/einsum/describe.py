"""An einsum in words and in index notation: what kind of operation it is, its gradients, and its figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from ..diagnostics import fail, listed
from .dialects import DIALECTS
from .order import contraction_order
from .parse import parse
from .roles import Roles, joined
from .sentence import pattern_sentence, sentence
from .spec import ELLIPSIS, Spec

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Gradient:
    """The einsum that gives an operand's gradient from the result's (its first operand) and the other operands.

    `note` says what it cannot: axes along which the gradient is repeated, or the diagonal on which it stands.
    """

    spec: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Sizes and costs.  `flops` counts 2 for each product that is summed, as `indexcalc cost` does."""

    shapes: tuple[tuple[int, ...], ...]
    shape: tuple[int, ...]
    flops: int
    read: int
    written: int
    order: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """An operand of a matrix product whose matrices are not in one piece: batch labels stand `inside` of them, so that
    rows are so many bytes apart; in the `order` given each matrix would be in one piece."""

    operand: str
    inside: tuple[str, ...]
    bytes_apart: int
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """An einsum explained.  `figures` is None without sizes; `equation` is empty for patterns that only move axes."""

    equation: str
    sentence: str
    gradients: tuple[Gradient, ...] = ()
    figures: Figures | None = None
    layout: tuple[Layout, ...] = ()


def describe(
    spec: Spec | str,
    sizes: Mapping[str, int] | None = None,
    *,
    dialect: str = "language",
    names: Sequence[str] = (),
    itemsize: int = 4,
) -> Description:
    """What an einsum does.

    sizes     the size of each label; with none, there are no figures
    names     the operands' names and the result's, for the equation
    itemsize  bytes of one number

    Raises `SpecError` where the spec is no sound einsum, `IndexCalcError` where sizes do not fit it.

    >>> found = describe("bqhd,bkhd->bhqk", names=["Q", "K", "S"])
    >>> print(found.equation)
    S[b,h,q,k] = Q[b,q,h,d] K[b,k,h,d]
    >>> print(found.sentence)
    batched matmul (b, h), contracts d, transposes q and h, k and h
    >>> [gradient.spec for gradient in found.gradients]
    ['bhqk,bkhd->bqhd', 'bhqk,bqhd->bkhd']
    """
    read = parse(spec, dialect) if isinstance(spec, str) else spec
    if DIALECTS[read.dialect].operation != "contract":
        return Description("", pattern_sentence(read))
    roles = Roles.of(read)
    called = operand_names(len(roles.inputs), names)
    gradients = tuple(_gradient(roles, k) for k in range(len(roles.inputs)))
    figures: Figures | None = None
    layout: tuple[Layout, ...] = ()
    if sizes:
        known = _checked(roles, sizes)
        figures = _figures(roles, known, itemsize)
        layout = tuple(_layout(roles, called, known, itemsize))
    return Description(_equation(roles, called), sentence(roles, called), gradients, figures, layout)


def operand_names(count: int, given: Sequence[str] = ()) -> list[str]:
    """A name for each operand and for the result: those given, and free capitals."""
    found = list(given[: count + 1])
    free = (f"{letter}{n or ''}" for n in range(count + 2) for letter in LETTERS)
    while len(found) <= count:
        name = next(free)
        if name not in given:
            found.append(name)
    return found


def _equation(roles: Roles, names: Sequence[str]) -> str:
    factors = [_access(name, labels) for name, labels in zip(names, roles.inputs)]
    body = " ".join(factors)
    counts = {label: sum(labels.count(label) for labels in roles.inputs) for label in roles.summed}
    explicit = [label for label, n in counts.items() if n != 2]
    if explicit:
        body = f"sum[{','.join(explicit)}]({body})"
    return f"{_access(names[-1], roles.output)} = {body}"


def _access(name: str, labels: Sequence[str]) -> str:
    return f"{name}[{','.join(labels)}]" if labels else name


def _gradient(roles: Roles, k: int) -> Gradient:
    """The gradient of operand k."""
    others = [labels for n, labels in enumerate(roles.inputs) if n != k]
    known = {label for labels in (roles.output, *others) for label in labels}
    own = list(dict.fromkeys(roles.inputs[k]))
    here = [label for label in own if label in known]
    rows = joined([roles.output, *others, here])
    separator, arrow = (", ", " -> ") if any(" " in row for row in rows) else (",", "->")
    notes = []
    missing = [label for label in own if label not in known]
    if missing:
        notes.append(f"the same along {listed(missing)}")
    if roles.repeated(k):
        notes.append(f"on the diagonal of {listed(roles.repeated(k))}, 0 elsewhere")
    return Gradient(f"{separator.join(rows[:-1])}{arrow}{rows[-1]}", ", ".join(notes))


# ---- figures -----------------------------------------------------------------------------------------------
def _checked(roles: Roles, sizes: Mapping[str, int]) -> dict[str, int]:
    """A size for each label; an ellipsis counts as one place."""
    labels = [label for label in roles.labels if label != ELLIPSIS]
    for name in sizes:
        if name not in labels:
            raise fail(
                "IX942", f"a size is given for `{name}`, which is no label here", hint=f"labels: {listed(labels)}"
            )
    missing = [f"`{label}`" for label in labels if label not in sizes]
    if missing:
        raise fail("IX945", f"the size of {listed(missing)} is not given", hint="a size for each label")
    return {ELLIPSIS: 1, **{label: sizes[label] for label in labels}}


def _figures(roles: Roles, sizes: Mapping[str, int], itemsize: int) -> Figures:
    shapes = [tuple(sizes[label] for label in labels if label != ELLIPSIS) for labels in roles.inputs]
    shape = tuple(sizes[label] for label in roles.output if label != ELLIPSIS)
    order = contraction_order(roles.inputs, roles.output, sizes)
    read = itemsize * sum(prod(s) for s in shapes)
    return Figures(tuple(shapes), shape, _flops(roles, sizes, order), read, itemsize * prod(shape), tuple(order))


def _flops(roles: Roles, sizes: Mapping[str, int], order: Sequence[Sequence[int]]) -> int:
    work = [frozenset(labels) for labels in roles.inputs]
    total = 0
    for step in order:
        chosen = [work[k] for k in step]
        work = [labels for k, labels in enumerate(work) if k not in step]
        here = frozenset().union(*chosen)
        left = here & frozenset(roles.output).union(*work)
        work.append(left)
        points = prod(sizes[label] for label in here)
        per_point = len(chosen) - 1 + (left != here)
        total += points * per_point
    return total


def _layout(roles: Roles, names: Sequence[str], sizes: Mapping[str, int], itemsize: int) -> Iterator[Layout]:
    """What hinders a matrix product, by operand."""
    if len(roles.inputs) != 2 or not roles.contracted or ELLIPSIS in roles.labels:
        return
    batch = [label for label in roles.batch if sizes[label] > 1]
    for name, labels in zip(names, roles.inputs):
        matrix = [n for n, label in enumerate(labels) if label not in roles.batch]
        inside = tuple(label for n, label in enumerate(labels) if label in batch and matrix and n > matrix[0])
        if not inside or len(matrix) < 2 or len(set(labels)) < len(labels):
            continue
        row = max(n for n in matrix if n < labels.index(inside[-1]))
        apart = itemsize * prod(sizes[label] for label in labels[row + 1 :])
        front = [label for label in labels if label in roles.batch]
        yield Layout(name, inside, apart, (*front, *(labels[n] for n in matrix)))
