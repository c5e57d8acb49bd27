"""Spaces for a SymPy expression's indices, by unification of what stands in one slot and of the limits of sums.

A union-find over keys ("index", key), ("slot", tensor, position), ("value", tensor) and ("space", extent).  A class's
space is the one that the caller gives for one of its indices, else a new one whose extent is what the sums say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import sympy

from ..diagnostics import fail
from ..ir.expr import Space
from .symbols import UNNAMED, extent_symbol

Key: TypeAlias = tuple[str, ...]


@dataclass
class Classes:
    """The classes of one expression.  `extents` and `given` are filed under any key until they are resolved."""

    parent: dict[Key, Key] = field(default_factory=dict)
    extents: list[tuple[Key, sympy.Expr, str]] = field(default_factory=list)  # with the index that says it
    given: list[tuple[Key, Space, str]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def find(self, key: Key) -> Key:
        root = key
        while (above := self.parent.setdefault(root, root)) != root:
            root = above
        self.parent[key] = root
        return root

    def unify(self, a: Key, b: Key) -> None:
        self.parent[self.find(b)] = self.find(a)

    def resolve(self, names: Mapping[Key, str]) -> dict[Key, Space]:
        """The space of every key in `names`, which holds the indices' names."""
        extents = self._extents()
        self._same_names(names, extents)
        spaces: dict[Key, Space] = {}
        for key, space, name in self.given:
            root = self.find(key)
            before_space = spaces.setdefault(root, space)
            if before_space != space:
                message = f"index `{name}` is given the space `{space.name}`, but meets `{before_space.name}`"
                raise fail("IX201", message, hint="indices of one slot have one space")
            if extents.get(root, extent_symbol(space)) != extent_symbol(space):
                message = f"index `{name}` runs to {extents[root]} - 1, but its space has extent {extent_symbol(space)}"
                raise fail("IX202", message, hint=f"give Space({space.name!r}, …) this extent")
        self.taken |= {space.name for space in spaces.values()}
        members: dict[Key, list[str]] = {}
        for key, name in names.items():
            members.setdefault(self.find(key), []).append(name)
        for root, who in members.items():
            if root not in spaces:
                spaces[root] = self._new(extents.get(root), min(who, key=lambda n: (n.rstrip("'"), n)))
        return {key: spaces[self.find(key)] for key in names}

    def _extents(self) -> dict[Key, sympy.Expr]:
        found: dict[Key, sympy.Expr] = {}
        for key, extent, name in self.extents:
            before = found.setdefault(self.find(key), extent)
            if before != extent:
                message = f"index `{name}` has the extents {before} and {extent} in one space"
                raise fail("IX202", message, hint="indices of one slot, and of one δ, have one extent")
        return found

    def _same_names(self, names: Mapping[Key, str], extents: dict[Key, sympy.Expr]) -> None:
        """Two sums over k, both from 0 to n - 1, run over one space, as an index name has one space in a program."""
        first: dict[tuple[str, sympy.Expr], Key] = {}
        for key, name in names.items():
            extent = extents.get(self.find(key))
            if extent is not None:
                self.unify(first.setdefault((name, extent), key), key)

    def _new(self, extent: sympy.Expr | None, index: str) -> Space:
        """A space of its own, called as the reader calls one that nobody declares."""
        if isinstance(extent, sympy.Symbol) and extent.name.startswith(UNNAMED):
            name = extent.name.removeprefix(UNNAMED)
            if name not in self.taken:
                self.taken.add(name)
                return Space(name)
        stem = "space_" + index.rstrip("'")
        name, n = stem, 1
        while name in self.taken:
            n += 1
            name = f"{stem}_{n}"
        self.taken.add(name)
        if extent is None:
            return Space(name)
        return Space(name, int(extent) if extent.is_Integer else extent.name)


def extent_names(spaces: Iterable[Space]) -> dict[str, Space]:
    """Each extent's symbol by name, with the first space that has it."""
    found: dict[str, Space] = {}
    for space in spaces:
        symbol = extent_symbol(space)
        if isinstance(symbol, sympy.Symbol):
            found.setdefault(symbol.name, space)
    return found
