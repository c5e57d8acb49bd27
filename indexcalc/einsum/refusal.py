"""A spec that cannot be read, as the one exception of indexcalc."""

from __future__ import annotations

from ..diagnostics import Diagnostic, IndexCalcError, Span
from .spec import SpecError


def refusal(text: str, error: SpecError, code: str = "IX505") -> IndexCalcError:
    """The error with its place underlined in the spec's text.

    >>> print(refusal("ij->ik", SpecError("`k` is in no operand", 5, 6)))
    <input>:1:6: error IX505: `k` is in no operand
       |
     1 | ij->ik
       |      ^
    """
    span = Span.of(text, error.start, max(error.end, error.start)) if text else None
    return IndexCalcError(Diagnostic(code, error.message, span, error.hint, source=text or None))
