"""What a program declares or defines and never reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...diagnostics import Diagnostic, Span
from ...ir.expr import Extent
from ...ir.program import Claim, Define, Program
from ...ir.walk import subexpressions
from ...syntax import tree as syntax
from ..facts import names_of
from ..registry import Checked, lint_rule

if TYPE_CHECKING:
    from ...syntax.tree import Tree
    from ..facts import Facts


@lint_rule(
    "IX591",
    name="unused-declaration",
    summary="a declared tensor, scalar, index or function is never used",
    why="A declaration that nothing uses is often a misspelt name elsewhere: the name that is used in its place was "
    "then taken as a new, undeclared one. An unused tensor also stays an input that a caller must give.",
    bad="tensor A[i, j], B[i, j]\nindex i, j : space(N)\ny[i] = A[i, j] x[j]",
    good="tensor A[i, j]\nindex i, j : space(N)\ny[i] = A[i, j] x[j]",
)
def unused_declaration(checked: Checked) -> Iterator[Diagnostic]:
    """Declared names that no statement of the program holds."""
    used = _names_used(checked.program, checked.facts)
    declared = {t.name for t in checked.program.tensors} | {f.name for f in checked.program.functions}
    declared |= {i.name for i in checked.program.indices}
    if declared <= used:
        return
    for kind, name, span in _declarations(checked.tree.statements):
        if name in declared and name not in used:
            hint = f"remove it, or use `{name}`"
            yield checked.warning("IX591", f"{kind} `{name}` is declared and never used", span, hint)


@lint_rule(
    "IX592",
    name="unused-definition",
    summary="a definition is neither an output nor read by anything that leads to one",
    why="With an `output` line, a definition that no output and no claim needs is computed for nothing, or an output "
    "was meant to read it and reads something else.",
    bad="y[i] = A[i, j] x[j]\nz[i] = 2 y[i]\noutput y",
    good="y[i] = A[i, j] x[j]\nz[i] = 2 y[i]\noutput y, z",
)
def unused_definition(checked: Checked) -> Iterator[Diagnostic]:
    """Definitions that are not reached from the outputs and claims."""
    program = checked.program
    needed = set(program.outputs)
    for statement, names in zip(reversed(program.statements), reversed(checked.facts.names)):
        if isinstance(statement, Claim) or statement.name in needed:
            needed |= names
    for statement in program.statements:
        if isinstance(statement, Define) and statement.name not in needed:
            hint = f"add `{statement.name}` to the outputs, or remove the line"
            message = f"`{statement.name}` is defined, but no output needs it"
            yield checked.warning("IX592", message, statement.span, hint)


def _names_used(program: Program, facts: Facts) -> set[str]:
    """Names that statements, functions' bodies, slots by example and metrics hold.

    An index that gives a space its extent is used where the extent is, or where an integer tensor indexes the space.
    """
    used = {m.name for m in program.metrics} | set(program.outputs)
    spaces = {m.space for m in program.metrics} | {t.values for t in program.tensors}
    bodies = [tuple(subexpressions(f.body)) for f in program.functions]
    spaces |= {p.space for _, p in facts.parts(Extent)} | {p.space for b in bodies for p in b if isinstance(p, Extent)}
    used |= {i.name for i in program.indices if i.space in spaces}
    for tensor in program.tensors:
        used |= {i.name for i in tensor.indices}
    for statement in program.statements:
        if isinstance(statement, Define):
            used |= {i.name for i in statement.indices}
    return used.union(*facts.names, *map(names_of, bodies))


def _declarations(statements: tuple[Tree, ...]) -> Iterator[tuple[str, str, Span]]:
    """(kind, name, span) of every name that a declaration introduces."""
    for statement in statements:
        if isinstance(statement, syntax.IndexDeclaration):
            for name in statement.names:
                yield "index", name.text + "'" * name.primes, name.span
        elif isinstance(statement, (syntax.TensorDeclaration, syntax.IntegerDeclaration, syntax.ScalarDeclaration)):
            kind = "scalar" if isinstance(statement, syntax.ScalarDeclaration) else "tensor"
            for item in statement.items:
                yield kind, item.reference.name, item.reference.span
        elif isinstance(statement, syntax.FunctionDeclaration):
            yield "function", statement.name.text, statement.name.span


RULES = (unused_declaration, unused_definition)
