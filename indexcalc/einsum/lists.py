"""Lists of labels, as in `einsum(A, [0, 1], B, [1, 2], [0, 2])`.

Written with the operands' names between the lists, or without them: `[0, 1], [1, 2] -> [0, 2]`.
"""

from __future__ import annotations

import re

from .dialects import Dialect
from .spec import ELLIPSIS, Axis, Item, Operand, Spec, SpecError

_TOKEN = re.compile(r"\s+|\[|\]|,|;|->|\.\.\.|[-+]?\d+|[^\W\d]\w*|.", re.DOTALL)
HINT = "einsum(A, [0, 1], B, [1, 2], [0, 2])"


def read_lists(text: str, dialect: Dialect) -> Spec:
    """The parts of lists of labels.  Numbers are labels here, and stand as their decimal digits.

    >>> from indexcalc.einsum.dialects import DIALECTS
    >>> spec = read_lists("A, [0, 1], B, [1, 2], [0, 2]", DIALECTS["sublist"])
    >>> [operand.labels for operand in spec.operands]
    [('0', '1'), ('1', '2'), ('0', '2')]
    """
    lists: list[Operand] = []
    names: list[int] = []  # how many lists stand before each name
    arrow: int | None = None
    items: list[Item] | None = None
    begin = 0
    for match in _TOKEN.finditer(text):
        token, start, end = match.group(), match.start(), match.end()
        if token.isspace() or token in ",;":
            continue
        if items is None:
            if token == "[":
                items, begin = [], start
            elif token == "->" and arrow is None:
                arrow = len(lists)
            elif token.isidentifier():
                names.append(len(lists))
            else:
                raise SpecError(f"`{token}` stands outside of the lists of labels", start, end, HINT)
        elif token == "]":
            lists.append(Operand(tuple(items), begin, end))
            items = None
        else:
            items.append(_label(token, start, end))
    if items is not None:
        raise SpecError("this list of labels is not closed", begin, begin + 1, "a `]` at its end")
    inputs = _inputs(text, len(lists), names, arrow)
    if len(lists) > inputs + 1:
        extra = lists[inputs + 1]
        raise SpecError("more than one list for the result", extra.start, extra.end, HINT)
    return Spec(text, dialect.name, tuple(lists[:inputs]), lists[inputs] if len(lists) > inputs else None)


def _inputs(text: str, lists: int, names: list[int], arrow: int | None) -> int:
    """How many of the lists are operands' labels."""
    if arrow is not None:
        if arrow == lists:
            raise SpecError("behind `->` comes the result's list of labels", len(text), len(text), "an empty one is []")
        return arrow
    if not names:
        return lists
    if names != list(range(len(names))) or lists < len(names):
        raise SpecError("after each operand comes its list of labels", 0, len(text), HINT)
    return len(names)


def _label(token: str, start: int, end: int) -> Axis:
    if token == ELLIPSIS or token == "Ellipsis":
        return Axis(ELLIPSIS, start, end)
    if token.isidentifier():
        return Axis(token, start, end)
    if token.lstrip("+-").isdecimal():
        if len(token) > 9:
            raise SpecError(f"the label {token[:9]}... is too large", start, end)
        return Axis(str(int(token)), start, end)
    raise SpecError(f"`{token}` is no label", start, end, "a list of labels holds whole numbers, names and ...")
