"""What is said of a place, and where names stand; the linter's own reading of the program is the oracle."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from indexcalc.diagnostics import IndexCalcError
from indexcalc.elaborate.read import read_program
from indexcalc.ir.program import Define
from indexcalc.ir.walk import bound_in_order, free_in_order
from indexcalc.lsp.hover import hover
from indexcalc.lsp.names import declared_at, names_at, renamed
from indexcalc.lsp.program import ProgramReading
from indexcalc.lsp.snapshot import Part, Snapshot

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.idx"))
SAMPLE = EXAMPLES[::6]


def document(text, kind="idx"):
    return Snapshot(kind, None, [Part("untitled:a", text)])


def said(text, mark, kind="idx"):
    """The stretch and the Markdown at `|` in the mark."""
    at = text.index(mark.replace("|", "")) + mark.index("|")
    found = hover(document(text, kind), 0, at)
    return found and (text[found[0] : found[1]], found[2])


PROGRAM = """index i, j : seq(L)
index d : head(D)
tensor Q[i, d], K[j, d], A[i, j] symmetric(1, 2)
S[i, j] = Q[i, d] K[j, d] / sqrt(D)
P[i, j] = softmax[j](where(j <= i, S[i, j], -inf))
wrong[i] = Q[i, d] K[j, d]
C_ij = A_ik B_kj
m = max[i](w[i]) + sum_k(z_k)
xᵢ = Mᵢₖ yₖ
E = einsum("ij,jk->ik", Q, K)
"""


@pytest.mark.parametrize(
    ("mark", "stretch", "text"),
    [
        ("index |d", "d", "index **`d`**: space `head`, size `D`"),
        ("= Q[i, |d", "d", "index **`d`**: space `head`, size `D`  \nsummed in this statement"),
        ("= Q[|i", "i", "index **`i`**: space `seq`, size `L`, of `i`, `j` and `k`  \nfree in this statement"),
        ("softmax[|j", "j", "run along by `softmax` in this statement"),
        ("max[|i", "i", "reduced by `max` in this statement"),
        ("sum_|k", "k", "summed in this statement"),
        ("C_i|j", "j", "free in this statement"),
        ("A_i|k", "k", "summed in this statement"),
        ("Mᵢ|ₖ", "ₖ", "summed in this statement"),
        ("M|ᵢ", "ᵢ", "free in this statement"),
        ("tensor |Q", "Q", "```indexcalc\ntensor Q[i, d]\n```\nrank 2: `seq(L) × head(D)`, input"),
        ("|A[i, j] symmetric", "A", "tensor A[i, j] symmetric(1, 2)"),
        (
            "where(j <= i, |S",
            "S",
            "S[i, j] = Q[i, d] K[j, d] / sqrt(D)\n```\nrank 2: `seq(L) × seq(L)`, defined in line 4",
        ),
        ("|C_ij", "C", "C[i, j] = A[i, k] B[k, j]"),
        ("|m = ", "m", "a scalar, defined in line 8"),
        ("S[i, j] |= Q", "S[i, j] = Q[i, d] K[j, d] / sqrt(D)", "free: `i` and `j`  \nsummed: `d`"),
        ("ij,|jk", '"ij,jk->ik"', "```indexcalc\nE[i,k] = Q[i,j] K[j,k]\n```\nmatmul, contracts j"),
    ],
)
def test_programs(mark, stretch, text):
    found = said(PROGRAM, mark)
    assert found[0] == stretch
    assert found[1].endswith(text) or text in found[1]


def test_the_faulty_statement_hides_no_other():
    assert said(PROGRAM, "wrong[i] |=") is None
    assert said(PROGRAM, "wrong[|i")[1].startswith("index **`i`**: space `seq`")


PYTHON = """import torch

def attend(q: "Float[Tensor, 'b h i 64']", k):
    # k: (b, h, j, d)
    s = torch.einsum("bhid,bhjd->bhij", q, k)
    return rearrange(s, "b h i j -> b (h i) j")
"""


def test_einsum_in_python():
    string, text = said(PYTHON, "bhi|d,", "python")
    assert string == "bhid,bhjd->bhij"
    assert text.split("\n\n") == [
        "```indexcalc\ns[b,h,i,j] = q[b,h,i,d] k[b,h,j,d]\n```",
        "batched matmul (b, h), contracts d",
        "**`d`**: summed; axis 4 of `q` (64) and axis 4 of `k` (d)",
        "`q`: (b, h, i, 64)",
        "`k`: (b, h, j, d)",
    ]
    assert said(PYTHON, "torch.|einsum", "python")[0] == "torch.einsum"
    assert said(PYTHON, 'rearrange(s, "b| h', "python")[1].startswith("joins h i\n\n`s`: (b, h, i, j)")
    assert said(PYTHON, "def |attend", "python") is None


PAPER = r"""We have $i = 1, \dots, N$ and
\begin{equation}
S_{ij} = \sum_d Q_{id} K_{jd}
\end{equation}
and $R_{\mu\nu} = g^{\rho\sigma} R_{\rho\mu\sigma\nu}$, $a + b$.
"""


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        ("S_{|ij}", "index **`i`**: free, from 1 to `N`"),
        (r"\sum_|d", "index **`d`**: summed"),
        ("S_{ij} |=", "S[i, j] = sum[d](Q[i, d] * K[j, d])\n```\n\nfree: `i` and `j`\n\nsummed: `d`"),
        (r"\rho|\sigma}", r"index **`\sigma`**: summed"),
        (r"R_{\mu\nu} |=", r"free: `\mu` and `\nu`" + "\n\n" + r"summed: `\rho` and `\sigma`"),
    ],
)
def test_equations(mark, text):
    found = said(PAPER, mark, "latex")
    assert text in found[1]


def test_where_nothing_is_to_be_said():
    assert said(PAPER, "$a |+", "latex") is None
    assert said(PAPER, "We |have", "latex") is None


def test_markdown_is_asked_by_its_parts():
    text = "# T\r\n\r\nThen $y_i = A_{ij} x_j$.\r\n\r\n"
    text += "> ```python\r\n> import numpy as np\r\n> np.einsum('ij,jk->ik', A, B)\r\n> ```\r\n\r\n"
    text += "```idx\r\ny[i] = A[i,j] x[j]\r\n```\r\n"
    assert said(text, "A_{i|j", "markdown")[0] == "y_i = A_{ij} x_j"
    assert said(text, "'i|j,jk", "markdown")[0] == "ij,jk->ik"
    assert said(text, "A[i,|j", "markdown") == ("j", "index **`j`**: a space of its own  \nsummed in this statement")
    assert said(text, "# |T", "markdown") is None


def test_cells_share_what_they_import():
    parts = [Part("c:1", "from numpy import einsum as contraction"), Part("c:2", "y = contraction('ij,j->i', A, x)")]
    cells = Snapshot("notebook", None, parts, ("python", "python"))
    start, end, text = hover(cells, 1, parts[1].text.index("ij") + 1)
    assert parts[1].text[start:end] == "ij,j->i"
    assert "y[i] = A[i,j] x[j]" in text


# ---- names ----
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_mentions_are_the_names_that_the_program_has(path):
    text = path.read_text("utf-8")
    try:
        program = read_program(text)
    except IndexCalcError:
        return
    reading = ProgramReading(text)
    for k, found in enumerate(reading._mentions):
        assert all(m.end <= n.start for m, n in pairwise(found))
        statement = reading._read(k)
        if statement is None or "einsum(" in text[statement.span.start : statement.span.end]:
            continue
        sides = [statement.body] if isinstance(statement, Define) else [statement.left, statement.right]
        known = {i.name for side in sides for i in (*free_in_order(side), *bound_in_order(side))}
        known |= {i.name for i in statement.indices} if isinstance(statement, Define) else set()
        named = {m.name.rstrip("'") for m in found if m.kind == "index"}  # an inner index of the same name gets a prime
        assert {name.rstrip("'") for name in known} <= named, statement
        tensors = {m.name for m in found if m.kind == "tensor"}
        assert not (set(program.inputs) | set(program.definitions)) & (named - {i.name for i in program.indices})
        assert {statement.name} <= tensors if isinstance(statement, Define) else True


def test_a_name_that_is_wrongly_two_kinds_is_each_at_its_place():
    text = "y[a] = x[a] a[i]"
    kinds = {offset: ProgramReading(text).mention(offset).kind for offset in (2, 9, 12)}
    assert kinds == {2: "index", 9: "index", 12: "tensor"}


@pytest.mark.parametrize("path", SAMPLE, ids=lambda p: p.stem)
def test_every_place_of_an_example_has_an_answer_or_none(path):
    text = path.read_text("utf-8")
    here = document(text)
    for offset in range(0, len(text) + 1, 7):
        found = hover(here, 0, offset)
        assert found is None or found[0] <= offset <= found[1]
        for place in names_at(here, 0, offset):
            assert 0 <= place.start < place.end <= len(text)


def at(text, mark):
    return text.index(mark.replace("|", "", 1)) + mark.index("|")


def shown(text, places):
    """The stretches marked in the text, by line."""
    return [(text.count("\n", 0, p.start) + 1, text[p.start : p.end]) for p in places]


def test_where_names_are_declared_and_stand():
    here = document(PROGRAM)
    for mark, line, name in (
        ("P[|i", 1, "i"),
        ("where(j <= i, |S", 4, "S"),
        ("Q[i, |d] K", 2, "d"),
        ("|B_kj", 7, "B"),
        ("|Q[i, d] K", 3, "Q"),
    ):
        assert shown(PROGRAM, [declared_at(here, 0, at(PROGRAM, mark))]) == [(line, name)]
    assert shown(PROGRAM, names_at(here, 0, at(PROGRAM, "A_i|k"))) == [(7, "k"), (7, "k")]  # declared nowhere
    lines = [line for line, _ in shown(PROGRAM, names_at(here, 0, at(PROGRAM, "index i, |j")))]
    assert lines == [1, 3, 3, 4, 4, 5, 5, 5, 5, 6, 7, 7]


@pytest.mark.parametrize("path", [p for p in SAMPLE if "broken" not in p.stem], ids=lambda p: p.stem)
def test_an_index_is_renamed_and_back(path):
    text = path.read_text("utf-8")
    reading = ProgramReading(text)
    mention = next(m for found in reading._mentions for m in found if m.kind == "index")

    def change(text, offset, name):
        out, moved = text, 0
        for place in renamed(document(text), 0, offset, name):
            out = out[: place.start + moved] + name + out[place.end + moved :]
            moved += len(name) - (place.end - place.start)
        return out

    changed = change(text, mention.start, "ζ")
    assert changed != text
    before, after = read_program(text), read_program(changed)
    assert [type(s) for s in before.statements] == [type(s) for s in after.statements]
    letter = re.escape(mention.name)
    assert re.sub(rf"\b{letter}\b", "ζ", str(before.tensors)) == re.sub(rf"\b{letter}\b", "ζ", str(after.tensors))
    assert change(changed, mention.start, mention.name) == text


@pytest.mark.parametrize(
    ("mark", "name", "match"),
    [
        ("= Q[|i", "j", "`j` is in use here already"),
        ("index |i", "d", "`d` is in use here already"),
        ("|S[i, j] =", "Q", "`Q` is in use here already"),
        ("C_i|j", "long", "would be read in another way"),
        ("Q[i, |d] K", "2", "would be read in another way"),
        ("Q[i, |d] K", "x y", "would be read in another way"),
        ("Q[i, |d] K", "d]; [", "would be read in another way"),
        ("|sqrt", "root", "nothing here has a name"),
        ("softmax[j](|where", "when", "nothing here has a name"),
    ],
)
def test_a_new_name_that_says_something_else_is_refused(mark, name, match):
    with pytest.raises(IndexCalcError, match=match):
        renamed(document(PROGRAM), 0, at(PROGRAM, mark), name)


def test_names_of_other_sources_are_not_changed():
    with pytest.raises(IndexCalcError, match="programs of the language only"):
        renamed(document(PYTHON, "python"), 0, 30, "x")
    assert names_at(document(PYTHON, "python"), 0, 30) == []
    assert declared_at(document(PAPER, "latex"), 0, 70) is None
