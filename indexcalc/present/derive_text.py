"""A derivation for the terminal: the derived program with a word on each line, and its steps one under another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ..calculus.closed import closed_derivation
from ..diagnostics import listed
from ..ir.pretty import pretty_text
from ..ir.trace import Derivation, Section, Step
from .checked import Checked, checked_lines
from .columns import beside, prose, wrap
from .derive_closed import closed_text, figure_lines, form_lines
from .figures import multiplication_ratio
from .look import Look
from .marks import changed, marked_text
from .mathtext import plain_math
from .names import find_text, finished, given, kept, new_statements, reference_text, short_note, title_of

FEW = 3  # statements up to which their matrix notation is shown with the program
_BRACKETS = re.compile(r"\[[^\[\]]*\]")


def derivation_text(
    derivation: Derivation,
    look: Look,
    *,
    steps: bool,
    sizes: Mapping[str, int] = MappingProxyType({}),
    closed: Derivation | None = None,
    checked: Checked | None = None,
) -> str:
    """The whole answer of `indexcalc derive`: with `steps`, how each statement came about; then the program, or the
    closed form if that is given; then what a check of the steps found, if there was one.

    `sizes` are extents by name, for the figures in the last line.
    """
    blocks = []
    if steps:
        shown = [s for s in derivation.sections if s.steps]
        blocks += ["\n".join(section_lines(s, look, alone=len(shown) == 1, checked=checked)) for s in shown]
    lines = [closed_text(closed, look)] if closed else program_lines(derivation, look, sizes, offer=not steps)
    blocks.append("\n".join([*lines, *(checked_lines(checked, look) if checked is not None else ())]))
    return "\n\n".join(blocks)


def program_lines(derivation: Derivation, look: Look, sizes: Mapping[str, int], *, offer: bool = False) -> list[str]:
    """What is given, every new statement with where it came from, and counts; `offer`: how the steps are to be had."""
    notes = {s.target.name: s.note for s in derivation.sections}
    told = [reference_text(t) for t in given(derivation)]
    forward = kept(derivation)
    if forward:
        told.append(f"{', '.join(forward)} of the forward program")
    lines = [look.paint("given   ", "dim") + listed(told)] if told else []
    rows = [
        (pretty_text(s, unicode=False), remark_text(short_note(notes.get(s.name, "")), look))
        for s in new_statements(derivation)
    ]
    lines += beside(rows, look)
    new = new_statements(derivation)
    if len(new) <= FEW:
        closed = closed_derivation(derivation)
        lines += form_lines(new_statements(closed), closed.result, look)
        lines += figure_lines(new, look)
    lines += [line for note in derivation.result.notes for line in prose(look.spell(f"note: {note}"), look.width)]
    lines += [look.paint(line, "dim") for line in prose(summary(derivation, look, sizes, offer=offer), look.width)]
    return lines


def summary(derivation: Derivation, look: Look, sizes: Mapping[str, int], *, offer: bool = False) -> str:
    """Counts and outputs, in one line; `offer`: and that --steps tells how it was derived."""
    count = len(new_statements(derivation))
    ratio = multiplication_ratio(derivation, sizes)
    parts = []
    if ratio is not None:
        figure = f"{ratio:.2f}" if ratio < 100 else f"{ratio:,.0f}"
        parts.append(f"{figure} {'×' if look.unicode else 'x'} the forward's multiplications")
    parts.append(f"{count} statement{'' if count == 1 else 's'}")
    parts.append(f"returns {', '.join(derivation.result.outputs)}")
    if offer and any(s.steps for s in derivation.sections):
        parts.append("--steps shows how")
    return f" {look.dash} ".join(parts)


def remark_text(text: str, look: Look) -> str:
    """A note for one line: slots without blanks, and LaTeX between dollar signs as text."""
    parts = text.split("$")
    for k, part in enumerate(parts):
        parts[k] = plain_math(part, unicode=look.unicode) if k % 2 else _compact(part)
    return look.spell("".join(parts))


def _compact(text: str) -> str:
    return _BRACKETS.sub(lambda m: m[0].replace(" ", ""), text)


def section_lines(section: Section, look: Look, *, alone: bool = False, checked: Checked | None = None) -> list[str]:
    """One statement's derivation: what is differentiated and what is sought, numbered lines with rule and law, and the
    result; `alone`: the only one, whose result follows anyway."""
    sought = _compact(look.spell(find_text(section)))
    given = [pretty_text(s, look.unicode) for s in section.given] or [_left(section)]
    lines = beside([(text, sought if k == 0 else "") for k, text in enumerate(given)], look)
    lines[0] = look.paint(lines[0], "bold")
    lines += [look.paint(line, "dim") for line in prose(remark_text(reason(section), look), look.width)]
    lines += ["", *trace_lines(section.steps, look, checked.broken(section) if checked is not None else {})]
    if section.steps and not alone:
        lines += ["", *wrap(pretty_text(finished(section), unicode=False), look.width)]
    return lines


def _left(section: Section) -> str:
    target = section.target
    return f"{target.name}[{','.join(map(str, target.indices))}]" if target.indices else target.name


def reason(section: Section) -> str:
    """A section's note without the statements that head it."""
    first, _, rest = section.note.partition("; ")
    return rest if section.given and first.startswith("from ") else section.note


def trace_lines(steps: Sequence[Step], look: Look, broken: Mapping[int, str] = MappingProxyType({})) -> list[str]:
    """Numbered steps with rule and law, as derivations and `indexcalc simplify --steps` show them; `broken` says of
    steps that do not hold what is wrong with them."""
    rows = []
    for n, s in enumerate(steps, 1):
        remark = step_remark(s, look)
        rows.append((f"{n:3}   {_line(s, look)}", f"{broken[n]}   {remark}" if n in broken else remark))
    return beside(rows, look)


def _line(step: Step, look: Look) -> str:
    return marked_text(step.after, changed(step.before, step.after), unicode=look.unicode)


def step_remark(step: Step, look: Look) -> str:
    """Rule, law and note of a step: `delta contraction   δᵢₖ Tᵢ = Tₖ   (twice)`."""
    law = plain_math(step.law, unicode=look.unicode) if step.law else ""
    note = f"({remark_text(step.note, look)})" if step.note else ""
    return "   ".join(p for p in (title_of(step.rule), law, note) if p)
