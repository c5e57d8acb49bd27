"""An einsum call as the rules see it: which label stands where, and what becomes of it.

One is made for each call and kept (`Call.contraction`), since every rule looks at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..diagnostics import Diagnostic, Label, Span
from ..einsum.dialects import DIALECTS
from ..einsum.expand import implicit_output
from ..einsum.spec import Axis, Operand, Spec

if TYPE_CHECKING:
    from .module import Call


@dataclass(frozen=True, slots=True)
class Use:
    """One appearance of a label in an input."""

    operand: int
    position: int
    axis: Axis


class Contraction:
    """The labels of an einsum call: `uses` of each in the inputs, and the result's."""

    def __init__(self, call: Call, spec: Spec) -> None:
        self.call = call
        self.spec = spec
        self.inputs = spec.inputs
        self.output = spec.output
        self.uses: dict[str, list[Use]] = {}
        for k, operand in enumerate(spec.inputs):
            for n, axis in enumerate(operand.axes):
                if axis.is_label:
                    self.uses.setdefault(axis.name, []).append(Use(k, n, axis))

    @cached_property
    def result(self) -> tuple[str, ...]:
        """The result's labels: those behind the arrow, or in implicit mode those that stand once, sorted."""
        if self.output is not None:
            return self.output.labels
        return implicit_output(self.spec)

    @cached_property
    def summed(self) -> list[str]:
        """Labels that the result lacks, in the order of the string."""
        kept = frozenset(self.result)
        return [name for name in self.uses if name not in kept]

    def operands_of(self, label: str) -> list[int]:
        """Which inputs have the label."""
        return sorted({use.operand for use in self.uses.get(label, ())})

    @cached_property
    def summed_alone(self) -> list[Use]:
        """Labels of one operand that the result lacks, in a product of several."""
        if len(self.inputs) < 2:
            return []
        found = [self.uses[name] for name in self.summed]
        return [uses[0] for uses in found if len(uses) == 1]

    def name(self, operand: int) -> str:
        """How a message calls an operand: its source text, or its number."""
        given = self.call.operands
        if self.call.complete and operand < len(given) == len(self.inputs) and len(given[operand].text) <= 30:
            return f"`{given[operand].text}`"
        return f"operand {operand + 1}"

    # ---- places ----
    def at(self, part: Axis | Operand) -> Span:
        """The place of a label or an operand of the string."""
        return self.call.place(part.start, part.end)

    def labels_at(self, parts: Sequence[tuple[Axis | Operand, str]]) -> tuple[Label, ...]:
        """Second places with what stands there."""
        return tuple(Label(self.at(part), text) for part, text in parts)

    def finding(
        self, code: str, message: str, part: Axis | Operand, *, severity: str = "warning", label: str = "",
        others: Sequence[tuple[Axis | Operand, str]] = (), why: str = "", hint: str = "", fix: str | None = None,
        safe: bool = False,
    ) -> Diagnostic:  # fmt: skip
        """A finding at a part of the string; `fix` is a new text for the whole string."""
        fix_span = None
        if fix is not None:
            fix_span = self.replaceable
            hint = hint or f"`{fix}`"
        return Diagnostic(
            code, message, self.at(part), hint, severity, why=why, fix=fix if fix_span else None, label=label,
            labels=self.labels_at(others), fix_span=fix_span, safe=safe and fix_span is not None,
        )  # fmt: skip

    @property
    def replaceable(self) -> Span | None:
        """The inside of the string literal, where the string is one literal without escapes."""
        text, offsets = self.call.string.text, self.call.string.offsets
        if self.call.dialect == "sublist" or not text or offsets[-1] - offsets[0] != len(text):
            return None
        return self.call.place(0, len(text))

    def rewritten(self, part: Axis | Operand, text: str) -> str:
        """The string with one part replaced."""
        whole = self.spec.text
        return whole[: part.start] + text + whole[part.end :]


def contraction_of(call: Call) -> Contraction | None:
    """The contraction of a call whose string is known and read; None for another operation."""
    if call.spec is None or DIALECTS[call.dialect].operation != "contract":
        return None
    return Contraction(call, call.spec)


def contractions(call: Call) -> tuple[Contraction, ...]:
    """The call's contraction, for a `for` loop: none or one."""
    found = call.contraction
    return () if found is None else (found,)
