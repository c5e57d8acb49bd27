"""What a rewrite rule is: one object, with everything about it beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ..ir.expr import Expr, Index
from ..ir.walk import fresh_index, indices_in


class Context:
    """The names of the expression being rewritten, so that new bound indices hide none of them."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._taken = set(names)

    @staticmethod
    def of(e: Expr) -> Context:
        """The context of rewriting all of `e`."""
        return Context(i.name for i in indices_in(e))

    def fresh(self, like: Index) -> Index:
        """An index over the same space whose name nothing else has."""
        new = fresh_index(like, self._taken)
        self._taken.add(new.name)
        return new


Apply = Callable[[Any, Context], Expr | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A law that rewrites nodes of the types in `on`.  `apply` gives the new expression, or None where it is no use.

    `law` is LaTeX, `title` what a derivation calls the step, `decreases` names the measure (`rewrite.measure`) that
    makes repeated use end, `example` is a pair of texts under the declarations in `given`, their free indices
    named in `left` where the summation rules would sum them otherwise, and `note` says what is assumed.
    """

    name: str
    title: str
    on: tuple[type, ...]
    law: str
    decreases: str
    example: tuple[str, str]
    given: str = ""
    left: str = ""
    note: str = ""
    doc: str = ""
    apply: Apply = field(repr=False, compare=False, default=lambda node, context: None)

    def __call__(self, node: Expr, context: Context | None = None) -> Expr | None:
        """The rewritten node, or None."""
        if not isinstance(node, self.on):
            return None
        return self.apply(node, context if context is not None else Context.of(node))


def rule(
    name: str,
    *,
    title: str,
    on: type | tuple[type, ...],
    law: str,
    decreases: str,
    example: tuple[str, str],
    given: str = "",
    left: str = "",
    note: str = "",
) -> Callable[[Apply], Rule]:
    """Makes a function the rule of that name; its docstring becomes the rule's explanation."""
    types = on if isinstance(on, tuple) else (on,)

    def make(apply: Apply) -> Rule:
        doc = " ".join((apply.__doc__ or "").split())
        return Rule(name, title, types, law, decreases, example, given, left, note, doc, apply)

    return make
