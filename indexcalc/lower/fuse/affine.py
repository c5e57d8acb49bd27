"""Integer values that are affine in positions, and masks that are conditions on them."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.graph import Map, Number, Operand, Range
from ...ir.index import Index
from ...ir.kernel import Affine, Condition
from ..builder import OPPOSITE
from .instance import Instance, Slot, at, is_rename, naming_of, operands_of

_LINEAR = frozenset({"add", "subtract", "multiply", "negative"})


def affine_of(instance: Instance) -> Affine | None:
    """The instance as Σ coefficient · position + offset, or None where it is something else."""
    operation = instance.value.operation
    if isinstance(operation, Number):
        return Affine((), operation.value) if isinstance(operation.value, int) else None
    if isinstance(operation, Range):
        (slot,) = instance.slots
        if isinstance(slot, Index):
            return Affine(((1, slot),), 0)
        return slot if isinstance(slot, Affine) else affine_of(slot)
    if is_rename(instance.value):
        return affine_of(operands_of(instance, ())[0]) if instance.value.kind == "int" else None
    if not isinstance(operation, Map) or operation.function not in _LINEAR or instance.value.kind != "int":
        return None
    naming = naming_of(instance, ())
    parts = [affine_of(at(o, naming)) for o in instance.value.operands]
    return None if any(p is None for p in parts) else _combined(operation.function, [p for p in parts if p])


def _combined(function: str, parts: list[Affine]) -> Affine | None:
    if function == "multiply":
        left, right = parts
        if left.terms and right.terms:
            return None
        factor, form = (left.offset, right) if not left.terms else (right.offset, left)
        return _sum([(factor, form)])
    if function == "negative":
        return _sum([(-1, parts[0])])
    return _sum([(1, parts[0]), (1 if function == "add" else -1, parts[1])])


def _sum(parts: list[tuple[int, Affine]]) -> Affine:
    terms: dict[Index, int] = {}
    for factor, form in parts:
        for coefficient, axis in form.terms:
            terms[axis] = terms.get(axis, 0) + factor * coefficient
    return Affine(tuple((c, x) for x, c in terms.items() if c), sum(f * form.offset for f, form in parts))


def conditions(mask: Instance, wanted: bool = True) -> tuple[Condition, ...] | None:
    """Conditions that all hold exactly where the mask is `wanted`, or None where it cannot be said so."""
    operation = mask.value.operation
    if not isinstance(operation, Map):
        if is_rename(mask.value) and mask.value.kind == "bool":
            return conditions(operands_of(mask, ())[0], wanted)
        return None
    naming = naming_of(mask, ())
    function, operands = operation.function, mask.value.operands
    if function == "logical_not":
        return conditions(at(operands[0], naming), not wanted)
    if function in ("logical_and", "logical_or"):
        if (function == "logical_and") is not wanted:
            return None
        found: list[Condition] = []
        for operand in operands:
            part = conditions(at(operand, naming), wanted)
            if part is None:
                return None
            found += [c for c in part if c not in found]
        return tuple(found)
    return _compared(function if wanted else OPPOSITE.get(function, ""), [_side(o, naming) for o in operands])


def _side(operand: Operand, naming: Mapping[Index, Slot]) -> Affine | None:
    return affine_of(at(operand, naming))


def _compared(function: str, sides: list[Affine | None]) -> tuple[Condition, ...] | None:
    if len(sides) != 2:
        return None
    left, right = sides
    if left is None or right is None:
        return None
    less = _sum([(1, right), (-1, left)])  # left <= right where this is not negative
    more = _sum([(1, left), (-1, right)])
    if function in ("less", "less_equal"):
        return (_shifted(less, function == "less"),)
    if function in ("greater", "greater_equal"):
        return (_shifted(more, function == "greater"),)
    return (_shifted(less, False), _shifted(more, False)) if function == "equal" else None


def _shifted(form: Affine, strict: bool) -> Condition:
    return Condition(Affine(form.terms, form.offset - 1 if strict else form.offset))
