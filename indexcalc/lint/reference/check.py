"""`# ix:` comments held against the code: findings IX430 to IX434."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ...compare.programs import compare
from ...compare.result import UNDECIDED, Comparison
from ...diagnostics import Diagnostic, IndexCalcError, Label, Span, listed
from ...einsum.dialects import DIALECTS
from ...einsum.spec import Spec, SpecError
from ...ir.program import Program
from ...ir.text import statement_text
from ...python.module import Call, Module
from ...python.positions import Positions
from .axes import NotReadable, shown
from .code import SIDES, Reading, calls_in, expressions, read_against, target_of
from .comments import SEE, SPEC, Comment, Reference, comments_of, references, spec_in
from .elsewhere import referenced
from .formula import Text, declared, formula_program, unreadable
from .proposal import proposed
from .specs import groups_of, read_spec, spec_program


def reference_findings(module: Module, file: str = "<input>") -> Iterator[Diagnostic]:
    """Every finding about the `# ix:` comments of a module; `file` is where paths in them are relative to."""
    comments = comments_of(module)
    if not comments:
        return
    kept, found = declared(comments, module.lines)
    yield from found
    for reference in references(module, comments):
        yield from _held(reference, kept, module, file)


def _held(reference: Reference, declarations: Sequence[Comment], module: Module, file: str) -> Iterator[Diagnostic]:
    statement = reference.statement
    if statement is None:
        yield _nothing_here(reference.span)
        return
    if reference.kind == SPEC:
        yield from _held_spec(reference, statement, module)
        return
    try:
        if reference.kind == SEE:
            formula = referenced(reference.comments[0].text, file, declarations)
        else:
            formula = formula_program(reference.comments, declarations)
    except IndexCalcError as error:
        if reference.kind == SEE:
            yield from (_at(d, reference.span) for d in error.diagnostics)
        else:
            yield from unreadable(error, Text.of((*declarations, *reference.comments)), reference.span, module.lines)
        return
    yield from _judged(reference, formula, statement, module)


def _at(d: Diagnostic, span: Span) -> Diagnostic:
    """A finding about another file, at the comment that names it."""
    return Diagnostic(d.code, d.message, span, d.hint, "note" if d.code == "IX434" else d.severity, why=d.why)


def _nothing_here(span: Span) -> Diagnostic:
    hint = "put it on the line before the statement that computes it, at its end, or inside it"
    return Diagnostic("IX432", "no statement belongs to this `# ix:` comment", span, hint, "warning")


def _judged(reference: Reference, formula: Program, statement: ast.stmt, module: Module) -> Iterator[Diagnostic]:
    """The finding, if no way to read the statement computes the formula."""
    readings: list[Reading] = []
    problems: list[NotReadable] = []
    for node in expressions(statement, formula, module):
        try:
            found = read_against(formula, node, target_of(statement), module)
        except NotReadable as error:
            problems.append(error)
            continue
        if found.comparison:
            return
        readings.append(found)
    decided = [r for r in readings if r.comparison.verdict != UNDECIDED]
    if decided:
        # the smallest part is what the formula is about: calls come after the whole value
        yield _differs(reference, formula, decided[-1], module)
        return
    reasons = [p.message for p in problems] + [r.comparison.reason for r in readings]
    if not reasons:
        yield _nothing_here(reference.span)
        return
    yield _not_checked(reference.span, reasons[0])


def _not_checked(span: Span, reason: str) -> Diagnostic:
    hint = "write the statement with einsum, matmul and elementwise functions, or give the formula of the call alone"
    return Diagnostic("IX434", f"not checked against the formula: {reason}", span, hint, "note")


def _differs(reference: Reference, formula: Program, reading: Reading, module: Module) -> Diagnostic:
    """The code does something else: at the string of the call, where there is one."""
    comparison = reading.comparison
    call = next((c for c in calls_in(reading.node, module) if c.node is reading.node), None)
    only = call or next(iter(calls_in(reading.node, module)), None)
    span = (
        only.place(0, len(only.string.text))
        if only is not None
        else Positions(module.text, module.lines).span(reading.node)
    )
    spec = proposed(formula, reading, call) if call is not None else None
    what = f"`{shown(reading.node)}`" if call is None else "this call"
    message = f"{what} does not compute the formula"
    if comparison.exchanged:
        message += f": it would with {listed([f'`{comparison.mapping[a]}`' for a in comparison.exchanged])} exchanged"
    elif comparison.counterexample is None:
        message += f": {comparison.reason}"
    (computed,) = reading.program.definitions.values()
    label = f"computes {statement_text(computed)}"
    labels = (Label(reference.span, "the formula"),)
    fix = spec if call is not None and call.string.whole and spec != call.string.text else None
    hint = f"'{spec}' computes the formula" if fix is not None else "correct the code, or the comment"
    return Diagnostic(
        "IX430", message, span, hint, why=_why(comparison), label=label, labels=labels, fix=fix, safe=False
    )


def _why(comparison: Comparison) -> str:
    shown = comparison.counterexample
    if shown is None:
        return "the comment says what the statement should compute, and the two are compared up to renaming."
    at = f"{shown.output}[{', '.join(map(str, shown.component))}]" if shown.component else shown.output
    sizes = ", ".join(f"{i} = {n}" for i, n in shown.sizes.items())
    values = f"{SIDES[0]} gives {at} = {shown.left:.6g}, and {SIDES[1]} {shown.right:.6g}"
    return f"for random inputs{f' with {sizes}' if sizes else ''} {values}."


# ---- a spec as the reference -------------------------------------------------------------------------------
def _held_spec(reference: Reference, statement: ast.stmt, module: Module) -> Iterator[Diagnostic]:
    comment = reference.comments[0]
    text, at = spec_in(comment.text)
    calls = [c for c in calls_in(statement, module) if c.spec is not None and c.string.whole]
    if not calls:
        yield _nothing_here(reference.span)
        return
    wrong: Diagnostic | None = None
    for call in calls:
        try:
            spec = read_spec(text, call)
        except SpecError as error:
            start = comment.start + at
            place = module.lines.span(start + error.start, start + max(error.end, error.start + 1))
            yield Diagnostic(
                "IX431", f"the spec cannot be read: {error.message}", place, error.hint or "such as ij->ji"
            )
            return
        found = _other_spec(reference, spec.text, call, _specs_differ(spec, call))
        if found is None:
            return
        wrong = wrong or found
    if wrong is not None:
        yield wrong


def _specs_differ(spec: Spec, call: Call) -> str:
    """Why the call's spec does something else than the reference, or nothing."""
    own = call.spec
    assert own is not None
    if len(spec.inputs) != len(own.inputs):
        return f"it has {len(own.inputs)} operands, and the reference {len(spec.inputs)}"
    for a, b in zip(groups_of(spec), groups_of(own)):
        if len(a) != len(b):
            return f"it has {len(b)} axes where the reference has {len(a)}"
        if a != b:
            return "its axes are joined and parted in other places"
    names = [chr(ord("A") + k % 26) for k in range(len(own.inputs))]
    found = compare(spec_program(spec, names), spec_program(own, names), rename=False)
    if found:
        return ""
    return "its axes are in another order" if found.counterexample is not None else found.reason


def _labels_alike(text: str, call: Call) -> bool:
    """Whether a reference's text may stand in the call: of names with blanks between them, or of letters."""
    named = any(" " in part.strip() for part in text.replace("->", ",").split(","))
    return DIALECTS[call.dialect].reader == ("names" if named else "letters")


def _other_spec(reference: Reference, text: str, call: Call, why: str) -> Diagnostic | None:
    if not why:
        return None
    return Diagnostic(
        "IX430",
        "this call does not do what the reference does",
        call.place(0, len(call.string.text)),
        f"'{text}'",
        why=f"{why}.",
        labels=(Label(reference.span, "the reference"),),
        fix=text if "(" in text or _labels_alike(text, call) else None,
    )
