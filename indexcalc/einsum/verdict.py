"""Whether a library takes a spec, and the shape that it gives: its own rules, from `targets`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .dialects import DIALECTS, Dialect
from .expand import (
    Expanded,
    check_contraction,
    check_one_ellipsis,
    check_operands,
    check_output,
    expanded,
    is_whole_number,
)  # fmt: skip
from .parse import parse, reader_of
from .rearrange import pattern_shape
from .spec import Axis, Operand, Spec, SpecError
from .targets import LETTERS, TARGETS, Target

Size = int | None
Shape = tuple[Size, ...]


@dataclass(frozen=True, slots=True)
class Valid:
    """The library takes it.  `shape` is the result's, None where it cannot be told; a size not known is None in it."""

    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The library raises an error: why, the place text[start:end], and how to mend it."""

    message: str
    start: int
    end: int
    hint: str = ""


Verdict = Valid | Refused


def verdict(
    spec: Spec | str,
    shapes: Sequence[Sequence[Size] | None] | None = None,
    target: str = "numpy",
    *,
    dialect: str = "einsum",
    sizes: Mapping[str, int] | None = None,
) -> Verdict:
    """What a library says to a spec, for operands of these shapes.

    shapes   a shape for each operand; None for one that is not known, and for a size that is not
    target   a key of `targets.TARGETS`; patterns of einops and einx are judged by their own library's rules
    dialect  how to read the spec where it is a text
    sizes    the sizes of axes given by name, for patterns; None where they are not known

    Where shapes are not known, an ellipsis is taken to stand for at least one axis.

    >>> verdict("ij,jk->ik", [(2, 3), (3, 4)])
    Valid(shape=(2, 4))
    >>> verdict("...i->i", [(2, 3)], "numpy").message
    'numpy sums no axes of an ellipsis, and the output has none'
    >>> verdict("...i->i", [(2, 3)], "torch")
    Valid(shape=(3,))
    """
    try:
        read = parse(spec, dialect) if isinstance(spec, str) else spec
        if DIALECTS[read.dialect].operation != "contract":
            return Valid(pattern_shape(read, shapes, sizes))
        return Valid(_contraction(read, shapes, TARGETS[target]))
    except SpecError as error:
        return Refused(error.message, error.start, error.end, error.hint)


def judged(spec: Spec, sizes: Mapping[str, int], targets: Iterable[str] | None = None) -> list[tuple[str, Verdict]]:
    """The verdict of each target for operands of these sizes; without targets, of all that read such a spec.

    Names between blanks are read by einops and fancy_einsum alone: other libraries would take their letters for labels.

    >>> [name for name, found in judged(parse("βγ->γ"), {}) if isinstance(found, Valid)]
    ['jax', 'opt_einsum']
    >>> [name for name, _ in judged(parse("b seq -> b", "language"), {})]
    ['einops', 'fancy_einsum']
    """
    row = DIALECTS[spec.dialect]
    if row.operation != "contract":
        return [(row.library, verdict(spec, None, sizes=sizes or None))] if row.library == "einops" else []
    shapes = [[sizes.get(axis.name) for axis in o.axes] if _known(o, sizes) else None for o in spec.inputs]
    if _reader(spec) == "names" and targets is None:
        readers = {"einops": "einops.einsum", "fancy_einsum": "fancy_einsum"}
        return [(name, verdict(spec.text, shapes, dialect=dialect)) for name, dialect in readers.items()]
    dialect = "sublist" if _reader(spec) == "lists" else "einsum"
    if _reader(spec) == "names":
        shapes = [None] * len(spec.inputs)  # the labels are others
    return [(name, verdict(spec.text, shapes, name, dialect=dialect)) for name in targets or TARGETS]


def _known(operand: Operand, sizes: Mapping[str, int]) -> bool:
    return bool(sizes) and all(axis.name in sizes for axis in operand.axes)


def _reader(spec: Spec) -> str:
    """How the text was read."""
    row = DIALECTS[spec.dialect]
    return row.reader if row.reader != "either" else reader_of(spec.text)


def _contraction(spec: Spec, shapes: Sequence[Sequence[Size] | None] | None, target: Target) -> Shape | None:
    row = DIALECTS[spec.dialect]
    _check_labels(spec, row, target)
    for operand in spec.inputs:
        check_one_ellipsis(operand)
    given = list(shapes) if shapes is not None else [None] * len(spec.inputs)
    check_operands(spec, len(given))
    known = [None if s is None else tuple(s) for s in given]
    _check_count(spec, target)
    if any(s is None and any(a.is_ellipsis for a in o.axes) for s, o in zip(known, spec.inputs)):
        _check_unknown(spec, target)
        return None
    spec = _without_extra_ellipses(spec, known, target)
    check_contraction(spec)
    found = expanded(spec, [None if s is None else len(s) for s in known], sums_ellipsis=True)
    _check_ellipsis_kept(spec, any(label.startswith("...") for label in found.labels), target)
    _check_axes(spec, found, target)
    sizes = _sizes(spec, found, known, target)
    if target.broadcasts == "all" and any(s is not None and _uneven(x, s) for x, s in zip(found.inputs, known)):
        return None  # JAX gives one size or the other, or fails, by what it does with the operand
    return tuple(sizes[label] for label in found.output)


def _check_unknown(spec: Spec, target: Target) -> None:
    """What can be said while the width of an ellipsis is not known."""
    check_contraction(spec)
    check_output(spec)
    _check_ellipsis_kept(spec, True, target)


# ---- labels ------------------------------------------------------------------------------------------------
def _check_labels(spec: Spec, row: Dialect, target: Target) -> None:
    reader = _reader(spec)
    if reader == "letters":
        for axis, written in _axes(spec):
            if axis.is_ellipsis:
                if len(written) > 3 and not target.blanks_inside:
                    raise SpecError(f"{target.name} reads `...` only without blanks", axis.start, axis.end, "...")
            elif not target.any_label and not (axis.name.isascii() and axis.name.isalpha()):
                message = f"{target.name} takes ASCII letters as labels, not {_shown(axis.name)}"
                raise SpecError(message, axis.start, axis.end, "rename it to one of a-z, A-Z")
        at = spec.text.find("-")
        if at >= 0 and not target.blanks_inside and spec.text[at : at + 2] != "->":
            raise SpecError(f"{target.name} reads `->` only without a blank", at, spec.text.index(">") + 1, "->")
    elif reader == "lists":
        _check_lists(spec, target)
    else:
        names = {axis.name for axis, _ in _axes(spec) if axis.is_label}
        if len(names) > LETTERS:
            raise SpecError(f"{row.name} has letters for {LETTERS} names, and here are {len(names)}", 0, len(spec.text))


def _check_lists(spec: Spec, target: Target) -> None:
    if target.lists == "none":
        raise SpecError(f"{target.name} takes no lists of labels", 0, len(spec.text), "write the string: 'ij,jk->ik'")
    kinds = {is_whole_number(axis.name) for operand in spec.inputs for axis in operand.axes if axis.is_label}
    if len(kinds) > 1:
        raise SpecError("lists of both numbers and names, which cannot be sorted", 0, len(spec.text))
    for axis, _ in _axes(spec):
        if axis.is_label and target.lists == "letters":
            if not is_whole_number(axis.name):
                message = f"{target.name} takes whole numbers in lists of labels, not `{axis.name}`"
                raise SpecError(message, axis.start, axis.end, "number the labels from 0")
            if not 0 <= int(axis.name) < LETTERS:
                message = f"the label {axis.name} is outside of {target.name}'s range, 0 to {LETTERS - 1}"
                raise SpecError(message, axis.start, axis.end, "number the labels from 0")


def _axes(spec: Spec) -> Iterator[tuple[Axis, str]]:
    for operand in spec.operands:
        for axis in operand.axes:
            yield axis, spec.text[axis.start : axis.end]


def _shown(label: str) -> str:
    return f"`{label}`" if label.isprintable() else repr(label)


# ---- ellipses ----------------------------------------------------------------------------------------------
def _without_extra_ellipses(spec: Spec, shapes: Sequence[Shape | None], target: Target) -> Spec:
    """opt_einsum and JAX replace every ellipsis of the output by its axes: a second one means nothing without axes."""
    if spec.output is None or not target.blanks_inside:
        return spec
    operands = zip(spec.inputs, shapes)
    if any(s is not None and len(s) > len(o.labels) for o, s in operands):
        return spec
    plain = tuple(axis for axis in spec.output.items if isinstance(axis, Axis) and not axis.is_ellipsis)
    return Spec(spec.text, spec.dialect, spec.inputs, Operand(plain, spec.output.start, spec.output.end))


def _check_ellipsis_kept(spec: Spec, has_axes: bool, target: Target) -> None:
    output = spec.output
    if not has_axes:
        return
    if output is None:
        having = [axis for operand in spec.inputs for axis in operand.axes if axis.is_ellipsis]
        if len(having) > 1 and not target.shares_ellipsis:
            message = f"{target.name} leaves an ellipsis of several operands out of an implicit result"
            raise SpecError(message, having[1].start, having[1].end, "write the result: `-> ...`")
    elif not target.sums_ellipsis and not any(axis.is_ellipsis for axis in output.axes):
        message = f"{target.name} sums no axes of an ellipsis, and the output has none"
        raise SpecError(message, output.start, output.end, "put `...` in the output, or name the axes and sum those")


# ---- sizes -------------------------------------------------------------------------------------------------
def _check_count(spec: Spec, target: Target) -> None:
    if target.max_operands is not None and len(spec.inputs) > target.max_operands:
        first = spec.inputs[target.max_operands]
        message = f"{target.name} takes at most {target.max_operands} operands, and here are {len(spec.inputs)}"
        raise SpecError(message, first.start, spec.inputs[-1].end)


def _check_axes(spec: Spec, found: Expanded, target: Target) -> None:
    if target.max_axes is not None:
        loops = len(found.labels) if target.name == "numpy" else max(map(len, (*found.inputs, found.output)))
        if loops > target.max_axes:
            message = f"{target.name} has at most {target.max_axes} axes, and here are {loops}"
            raise SpecError(message, 0, len(spec.text))
    if target.max_labels is not None:
        parts = [found.labels] if len(found.inputs) < 3 else [*found.inputs, found.output]
        if max(len(set(part)) for part in parts) > target.max_labels:
            message = f"{target.name} hands at most {target.max_labels} labels at a time to NumPy"
            raise SpecError(message, 0, len(spec.text))


def _sizes(
    spec: Spec, found: Expanded, shapes: Sequence[Shape | None], target: Target
) -> dict[str, Size]:  # fmt: skip
    """The size of each label."""
    sizes: dict[str, Size] = dict.fromkeys(found.labels)
    for k, (labels, shape) in enumerate(zip(found.inputs, shapes)):
        if shape is None:
            continue
        if target.broadcasts != "all":
            _check_diagonals(spec, k, labels, shape)
        for label, size in zip(labels, shape):
            before = sizes[label]
            free = target.broadcasts != "none" or label.startswith("...")
            if size is None or before == size or (before is not None and size == 1 and free):
                continue
            if before is None or (before == 1 and free):
                sizes[label] = size
                continue
            raise _clash(spec, k, label, before, size)
    return sizes


def _check_diagonals(spec: Spec, k: int, labels: Sequence[str], shape: Shape) -> None:
    first: dict[str, int] = {}
    for label, size in zip(labels, shape):
        if size is not None and first.setdefault(label, size) != size:
            raise _clash(spec, k, label, first[label], size)


def _uneven(labels: Sequence[str], shape: Shape) -> bool:
    """Whether an operand repeats a label with different sizes."""
    return any(a == b and m != n for k, (a, m) in enumerate(zip(labels, shape)) for b, n in zip(labels[:k], shape))


def _clash(spec: Spec, k: int, label: str, before: int, size: int) -> SpecError:
    """Two sizes of one label, at its place in operand k."""
    name = "..." if label.startswith("...") else label
    places = [axis for axis in spec.inputs[k].axes if axis.name == name]
    shown = "an axis of `...`" if name == "..." else f"`{label}`"
    message = f"{shown} has size {size} in operand {k + 1}, but {before} before"
    return SpecError(message, places[-1].start, places[-1].end, "one label has one size")
