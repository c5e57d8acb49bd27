"""Equations of a paper against each other: declared extents, transposed uses, derivatives."""

import subprocess
import sys

import pytest

import indexcalc as ic
from indexcalc.diagnostics import Diagnostic
from indexcalc.lint.registry import checks
from indexcalc.lint.settings import DEFAULT
from indexcalc.paper.document import equations
from indexcalc.paper.paper import Paper


def findings(text: str) -> list[Diagnostic]:
    paper = Paper(text, "paper.tex", equations(text))
    return [d for rule in checks("document") for d in rule.run(paper, DEFAULT)]


def codes(text: str) -> list[str]:
    return [d.code for d in findings(text)]


DECLARED = r"Let $W \in \mathbb{R}^{d \times k}$, $x \in \mathbb{R}^{k}$, $z \in \mathbb{R}^d$. "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$y_i = \sum_j W_{ij} x_j$", []),
        (r"$y_i = \sum_j W_{ij} z_j$", ["IX250"]),
        (r"$y_j = W_{ij} z_i + b_j$", []),
        (r"$y_i = W_{ji} z_i$", ["IX250"]),
        (r"$y_i = W^T_{ij} z_j$", []),  # transposed: not followed
        (r"$y_i = \sum_{j=1}^{d} W_{ij} u_j$", ["IX250"]),
        (r"$y_i = \sum_{j=1}^{k} W_{ij} u_j$", []),
        (r"$y_i = \sum_{j=1}^{r} W_{ij} u_j$", []),  # a part of the slot, perhaps
        (r"$y_i = \sum_j W_{ij} z_j$, where $d = k$", []),
        (r"$z_i = \sum_j W_{ij} x_j$", []),
        (r"$x_i = \sum_j W_{ij} a_j$", ["IX250"]),
        (r"$L = \sum_i x_i z_i$", []),  # two vectors: x_i may be the i-th of several
        (r"$y_i = W x_i + \sum_j W_{ij} z_j$", []),  # W as a whole: x_i is a vector here
        (r"$\sum_j a_j + \sum_j W_{ij} x_j = \sum_j z_j$", []),  # three sums
        (r"$y_i = \sum_j W_{ij} z_j$ with another $z \in \mathbb{R}^k$", []),  # z is declared twice
        (r"$y_{bi} = W_{bij} x_j$", ["IX252"]),
        (r"$y_b = W_b x$", []),
    ],
)
def test_declared_extents(text, expected):
    assert codes(DECLARED + text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$u_i = \sum_{j=1}^M A_{ij} x_j$, $i \in [N]$; $v_j = \sum_{i=1}^N A_{ji} y_i$, $j \in [M]$", ["IX251"]),
        (r"$s = \sum_{i=1}^N \sum_{j=1}^M A_{ij}$ and $t = \sum_{j=1}^M \sum_{i=1}^N A_{ji} B_{ij}$", ["IX251"]),
        (r"$s = \sum_{i=1}^N \sum_{j=1}^M A_{ij}$ and $t = \sum_{i=1}^M \sum_{j=1}^N A^T_{ij}$", []),
        (r"$s = \sum_{i=1}^N \sum_{j=1}^M A_{ij}$ and $t = \sum_{i=1}^M \sum_{j=1}^N A_{ij}$, $N = M$", []),
        (r"$s = \sum_{i=1}^N \sum_{j=1}^M A_{ij}$ and $t = \sum_{i=1}^K A_{ij}$", []),
    ],
)  # fmt: skip
def test_transposed_uses(text, expected):
    assert codes(text) == expected


LAYER = r"$y_i = \sum_j W_{ij} x_j + b_i$ and $L = \frac{1}{2} \sum_i (y_i - t_i)^2$. "
SOFTMAX = r"$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$ and $L = -\sum_i t_i \log p_i$. "
SIGMOID = r"$a_i = \frac{1}{1 + e^{-z_i}}$. "
HIDDEN = r"$z_i = \sum_j W_{ij} x_j$, $h_i = \tanh(z_i)$, $L = \sum_k v_k h_k$. "
GIVEN = {"layer": LAYER, "softmax": SOFTMAX, "sigmoid": SIGMOID, "hidden": HIDDEN}


def d(of: str, by: str) -> str:
    return rf"\frac{{\partial {of}}}{{\partial {by}}}"


@pytest.mark.parametrize(
    ("given", "left", "right"),
    [
        ("layer", d("L", "W_{ij}"), "(y_i - t_i) x_j"),
        ("layer", d("L", "W_{ab}"), "(y_a - t_a) x_b"),
        ("layer", d("L", "b_i"), "y_i - t_i"),
        ("layer", d("L", "x_j"), r"\sum_i (y_i - t_i) W_{ij}"),
        ("layer", d("L", "x_j"), r"\sum_i \frac{\partial L}{\partial y_i} W_{ij}"),
        ("layer", d("L", "W_{ij}"), r"\frac{\partial L}{\partial y_i} x_j"),
        ("layer", d("y_i", "x_j"), "W_{ij}"),
        ("layer", d("y_i", "W_{jk}"), r"\delta_{ij} x_k"),
        ("softmax", d("p_i", "z_j"), r"p_i (\delta_{ij} - p_j)"),
        ("softmax", d("p_i", "z_i"), "p_i (1 - p_i)"),
        ("softmax", d("L", "z_i"), r"p_i \sum_j t_j - t_i"),
        ("sigmoid", d("a_i", "z_i"), "a_i (1 - a_i)"),
        ("sigmoid", d("a_i", "z_j"), r"a_i (1 - a_i) \delta_{ij}"),
        ("sigmoid", d("L", "z_i"), r"\frac{\partial L}{\partial a_i} a_i (1 - a_i)"),
        ("hidden", d("L", "W_{ij}"), "v_i (1 - h_i^2) x_j"),
        ("hidden", d("L", "W_{ij}"), r"v_i (1 - h_i^2) x_j = \frac{\partial L}{\partial z_i} x_j"),
        ("hidden", r"\frac{d L}{d v_k}", "h_k"),
    ],
)
def test_right_derivatives_are_left_alone_and_wrong_ones_are_not(given, left, right):
    """Each true statement, and the same with another factor."""
    assert codes(GIVEN[given] + f"${left} = {right}$") == []
    (found,) = findings(GIVEN[given] + f"${left} = 2 ({right.split(' = ')[0]})$")
    assert found.code == "IX253"
    assert "the definitions give" in found.hint


@pytest.mark.parametrize(
    ("given", "left", "right", "hint"),
    [
        ("layer", d("L", "W_{ij}"), "(y_j - t_j) x_i", "x[j] (y[i] - t[i])"),
        ("layer", d("L", "W_{ij}"), "(y_i + t_i) x_j", "x[j] (y[i] - t[i])"),
        ("layer", d("L", "W_{ij}"), "y_i x_j", "x[j] (y[i] - t[i])"),
        ("layer", d("L", "W_{ij}"), r"\frac{\partial L}{\partial y_j} x_i", "∂L/∂y[i] x[j]"),
        ("layer", d("L", "x_j"), r"\sum_i \frac{\partial L}{\partial y_i} W_{ji}", "W[i, j] ∂L/∂y[i]"),
        ("layer", d("y_i", "x_j"), "W_{ji}", "W[i, j]"),
        ("softmax", d("p_i", "z_j"), r"p_i (\delta_{ij} - p_i)", "p[i] (delta[i, j] - p[j])"),
        ("softmax", d("L", "z_i"), "t_i - p_i", "p[i]"),
        ("sigmoid", d("a_i", "z_i"), "a_i (1 + a_i)", "a[i]"),
        ("hidden", d("L", "W_{ij}"), "v_i (1 - h_i) x_j", "x[j]"),
    ],
)
def test_wrong_derivatives_are_told_with_the_right_one(given, left, right, hint):
    (found,) = findings(GIVEN[given] + f"${left} = {right}$")
    assert (found.code, found.severity) == ("IX253", "error")
    assert hint in found.hint
    start = found.span.start
    assert (GIVEN[given] + f"${left} = {right}$")[start : found.span.end] == right
    assert any("is defined here" in label.text for label in found.labels)


@pytest.mark.parametrize(
    "text",
    [
        LAYER + rf"${d('L', 'W_{ij}')} = e_i x_j$",  # nobody says what e is
        LAYER + rf"${d('L', 'W_{ij}')} = 2 q_i x_j$",
        LAYER + rf"${d('L', 'A_{ij}')} = 2 y_i x_j$",  # L does not depend on A
        LAYER + rf"${d('y', 'x')} = W^T$",
        LAYER + rf"$y_i = x_i$, ${d('L', 'W_{ij}')} = 2 y_i x_j$",  # y is defined twice
        rf"$y_i = f(x_i)$, ${d('y_i', 'x_i')} = 2 x_i$",
        rf"For a symmetric A, $L = x_i A_{{ij}} x_j$ and ${d('L', 'A_{ij}')} = 2 x_i x_j$",
        rf"$y_i = A_{{ij}} y_j$, ${d('y_i', 'A_{jk}')} = 2 y_k$",  # y on both sides
        rf"$y_i = A_{{ij}} u_j$, $u_i = y_i$, ${d('y_i', 'A_{jk}')} = 2 y_k$",  # a circle
        LAYER + rf"${d('L', 'W_{ij}')} \approx 2 y_i x_j$",
        LAYER + r"$\frac{\partial^2 L}{\partial x_i \partial x_j} = W_{ij}$",
    ],
)
def test_where_anything_is_uncertain_nothing_is_said(text):
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        (SOFTMAX + f"${d('L', 'z_i')} = RIGHT$", "p_i - t_i", "t_i - p_i"),  # a one-hot t
        (f"$L = x_i A_{{ij}} x_j$ and ${d('L', 'x_k')} = RIGHT$", "2 A_{kj} x_j", "A_{kj} x_j"),  # a symmetric A
        (SOFTMAX + rf"For $i \neq j$ we have ${d('p_i', 'z_j')} = RIGHT$", "-p_i p_j", "p_i p_j"),
        (SOFTMAX + rf"For $i = j$ we have ${d('p_i', 'z_j')} = RIGHT$", "p_i (1 - p_j)", "p_i p_j"),
    ],
)
def test_what_papers_leave_to_words(text, right, wrong):
    assert codes(text.replace("RIGHT", right)) == []
    assert codes(text.replace("RIGHT", wrong)) == ["IX253"]


def test_matrix_notation_and_update_steps_define_nothing_twice():
    text = r"$y = W x$, so $y_i = \sum_j W_{ij} x_j$; "
    text += rf"${d('L', 'W_{ij}')} = {d('L', 'y_i')} x_j$, $x_i = x_i - \eta g_i$"
    assert codes(text) == []
    assert codes(text.replace("} x_j$, ", "} y_j$, ")) == ["IX253"]


def test_definitions_of_errors_are_followed():
    text = HIDDEN + rf"$\delta_i = {d('L', 'z_i')}$ and ${d('L', 'W_{ij}')} = \delta_i x_j$"
    assert codes(text) == []
    assert codes(text.replace(r"\delta_i x_j", r"\delta_j x_i")) == ["IX253"]


def test_without_derivatives_no_program_is_read():
    """The reader of the language takes longer to load than a short paper to lint."""
    script = "import sys\nimport indexcalc as ic\nic.lint('$y_i = A_{ij} x_j$', kind='latex')\n"
    script += "assert 'indexcalc.paper.extents' in sys.modules\n"
    script += "print(*(m for m in sys.modules if m.startswith(('indexcalc.calculus', 'indexcalc.compare', 'numpy'))))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_names_with_formulas_in_their_exponents_and_words_in_their_scripts_declare_nothing_wrong():
    text = r"Let $x^{k+a} \in \mathbb{R}^d$ and $S \in \mathbb{R}^{N \times N}$, then $B S_{clements} = B S$."
    assert ic.lint(text, kind="latex") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$\partial L/\partial W_{ij} = (y_i - t_i) x_j$", []),
        (r"$\partial L / \partial W_{ij} = (y_j - t_j) x_i$", ["IX253"]),
        (r"$\partial L/\partial x_j = \sum_i \partial L/\partial y_i W_{ij}$", []),
        (r"$\partial L/\partial x_j = \sum_i (\partial L/\partial y_i) W_{ji}$", ["IX253"]),
    ],
)
def test_derivatives_with_a_slash_are_fractions(text, expected):
    assert codes(LAYER + text) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", ["IX253"]),
        ("The matrix $W$ is symmetric.", []),
        ("Here is a symmetric matrix.", []),  # which?
        (r"Let \(A\) be symmetric.", ["IX253"]),
        (r"Let \(A\) be symmetric. So is $W$.", ["IX253"]),
    ],
)
def test_only_what_is_said_to_be_symmetric_is_left_alone(said, expected):
    assert codes(f"{LAYER}{said}\n\n${d('L', 'W_{ij}')} = 2 (y_i - t_i) x_j$") == expected
    assert codes(f"{LAYER}{said}\n\n${d('L', 'b_i')} = 2 (y_i - t_i)$") == ["IX253"], "a vector is not symmetric"


SQUARES = (
    r"Let $X \in \mathbb{R}^{n \times d}$, $w \in \mathbb{R}^d$, $y \in \mathbb{R}^n$; $L = \frac12 \|X w - y\|^2$. "
)
MATRICES = r"Let $X \in \mathbb{R}^{n \times d}$, $W \in \mathbb{R}^{d \times k}$, $Y \in \mathbb{R}^{n \times k}$. "
MATRICES += r"$Z = X W$ and $L = \|Z - Y\|_F^2$. "
FORM = r"$s = x^\top A x$ for $A \in \mathbb{R}^{n \times n}$ and $x \in \mathbb{R}^n$. "


@pytest.mark.parametrize(
    ("given", "left", "right", "wrong"),
    [
        (LAYER, d("L", "W"), r"(y - t) x^\top", r"(y + t) x^\top"),
        (LAYER, d("L", "W"), r"x (y - t)^\top", r"x y^\top"),  # the other layout
        (LAYER, r"\nabla_W L", r"(y - t) x^\top", r"x (y - t)^\top"),
        (LAYER, d("L", "x"), r"W^\top (y - t)", "W (y - t)"),
        (LAYER, r"\partial L/\partial b", "y - t", "t - y"),
        (LAYER, d("L", "W"), rf"{d('L', 'y')} x^\top", rf"{d('L', 'y')} b^\top"),
        (LAYER, d("L", "x"), rf"W^\top {d('L', 'y')}", rf"W {d('L', 'y')}"),
        (SOFTMAX, d("L", "z"), "p - t", "t - p"),
        (SQUARES, r"\nabla_w L", r"X^\top (X w - y)", r"X^\top (y - X w)"),
        (SQUARES, r"\nabla_w L", r"X^\top (X w - y)", r"2 X^\top (X w - y)"),
        (SQUARES, r"\nabla_w L", r"X^\top X w - X^\top y", r"X^\top X w - y^\top X w w"),
        (MATRICES, r"\nabla_W L", r"2 X^\top (X W - Y)", r"X^\top (X W - Y)"),
        (MATRICES, r"\nabla_W L", r"2 X^\top (Z - Y)", r"2 X^\top (Z + Y)"),
        (MATRICES, r"\nabla_W L", rf"X^\top {d('L', 'Z')}", rf"2 X^\top {d('L', 'Z')}"),
        (MATRICES, d("L", "X"), r"2 (Z - Y) W^\top", "2 (Z - Y) W"),
        (FORM, r"\nabla_x s", r"(A + A^\top) x", "A x"),
        (FORM, r"\nabla_x s", "2 A x", r"\frac{A x}{2}"),  # where A is symmetric
        (FORM, r"\nabla_A s", r"x x^\top", r"2 x x^\top"),
    ],
)
def test_matrix_notation_is_read_where_ranks_are_known(given, left, right, wrong):
    assert codes(given + f"${left} = {right}$") == []
    assert codes(given + f"${left} = {wrong}$") == ["IX253"]


@pytest.mark.parametrize(
    "text",
    [
        rf"${d('L', 'w')} = 3 X^\top q$",  # nobody says what q is
        rf"${d('L', 'w')} = 3 (X w - y) X$",  # a row's notation
        rf"${d('L', 'w')} = 3 w^2$",
        rf"${d('L', 'w')} = 3 w \odot w$",
        rf"${d('L', 'w')} = 3 f(w)$",
        rf"${d('L', 'w')} = 3$",
        r"$\nabla_i L = 3 w_i$",
        r"$\nabla L = 3 w$",
        r"$\nabla^w L = 3 w$",
        r"$\nabla_w L = 3 X^\top \sum_i y_i$",
    ],
)
def test_where_matrix_notation_is_uncertain_nothing_is_said(text):
    assert codes(SQUARES + text) == []
