"""einsum in every spelling, run by the operands' own library.

Three operands and more are contracted in pairs, in the order that costs least.  Only labels that a pair has count
for a library's 52 letters; where even a pair has more, its labels are merged into those of a batched matrix product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from string import ascii_letters
from typing import Any

from ..diagnostics import Diagnostic, IndexCalcError, Label, Lines, fail
from .arrays import Arrays, library_of
from .expand import Expanded, expanded
from .groups import joined, parted, without_groups
from .order import contraction_order
from .parse import from_lists, parse
from .refusal import refusal
from .spec import Spec, SpecError
from .targets import LETTERS

Labels = tuple[str, ...]


def einsum(spec: Any, *operands: Any) -> Any:
    """The array that the spec says; see `indexcalc.einsum`."""
    text = spec if isinstance(spec, str) else ""
    try:
        read, given = _arguments(spec, operands)
        library, arrays = library_of(given)
        text = read.text
        arrays = parted(read, arrays)
        plain = without_groups(read)
        found = expanded(plain, [len(x.shape) for x in arrays], sums_ellipsis=True)
    except SpecError as error:
        raise refusal(text, error) from None
    sizes = _sizes(plain, found, [tuple(x.shape) for x in arrays])
    out = _contracted(library, arrays, found, sizes)
    return joined(read, out)


def _arguments(spec: Any, operands: Sequence[Any]) -> tuple[Spec, list[Any]]:
    """The spec and the arrays: of a string and what follows, or of arrays and lists of labels in turn."""
    if isinstance(spec, str):
        if not operands:
            raise fail("IX505", "einsum has no operands", hint='einsum("ij,jk->ik", A, B)')
        return parse(spec, "language"), list(operands)
    given = [spec, *operands]
    output = given.pop() if len(given) % 2 else None
    lists = [*given[1::2], *([] if output is None else [output])]
    for entry in lists:
        if not isinstance(entry, (list, tuple)):
            message = f"after each operand comes its list of labels, not {type(entry).__name__}"
            raise fail("IX505", message, hint="einsum(A, [0, 1], B, [1, 2], [0, 2])")
    if not given:
        raise fail("IX505", "einsum has no operands", hint='einsum("ij,jk->ik", A, B)')
    return from_lists(given[1::2], output), given[::2]


# ---- sizes -------------------------------------------------------------------------------------------------
def _sizes(spec: Spec, found: Expanded, shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
    """The size of each label; a size of 1 goes with any other of another operand, as in NumPy."""
    sizes: dict[str, tuple[int, int]] = {}  # with the operand that says it
    for k, (labels, shape) in enumerate(zip(found.inputs, shapes)):
        own: dict[str, int] = {}
        for label, size in zip(labels, shape):
            if own.setdefault(label, size) != size:
                raise _mismatch(spec, label, (own[label], k), (size, k))
            before = sizes.setdefault(label, (size, k))
            if before[0] == 1:
                sizes[label] = (size, k)
            elif size not in (1, before[0]):
                raise _mismatch(spec, label, before, (size, k))
    return {label: size for label, (size, _) in sizes.items()}


def _mismatch(spec: Spec, label: str, first: tuple[int, int], second: tuple[int, int]) -> IndexCalcError:
    """Two sizes of one label, with the places of both."""
    name = "..." if label.startswith("...") else label
    shown = "an axis of `...`" if name == "..." else f"the axis `{label}`"
    message = f"{shown} has size {first[0]} in operand {first[1] + 1}, but size {second[0]} in operand {second[1] + 1}"
    lines = Lines(spec.text)
    one = next(axis for axis in spec.inputs[first[1]].axes if axis.name == name)
    other = [axis for axis in spec.inputs[second[1]].axes if axis.name == name][-1]
    label_there = Label(lines.span(one.start, one.end), f"{first[0]} here")
    place = lines.span(other.start, other.end)
    return IndexCalcError(
        Diagnostic(
            "IX944", message, place, "one label has one size", label=f"{second[0]} here", labels=(label_there,),
            source=spec.text,
        )
    )  # fmt: skip


# ---- contraction -------------------------------------------------------------------------------------------
def _contracted(library: Arrays, arrays: list[Any], found: Expanded, sizes: Mapping[str, int]) -> Any:
    """The product summed over all labels that the output lacks, in pairs."""
    work = list(zip(arrays, found.inputs))
    for step in contraction_order(found.inputs, found.output, sizes):
        chosen = [work[k] for k in step]
        work = [pair for k, pair in enumerate(work) if k not in step]
        keep = {label for _, labels in work for label in labels}.union(found.output)
        here = dict.fromkeys(label for _, labels in chosen for label in labels)
        left = found.output if not work else tuple(label for label in here if label in keep)
        work.append((_step(library, chosen, left), left))
    return work[0][0]


def _step(library: Arrays, chosen: Sequence[tuple[Any, Labels]], output: Labels) -> Any:
    """One or two operands to the output's labels."""
    labels = dict.fromkeys(label for _, own in chosen for label in own)
    if len(labels) > LETTERS:
        return _wide(library, chosen, output)
    letters = dict(zip(labels, ascii_letters))
    inputs = ",".join("".join(letters[label] for label in own) for _, own in chosen)
    return library.contract(f"{inputs}->{''.join(letters[label] for label in output)}", [x for x, _ in chosen])


def _wide(library: Arrays, chosen: Sequence[tuple[Any, Labels]], output: Labels) -> Any:
    """The same for more labels than letters: labels of one role are one axis of a batched matrix product."""
    pairs = [_diagonal(x, own) for x, own in chosen]
    sizes = {label: 1 for _, own in pairs for label in own}
    for x, own in pairs:
        sizes |= {label: n for label, n in zip(own, x.shape) if n != 1}
    pairs = [_without_stretched(x, own, sizes) for x, own in pairs]
    pairs = [_summed(x, own, {*output, *(a for y, b in pairs if y is not x for a in b)}) for x, own in pairs]
    if len(pairs) == 1:
        x, own = pairs[0]
        return library.permute(x, [own.index(label) for label in output])
    (x, left), (y, right) = pairs
    batch = [a for a in left if a in right and a in output]
    summed = [a for a in left if a in right and a not in output]
    rows, columns = [a for a in left if a not in right], [a for a in right if a not in left]
    x = _as_matrices(library, x, left, sizes, batch, rows, summed)
    y = _as_matrices(library, y, right, sizes, batch, summed, columns)
    out = library.contract("zab,zbc->zac", [x, y])
    order = [*batch, *rows, *columns]
    out = out.reshape(tuple(sizes[a] for a in order))
    return library.permute(out, [order.index(label) for label in output])


def _diagonal(x: Any, labels: Labels) -> tuple[Any, Labels]:
    """Repeated labels once."""
    own = list(labels)
    while len(set(own)) < len(own):
        second = next(k for k, label in enumerate(own) if label in own[:k])
        label, first = own[second], own.index(own[second])
        x = x.diagonal(0, first, second)  # goes to the end
        own = [a for k, a in enumerate(own) if k not in (first, second)] + [label]
    return x, tuple(own)


def _summed(x: Any, labels: Labels, keep: set[str]) -> tuple[Any, Labels]:
    """The array summed over the labels of nobody else."""
    alone = tuple(k for k, label in enumerate(labels) if label not in keep)
    if alone:
        x = x.sum(alone, dtype=x.dtype)
    return x, tuple(label for label in labels if label in keep)


def _without_stretched(x: Any, labels: Labels, sizes: Mapping[str, int]) -> tuple[Any, Labels]:
    """Axes of size 1 whose label has another size elsewhere are left out."""
    kept = [k for k, label in enumerate(labels) if x.shape[k] == sizes[label]]
    if len(kept) == len(labels):
        return x, labels
    return x.reshape(tuple(x.shape[k] for k in kept)), tuple(labels[k] for k in kept)


def _as_matrices(
    library: Arrays, x: Any, labels: Labels, sizes: Mapping[str, int], *roles: Sequence[str]
) -> Any:  # fmt: skip
    """The array with one axis for each role."""
    order = [label for role in roles for label in role]
    x = library.permute(x, [labels.index(label) for label in order])
    return x.reshape(tuple(prod(sizes[label] for label in role) for role in roles))
