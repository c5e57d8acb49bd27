"""From a program to its backward program: the phases of reverse mode in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..diagnostics import did_you_mean, fail
from ..ir.declarations import all_indices
from ..ir.index import Space
from ..ir.program import Define, Program, Tensor
from ..ir.signature import given_sizes
from ..normal import poly as nf
from ..normal.atoms import access, workspace
from ..normal.definitions import Definitions
from ..normal.enter import definitions_of
from ..normal.leave import Names
from ..normal.poly import Poly
from .cost import CostModel, representative_sizes
from .fold import Folder
from .reverse import differentiate
from .schedule import inline_pointwise, name_row_statistics, statements
from .zeros import numerically_zero


@dataclass(frozen=True, slots=True)
class Derived:
    """A derived program; which statement holds the cotangent of which name; and what each was folded onto."""

    result: Program
    output: Define
    cotangents: Mapping[str, str]
    folded_onto: Mapping[str, list[str]]


def derive(program: Program, wrt: Sequence[str], of: str | None, with_value: bool, sizes: Mapping[str, int]) -> Derived:
    """Reverse mode over the normal form, folding, and the way back to statements."""
    output = _output(program, of)
    _check_inputs(program, wrt)
    given = given_sizes(program, sizes)
    with workspace():
        store = definitions_of(program)
        owner = _owners(store, program)
        seed, cotangent = _seed(store, output)
        forward = list(store.table)
        names = differentiate(store, output.name, seed, wrt)
        gradients = [names[n] for n in wrt]
        backward = [n for n in store.table if n not in forward]
        keep = [*gradients, *(program.outputs if with_value else ())]
        named = [names[n] for n in program.definitions if n in names]
        folder = _fold(store, program, cotangent, forward, backward, keep, named, given)
        name_row_statistics(store, backward)
        known = Names([*program.indices, *(i for t in program.tensors for i in t.indices)], store.taken)
        written = {s.name: s for s in program.statements if isinstance(s, Define)}
        lines = statements(store, keep, written, owner, known)
    tensors = (*program.tensors, *((cotangent,) if cotangent else ()))
    result = replace(
        program,
        tensors=tensors,
        statements=tuple(lines),
        outputs=tuple(dict.fromkeys([*(program.outputs if with_value else ()), *gradients])),
        trace=(),
        notes=(),
        warnings=(),
    )
    result = replace(result, indices=all_indices(result))
    if cotangent:
        names = {**names, output.name: cotangent.name}
    return Derived(result, output, names, folder.folded_onto)


def _fold(
    store: Definitions,
    program: Program,
    cotangent: Tensor | None,
    forward: list[str],
    backward: list[str],
    keep: list[str],
    named: list[str],
    sizes: Mapping[Space, int],
) -> Folder:
    """`named`: the cotangents of the user's own definitions, which stay whole so that each is folded as a formula."""
    inline_pointwise(store, [*keep, *forward, *named])
    suspects = numerically_zero(store, program, cotangent, backward)
    folder = Folder(store, CostModel(representative_sizes(store, sizes), store), keep, suspects)
    folder.run(backward)
    inline_pointwise(store, [*keep, *forward])
    return folder


def _output(program: Program, of: str | None) -> Define:
    """The definition to differentiate."""
    if of is None:
        if not program.outputs:
            raise fail("IX905", "the program has no output to differentiate", hint="give the formula a name: L = …")
        if len(program.outputs) > 1:
            hint = f'choose one of {", ".join(program.outputs)}: of="{program.outputs[0]}" (--of {program.outputs[0]})'
            raise fail("IX905", f"the program has {len(program.outputs)} outputs", hint=hint)
        of = program.outputs[0]
    found = program.definitions.get(of)
    if found is None:
        raise fail("IX905", f"`{of}` is not defined by the program", hint=_near(of, program.definitions))
    return found


def _check_inputs(program: Program, wrt: Sequence[str]) -> None:
    if not wrt:
        raise fail("IX905", "nothing to differentiate with respect to", hint=f"inputs: {', '.join(program.inputs)}")
    for name in wrt:
        tensor = program.inputs.get(name)
        if tensor is None:
            what = "is defined by the program, not an input" if name in program.definitions else "is not an input"
            raise fail("IX905", f"`{name}` {what}", hint=_near(name, program.inputs))
        if tensor.is_integer:
            raise fail("IX905", f"`{name}` holds integers: there is no derivative with respect to it")
    if len(set(wrt)) != len(wrt):
        raise fail("IX905", f"a name is given twice in {', '.join(wrt)}")


def _near(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, known) or f"known: {', '.join(known)}"


def _seed(store: Definitions, output: Define) -> tuple[Poly, Tensor | None]:
    """The cotangent of the output: 1 for a scalar, else a new input."""
    if not output.indices:
        return nf.constant(1), None
    name = store.new_name(f"grad_{output.name}")
    store.inputs[name] = output.indices
    return nf.atom_poly(access(name, output.indices)), Tensor(name, output.indices)


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
