"""What is said about a derivative by a structured variable: which of the conventions in use it follows."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.program import Program, Tensor
from ..ir.structure import Structure, structure_of
from .plan import Plan

FREE = "where G treats all entries as independent"
COOKBOOK = "the Matrix Cookbook's G + Gᵀ − G∘I counts each off-diagonal pair once"


def conventions(program: Program, plan: Plan) -> tuple[str, ...]:
    """One sentence for each result that is a derivative by a structured variable."""
    found: dict[str, None] = {}
    for sweep in plan.sweeps:
        if sweep.direction == "reverse":
            pairs = list(zip(sweep.wanted, sweep.results))
        else:
            pairs = [(n, s.name) for n, s in zip(sweep.start, sweep.seeds)] or [(sweep.start[0], sweep.results[0])]
        for name, result in pairs:
            tensor = program.inputs.get(name)
            if tensor is not None:
                moved = sweep.direction == "forward" and not sweep.batched
                what = "derivative" if sweep.batched else "gradient"
                found.update(dict.fromkeys(_tangents(tensor, result) if moved else _gradients(tensor, result, what)))
    return tuple(found)


def _gradients(t: Tensor, result: str, what: str) -> Iterator[str]:
    structure = structure_of(t.attributes, len(t.indices))
    if structure.diagonal:
        i, j = (s.name for s in t.indices)
        yield f"{t.name} is diagonal: {result} is the {what} among diagonal matrices, δ_{i}{j} G_{i}{j}, {FREE}"
    elif structure.orthogonal:
        square = t.spaces[0] == t.spaces[1]
        formula = "(G − {0} Gᵀ {0}) / 2" if square else "G − {0} ({0}ᵀ G + Gᵀ {0}) / 2"
        yield (
            f"{t.name} is orthogonal, its columns are orthonormal: {result} is the {what} among such matrices, "
            f"{formula.format(t.name)}, the projection of G onto their tangent space at {t.name}, {FREE}"
        )
    elif structure.riemann:
        yield (
            f"{t.name} has the symmetries of a Riemann tensor: {result} is the {what} among such tensors, the part "
            f"of G that has them, {FREE}"
        )
    elif structure.exchanges:
        yield from _exchanged(t, structure, result, what)


def _exchanged(t: Tensor, structure: Structure, result: str, what: str) -> Iterator[str]:
    for slots, sign in structure.exchanges:
        kind = "symmetric" if sign > 0 else "antisymmetric"
        matrix = len(t.indices) == 2
        where = "" if len(slots) == len(t.indices) else f" in slots {', '.join(str(k + 1) for k in slots)}"
        formula = "(G + Gᵀ)/2" if sign > 0 else "(G − Gᵀ)/2"
        if not matrix:
            formula = f"the {'' if sign > 0 else 'signed '}mean of G over the orders of these slots"
        tail = f" ({COOKBOOK})" if matrix and sign > 0 else ""
        yield (
            f"{t.name} is {kind}{where}: {result} is the {what} among {kind} {'matrices' if matrix else 'tensors'}, "
            f"{formula}, {FREE}{tail}"
        )


def _tangents(t: Tensor, seed: str) -> Iterator[str]:
    structure = structure_of(t.attributes, len(t.indices))
    if structure.orthogonal:
        yield f"{t.name} is orthogonal: {seed} is taken to be a tangent there, {t.name}ᵀ {seed} antisymmetric"
    elif structure != Structure():
        kinds = " ".join(a.name for a in t.attributes)
        yield f"{t.name} is declared {kinds}: so is {seed}, and nothing checks that it is"
