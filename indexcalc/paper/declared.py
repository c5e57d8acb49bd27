"""What a paper's comments declare, as in the language: `% ix: index i, j : seq`, `% ix: tensor A[i, j], x[j]` and
`% ix: metric g : spacetime`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_INDEX = re.compile(r"^[%#\s]*ix:\s*index\s+(?P<names>[^:]+):\s*(?P<space>\w+)")
_TENSOR = re.compile(r"^[%#\s]*ix:\s*(?:tensor|scalar)\s+(?P<items>.+)")
_METRIC = re.compile(r"^[%#\s]*ix:\s*metric\s+(?P<name>\\?\w+)\s*:\s*(?P<space>\w+)")
_ITEM = re.compile(r"(?P<name>\\?[^\W_]+)\s*(?:\[(?P<slots>[^\]]*)\])?")
_NAME = re.compile(r"\\?[^\W\d_]+'*")


@dataclass(frozen=True, slots=True)
class Declarations:
    """The space of each declared index, of each declared tensor the indices in its slots, and the spaces of metrics.

    >>> made = Declarations().after(" ix: index i, j : seq").after(" ix: tensor A[i, j], x[j]")
    >>> made.spaces, made.tensors
    ({'i': 'seq', 'j': 'seq'}, {'A': ('i', 'j'), 'x': ('j',)})
    """

    spaces: Mapping[str, str] = field(default_factory=dict)
    tensors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metrics: frozenset[str] = frozenset()

    @property
    def positioned(self) -> frozenset[str]:
        """The declared indices of spaces with a metric: up and down differ, and a sum pairs one with the other.

        >>> Declarations().after("ix: index a : space").after("ix: metric g : space").positioned
        frozenset({'a'})
        """
        if not self.metrics:
            return frozenset()
        return frozenset(name for name, space in self.spaces.items() if space in self.metrics)

    def after(self, comment: str) -> Declarations:
        """These and what a comment declares besides."""
        match = _INDEX.match(comment)
        if match is not None:
            new = {name.lstrip("\\"): match["space"] for name in _NAME.findall(match["names"])}
            return replace(self, spaces={**self.spaces, **new})
        match = _METRIC.match(comment)
        if match is not None:
            return replace(self, metrics=self.metrics | {match["space"]})
        match = _TENSOR.match(comment)
        if match is None:
            return self
        made = {}
        for item in _ITEM.finditer(match["items"]):
            slots = tuple(name.lstrip("\\") for name in _NAME.findall(item["slots"] or ""))
            made[item["name"].lstrip("\\")] = slots
        return replace(self, tensors={**self.tensors, **made})


NOTHING = Declarations()
