"""Values that are compared with elements of themselves, as the gradient of a maximum compares X_ij with max_j X_ij.

Such a comparison is true only if both sides are the same number to the last bit.  A sum that is computed at two places,
in tiles of another shape or in another order, is not; so these values are computed once, and both sides read that.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..ir.elementwise import COMPARING, SELECTING
from ..ir.graph import Broadcast, Gather, Map, Operand, Reduce, Value, View

CHOOSING = frozenset({"max", "min", "shift"})  # reductions that give one of the elements
OF_BOTH = frozenset({"maximum", "minimum"})


def compared(graph: Iterable[Value]) -> frozenset[int]:
    """Numbers of the values of which both sides of some comparison hold elements, or one function of them.

    Of a chain of such values the last one, from which on the two sides differ.

    >>> from ..ir.graph import Input
    >>> from ..ir.index import Index, Space
    >>> i, j = Index("i", Space("n")), Index("j", Space("n"))
    >>> x = Value(0, Input("x"), (), (i, j), "float")
    >>> y = Value(1, Map("tanh"), (Operand(x, (i, j)),), (i, j), "float")
    >>> m = Value(2, Reduce("max"), (Operand(y, (i, j)),), (i,), "float")
    >>> same = Value(3, Map("equal"), (Operand(y, (i, j)), Operand(m, (i,))), (i, j), "bool")
    >>> compared((x, y, m, same))
    frozenset({1})
    """
    found: set[int] = set()
    for value in graph:
        if isinstance(value.operation, Map) and value.operation.function in COMPARING:
            left, right = (_sources(o) for o in value.operands)
            common = left.keys() & right.keys()
            if common:
                either = [*left.values(), *right.values()]
                ends = [value, *(v for v in either if v.number not in common)]
                found |= {o.value.number for v in ends for o in _elements_of(v)} & common
    return frozenset(found)


def _sources(operand: Operand) -> dict[int, Value]:
    """The operand's value and all of which it holds elements, or a function of each element, by number."""
    found: dict[int, Value] = {}
    stack = [operand]
    while stack:
        value = stack.pop().value
        if value.number not in found and value.kind in ("float", "real"):
            found[value.number] = value
            stack += _elements_of(value)
    return found


def _elements_of(value: Value) -> list[Operand]:
    """The operands whose elements, or one function of them, are the value's."""
    operation, operands = value.operation, value.operands
    if isinstance(operation, (View, Gather, Broadcast)):
        return [operands[0]]
    if isinstance(operation, Reduce):
        return [operands[0]] if operation.operation in CHOOSING else []
    if not isinstance(operation, Map):
        return []
    arrays = [(n, o) for n, o in enumerate(operands) if o.is_array]
    if operation.function in SELECTING:
        return [o for n, o in arrays if n != SELECTING[operation.function]]
    return [o for _, o in arrays] if len(arrays) == 1 or operation.function in OF_BOTH | COMPARING else []
