"""Cells of notebooks, compared with nbformat; IPython's lines as Python."""

import ast
import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexcalc.diagnostics import IndexCalcError
from indexcalc.paper.notebook import read_notebook
from indexcalc.python.magics import plain_python

CELLS = st.lists(st.tuples(st.sampled_from(["code", "markdown", "raw"]), st.text(max_size=12)), max_size=4)


@given(CELLS, st.booleans())
def test_cells_are_those_of_nbformat(cells, split):
    new = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    book = nbformat.v4.new_notebook(cells=[new[kind](source) for kind, source in cells])
    text = nbformat.writes(book, split_lines=split) if split else json.dumps(book)
    read = read_notebook(text)
    assert [(c.number, c.kind, c.text) for c in read.cells] == [(k, *c) for k, c in enumerate(cells, 1)]
    assert read.language == "python"


def test_format_3():
    v3 = nbformat.v3
    cells = [v3.new_code_cell("x = 1"), v3.new_heading_cell("T", level=2), v3.new_text_cell("markdown", source="$x$")]
    book = v3.new_notebook(worksheets=[v3.new_worksheet(cells=cells[:1]), v3.new_worksheet(cells=cells[1:])])
    found = read_notebook(nbformat.v3.writes_json(book)).cells
    assert [(c.number, c.kind, c.text) for c in found] == [
        (1, "code", "x = 1"),
        (2, "markdown", "T"),
        (3, "markdown", "$x$"),
    ]


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"kernelspec": {"language": "R"}}, "r"),
        ({"language_info": {"name": "julia"}, "kernelspec": {"language": "python"}}, "julia"),
        ({"kernelspec": []}, "python"),
        ([], "python"),
    ],
)
def test_language(metadata, language):
    assert read_notebook(json.dumps({"cells": [], "metadata": metadata})).language == language


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"cells": [', "broken JSON"),
        ("[1]", "not a JSON object"),
        ("{}", "no list of cells"),
        ('{"cells": [{"source": "x"}]}', "cell 1 has no type"),
        ('{"cells": [{"cell_type": "code", "source": 3}]}', "cell 1 has no type or no text"),
        ("[" * 100_000, "nested too deep|broken JSON"),
        ('{"cells": ' + "9" * 10_000 + "}", "too long a number"),
    ],
)
def test_what_is_no_notebook(text, message):
    with pytest.raises(IndexCalcError, match=message) as caught:
        read_notebook(text)
    assert [d.code for d in caught.value.diagnostics] == ["IX029"]


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("%matplotlib inline\nx = 1", "0                 \nx = 1"),
        ("!pip install \\\n  einops\nx", "0            \\\n        \nx"),
        ("%time y = f(x)", "0;    y = f(x)"),
        ("%timeit -n 10 f(x)", "0;            f(x)"),
        ("files = !ls *.py", "files = 0       "),
        ("np.einsum?\nx", "0         \nx"),
        ("?np.einsum", "0         "),
        ("%%time\nx = 1", "0     \nx = 1"),
        ("%%bash\nls", None),
        ("for i in x:\n    %debug\n", "for i in x:\n    0     \n"),
        ("s = '''\n%not magic\n'''", "s = '''\n%not magic\n'''"),
        ("await x", "await x"),
        ("print 'two'", None),
    ],
)
def test_ipython_lines_become_python(cell, plain):
    if plain is not None and "\\\n" in plain:
        plain = plain.replace("\\\n", " \n")
    assert plain_python(cell) == plain


@given(
    st.lists(st.sampled_from(["%", "!", "?", "x", " = ", "\n", "\r\n", "%time ", "(", "'", "\\\n", "\0"])).map("".join)
)
def test_magics_keep_every_place(text):
    plain = plain_python(text)
    if plain is not None:
        assert len(plain) == len(text)
        assert [c for c in plain if c in "\r\n"] == [c for c in text if c in "\r\n"]
        ast.parse(plain)
