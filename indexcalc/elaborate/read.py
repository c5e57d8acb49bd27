"""Text in, checked program or expression out."""

from __future__ import annotations

from ..diagnostics import Diagnostic, IndexCalcError
from ..ir.expr import Expr
from ..ir.program import Program
from ..syntax.parse import parse_expression, parse_program
from ..syntax.tree import Tree
from .program import elaborate, elaborate_expression


def read_program(text: str, *, filename: str = "<input>", strict: bool = False) -> Program:
    """The checked program; warnings go to `Program.warnings`.  Raises IndexCalcError with every error found.

    >>> program = read_program("y[b,i] = W[i,j] x[b,j] + c[i]")
    >>> list(program.inputs), program.outputs
    (['W', 'x', 'c'], ('y',))
    """
    program, found = _read(text, filename, strict)
    errors = [d for d in found if d.severity == "error"]
    if program is None or errors:
        raise IndexCalcError(errors)
    return program


def check_text(text: str, *, filename: str = "<input>", strict: bool = False) -> list[Diagnostic]:
    """Everything that is wrong with a text, in the order of the source; never raises.

    >>> [d.code for d in check_text("y[i] = A[i,k]; z = (a + b")]
    ['IX102', 'IX001']
    """
    return _read(text, filename, strict)[1]


def _read(text: str, filename: str, strict: bool) -> tuple[Program | None, list[Diagnostic]]:
    parsed, broken = parse_program(text, filename)
    program, found = elaborate(parsed, filename=filename, source=text, strict=strict)
    if broken:
        # what a broken statement would have defined is missing: say nothing of outputs that may be in it
        found = [d for d in found if not d.message.startswith(("output ", "recompute "))]
        program = None
    both = sorted((*broken, *found), key=lambda d: d.span.start if d.span else -1)
    return program, both


def read_expression(text: str, *, given: str | Program = "") -> Expr:
    """One expression, its single occurrences free, beside declarations.  Raises IndexCalcError.

    >>> e = read_expression("x[i] A[i,j] x[j]", given="index i, j : n(3)")
    >>> [i.space.extent for i in e.bound_indices], e.free_indices
    ([3, 3], ())
    """
    program = read_program(given) if isinstance(given, str) else given
    tree = _parsed(text, program)
    return _checked(*elaborate_expression(tree, given=program, source=text))


def read_derivative(text: str, wrt: str, *, given: str | Program = "") -> Expr:
    """∂text/∂wrt as one term, both read beside the same declarations.  Raises IndexCalcError.

    An index that `text` sums is its own affair: `wrt` may use the letter again.

    >>> print(read_derivative("x[i] x[i]", "x[i]"))
    diff(sum[i](x[i] x[i]), x[i])
    """
    program = read_program(given) if isinstance(given, str) else given
    for part in (text, wrt):
        _parsed(part, program)
    end = "\n" if "#" in text + wrt else ""  # a comment would take the bracket with it
    whole = f"diff({text}{end}, {wrt}{end})"
    tree = _parsed(whole, program)
    return _checked(*elaborate_expression(tree, given=program, source=whole, apart=True))


def _parsed(text: str, given: Program) -> Tree:
    known = [i.name for i in given.indices] + [*given.inputs, *given.definitions]
    tree, found = parse_expression(text, known, [f.name for f in given.functions])
    if tree is None or found:
        raise IndexCalcError(found)
    return tree


def _checked(expr: Expr | None, found: list[Diagnostic]) -> Expr:
    errors = [d for d in found if d.severity == "error"]
    if expr is None or errors:
        raise IndexCalcError(errors)
    return expr
