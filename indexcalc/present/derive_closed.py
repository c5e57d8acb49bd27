"""A derived program in closed form for the terminal: each result as one equation, and what it refers to below."""

from __future__ import annotations

from ..ir.pretty import pretty_text
from ..ir.program import Define, Program
from ..ir.trace import Derivation
from ..matrix.form import MatrixForm, matrix_form
from .columns import beside, pad, wrap
from .contractions import einsum_strings, multiplications
from .look import Look
from .names import new_statements

FORWARD = "from the forward program"
LABEL = 12  # columns of the word in front of a figure or a form


def closed_text(derivation: Derivation, look: Look) -> str:
    """The results; the lines they refer to that the derivation made; and what the forward program says of the rest.

    `derivation.result` is the program in closed form.
    """
    new = new_statements(derivation)
    outputs = derivation.result.outputs
    known = derivation.forward.definitions
    blocks = [
        ("", [s for s in new if s.name in outputs]),
        ("where", [s for s in new if s.name not in outputs]),
        (FORWARD, [s for s in derivation.result.definitions.values() if s.name in known]),
    ]
    lines: list[str] = []
    for title, statements in blocks:
        if not statements:
            continue
        if title:
            lines.append(look.paint(title, "dim"))
        rows = [(pretty_text(s, unicode=False), "") for s in statements]
        lines += beside(rows, look)
        if title != FORWARD:
            lines += form_lines(statements, derivation.result, look)
    return "\n".join(lines)


def form_lines(statements: list[Define], program: Program, look: Look) -> list[str]:
    """The statements in matrix notation, those that have one."""
    forms = [matrix_form(s, program.inputs) for s in statements]
    return labelled("matrix form", [form_text(f, look) for f in forms if f is not None], look)


def figure_lines(statements: list[Define], look: Look) -> list[str]:
    """einsum strings, and multiplications as a formula, of statements that are contractions."""
    strings = [(s, einsum_strings(s)) for s in statements]
    lines = labelled("einsum", [f"{s.name} = {text}" for s, text in strings if text is not None], look)
    costs = [(s, multiplications(s, look)) for s in statements]
    told = [f"{s.name}: {text} multiplications" for s, text in costs if text is not None]
    return lines + labelled("cost", told, look)


def form_text(form: MatrixForm, look: Look) -> str:
    return str(form) if look.unicode else form.ascii


def labelled(label: str, texts: list[str], look: Look) -> list[str]:
    """Lines with a word in front of the first.

    >>> labelled("cost", ["a", "b"], Look())
    ['cost          a', '              b']
    """
    lines = [line for text in texts for line in wrap(text, look.width - LABEL - 2)]
    return [look.paint(pad(label if k == 0 else "", LABEL), "dim") + "  " + line for k, line in enumerate(lines)]
