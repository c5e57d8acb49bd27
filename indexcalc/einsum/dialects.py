"""How each function reads its string.  One row a dialect; a new one is a row here, not a branch elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

# What a pattern of names may hold besides names and numbers.
GROUPS, NESTED, BRACKETS, SUMS, REPEATS, STARS, UNDERSCORE = (
    "groups", "nested", "brackets", "sums", "repeats", "stars", "underscore",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one function reads its string.

    reader     "letters" (every letter is a label, blanks mean nothing), "names" (blanks between names), "either" (names
               where the text has a name of several characters), "lists" (lists of labels)
    operation  what the function does: "contract", "rearrange", "reduce", "repeat", "pack", "unpack", "mix", "shape",
               or for einx "id", "dot", "elementwise", "reduction", "along", "arg", "get", "set", "solve", "other"
    library    who has it ("" for several)
    inputs     how many operands it describes, or None for any number
    arrow      "optional", "required", or "none"
    allows     what the pattern may hold besides names and numbers
    """

    name: str
    reader: str
    operation: str
    library: str = ""
    inputs: int | None = None
    arrow: str = "optional"
    allows: frozenset[str] = frozenset()


def _einops(name: str, operation: str, arrow: str, *allows: str) -> Dialect:
    return Dialect(f"einops.{name}", "names", operation, "einops", 1, arrow, frozenset(allows))


_EINX = frozenset((GROUPS, NESTED, BRACKETS, SUMS, REPEATS))
_EINX_OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "rearrange"),
    "dot": ("dot",),
    "elementwise": (
        "add", "subtract", "multiply", "divide", "true_divide", "floor_divide", "where", "maximum", "minimum", "less",
        "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_and", "logical_or", "logaddexp",
        "elementwise",
    ),
    "reduction": (
        "sum", "mean", "var", "std", "prod", "count_nonzero", "any", "all", "max", "min", "logsumexp", "reduce",
    ),
    "along": ("softmax", "log_softmax", "sort", "argsort", "flip", "roll", "vmap", "vmap_with_axis"),
    "arg": ("argmax", "argmin"),
    "get": ("get_at",),
    "set": ("set_at", "add_at", "subtract_at"),
    "solve": ("matches", "solve", "solve_axes", "solve_shapes", "check"),
}  # fmt: skip


def _rows() -> list[Dialect]:
    rows = [
        Dialect("einsum", "letters", "contract"),
        Dialect("sublist", "lists", "contract"),
        Dialect("language", "either", "contract", "indexcalc", allows=frozenset((GROUPS,))),
        Dialect("fancy_einsum", "names", "contract", "fancy_einsum"),
        Dialect("einops.einsum", "names", "contract", "einops", arrow="required", allows=frozenset((UNDERSCORE,))),
        _einops("rearrange", "rearrange", "required", GROUPS),
        _einops("reduce", "reduce", "required", GROUPS),
        _einops("repeat", "repeat", "required", GROUPS),
        _einops("pack", "pack", "none", STARS),
        _einops("unpack", "unpack", "none", STARS),
        _einops("mix", "mix", "required", GROUPS),
        _einops("parse_shape", "shape", "none", GROUPS, UNDERSCORE),
    ]
    layers = {"Rearrange": "rearrange", "Reduce": "reduce", "EinMix": "mix"}
    byname = {row.name: row for row in rows}
    rows += [replace(byname[f"einops.{function}"], name=f"einops.{layer}") for layer, function in layers.items()]
    for operation, names in _EINX_OPERATIONS.items():
        arrow = "none" if operation == "solve" else "optional"
        rows += [Dialect(f"einx.{name}", "names", operation, "einx", None, arrow, _EINX) for name in names]
    return rows


class _Dialects(dict[str, Dialect]):
    """The rows by name.  einx makes functions of one's own, so that its other names have a row, too."""

    def __missing__(self, name: str) -> Dialect:
        if not name.startswith("einx."):
            raise KeyError(name)
        return Dialect(name, "names", "other", "einx", allows=_EINX)


DIALECTS: Mapping[str, Dialect] = _Dialects((row.name, row) for row in _rows())
