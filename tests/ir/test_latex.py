"""LaTeX and the two spellings for people."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings

from indexcalc.elaborate.read import read_program
from indexcalc.ir.latex import expression_latex, name_latex, program_latex, program_markdown, statement_latex
from indexcalc.ir.pretty import pretty_text
from indexcalc.ir.program import Program

from .strategies import programs

ATTENTION = """index i, j : seq(L)
index d, a : head_dim(D)
S[i, j] = Q[i, d] K[j, d] / sqrt(D)
P[i, j] = softmax[j](where(j <= i, S[i, j], -inf))
O[i, a] = P[i, j] V[j, a]"""


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("x0", "x_{0}"),
        ("grad_Q", r"\mathrm{grad}_{Q}"),
        ("α", r"\alpha"),
        ("Α", "A"),
        ("seq_q", r"\mathrm{seq}_{q}"),
        ("i''", "i''"),
        ("指", r"\mathrm{u6307}"),
        ("é", r"\text{é}"),
        ("λmax", r"\lambda\mathrm{m}\mathrm{a}\mathrm{x}"),
    ],
)
def test_names(name: str, latex: str) -> None:
    assert name_latex(name) == latex


@pytest.mark.parametrize(
    ("right", "latex"),
    [
        ("A[i, k] x[k]", r"\sum_{k} A_{ik} x_{k}"),
        ("x[i] / y[i]**2", r"\frac{x_{i}}{y_{i}^{2}}"),
        ("-2 x[i] + 0.5", r"-2 x_{i} + \frac{1}{2}"),
        ("sum[k](x[k] + y[k]) x[i]", r"\left(\sum_{k} \left(x_{k} + y_{k}\right)\right) \, x_{i}"),
        ("sqrt(x[i]) pi", r"\sqrt{x_{i}} \pi"),
        ("where(x[i] < 1, x[i], 0)", r"\begin{cases} x_{i} & \text{if } x_{i} < 1 \\ 0 & \text{else} \end{cases}"),
        ("(x[i] <= 1) y[i]", r"\left[x_{i} \le 1\right] y_{i}"),
        ("max[k](A[i, k])", r"\max_{k}\left(A_{ik}\right)"),
        ("delta[i, 0]", r"\delta_{i0}"),
        ("x[i] + 1e-5", r"x_{i} + 10^{-5}"),
        ("diff(x[i], x[0])", r"\frac{\partial x_{i}}{\partial x_{0}}"),
        ("inv(A)[i, 0]", r"\left(A^{-1}\right)_{i0}"),
        ("x[i] 2**u", None),
    ],
)
def test_expressions(right: str, latex: str | None) -> None:
    declared = "index i, k : n(N)\ntensor x[i], y[i], A[i, k]\nscalar u\n"
    if latex is None:
        right, latex = "x[i] * 2**u", r"x_{i} \cdot 2^{u}"
    body = read_program(f"{declared}r[i] = {right}").definitions["r"].body
    assert expression_latex(body) == latex


def test_a_program_is_one_aligned_block() -> None:
    program = read_program(ATTENTION)
    text = program.latex()
    assert text == program_latex(program)
    assert text.startswith("\\begin{aligned}\n") and text.endswith("\n\\end{aligned}")
    assert text.count(" &= ") == 3 and text.count(r" \\" + "\n") == 2
    assert r"\operatorname{softmax}_{j}" in text and r"\sqrt{D}" in text
    markdown = program_markdown(program)
    assert markdown.startswith("$$\n") and f"```\n{program}\n```" in markdown


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_braces_and_delimiters_balance(program: Program) -> None:
    for statement in program.statements:
        text = statement_latex(statement)
        assert text.count("{") == text.count("}")
        assert text.count(r"\left") - text.count(r"\left\lVert") == text.count(r"\right") - text.count(r"\right\rVert")
        assert len(re.findall(r"\\begin\{cases\}", text)) == len(re.findall(r"\\end\{cases\}", text))
        assert not re.search(r"\^\{[^{}]*\}\^|_\{[^{}]*\}_", text), text  # a double script does not compile


def test_pretty_text() -> None:
    s, p, o = read_program(ATTENTION).statements
    assert pretty_text(s) == "S[i,j] = Q[i,d] K[j,d] / √D"
    assert pretty_text(p) == "Pᵢⱼ = softmaxⱼ(where(j ≤ i, Sᵢⱼ, -∞))"
    assert pretty_text(p, unicode=False) == "P[i,j] = softmax[j](where(j <= i, S[i,j], -inf))"
    assert pretty_text(o) == "Oᵢₐ = Pᵢⱼ Vⱼₐ"
    (square,) = read_program("index i, k : n(N)\nL[k] = sum[i](x[i]**2) diff(x[k]**2, x[k])").statements
    assert pretty_text(square) == "Lₖ = Σᵢ((xᵢ)²) (∂(xₖ)²/∂xₖ)"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_plain_text_is_plain(program: Program) -> None:
    for statement in program.statements:
        assert pretty_text(statement, unicode=False).isascii()
