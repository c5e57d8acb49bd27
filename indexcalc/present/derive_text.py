"""A derivation for the terminal: the derived program with a word on each line, and its steps one under another."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.pretty import pretty_text
from ..ir.program import Define, Program
from ..ir.trace import Derivation, Section, Step
from .columns import beside, wrap
from .look import Look
from .mathtext import plain_math
from .names import find_text, given, reference_text, title_of


def derivation_text(derivation: Derivation, look: Look, *, steps: bool) -> str:
    """The whole answer of `indexcalc derive`: with `steps`, how each statement came about; then the program."""
    blocks = []
    if steps:
        blocks += ["\n".join(section_lines(s, look)) for s in derivation.sections if s.steps]
    blocks.append("\n".join(_program(derivation, look)))
    return "\n\n".join(blocks)


def _program(derivation: Derivation, look: Look) -> list[str]:
    """`given` lines, then every statement of the result with where it came from."""
    result, notes = derivation.result, {s.target.name: s.note for s in derivation.sections}
    forward = derivation.forward.definitions
    cotangents = [t.name for t in given(derivation)]
    lines = [look.paint("given   ", "dim") + ", ".join(reference_text(result.inputs[n]) for n in cotangents)]
    if not cotangents:
        lines = []
    rows = []
    for statement in result.statements:
        name = statement.name if isinstance(statement, Define) else ""
        remark = notes.get(name) or ("forward" if name in forward else "")
        rows.append((pretty_text(statement, False), remark_text(remark, look)))
    lines += beside(rows, look)
    lines.append(look.paint(summary(derivation, look), "dim"))
    return lines


def remark_text(text: str, look: Look) -> str:
    """A note may hold LaTeX between dollar signs."""
    parts = text.split("$")
    for k in range(1, len(parts), 2):
        parts[k] = plain_math(parts[k], unicode=look.unicode)
    return ascii_of("".join(parts), look)


def summary(derivation: Derivation, look: Look) -> str:
    """Counts, in one line."""
    result = derivation.result
    count = sum(isinstance(s, Define) and s.name not in derivation.forward.definitions for s in result.statements)
    named = ", ".join(result.outputs)
    return f"{count} statement{'' if count == 1 else 's'} {look.dash} returns {named}"


def section_lines(section: Section, look: Look) -> list[str]:
    """One statement's derivation: what is sought, numbered lines with rule and law, and the result."""
    target = section.target
    left = f"{target.name}[{', '.join(map(str, target.indices))}]" if target.indices else target.name
    head = f"{look.paint(left, 'bold')} = {ascii_of(find_text(section), look)}"
    lines = [head + (look.paint(f"   {remark_text(section.note, look)}", "dim") if section.note else ""), ""]
    rows = []
    for number, step in enumerate(section.steps, 1):
        rows.append((f"{number:3}   {formula_text(step, look)}", step_remark(step, look)))
    lines += beside(rows, look)
    lines += ["", *wrap(pretty_text(target, False), look.width)]
    return lines


def formula_text(step: Step, look: Look) -> str:
    return pretty_text(step.after, look.unicode)


def step_remark(step: Step, look: Look) -> str:
    """Rule, law and note of a step: `delta contraction   δᵢₖ Tᵢ = Tₖ   (twice)`."""
    law = plain_math(step.law, unicode=look.unicode) if step.law else ""
    note = f"({remark_text(step.note, look)})" if step.note else ""
    return "   ".join(p for p in (title_of(step.rule), law, note) if p)


def ascii_of(text: str, look: Look) -> str:
    """The text with the signs that we write ourselves spelled out where the terminal has no Unicode."""
    if look.unicode or text.isascii():
        return text
    for sign, plain in _SPELLED.items():
        text = text.replace(sign, plain)
    return text


_SPELLED = {"∂": "d", "Σ": "sum ", "·": "-", "×": "x", "→": "->", "≤": "<=", "≥": ">=", "−": "-", "…": "...", "≠": "!="}


def trace_text(steps: Sequence[Step], look: Look) -> list[str]:
    """Numbered steps alone, as `indexcalc simplify --steps` shows them."""
    return beside([(f"{k:3}   {formula_text(s, look)}", step_remark(s, look)) for k, s in enumerate(steps, 1)], look)


def program_lines(program: Program, look: Look) -> list[str]:
    """The statements of a program, one a line."""
    return [line for s in program.statements for line in wrap(pretty_text(s, False), look.width)]
