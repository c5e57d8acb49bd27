"""The parts of an einsum string or an einops pattern, each with its place in the string."""

from __future__ import annotations

from dataclasses import dataclass

ELLIPSIS = "..."


@dataclass(frozen=True, slots=True)
class Axis:
    """A label, an ellipsis (`...`), or a number (`1`), and where it stands in the spec: text[start:end]."""

    name: str
    start: int
    end: int

    @property
    def is_ellipsis(self) -> bool:
        """Whether this stands for any number of axes."""
        return self.name == ELLIPSIS

    @property
    def is_number(self) -> bool:
        """Whether this is a size instead of a name, as the 1 of `b 1 h`."""
        return self.name.isdigit()


@dataclass(frozen=True, slots=True)
class Group:
    """Axes in round brackets, which are one axis of the array: `(h d)`.  `bracketed` is einx's `[h d]` instead."""

    parts: tuple[Axis | Group, ...]
    start: int
    end: int
    bracketed: bool = False


Item = Axis | Group


@dataclass(frozen=True, slots=True)
class Operand:
    """One operand's labels, or the output's, and where they stand in the spec."""

    items: tuple[Item, ...]
    start: int
    end: int

    @property
    def axes(self) -> tuple[Axis, ...]:
        """All axes from left to right, those in groups too."""
        out: list[Axis] = []
        stack: list[Item] = list(reversed(self.items))
        while stack:
            now = stack.pop()
            if isinstance(now, Group):
                stack += reversed(now.parts)
            else:
                out.append(now)
        return tuple(out)


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole spec.  `output` is None in implicit mode; `dialect` is a key of `dialects.DIALECTS`."""

    text: str
    dialect: str
    inputs: tuple[Operand, ...]
    output: Operand | None
