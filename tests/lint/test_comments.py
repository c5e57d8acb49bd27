"""Marks in the comments of every kind of source: what they hold for, and what is no mark."""

import json

import pytest

from indexcalc.diagnostics import Diagnostic, Span
from indexcalc.lint.comments import Commented
from indexcalc.lint.settings import DEFAULT, Settings
from indexcalc.lint.suppress import suppress


def left(text: str, kind: str, settings: Settings = DEFAULT) -> list[str]:
    """Codes that are told where every `BAD` is an IX404 and every `WORSE` an IX101."""
    found = []
    for word, code in (("BAD", "IX404"), ("WORSE", "IX101")):
        at = text.find(word)
        while at >= 0:
            found.append(Diagnostic(code, "m", Span.of(text, at, at + len(word))))
            at = text.find(word, at + 1)
    return [d.code for d in suppress(text, found, "f", kind, settings)]


@pytest.mark.parametrize(
    "text",
    [
        "x = BAD  # noqa: IX404",
        "x = BAD  # noqa",
        "x = BAD  # NOQA:E501,IX404",
        "x = BAD  # noqa: E501 IX404",
        "x = BAD  # type: ignore  # noqa: IX404",
        "x = BAD  # ix: ignore[IX404]",
        "# ix: ignore[IX404]\nx = BAD",
        "# ix: ignore[IX404] because\n# of this\nx = f(\n  BAD)",
        "x = f(\n  BAD,\n  y,\n)  # noqa: IX404",
        "x = f(  # ix: ignore[IX404]\n  y,\n  BAD)",
        "x = f(\n  # ix: ignore[IX404]\n  y,\n  BAD)",
        "x = f('''\nBAD\n''')  # noqa: IX404",
        "x = y + \\\n  BAD  # noqa: IX404",
        "x = y + \\\n  BAD + \\\n z  # noqa: IX404",
        "x = ['(', BAD,\n 1]  # noqa: IX404",
        "x = BAD # ix: ignore[IX404]\r\ny = WORSE # ix: ignore[IX101]\r\n",
        "# ix: ignore-file[IX404]\n\nx = 1\n\nx = BAD\ny = BAD",
        "x = BAD\ny = BAD\n# ix: ignore-file[IX404]",
    ],
)
def test_python_marks_hold(text: str) -> None:
    assert left(text, "python") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = BAD  # noqa: E501", ["IX404"]),
        ("x = BAD, '# noqa'", ["IX404"]),
        ("x = BAD, '# ix: ignore[IX404]'", ["IX404"]),
        ('x = """\n# noqa\n"""\ny = BAD', ["IX404"]),
        ('x = """BAD # noqa\n"""', ["IX404"]),
        ("# noqa: IX404\nx = BAD", ["IX013", "IX404"]),
        ("# ix: ignore[IX404]\n\nx = BAD", ["IX013", "IX404"]),
        ("x = 1  # noqa", []),
        ("x = 1  # noqa: IX404", ["IX013"]),
        ("x = BAD  # noqa: IX404, IX101", ["IX013"]),
        ("x = f(\n  1)  # noqa: IX404\nBAD", ["IX013", "IX404"]),
        ("x = f(y)  # ix: ignore[IX404]\nz = f(\n BAD)", ["IX013", "IX404"]),
        ("# ix: ignore-file\nBAD", ["IX013", "IX404"]),
        ("# ix: ignore-file[IX101]\nBAD", ["IX013", "IX404"]),
        ("# ix: S[i] = x[i]  and ignore[IX404]\nBAD", ["IX404"]),
    ],
)
def test_python_marks_that_do_not_hold(text: str, told: list[str]) -> None:
    assert left(text, "python") == told


@pytest.mark.parametrize(
    "text",
    [
        "$BAD$  % ix: ignore[IX404]",
        "% ix: ignore[IX404]\n\\begin{align}\n a \\\\\n BAD\n\\end{align}",
        "\\begin{equation}  % ix: ignore[IX404]\n a \\\\\n BAD\n\\end{equation}",
        "\\begin{equation}\n BAD\n\\end{equation}  % ix: ignore[IX404]",
        "50\\% of $BAD$ \\\\% ix: ignore[IX404]",
        "% ix: ignore-file[IX404]\n\n\ntext\n\n$BAD$",
    ],
)
def test_latex_marks_hold(text: str) -> None:
    assert left(text, "latex") == []


@pytest.mark.parametrize(
    "text",
    [
        "\\% ix: ignore[IX404] $BAD$",
        "$BAD$ # ix: ignore[IX404]",
        "$BAD$ % noqa",
        "$BAD$\n\n\\section{x}",
    ],
)
def test_latex_without_a_mark(text: str) -> None:
    assert left(text, "latex") == ["IX404"]


def test_a_latex_mark_ends_at_an_empty_line() -> None:
    assert left("% ix: ignore[IX404]\n$BAD$\n\n$BAD$", "latex") == ["IX404"]


@pytest.mark.parametrize(
    "text",
    [
        "$BAD$ <!-- ix: ignore[IX404] -->",
        "<!-- ix: ignore[IX404] -->\n$$\nBAD\n$$",
        "<!-- ix: ignore[IX404] -->\n\n$$\na\n\nBAD\n$$",
        "<!-- ix: ignore[IX404] -->\n```idx\na = b\n\nBAD\n```",
        "```python\nx = BAD  # noqa: IX404\n```",
        "```idx\nx = BAD  # ix: ignore[IX404]\n```",
        "text\n<!--\nix: ignore-file[IX404] -->\n\n$BAD$",
    ],
)
def test_markdown_marks_hold(text: str) -> None:
    assert left(text, "markdown") == []


@pytest.mark.parametrize(
    "text",
    [
        "# ix: ignore[IX404] BAD",
        "BAD # noqa",
        "```text\n<!-- ix: ignore[IX404] -->\nBAD\n```",
        "BAD, `<!-- ix: ignore[IX404] -->`",
        "BAD ``<!-- ix: ignore[IX404] -->``",
    ],
)
def test_markdown_without_a_mark(text: str) -> None:
    assert left(text, "markdown") == ["IX404"]


def test_a_markdown_mark_ends_with_its_block() -> None:
    assert left("<!-- ix: ignore[IX404] -->\n```idx\nBAD\n```\n\n$BAD$", "markdown") == ["IX404"]


def test_a_mark_for_a_code_that_is_not_looked_for_is_not_idle() -> None:
    assert left("x = 1  # noqa: IX404", "python", Settings(ignore=("IX4",))) == []
    assert left("x = 1  # noqa: IX404", "python", Settings(select=("IX1",))) == []
    assert left("x = 1  # noqa: IX404", "python", Settings(ignore=("IX013",))) == []


@pytest.mark.parametrize("kind", ["python", "idx", "latex", "markdown"])
def test_many_marks_take_linear_work(kind: str, calls) -> None:  # type: ignore[no-untyped-def]
    """Each mark alone may look at a bounded number of lines."""
    mark = {"latex": "% ix: ignore[IX404]", "markdown": "<!-- ix: ignore[IX404] -->"}.get(kind, "x # ix: ignore[IX404]")
    few, many = (calls(lambda n=n: left(f"{mark} text\n\n" * n, kind)) for n in (100, 1000))
    assert many < 15 * few


@pytest.mark.parametrize("text", ["<!-- ix: ", "`", "'''ix: ", '"', "# ix:\\\n", "```\n~~~\n", "%\\ix:", "("])
@pytest.mark.parametrize("kind", ["python", "idx", "latex", "markdown"])
def test_what_is_never_closed_takes_linear_work(kind: str, text: str) -> None:
    """Quadratic work on half a million characters would take minutes."""
    assert len(list(Commented(text * (500_000 // len(text)), kind).comments())) <= 500_000


def test_a_notebook_is_marked_cell_by_cell() -> None:
    from indexcalc.lint.run import lint

    def notebook(*sources: str) -> str:
        cells = [{"cell_type": "code", "source": s, "metadata": {}, "outputs": []} for s in sources]
        return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})

    bad = "import numpy as np\ny = np.einsum('ij,jk->iz', a, b)"
    assert [(d.code, d.cell) for d in lint(notebook("x = 1", bad), kind="notebook")] == [("IX402", 2)]
    assert lint(notebook("x = 1", f"{bad}  # noqa: IX402"), kind="notebook") == []
    (idle,) = lint(notebook("x = 1  # noqa: IX402"), kind="notebook")
    assert (idle.code, idle.cell, idle.span.line if idle.span else 0) == ("IX013", 1, 1)


def test_statements_of_several_lines() -> None:
    here = Commented("a = 1\nb = [\n 1,\n 2]\nc = '''x\ny'''\nd", "python")
    assert [here.statement(n) for n in range(7)] == [(0, 0), (1, 3), (1, 3), (1, 3), (4, 5), (4, 5), (6, 6)]


@pytest.mark.parametrize(
    ("text", "kind", "hint"),
    [
        ("x = 1  # ix: ignore", "python", "name the codes: # ix: ignore[IX101] ("),
        ("x = 1  # ix: ignore IX404, IX406", "python", "brackets are missing: # ix: ignore[IX404, IX406] ("),
        ("$x$ % ix: ignore: IX102", "latex", "brackets are missing: % ix: ignore[IX102] ("),
    ],
)
def test_a_mark_without_codes_says_how_it_is_written(text: str, kind: str, hint: str) -> None:
    (told,) = suppress(text, [], "f", kind)
    assert told.code == "IX013"
    assert told.hint.startswith(hint)
