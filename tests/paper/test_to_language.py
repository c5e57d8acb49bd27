"""Equations of papers as statements of the language: what they mean by numbers, and what has two readings."""

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.paper.document import equations
from indexcalc.paper.to_language import identifier, to_program_text

rng = np.random.default_rng(0)
ARRAYS = {
    "A": rng.uniform(0.5, 1, (3, 3)), "B": rng.uniform(0.5, 1, (3, 3)), "x": rng.uniform(0.5, 1, 3),
    "y": rng.uniform(0.5, 1, 3), "W_up_1": rng.uniform(0.5, 1, (3, 3)), "n": 4.0, "x_in": rng.uniform(0.5, 1, 3),
    "hat_y": rng.uniform(0.5, 1, 3), "delta_symbol": rng.uniform(0.5, 1, 3),
}  # fmt: skip
A, B, x, y, W, n, x_in, hat_y, d = ARRAYS.values()


def said(latex: str) -> str | None:
    (equation,) = equations(latex)
    return to_program_text(equation)


@pytest.mark.parametrize(
    ("latex", "value"),
    [
        (r"C_{ij} = \sum_{k=1}^{N} A_{ik} B_{jk}", A @ B.T),
        (r"C_{ij} = A_{ik} B^T_{kj}", A @ B.T),
        (r"c_i = \frac12 x_i^2 - 2 y_i", x**2 / 2 - 2 * y),
        (r"c_i = \tfrac12 x_i^2 - \dfrac1{2} y_i", x**2 / 2 - y / 2),
        (r"c = \frac{1}{2} \sum_i (x_i - y_i)^2", ((x - y) ** 2).sum() / 2),
        (r"c_i = \frac{e^{x_i}}{\sum_j e^{x_j}}", np.exp(x) / np.exp(x).sum()),
        (r"c_{ij} = \operatorname{softmax}_j(A_{ij})", np.exp(A) / np.exp(A).sum(1, keepdims=True)),
        (r"c_i = \sqrt{x_i} / \sqrt[3]{y_i}", np.sqrt(x) / np.cbrt(y)),
        (r"c = -\sum_i x_i \log y_i", -(x * np.log(y)).sum()),
        (r"c_i = x_i (\delta_{ij} - x_j) y_j", x * y - x * (x @ y)),
        (r"c_i = |x_i - y_i|^3", abs(x - y) ** 3),
        (r"c_i = W^{(1)}_{ij} \hat{y}_j + \delta_i", W @ hat_y + d),
        (r"c_i = x_i / \sqrt{n}", x / 2),
        (r"c_j = \max_i A_{ij}", A.max(0)),
        (r"c = \sum_{j=0}^{n-1} x_j y_j", x @ y),
    ],
)
def test_the_statement_means_the_formula(latex, value):
    text = said(latex)
    assert text is not None
    program = ic.parse(text)
    given = {name: ARRAYS[name] for name in program.inputs}
    (found,) = ic.compile(program)(**given).values()
    np.testing.assert_allclose(found, value, rtol=1e-12)


@pytest.mark.parametrize(
    "latex",
    [
        r"y = f(x_i)",  # a call or a product
        r"y_i = \sum_{j \ne i} x_j",
        r"y = \sum_{j=2}^{N} x_j",
        r"y = \sum_{j=0}^{N} x_j",
        r"y = \|x\|^2",
        r"y_i = x_i^n z^i",
        r"y_i = \log a_i b_i",  # how far does the logarithm reach?
        r"y_i = x_{i+1}",
        r"y_i = a_i \times b_i c_i \otimes d_i",
        r"y_i = \pm x_i",
        r"y = x_i \dots",
        r"A x = b",
        r"y = \partial_i x_i",
        r"y_i \le x_i",
        r"y = \mathbb{1}[x_i]",
        r"y = A_{ij} A_i",
    ],
)
def test_what_has_two_readings_is_not_said(latex):
    assert said(latex) is None


@pytest.mark.parametrize("name", ["sum", "delta", "x^*", "hat x", "W^l", "index", "x'"])
def test_identifiers_are_names_of_the_language(name):
    word = identifier(name)
    assert list(ic.parse(f"y[i] = {word}[i]").inputs) == [word]
