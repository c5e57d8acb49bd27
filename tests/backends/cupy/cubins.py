"""The table of what each family of kernels takes on each architecture: tests/golden/cubins.txt.

`make cubins` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import pytest

from indexcalc.backends.cupy.cubin import Cubin, compile_cuda
from indexcalc.backends.cupy.nvrtc import WHEEL, find_nvrtc
from indexcalc.backends.cupy.support import primitives
from indexcalc.diagnostics import IndexCalcError

from .kernels import FAMILIES, Family

GOLDEN = Path(__file__).parents[2] / "golden" / "cubins.txt"
ARCHITECTURES = ("sm_80", "sm_90", "sm_90a")
COLUMNS = ("family", "architecture", "registers", "stack", "stores", "loads", "shared", "constant")


def skip_without_nvrtc() -> None:
    try:
        find_nvrtc()
    except IndexCalcError as error:
        pytest.skip(str(error))


def compiled(family: Family, architecture: str) -> Cubin:
    return compile_cuda(primitives() + family.text, architecture, family.options)


def table(families: Iterable[Family] = FAMILIES) -> str:
    """The figures as text: stack and spills in bytes of a thread, static shared memory of a block; - is not told."""
    rows = [COLUMNS]
    for family in families:
        for architecture in ARCHITECTURES:
            found = compiled(family, architecture).kernels[family.kernel]
            figures = (found.registers, found.stack, found.spill_stores, found.spill_loads, found.shared)
            constant = "-" if found.constant is None else str(found.constant)
            rows.append((family.name, architecture, *map(str, figures), constant))
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = [
        "  ".join(cell.ljust(width) if n < 2 else cell.rjust(width) for n, (cell, width) in enumerate(zip(row, widths)))
        for row in rows
    ]
    return "\n".join([title(), *lines, ""])


def title() -> str:
    """The figures are those of one release of the compiler."""
    return f"# {WHEEL} {version(WHEEL)}"


def spilling(families: Iterable[Family] = FAMILIES) -> list[str]:
    """The families, with their architecture, that spill and must not."""
    return [
        f"{family.name} {architecture}"
        for family in families
        for architecture in ARCHITECTURES
        if not family.spills and compiled(family, architecture).kernels[family.kernel].spills
    ]


def main() -> None:
    GOLDEN.write_text(table(), encoding="utf-8")


if __name__ == "__main__":
    main()
