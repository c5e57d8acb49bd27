"""The second pass of reading from SymPy: spaces in the place of keys, names for bound indices, kinds of bare names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..diagnostics import fail
from ..ir.build import ONE, index_sum
from ..ir.expr import Access, Affine, Expr, Extent, Index, IndexReduce, IndexSum, IndexValue, Space
from ..ir.index import affine_form
from ..ir.node import Node
from ..ir.walk import fresh_index
from ..ir.wellformed import check_expression
from .names import check_name
from .spaces import extent_names


class Finisher:
    """Rebuilds one expression.

    indices   each key's index: a free one's key is its name, a bound one's is like no name
    given     spaces that the caller named: their extents are known, used or not
    kinds     what else is known of names
    integers  names of integer symbols: no scalars, so they must turn out to be indices or extents
    """

    def __init__(
        self, indices: Mapping[str, Index], given: Iterable[Space], kinds: Mapping[str, str], integers: set[str]
    ) -> None:
        self.indices = indices
        self.kinds = kinds
        self.integers = integers
        self.free = {key: index for key, index in indices.items() if key == index.name}
        self.extents = extent_names((*(index.space for index in indices.values()), *given))
        self.spaces = {index.name: index.space for index in self.free.values()}  # one space to each name

    def finish(self, e: Expr) -> Expr:
        """The expression over real indices, checked."""
        found: Expr = self._rebuilt(e, self.free)
        check_expression(found)
        return found

    def _rebuilt(self, e: Any, env: Mapping[str, Index]) -> Any:
        """`env` maps the keys of indices in scope to their final form."""
        if isinstance(e, (IndexSum, IndexReduce)):
            return self._binder(e, dict(env))
        if isinstance(e, Index):
            return env[e.name]
        if isinstance(e, Affine):
            return affine_form([(c, self._rebuilt(part, env)) for c, part in e.terms], e.offset)
        if isinstance(e, Access) and not e.slots:
            return self._bare(e, env)
        if isinstance(e, tuple):
            return tuple(self._rebuilt(part, env) for part in e)
        if isinstance(e, Node):
            return type(e)(*(self._rebuilt(field, env) for field in e.fields))
        return e

    def _binder(self, e: IndexSum | IndexReduce, env: dict[str, Index]) -> Expr:
        bound: list[Index] = []
        for placed in e.indices:
            bound.append(self._dummy(self.indices[placed.name], env))
            env[placed.name] = bound[-1]
        body = self._rebuilt(e.body, env)
        return index_sum(body, bound) if isinstance(e, IndexSum) else IndexReduce(e.operation, body, tuple(bound))

    def _dummy(self, index: Index, env: Mapping[str, Index]) -> Index:
        """The index, with primes where its name is taken around it or stands for another space elsewhere."""
        taken = {i.name for i in env.values()}
        found = fresh_index(index, taken)
        while self.spaces.setdefault(found.name, found.space) != found.space:
            taken.add(found.name)
            found = fresh_index(index, taken)
        return found

    def _bare(self, e: Access, env: Mapping[str, Index]) -> Expr:
        """A name without slots: an index's value, an extent, or a scalar."""
        name = e.tensor
        if name in env:
            return IndexValue(env[name])
        if name in self.extents:
            space = self.extents[name]
            # An extent without a name is the sum of ones.
            return Extent(space) if space.extent else index_sum(ONE, (self._dummy(Index("i", space), env),))
        if name in self.kinds:
            hint = "rename one of them with xreplace"
            raise fail("IX504", f"`{name}` is used as two kinds: {self.kinds[name]} and scalar", hint=hint)
        if name in self.integers:
            hint = f"give spaces={{{name!r}: Space(…)}} for an index; a scalar is a symbol without integer=True"
            raise fail("IX902", f"the integer symbol `{name}` is neither in a slot nor summed over", hint=hint)
        return Access(check_name(name), ())
