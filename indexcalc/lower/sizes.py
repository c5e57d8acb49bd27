"""The extents at which passes decide."""

from __future__ import annotations

from collections.abc import Mapping

from ..ir.index import Space
from ..ir.program import Program
from ..ir.signature import SizeTable

REPRESENTATIVE = 64  # taken for an extent of which nothing is known


def representative_sizes(program: Program, sizes: Mapping[str, int] | None = None) -> dict[Space, int]:
    """A size for every space: declared, given, or a guess that is the same for all."""
    table = SizeTable(program)
    table.take_sizes(sizes or {})
    return {space: max(1, table.size(space) or REPRESENTATIVE) for space in table.spaces}
