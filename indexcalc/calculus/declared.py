"""Expressions simplified with what is declared of their tensors: derivatives by structured variables are projected, and
slots that may be exchanged are brought in one order."""

from __future__ import annotations

from collections.abc import Mapping

from ..ir import build
from ..ir.expr import Access, Affine, Derivative, Expr, Index, MatrixApply, Slot, Space
from ..ir.program import Program, Tensor
from ..ir.structure import structure_of
from ..ir.trace import Step
from ..ir.walk import fresh_index, indices_in, transform
from ..normal.symmetry import of_structure, sorted_slots
from ..rewrite.differentiate import simplified
from .structure import has_structure, projection


def simplified_as_declared(expr: Expr, given: Program) -> tuple[Expr, tuple[Step, ...]]:
    """The expression in simplest form, its derivatives carried out, and the steps that lead there."""
    functions = {f.name: f for f in given.functions}
    declared = {t.name: t for t in given.tensors if has_structure(t)}
    if not declared:
        return simplified(expr, functions)
    expr = transform(expr, lambda part: _projected(part, declared))
    answer, steps = simplified(expr, functions)
    ordered = in_order(answer, declared)
    if ordered == answer:
        return answer, steps
    rename = Step("", answer.free_indices, "symmetric slots", r"A_{ij} = \pm A_{ji}", answer, ordered)
    again, more = simplified(ordered, functions)
    return again, (*steps, rename, *more)


def _projected(part: Expr, declared: Mapping[str, Tensor]) -> Expr:
    """∂f/∂A[k, l] for a declared A, in terms of derivatives that treat all components as independent."""
    if not isinstance(part, Derivative) or part.wrt.tensor not in declared:
        return part
    tensor, component = declared[part.wrt.tensor], part.wrt
    own = tuple(s if isinstance(s, Index) else i for s, i in zip(component.slots, tensor.indices))
    taken = {*indices_in(part.body), *component.free, *own}

    def new_index(space: Space) -> Index:
        taken.add(found := fresh_index(next(i for i in own if i.space == space), taken))
        return found

    def free(slots: tuple[Slot, ...]) -> Expr:
        return Derivative(part.body, component.with_slots(slots))

    return projection(Tensor(tensor.name, own, tensor.attributes), component.slots, free, new_index)


def in_order(expr: Expr, declared: Mapping[str, Tensor]) -> Expr:
    """Slots that may be exchanged in the order free indices, then summed ones, each by name."""
    free = set(expr.free)

    def key(slot: Slot) -> tuple[bool, str]:
        bound = isinstance(slot, Affine | Access) or (isinstance(slot, Index) and slot not in free)
        return bound, str(slot)

    def visit(part: Expr) -> Expr:
        tensor = declared.get(part.tensor) if isinstance(part, Access | MatrixApply) else None
        if tensor is None or not isinstance(part, Access | MatrixApply) or len(part.slots) != len(tensor.indices):
            return part  # det and the like have no slots; an inverse has the matrix's symmetry
        over = of_structure(structure_of(tensor.attributes, len(tensor.indices)), len(tensor.indices))
        if over is None:
            return part
        slots, sign = sorted_slots(part.slots, over, key)
        if not sign:
            return build.ZERO
        turned = part.with_slots(slots) if isinstance(part, Access) else MatrixApply(part.function, part.tensor, slots)
        return build.multiply(build.number(sign), turned)

    return transform(expr, visit)
