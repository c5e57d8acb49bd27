"""Reading beside a program: its names, ranks and spaces hold for an expression too."""

from __future__ import annotations

from ..diagnostics import Span
from ..ir.index import Space
from ..ir.program import Program
from .names import Survey, symbol
from .scope import Scope, TensorInfo
from .terms import IndexSlot

_NOWHERE = Span(0, 0, 1, 1, 1, 1)


def survey_given(given: Program, survey: Survey) -> None:
    """The names that a program uses, for the reading of compact references."""
    survey.indices |= {i.name for i in given.indices}
    survey.declared |= set(given.inputs) | set(given.definitions) | {m.name for m in given.metrics}
    survey.tensors |= survey.declared


def seed(given: Program, scope: Scope) -> None:
    """Everything that a program declares and defines."""
    scope.convention = given.convention

    def space(s: Space) -> tuple[str, ...]:
        key = scope.spaces.declare(s.name, s.extent, None)
        if isinstance(s.extent, str):
            scope.extents.setdefault(s.extent, key)
            scope.kinds.setdefault(s.extent, ("extent", None))
        return key

    for index in given.indices:
        scope.kinds[index.name] = ("index", None)
        scope.order[index.name] = None
        scope.spaces.unify(space(index.space), ("index", index.name), None)
    for function in given.functions:
        scope.functions[function.name] = function
        scope.kinds[function.name] = ("function", None)
    defined = [(d.name, d.indices, None, True) for d in given.definitions.values()]
    declared = [(x.name, x.indices, x.values, False) for x in given.tensors]
    for name, indices, values, is_defined in (*declared, *defined):
        info = TensorInfo(name, len(indices), declared=not is_defined, defined=is_defined, integer=values is not None)
        info.example = tuple(IndexSlot(i.name, _NOWHERE) for i in indices)
        scope.tensors[name] = info
        scope.kinds[name] = ("tensor", None)
        for position, index in enumerate(indices):
            scope.spaces.unify(space(index.space), ("slot", name, str(position)), None)
        if values is not None:
            scope.spaces.unify(space(values), ("value", name), None)
    for metric in given.metrics:
        scope.metrics[metric.name] = (metric, space(metric.space), None)
        scope.kinds[metric.name] = ("tensor", None)
    assert not any(symbol(n) and i.rank for n, i in scope.tensors.items()), "δ and ε are no tensors"
