"""Declarations: indices with their spaces, tensors with attributes, functions, metrics, conventions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

from ..diagnostics import Label, Span, did_you_mean
from ..ir.program import Attribute, FunctionDefinition, Metric
from ..ir.structure import contradiction
from ..syntax import tree as t
from .building import Builder
from .expressions import read
from .names import plain_name, symbol
from .scope import CALLS, Scope, Statement, TensorInfo, slots
from .slots import NotASlot, read_slots
from .spaces import Key
from .terms import IndexSlot

ATTRIBUTES = frozenset(
    ["symmetric", "antisymmetric", "riemann", "diagonal", "orthogonal", "constant", "coordinate", "positive"]
)
_RANKS = {"riemann": 4, "diagonal": 2, "orthogonal": 2}
CONVENTIONS = ("einstein",)


def declare_indices(tree: t.Tree, scope: Scope) -> None:
    """`index i, j : seq(L)`."""
    assert isinstance(tree, t.IndexDeclaration)
    if tree.space is None:
        scope.serial += 1
        key = scope.spaces.declare_anonymous(scope.serial, tree.span)
    else:
        key = _space(tree, tree.space, scope)
    for name in tree.names:
        text = name.text + "'" * name.primes
        if text in scope.order:
            _again(text, "index", name.span, scope.kinds[text][1], scope)
        elif scope.claim_kind(text, "index", name.span):
            scope.order[text] = name.span
            scope.unify(key, ("index", text), name.span)


def _space(tree: t.IndexDeclaration | t.IntegerDeclaration, name: t.Name, scope: Scope) -> Key:
    extent: str | int | None = None
    if isinstance(tree.extent, t.Number):
        if not tree.extent.text.isdigit() or len(tree.extent.text) > 18:
            hint = "an extent is a whole number or a name"
            scope.bad("IX205", f"`{tree.extent.text}` is no extent", tree.extent.span, hint)
        else:
            extent = int(tree.extent.text)
    elif tree.extent is not None and scope.claim_kind(tree.extent.text, "extent", tree.extent.span):
        extent = tree.extent.text
    key = scope.spaces.declare(name.text, extent, tree.extent.span if tree.extent else name.span)
    if isinstance(extent, str):
        scope.extents.setdefault(extent, key)
    return key


def _again(name: str, kind: str, span: Span, before: Span | None, scope: Scope) -> None:
    labels = [Label(before, "first here")] if before else []
    scope.findings.error("IX502", f"{kind} `{name}` is declared twice", span, "remove one", labels=labels)


def declare_tensors(tree: t.Tree, scope: Scope) -> None:
    """`tensor A[i, j] symmetric`, `scalar lam`, `integer tok[b, t] : vocab`."""
    assert isinstance(tree, (t.TensorDeclaration, t.ScalarDeclaration, t.IntegerDeclaration))
    for item in tree.items:
        _declare_tensor(item, scope, isinstance(tree, t.ScalarDeclaration))
        info = scope.tensors.get(item.reference.name)
        if isinstance(tree, t.IntegerDeclaration) and info is not None:
            info.integer = True
            key = _space(tree, tree.space, scope)
            scope.unify(key, ("value", info.name), tree.space.span)


def _declare_tensor(item: t.Item, scope: Scope, scalar: bool) -> None:
    reference = item.reference
    name, span = reference.name, reference.span
    known = scope.tensors.get(name)
    if known is not None and (known.declared or known.defined):
        _again(name, "tensor", span, known.span, scope)
        return
    if not scope.claim_kind(name, "tensor", span):
        return
    try:
        given = [] if plain_name(reference) is not None else read_slots(reference, scope)
    except NotASlot:
        given = []
    plain = tuple(s for s in given if isinstance(s, IndexSlot))
    if len(plain) < len(given):
        scope.bad("IX104", f"the slots of `{name}` are declared by plain indices", span, f"tensor {name}[i, j]")
    if scalar and given:
        scope.bad("IX203", f"a scalar has no slots, but `{name}` has {len(given)}", span, "declare it with `tensor`")
    if symbol(name) and given:
        hint = "δ, ε and ones with slots are built in; take another name"
        scope.bad("IX504", f"`{name}` is built in, and cannot be a tensor", span, hint)
        return
    info = TensorInfo(name, len(plain), span, declared=True, example=plain)
    scope.tensors.pop(name, None)  # a metric of that name takes its place among the declared ones
    scope.tensors[name] = info
    scope.unify_slots(name, plain)
    read = [(a, tree.span) for tree in item.attributes if (a := _attribute(tree, info, scope)) is not None]
    _check_agreement(read, info, scope)
    info.attributes = tuple(a for a, _ in read)


def _check_agreement(read: list[tuple[Attribute, Span]], info: TensorInfo, scope: Scope) -> None:
    """Attributes that exclude each other; a tensor gets one finding."""
    for (one, first), (two, span) in itertools.combinations(read, 2):
        reason = contradiction(one, two, info.rank or 0)
        if reason:
            message = f"`{info.name}` is declared {one.name} and {two.name}: {reason}"
            labels = (Label(first, f"{one.name} here"),)
            scope.bad("IX206", message, span, "remove one, or name the slots that each is about", labels)
            return


def _attribute(tree: t.AttributeTree, info: TensorInfo, scope: Scope) -> Attribute | None:
    if tree.name not in ATTRIBUTES:
        hint = did_you_mean(tree.name, ATTRIBUTES) or "attributes: " + ", ".join(sorted(ATTRIBUTES))
        scope.bad("IX501", f"unknown attribute `{tree.name}`", tree.span, hint)
        return None
    rank = info.rank or 0
    numbers = [int(n.text) if n.text.isdigit() and len(n.text) < 4 else 0 for n in tree.slots]
    if any(not 1 <= n <= rank for n in numbers) or len(set(numbers)) < len(numbers):
        message = f"`{info.name}` has {slots(rank)}; {tree.name} names others"
        scope.bad("IX203", message, tree.span, "slot numbers count from 1")
        return None
    symmetry = tree.name in ("symmetric", "antisymmetric")
    wanted = _RANKS.get(tree.name, 2 if symmetry else 0)
    count = len(numbers) or rank
    if (count != wanted and tree.name in _RANKS) or (symmetry and count < 2):
        needed = slots(wanted) + (" or more" if symmetry else "")
        message = f"`{tree.name}` needs {needed}, but `{info.name}` gives {count}"
        example = ", ".join("ijkl"[: max(wanted, 2)])
        scope.bad("IX203", message, tree.span, f"tensor {info.name}[{example}] {tree.name}")
        return None
    if symmetry or tree.name in ("riemann", "diagonal"):
        alike = [str(n - 1) for n in numbers] or [str(k) for k in range(rank)]
        for one, two in itertools.pairwise(alike):
            scope.unify(("slot", info.name, one), ("slot", info.name, two), tree.span)
    return Attribute(tree.name, tuple(numbers))


def declare_function(tree: t.Tree, scope: Scope) -> None:
    """`function swish(x) = x / (1 + exp(-x))`."""
    assert isinstance(tree, t.FunctionDeclaration)
    name = tree.name.text
    if name in scope.functions:
        _again(name, "function", tree.name.span, scope.kinds[name][1], scope)
        return
    if name in CALLS:
        hint = "take another name"
        scope.bad("IX502", f"function `{name}` is built in, and cannot be declared", tree.name.span, hint)
        return
    if not scope.claim_kind(name, "function", tree.name.span):
        return
    parameters = tuple(p.text for p in tree.parameters)
    if len(set(parameters)) < len(parameters) or not parameters:
        message = f"function `{name}` needs parameters of different names"
        scope.bad("IX502", message, tree.span, f"function {name}(x, y) = …")
    outer, kept = scope.here, dict(scope.tensors)
    scope.here = Statement(parameters=frozenset(parameters), own=name)
    term = read(tree.body, scope)
    body = Builder(scope, set()).build(term, {})
    if scope.here.keys and not scope.here.broken:
        hint = "write it for one value of each parameter; it applies to every component"
        scope.bad("IX501", f"the formula of `{name}` uses an index", tree.body.span, hint)
    scope.here, scope.tensors = outer, kept
    scope.functions[name] = FunctionDefinition(name, parameters, body)


def declare_metric(tree: t.Tree, scope: Scope) -> None:
    """`metric g : spacetime`."""
    assert isinstance(tree, t.MetricDeclaration)
    name, span = tree.name.text, tree.name.span
    if name in scope.metrics:
        _again(name, "metric", span, scope.metrics[name][2], scope)
        return
    if not scope.claim_kind(name, "tensor", span):
        return
    key = scope.spaces.declare(tree.space.text, None, tree.space.span)
    for _, other, where in scope.metrics.values():
        if scope.spaces.find(other) == scope.spaces.find(key):
            labels = (Label(where, "first here"),) if where else ()
            scope.bad("IX502", f"space `{tree.space.text}` has a metric already", tree.space.span, "remove one", labels)
    scope.metrics[name] = (None, key, span)
    if name not in scope.tensors:
        scope.tensors[name] = TensorInfo(name, 2, span, attributes=(Attribute("symmetric"),))
    for position in "01":
        scope.unify(key, ("slot", name, position), span)


def declare_convention(tree: t.Tree, scope: Scope) -> None:
    """`convention einstein`."""
    assert isinstance(tree, t.Convention)
    if tree.name.text not in CONVENTIONS:
        message = f"unknown convention `{tree.name.text}`"
        scope.bad("IX501", message, tree.name.span, "there is one: convention einstein")
    else:
        scope.convention = tree.name.text


def finished_metrics(scope: Scope) -> tuple[Metric, ...]:
    """The metrics with their finished spaces."""
    return tuple(Metric(n, scope.spaces.resolve(scope.spaces.find(k), "")) for n, (_, k, _) in scope.metrics.items())


DECLARE: Mapping[type[t.Tree], Callable[[t.Tree, Scope], None]] = {
    t.IndexDeclaration: declare_indices,
    t.TensorDeclaration: declare_tensors,
    t.ScalarDeclaration: declare_tensors,
    t.IntegerDeclaration: declare_tensors,
    t.FunctionDeclaration: declare_function,
    t.MetricDeclaration: declare_metric,
    t.Convention: declare_convention,
}
