"""What a paper declares of shapes, and which letters of an equation are one index."""

import pytest

from indexcalc.paper.document import equations
from indexcalc.paper.extents import shapes_of
from indexcalc.paper.uses import uses_in


def shapes(text: str):
    return shapes_of(text, equations(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$W \in \mathbb{R}^{d \times k}$", {"W": (0, ("d", "k"))}),
        (r"$\mathbf{x}_i \in \mathbb R^d$", {"x": (1, ("d",))}),
        (r"$Q, K \in \mathbb{R}^{N \times d_{\text{k}}}$", {"Q": (0, ("N", "d_k")), "K": (0, ("N", "d_k"))}),
        (r"$W^{(1)} \in \mathbb{R}^{2h \times (d+1)}$", {"W^(1)": (0, ("2h", "(d+1)"))}),
        (r"\newcommand{\R}{\mathbb{R}} $x \in \R^{3}$", {"x": (0, ("3",))}),
        (r"$x \in \mathbb{R}^d$ and later $x \in \mathbb{R}^k$", {}),
        (r"$x \in \mathbb{R}^d$ and later $x_i \in \mathbb{R}^d$", {}),
        (r"$x^T \in \mathbb{R}^d$", {}),
        (r"$i \in S$, $x \in [0, 1]$, $f: \mathbb{R}^d \to \mathbb{R}$, $x \in \mathbb{R}$", {}),
        (r"$(x, y) \in \mathbb{R}^2$", {}),
    ],
)
def test_declared_tensors(text, expected):
    assert {d.name: (d.leading, d.dims) for d in shapes(text).tensors.values()} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"for $i = 1, \dots, N$", {"i": "N"}),
        (r"for $j=1,2,\ldots,n_x$", {"j": "n_x"}),
        (r"$i \in \{1, \dots, N\}$, $k \in [K]$", {"i": "N", "k": "K"}),
        (r"$i = 1, \dots, N$; then $i = 1, \dots, M$", {}),
        (r"$i = 0, \dots, N$, $x_i = 1, \dots$", {}),
    ],
)
def test_ranges_in_words(text, expected):
    assert shapes(text).letters == expected


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("d", "k", True),
        ("d", "d+1", False),
        ("3", "4", True),
        ("3", "d", False),
        ("p", "q", False),
        ("d_x", "d_y", True),
    ],
)
def test_extents_that_surely_differ(one, other, differ):
    text = r"$x \in \mathbb{R}^p$ where $p = q$"
    assert shapes(text).differ(one, other) is differ
    assert shapes(text).differ(other, one) is differ


def pairs(text: str) -> set[tuple[str, str]]:
    """Pairs of uses `A_{ij}` whose letter j is one index, as A.2 = x.1."""
    (equation,) = equations(text)
    found = {}
    for use in uses_in(equation.tree).tensors:
        for k, variable in enumerate(use.variables, 1):
            found.setdefault(variable, []).append(f"{use.name}{k}")
    return {(a, b) for slots in found.values() for a in slots for b in slots if a < b}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y_i = A_{ij} x_j", {("A1", "y1"), ("A2", "x1")}),
        ("y_i = A_{ij} x_j + B_{ij} z_j", {("A1", "y1"), ("A2", "x1"), ("B1", "y1"), ("A1", "B1"), ("B2", "z1")}),
        (r"y = \sum_j a_j + \sum_j b_j", set()),
        (r"y = \sum_j (a_j + b_j)", {("a1", "b1")}),
        (r"y = a_j (b_j + c_j)", set()),
        (r"y_i = \frac{a_i}{\sqrt{\sum_i b_i}}", {("a1", "y1")}),
        (r"y_i = e^{x_i} / \sum_j e^{x_j}", {("x1", "y1")}),
        (r"y = [W]_{ij} x_j", {("W2", "x1")}),
    ],
)
def test_letters_that_are_one_index(text, expected):
    assert pairs(text) == expected


@pytest.mark.parametrize(
    ("text", "name", "letters"),
    [
        (r"y = W^{(l)}_{ij}", "W^(l)", ("i", "j")),
        (r"y = \hat{x}_i", "hat x", ("i",)),
        (r"y = x_{i,j}", "x", ("i", "j")),
        (r"y = x_{i+1}", "x", None),
        (r"y = x_{\rm in}", "x_in", ()),
        (r"y = x_i^2", "x", ("i",)),
        (r"y = \mathbf{x}_{\mu}", "x", ("mu",)),
    ],
)
def test_names_and_letters(text, name, letters):
    (equation,) = equations(text)
    use = uses_in(equation.tree).tensors[1]
    assert (use.name, use.letters) == (name, letters)
