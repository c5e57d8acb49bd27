"""Markdown and notebooks as wholes: every finding at its own place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import indexcalc as ic

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


@pytest.mark.parametrize("text", ["{", "[]", "{}", "\0", "", "9" * 5000])
def test_what_is_no_notebook_is_one_finding(text):
    assert [d.code for d in ic.lint(text, kind="notebook")] == ["IX029"]


PARTS = ["$", "$$", "a_i", "=", "b_j", "```idx\n", "```python\n", "```\n", "> ", "\n", "x[i]", "\\sum_i", "{", "}", "^"]


@given(st.lists(st.sampled_from(PARTS), max_size=20).map("".join))
def test_any_text_gives_findings_inside_of_it(text):
    for found in ic.lint(text, kind="markdown"):
        assert found.span is None or 0 <= found.span.start <= found.span.end <= len(text)
    for found in ic.lint(notebook(("markdown", text), ("code", text)), kind="notebook"):
        assert found.cell in (1, 2)
        assert found.span is None or 0 <= found.span.start <= found.span.end <= len(text)
