"""From the lines of the rewriting to the steps that a reader wants: moving ∂ under a sum and splitting a sum are no
steps of their own, what is held constant is said, and laws are shown at the tensor in question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..diagnostics import listed
from ..ir.expr import Access, Derivative, Index
from ..ir.latex import expression_latex
from ..ir.program import Define, Program
from ..ir.trace import Step
from ..ir.walk import subexpressions, tensors_in
from ..rewrite.rules.derivative import d_component
from ..rewrite.tidy import flattened, tidy
from .letters import fresh_letter

UNDER, SPLIT = "d-index-sum", "sum-split"
NAMED = 3  # tensors that are named as constant


def told(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps for a reader.

    The first line may be the bare question ∂L/∂x: it is left out.  ∂ goes under a sum in the step that needs it there,
    and a sum of terms is split by the step that made the terms.
    """
    out: list[Step] = []
    waiting: Step | None = None  # ∂ went under a sum, for the sake of the step to come
    for step in steps:
        if waiting is not None:
            step, waiting = replace(step, before=waiting.before), None
        elif out and step.rule != "folding" and _only_regrouped(out[-1], step):
            continue
        if out and step.before != out[-1].after and step.before is not None:
            step = replace(step, before=out[-1].after)
        if step.rule == UNDER and step is not steps[-1]:
            waiting = step
        elif step.rule == SPLIT and out and out[-1].rule != "chain rule":
            out[-1] = replace(out[-1], after=step.after)
        else:
            out.append(_explained(step))
    if len(out) > 1 and isinstance(out[0].after, Derivative):
        out.pop(0)
    return tuple(out)


def _only_regrouped(before: Step, step: Step) -> bool:
    """Whether nothing but the place of a sum sign changed."""
    return tidy(flattened(before.after)) == tidy(flattened(step.after))


def _explained(step: Step) -> Step:
    """With the law at this tensor, and what is constant."""
    if step.before is None:
        return step
    asked = [p for p in subexpressions(step.before) if isinstance(p, Derivative)]
    if step.rule == "d-component":
        pair = next((p for p in asked if d_component(p) is not None), None)
        value = d_component(pair) if pair is not None else None
        law = f"{expression_latex(pair)} = {expression_latex(value)}" if pair is not None and value is not None else ""
        return replace(step, law=law or step.law)
    if step.rule == "d-product":
        constant = list(dict.fromkeys(t for p in asked for t in _constant(p)))
        if 0 < len(constant) <= NAMED:
            verb = "does" if len(constant) == 1 else "do"
            said = f"{listed(constant)} {verb} not depend on {asked[0].wrt.tensor}"
            return replace(step, note="; ".join(filter(None, (said, step.note))))
    return step


def _constant(p: Derivative) -> list[str]:
    """Tensors under the derivative that it does not ask about, in order of appearance."""
    found = tensors_in(p.body)
    if p.wrt.tensor not in found:
        return []
    order = dict.fromkeys(q.tensor for q in subexpressions(p.body) if isinstance(q, Access))
    return [t for t in order if t != p.wrt.tensor]


def component_letters(
    own: tuple[Index, ...], batch: tuple[Index, ...], readers: Sequence[Define], program: Program
) -> tuple[Index, ...]:
    """Indices for the component ∂x[…] that no reader has, so that x[i] and ∂x[k] are told apart; `batch`: the output's,
    which stay."""
    used = {i.name for r in readers for i in (*r.indices, *r.body.free, *r.body.bound_indices)}
    taken = used | {*program.inputs, *program.definitions} | {i.name for i in (*own, *batch)}
    found: list[Index] = []
    for i in own:
        new = fresh_letter(i, taken, program.indices) if i.name in used else i
        taken.add(new.name)
        found.append(new)
    return tuple(found)
