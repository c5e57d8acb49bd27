"""Words that every view of a derivation shares: titles of rules, what is given, what is sought, what is new."""

from __future__ import annotations

import re
from functools import cache

from ..ir.program import Define, Tensor
from ..ir.trace import Derivation, Section

_SLOTS = re.compile(r"(?<=\w)\[[^\[\]]*\]")
_REFERENCE = re.compile(r"(\w+)\[([^\[\]]*)\]")


def given(derivation: Derivation) -> list[Tensor]:
    """Inputs that the result takes and the forward program does not: cotangents and directions."""
    known = derivation.forward.inputs
    return [t for t in derivation.result.tensors if t.name not in known]


def new_statements(derivation: Derivation) -> list[Define]:
    """Definitions of the result that the forward program does not have, in order."""
    known = derivation.forward.definitions
    return [s for s in derivation.result.definitions.values() if known.get(s.name) != s]


def kept(derivation: Derivation) -> list[str]:
    """Names of the forward's definitions that the result reads, and so computes again."""
    known = derivation.forward.definitions
    return [s.name for s in derivation.result.definitions.values() if known.get(s.name) == s]


def reference_text(tensor: Tensor) -> str:
    """The tensor with its slots by example: `grad_O[i,a]`."""
    return f"{tensor.name}[{','.join(i.name for i in tensor.indices)}]" if tensor.indices else tensor.name


def short_note(note: str) -> str:
    """A note for the margin: the equations that it names without their slots, which stand in the program.

    Slots stay where they tell a matrix from its transpose or its diagonal.

    >>> short_note("from O[i, a] = P[i, j] V[j, a]; folded, because …")
    'from O = P V; folded, because …'
    >>> short_note("from y[i] = (A[i, j] + A[j, i]) x[j]")
    'from y[i] = (A[i, j] + A[j, i]) x[j]'
    >>> short_note("from L = A[i, i]")
    'from L = A[i, i]'
    """
    first, mark, rest = note.partition(";")
    plain = first.startswith("from ") and not _slots_tell(first)
    return (_SLOTS.sub("", first) if plain else first) + mark + rest


def _slots_tell(equation: str) -> bool:
    """Whether a tensor stands in it with the same slots in two orders, or with one index in two slots."""
    seen = {(name, tuple(slots.split(", "))) for name, slots in _REFERENCE.findall(equation)}
    orders = {(name, tuple(sorted(slots))) for name, slots in seen}
    return len(orders) < len(seen) or any(len(set(slots)) < len(slots) for _, slots in seen)


def title_of(rule: str) -> str:
    """A rule's title, by its name; steps that are no rewrite (the chain rule, folding) are named in words already.

    >>> title_of("delta-equal"), title_of("chain rule")
    ('delta of equal indices', 'chain rule')
    """
    return _titles().get(rule) or rule.replace("-", " ")


@cache
def _titles() -> dict[str, str]:
    from ..rewrite.rules import ALL

    return {r.name: r.title for r in ALL}


def find_text(section: Section) -> str:
    """What is sought: `find ∂L/∂x[k]`."""
    return f"find {section.find}" if section.find else ""


def finished(section: Section) -> Define:
    """The last line as a statement, in the letters of the derivation."""
    last = section.steps[-1]
    return Define(section.target.name, last.indices, last.after)
