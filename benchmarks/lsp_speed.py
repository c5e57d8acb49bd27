"""How fast the language server answers: `make lsp-speed`.

The real server, over pipes, with documents of 500 lines: from a change to its findings, from a question to its answer,
and from a question asked while a long document is linted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time

from rich.console import Console
from rich.table import Table

from benchmarks.lint_speed import Row, equations, formulas, python_lines, seconds
from indexcalc.lsp.server import LANGUAGES
from indexcalc.lsp.snapshot import Part, Snapshot
from tests.lsp.editor import Editor

LINES = 500
AIM = 0.05
EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def documents() -> Iterator[tuple[str, str, str, tuple[int, int]]]:
    """What, its language, its text, and a place in it that has an answer."""
    yield "model.idx, gallery", "indexcalc", gallery(), (1, 8)
    yield "dense.idx, an equation a line", "indexcalc", equations(LINES), (1, 4)
    yield "model.py", "python", python_lines(LINES), (5, 28)
    yield "paper.tex", "latex", formulas(LINES // 5), (3, 12)
    yield "notes.md", "markdown", "".join(f"Text {k}.\n\n$$y_i = A_{{ij}} x_j$$\n\n" for k in range(LINES // 4)), (2, 8)


def gallery() -> str:
    """Lines of programs as people write them, comments and all, each with names of its own."""
    lines: list[str] = []
    text = (EXAMPLES / "attention.idx").read_text("utf-8")
    names = ("Q", "K", "V", "S", "P", "O")
    k = 0
    while len(lines) < LINES:
        here = text
        for name in names:
            here = here.replace(f"{name}[", f"{name}{k}[")
        kept = [line for line in here.split("\n") if not line.startswith("output") and (k == 0 or "index" not in line)]
        lines += kept
        k += 1
    return "\n".join(lines[:LINES]) + "\n"


def rows() -> Iterator[Row]:
    """Every figure."""
    with Editor() as editor:
        for what, language, text, (line, character) in documents():
            uri = f"untitled:{what.split(',')[0]}"
            editor.lint(uri, text, language)
            beside = f"{work(language, text) * 1000:.0f} ms of work"
            yield Row(f"{what}: change to findings", seconds(changed(editor, uri, text), 15), beside, AIM)
            asked = seconds(lambda: editor.hover(uri, line, character), 15)  # noqa: B023
            yield Row(f"{what}: hover", asked, "", AIM)
        long = python_lines(10_000)
        editor.lint("untitled:long.py", long, "python")
        start = perf_counter()
        changed(editor, "untitled:long.py", long)()
        alone = perf_counter() - start
        yield Row("10 000 lines of Python: change to findings", [alone], "", None)


def work(language: str, text: str) -> float:
    """The least processor time in which a document is linted, to which the load of the machine adds little."""
    times = []
    for _ in range(8):
        snapshot = Snapshot(LANGUAGES[language], None, [Part("untitled:a", text)])
        start = process_time()
        _ = snapshot.findings
        times.append(process_time() - start)
    return min(times)


def changed(editor: Editor, uri: str, text: str) -> Callable[[], object]:
    """A change of one character at the end, and the wait for what is found then."""
    version = 1
    end = {"line": text.count("\n"), "character": 0}

    def run() -> None:
        nonlocal version
        version += 1
        editor.change(uri, version, {"range": {"start": end, "end": end}, "text": " "})
        editor.findings(uri, version)

    return run


def main() -> None:
    """Measure and print."""
    table = Table("what", "median", "least", "aim", "beside", title="indexcalc lsp")
    for row in rows():
        aim = "" if row.aim is None else f"< {row.aim * 1000:.0f} ms {'met' if row.times[0] < row.aim else 'MISSED'}"
        middle = row.times[len(row.times) // 2]
        table.add_row(row.what, f"{middle * 1000:.0f} ms", f"{row.times[0] * 1000:.0f} ms", aim, row.beside)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
