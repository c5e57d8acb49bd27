"""What a document defines by components, `S_{ij} = Q_{id} K_{jd}`: ranks, and the extents that follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .equation import Equation
from .extents import Declared, Shapes
from .symbols import DEFINED_BY
from .uses import Use, Uses, Variable, only
from .words import is_word

Slot = tuple[Use, int, str]  # a use, the position of a letter in it, and its extent


@dataclass(frozen=True, slots=True)
class Defined:
    """A definition by components: its left side, and what its equation uses."""

    left: Use
    equation: Equation
    uses: Uses


def definitions_in(stated: list[tuple[Equation, Uses]]) -> Iterator[Defined]:
    """The equations that define a tensor by its components: `T_{ij} = …` with every letter on the right side too."""
    for equation, uses in stated:
        tree = equation.tree
        if tree is None or not tree.relations or tree.relations[0] not in DEFINED_BY or not uses.tensors:
            continue
        atom, left, right = only(tree.sides[0]), uses.tensors[0], uses.tensors[1:]
        if atom is None or left.place != atom.place or not are_indices(left) or left.transposed:
            continue
        met = {v for use in right for v in use.variables}
        if set(left.variables) <= met and all(use.name != left.name for use in right):
            yield Defined(left, equation, uses)


def are_indices(use: Use) -> bool:
    """Whether the script of a use reads as different indices: no word, no diagonal."""
    letters = use.letters or ()
    return bool(letters) and len(set(letters)) == len(letters) and not is_word(letters)


def slots_of(uses: Uses, tensors: Mapping[str, Declared]) -> dict[Variable, list[Slot]]:
    """For each index of an equation the slots in which it stands whose extents are known.

    Empty for an equation that also uses one of the `tensors` as a whole: there, x_i may be the i-th of several vectors.
    """
    found: dict[Variable, list[Slot]] = defaultdict(list)
    for use in uses.tensors:
        declared = tensors.get(use.name)
        if declared is None:
            continue
        if use.transposed or use.letters is None or len(use.letters) != declared.leading + len(declared.dims):
            return {}
        if _may_be_numbered(use, declared):
            return {}
        for k, variable in enumerate(use.variables):
            extent = declared.extent(use, k)
            if extent is not None:
                found[variable].append((use, k, extent))
    return found


def _may_be_numbered(use: Use, declared: Declared) -> bool:
    """Whether a bold vector with an index is rather the vector of that number than a component."""
    return use.bold and declared.leading == 0 and len(declared.dims) == 1


def extents_by_definition(definitions: list[Defined], shapes: Shapes) -> dict[str, Declared]:
    """The extents of defined tensors, from the slots that their letters stand in on the right side, in the order of
    the text.  A name that is declared, or that two definitions give different extents, is not among them."""
    known = dict(shapes.tensors)
    twice: set[str] = set()
    for definition in definitions:
        name, made = definition.left.name, by_definition(definition, shapes, known)
        before = known.get(name)
        if name in shapes.tensors or made is None:
            continue
        if before is None:
            known[name] = made
        elif clash(before, made, shapes) or len(before.dims) != len(made.dims):
            twice.add(name)
    return {name: d for name, d in known.items() if d.defined and name not in twice}


def by_definition(definition: Defined, shapes: Shapes, known: Mapping[str, Declared]) -> Declared | None:
    """The extents that one definition gives its tensor; None where it gives none."""
    left = definition.left
    slots = slots_of(definition.uses, {n: d for n, d in known.items() if n != left.name})
    dims = []
    for variable in left.variables:
        extents = [extent for _, _, extent in slots.get(variable, ())] or [""]
        dims.append("" if any(shapes.differ(extents[0], x) for x in extents[1:]) else extents[0])
    return Declared(left.name, 0, tuple(dims), left.place, left.bold, defined=True) if any(dims) else None


def clash(one: Declared, other: Declared, shapes: Shapes) -> bool:
    """Whether some slot has two extents."""
    return any(a and b and shapes.differ(a, b) for a, b in zip(one.dims, other.dims))
