"""The parts of an einsum string or an einops pattern, each with its place in the string."""

from __future__ import annotations

from dataclasses import dataclass, field

ELLIPSIS = "..."
STAR = "*"


class SpecError(Exception):
    """What no library can read: what is wrong, with text[start:end], and how to mend it."""

    def __init__(self, message: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Axis:
    """A label, an ellipsis (`...`), a star (`*`) or a number (`1`), and where it stands in the spec: text[start:end].

    `is_number` says that this is a size instead of a label, as the 1 of `b 1 h`; a 3 in a list of labels is a label.
    `repeated` is einx's `a...`: any number of axes, which belong to a.
    """

    name: str
    start: int
    end: int
    is_number: bool = False
    repeated: bool = False

    @property
    def is_ellipsis(self) -> bool:
        """Whether this is `...`."""
        return self.name == ELLIPSIS

    @property
    def is_open(self) -> bool:
        """Whether this stands for any number of axes: `...`, the `*` of pack and unpack, and einx's `a...`."""
        return self.repeated or self.name in (ELLIPSIS, STAR)

    @property
    def is_label(self) -> bool:
        """Whether this is a plain label of one axis."""
        return not (self.is_number or self.is_open)


@dataclass(frozen=True, slots=True)
class Group:
    """Axes in brackets.  `(h d)` is one axis of the array; `bracketed` is einx's `[h d]`, the axes that an operation
    works on; `concatenated` is einx's `(a + b)`, one axis that holds both in a row; `repeated` is `(a b)...`.
    """

    parts: tuple[Axis | Group, ...]
    start: int
    end: int
    bracketed: bool = False
    concatenated: bool = False
    repeated: bool = False


Item = Axis | Group


def _axes_in(items: tuple[Item, ...]) -> tuple[Axis, ...]:
    out: list[Axis] = []
    stack: list[Item] = list(reversed(items))
    while stack:
        now = stack.pop()
        if isinstance(now, Group):
            stack += reversed(now.parts)
        else:
            out.append(now)
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Operand:
    """One operand's labels, or the output's, and where they stand in the spec.

    `axes` are all axes from left to right, those in groups too.
    """

    items: tuple[Item, ...]
    start: int
    end: int

    axes: tuple[Axis, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", _axes_in(self.items))  # made once: every rule asks for them

    @property
    def groups(self) -> tuple[Group, ...]:
        """All groups, an outer one before those in it."""
        out: list[Group] = []
        stack: list[Item] = list(reversed(self.items))
        while stack:
            now = stack.pop()
            if isinstance(now, Group):
                out.append(now)
                stack += reversed(now.parts)
        return tuple(out)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of all plain labels from left to right."""
        return tuple(a.name for a in self.axes if a.is_label)


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole spec.  `output` is None in implicit mode; `dialect` is a key of `dialects.DIALECTS`.

    `more_outputs` are those after the first, which only einx has: `(a + b) -> a, b`.
    """

    text: str
    dialect: str
    inputs: tuple[Operand, ...]
    output: Operand | None
    more_outputs: tuple[Operand, ...] = ()

    @property
    def operands(self) -> tuple[Operand, ...]:
        """Inputs and outputs from left to right."""
        first = () if self.output is None else (self.output,)
        return (*self.inputs, *first, *self.more_outputs)
