"""Declarations and outputs as canonical text: everything that a program's statements leave to be said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from .expr import Index, Space
from .program import Attribute, Claim, Define, Program, Statement, Tensor
from .text import Printer
from .walk import indices_in, tensors_in


def declaration_lines(p: Program) -> list[str]:
    """Index, tensor, function, metric and convention lines, in an order that reads back to the same program."""
    lines = [
        f"index {', '.join(i.name for i in group)} : {space_text(space)}"
        for space, group in groupby(all_indices(p), key=lambda i: i.space)
    ]
    told = {i.space for i in all_indices(p)}
    for (kind, values), tensors in groupby(p.tensors, key=_kind):
        ending = "" if values is None else f" : {values.name if values in told else space_text(values)}"
        lines.append(f"{kind} {', '.join(map(tensor_text, tensors))}{ending}")
    printer = Printer()
    for f in p.functions:
        lines.append(f"function {f.name}({', '.join(f.parameters)}) = {printer.side(f.body, ())}")
    lines += [f"metric {m.name} : {m.space.name}" for m in p.metrics]
    if p.convention:
        lines.append(f"convention {p.convention}")
    return lines


def space_text(space: Space) -> str:
    """`seq(L)`, or `seq` where no extent is known.

    >>> space_text(Space("seq", "L")), space_text(Space("head"))
    ('seq(L)', 'head')
    """
    return space.name if space.extent is None else f"{space.name}({space.extent})"


def tensor_text(t: Tensor) -> str:
    """A tensor's slots by example and its attributes, as in a declaration."""
    return " ".join([Printer().reference(t.name, t.indices), *map(_attribute_text, t.attributes)])


def _attribute_text(a: Attribute) -> str:
    return f"{a.name}({','.join(map(str, a.slots))})" if a.slots else a.name


def _kind(t: Tensor) -> tuple[str, Space | None]:
    if t.values is not None:
        return "integer", t.values
    return ("tensor" if t.indices else "scalar"), None


def all_indices(p: Program) -> tuple[Index, ...]:
    """The program's own indices, then every other one that a tensor or a statement uses, by first appearance."""
    found = dict.fromkeys(p.indices)
    for t in p.tensors:
        found.update(dict.fromkeys(t.indices))
    for s in p.statements:
        found.update(dict.fromkeys(statement_indices(s)))
    return tuple(found)


def statement_indices(s: Statement) -> Iterator[Index]:
    """Every index that a statement writes, bound ones included."""
    if isinstance(s, Define):
        yield from s.indices
        yield from indices_in(s.body)
    else:
        yield from indices_in(s.left)
        yield from indices_in(s.right)


def closing_lines(p: Program) -> list[str]:
    """The `recompute` line, and the `output` line unless the program returns what it would return without one."""
    lines = [f"recompute {', '.join(p.recomputed)}"] if p.recomputed else []
    if p.outputs and (p.outputs != default_outputs(p.statements) or any_claims(p.statements)):
        lines.append(f"output {', '.join(p.outputs)}")
    return lines


def any_claims(statements: Iterable[Statement]) -> bool:
    return any(isinstance(s, Claim) for s in statements)


def default_outputs(statements: Iterable[Statement]) -> tuple[str, ...]:
    """Every definition that no statement reads."""
    defined: dict[str, None] = {}
    read: set[str] = set()
    for s in statements:
        if isinstance(s, Define):
            defined.setdefault(s.name)
        for side in (s.body,) if isinstance(s, Define) else (s.left, s.right):
            read |= tensors_in(side)
    return tuple(name for name in defined if name not in read)
