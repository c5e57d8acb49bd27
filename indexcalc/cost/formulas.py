"""`ic.cost` where sizes are missing: formulas in the extents, every value counted as an operation of its own.

Kernels have tiles, whose number is no polynomial in the extents, and are chosen for sizes that are known; so here are
none.  Orders of contraction are those at the sizes given, and at representative ones for what is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..ir.index import Space
from ..ir.program import Define, Program
from ..ir.signature import SizeTable
from ..lower.program import lower_program
from ..lower.target import ARRAY_KERNELS, Target
from .peak import memory_of
from .polynomial import Largest, Polynomial, largest
from .report import columns, cut
from .rules import Work
from .work import Meter

FUSING = ("fuse", "fuse-rows")  # the passes that make kernels


@dataclass(frozen=True, slots=True)
class StatementFormulas:
    """The formulas of one statement: those of the operations that it is the first to need."""

    name: str
    text: str
    flops: Polynomial
    multiplications: Polynomial
    functions: Polynomial
    bytes: Polynomial
    matmul: Polynomial


@dataclass(frozen=True, slots=True)
class Formulas:
    """What a program takes as formulas in the extents that `sizes` does not give; `.at(sizes)` of each is a number."""

    flops: Polynomial
    multiplications: Polynomial
    functions: Polynomial
    bytes: Polynomial
    peak_bytes: Largest
    statements: tuple[StatementFormulas, ...]
    sizes: Mapping[str, int] = field(hash=False)
    dtype: str
    matmul: Polynomial

    def __str__(self) -> str:
        rows = [("statement", "FLOPs", "bytes read + written")]
        rows += [(cut(s.text), str(s.flops), str(s.bytes)) for s in self.statements]
        rows.append(("total", str(self.flops), str(self.bytes)))
        lines = [line.rstrip() for line in columns(rows, 3)]
        rule = "-" * max(map(len, lines))
        return "\n".join([*lines[:-1], rule, lines[-1], f"peak  {self.peak_bytes} bytes"])


def formulas(
    program: Program,
    sizes: Mapping[str, int],
    *,
    dtype: str,
    item: int,
    target: Target = ARRAY_KERNELS,
    without: Collection[str] = (),
) -> Formulas:
    """The formulas.  `item`: bytes of a floating-point number."""
    meter = Meter(_symbolic(program, sizes), item)
    graph = lower_program(program, sizes=sizes, target=target, without=[*without, *FUSING])
    memory = memory_of(program, graph, meter, largest=largest)
    work = meter.by_definition(graph)
    statements = tuple(
        StatementFormulas(s.name, str(s), **_polynomials(work.get(s.name, Work())))
        for s in program.statements
        if isinstance(s, Define)
    )
    total = _polynomials(sum(work.values(), Work()))
    peak: Any = memory.peak
    return Formulas(peak_bytes=peak, statements=statements, sizes=dict(sizes), dtype=dtype, **total)


def _polynomials(work: Work) -> dict[str, Polynomial]:
    names = ("flops", "multiplications", "functions", "bytes", "matmul")
    return {name: Polynomial.of(0) + getattr(work, name) for name in names}


def _symbolic(program: Program, sizes: Mapping[str, int]) -> Mapping[Space, Any]:
    """A size for every space: a number where it is known, else the name by which one would give it."""
    table = SizeTable(program)
    table.take_sizes(sizes)
    table.solve_affine()
    found: dict[Space, Any] = {}
    for space in table.spaces:
        size = table.size(space)
        found[space] = Polynomial.of(table.key(space)) if size is None else size
    return found


def formula_data(found: Formulas) -> dict[str, object]:
    """The formulas as JSON values: texts that Python and SymPy read."""
    names = ("flops", "multiplications", "functions", "bytes", "matmul")

    def of(x: Formulas | StatementFormulas) -> dict[str, object]:
        return {name: getattr(x, name).code for name in names}

    statements = [{"name": s.name, "text": s.text, **of(s)} for s in found.statements]
    own = {"sizes": dict(found.sizes), "dtype": found.dtype, **of(found), "peak_bytes": found.peak_bytes.code}
    return {**own, "statements": statements}
