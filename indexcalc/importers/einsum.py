"""From einsum, in every spelling that the language takes, to a program of one definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..diagnostics import fail
from ..einsum.dialects import DIALECTS
from ..einsum.expand import Expanded, check_operands, expanded
from ..einsum.parse import from_lists, parse
from ..einsum.refusal import refusal
from ..einsum.spec import Spec, SpecError
from ..elaborate.read import read_program
from ..ir.program import Program
from .names import Names, sayable
from .patterns import as_einops, pattern_text

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Shape = tuple[int, ...] | None


def from_einsum(
    spec: Any, *operands: Any, dialect: str = "language", reduction: str = "sum", sizes: Mapping[str, int] | None = None
) -> Program:
    """The program of an einsum call or a pattern; see `indexcalc.from_einsum`."""
    try:
        own, given = _arguments(spec, operands, dialect)
        if DIALECTS[dialect].library == "einx":
            reduction = dialect.removeprefix("einx.") if DIALECTS[dialect].operation == "reduction" else reduction
            own = as_einops(own)
        described = [_operand(x) for x in given]
        if DIALECTS[own.dialect].operation == "contract":
            ranks = [None if shape is None else len(shape) for _, shape in described]
            return read_program(_text(expanded(own, ranks, sums_ellipsis=True), described))
        check_operands(own, len(given))
        return read_program(pattern_text(own, *described[0], reduction, sizes or {}))
    except SpecError as error:
        raise refusal(spec if isinstance(spec, str) else "", error) from None


# ---- arguments ---------------------------------------------------------------------------------------------
def _arguments(spec: Any, operands: Sequence[Any], dialect: str) -> tuple[Spec, list[Any]]:
    """The labels and the operands: of a string and what follows, or of operands and lists in turn."""
    if isinstance(spec, str) and not (operands and isinstance(operands[0], list)):
        if dialect not in DIALECTS and not dialect.startswith("einx."):
            raise fail("IX901", f"no dialect {dialect!r}", hint=f"dialects: {', '.join(DIALECTS)}")
        found = parse(spec, dialect)
        return found, list(operands) or [None] * len(found.inputs)
    given = [spec, *operands]
    output = _sublist(given.pop()) if len(given) % 2 else None
    if not given:
        raise fail("IX505", "einsum has no operands", hint='from_einsum("ij,jk->ik", "A", "B")')
    return from_lists([_sublist(x) for x in given[1::2]], output), given[::2]


def _sublist(entries: Any) -> list[object]:
    if not isinstance(entries, list):
        message = f"after each operand comes its list of labels, not {entries!r}"
        raise fail("IX505", message, hint="[0, 1], or [0, ...]")
    return entries


def _operand(x: Any) -> tuple[str, Shape]:
    """An operand's name, or "", and its shape where it says one."""
    if x is None or isinstance(x, str):
        return x or "", None
    if isinstance(x, tuple) and len(x) == 2 and isinstance(x[0], str):
        return x[0], _shape(x[1])
    return "", _shape(getattr(x, "shape", x))


def _shape(x: Any) -> tuple[int, ...]:
    try:
        found = tuple(int(n) for n in x)
    except (TypeError, ValueError):
        message = f"an operand of einsum is a name, a shape or an array, not {x!r}"
        raise fail("IX505", message, hint='from_einsum("ij,jk->ik", "A", (3, 4))') from None
    if any(n < 1 for n in found):
        raise fail("IX505", f"the shape {found} is empty", hint="every size is at least 1")
    return found


# ---- text --------------------------------------------------------------------------------------------------
def _text(found: Expanded, operands: Sequence[tuple[str, Shape]]) -> str:
    """The program's source.  Every name in it has been checked, or is made here."""
    inputs, output = found.inputs, found.output
    names = Names()
    tensors = list(_tensor_names([name for name, _ in operands], names))
    result = names.new(next(c for c in ALPHABET[len(operands) % 26 :] + ALPHABET if c not in tensors))
    letters = _letters(found.labels, names)
    sizes = _sizes(inputs, [shape for _, shape in operands])
    lines = [f"index {letters[x]} : space_{letters[x]}({n})" for x, n in sizes.items()]
    factors = []
    for name, labels, (_, shape) in zip(tensors, inputs, operands):
        slots = [
            "0" if shape is not None and shape[k] == 1 and sizes.get(x, 1) != 1 else letters[x]
            for k, x in enumerate(labels)
        ]
        factors.append(_reference(name, slots))
    summed = [letters[x] for x in found.summed]
    body = " * ".join(factors)
    body = f"sum[{', '.join(summed)}]({body})" if summed else body
    return "\n".join([*lines, f"{_reference(result, [letters[x] for x in output])} = {body}", f"output {result}"])


def _reference(name: str, slots: Sequence[str]) -> str:
    return f"{name}[{', '.join(slots)}]" if slots else name


def _tensor_names(given: Sequence[str], names: Names) -> Iterator[str]:
    """Names as given, which may repeat, and A, B, C… for the others."""
    for name in given:
        if name and not sayable(name):
            raise fail(
                "IX501", f"the language has no name `{name}`", hint="letters, digits and _, and no word of its own"
            )
    names.take(n for n in given if n)
    for k, name in enumerate(given):
        yield name or names.new(ALPHABET[k % 26])


def _letters(labels: Sequence[str], names: Names) -> dict[str, str]:
    """An index name for each label: the label itself where it can be one."""
    found: dict[str, str] = {}
    for label in dict.fromkeys(labels):
        if label[0].isalpha() and sayable(label) and names.free(label):
            found[label] = names.new(label)
    for label in dict.fromkeys(labels):
        if label not in found:
            found[label] = names.index()
    return found


def _sizes(inputs: Sequence[Sequence[str]], shapes: Sequence[Shape]) -> dict[str, int]:
    """The size of each label that a shape tells; a size of 1 goes with any."""
    found: dict[str, int] = {}
    for labels, shape in zip(inputs, shapes):
        for label, size in zip(labels, shape or ()):
            before = found.setdefault(label, size)
            if 1 not in (before, size) and before != size:
                message = f"the label `{label}` has the sizes {before} and {size}"
                raise fail("IX944", message, hint="slots with one label have one size")
            found[label] = max(before, size)
    return found
