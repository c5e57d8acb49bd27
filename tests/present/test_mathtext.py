"""Laws in LaTeX as a line of text."""

import pytest

from indexcalc.present.mathtext import plain_math
from indexcalc.rewrite.rules import ALL


@pytest.mark.parametrize(
    ("latex", "unicode", "ascii_"),
    [
        (r"\sum_j \delta_{ij} x_j = x_i", "Σⱼ δᵢⱼ xⱼ = xᵢ", "sum_j delta_{ij} x_j = x_i"),
        (r"\frac{\partial T_{ab}}{\partial T_{cd}}", "∂T_{ab}/∂T_{cd}", "dT_{ab}/dT_{cd}"),
        (r"\frac{a+b}{c}", "(a+b)/c", "(a+b)/c"),
        (r"\frac{1}{2} x", "1/2 x", "1/2 x"),
        (r"x^{2} + y^n", "x² + yⁿ", "x^2 + y^n"),
        (r"A^{\top}", "Aᵀ", "A^T"),
        (r"\delta_{ac}\,\delta_{bd}", "δ_{ac} δ_{bd}", "delta_{ac} delta_{bd}"),
        (r"a \ne b \quad (c \le d)", "a ≠ b (c ≤ d)", "a != b (c <= d)"),
        (r"\sqrt{x + 1}", "√(x + 1)", "sqrt(x + 1)"),
        (r"\operatorname{softmax}_j(s)", "softmaxⱼ(s)", "softmax_j(s)"),
        (r"\left(\frac{u}{v}\right)", "(u/v)", "(u/v)"),
        (r"f'(x)", "f'(x)", "f'(x)"),
        (r"x_ij", "xᵢj", "x_ij"),
        (r"\unknown{x}", "unknownx", "unknownx"),
        (r"\hat{x}_i", "x\u0302ᵢ", "hat(x)_i"),
        (r"", "", ""),
        (r"{{{", "", ""),
        (r"}_", "", ""),
        ("\\", "", ""),
    ],
)
def test_formulas(latex, unicode, ascii_):
    assert plain_math(latex, unicode=True) == unicode
    assert plain_math(latex, unicode=False) == ascii_


@pytest.mark.parametrize("rule", ALL, ids=lambda r: r.name)
def test_every_law_is_readable(rule):
    shown = plain_math(rule.law, unicode=True)
    assert "\\" not in shown
    assert shown.count("{") == shown.count("}")
    plain = plain_math(rule.law, unicode=False)
    assert plain.isascii()
    assert "\\" not in plain
