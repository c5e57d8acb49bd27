"""How fast the linter is: `make lint-speed`.

A cold start is a process of its own for a small file of each kind; everything else is the time of a process that lints
generated sources.  Each figure is the median and the least of several runs, since the machine may be busy.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from statistics import median
from time import perf_counter

from rich.console import Console
from rich.table import Table

from indexcalc.lint.parallel import cores

ROUNDS = 7
SMALL = {
    "idx": "S[i,j] = Q[i,d] K[j,d]\n",
    "py": "import numpy as np\ny = np.einsum('ij,jk->ik', a, b)\n",
    "md": "# Title\n\n$$S_{ij} = Q_{id} K_{jd}$$\n\n```idx\nS[i,j] = Q[i,d] K[j,d]\n```\n",
    "tex": "\\documentclass{article}\\begin{document}\n$$S_{ij} = Q_{id} K_{jd}$$\n\\end{document}\n",
    "ipynb": json.dumps(
        {"cells": [{"cell_type": "code", "source": "import numpy as np\nnp.einsum('ij,jk->ik', a, b)"}]}
    ),
}
FUNCTION = '''
def layer_{k}(x, weight, bias):
    """One of many."""
    batch, length, width = x.shape
    query = np.einsum("bld,dh->blh", x, weight)
    scores = np.einsum("blh,bmh->blm", query, query) / np.sqrt(width)
    table = {{"a": [1, 2, 3], "b": (length, batch), "c": x[0, :, 1:width]}}
    for number in range(10):
        if number % 2 == 0 and table["a"]:
            scores = scores + bias * number
    return np.einsum("blm,bmd->bld", scores, x)
'''


@dataclass(frozen=True, slots=True)
class Row:
    """One figure in seconds, what it is beside, and what the project aims at."""

    what: str
    times: list[float]
    beside: str
    aim: float | None


def seconds(run: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """The times of several runs, in order of size."""
    found = []
    for _ in range(rounds):
        start = perf_counter()
        run()
        found.append(perf_counter() - start)
    return sorted(found)


def process(*arguments: str | Path) -> Callable[[], object]:
    """A run of a command, whatever it finds."""
    return lambda: subprocess.run([str(a) for a in arguments], capture_output=True, check=False)


def lint(*arguments: str | Path) -> Callable[[], object]:
    """A cold run of `indexcalc lint`."""
    return process(sys.executable, "-m", "indexcalc", "lint", "--isolated", "-q", *arguments)


def python_lines(number: int) -> str:
    """A module of about this many lines, of which a quarter has einsum calls."""
    each = FUNCTION.count("\n")
    return "import numpy as np\n" + "".join(FUNCTION.format(k=k) for k in range(number // each))


def equations(number: int) -> str:
    """A program of this many statements."""
    return "".join(f"S{k}[i,j] = Q{k}[i,d] K{k}[j,d] + x{k}[i] y{k}[j]\n" for k in range(number))


def formulas(number: int) -> str:
    """A paper of this many displayed equations."""
    body = "".join(
        f"\\begin{{equation}}\n S^{{({k})}}_{{ij}} = \\sum_d Q_{{id}} K_{{jd}}\n\\end{{equation}}\nText.\n\n"
        for k in range(number)
    )
    return f"\\documentclass{{article}}\n\\begin{{document}}\n{body}\\end{{document}}\n"


def rows(folder: Path) -> Iterator[Row]:
    """Every figure."""
    nothing = median(seconds(process(sys.executable, "-c", "pass")))
    for ending, text in SMALL.items():
        path = folder / f"small.{ending}"
        path.write_text(text, encoding="utf-8")
        yield Row(f"cold start, .{ending}", seconds(lint(path)), f"python -c pass: {nothing:.2f} s", 0.25)
    ruff = which("ruff", path=str(Path(sys.executable).parent)) or which("ruff")
    for what, name, text in (
        ("10 000 lines of Python", "long.py", python_lines(10_000)),
        ("2 000 equations", "long.idx", equations(2000)),
        ("2 000 equations of a paper", "long.tex", formulas(2000)),
    ):
        (folder / name).write_text(text, encoding="utf-8")
        beside = "" if not (ruff and name.endswith("py")) else (
            f"ruff: {median(seconds(process(ruff, 'check', '--isolated', '--no-cache', folder / name))):.2f} s"
        )  # fmt: skip
        yield Row(what, seconds(lint(folder / name), 3), beside, 1.0)
    many = folder / "many"
    many.mkdir()
    for k in range(1000):
        (many / f"m{k}.py").write_text(python_lines(100), encoding="utf-8")
    one = seconds(lint(many, "--jobs", "1"), 1)
    yield Row("1 000 files, one process", one, "", None)
    all_cores = seconds(lint(many), 3)
    yield Row(f"1 000 files, {cores()} processes", all_cores, f"{one[0] / all_cores[0]:.1f} x as fast", None)


def main() -> None:
    """Measure and print."""
    table = Table("what", "median", "least", "aim", "beside", title="indexcalc lint")
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(Path(folder)):
            aim = "" if row.aim is None else f"< {row.aim:.2f} s {'met' if row.times[0] < row.aim else 'MISSED'}"
            table.add_row(row.what, f"{median(row.times):.2f} s", f"{row.times[0]:.2f} s", aim, row.beside)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
