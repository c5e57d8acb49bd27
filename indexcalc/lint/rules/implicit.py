"""Implicit mode: strings without an arrow, whose result's order nothing shows."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics import Diagnostic
from ...einsum.spec import Operand
from ...python.contraction import Contraction, contractions
from ...python.module import Call
from ..registry import lint_rule

_IMPORT = "import numpy as np\n\n"
_CHEMISTRY = {"chemistry": "off"}


@lint_rule(
    "IX407",
    name="einsum-implicit-order",
    summary="in implicit mode the result's axes are sorted, or summed, where the string does not show it",
    why="Without `->` the labels that stand once make the result, in alphabetical order, whatever their order in the "
    "string. `kij` so gives (i, j, k), which is the inverse of what `ijk->kij` does; with `...`, every letter that "
    "stands twice is summed, and only the unnamed axes stay.",
    bad=_IMPORT + "B = np.einsum('kij', A)",
    good=_IMPORT + "B = np.einsum('ijk->kij', A)",
    subject="call",
    language="python",
    right="Where the alphabet's order is the one wanted. The arrow then says so to the reader, and costs nothing.",
    fix="The result is written out behind `->` (safe: it computes the same).",
    profiles=_CHEMISTRY,
)
def implicit_order(call: Call) -> Iterator[Diagnostic]:
    """Implicit results in another order than that of the string, and implicit sums beside an ellipsis."""
    for c in _implicit(call):
        if any(a.is_ellipsis for o in c.inputs for a in o.axes):
            if c.summed:
                yield _told(c, f"implicit mode sums `{c.summed[0]}` and keeps only `{_written(c)}`")
        elif c.result != _as_written(c) and not _mixed_case(c):
            given = "".join(_as_written(c))
            yield _told(c, f"implicit mode sorts the result: its axes are `{_written(c)}`, not `{given}`")


@lint_rule(
    "IX408",
    name="einsum-implicit-case",
    summary="in implicit mode capital letters come before all small ones",
    why="The order is that of the characters' codes: `aB` gives (B, a).",
    bad=_IMPORT + "C = np.einsum('aB,Bc,cD', X, Y, Z)",
    good=_IMPORT + "C = np.einsum('aB,Bc,cD->aD', X, Y, Z)",
    subject="call",
    language="python",
    fix="The result is written out behind `->` (safe: it computes the same).",
    profiles=_CHEMISTRY,
)
def implicit_case(call: Call) -> Iterator[Diagnostic]:
    """Implicit results that the case of letters puts in another order than the string has."""
    for c in _implicit(call):
        if c.result != _as_written(c) and _mixed_case(c):
            yield _told(c, f"capital letters come first: the result is `{_written(c)}`", "IX408")


@lint_rule(
    "IX411",
    name="einsum-implicit-outer",
    summary="an outer product in implicit mode",
    why="`i,j` multiplies every element with every other one. The string says so only to those who know that implicit "
    "mode keeps each label that stands once.",
    bad=_IMPORT + "C = np.einsum('i,j', x, y)",
    good=_IMPORT + "C = np.einsum('i,j->ij', x, y)",
    severity="note",
    subject="call",
    language="python",
    fix="The result is written out behind `->` (safe: it computes the same).",
    profiles=_CHEMISTRY,
)
def implicit_outer(call: Call) -> Iterator[Diagnostic]:
    """Products in implicit mode in which nothing is summed, in the order of the string."""
    for c in _implicit(call):
        if c.summed or sum(bool(o.labels) for o in c.inputs) < 2 or c.result != _as_written(c):
            continue
        yield _told(c, f"an outer product: the result is `{_written(c)}`", "IX411", "note")


def _implicit(call: Call) -> Iterator[Contraction]:
    """The call's contraction where it has letters and no arrow."""
    return (c for c in contractions(call) if c.output is None and call.dialect == "einsum" and call.problem is None)


def _told(c: Contraction, message: str, code: str = "IX407", severity: str = "warning") -> Diagnostic:
    fix = f"{c.spec.text}->{_written(c)}"
    return c.finding(code, message, Operand((), 0, len(c.spec.text)), severity=severity, hint=f"write it out: '{fix}'",
                     fix=fix, safe=True)  # fmt: skip


def _written(c: Contraction) -> str:
    dots = any(a.is_ellipsis for o in c.inputs for a in o.axes)
    return ("..." if dots else "") + "".join(c.result)


def _as_written(c: Contraction) -> tuple[str, ...]:
    """The result's labels in the order in which the string has them."""
    return tuple(name for name in c.uses if name in c.result)


def _mixed_case(c: Contraction) -> bool:
    """Whether only the case of letters puts the result in this order."""
    return tuple(sorted(c.result, key=str.casefold)) == _as_written(c)


RULES = (implicit_order, implicit_case, implicit_outer)
