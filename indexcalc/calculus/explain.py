"""Derivations for readers: each derivative from the chain rule to its folded statement, one named rule at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..diagnostics import listed
from ..ir.program import Define, Program
from ..ir.trace import Derivation, Section
from ..ir.walk import tensors_in
from .orders import Stage, answer
from .question import Kind, Question
from .recompute import remembering
from .tell_forward import ForwardTeller
from .tell_reverse import ReverseTeller


def derivation(
    program: Program,
    wrt: Sequence[str],
    of: str | None = None,
    with_value: bool = False,
    sizes: Mapping[str, int] | None = None,
    kind: Kind = "gradient",
) -> Derivation:
    """The derived program with its reasons: one section per new statement, in the order of the derivation."""
    return explained(Question(program, tuple(wrt), of, kind, with_value, dict(sizes or {})))


def remembered(
    found: Derivation,
    save: Sequence[str] | None,
    recompute: Sequence[str] | None,
    memory: int | None,
    sizes: Mapping[str, int],
) -> Derivation:
    """The same derivation, of a gradient, with what `recompute.remembering` makes of its program."""
    result = remembering(found.forward, found.result, save, recompute, memory, sizes)
    again = tuple(Section(result.definitions[name], note="computed again") for name in result.recomputed)
    return Derivation(found.forward, result, (*found.sections, *again))


def explained(question: Question) -> Derivation:
    """The answer to the question with its reasons; of second derivatives, those of the gradient first."""
    stages = answer(question)
    sections = [section for stage in stages for section in _sections(stage)]
    return Derivation(question.program, stages[-1].derived.result, tuple(sections))


def _sections(stage: Stage) -> list[Section]:
    found: list[Section] = []
    for swept in stage.derived.sweeps:
        teller = ReverseTeller if swept.sweep.direction == "reverse" else ForwardTeller
        found += teller(stage, swept).sections()
    final = stage.derived.result.definitions
    told = {s.target.name for s in found} | set(stage.program.definitions)
    return [*found, *(_helper(s, final) for s in final.values() if s.name not in told)]


def _helper(s: Define, final: Mapping[str, Define]) -> Section:
    readers = [r.name for r in final.values() if s.name in tensors_in(r.body)]
    return Section(s, "", (), f"computed once, read by {listed(readers)}")
