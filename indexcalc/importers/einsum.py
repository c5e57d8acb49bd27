"""From einsum, in every spelling that the language takes, to a program of one definition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..diagnostics import fail
from ..elaborate.einsum import ELLIPSIS, Labels, Refused, Spec, expanded, parse_spec
from ..elaborate.read import read_program
from ..ir.program import Program
from .names import Names, sayable

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Shape = tuple[int, ...] | None


def from_einsum(spec: Any, *operands: Any) -> Program:
    """The program of an einsum call; see `indexcalc.from_einsum`."""
    try:
        own, given = _arguments(spec, operands)
        described = [_operand(x) for x in given]
        ranks = [_rank(labels, shape) for labels, (_, shape) in zip(own.inputs, described)]
        if len(given) != len(own.inputs):
            message = f"the spec describes {len(own.inputs)} operands, but {len(given)} are given"
            raise Refused(message, "one group of labels for each operand, with commas between")
        inputs, output = expanded(own, ranks)
    except Refused as refusal:
        raise fail("IX505", str(refusal), hint=refusal.hint) from None
    return read_program(_text(inputs, output, described))


# ---- arguments ---------------------------------------------------------------------------------------------
def _arguments(spec: Any, operands: Sequence[Any]) -> tuple[Spec, list[Any]]:
    """The labels and the operands: of a string and what follows, or of operands and lists in turn."""
    if not operands and isinstance(spec, str):
        found = parse_spec(spec)
        return found, [None] * len(found.inputs)
    if isinstance(spec, str) and not isinstance(operands[0], list):
        return parse_spec(spec), list(operands)
    given = [spec, *operands]
    output = _sublist(given.pop()) if len(given) % 2 else None
    if not given:
        raise Refused("einsum has no operands", 'from_einsum("ij,jk->ik", "A", "B")')
    return Spec([_sublist(x) for x in given[1::2]], output), given[::2]


def _sublist(entries: Any) -> Labels:
    if not isinstance(entries, list):
        raise Refused(f"after each operand comes its list of labels, not {entries!r}", "[0, 1], or [0, ...]")
    return [ELLIPSIS if e is Ellipsis else _label(e) for e in entries]


def _label(entry: Any) -> str:
    if isinstance(entry, str) and entry.isidentifier():
        return entry
    if isinstance(entry, int) and not isinstance(entry, bool) and 0 <= entry < 10**6:
        return f"{entry:06d}"  # sorted as numbers, as NumPy does
    raise Refused(f"`{entry!r}` is no label", "a list of labels holds whole numbers, names and ...")


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
        raise Refused(message, 'from_einsum("ij,jk->ik", "A", (3, 4))') from None
    if any(n < 1 for n in found):
        raise Refused(f"the shape {found} is empty", "every size is at least 1")
    return found


def _rank(labels: Labels, shape: Shape) -> int:
    if shape is not None:
        return len(shape)
    if ELLIPSIS in labels:
        raise Refused("how many slots `...` stands for is not known", 'give the operand\'s shape: ("A", (2, 3, 4))')
    return len(labels)


# ---- text --------------------------------------------------------------------------------------------------
def _text(inputs: list[Labels], output: Labels, operands: Sequence[tuple[str, Shape]]) -> str:
    """The program's source.  Every name in it has been checked, or is made here."""
    names = Names()
    tensors = list(_tensor_names([name for name, _ in operands], names))
    result = names.new(next(c for c in ALPHABET[len(operands) % 26 :] + ALPHABET if c not in tensors))
    letters = _letters([x for labels in inputs for x in labels], names)
    sizes = _sizes(inputs, [shape for _, shape in operands])
    lines = [f"index {letters[x]} : space_{letters[x]}({n})" for x, n in sizes.items()]
    factors = []
    for name, labels, (_, shape) in zip(tensors, inputs, operands):
        slots = [
            "0" if shape is not None and shape[k] == 1 and sizes.get(x, 1) != 1 else letters[x]
            for k, x in enumerate(labels)
        ]
        factors.append(_reference(name, slots))
    summed = [letters[x] for x in dict.fromkeys(x for labels in inputs for x in labels) if x not in output]
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


def _sizes(inputs: list[Labels], shapes: Sequence[Shape]) -> dict[str, int]:
    """The size of each label that a shape tells; a size of 1 goes with any."""
    found: dict[str, int] = {}
    for labels, shape in zip(inputs, shapes):
        for label, size in zip(labels, shape or ()):
            before = found.setdefault(label, size)
            if 1 not in (before, size) and before != size:
                message = f"the label `{label.lstrip('0') or '0'}` has the sizes {before} and {size}"
                raise fail("IX944", message, hint="slots with one label have one size")
            found[label] = max(before, size)
    return found
