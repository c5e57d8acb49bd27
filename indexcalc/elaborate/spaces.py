"""Spaces by unification: indices, slots and values that meet are in one space.

A union-find over keys ("index", name), ("slot", tensor, position), ("value", tensor), ("space", name) and
("anonymous", serial).  Two declared spaces never merge.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..diagnostics import Label, Span
from ..ir.index import Space
from .findings import Findings

Key = tuple[str, ...]


@dataclass(slots=True)
class Group:
    """What is known of one class of keys."""

    name: str = ""  # of the declared space; "" while undeclared or anonymous
    declared: bool = False
    extent: str | int | None = None
    span: Span | None = None  # of the declaration
    extent_span: Span | None = None
    has_slots: bool = False  # some tensor has a slot here, so arrays will tell the extent


@dataclass(slots=True)
class Spaces:
    """The classes of one program."""

    findings: Findings
    parent: dict[Key, Key] = field(default_factory=dict)
    groups: dict[Key, Group] = field(default_factory=dict)
    merged: int = 0  # how often two classes became one
    _resolved: dict[Key, Space] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def find(self, key: Key) -> Key:
        parent = self.parent
        root = parent.get(key)
        if root is None:
            parent[key] = key
            self.groups[key] = Group(has_slots=key[0] == "slot")
            return key
        while (above := parent[root]) is not root:  # a root is its own parent: the same tuple, so nothing is compared
            root = above
        while (above := parent[key]) is not root:
            parent[key], key = root, above
        return root

    def group(self, key: Key) -> Group:
        return self.groups[self.find(key)]

    def declare(self, name: str, extent: str | int | None, span: Span | None) -> Key:
        """The class of a declared space; its extent must agree with what was said before."""
        key: Key = ("space", name)
        group = self.group(key)
        if not group.declared:
            group.name, group.declared, group.span = name, True, span
            self._taken.add(name)
        if extent is not None:
            self._agree(group, extent, span)
        return key

    def declare_anonymous(self, serial: int, span: Span) -> Key:
        key: Key = ("anonymous", str(serial))
        group = self.group(key)
        group.declared, group.span = True, span
        return key

    def _agree(self, group: Group, extent: str | int, span: Span | None) -> None:
        if group.extent is None:
            group.extent, group.extent_span = extent, span
        elif group.extent != extent:
            labels = [Label(group.extent_span, f"here {group.extent}")] if group.extent_span else []
            self.findings.error(
                "IX202",
                f"space `{group.name}` has extent {group.extent} and extent {extent}",
                span,
                "give one extent, or name a second space",
                labels=labels,
            )

    def unify(self, a: Key, b: Key, span: Span | None) -> bool:
        """Put both in one space, or report the clash."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return True
        one, two = self.groups[a], self.groups[b]
        if one.declared and two.declared:
            return False
        if two.declared or b in self._resolved:  # a finished space keeps its key when a primed index joins it
            a, b, one, two = b, a, two, one
        self.parent[b] = a
        self.merged += 1
        one.has_slots |= two.has_slots
        del self.groups[b]
        return True

    def say(self, key: Key) -> str:
        """The name of the key's space, for a message."""
        group = self.group(key)
        if group.name:
            return f"space `{group.name}`"
        return "the space declared in line " + str(group.span.line) if group.span else "an undeclared space"

    def resolved(self, root: Key) -> Space | None:
        """The finished space, if it has been asked for before."""
        return self._resolved.get(root)

    def resolve(self, key: Key, first_index: str) -> Space:
        """The finished space; an anonymous one is called after its first index."""
        root = self.find(key)
        found = self._resolved.get(root)
        if found is None:
            group = self.groups[root]
            name = group.name or self._fresh(first_index)
            found = self._resolved[root] = Space(name, group.extent)
        return found

    def _fresh(self, index: str) -> str:
        stem = "space_" + index.replace("'", "")
        name, n = stem, 1
        while name in self._taken:
            n += 1
            name = f"{stem}_{n}"
        self._taken.add(name)
        return name
