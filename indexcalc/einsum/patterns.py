"""Patterns of names with blanks between them, as einops and einx read them: groups, brackets, numbers, ellipses.

What of that a dialect allows is in its row.  einx's `[h -> 1]` and `[i, j]` inside brackets are short for the same
pattern on both sides of an arrow, or for two operands: the tree is read first, and spelled out after.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from ..limits import MAX_DEPTH
from .dialects import BRACKETS, GROUPS, NESTED, REPEATS, STARS, SUMS, UNDERSCORE, Dialect
from .spec import ELLIPSIS, STAR, Axis, Group, Item, Operand, Spec, SpecError

_TOKEN = re.compile(r"\s+|->|\.\.\.|…|\w+|.", re.DOTALL)
_NEEDS = {"(": GROUPS, ")": GROUPS, "[": BRACKETS, "]": BRACKETS, "+": SUMS, "*": STARS}
_CLOSES = {"(": ")", "[": "]"}
MAX_SPELLED = 200_000  # axes of all operands that `[a, b]` and `[a -> b]` inside brackets may be short for


@dataclass(slots=True)
class _Part:
    """Items between commas and arrows, and where they are."""

    start: int
    items: list[_Node] = field(default_factory=list)
    end: int = 0


@dataclass(slots=True)
class _Node:
    """An axis, or a bracket with the sides of arrows in it, each of parts between commas."""

    opening: str
    start: int
    end: int = 0
    axis: Axis | None = None
    sides: list[list[_Part]] = field(default_factory=list)
    pluses: list[int] = field(default_factory=list)  # how many items stand before each +
    repeated: bool = False


Sides = list[list[Operand]]


def read_names(text: str, dialect: Dialect) -> Spec:
    """The parts of a pattern.

    >>> from indexcalc.einsum.dialects import DIALECTS
    >>> spec = read_names("b (h d) -> b h d", DIALECTS["einops.rearrange"])
    >>> [axis.name for axis in spec.inputs[0].axes]
    ['b', 'h', 'd']
    >>> [operand.labels for operand in read_names("a [b->c]", DIALECTS["einx.sum"]).operands]
    [('a', 'b'), ('a', 'c')]
    """
    sides = _spelled(_tree(text, dialect))
    if len(sides) > 2:
        second = text.find("->", text.find("->") + 2)
        raise SpecError("a second `->`", second, second + 2, "one arrow, and the result behind it")
    outputs = sides[1] if len(sides) == 2 else []
    if len(outputs) > 1 and dialect.library != "einx":
        raise SpecError(f"{dialect.name} gives one array", outputs[1].start, max(outputs[1].end, outputs[1].start + 1))
    return Spec(text, dialect.name, tuple(sides[0]), outputs[0] if outputs else None, tuple(outputs[1:]))


# ---- reading -----------------------------------------------------------------------------------------------
def _tree(text: str, dialect: Dialect) -> _Node:
    """The whole text as one bracket."""
    root = _Node("", 0, len(text), sides=[[_Part(0)]])
    open_nodes = [root]
    touching = False  # whether the last token is an item that `...` may follow at once
    for match in _TOKEN.finditer(text):
        token, start, end = match.group(), match.start(), match.end()
        _allowed(token, start, dialect)
        node = open_nodes[-1]
        part = node.sides[-1][-1]
        if token.isspace():
            touching = False
            continue
        if token in ("...", "…") and touching:
            _repeat(part.items[-1], start, end, dialect)
        elif token in _CLOSES:
            _check_depth(open_nodes, token, start, dialect)
            inner = _Node(token, start, sides=[[_Part(end)]])
            part.items.append(inner)
            open_nodes.append(inner)
        elif token in (")", "]"):
            if _CLOSES.get(node.opening) != token:
                raise SpecError(f"`{token}` closes nothing", start, end)
            part.end, node.end = start, end
            open_nodes.pop()
        elif token in (",", "->"):
            part.end = start
            if node.opening and NESTED not in dialect.allows:
                raise SpecError(f"`{token}` stands inside brackets", start, end)
            node.sides.append([_Part(end)]) if token == "->" else node.sides[-1].append(_Part(end))
        elif token == "+":
            if node.opening != "(":
                raise SpecError("`+` joins axes inside round brackets: (a + b)", start, end)
            node.pluses.append(len(part.items))
        else:
            part.items.append(_Node("", start, end, axis=_axis(token, start, end, dialect)))
        touching = token not in (",", "->", "+", "(", "[")
    if len(open_nodes) > 1:
        at = open_nodes[-1].start
        raise SpecError(f"`{text[at]}` is not closed", at, at + 1)
    root.sides[-1][-1].end = len(text)
    return root


def _allowed(token: str, at: int, dialect: Dialect) -> None:
    needed = _NEEDS.get(token)
    if needed is None or needed in dialect.allows:
        return
    if needed == GROUPS:
        raise SpecError(f"{dialect.name} does not join or part axes", at, at + 1, "give each axis a label of its own")
    raise SpecError(f"{dialect.name} has no `{token}`", at, at + 1)


def _check_depth(open_nodes: list[_Node], token: str, start: int, dialect: Dialect) -> None:
    if len(open_nodes) > 1 and NESTED not in dialect.allows:
        raise SpecError("brackets inside brackets", start, start + 1, "einops joins axes one level deep: (a b c)")
    if len(open_nodes) > MAX_DEPTH:
        raise SpecError(f"brackets nested more than {MAX_DEPTH} deep", start, start + 1)


def _repeat(node: _Node, start: int, end: int, dialect: Dialect) -> None:
    if REPEATS not in dialect.allows:
        raise SpecError("`...` touches the name before it", start, end, "put a blank between them")
    if node.axis is not None:
        node.axis = replace(node.axis, repeated=True, end=end)
    node.repeated, node.end = True, end


def _axis(token: str, start: int, end: int, dialect: Dialect) -> Axis:
    if token in (ELLIPSIS, "…"):
        return Axis(ELLIPSIS, start, end)
    if token == STAR:
        return Axis(STAR, start, end)
    if token.isdecimal():
        if len(token) > 18 or (int(token) == 0 and dialect.library != "einx"):
            raise SpecError(f"an axis of size {token[:18]}", start, end, "a size is at least 1")
        return Axis(str(int(token)), start, end, is_number=True)
    if not token.isidentifier():
        message = f"`{token}` is no name of an axis"
        raise SpecError(message, start, end, "a name begins with a letter, and has letters, digits and _")
    plain = token == "_" and UNDERSCORE in dialect.allows
    if dialect.library == "einops" and not plain and (token.startswith("_") or token.endswith("_")):
        raise SpecError(f"`{token}` begins or ends with `_`", start, end, "einops takes no such name")
    return Axis(token, start, end)


# ---- spelling out ------------------------------------------------------------------------------------------
def _spelled(node: _Node) -> Sides:
    """Sides and operands with arrows and commas out of the brackets."""
    out: Sides = []
    for side in node.sides:
        parts = [_part_spelled(part, node) for part in side]
        for k in range(_common(parts, node)):
            out.append([operand for part in parts for operand in part[k if len(part) > 1 else 0]])
    return out


def _part_spelled(part: _Part, node: _Node) -> Sides:
    """One part: what its brackets hold is multiplied out."""
    choices = [_choices(item) for item in part.items]
    out: Sides = []
    sides = _common(choices, node)
    if sides * len(choices) > MAX_SPELLED:
        raise SpecError("brackets that are short for too many sides", node.start, node.end)
    for k in range(sides):
        rows = [choice[k if len(choice) > 1 else 0] for choice in choices]
        widths = {len(row) for row in rows if len(row) != 1}
        if len(widths) > 1:
            raise SpecError("brackets with different numbers of commas", node.start, node.end)
        width = widths.pop() if widths else 1
        if width * max(len(rows), 1) > MAX_SPELLED:
            raise SpecError("brackets that are short for too many operands", node.start, node.end)
        found = [tuple(row[n if len(row) > 1 else 0] for row in rows) for n in range(width)]
        out.append([_operand(tuple(x for x in items), part) for items in found])
    return out


def _common(parts: list[list[list[Operand]]] | list[list[list[Item]]], node: _Node) -> int:
    """How many sides the parts have together; a part with one stands on each."""
    several = {len(part) for part in parts if len(part) != 1}
    if len(several) > 1:
        raise SpecError("`->` at different levels of brackets", node.start, node.end)
    return several.pop() if several else 1


def _choices(node: _Node) -> list[list[Item]]:
    """For each side, for each operand, what stands in the node's place."""
    if node.axis is not None:
        return [[node.axis]]
    return [[_group(operand, node) for operand in side] for side in _spelled(node)]


def _group(operand: Operand, node: _Node) -> Group:
    summed = bool(node.pluses)
    if summed and node.pluses != list(range(1, len(operand.items))):
        raise SpecError("each `+` stands between two axes or groups", node.start, node.end, "(a + b), (a + (b c))")
    return Group(operand.items, node.start, node.end, node.opening == "[", summed, node.repeated)


def _operand(items: tuple[Item, ...], part: _Part) -> Operand:
    if not items:
        return Operand((), part.start, part.end)
    return Operand(items, items[0].start, items[-1].end)
