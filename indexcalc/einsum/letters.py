"""Strings of letters, as NumPy, PyTorch, JAX and opt_einsum read them: every character is a label, blanks mean nothing.

Any character but `,.->` may be a label here, since opt_einsum and JAX take any; who takes what is in `verdict`.
"""

from __future__ import annotations

from .dialects import Dialect
from .spec import ELLIPSIS, Axis, Item, Operand, Spec, SpecError

_ARROW = "write `->` before the labels of the result"


def read_letters(text: str, dialect: Dialect) -> Spec:
    """The parts of a string of letters.

    >>> from indexcalc.einsum.dialects import DIALECTS
    >>> [operand.labels for operand in read_letters("...ij,jk->...ik", DIALECTS["einsum"]).inputs]
    [('i', 'j'), ('j', 'k')]
    """
    operands: list[Operand] = []
    items: list[Item] = []
    arrow: int | None = None  # how many operands stand before it
    begin = at = 0
    while at < len(text):
        character = text[at]
        if character in ",-":
            operands.append(_operand(items, begin, at))
            if character == "-":
                arrow, before = len(operands), arrow
                if before is not None:
                    raise SpecError("a second `->`", at, at + 2, "one arrow, and the result behind it")
                at = _run(text, at, "->", "`-` stands only in `->`", _ARROW) - 1
            elif arrow is not None:
                raise SpecError("the result has a comma: einsum gives one array", at, at + 1, "leave the comma out")
            items, begin = [], at + 1
        elif character == ".":
            end = _run(text, at, ELLIPSIS, "dots stand only in `...`", "three dots stand for all axes without a label")
            items.append(Axis(ELLIPSIS, at, end))
            at = end - 1
        elif character == ">":
            raise SpecError("`>` stands only in `->`", at, at + 1, _ARROW)
        elif character != " ":
            items.append(Axis(character, at, at + 1))
        at += 1
    operands.append(_operand(items, begin, len(text)))
    if arrow is None:
        return Spec(text, dialect.name, tuple(operands), None)
    return Spec(text, dialect.name, tuple(operands[:arrow]), operands[arrow])


def _run(text: str, start: int, expected: str, message: str, hint: str) -> int:
    """Where the expected characters end that begin at `start`; blanks between them mean nothing, as in opt_einsum."""
    at = start
    for character in expected:
        while at < len(text) and text[at] == " ":
            at += 1
        if at >= len(text) or text[at] != character:
            raise SpecError(message, start, min(at + 1, len(text)), hint)
        at += 1
    return at


def _operand(items: list[Item], begin: int, end: int) -> Operand:
    """The operand in text[begin:end], without the blanks around it."""
    if not items:
        return Operand((), begin, end)
    return Operand(tuple(items), items[0].start, items[-1].end)
