"""Programs: declared inputs, single-assignment definitions, claims, outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Union

from .expr import Expr
from .index import Index, Space

if TYPE_CHECKING:
    from ..diagnostics import Diagnostic, Span
    from .trace import Step


@dataclass(frozen=True, slots=True)
class Attribute:
    """symmetric(1, 2), constant, …  `slots` count from 1; empty means all."""

    name: str
    slots: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input.  `indices`: its slots by example; `values`: the space that an integer tensor indexes, else None;
    `span`: where it is declared, else first read."""

    name: str
    indices: tuple[Index, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    values: Space | None = None
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def spaces(self) -> tuple[Space, ...]:
        return tuple(i.space for i in self.indices)

    @property
    def is_integer(self) -> bool:
        return self.values is not None


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """`function name(parameters) = body`; parameters appear in the body as rank-0 accesses."""

    name: str
    parameters: tuple[str, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class Metric:
    name: str
    space: Space


@dataclass(frozen=True, slots=True)
class Define:
    """name[indices] = body.  The indices are distinct and are exactly the body's free ones (or more: broadcast)."""

    name: str
    indices: tuple[Index, ...]
    body: Expr
    span: Span | None = field(default=None, compare=False)

    def __str__(self) -> str:
        from .text import statement_text

        return statement_text(self)


@dataclass(frozen=True, slots=True)
class Claim:
    """left == right, for all values of the free indices."""

    left: Expr
    right: Expr
    span: Span | None = field(default=None, compare=False)

    def __str__(self) -> str:
        from .text import statement_text

        return statement_text(self)


Statement = Union[Define, Claim]


@dataclass(frozen=True)
class Program:
    """A checked program.  Every name is declared or defined, every space resolved, every sum explicit.

    `indices` lists every index name at the top level of the program (declared, or used), in order of appearance:
    its spaces are the program's spaces.  `recomputed` names definitions that are computed anew, though values equal to
    theirs may have been computed before: from the first of them on, those may be gone.  `notes` are sentences for the
    reader about what a derivation chose: a mode, a convention, a subgradient.  Equality looks at meaning and names, not
    at spans, trace, notes or warnings.
    """

    indices: tuple[Index, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    functions: tuple[FunctionDefinition, ...] = ()
    metrics: tuple[Metric, ...] = ()
    statements: tuple[Statement, ...] = ()
    outputs: tuple[str, ...] = ()
    recomputed: tuple[str, ...] = field(default=(), kw_only=True)
    convention: str = ""
    trace: Sequence[Step] = field(default=(), compare=False, repr=False)
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)
    warnings: tuple[Diagnostic, ...] = field(default=(), compare=False, repr=False)
    filename: str = field(default="<input>", compare=False, repr=False)
    source: str | None = field(default=None, compare=False, repr=False)  # what the spans are places in

    @property
    def inputs(self) -> Mapping[str, Tensor]:
        """Inputs by name, in the order of declaration, then of first use."""
        return {t.name: t for t in self.tensors}

    @property
    def definitions(self) -> Mapping[str, Define]:
        return {s.name: s for s in self.statements if isinstance(s, Define)}

    @property
    def spaces(self) -> tuple[Space, ...]:
        """Spaces in order of first appearance."""
        found: dict[Space, None] = {}
        for index in self.indices:
            found.setdefault(index.space)
        for tensor in self.tensors:
            for space in (*tensor.spaces, tensor.values):
                if space is not None:
                    found.setdefault(space)
        return tuple(found)

    def __str__(self) -> str:
        from .text import program_text

        return program_text(self)

    def latex(self) -> str:
        """The statements as one LaTeX `aligned` block, without dollar signs."""
        from .latex import program_latex

        return program_latex(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def markdown(self) -> str:
        """Display math and the program's source, for a Markdown page."""
        from .latex import program_markdown

        return program_markdown(self)
