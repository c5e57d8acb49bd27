"""What a derivation owes its reader: zero results, and what stands for a derivative where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..diagnostics import listed
from ..ir.expr import Apply, Compare, Expr, IndexMap, IndexReduce, Logic
from ..ir.functions import BUILTIN
from ..ir.inline import inline_functions
from ..ir.program import Program
from ..ir.walk import children, tensors_in
from .path import path
from .sweep import Direction

_ALONG = {
    "max": "where several components attain max[…], they share its slope evenly",
    "min": "where several components attain min[…], they share its slope evenly",
    "argmax": "argmax[…] is piecewise constant: its slope is taken as 0, also where it jumps",
    "topk": "topk[…] is piecewise constant: its slope is taken as 0, also where it jumps",
}
_COMPARISON = "a comparison of values is piecewise constant: its slope is taken as 0, also where it jumps"


# What begins the sentences about memory, which hold for one program and for none that is derived from it.
SAVED = "saved for the backward part"
AGAIN = "computed again there"
ONCE = "nothing is computed twice"


def lasting(notes: Iterable[str]) -> Iterator[str]:
    """The notes of a program that hold for those derived from it too."""
    return (n for n in notes if not n.startswith((SAVED, AGAIN, ONCE)))


def subgradients(program: Program, wrt: Sequence[str], of: Sequence[str]) -> tuple[str, ...]:
    """One sentence for each kind of kink between the inputs and the outputs, with the convention."""
    functions = {f.name: f for f in program.functions}
    way = path(program, wrt, of)
    felt = {*wrt, *(s.name for s in way)}
    found: dict[str, None] = {}
    for s in way:
        found.update(dict.fromkeys(_kinks(inline_functions(s.body, functions), felt)))
    return tuple(found)


def _kinks(e: Expr, felt: set[str]) -> Iterator[str]:
    """Conventions that the derivative of e needs, in order of appearance."""
    pending = [e]
    while pending:
        part = pending.pop()
        if felt.isdisjoint(tensors_in(part)):
            continue
        if isinstance(part, (Compare, Logic)):
            yield _COMPARISON
            continue
        if isinstance(part, Apply) and BUILTIN[part.function].kinks:
            row = BUILTIN[part.function]
            at = row.kinks if row.kinks.startswith("where") else f"at {row.kinks}"
            yield f"{row.name} has no derivative {at}: there {row.there}"
        if isinstance(part, (IndexReduce, IndexMap)) and part.operation in _ALONG:
            yield _ALONG[part.operation]
            if part.operation in ("argmax", "topk"):
                continue
        pending += reversed(children(part))


def zero_note(program: Program, result: str, of: Sequence[str], wrt: Sequence[str]) -> str:
    """A sentence about a result that came out as zero: whether nothing could be felt, or all of it cancels."""
    if path(program, wrt, of):
        return f"`{result}` is zero whatever the inputs"
    verb = "does" if len(of) == 1 else "do"
    return f"{_names(of)} {verb} not depend on {_names(wrt)}: `{result}` is zero"


def direction_note(what: str, work: Mapping[Direction, float], chosen: Direction) -> str:
    """Which direction was taken, and what each of the two would cost.

    >>> direction_note("the Jacobian", {"forward": 12000.0, "reverse": 640.0}, "reverse")
    'the Jacobian is found in reverse mode: 640 multiplications, in forward mode 1.2e+04'
    >>> direction_note("the Jacobian", {"forward": 640.0, "reverse": 640.0}, "forward")
    'the Jacobian is found in forward mode: reverse mode takes as many multiplications'
    """
    (other,) = (name for name in work if name != chosen)
    own, others = _figure(work[chosen]), _figure(work[other])
    if own == others:
        return f"{what} is found in {chosen} mode: {other} mode takes as many multiplications"
    return f"{what} is found in {chosen} mode: {own} multiplications, in {other} mode {others}"


def _figure(work: float) -> str:
    return f"{work:.0f}" if work < 10_000 else f"{work:.1e}"


def _names(names: Sequence[str]) -> str:
    return listed([f"`{n}`" for n in names])
