"""Equations of a paper against earlier definitions of the same tensor: its extents, its rank."""

from __future__ import annotations

import pytest

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


DECLARED = r"Let $Q \in \mathbb{R}^{n \times d}$ and $K, V \in \mathbb{R}^{m \times d}$. "
SCORES = r"We define $S_{ij} = \sum_c Q_{ic} K_{jc}$. "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$O_{ic} = \sum_j S_{ij} V_{jc}$", []),
        (r"$O_{ic} = \sum_j S_{ji} V_{jc}$", ["IX254"]),
        (r"$O_{jc} = \sum_i S_{ji} V_{ic}$", []),  # the letters mean nothing
        (r"$O_{ic} = \sum_j S_{ji} V_{jc}$, where $n = m$", []),
        (r"$P_{ij} = \exp(S_{ij})$, $O_{ic} = \sum_j P_{ji} V_{jc}$", ["IX254"]),  # over two definitions
        (r"$Z_{ij} = S_{ij} + S_{ji}$, $O_{ic} = \sum_j Z_{ji} V_{jc}$", ["IX254"]),  # once, for the sum
        (r"$t_i = \sum_{j=1}^{n} S_{ij}$", ["IX254"]),
        (r"$t_i = \sum_{j=1}^{m} S_{ij}$", []),
        (r"$t_i = \sum_{j=1}^{r} S_{ij}$", []),  # a part of them
        (r"$S_{ij} = \sum_c K_{ic} Q_{jc}$", ["IX254"]),  # defined again, the other way around
        (r"$S_{ij} = \sum_c V_{ic} K_{jc}$, $O_{ic} = \sum_j S_{ji} V_{jc}$", []),  # two tensors have one name
        (r"$O_{ic} = \sum_j S^\top_{ij} V_{jc}$", []),
        (r"$o_i = \sum_j S_{ji} V_j$", []),  # V_j is a row
    ],
)
def test_extents_follow_from_definitions(text, expected):
    assert codes(DECLARED + SCORES + text) == expected
    assert codes(SCORES + text) == [], "nothing is known of extents"


def test_a_contradicted_definition_is_shown():
    (found,) = findings(DECLARED + SCORES + r"$O_{ic} = \sum_j S_{ji} V_{jc}$")
    assert found.message == "`j` runs over slot 1 of `S` of extent n and over slot 1 of `V` of extent m"
    assert "by this definition, `S` is n × m" in [label.text for label in found.labels]
    assert found.hint == "did you mean S_{ij}?"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$O_{hie} = \sum_j S_{hij} V_{hje}$", ["IX255"]),
        (r"$O_{ie} = \sum_j S_{bij} V_{je}$", ["IX255"]),
        (r"$P_{ijk} = \exp(S_{ijk})$", ["IX255"]),
        (r"$O_{ie} = \sum_j S_{i} V_{je}$", ["IX255"]),
        (r"$P_{ij} = \frac{\exp(S_{i})}{\sum_k \exp(S_{ik})}$", ["IX255"]),
        (r"$O_{ie} = \sum_j S_{ij} V_{je}$", []),
        (r"$S_{ijk} = S_{ij} S_{jk}$", []),  # a tensor of rank 3 has the same letter
        (r"$P_{ij} = \exp(S_{i})$ and $T_{ij} = S_{i} P_{ij}$", []),  # so has a vector
        (r"$S_i = \sum_j S_{ij}$ and $P_{ij} = S_{ij} / S_i$", []),
        (r"$o_i = S_i V$, where $V_{je}$ is given", []),  # the row of a matrix
        (r"$o_i = \sum_j S_{i} v_{j}$", []),  # and here, perhaps
        (r"$P_{ij} = \exp(S_{\max})$", []),
        (r"$P_{ij} = \exp(S_{ij} - S_{max})$", []),
        (r"$P^h_{ij} = \exp(S^h_{ij})$", []),
        (r"$P_{ij} = \hat S_{ijk} u_k$", []),
        (r"$P_{ijk} = S_{ij,k}$", []),  # a derivative
        (r"$P_{iij} = S_{iij}$", []),
    ],
)
def test_ranks_follow_from_definitions(text, expected):
    assert codes(SCORES + text) == expected
    assert codes(text) == [], "nothing is defined"


@pytest.mark.parametrize(
    "text",
    [
        r"$R_{\mu\nu} = R^\lambda{}_{\mu\lambda\nu}$ and $G_{\mu\nu} = R_{\mu\nu} - \frac12 g_{\mu\nu} R$",
        r"$R_{bd} = g^{ac} R_{abcd}$ and $K = R_{abcd} R^{abcd} - 4 R_{ab} R^{ab}$",
        r"$e_{ij} = \frac12 (u_{i,j} + u_{j,i})$ and $s_{ijk} = e_{ij,k} + e_{jk,i}$",
        r"$x_i = \sum_k a_{ik} b_k$ and $z_{ij} = x_{ij}$",  # a vector's component
        r"$S_{ij} = q_i^\top k_j$ and $P_{ij} = \exp(S_{ij})$",
        r"$k_{max} = m_e a x$ and $u = k_B T$",
    ],
)
def test_letters_with_several_ranks_are_left_alone(text):
    assert codes(text) == []


def test_a_rank_is_told_with_the_definition():
    (found,) = findings(SCORES + r"$O_{hie} = \sum_j S_{hij} V_{hje}$")
    assert found.message == "`S` has 3 indices here, and 2 indices by its definition"
    assert [label.text for label in found.labels] == ["defined with `i` and `j`"]
    assert "give this tensor another name" in found.hint
