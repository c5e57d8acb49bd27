"""Words that every view of a derivation shares: titles of rules, what is given, what is sought."""

from __future__ import annotations

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
    """A rule's name as words.

    >>> title_of("delta-contract")
    'delta contract'
    """
    return rule.replace("-", " ").replace("_", " ")


def find_text(section: Section) -> str:
    return section.find or "the derivative"
