"""A derivation as a LaTeX document that compiles with amsmath alone, and as Markdown with display mathematics."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.expr import Expr, Sum
from ..ir.latex import statement_latex
from ..ir.program import Define, Statement
from ..ir.trace import Derivation, Section, Step
from ..matrix.form import matrix_form
from ..syntax.greek import WORDS
from .marks import changed, marked_latex
from .names import finished, given, new_statements, reference_text, short_note, title_of

LONG = 110  # characters of LaTeX beyond which a sum is set on several lines
_PREAMBLE = r"""\documentclass{article}
\usepackage[a4paper,landscape,margin=1.5cm]{geometry}
\usepackage{amsmath}
\allowdisplaybreaks
\setlength{\parindent}{0pt}
\begin{document}
"""
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "^": r"\^{}", "&": r"\&", "%": r"\%", "#": r"\#",
    "$": r"\$", "~": r"\~{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
}  # fmt: skip
_SIGNS = {
    "∂": r"\partial ", "Σ": r"\Sigma ", "→": r"\to ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "·": r"\cdot ",
    "×": r"\times ", "−": "-", "…": r"\dots ", "∞": r"\infty ", "√": r"\surd ", "∏": r"\prod ", "ᵀ": r"^{\top}",
}  # fmt: skip
_LOW = dict(zip("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789aehijklmnoprstuvx"))


def derivation_latex(derivation: Derivation, *, steps: bool) -> str:
    """A complete document: what is given, each statement's steps (with `steps`), and the derived program."""
    parts = [_PREAMBLE]
    parts.append(r"\section*{Given}" + "\n" + _aligned([statement_lines(s) for s in derivation.forward.statements]))
    cotangents = [reference_text(t) for t in given(derivation)]
    if cotangents:
        parts.append(f"and the new inputs \\texttt{{{text_latex(', '.join(cotangents))}}}.\n")
    if steps:
        parts += [_section(s) for s in derivation.sections if s.steps]
    parts.append(r"\section*{Result}" + "\n" + _aligned(list(_result(derivation))))
    forms = _matrix_forms(derivation)
    if forms:
        parts.append("in matrix notation\n" + _aligned(forms))
    parts += [f"\\par {note_latex(note)}.\n" for note in derivation.result.notes]
    return "\n".join(parts) + "\\end{document}\n"


def derivation_markdown(derivation: Derivation, *, steps: bool) -> str:
    """The same for a Markdown page: `$$` blocks, rules as lists, and the program as source."""
    parts = ["## Given", _display([statement_lines(s) for s in derivation.forward.statements])]
    cotangents = [f"`{reference_text(t)}`" for t in given(derivation)]
    if cotangents:
        parts.append(f"and the new inputs {', '.join(cotangents)}.")
    if steps:
        for section in derivation.sections:
            if section.steps:
                parts += _markdown_section(section)
    parts += ["## Result", _display([statement_lines(s) for s in derivation.result.statements])]
    forms = _matrix_forms(derivation)
    if forms:
        parts += ["in matrix notation", _display(forms)]
    parts.append("\n".join(f"- `{name}`: {note_markdown(note)}" for name, note in _notes(derivation).items() if note))
    if derivation.result.notes:
        parts.append("\n".join(f"- {note_markdown(note)}." for note in derivation.result.notes))
    parts.append("```\n" + str(derivation.result).rstrip("\n") + "\n```")
    return "\n\n".join(parts) + "\n"


def _result(derivation: Derivation) -> Iterator[list[str]]:
    """Rows of the result, with a remark under each."""
    notes = _notes(derivation)
    for statement in derivation.result.statements:
        lines = statement_lines(statement)
        note = notes.get(statement.name, "") if isinstance(statement, Define) else ""
        if note:
            lines.append(rf"&\qquad\text{{\small {note_latex(note)}}}")
        yield lines


def _matrix_forms(derivation: Derivation) -> list[list[str]]:
    """The new statements that have a matrix notation, a row each."""
    found = (matrix_form(s, derivation.result.inputs) for s in new_statements(derivation))
    return [[_anchor(form.latex)] for form in found if form is not None]


def _notes(derivation: Derivation) -> dict[str, str]:
    """What is said of statements that stand in the result as they were derived."""
    final = derivation.result.definitions
    return {s.target.name: short_note(s.note) for s in derivation.sections if final.get(s.target.name) == s.target}


def statement_lines(statement: Statement) -> list[str]:
    """A statement as lines of an `align*`: one, or more where its right side is a long sum."""
    whole = statement_latex(statement)
    if not isinstance(statement, Define) or len(whole) <= LONG:
        return [_anchor(whole)]
    left = whole.split(" = ", 1)[0]
    return [*_equation_lines(left, statement.body)]


def _anchor(equation: str) -> str:
    left, equals, right = equation.partition(" = ")
    return f"{left} &= {right}" if equals else f"&{equation}"


def _equation_lines(left: str, body: Expr, marks: frozenset[Expr] = frozenset()) -> Iterator[str]:
    """`left &= body`, the terms of a long sum on lines of their own, marked parts underlined."""
    text = marked_latex(body, marks)
    if len(text) <= LONG or not isinstance(body, Sum):
        yield f"{left} &= {text}"
        return
    for number, term in enumerate(body.terms):
        shown = marked_latex(term, marks)
        if number == 0:
            yield f"{left} &= {shown}"
        else:
            yield f"&\\quad {shown}" if shown.startswith("-") else f"&\\quad {{}}+ {shown}"


def _aligned(statements: list[list[str]]) -> str:
    rows = [line for lines in statements for line in lines]
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}\n"


def _display(statements: list[list[str]]) -> str:
    rows = [line for lines in statements for line in lines]
    return "$$\n\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}\n$$"


def _section(section: Section) -> str:
    """One statement: each step a line, its rule and law behind it."""
    target = section.target
    name = rf"\texttt{{{text_latex(target.name)}}}"
    head = rf"\section*{{{_heading(section, name)}}}"
    left = statement_latex(finished(section)).split(" = ", 1)[0]
    rows = []
    for number, step in enumerate(section.steps):
        rows += list(_equation_lines("" if number else left, step.after, changed(step.before, step.after)))
        rows.append(rf"&\qquad\text{{\small {_remark(step)}}}")
    return f"{head}\n{note_latex(section.note)}\n{_aligned([rows])}"


def _heading(section: Section, name: str) -> str:
    return f"{name}: ${find_latex(section.find)}$" if section.find else name


def _remark(step: Step) -> str:
    law = f": ${step.law}$" if step.law else ""
    note = f" ({note_latex(step.note)})" if step.note else ""
    return f"{text_latex(title_of(step.rule))}{law}{note}"


def _markdown_section(section: Section) -> list[str]:
    out = [f"## {_heading(section, f'`{section.target.name}`')}"]
    if section.note:
        out.append(note_markdown(section.note))
    for number, step in enumerate(section.steps, 1):
        law = f": ${step.law}$" if step.law else ""
        note = f" ({note_markdown(step.note)})" if step.note else ""
        out.append(f"{number}. {title_of(step.rule)}{law}{note}\n\n   $$ {_marked(step)} $$")
    return out


def _marked(step: Step) -> str:
    return marked_latex(step.after, changed(step.before, step.after))


def text_latex(text: str) -> str:
    """Plain text with LaTeX's special characters and our signs made printable."""
    return "".join(_SPECIAL.get(c) or (f"${_maths(c)}$" if c in _SIGNS or c in WORDS or c in _LOW else c) for c in text)


def note_latex(note: str) -> str:
    """A note: text, with LaTeX between dollar signs left alone."""
    parts = note.split("$")
    return "".join(f"${p}$" if k % 2 else text_latex(p) for k, p in enumerate(parts))


def note_markdown(note: str) -> str:
    parts = note.split("$")
    return "".join(f"${p}$" if k % 2 else p.replace("_", r"\_").replace("*", r"\*") for k, p in enumerate(parts))


def find_latex(text: str) -> str:
    """`∂L/∂V[m, n]` as mathematics.

    >>> find_latex("∂L/∂V[m, n]")
    '\\\\frac{\\\\partial L}{\\\\partial V_{m n}}'
    """
    above, slash, below = text.partition("/")
    if slash and above.startswith("∂") and below.startswith("∂"):
        return rf"\frac{{{_reference(above)}}}{{{_reference(below)}}}"
    return _reference(text)


def _reference(text: str) -> str:
    name, bracket, slots = text.partition("[")
    shown = "".join(_maths(c) if c in _SIGNS or c in WORDS else _SPECIAL.get(c, c) for c in name).strip()
    if len(name.lstrip("∂")) > 1:
        lead = r"\partial " if name.startswith("∂") else ""
        shown = lead + rf"\mathrm{{{text_latex(name.lstrip('∂'))}}}"
    if not bracket:
        return shown
    inside = " ".join(_reference(s.strip()) for s in slots.rstrip("]").split(","))
    return f"{shown}_{{{inside}}}"


def _maths(character: str) -> str:
    if character in _LOW:
        return f"_{{{_LOW[character]}}}"
    return _SIGNS.get(character) or "\\" + WORDS[character] + " "
