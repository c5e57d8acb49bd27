"""What each label of an einsum does: kept, contracted, summed alone; by operand and in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from .expand import check_contraction, check_output, implicit_output, is_whole_number
from .spec import ELLIPSIS, Operand, Spec

NUMBERED = "ijklmnpqrstuvwxyz"  # index names for the numbers of lists


@dataclass(frozen=True, slots=True)
class Roles:
    """The labels of the operands and of the result; an ellipsis is one label, `...`.  Numbers have become letters."""

    inputs: tuple[tuple[str, ...], ...]
    output: tuple[str, ...]

    @staticmethod
    def of(spec: Spec) -> Roles:
        """The labels of a spec; raises `SpecError` where it is no sound einsum.

        >>> from indexcalc.einsum.parse import parse
        >>> Roles.of(parse("...ij,jk")).output
        ('...', 'i', 'k')
        """
        check_contraction(spec)
        check_output(spec)
        names = _names(spec)
        inputs = tuple(_labels(operand, names) for operand in spec.inputs)
        if spec.output is not None:
            return Roles(inputs, _labels(spec.output, names))
        front = (ELLIPSIS,) if any(ELLIPSIS in labels for labels in inputs) else ()
        return Roles(inputs, front + tuple(names.get(label, label) for label in implicit_output(spec)))

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, in the order of their first occurrence."""
        return tuple(dict.fromkeys(chain.from_iterable(self.inputs)))

    @property
    def summed(self) -> tuple[str, ...]:
        """The labels that the result lacks."""
        return tuple(label for label in self.labels if label not in self.output)

    def operands_of(self, label: str) -> tuple[int, ...]:
        """The operands that have the label."""
        return tuple(k for k, labels in enumerate(self.inputs) if label in labels)

    @property
    def batch(self) -> tuple[str, ...]:
        """The labels of the result that every operand has, where there are several."""
        return tuple(a for a in self.output if len(self.inputs) > 1 and len(self.operands_of(a)) == len(self.inputs))

    @property
    def contracted(self) -> tuple[str, ...]:
        """The labels that are summed over a product of operands."""
        return tuple(label for label in self.summed if len(self.operands_of(label)) > 1)

    def alone(self, k: int) -> tuple[str, ...]:
        """The labels of operand k that are summed in it alone."""
        return self._once(label for label in self.inputs[k] if label in self.summed and self.operands_of(label) == (k,))

    def own(self, k: int) -> tuple[str, ...]:
        """The labels of the result that operand k alone has."""
        return tuple(label for label in self.output if self.operands_of(label) == (k,))

    def repeated(self, k: int) -> tuple[str, ...]:
        """The labels that stand more than once in operand k."""
        return tuple(label for label, n in Counter(self.inputs[k]).items() if n > 1)

    def reordered(self, k: int) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """The labels of operand k that the result keeps, in both orders, where the orders differ."""
        before = self._once(label for label in self.inputs[k] if label in self.output)
        after = tuple(label for label in self.output if label in before)
        return None if before == after else (before, after)

    @staticmethod
    def _once(labels: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(labels))


def _labels(operand: Operand, names: dict[str, str]) -> tuple[str, ...]:
    return tuple(ELLIPSIS if axis.is_ellipsis else names.get(axis.name, axis.name) for axis in operand.axes)


def _names(spec: Spec) -> dict[str, str]:
    """A letter for each label that is a number."""
    labels = list(dict.fromkeys(label for operand in spec.operands for label in operand.labels))
    free = [letter for letter in NUMBERED if letter not in labels]
    numbers = [label for label in labels if is_whole_number(label)]
    return {label: free[n] if n < len(free) else f"i_{n}" for n, label in enumerate(numbers)}


def joined(rows: Sequence[Sequence[str]]) -> list[str]:
    """Labels as a spec has them: without blanks where each of all rows is one character.

    >>> joined(["bhqd", ["...", "d"]]), joined([["b", "seq_q"], ["b", "d"]])
    (['bhqd', '...d'], ['b seq_q', 'b d'])
    """
    short = all(len(label) == 1 or label == ELLIPSIS for labels in rows for label in labels)
    return [("" if short else " ").join(labels) for labels in rows]
