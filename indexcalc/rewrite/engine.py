"""Rules applied to a fixed point: one line of a derivation is one rule used wherever it holds.

Every walk recurses on depth only, rules are found by node type in a dictionary, and a limit on rule uses turns a rule
set that would run for ever into an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from ..diagnostics import fail
from ..ir.expr import Expr, Index
from ..ir.trace import Step
from ..ir.walk import children, rebuild
from .rule import Context, Rule

MAX_USES = 200_000  # rule uses in one simplification
Dispatch: TypeAlias = Mapping[type, tuple[tuple[int, Rule], ...]]


def dispatch_table(rules: Sequence[Rule]) -> Dispatch:
    """Rules by node type, each with its rank in the sequence."""
    table: dict[type, tuple[tuple[int, Rule], ...]] = {}
    for rank, rule in enumerate(rules):
        for kind in rule.on:
            table[kind] = (*table.get(kind, ()), (rank, rule))
    return table


class _Budget:
    """How many rule uses are left."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def spend(self, rule: Rule) -> None:
        self.used += 1
        if self.used > self.limit:
            raise fail(
                "IX009",
                f"rewriting did not end within {self.limit} steps (the last was `{rule.name}`)",
                hint="simplify parts of the expression on their own, or pass fewer rules",
            )


def simplify_expression(
    expr: Expr, rules: Sequence[Rule] | None = None, *, target: str = "", limit: int = MAX_USES
) -> tuple[Expr, tuple[Step, ...]]:
    """The expression with no rule left to apply, and one step per line of the derivation.

    >>> from indexcalc.ir.expr import Access, Delta, IndexSum, Product, Space
    >>> i, j = Index("i", Space("n")), Index("j", Space("n"))
    >>> done, how = simplify_expression(IndexSum(Product((Delta(i, j), Access("x", (j,)))), (j,)))
    >>> print(done, [s.rule for s in how])
    x[i] ['delta-contract']
    """
    chosen = _default(rules)
    out: list[Step] = []
    for rule, before, after, times in lines(expr, chosen, limit=limit):
        note = rule.note if times == 1 else "; ".join(filter(None, (rule.note, times_text(times))))
        out.append(Step(target, _left(before, after), rule.name, rule.law, before, after, note))
        expr = after
    return expr, tuple(out)


def _left(before: Expr, after: Expr) -> tuple[Index, ...]:
    found = dict.fromkeys(before.free_indices)
    found.update(dict.fromkeys(after.free_indices))
    return tuple(found)


def times_text(times: int) -> str:
    """How often, in words.

    >>> times_text(2), times_text(3)
    ('twice', '3 times')
    """
    return {1: "once", 2: "twice"}.get(times, f"{times} times")


def lines(
    expr: Expr, rules: Sequence[Rule] | None = None, *, limit: int = MAX_USES
) -> Iterator[tuple[Rule, Expr, Expr, int]]:
    """(rule, before, after, times): the first rule in order that holds anywhere, used until it holds nowhere."""
    chosen = _default(rules)
    table = dispatch_table(chosen)
    budget = _Budget(limit)
    while True:
        rank = _first(expr, table)
        if rank is None:
            return
        rule, used = chosen[rank], budget.used
        after = _everywhere(expr, rule, Context.of(expr), budget)
        yield rule, expr, after, budget.used - used
        expr = after


def steps(
    expr: Expr, rules: Sequence[Rule] | None = None, *, limit: int = MAX_USES
) -> Iterator[tuple[Rule, Expr, Expr]]:
    """(rule, before, after) for single uses, inside out and left to right; before and after are whole expressions."""
    chosen = _default(rules)
    table = dispatch_table(chosen)
    budget = _Budget(limit)
    while True:
        rank = _first(expr, table)
        if rank is None:
            return
        budget.spend(chosen[rank])
        after = _once(expr, chosen[rank], Context.of(expr))
        assert after is not None
        yield chosen[rank], expr, after
        expr = after


def _default(rules: Sequence[Rule] | None) -> Sequence[Rule]:
    if rules is not None:
        return rules
    from .rules import SIMPLIFY

    return SIMPLIFY


def _first(expr: Expr, table: Dispatch) -> int | None:
    """Rank of the first rule, in the order given, that holds somewhere in the expression."""
    best: int | None = None
    context = Context.of(expr)  # for trials only: the names they take do not count
    stack = [expr]
    while stack:
        now = stack.pop()
        for rank, rule in table.get(type(now), ()):
            if best is not None and rank >= best:
                break
            if rule.apply(now, context) is not None:
                best = rank
                break
        if best == 0:
            return best
        stack += children(now)
    return best


def _everywhere(e: Expr, rule: Rule, context: Context, budget: _Budget) -> Expr:
    """The rule used at every node, inside out, and again on what it gives."""
    while True:
        parts = children(e)
        new = tuple(_everywhere(p, rule, context, budget) for p in parts)
        if any(a is not b for a, b in zip(new, parts)):
            e = rebuild(e, new)
        result = rule.apply(e, context) if isinstance(e, rule.on) else None
        if result is None:
            return e
        budget.spend(rule)
        e = result


def _once(e: Expr, rule: Rule, context: Context) -> Expr | None:
    """The rule used at the first node, inside out, where it holds."""
    parts = children(e)
    for k, part in enumerate(parts):
        new = _once(part, rule, context)
        if new is not None:
            return rebuild(e, (*parts[:k], new, *parts[k + 1 :]))
    return rule.apply(e, context) if isinstance(e, rule.on) else None
