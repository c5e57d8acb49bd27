"""How fast the linter is: `make lint-speed`.

A cold start is a process of its own for a small file of each kind, its bytecode written by a run before; then come
processes that lint long generated sources, twice as long ones, what a server does when an open file of 500 lines
changes, and a folder of many files.  The aims are held against the median.  Beside it stand the least time and the
median of the processor time of a run, which tell on a busy machine whether it was the machine.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from statistics import median
from time import perf_counter, process_time

from rich.console import Console
from rich.table import Table

from indexcalc.lint.parallel import cores
from indexcalc.lint.run import lint_source
from indexcalc.lint.source import Source, kind_of

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


# A shell may forbid Python to write bytecode; then each start would compile the sources again, which no user's does.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of several runs by the clock, and of the processor in this process and in its children."""

    clock: list[float]
    processor: list[float]

    @property
    def median(self) -> float:
        return median(self.clock)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure in seconds, what it is beside, and what the project aims at."""

    what: str
    times: Times
    beside: str
    aim: float | None


def seconds(run: Callable[[], object], rounds: int = ROUNDS) -> Times:
    """The times of several runs."""
    found = Times([], [])
    for _ in range(rounds):
        start, used = perf_counter(), processor()
        run()
        found.clock.append(perf_counter() - start)
        found.processor.append(processor() - used)
    return found


def processor() -> float:
    """Seconds that this process and its children have computed."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def process(*arguments: str | Path) -> Callable[[], object]:
    """A run of a command, which may find something, but must not fail."""

    def run() -> None:
        done = subprocess.run([str(a) for a in arguments], capture_output=True, check=False, env=ENVIRONMENT)
        assert done.returncode in (0, 1), done.stderr.decode()

    return run


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
    nothing = seconds(process(sys.executable, "-c", "pass")).median
    for ending, text in SMALL.items():
        path = folder / f"small.{ending}"
        path.write_text(text, encoding="utf-8")
        lint(path)()
        yield Row(f"cold start, .{ending}", seconds(lint(path)), f"python -c pass: {nothing:.2f} s", 0.25)
    ruff = which("ruff", path=str(Path(sys.executable).parent)) or which("ruff")
    for what, name, write, number in (
        ("10 000 lines of Python", "long.py", python_lines, 10_000),
        ("2 000 equations", "long.idx", equations, 2000),
        ("2 000 equations of a paper", "long.tex", formulas, 2000),
    ):
        path, longer = folder / name, folder / f"longer{name}"
        path.write_text(write(number), encoding="utf-8")
        longer.write_text(write(2 * number), encoding="utf-8")
        times, twice = seconds(lint(path), 3), seconds(lint(longer), 3)
        beside = f"twice as long: {twice.median / times.median:.1f} x"
        if ruff and name.endswith("py"):
            checked = seconds(process(ruff, "check", "--isolated", "--no-cache", "--exit-zero", path), 3)
            beside += f"; ruff: {checked.median:.2f} s"
        yield Row(what, times, beside, 1.0)
    for name, text in (("a.py", python_lines(500)), ("a.idx", equations(500)), ("a.tex", formulas(100))):
        source = Source(text, name, kind_of(name))
        lint_source(source)  # a server has loaded what it needs
        times = seconds(lambda source=source: lint_source(source))  # type: ignore[misc]
        yield Row(f"{text.count(chr(10))} changed lines, {name[1:]}", times, "in a process that runs", 0.05)
    many = folder / "many"
    many.mkdir()
    for k in range(1000):
        (many / f"m{k}.py").write_text(python_lines(100), encoding="utf-8")
    one = seconds(lint(many, "--jobs", "1"), 3)
    yield Row("1 000 files, one process", one, "", None)
    all_cores = seconds(lint(many), 3)
    yield Row(f"1 000 files, {cores()} processes", all_cores, f"{one.median / all_cores.median:.1f} x as fast", None)


def main() -> None:
    """Measure and print."""
    busy = f"{os.getloadavg()[0]:.1f} processes were busy on {cores()} cores before"
    table = Table("what", "median", "least", "processor", "aim", "beside", title="indexcalc lint", caption=busy)
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(Path(folder)):
            times = row.times
            aim = "" if row.aim is None else f"< {row.aim:.2f} s {'met' if times.median < row.aim else 'MISSED'}"
            figures = (times.median, min(times.clock), median(times.processor))
            table.add_row(row.what, *(f"{figure:.2f} s" for figure in figures), aim, row.beside)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
