"""A spec with each ellipsis spelled out for operands of given ranks, and the output that implicit mode means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .dialects import DIALECTS
from .spec import ELLIPSIS, Axis, Item, Operand, Spec, SpecError


@dataclass(frozen=True, slots=True)
class Expanded:
    """The labels of each operand and of the output.  The axes of ellipses are `...0`, `...1` from left to right."""

    inputs: tuple[tuple[str, ...], ...]
    output: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, in the order of their first occurrence in the operands."""
        return tuple(dict.fromkeys(label for labels in self.inputs for label in labels))

    @property
    def summed(self) -> tuple[str, ...]:
        """The labels that the output lacks."""
        kept = frozenset(self.output)
        return tuple(label for label in self.labels if label not in kept)


def expanded(spec: Spec, ranks: Sequence[int | None], *, sums_ellipsis: bool = False) -> Expanded:
    """The labels of operands of these ranks, and of the result.

    An operand without an ellipsis needs no rank.  `sums_ellipsis` says that an output may leave out the ellipsis, whose
    axes are then summed.  Raises `SpecError` with the place.

    >>> from indexcalc.einsum.parse import parse
    >>> expanded(parse("...ij,jk"), [3, 2])
    Expanded(inputs=(('...0', 'i', 'j'), ('j', 'k')), output=('...0', 'i', 'k'))
    """
    check_contraction(spec)
    check_operands(spec, len(ranks))
    widths = [_width(spec, k, rank) for k, rank in enumerate(ranks)]
    width = max(widths, default=0)
    every = tuple(f"{ELLIPSIS}{k}" for k in range(width))
    inputs = tuple(_spelled(operand, every[width - own :]) for operand, own in zip(spec.inputs, widths))
    if spec.output is None:
        return Expanded(inputs, every + implicit_output(spec))
    check_output(spec)
    if every and not sums_ellipsis and not any(axis.is_ellipsis for axis in spec.output.axes):
        message = "the output has no ellipsis, but an operand has"
        raise SpecError(message, spec.output.start, spec.output.end, "keep the ... in the output")
    return Expanded(inputs, _spelled(spec.output, every))


def implicit_output(spec: Spec) -> tuple[str, ...]:
    """The labels of the output that implicit mode means: those that stand once, sorted; the ellipsis is before them.

    Letters are sorted by their code points, capitals first; numbers of lists as numbers.

    >>> from indexcalc.einsum.parse import parse
    >>> implicit_output(parse("bA,bc")), implicit_output(parse("[10, 9]", "sublist"))
    (('A', 'c'), ('9', '10'))
    """
    counts = Counter(label for operand in spec.inputs for label in operand.labels)
    return in_order(label for label, n in counts.items() if n == 1)


def output_items(spec: Spec) -> tuple[Item, ...]:
    """The output's items; in implicit mode those that it means, at the places of the operands.

    >>> from indexcalc.einsum.parse import parse
    >>> [axis.name for axis in output_items(parse("kj...,ji"))]
    ['...', 'i', 'k']
    """
    if spec.output is not None:
        return spec.output.items
    first = {axis.name: axis for operand in reversed(spec.inputs) for axis in reversed(operand.axes)}
    front = (first[ELLIPSIS],) if ELLIPSIS in first else ()
    return (*front, *(first[label] for label in implicit_output(spec)))


def in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Labels sorted as the libraries sort them."""
    return tuple(sorted(labels, key=lambda x: (0, int(x), "") if is_whole_number(x) else (1, 0, x)))


def is_whole_number(label: str) -> bool:
    """Whether a label of a list is a number."""
    return label.lstrip("-").isdecimal() and label.isascii()


def check_contraction(spec: Spec) -> None:
    """That the spec is of plain labels: no groups, no sizes, one ellipsis an operand."""
    if DIALECTS[spec.dialect].operation != "contract":
        raise SpecError(f"{spec.dialect} is no einsum", 0, len(spec.text))
    for operand in spec.operands:
        for group in operand.groups[:1]:
            message = "einsum does not join or part axes"
            raise SpecError(message, group.start, group.end, "give each axis a label of its own")
        for number in (axis for axis in operand.axes if axis.is_number):
            raise SpecError(f"`{number.name}` is no label", number.start, number.end, "leave out axes of size 1")
        check_one_ellipsis(operand)


def check_one_ellipsis(operand: Operand) -> None:
    """That an operand has no second ellipsis."""
    for second in [axis for axis in operand.axes if axis.is_ellipsis][1:]:
        raise SpecError("a second ellipsis", second.start, second.end, "an operand has at most one ellipsis")


def check_operands(spec: Spec, given: int) -> None:
    """That as many operands are given as the spec describes."""
    if given == len(spec.inputs):
        return
    message = f"the spec describes {len(spec.inputs)} operands, but {given} are given"
    if given < len(spec.inputs):
        start, end = spec.inputs[given].start, spec.inputs[-1].end
    else:
        start, end = spec.inputs[-1].start, spec.inputs[-1].end
    raise SpecError(message, start, end, "one group of labels for each operand, with commas between")


def check_output(spec: Spec) -> None:
    """That the output's labels are of operands, and none stands twice."""
    known = {label for operand in spec.inputs for label in operand.labels}
    seen: set[str] = set()
    for axis in () if spec.output is None else spec.output.axes:
        if not axis.is_label:
            continue
        if axis.name not in known:
            message = f"the output's `{axis.name}` is in no operand"
            raise SpecError(message, axis.start, axis.end, "only labels of operands can stay")
        if axis.name in seen:
            message = f"the output repeats a label: `{axis.name}`"
            raise SpecError(message, axis.start, axis.end, "for a diagonal, repeat it in an operand")
        seen.add(axis.name)


def _width(spec: Spec, k: int, rank: int | None) -> int:
    """How many axes the ellipsis of operand k stands for; 0 where it has none."""
    operand = spec.inputs[k]
    own = next((axis for axis in operand.items if isinstance(axis, Axis) and axis.is_ellipsis), None)
    labels = len(operand.items) - (own is not None)
    if rank is None:
        if own is None:
            return 0
        message = "how many slots `...` stands for is not known"
        raise SpecError(message, own.start, own.end, "give the operand's shape")
    if rank < labels or (rank != labels and own is None):
        shown = spec.text[operand.start : operand.end].strip() or "(none)"
        message = f"an operand of rank {rank} has the labels {shown}"
        raise SpecError(message, operand.start, operand.end, "one label a slot")
    return rank - labels


def _spelled(operand: Operand, axes: tuple[str, ...]) -> tuple[str, ...]:
    out: list[str] = []
    for axis in operand.axes:
        if axis.is_ellipsis:
            out += axes
        else:
            out.append(axis.name)
    return tuple(out)
