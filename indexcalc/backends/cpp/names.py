"""Generated names of one C++ text, and how its numbers and comments are written."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ...ir.graph import Kind
from ...ir.index import Index, Space
from ..formula import sanitised
from ..names import Names

TYPES: dict[Kind, str] = {"float": "value", "real": "real", "int": "int64_t", "bool": "bool", "number": "real"}
"""The element's type for each kind.  `value` is `real`, or complex; the head of the text defines both."""


class CppNames(Names):
    """The names of extents, arrays and temporaries, as for any backend; numbers as C++ writes them."""

    def number(self, value: float) -> str:
        if isinstance(value, int):
            return str(value) if -(2**31) < value < 2**31 else f"INT64_C({value})"
        if math.isnan(value):
            return "real(NAN)"
        if math.isinf(value):
            return "real(INFINITY)" if value > 0 else "real(-INFINITY)"
        return f"real({value!r})"

    def extents(self, labels: Iterable[Index]) -> list[str]:
        return [self.size(x.space) for x in labels]

    def used(self) -> list[tuple[str, str, Space]]:
        """(name, key, space) of every extent that the text speaks of, in the order of its first use."""
        return [(name, self.key(space), space) for name, space in self._sizes.values()]


def comment(text: str) -> str:
    """A comment that holds the text and ends with its line.

    A backslash at the end, or its trigraph, would join the next line to it, to some compilers even with spaces behind.

    >>> comment("a" + chr(92) + " ")
    '// a\\\\ .'
    """
    safe = sanitised(text)
    return f"// {safe}." if safe.rstrip().endswith(("\\", "??/")) else f"// {safe}"
