"""What each library's einsum takes: one row a library, as measured (numpy 2.4, torch 2.13, jax 0.10, opt_einsum 3.4)
or, for cupy and tensorflow, as their source says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LETTERS = 52  # a-z and A-Z


@dataclass(frozen=True, slots=True)
class Target:
    """The rules of one library.

    any_label       any character is a label, not ASCII letters alone
    blanks_inside   `- >` and `. ..` are read as `->` and `...`
    lists           lists of labels: "letters" (0 to 51), "any" (whatever can be sorted), or "none"
    sums_ellipsis   the result may leave out the axes of an ellipsis, which are then summed
    shares_ellipsis the result of implicit mode keeps an ellipsis that several operands have
    broadcasts      size 1 goes with any size: "operands" (of another operand), "all" (inside of one, too), "none"
    max_axes        of one array, and of all labels together
    max_operands    of one call
    max_labels      different labels in one contraction of two operands, where there is a limit
    """

    name: str
    any_label: bool = False
    blanks_inside: bool = False
    lists: str = "letters"
    sums_ellipsis: bool = True
    shares_ellipsis: bool = True
    broadcasts: str = "operands"
    max_axes: int | None = None
    max_operands: int | None = None
    max_labels: int | None = None


TARGETS: Mapping[str, Target] = {
    row.name: row
    for row in (
        Target("numpy", sums_ellipsis=False, max_axes=64, max_operands=63),
        Target("torch"),
        Target("jax", any_label=True, blanks_inside=True, lists="any", broadcasts="all"),
        Target("opt_einsum", any_label=True, blanks_inside=True, lists="any", max_axes=64, max_labels=LETTERS),
        Target("cupy", sums_ellipsis=False),
        Target(
            "tensorflow",
            blanks_inside=True,
            lists="none",
            sums_ellipsis=False,
            shares_ellipsis=False,
            broadcasts="none",
        ),
    )
}
