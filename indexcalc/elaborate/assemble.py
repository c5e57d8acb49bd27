"""The finished program: inputs by example, every index name with its space."""

from __future__ import annotations

from ..ir.index import Index, Space
from ..ir.program import Claim, Define, Program, Tensor
from .building import space_of
from .declarations import finished_metrics
from .scope import Scope, TensorInfo
from .terms import IndexSlot

LETTERS = "ijklmnpqrstuvw"


def finished_program(
    statements: tuple[Define | Claim, ...],
    outputs: tuple[str, ...],
    recomputed: tuple[str, ...],
    scope: Scope,
    filename: str,
    source: str,
) -> Program:
    """The program of checked statements: inputs as declared, then as first read; every index name with its space."""
    inputs = [info for info in scope.tensors.values() if _is_input(info, scope)]
    inputs.sort(key=lambda info: (not info.declared, 0 if info.declared or not info.read else info.read.start))
    examples = [_example(info, scope) for info in inputs]
    tensors = tuple(
        Tensor(
            info.name,
            tuple(Index(n, space_of(scope, ("index", n))) for n in names),
            info.attributes,
            _values(info, scope) if info.integer else None,
            scope.kinds.get(info.name, (None, None))[1] or info.read,
        )
        for info, names in zip(inputs, examples)
    )
    indices = tuple(Index(n, space_of(scope, ("index", n))) for n in scope.order)
    functions, metrics = tuple(scope.functions.values()), finished_metrics(scope)
    return Program(
        indices,
        tensors,
        functions,
        metrics,
        statements,
        outputs,
        scope.convention,
        recomputed=recomputed,
        filename=filename,
        source=source,
    )


def _is_input(info: TensorInfo, scope: Scope) -> bool:
    if info.defined:
        return False
    return info.declared or info.read is not None or info.name not in scope.metrics


def _example(info: TensorInfo, scope: Scope) -> list[str]:
    """Distinct index names for the slots: those of the declaration or first use where they can be, else others."""
    out: list[str] = []
    for position in range(info.rank or 0):
        root = scope.spaces.find(("slot", info.name, str(position)))
        slot = info.example[position] if position < len(info.example) else None
        wanted = slot.key if isinstance(slot, IndexSlot) and slot.key in scope.order else None
        if wanted is None or wanted in out:
            here = (n for n in scope.indices_in(root) if n not in out)
            wanted = next(here, None) or _new_index(root, wanted, scope)
        out.append(wanted)
    return out


def _new_index(root: tuple[str, ...], like: str | None, scope: Scope) -> str:
    """A name that nothing uses, for a slot in whose space no index is."""
    n = 0
    while True:
        for letter in (like,) if like else LETTERS:
            name = letter + "'" * n
            if name in scope.survey.avoid:
                continue
            if name not in scope.kinds and name not in scope.order and name not in scope.survey.tensors:
                scope.order[name] = None
                scope.kinds[name] = ("index", None)
                scope.spaces.unify(root, ("index", name), None)
                return name
        n += 1


def _values(info: TensorInfo, scope: Scope) -> Space:
    return space_of(scope, ("value", info.name))
