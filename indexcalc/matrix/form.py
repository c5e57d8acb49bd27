"""`matrix_form`: programs, statements and expressions in matrix notation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..ir.expr import Expr, Index
from ..ir.program import Claim, Define, Program, Statement, Tensor
from .build import matrix_term
from .nodes import Symbol, Term
from .write import ADD, AsciiWriter, LatexWriter, Writer


@dataclass(frozen=True, slots=True)
class Equation:
    """`left = term`, or a term alone where there is no name for it."""

    left: Symbol | None
    term: Term

    def written(self, writer: Writer, equals: str = " = ") -> str:
        right = writer.at(self.term, ADD)
        return right if self.left is None else f"{writer.at(self.left, ADD)}{equals}{right}"


@dataclass(frozen=True, slots=True)
class MatrixForm:
    """Equations in matrix notation.  `str` is Unicode, `.ascii` plain characters, `.latex` needs amsmath."""

    equations: tuple[Equation, ...]

    def __str__(self) -> str:
        return "\n".join(e.written(Writer()) for e in self.equations)

    @property
    def ascii(self) -> str:
        return "\n".join(e.written(AsciiWriter()) for e in self.equations)

    @property
    def latex(self) -> str:
        """One equation, or several as an `aligned` block; without dollar signs."""
        if len(self.equations) == 1:
            return self.equations[0].written(LatexWriter())
        rows = (e.written(LatexWriter(), " &= ") for e in self.equations)
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"


def matrix_form(x: Program | Statement | Expr, inputs: Mapping[str, Tensor] | None = None) -> MatrixForm | None:
    """The matrix notation of a program's definitions, of one statement, or of an expression over its free indices (the
    first one counts the rows); None where something in it has none.

    `inputs`: declarations that a statement or expression does not carry itself; they say which matrices are symmetric.
    """
    if isinstance(x, Program):
        found = [_equation(s, x.inputs) for s in x.statements]
        whole = tuple(e for e in found if e is not None)
        return MatrixForm(whole) if whole and len(whole) == len(found) else None
    one = _equation(x, inputs or {}) if isinstance(x, (Define, Claim)) else _term(x, x.free_indices, None, inputs or {})
    return MatrixForm((one,)) if one is not None else None


def _equation(s: Statement, inputs: Mapping[str, Tensor]) -> Equation | None:
    if isinstance(s, Claim):
        return None
    return _term(s.body, s.indices, Symbol(s.name, len(s.indices)), inputs)


def _term(e: Expr, axes: tuple[Index, ...], left: Symbol | None, inputs: Mapping[str, Tensor]) -> Equation | None:
    term = matrix_term(e, axes, inputs)
    return None if term is None else Equation(left, term)


__all__ = ["Equation", "MatrixForm", "matrix_form"]
