"""Where the equations of a LaTeX document are, what they are called, and what macros write."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexcalc.paper.document import equations
from indexcalc.paper.tex import written

DOCUMENT = r"""\documentclass{article}
\newcommand{\vect}[1]{\mathbf{#1}}
\newcommand{\grad}[2][x]{\frac{\partial #2}{\partial #1}}
\def\half{\frac{1}{2}}
\def\pair#1#2{#1_{ij} #2_j}
\newcommand{\be}{\begin{equation}}
\newcommand{\ee}{\end{equation}}
\DeclareMathOperator{\softmax}{softmax}
\begin{document}
It costs \$5, and $a_i$ is inline % $not_this$
with \verb|$x_i$| and \(b_j\).
\begin{verbatim}
$nor_this$
\end{verbatim}
\be \label{eq:one} y_i = \pair{A}{x} \ee
\[ g = \grad[x_i]{f} \]
\begin{align}
  S_{ij} &= Q_{id} K_{jd} \label{eq:scores} \\
  P_{ij} &= \softmax_j(S_{ij}) \nonumber \\
         &= a + b, \qquad c_i = d_i \\[2pt]
  u &= v & w &= x
\end{align}
\begin{equation*}
\begin{split} a &= b \\ &\quad + c \end{split}
\end{equation*}
$$ z = 1 $$
"""


def test_every_formula_is_found_in_its_place():
    found = equations(DOCUMENT)
    assert [e.text for e in found] == [
        "a_i",
        "b_j",
        r"y_i = \pair{A}{x}",
        r"g = \grad[x_i]{f}",
        r"S_{ij} &= Q_{id} K_{jd}",
        "P_{ij} &= \\softmax_j(S_{ij}) \\nonumber \\\\\n         &= a + b",
        "c_i = d_i",
        "u &= v",
        "w &= x",
        "a &= b \\\\ &\\quad + c",
        "z = 1",
    ]
    assert all(DOCUMENT[e.start : e.end] == e.text for e in found)
    assert all(DOCUMENT[: e.start].count("\n") + 1 == e.line for e in found)


def test_labels_and_environments():
    found = {e.text: e for e in equations(DOCUMENT)}
    assert found[r"y_i = \pair{A}{x}"].label == "eq:one"
    assert found[r"y_i = \pair{A}{x}"].environment == "equation"
    assert found[r"S_{ij} &= Q_{id} K_{jd}"].label == "eq:scores"
    assert found["c_i = d_i"].label == ""
    assert found["a_i"].environment == "$"


def test_macros_are_written_out_and_arguments_keep_their_places():
    one = next(e for e in equations(DOCUMENT) if e.label == "eq:one")
    assert written(one.tokens) == "y_i=A_{ij}x_j"
    call = DOCUMENT.index(r"\pair{A}{x} \ee")
    places = {t.text: (t.start, t.end) for t in one.tokens}
    assert places["A"] == (call + 6, call + 7), "an argument stands where it was written"
    assert places["j"] == (call, call + len(r"\pair{A}{x}")), "a macro's own tokens stand at the call"
    derivative = next(e for e in equations(DOCUMENT) if "grad" in e.text)
    assert written(derivative.tokens) == r"g=\frac{\partial f}{\partial x_i}"


@pytest.mark.parametrize(
    "text",
    [
        r"\def\a{\a}$\a_i = b_i$",
        r"\def\a{\b\b}\def\b{\a\a}$\a_i$",
        r"\newcommand{\a}[1]{\a{#1}\a{#1}}$\a{x}$",
        r"\newcommand{\a}",
        r"\def\a#1",
        r"\let\a",
        "$" + "{" * 5000 + "}" * 5000 + "$",
        "$" + r"\frac{" * 3000,
        r"\begin{align}",
        r"\begin{equation}\begin{cases} a_i \end{equation}",
        "$a_i = \\$",
        "x_{" * 2000,
        r"$\left( \right$",
        "\\",
        "$\x00_i$",
    ],
)
def test_broken_input_ends_and_raises_nothing(text: str):
    for equation in equations(text):
        assert equation.tree is None or equation.tree.sides


def test_macros_of_neighbouring_files_are_known_and_no_others(tmp_path: Path):
    folder = tmp_path / "paper"
    folder.mkdir()
    (folder / "macros.tex").write_text("\\newcommand{\\V}{\\mathbf{v}}\n\\input{macros}\n")
    (tmp_path / "outside.tex").write_text("\\newcommand{\\W}{\\mathbf{w}}\n")
    text = "\\input{macros}\\input{../outside}\n$\\V_i = \\W_i$"
    (one,) = equations(text, folder=folder)
    assert written(one.tokens) == r"\mathbf{v}_i=\W_i"


def test_a_text_without_mathematics_is_a_formula_itself():
    (one,) = equations("y_i = A_{ij} x_j")
    assert (one.environment, one.start) == ("", 0)
    assert equations(r"\section{Only words}") == []
