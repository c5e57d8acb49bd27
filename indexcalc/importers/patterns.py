"""From patterns of einops, and those of einx that mean the same, to a program of one definition.

Parting an axis reads `x[b, 4*h + d]`; joining axes writes Σ δ[n, 4*h + d] x[b, h, d]; a new axis is `ones[j]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..diagnostics import fail
from ..einsum.dialects import DIALECTS
from ..einsum.rearrange import part_sizes, pattern_shape
from ..einsum.spec import ELLIPSIS, Axis, Group, Item, Operand, Spec, SpecError
from .names import Names, sayable

REDUCTIONS = ("sum", "mean", "max", "min", "prod", "logsumexp", "var")
Shape = tuple[int, ...] | None


def as_einops(spec: Spec) -> Spec:
    """A pattern of einx as the one of einops that means the same: brackets mark what is reduced or contracted.

    >>> from indexcalc.einsum.parse import parse
    >>> found = as_einops(parse("b [s] c", "einx.mean"))
    >>> found.dialect, found.output.labels
    ('einops.reduce', ('b', 'c'))
    """
    row = DIALECTS[spec.dialect]
    if row.library != "einx":
        return spec
    known = {"id": "einops.rearrange", "reduction": "einops.reduce", "dot": "fancy_einsum"}
    if row.operation not in known or spec.more_outputs or (row.operation == "dot" and spec.output is None):
        message = f"{spec.dialect} with this pattern is not imported"
        raise SpecError(message, 0, len(spec.text), "imported are id, dot with `->`, and reductions")
    output = spec.output
    if output is None:
        kept = tuple(item for item in spec.inputs[0].items if not _is_bracket(item))
        output = replace(spec.inputs[0], items=kept)
    inputs = tuple(replace(operand, items=tuple(_unbracketed(operand.items))) for operand in spec.inputs)
    dialect = known[row.operation]
    new = set(output.labels) - {label for operand in inputs for label in operand.labels}
    if row.operation == "id" and new:
        dialect = "einops.repeat"
    return Spec(spec.text, dialect, inputs, replace(output, items=tuple(_unbracketed(output.items))))


def _is_bracket(item: Item) -> bool:
    return isinstance(item, Group) and item.bracketed


def _unbracketed(items: Sequence[Item]) -> Iterator[Item]:
    for item in items:
        if isinstance(item, Group) and (item.concatenated or item.repeated):
            raise SpecError("`+` and repeated groups are not imported", item.start, item.end)
        if isinstance(item, Axis) and item.repeated:
            raise SpecError("repeated axes are not imported", item.start, item.end, "name them one by one")
        if isinstance(item, Group) and item.bracketed:
            yield from _unbracketed(item.parts)
        elif isinstance(item, Group):
            parts = tuple(_unbracketed(item.parts))
            if any(isinstance(part, Group) for part in parts):
                raise SpecError("groups inside groups are not imported", item.start, item.end)
            yield replace(item, parts=parts)
        else:
            yield item


def pattern_text(spec: Spec, name: str, shape: Shape, reduction: str, sizes: Mapping[str, int]) -> str:
    """The source of the program of a pattern.  Raises `SpecError` for what einops refuses."""
    pattern_shape(spec, None if shape is None else [shape], sizes)
    if spec.output is None:
        raise SpecError(f"{spec.dialect} is not imported", 0, len(spec.text))
    if reduction not in REDUCTIONS:
        raise fail("IX505", f"no reduction `{reduction}` is imported", hint=f"reductions: {', '.join(REDUCTIONS)}")
    if name and not sayable(name):
        raise fail("IX501", f"the language has no name `{name}`", hint="letters, digits and _, and no word of its own")
    width = _width(spec.inputs[0], shape)
    left, right = (replace(x, items=_named(x.items, width)) for x in (spec.inputs[0], spec.output))
    return _Writer(left, right, name or "x", reduction, dict(sizes)).written(shape)


def _width(left: Operand, shape: Shape) -> int:
    """How many axes the ellipsis stands for."""
    ellipsis = next((axis for axis in left.axes if axis.is_ellipsis), None)
    if ellipsis is None:
        return 0
    if shape is None:
        message = "how many axes `...` stands for is not known"
        raise SpecError(message, ellipsis.start, ellipsis.end, "give the operand's shape")
    return len(shape) - len(left.items) + 1


def _named(items: Sequence[Item], width: int) -> tuple[Item, ...]:
    """The items with a label for each axis of the ellipsis."""
    out: list[Item] = []
    for item in items:
        if isinstance(item, Group):
            out.append(replace(item, parts=_named(item.parts, width)))
        elif item.is_ellipsis:
            out += [replace(item, name=f"{ELLIPSIS}{k}") for k in range(width)]
        else:
            out.append(item)
    return tuple(out)


class _Writer:
    """Collects the declarations of one program."""

    def __init__(self, left: Operand, right: Operand, name: str, reduction: str, sizes: dict[str, int]) -> None:
        self.names = Names()
        self.names.take([name])
        self.left, self.right = left, right
        self.tensor = name
        self.result = self.names.new("y")
        self.reduction = reduction
        self.sizes = sizes
        labels = dict.fromkeys((*left.labels, *right.labels))
        self.letters = {label: self.names.new(label) if sayable(label) else self.names.index() for label in labels}
        self.lines: list[str] = []

    def written(self, shape: Shape) -> str:
        """The whole source."""
        left, right = self.left.labels, self.right.labels
        if shape is not None:
            for item, size in zip(self.left.items, shape):
                found = part_sizes(item, size, self.sizes)
                self.sizes.update((label, n) for label, n in found.items() if n is not None)
        own, slots = self._read()
        body = _access(self.tensor, slots)
        lost = [self.letters[label] for label in left if label not in right]
        if lost:
            body = f"{self.reduction}[{', '.join(lost)}]({body})"
        output, factors, summed = self._write()
        factors += [f"ones[{self.letters[label]}]" for label in right if label not in left]
        body = " * ".join([body, *factors])
        body = f"sum[{', '.join(summed)}]({body})" if summed else body
        known = [f"index {i} : space_{i}({self.sizes[x]})" for x, i in self.letters.items() if x in self.sizes]
        tensor = f"tensor {_access(self.tensor, own)}"
        define = f"{_access(self.result, output)} = {body}"
        return "\n".join([*known, *self.lines, tensor, define, f"output {self.result}"])

    def _read(self) -> tuple[list[str], list[str]]:
        """The operand's slots as they are declared, and as they are read."""
        own: list[str] = []
        slots: list[str] = []
        for item in self.left.items:
            total, slot = self._affine(item)
            own.append(slot if slot in self.letters.values() else self._fresh(total))
            slots.append(slot)
        return own, slots

    def _write(self) -> tuple[list[str], list[str], list[str]]:
        """The result's slots, the factors that join and make axes, and the indices that are summed for it."""
        output: list[str] = []
        factors: list[str] = []
        summed: list[str] = []
        for item in self.right.items:
            total, slot = self._affine(item)
            if slot in self.letters.values():
                output.append(slot)
                continue
            output.append(self._fresh(total))
            labels = [axis.name for axis in _parts(item)]
            factors.append(f"delta[{output[-1]}, {slot}]" if labels else f"ones[{output[-1]}]")
            summed += [self.letters[label] for label in labels]
        return output, factors, summed

    def _affine(self, item: Item) -> tuple[int, str]:
        """An axis of any number of labels: its size (0 for one label of unknown size), and its place `4*h + d`."""
        parts = _parts(item)
        if len(parts) == 1 and parts[0].is_label:
            return self.sizes.get(parts[0].name, 0), self.letters[parts[0].name]
        total, terms = 1, list[str]()
        for axis in reversed(parts):
            if axis.is_number:
                raise SpecError("an axis of a fixed size is not imported", axis.start, axis.end, "name it")
            if axis.name not in self.sizes:
                message = f"the size of `{axis.name}` is not known"
                raise SpecError(message, axis.start, axis.end, f"give the operand's shape, or the size of {axis.name}")
            letter = self.letters[axis.name]
            terms.append(letter if total == 1 else f"{total}*{letter}")
            total *= self.sizes[axis.name]
        return total, " + ".join(reversed(terms)) or "0"

    def _fresh(self, size: int) -> str:
        """A new index of this size."""
        i = self.names.index()
        self.lines.append(f"index {i} : space_{i}({size})")
        return i


def _access(name: str, slots: Sequence[str]) -> str:
    return f"{name}[{', '.join(slots)}]" if slots else name


def _parts(item: Item) -> list[Axis]:
    """The axes that are joined; those of size 1 change nothing."""
    parts = item.parts if isinstance(item, Group) else (item,)
    return [part for part in parts if isinstance(part, Axis) and not (part.is_number and part.name == "1")]
