"""What a paper's comments declare: `% ix: index i, j : seq` and `% ix: tensor A[i, j], x[j]`, as in the language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_INDEX = re.compile(r"^[%#\s]*ix:\s*index\s+(?P<names>[^:]+):\s*(?P<space>\w+)")
_TENSOR = re.compile(r"^[%#\s]*ix:\s*(?:tensor|scalar)\s+(?P<items>.+)")
_ITEM = re.compile(r"(?P<name>\\?[^\W_]+)\s*(?:\[(?P<slots>[^\]]*)\])?")
_NAME = re.compile(r"\\?[^\W\d_]+'*")


@dataclass(frozen=True, slots=True)
class Declarations:
    """The space of each declared index, and of each declared tensor the indices in its slots.

    >>> made = Declarations().after(" ix: index i, j : seq").after(" ix: tensor A[i, j], x[j]")
    >>> made.spaces, made.tensors
    ({'i': 'seq', 'j': 'seq'}, {'A': ('i', 'j'), 'x': ('j',)})
    """

    spaces: Mapping[str, str] = field(default_factory=dict)
    tensors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def after(self, comment: str) -> Declarations:
        """These and what a comment declares besides."""
        match = _INDEX.match(comment)
        if match is not None:
            new = {name.lstrip("\\"): match["space"] for name in _NAME.findall(match["names"])}
            return replace(self, spaces={**self.spaces, **new})
        match = _TENSOR.match(comment)
        if match is None:
            return self
        made = {}
        for item in _ITEM.finditer(match["items"]):
            slots = tuple(name.lstrip("\\") for name in _NAME.findall(item["slots"] or ""))
            made[item["name"].lstrip("\\")] = slots
        return replace(self, tensors={**self.tensors, **made})


NOTHING = Declarations()
