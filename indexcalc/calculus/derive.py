"""From a program to the program of its derivatives: the phases in order, whatever the direction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..ir.declarations import all_indices
from ..ir.program import Define, Program
from ..ir.signature import given_sizes
from ..normal.atoms import symmetries, workspace
from ..normal.definitions import Definitions
from ..normal.enter import definitions_of
from ..normal.leave import Names
from ..normal.symmetry import Symmetry
from .convention import conventions
from .cost import CostModel, sizes_by_role
from .fold import Folder
from .forward import sweep_forward
from .notes import lasting, subgradients, zero_note
from .plan import Plan
from .reverse import sweep_backward
from .schedule import inline_pointwise, name_row_statistics, share_equal, statements
from .sweep import Swept
from .zeros import numerically_zero


@dataclass(frozen=True, slots=True)
class Derived:
    """A derived program; which statement holds whose derivative, sweep by sweep; what each was folded onto; the
    multiplications of all its statements, at the sizes by which it was folded; and the user's definitions whose slots
    may be exchanged."""

    result: Program
    sweeps: tuple[Swept, ...]
    folded_onto: Mapping[str, list[str]]
    multiplications: float
    exchanges: Mapping[str, Symmetry]


def derive(program: Program, plan: Plan, with_value: bool, sizes: Mapping[str, int]) -> Derived:
    """Accumulation over the normal form, folding, and the way back to statements."""
    given = given_sizes(program, sizes) if sizes else {}
    outputs = tuple(dict.fromkeys([*(program.outputs if with_value else ()), *plan.outputs]))
    with workspace():
        store = definitions_of(program)
        owner = _owners(store, program)
        forward = list(store.table)
        model = CostModel(sizes_by_role(store, given), store)
        sweeps = _accumulate(store, plan)
        backward = [n for n in store.table if n not in forward]
        named = [s.names[n] for s in sweeps for n in program.definitions if n in s.names]
        folder = _fold(store, program, plan, model, forward, backward, outputs, named)
        name_row_statistics(store, backward)
        work = sum(model.definition(d)[0] for d in store.live(outputs) if not d.virtual)
        known = Names([*program.indices, *(i for t in program.tensors for i in t.indices)], store.taken)
        written = {s.name: s for s in program.statements if isinstance(s, Define)}
        shown = {name for s in sweeps for name in s.names.values()}
        lines = statements(store, outputs, written, owner, known, shown)
        exchanges = {n: found for n, found in symmetries().items() if n in program.definitions}
        notes = tuple(
            dict.fromkeys([*lasting(program.notes), *conventions(program, plan), *_notes(store, program, plan)])
        )
    result = replace(
        program,
        tensors=(*program.tensors, *plan.inputs),
        statements=tuple(lines),
        outputs=outputs,
        recomputed=(),
        trace=(),
        notes=notes,
        warnings=(),
    )
    result = replace(result, indices=all_indices(result))
    return Derived(result, sweeps, folder.folded_onto, work, exchanges)


def _accumulate(store: Definitions, plan: Plan) -> tuple[Swept, ...]:
    """Every sweep's derivatives, appended to the store."""
    store.taken |= {t.name for t in plan.inputs} | {name for sweep in plan.sweeps for name in sweep.results}
    return tuple((sweep_backward if s.direction == "reverse" else sweep_forward)(store, s) for s in plan.sweeps)


def _notes(store: Definitions, program: Program, plan: Plan) -> Iterator[str]:
    """Conventions at kinks on the way, and results that are zero."""
    for sweep in plan.sweeps:
        yield from subgradients(program, sweep.wrt, sweep.of)
        for name, result in zip(sweep.wanted, sweep.results):
            if store.table[result].payload == {}:
                one = (name,)
                of, wrt = (sweep.of, one) if sweep.direction == "reverse" else (one, sweep.wrt)
                yield zero_note(program, result, of, wrt)


def _fold(
    store: Definitions,
    program: Program,
    plan: Plan,
    model: CostModel,
    forward: list[str],
    backward: list[str],
    keep: tuple[str, ...],
    named: list[str],
) -> Folder:
    """`named`: the derivatives of the user's own definitions, which stay whole so that each is folded as a formula."""
    inline_pointwise(store, [*keep, *forward, *named])
    tensors = (*program.tensors, *plan.inputs)
    folder = Folder(store, model, keep, lambda: numerically_zero(store, tensors, program.spaces, backward))
    folder.run(backward)
    share_equal(store, backward)
    inline_pointwise(store, [*keep, *forward])
    return folder


def _owners(store: Definitions, program: Program) -> dict[str, str]:
    """Inner definition -> the user's statement for which it was made (the next named one in the table)."""
    user = program.definitions
    owner: dict[str, str] = {}
    waiting: list[str] = []
    for d in store.table.values():
        if d.name in user:
            owner.update(dict.fromkeys(waiting, d.name))
            waiting = []
        else:
            waiting.append(d.name)
    return owner
