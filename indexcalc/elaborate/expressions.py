"""Syntax trees as terms: every expression form, names resolved, occurrences counted.

Recursion goes two frames deep per tree node and never along a sum or product.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from .. import limits
from ..diagnostics import Span, did_you_mean
from ..ir.build import number
from ..syntax import tree as t
from .calls import BINDERS, READ, arguments_of
from .names import plain_name, symbol
from .references import read_reference
from .scope import CALLS, Scope
from .slots import NotASlot, Symmetriser, one_slot
from .terms import IndexSlot, Leaf, SlotTerm, Term, bind, constant, join, leaf

_NUMBER = re.compile(r"[0-9]*\.?[0-9]*(?:[eE]([+-]?[0-9]+))?")


def read(tree: t.Tree, scope: Scope) -> Term:
    """The term of a tree.  What cannot be read is reported, and stands as 1."""
    while isinstance(tree, t.Group):
        tree = tree.body
    reader = _READERS.get(type(tree))
    if reader is None:
        hint = "quoted text and [ ] lists belong in einsum(…)"
        return scope.bad("IX505", f"`{scope.findings.text(tree.span)}` is no expression", tree.span, hint)
    return reader(tree, scope)


def read_number(text: str, span: Span, scope: Scope) -> Term:
    """An exact number."""
    found = _NUMBER.fullmatch(text)
    exponent = found[1] if found else None
    digits = len(text) if exponent is None else len(text) - len(exponent) - 1
    if digits > limits.MAX_DIGITS or (exponent is not None and abs(int(exponent[:6])) > limits.MAX_DIGITS):
        message = f"a number has at most {limits.MAX_DIGITS} digits or decimal exponents"
        return scope.bad("IX009", message, span, "scale the formula, or pass the number as a scalar")
    return constant(span, number(int(text) if text.isdigit() else Fraction(text)))


def _number(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Number)
    return read_number(tree.text, tree.span, scope)


def _name(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Name)
    return read_reference(t.Reference(tree.span, tree.text, tree.primes), scope)


def _reference(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Reference)
    return read_reference(tree, scope)


def _sum(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Sum)
    parts: list[Term] = []
    for _, term in tree.terms:
        parts.append(read(term, scope))
    return join(tree.span, "sum", tuple(parts), tuple("+" if sign > 0 else "-" for sign, _ in tree.terms))


def _product(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Product)
    parts: list[Term] = []
    previous: t.Tree = tree
    for _, factor in tree.factors:
        if isinstance(previous, t.Reference) and previous.slots is not None and _looks_called(previous, factor, scope):
            return _unknown_reduction(previous, scope)
        if _runs_on(previous, factor):
            return _prime_inside(previous, factor, scope)
        parts.append(read(factor, scope))
        previous = factor
    operators = tuple("/" if op == "/" else "" for op, _ in tree.factors)
    if "/" in operators:
        _warn_of_division(tree, scope)
    return join(tree.span, "product", tuple(parts), operators)


def _looks_called(before: t.Reference, factor: t.Tree, scope: Scope) -> bool:
    """`name[j](…)` without a blank is a reduction; a tensor that is declared or defined is a factor all the same."""
    base = factor.base if isinstance(factor, t.Power) else factor
    if not isinstance(base, t.Group) or base.span.start != before.span.end or symbol(before.name):
        return False
    known = scope.tensors.get(before.name)
    return known is None or not (known.declared or known.defined)


def _runs_on(before: t.Tree, factor: t.Tree) -> bool:
    """`A_i'j`: a letter touches the prime of a compact name."""
    if not isinstance(before, t.Reference) or not before.primes or plain_name(before) is None or "_" not in before.name:
        return False
    name = plain_name(factor.base if isinstance(factor, t.Power) else factor)
    return name is not None and "_" not in name and factor.span.start == before.span.end


def _prime_inside(before: t.Tree, factor: t.Tree, scope: Scope) -> Term:
    span = before.span.to(factor.span)
    one, two = scope.findings.text(before.span), scope.findings.text(factor.span)
    hint = f"for slots write braces or brackets, A_{{i' j}} or A[i', j]; for a product a blank, {one} {two}"
    return scope.bad("IX501", f"`{one}{two}` would be read as `{one}` times `{two}`", span, hint)


def _unknown_reduction(tree: t.Reference, scope: Scope) -> Term:
    product = f"for a product write {scope.findings.text(tree.span)} * (…)"
    hint = f"{did_you_mean(tree.name, BINDERS)} {product}".lstrip()
    return scope.bad("IX503", f"unknown reduction `{tree.name}`", tree.span, hint)


def _warn_of_division(tree: t.Product, scope: Scope) -> None:
    """IX107 for `a / b c`, unless a number is divided by a number."""
    factors = tree.factors
    for k in range(1, len(factors) - 1):
        (op, divisor), (after, follower) = factors[k], factors[k + 1]
        if op != "/" or after != "":
            continue
        before = factors[k - 1][1]
        if k == 1 and isinstance(before, t.Number) and isinstance(divisor, t.Number):
            continue
        text = scope.findings.text
        top = factors[0][1].span.to(before.span)
        one = f"({text(top)} / {text(divisor.span)}) {text(follower.span)}"
        two = f"{text(top)} / ({text(divisor.span)} {text(follower.span)})"
        span = factors[0][1].span.to(follower.span)
        message = f"`{text(span)}` is read as `{one}`"
        scope.findings.warning("IX107", message, span, f"write `{one}` or `{two}`", fix=one)
        return


def _negate(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Negate)
    return join(tree.span, "sum", (read(tree.body, scope),), ("-",))


def _power(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Power)
    return join(tree.span, "power", (read(tree.base, scope), read(tree.exponent, scope)))


def _compare(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Compare)
    left = read(tree.first, scope)
    parts: list[Term] = []
    for operator, side in tree.rest:
        right = read(side, scope)
        parts.append(join(tree.span, "compare", (left, right), (operator,)))
        left = right
    return parts[0] if len(parts) == 1 else join(tree.span, "logic", tuple(parts), ("and",))


def _logic(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Logic)
    parts: list[Term] = []
    for argument in tree.arguments:
        parts.append(read(argument, scope))
    return join(tree.span, "logic", tuple(parts), (tree.operator,))


# ---- calls ---------------------------------------------------------------------------------------
def _call(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Call)
    special = READ.get(tree.function)
    if special is not None:
        return special(tree, scope, read)
    if tree.function in scope.functions:
        return _apply(tree, len(scope.functions[tree.function].parameters), scope)
    if tree.function in CALLS:
        return _apply(tree, 0 if tree.function in ("max", "min") else 1, scope)
    return _unknown(tree, scope)


def _apply(tree: t.Call, arity: int, scope: Scope) -> Term:
    """An elementwise function; arity 0 is two arguments or more."""
    if tree.slots is not None or tree.scripts or tree.primes:
        hint = "index its argument, or define the result in a line of its own"
        if any(s.upper for s in tree.scripts):
            hint = f"for a power write {tree.function}(…)**n"
        return scope.bad("IX505", f"the value of `{tree.function}(…)` takes no slots", tree.span, hint)
    given = len(tree.arguments)
    if given != arity if arity else given < 2:
        wanted = f"{arity} argument{'s' if arity > 1 else ''}" if arity else "two arguments or more"
        hint = f"over an index: {tree.function}[k](…)" if not arity else ""
        return scope.bad("IX505", f"`{tree.function}` takes {wanted}, but {given} given", tree.span, hint)
    return join(tree.span, "apply", arguments_of(tree, scope, read), (tree.function,))


def _unknown(tree: t.Call, scope: Scope) -> Term:
    name = tree.function
    for argument in tree.arguments:
        if not isinstance(argument, (t.Text, t.Sublist)):
            read(argument, scope)
    if name in BINDERS:
        message = f"`{name}` needs the indices that it runs over"
        return scope.bad("IX505", message, tree.span, f"{name}[k](…)")
    if name == scope.here.own:
        hint = "a function's formula may use functions declared before it, and not itself"
        return scope.bad("IX503", f"function `{name}` is used in its own formula", tree.span, hint)
    declare = "" if name in scope.survey.tensors else f"declare it: function {name}(x) = …; "
    near = did_you_mean(name, [*CALLS, *BINDERS, *scope.functions])
    hint = f"{near} {declare}for a product write {name} * (…)".lstrip()
    return scope.bad("IX503", f"unknown function `{name}`", tree.span, hint)


# ---- binders and derivatives ---------------------------------------------------------------------
def _reduce(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Reduce)
    if len(tree.arguments) != 1:
        message = f"`{tree.operation}[…]` takes one argument, but {len(tree.arguments)} given"
        return scope.bad("IX505", message, tree.span, f"{tree.operation}[k](…)")
    if tree.operation == "partial":
        return _field_of(tree.binders, False, tree.arguments[0], tree.span, scope)
    count, binders = 0, tree.binders
    if tree.operation == "topk":
        last = binders[-1]
        if len(binders) < 2 or not isinstance(last, t.Number) or not last.text.isdigit() or int(last.text[:9]) < 1:
            message = "topk takes an index and how many are kept"
            return scope.bad("IX505", message, tree.span, "topk[e, 2](…): a whole number from 1")
        count, binders = int(last.text), binders[:-1]
    found = _indices(binders, scope)
    body = read(tree.arguments[0], scope)
    if found is None:
        return scope.bad_here(tree.span)
    keys = tuple(slot.key for slot in found)
    if len(set(keys)) < len(keys):
        return scope.bad("IX104", f"`{tree.operation}` binds an index twice", tree.span, "name each index once")
    return bind(tree.span, tree.operation, keys, body, tree.operation in ("softmax", "cumsum", "topk"), count)


def _indices(binders: tuple[t.Tree, ...], scope: Scope) -> list[IndexSlot] | None:
    """The plain indices that a binder or derivative names."""
    out: list[IndexSlot] = []
    if len(binders) > limits.MAX_RANK:
        span = binders[0].span.to(binders[-1].span)
        scope.bad("IX009", f"at most {limits.MAX_RANK} indices stand here, not {len(binders)}", span, "nest two")
        return None
    for tree in binders:
        mark, body = "", tree
        if isinstance(tree, t.Positioned):
            mark, body = "^" if tree.upper else "_", tree.body
        name = plain_name(body)
        try:
            letters = scope.survey.letters(name) if name is not None else None
            plain: list[SlotTerm] = [scope.use_index(n, tree.span, mark) for n in letters or ()]
            found = plain or [one_slot(body, scope, mark)]
        except NotASlot:
            return None
        for slot in found:
            if isinstance(slot, Symmetriser) or not isinstance(slot, IndexSlot):
                scope.bad("IX505", f"`{scope.findings.text(tree.span)}` is no index", tree.span, "name an index here")
                return None
            out.append(slot)
    return out


def _field(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Field)
    return _field_of(tree.wrt, tree.upper, tree.body, tree.span, scope)


def _field_of(wrt: tuple[t.Tree, ...], upper: bool, body: t.Tree, span: Span, scope: Scope) -> Term:
    """∂_i ∂_j f is ∂_i (∂_j f)."""
    found = _indices(wrt, scope)
    term = read(body, scope)
    if found is None:
        return scope.bad_here(span)
    for slot in reversed(found):
        marked = IndexSlot(slot.key, slot.span, slot.mark or ("^" if upper else "_"))
        term = join(span, "partial", (leaf(slot.span, "coordinate", slot.key, (marked,)), term))
    return term


def _leibniz(tree: t.Tree, scope: Scope) -> Term:
    assert isinstance(tree, t.Leibniz)
    body, wrt = read(tree.body, scope), read(tree.wrt, scope)
    if not (isinstance(wrt, Leaf) and wrt.kind == "access"):
        message = "a derivative is taken with respect to a tensor's component"
        return scope.bad("IX505", message, tree.wrt.span, "∂f/∂x_k, or diff(f, x[k])")
    return join(tree.span, "derivative", (body, wrt))


_READERS: Mapping[type[t.Tree], Callable[[t.Tree, Scope], Term]] = {
    t.Number: _number,
    t.Name: _name,
    t.Reference: _reference,
    t.Call: _call,
    t.Reduce: _reduce,
    t.Sum: _sum,
    t.Product: _product,
    t.Negate: _negate,
    t.Power: _power,
    t.Compare: _compare,
    t.Logic: _logic,
    t.Field: _field,
    t.Leibniz: _leibniz,
}
