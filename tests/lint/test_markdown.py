"""Markdown and notebooks as wholes: every finding at its own place."""

import json
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

import indexcalc as ic
from indexcalc.lint.source import MAX_BYTES

PROGRAMS = """Some prose.

```idx
S[i, j] = Q[i, d] K[j, d]
```

- a list
  ```indexcalc
  x[i] = 2 y[i]
  z[i] = y[j]
  ```

```
z[i] = y[j]
```
"""


def notebook(*cells: tuple[str, str]) -> str:
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": k, "source": s} for k, s in cells]})


def test_fenced_programs_are_linted_at_their_places():
    (found,) = [d for d in ic.lint(PROGRAMS, kind="markdown") if d.severity == "error"]
    assert found.code in ("IX101", "IX102")
    assert (found.span.line, found.span.column) == (10, 3)
    assert found.source == PROGRAMS
    assert " 10 |   z[i] = y[j]" in str(found)
    for label in found.labels:
        assert PROGRAMS[label.span.start : label.span.end] in ("y[j]", "z[i]", "i", "j")


def test_each_fence_is_a_program_of_its_own():
    text = "```idx\na[i] = b[i]\n```\n\n```idx\na[i] = c[i]\n```\n"
    assert ic.lint(text, kind="markdown") == []


def test_findings_in_a_notebook_name_their_cell():
    text = notebook(("code", "x = 1"), ("markdown", PROGRAMS))
    (found,) = [d for d in ic.lint(text, kind="notebook") if d.severity == "error"]
    assert (found.cell, found.span.line, found.span.column, found.source) == (2, 10, 3, PROGRAMS)


LAYER = r"With $y_i = \sum_j W_{ij} x_j$ and $L = \sum_i y_i^2$"
WRONG = r"\frac{\partial L}{\partial W_{ij}} = 2 y_j x_i"


def test_formulas_of_markdown_are_checked_at_their_places():
    text = f"> {LAYER}\n>\n> - so ${WRONG}$\n"
    (found,) = ic.lint(text, kind="markdown")
    assert found.code == "IX253"
    assert text[found.span.start : found.span.end] == "2 y_j x_i"
    assert [text[x.span.start : x.span.end] for x in found.labels] == ["y_i", "L"]


def test_the_cells_of_a_notebook_are_one_document_and_one_module():
    code = "y = np.einsum('ij,jk->ij', a, b)"
    cells = [
        ("markdown", LAYER),
        ("code", "%pylab\nimport numpy as np"),
        ("code", f"!ls\n{code}"),
        ("markdown", f"${WRONG}$"),
    ]
    call, formula = ic.lint(notebook(*cells), kind="notebook")
    assert (call.cell, call.span.line, call.code[:3]) == (3, 2, "IX4")
    assert (formula.cell, formula.span.line, formula.code) == (4, 1, "IX253")
    assert "Cell 1, line 1: `y` is defined here." in formula.why


def test_files_name_themselves_in_findings_of_their_parts(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text(notebook(("code", "import numpy as np\nnp.einsum('ij,jk->ij', a, b)")))
    assert [(d.file, d.cell) for d in ic.lint(path)] == [(str(path), 1)]


def test_fences_of_python_share_imports_and_sketches_are_skipped():
    prompts = "```python\n>>> np.einsum('ij,jk->ij', a, b)\narray\n```\n"
    text = f"```py\nimport numpy as np\n```\n\n{prompts}\n```python\nfor i in …\n```\n"
    (found,) = ic.lint(text, kind="markdown")
    assert (found.code[:3], found.span.line) == ("IX4", 6)
    assert text[found.span.start - 1 : found.span.end + 1] in found.source


@pytest.mark.parametrize("text", ["{", "[]", "{}", "\0", "", "9" * 5000])
def test_what_is_no_notebook_is_one_finding(text):
    assert [d.code for d in ic.lint(text, kind="notebook")] == ["IX029"]


PARTS = [
    "$",
    "$$",
    "a_i",
    "=",
    "b_j",
    "```idx\n",
    "```python\n",
    "```\n",
    "> ",
    "\n",
    "x[i]",
    "\\sum_i",
    "{",
    "}",
    "^",
    "\\frac{\\partial L}{\\partial x_i}",
]


@given(st.lists(st.sampled_from(PARTS), max_size=20).map("".join))
def test_any_text_gives_findings_inside_of_it(text):
    for found in ic.lint(text, kind="markdown"):
        assert found.span is None or 0 <= found.span.start <= found.span.end <= len(text)
    for found in ic.lint(notebook(("markdown", text), ("code", text)), kind="notebook"):
        assert found.cell in (1, 2)
        assert found.span is None or 0 <= found.span.start <= found.span.end <= len(text)


def test_a_cell_that_is_no_python_is_one_note_and_the_others_are_linted():
    broken, call = "%pylab\nprint 'x'", "import numpy as np\nnp.einsum('ij,jk->ij', a, b)"
    note, found = ic.lint(notebook(("code", broken), ("code", call), ("code", "x = = 1")), kind="notebook")
    assert (note.code, note.severity, note.cell, note.span.line) == ("IX020", "note", 1, 2)
    assert note.why.endswith("The same holds for cell 3.")
    assert (found.code[:3], found.cell) == ("IX4", 2)


@pytest.mark.parametrize("text", ["%%bash\nls -l | wc", "%%latex\n$x_i$", "!ls\n%cd ..\nx?", "await f()", ""])
def test_cells_of_other_languages_are_skipped_in_silence(text):
    assert ic.lint(notebook(("code", text)), kind="notebook") == []
    other = {"nbformat": 4, "cells": [{"cell_type": "code", "source": "x <- c(1"}], "metadata": {}}
    other["metadata"] = {"kernelspec": {"language": "R"}}
    assert ic.lint(json.dumps(other), kind="notebook") == []


def test_images_in_a_notebook_do_not_count_and_its_cells_do(tmp_path, monkeypatch):
    cells = [{"cell_type": "code", "source": "import numpy as np\nnp.einsum('ij,jk->ij', a, b)", "outputs": []}]
    cells[0]["outputs"] = [{"data": {"image/png": "A" * (MAX_BYTES + 1)}}]
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "cells": cells}))
    assert [d.code[:3] for d in ic.lint(path)] == ["IX4"]
    other = tmp_path / "n.py"
    other.write_text("#" * (MAX_BYTES + 1))
    assert [d.code for d in ic.lint(other)] == ["IX009"]
    monkeypatch.setattr(import_module("indexcalc.lint.source"), "MAX_NOTEBOOK", 1000)
    assert [d.code for d in ic.lint(path)] == ["IX009"]
    monkeypatch.setattr(import_module("indexcalc.lint.kinds.notebook"), "MAX_CHARACTERS", 20)
    assert [d.code for d in ic.lint(path.read_text(), kind="notebook")] == ["IX009"]
