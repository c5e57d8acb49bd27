"""What a statement computes, as programs that a formula can be compared with."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...compare.names import alike
from ...compare.programs import Sides
from ...compare.result import Comparison
from ...compare.slices import compare_each
from ...diagnostics import IndexCalcError
from ...einsum.dialects import DIALECTS
from ...elaborate.read import read_program
from ...ir.build import multiply
from ...ir.expr import Access, Expr, IndexSum, Literal, Power, Product
from ...ir.program import Define, Program
from ...ir.walk import subexpressions, tensors_in
from ...python.module import Call, Module
from .arrays import arrays_in
from .axes import NotReadable
from .contraction import OPERATIONS
from .expression import Reader
from .operations import libraries_of

SIDES: Sides = ("the formula", "the code")
MAX_MORE = 3  # axes that the code may have beyond the formula's: batch, head, …


@dataclass(frozen=True, slots=True)
class Reading:
    """An expression of the source as a program, the names of its arrays by source text, and how it compares."""

    node: ast.expr
    program: Program
    leaves: Mapping[str, str]
    comparison: Comparison


def value_of(statement: ast.stmt) -> ast.expr | None:
    """What a statement computes: an assignment's right side, a returned or a bare expression."""
    if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Return, ast.Expr, ast.AugAssign)):
        return statement.value
    return None


def target_of(statement: ast.stmt) -> str:
    """The name that the value gets, or "result"."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    name = targets[0]
    while isinstance(name, ast.Subscript):
        name = name.value
    return name.attr if isinstance(name, ast.Attribute) else name.id if isinstance(name, ast.Name) else "result"


def calls_in(node: ast.AST, module: Module) -> list[Call]:
    """The calls inside whose string has a formula, in the order of the source."""
    inside = {id(n) for n in ast.walk(node)}
    found = [c for c in module.calls if id(c.node) in inside and DIALECTS[c.dialect].operation in OPERATIONS]
    return sorted(found, key=lambda c: c.span.start)


def read_against(formula: Program, node: ast.expr, target: str, module: Module, sides: Sides = SIDES) -> Reading:
    """The expression read with the formula's ranks, and compared with it.  Raises `NotReadable`.

    Where the formula is for one batch and one head, the code may have more axes.
    """
    first: Reading | None = None
    problem: NotReadable | None = None
    for more in range(MAX_MORE + 1):
        try:
            found = _read(formula, node, target, module, more, sides)
        except NotReadable as error:
            problem = problem or error
            continue
        if found.comparison:
            return found
        if first is None or (found.comparison.exchanged and not first.comparison.exchanged):
            first = found
    if first is None:
        assert problem is not None
        raise problem
    return first


def _read(formula: Program, node: ast.expr, target: str, module: Module, more: int, sides: Sides) -> Reading:
    calls = {id(c.node): c for c in module.calls}
    pairs: dict[str, str] = {}

    def rank_of(name: str) -> int | None:
        rank = len(formula.inputs[pairs[name]].indices) if name in pairs else None
        return rank + more if rank else rank

    libraries = libraries_of(module)
    reader = Reader(calls, rank_of, libraries)
    pairs |= _meant([reader.leaf(a) for a in arrays_in(node, calls, libraries)], formula)
    (output,) = formula.outputs
    try:
        rank = reader.rank(node)
        text = reader.statement(target, node, len(formula.definitions[output].indices) + more if rank is None else rank)
        program = read_program(text)
    except IndexCalcError as error:
        raise NotReadable(node, error.diagnostics[0].message) from None
    comparison = compare_each(formula, program, leading=id(node) not in calls, sides=sides)
    if not comparison:
        opaque = frozenset(reader.leaves.values()) - reader.sizes
        comparison = _up_to_scalars(formula, program, opaque, sides) or comparison
    return Reading(node, program, dict(reader.leaves), comparison)


def _meant(leaves: Sequence[str], formula: Program) -> dict[str, str]:
    """The formula's input for each name in the code: by name, then in order where the same number is left."""
    found = {leaf: known for leaf in leaves if (known := alike(leaf, formula.inputs)) is not None}
    left = [x for x in dict.fromkeys(leaves) if x not in found]
    open_inputs = [x for x in formula.inputs if x not in found.values()]
    if len(left) == len(open_inputs):
        found |= dict(zip(left, open_inputs))
    return found


def _up_to_scalars(formula: Program, program: Program, opaque: frozenset[str], sides: Sides) -> Comparison | None:
    """Equality where the code multiplies by a number that the statement does not show, `self.scale`: it is taken for
    the formula's factor."""
    if opaque.isdisjoint(_hidden(program, formula)):
        return None
    left, right = (_without_scalars(p, other) for p, other in ((formula, program), (program, formula)))
    if left is None or right is None:
        return None
    found = compare_each(left, right, sides=sides)
    return found if found else None


def _hidden(program: Program, other: Program) -> list[str]:
    """Scalars whose names the other one does not know."""
    return [n for n, t in program.inputs.items() if not t.indices and alike(n, other.inputs) is None]


def _without_scalars(program: Program, other: Program) -> Program | None:
    """The program without the factors that are numbers or scalars which the other one does not know."""
    if len(program.definitions) != 1:
        return None
    (d,) = program.definitions.values()
    hidden = frozenset(_hidden(program, other))
    body = _stripped(d.body, hidden)
    kept = tensors_in(body)
    tensors = tuple(t for t in program.tensors if t.name in kept)
    return replace(program, tensors=tensors, statements=(Define(d.name, d.indices, body, d.span),))


def _stripped(e: Expr, hidden: frozenset[str]) -> Expr:
    if isinstance(e, IndexSum):
        return IndexSum(_stripped(e.body, hidden), e.indices)
    if isinstance(e, Product):
        return multiply(*(_stripped(f, hidden) for f in e.factors if not _is_scale(f, hidden)))
    return e


def _is_scale(e: Expr, hidden: frozenset[str]) -> bool:
    parts = list(subexpressions(e))
    plain = all(isinstance(p, (Literal, Power, Access)) or p is e for p in parts)
    return plain and not e.free and tensors_in(e) <= hidden


def is_contraction(program: Program) -> bool:
    """Whether a formula is nothing but a sum of products of tensors' components."""
    if len(program.definitions) != 1:
        return False
    (d,) = program.definitions.values()
    return all(isinstance(p, (IndexSum, Product, Access)) for p in subexpressions(d.body))


def expressions(statement: ast.stmt, formula: Program, module: Module) -> Iterator[ast.expr]:
    """What may be meant by a formula at a statement: its whole value, and where the formula is a mere contraction, the
    calls in it."""
    whole = value_of(statement)
    if whole is not None:
        yield whole
    if is_contraction(formula):
        yield from (c.node for c in calls_in(statement, module) if c.node is not whole)
