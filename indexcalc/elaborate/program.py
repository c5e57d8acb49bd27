"""The whole way from a syntax tree to a checked `Program` or `Expr`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .. import limits
from ..diagnostics import Diagnostic, did_you_mean
from ..ir.expr import Apply, Expr
from ..ir.inline import written_size, written_sizes
from ..ir.node import interning
from ..ir.program import Claim, Define, Program
from ..ir.walk import subexpressions, substitute
from ..syntax import tree as t
from . import balance
from .assemble import finished_program
from .building import Builder
from .declarations import DECLARE
from .derivative import wrt_apart
from .expressions import read
from .findings import Findings
from .given import seed, survey_given
from .names import Survey
from .scope import Scope, Statement
from .statements import Read, finish, read_statement, report_lost
from .terms import Bind, GatherSlot, IndexSlot, Join, Leaf, Term


def elaborate(
    parsed: t.Parsed, *, filename: str = "<input>", source: str = "", strict: bool = False
) -> tuple[Program | None, list[Diagnostic]]:
    """The checked program, or None where there is an error; and every finding, in the order of the source.

    >>> from ..syntax.parse import parse_program
    >>> program, findings = elaborate(parse_program("C_ij = A_ik B_kj")[0])
    >>> [i.name for i in program.definitions["C"].body.indices], findings
    (['k'], [])
    """
    findings = Findings(source, filename)
    survey = Survey()
    survey.look(parsed.statements)
    scope = Scope(findings, survey, strict)
    with interning():
        reads = _first_pass(parsed, scope)
        _check_squares(scope)
        statements = tuple(s for r in reads if (s := finish(r, scope)) is not None)
        _check_symbols(reads, scope)
        _warn_of_scalars(reads, scope)
        outputs = _outputs(parsed, reads, scope)
        anew = _listed(parsed, t.RecomputeDeclaration, "recompute", scope) or ()
        _check_written_out(statements, scope)
        program = finished_program(statements, outputs, anew, scope, filename, source) if not findings.errors else None
    found = sorted(findings.all, key=lambda d: d.span.start if d.span else -1)
    if program is not None:
        program = replace(program, warnings=tuple(found))
    return program, found


def elaborate_expression(
    tree: t.Tree, *, given: Program | None = None, source: str = "", apart: bool = False
) -> tuple[Expr | None, list[Diagnostic]]:
    """One expression, its single occurrences free, read beside a program's declarations.

    `apart`: in a derivative, indices of x[k] that the body sums are other ones than the body's.

    >>> from ..syntax.parse import parse_expression
    >>> e, _ = elaborate_expression(parse_expression("A[i,j] x[j]")[0])
    >>> [i.name for i in e.free_indices]
    ['i']
    """
    findings = Findings(source, "<input>")
    survey = Survey()
    if given is not None:
        survey_given(given, survey)
    survey.look((t.Bare(tree.span, tree),))
    scope = Scope(findings, survey)
    if given is not None:
        seed(given, scope)
    with interning():
        scope.here = Statement()
        term = read(tree, scope)
        term, renamed = wrt_apart(term, scope) if apart else (term, {})
        _check_squares(scope)
        keys = balance.bare(term, scope)
        if findings.errors:
            return None, findings.all
        builder = Builder(scope, set(scope.here.keys), frozenset(keys))
        expr = builder.build(term, {key: builder.index(key) for key in (*keys, *_free_values(term, scope, keys))})
        expr = substitute(expr, {builder.index(new): builder.index(old) for new, old in renamed.items()})
        report_lost(builder, scope)
        _check_symbols([Read(tree.span, scope.here, term, None)], scope)
    return (None if findings.errors else expr), findings.all


def _check_written_out(statements: Iterable[Define | Claim], scope: Scope) -> None:
    """Calls of declared functions are written out by every pass; what would then be too large is refused here."""
    known = written_sizes(scope.functions.values()) if scope.functions else {}
    found = [(f"the formula of `{name}`", known[name], scope.kinds[name][1]) for name in known]
    for s in statements if known else ():
        for side in (s.body,) if isinstance(s, Define) else (s.left, s.right):
            if any(isinstance(p, Apply) and p.function in known for p in subexpressions(side)):
                found.append(("this", written_size(side, known), s.span))
    for what, size, span in found:
        if size.nodes > limits.MAX_TERMS or size.depth > limits.MAX_WRITTEN_DEPTH:
            many = f"more than {limits.MAX_TERMS} parts" if size.nodes > limits.MAX_TERMS else f"{size.depth} levels"
            message = f"{what} has {many} once the functions that it calls are written out"
            assert span is not None, "what was read has a place"
            scope.bad("IX009", message, span, "define inner parts in lines of their own")
            return


def _free_values(term: Term, scope: Scope, keys: tuple[str, ...]) -> list[str]:
    """In a bare expression an index used only as a value is free as well: `abs(i - j)`."""
    return sorted(k for k in balance.values_in(term) if k not in keys and k not in term.counts)


# ---- passes --------------------------------------------------------------------------------------
def _first_pass(parsed: t.Parsed, scope: Scope) -> list[Read]:
    """Declarations and statements in order; functions, conventions and metrics hold for the whole program."""
    early = (t.Convention, t.IndexDeclaration, t.MetricDeclaration)
    late = (t.TensorDeclaration, t.ScalarDeclaration, t.IntegerDeclaration)
    for kinds in (early, late, (t.FunctionDeclaration,)):
        for statement in parsed.statements:
            if isinstance(statement, kinds):
                DECLARE[type(statement)](statement, scope)
    reads: list[Read] = []
    for statement in parsed.statements:
        if isinstance(statement, (t.Equation, t.Bare)):
            found = read_statement(statement, scope)
            if found is not None:
                reads.append(found)
    return reads


def _check_squares(scope: Scope) -> None:
    """inv, det and logdet take square matrices: one space where that can be, else equal extents."""
    for name, span in scope.squares:
        rows, columns = ("slot", name, "0"), ("slot", name, "1")
        if scope.spaces.unify(rows, columns, span):
            continue
        one, two = scope.spaces.group(rows), scope.spaces.group(columns)
        if one.extent != two.extent or one.extent is None:
            both = f"{scope.spaces.say(rows)} and {scope.spaces.say(columns)}"
            message = f"`{name}` is not square: its slots are in {both}"
            scope.findings.error("IX202", message, span, "only a square matrix has an inverse or a determinant")


def _check_symbols(reads: list[Read], scope: Scope) -> None:
    """ε has as many slots as its space has values, where that number is known."""
    stack: list[Term] = [side for r in reads for side in (r.left, r.right) if side is not None]
    while stack:
        term = stack.pop()
        if isinstance(term, Join):
            stack += term.parts
        elif isinstance(term, Bind):
            stack.append(term.body)
        elif isinstance(term, Leaf) and term.kind == "eps":
            _check_eps(term, scope)


def _check_eps(term: Leaf, scope: Scope) -> None:
    slot = next((s for s in term.slots if isinstance(s, IndexSlot)), None)
    if slot is None:
        return
    extent = scope.spaces.group(("index", slot.key)).extent
    if isinstance(extent, int) and extent != len(term.slots):
        message = f"ε has {len(term.slots)} slots, but its space has extent {extent}"
        scope.findings.error("IX204", message, term.span, f"in {extent} dimensions ε has {extent} slots")


def _warn_of_scalars(reads: list[Read], scope: Scope) -> None:
    """IX507: `A_ik` where k is no index is a scalar; say so where its base, a letter, or its neighbours make that
    doubtful."""
    for found in reads:
        whole = found.here.whole
        for name, span in whole.items():
            base, _, suffix = name.partition("_")
            info = scope.tensors.get(base)
            letters = [c for c in suffix if c in scope.survey.indices]
            doubtful = (info is not None and info.rank) or (letters and len(suffix) <= 3)
            if suffix.isalpha() and (doubtful or _among_compact(name, found, scope)):
                shown = f"{base}[{', '.join(suffix)}]"
                message = f"`{name}` is read as one scalar"
                hint = f"for a component write {shown}; for a scalar declare it: scalar {name}"
                scope.findings.warning("IX507", message, span, hint)


def _among_compact(name: str, found: Read, scope: Scope) -> bool:
    """Whether a name such as B_kl stands where all others are compact: beside one that shares a letter (A_ij B_jk), or
    in an equation that has indices and no bracket."""
    base, _, suffix = name.partition("_")
    if name in scope.survey.declared or not (base.isupper() and len(base) == 1 and suffix.islower()):
        return False
    if not 2 <= len(suffix) <= 3 or suffix in ("in", "min", "max", "out", "eff", "ref", "tot"):
        return False
    others = [other.partition("_")[2] for other in found.here.whole if other != name]
    beside = any(len(o) == len(suffix) and set(o) & set(suffix) for o in others)
    return beside or bool(found.here.keys and "[" not in scope.findings.text(found.span))


def _outputs(parsed: t.Parsed, reads: list[Read], scope: Scope) -> tuple[str, ...]:
    """What is declared as output, else every definition that no later definition reads."""
    chosen = _listed(parsed, t.OutputDeclaration, "output", scope)
    if chosen is not None:
        return chosen
    defined = [r.name for r in reads if r.name]
    used = {name for r in reads if r.name and r.right is not None for name in _tensors_in(r.right)}
    return tuple(n for n in dict.fromkeys(defined) if n not in used)


def _listed(
    parsed: t.Parsed, kind: type[t.OutputDeclaration | t.RecomputeDeclaration], word: str, scope: Scope
) -> tuple[str, ...] | None:
    """The definitions that lines of this kind name; None where there is no such line."""
    lines = [s for s in parsed.statements if isinstance(s, kind)]
    chosen: dict[str, None] = {}
    for line in lines:
        for reference in line.references:
            _choose(reference, word, chosen, scope)
    return tuple(chosen) if lines else None


def _choose(reference: t.Reference, word: str, chosen: dict[str, None], scope: Scope) -> None:
    name, span = reference.name, reference.span
    found = scope.survey.split(name) if name not in scope.tensors else None
    name = found[0] if found else name
    info = scope.tensors.get(name)
    if info is None or not info.defined:
        what = "is an input, not a definition" if info is not None else "is not defined"
        near = did_you_mean(name, (n for n, i in scope.tensors.items() if i.defined and n != name))
        hint = near or f"define it first: {name} = …"
        scope.findings.error("IX501", f"{word} `{name}` {what}", span, hint)
    elif name in chosen:
        scope.findings.error("IX502", f"{word} `{name}` is named twice", span, "remove one")
    else:
        chosen[name] = None


def _tensors_in(term: Term) -> set[str]:
    out: set[str] = set()
    stack: list[object] = [term]
    while stack:
        now = stack.pop()
        if isinstance(now, Join):
            stack += now.parts
        elif isinstance(now, Bind):
            stack.append(now.body)
        elif isinstance(now, Leaf):
            if now.kind in ("access", "matrix"):
                out.add(now.name)
            stack += now.slots
        elif isinstance(now, GatherSlot):
            out.add(now.tensor)
            stack += now.slots
        elif hasattr(now, "terms"):
            stack += [part for _, part in now.terms]
    return out
