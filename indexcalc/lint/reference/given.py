"""What may be compared: a formula, a file, a definition or an equation in one, an einsum string, a line of Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...compare.programs import SIDES, Sides
from ...compare.result import Comparison
from ...compare.slices import compare_each
from ...diagnostics import IndexCalcError, fail
from ...einsum.expand import output_items
from ...einsum.spec import Spec, SpecError
from ...elaborate.read import read_expression, read_program
from ...ir.program import Program
from ...python.module import Module
from ..source import Source
from .axes import NotReadable
from .code import read_against, target_of, value_of
from .contraction import flat
from .elsewhere import formula_in, is_formula_file
from .expression import Reader
from .formula import scalars_for_extents
from .operations import libraries_of
from .specs import groups_of, read_spec, spec_program

_DEFINES = re.compile(r"(?<![=<>!])=(?!=)")
_LINE = re.compile(r"(?P<path>[^\n]+\.py):(?P<line>[0-9]{1,9})")
_LABELLED = re.compile(r"(?P<path>[^\n#\s]+\.[A-Za-z]+)#(?P<label>[^\n#\s]+)")
_SPEC = re.compile(r"[^=\[\]*/+^{}]*->[^=\[\]*/+^{}]*")
Read = Callable[[str], Source]


@dataclass(frozen=True, slots=True)
class Given:
    """One side of a comparison: a program, a spec, or a statement of Python, of which one is not None.

    A bare expression, `expression`, is a program that defines `value` with its `free` indices in the order in which
    they come.
    """

    program: Program | None = None
    expression: str = ""
    free: tuple[str, ...] = ()
    spec: Spec | None = None
    code: tuple[Module, ast.stmt] | None = None


def read_given(text: str, read: Read) -> Given:
    """What a side of a comparison means; `read` gives the source that a path, `-` or a text means."""
    line = _LINE.fullmatch(text)
    if line is not None:
        return Given(code=_statement(read(line["path"]), int(line["line"])))
    labelled = _LABELLED.fullmatch(text)
    if labelled is not None and is_formula_file(labelled["path"]):
        return Given(formula_in(read(labelled["path"]), labelled["label"]))
    if _SPEC.fullmatch(text):
        try:
            return Given(spec=read_spec(text.strip("'\""), None))
        except SpecError as error:
            raise fail(
                "IX901", f"`{text}` is no spec: {error.message}", hint=error.hint or "such as ij,jk->ik"
            ) from None
    source = read(text)
    if source.kind != "idx":
        return Given(formula_in(source, ""))
    if source.name == "<input>" and "==" not in source.text and not _DEFINES.search(source.text):
        free = tuple(i.name for i in read_expression(source.text).free_indices)
        return Given(_of_expression(source.text, free), expression=source.text, free=free)
    return Given(read_program(source.text, filename=source.name))


def _of_expression(text: str, free: Sequence[str]) -> Program:
    """A bare expression as a definition with these slots."""
    slots = f"[{', '.join(free)}]" if free else ""
    program = read_program(f"value{slots} = {text}")
    scalars = [d for d in program.warnings if d.code == "IX507"]
    if scalars:  # `W_ij` with nothing around it that says that i and j are indices
        raise IndexCalcError([replace(d, severity="error") for d in scalars])
    return program


def _in_order_of(first: Given, second: Given) -> Given:
    """The second of two bare expressions, its free indices in the order of the first where they have the same names."""
    if first.free == second.free or sorted(first.free) != sorted(second.free):
        return second
    return replace(second, program=_of_expression(second.expression, first.free), free=first.free)


def _statement(source: Source, line: int) -> tuple[Module, ast.stmt]:
    from ...python.read import read_module

    try:
        module = read_module(source.text)
    except IndexCalcError as error:
        raise error.located(None, source.name, source.text) from None
    found = [
        n
        for n in ast.walk(module.tree)
        if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or n.lineno) and value_of(n) is not None
    ]
    if not found:
        hint = "give the line of an assignment, a return or a call"
        raise fail("IX901", f"line {line} of `{source.name}` computes nothing", hint=hint)
    return module, found[-1]


def compare_given(left: Given, right: Given) -> Comparison:
    """Whether both sides compute the same, also where one of them does so for each value of further indices."""
    if left.expression and right.expression:
        right = _in_order_of(left, right)
    if left.spec is not None and right.spec is not None:
        return _specs(left.spec, right.spec)
    if left.code is not None and right.program is not None:
        return _turned(_against(right.program, left.code, SIDES[::-1]))
    first = left.program if left.program is not None else _program(left, right.program)
    if right.code is not None:
        return _against(first, right.code)
    second = right.program if right.program is not None else _program(right, first)
    found = compare_each(first, second)
    if not found:  # one may name a size by its extent, the other by a scalar
        found = _first_equal(compare_each(scalars_for_extents(first), scalars_for_extents(second)), found)
    if found or _rank(first) <= _rank(second):
        return found
    return _first_equal(_turned(compare_each(second, first, sides=SIDES[::-1])), found)


def _first_equal(found: Comparison, other: Comparison) -> Comparison:
    return found if found or (found.exchanged and not other) else other


def _rank(program: Program) -> int:
    return max((len(program.definitions[n].indices) for n in program.outputs if n in program.definitions), default=0)


def _specs(left: Spec, right: Spec) -> Comparison:
    if len(left.inputs) != len(right.inputs):
        return Comparison("different", f"{len(left.inputs)} operands and {len(right.inputs)}")
    if any(a != b for a, b in zip(groups_of(left), groups_of(right)) if max(a + b) > 1):
        return Comparison("different", "axes are joined and parted in other places")
    names = [f"operand_{k + 1}" for k in range(len(left.inputs))]
    return compare_each(spec_program(left, names), spec_program(right, names))


def _program(side: Given, other: Program | None) -> Program:
    """A spec or a line of Python as a program by itself, an ellipsis filling it up to the other's rank."""
    if side.spec is not None:
        own = flat(output_items(side.spec))
        width = max(0, _rank(other) - len(own) + 1) if other is not None else 2
        return spec_program(side.spec, [f"operand_{k + 1}" for k in range(len(side.spec.inputs))], width)
    assert side.code is not None
    module, statement = side.code
    node = value_of(statement)
    assert node is not None
    reader = Reader({id(c.node): c for c in module.calls}, lambda name: None, libraries_of(module))
    try:
        rank = reader.rank(node)
        if rank is None:
            raise NotReadable(node, "how many axes it has is not known without a formula")
        return read_program(reader.statement(target_of(statement), node, rank))
    except NotReadable as error:
        hint = "compare it with a formula: S[i,j] = Q[i,d] K[j,d]"
        raise fail("IX434", f"line {statement.lineno} cannot be read: {error.message}", hint=hint) from None


def _against(formula: Program, code: tuple[Module, ast.stmt], sides: Sides = SIDES) -> Comparison:
    module, statement = code
    node = value_of(statement)
    assert node is not None
    try:
        reading = read_against(scalars_for_extents(formula), node, target_of(statement), module, sides)
    except NotReadable as error:
        hint = "matrix products, einsum, einops, transposes, sums and elementwise functions are read"
        raise fail("IX434", f"line {statement.lineno} cannot be read: {error.message}", hint=hint) from None
    return reading.comparison


def _turned(found: Comparison) -> Comparison:
    """The comparison with its sides exchanged; its reason names them, and was told so beforehand."""
    back = {b: a for a, b in found.mapping.items()}
    shown = found.counterexample
    if shown is not None:
        inputs = {found.mapping.get(n, n): x for n, x in shown.inputs.items()}
        shown = replace(shown, left=shown.right, right=shown.left, inputs=inputs)
    moved = tuple(found.mapping[n] for n in found.exchanged)
    return replace(found, mapping=back, counterexample=shown, exchanged=moved)
