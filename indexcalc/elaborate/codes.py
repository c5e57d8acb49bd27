"""Every code that reading a program can give: number, slug and one line.  The lint registry adds why, bad and good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the catalogue."""

    code: str
    name: str
    summary: str


_ROWS = (
    Code("IX009", "limit-exceeded", "the input goes beyond a documented limit"),
    Code("IX101", "free-indices-differ", "the two sides have different free indices"),
    Code("IX102", "dangling-index", "an index stands once in a term, and is neither free nor bound there"),
    Code("IX103", "index-thrice", "an index stands three times or more in a term, so no pair can be summed"),
    Code("IX104", "left-slot", "a slot on the left of a definition repeats an index or holds no plain index"),
    Code("IX105", "nothing-varies", "an index on the left is nowhere on the right"),
    Code("IX106", "einstein-convention", "a term breaks `convention einstein`"),
    Code("IX107", "ambiguous-division", "`a / b c` is read as `(a / b) c`"),
    Code("IX201", "space-clash", "two different spaces meet in one index, slot or pair"),
    Code("IX202", "extent-clash", "one space is given two extents"),
    Code("IX203", "rank-mismatch", "a tensor is used with different numbers of slots"),
    Code("IX204", "symbol-rank", "δ or ε has the wrong number of slots"),
    Code("IX205", "extent-unknown", "an extent or an integer is needed that nothing gives"),
    Code("IX301", "variance-mismatch", "upper and lower positions do not fit a space with a metric"),
    Code("IX501", "undefined-name", "a name is used that nothing declares or defines there"),
    Code("IX502", "redefinition", "a name is declared or defined twice"),
    Code("IX503", "unknown-function", "a function is called that is neither built in nor declared"),
    Code("IX504", "two-kinds", "one name is used as two kinds: index, extent, tensor, function"),
    Code("IX505", "wrong-arguments", "a function or reduction is given the wrong number or kind of arguments"),
    Code("IX506", "bare-expression", "an expression stands alone in a program and does nothing"),
    Code("IX507", "read-as-scalar", "a compact name is read as one scalar, although it looks like a tensor"),
)
CODES: Mapping[str, Code] = {row.code: row for row in _ROWS}
