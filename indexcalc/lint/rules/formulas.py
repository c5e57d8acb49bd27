"""Formulas of papers: sums and their ranges, terms, slips of LaTeX.  Found by paper/balance.py."""

from __future__ import annotations

from ..registry import page

RULES = (
    page(
        "IX110",
        name="sum-up-to-itself",
        summary="a sum's limit is written with the sum's own index",
        why="The index of a sum means nothing outside of the sum, and a limit stands outside. A lower-case letter for "
        "the upper-case limit is the usual slip; with a running limit the summed index needs another letter.",
        bad=r"$y_d = \sum_{t=1}^t g_{t,d}^2$",
        good=r"$y_{t,d} = \sum_{\tau=1}^t g_{\tau,d}^2$",
        language="latex",
    ),
    page(
        "IX111",
        name="sum-without-index",
        summary="a sum runs over an index that stands nowhere in it",
        why="Such a sum multiplies by the number of its terms. Far more often one of the letters inside is misspelt.",
        bad=r"$y_i = \sum_k A_{ij} x_j$",
        good=r"$y_i = \sum_j A_{ij} x_j$",
        right="A sum that counts, such as Σ_i 1 = N, is not told of: nothing in it has an index.",
        severity="warning",
        language="latex",
    ),
    page(
        "IX112",
        name="summed-and-free",
        summary="an index is summed on one side of an equation and free on the other",
        why="The index of a sum means nothing outside of the sum, so the other side cannot depend on it. Usually the "
        "free index of the other side is misspelt.",
        bad=r"$[\mathbf{A}\mathbf{x}]_j = \sum_j A_{ij} x_j$",
        good=r"$[\mathbf{A}\mathbf{x}]_i = \sum_j A_{ij} x_j$",
        language="latex",
    ),
    page(
        "IX113",
        name="missing-underscore",
        summary="letters that are indices elsewhere stand in braces behind a symbol, without an underscore",
        why="LaTeX prints δ{ij} as the product δ i j, and the mistake is easily overlooked in print.",
        bad=r"$\sigma_{ij} = \lambda \epsilon_{kk} \delta{ij} + 2 \mu \epsilon_{ij}$",
        good=r"$\sigma_{ij} = \lambda \epsilon_{kk} \delta_{ij} + 2 \mu \epsilon_{ij}$",
        fix="writes the underscore (unsafe)",
        severity="warning",
        language="latex",
    ),
    page(
        "IX114",
        name="script-is-a-tensor",
        summary="a letter is a script of one tensor and itself a tensor with indices",
        why="A reader takes a letter beside other indices for an index. Where it says to which tensor a quantity "
        "belongs, brackets make that visible.",
        bad=r"$Q^{\mu}{}_{\xi} = \epsilon^{\mu\nu\rho} \nabla_\nu \xi_\rho$",
        good=r"$Q^{\mu}[\xi] = \epsilon^{\mu\nu\rho} \nabla_\nu \xi_\rho$",
        severity="warning",
        language="latex",
    ),
    page(
        "IX115",
        name="term-lacks-index",
        summary="a term lacks a free index that the equation's other terms have",
        why="In tensor calculus each term has the same free indices; a derivative by W_ij has i and j in each term. "
        "In formulas of arrays a bias may lack an index, and nothing is said.",
        bad=r"$\frac{\partial L}{\partial w_{ij}} = \sum_{k=1}^{K} x_{ik} y_{kj} + b_j$",
        good=r"$\frac{\partial L}{\partial w_{ij}} = \sum_{k=1}^{K} x_{ik} y_{kj} + b_{ij}$",
        right="A term that is the same for all values of the index, such as the gradient of λ Σ w.",
        severity="warning",
        language="latex",
    ),
    page(
        "IX116",
        name="coefficient-is-a-tensor",
        summary="a coefficient stands as a tensor in one term, where all other terms have another tensor in its place",
        why="In a sum of products of the same tensor, one term has the name of a coefficient instead. The "
        "free indices balance, so that only the pattern shows the slip.",
        bad=r"$C_{ijkl} = a \delta_{ij} \delta_{kl} + b \delta_{ik} \delta_{jl} + c\, a_{il} a_{jk}$",
        good=r"$C_{ijkl} = a \delta_{ij} \delta_{kl} + b \delta_{ik} \delta_{jl} + c\, \delta_{il} \delta_{jk}$",
        right="where the coefficient and the tensor are two things that share a name",
        severity="warning",
        language="latex",
    ),
)
