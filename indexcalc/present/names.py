"""Words that every view of a derivation shares: titles of rules, what is given, what is sought."""

from __future__ import annotations

from functools import cache

from ..ir.program import Tensor
from ..ir.trace import Derivation, Section


def given(derivation: Derivation) -> list[Tensor]:
    """Inputs that the result takes and the forward program does not: the cotangents."""
    known = derivation.forward.inputs
    return [t for t in derivation.result.tensors if t.name not in known]


def reference_text(tensor: Tensor) -> str:
    """The tensor with its slots by example: `grad_O[i, a]`."""
    return f"{tensor.name}[{', '.join(i.name for i in tensor.indices)}]" if tensor.indices else tensor.name


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
    return section.find or "the derivative"
