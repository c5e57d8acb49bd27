"""Which equations balance.  What is right is taken from textbooks and papers, what is wrong from their errata."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import indexcalc as ic
from indexcalc.lint.run import lint_source
from indexcalc.lint.settings import Settings
from indexcalc.lint.source import Source

GALLERY = Path(__file__).resolve().parents[2] / "examples" / "gallery"

RIGHT = {
    "bias beside a sum": r"y_i = \sum_j W_{ij} x_j + b_i",
    "two sums of one letter": r"y_i = \sum_j W_{ij} x_j + \sum_j V_{ij} z_j",
    "sum without brackets": r"f = \sum_j a_j - b_j",
    "matrix product": r"C_{ij} = \sum_k A_{ik} B_{kj}",
    "implicit sum": r"y_i = A_{ij} x_j",
    "bias": r"y_{bi} = W_{ij} x_{bj} + b_i",
    "gain": r"y_{bi} = g_i x_{bi}",
    "two-way layout": r"Y_{ijk} = \mu + \alpha_i + \beta_j + (\alpha\beta)_{ij} + \varepsilon_{ijk}",
    "softmax": r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}",
    "softmax's derivative": r"\frac{\partial s_i}{\partial z_j} = s_i(\delta_{ij} - s_j)",
    "attention": r"O_{ia} = \sum_j \operatorname{softmax}_j\left(\frac{Q_{id} K_{jd}}{\sqrt{d}}\right) V_{ja}",
    "Hooke": r"\sigma_{ij} = \lambda \varepsilon_{kk} \delta_{ij} + 2\mu\varepsilon_{ij}",
    "comma": r"\sigma_{ij,j} + f_i = \rho \ddot u_i",
    "Christoffel": r"\Gamma^\alpha_{\beta\gamma} = \tfrac12 g^{\alpha\delta}(\partial_\gamma g_{\beta\delta} "
    r"+ \partial_\beta g_{\gamma\delta} - \partial_\delta g_{\beta\gamma})",
    "Riemann": r"R^\rho{}_{\sigma\mu\nu} = \partial_\mu\Gamma^\rho_{\nu\sigma} - \partial_\nu\Gamma^\rho_{\mu\sigma} "
    r"+ \Gamma^\rho_{\mu\lambda}\Gamma^\lambda_{\nu\sigma} - \Gamma^\rho_{\nu\lambda}\Gamma^\lambda_{\mu\sigma}",
    "Lie": r"\mathcal{L}_\beta A_{ij} = \beta^k\partial_k A_{ij} + \partial_i\beta^k A_{kj} + \partial_j\beta^k A_{ik}",
    "trace reversed": r"\bar h_{\mu\nu} = h_{\mu\nu} - \frac{1}{2} \eta_{\mu\nu} h",
    "vacuum": r"G_{\mu\nu} = 0",
    "coordinates": r"g_{tt} = -\alpha^2 + \beta_k \beta^k",
    "antisymmetrised": r"\partial_{[\lambda}F_{\mu\nu]} = 0",
    "labels": r"E = E_{\rm kin} + E_\text{pot} + \sum_i V_{\mathrm{ext}}(x_i)",
    "word": r"x_{in} = W_{out} y_{max}",
    "layer number": r"h^{(l+1)}_i = \sum_j W^{(l)}_{ij} h^{(l)}_j",
    "transposed": r"(A^T)_{ij} = A_{ji}",
    "components of a product": r"[AB]_{ij} = \sum_k A_{ik} B_{kj}",
    "whole vector": r"\mathbf{A}\mathbf{x} = \left[\sum_j A_{ij} x_j\right]_i",
    "distances": r"D_{ij} = \|x_i - x_j\|^2",
    "kernel": r"K_{ij} = \exp\left(-\frac{(x_i - x_j)^2}{2\sigma^2}\right)",
    "recurrence": r"h_t = f(W_{hh} h_{t-1} + W_{xh} x_t)",
    "energies": r"E = E_k + E_p",
    "detailed balance": r"w_{ij} P_j = w_{ji} P_i",
    "chain rule": r"\frac{\partial L}{\partial x_i} = \sum_j \frac{\partial L}{\partial y_j} "
    r"\frac{\partial y_j}{\partial x_i}",
    "Hessian": r"H_{ij} = \frac{\partial^2 f}{\partial x_i \partial x_j}",
    "Navier-Stokes": r"\frac{\partial u_i}{\partial t} + u_j \frac{\partial u_i}{\partial x_j} = "
    r"-\frac{1}{\rho}\frac{\partial p}{\partial x_i} + \nu \frac{\partial^2 u_i}{\partial x_j \partial x_j}",
    "normalised": r"v^i = \frac{u^i}{\sqrt{g_{jk} u^j u^k}}",
    "Lorentz": r"\Gamma v^i = v^i \sqrt{\frac{1}{1 - \gamma_{ij}v^i v^j}}",
    "Moore-Penrose": r"A A^+ A = A",
    "interaction": r"E = \frac12 \sum_{i \neq j} \frac{q_i q_j}{r_{ij}}",
    "mean": r"\mu_j = \frac{1}{N}\sum_{i=1}^N x_{ij}",
    "variance": r"\sigma_j^2 = \frac{1}{N}\sum_{i=1}^N (x_{ij} - \mu_j)^2",
    "counting": r"\sum_{i=1}^N 1 = N",
    "epsilon": r"\epsilon_{ijk}\epsilon_{imn} = \delta_{jm}\delta_{kn} - \delta_{jn}\delta_{km}",
    "condition": r"a_{ij} = \begin{cases} 1 & i = j \\ 0 & \text{otherwise} \end{cases}",
    "range": r"y_i = A_{ij} x_j, \quad i = 1, \ldots, n",
    "inequality": r"|a_{ij}| \le M",
    "running sum": r"S_n = \sum_{k=1}^n a_k",
    "matrix side": r"y_i = (W x + b)_i",
    "unknown word": r"\sigma_{posterior,i} = \sigma_{prior,i} - c\,\sigma_{noise}",
    "two-letter label": r"h_t = \tanh(W_{ih} x + b_{ih} + W_{hh} h + b_{hh})",
    "label of two letters in a chain": r"\frac{c^2}{\omega_{ci}^2} - \frac{k^2}{\omega_{pe}^2}",
    "step": r"w_{k+1} = w_k - \eta_k P_k u_k",
    "recurrence with products": r"P_{n+1}(x) = (x - a_n) P_n(x) - b_n P_{n-1}(x)",
    "step behind a comma": r"\gamma_{j,t+1} = \gamma_{j,t}\cos\lambda_j + \omega_{j,t}",
    "elementwise": r"d_i^{out}(d_i^{out} - 2)",
    "powers": r"G_n = 2 (1 - 2^n) B_n",
    "power of brackets": r"(1-L)^d (1-L^s)^D y_t",
    "multinomial": r"f(x) = \frac{n!}{x_1! \ldots x_k!} p_1^{x_1} ... p_k^{x_k}",
    "pieces by number": r"V_{ij} = \sum_r \sum_p U^{(r)}_{ip} Z^{(r)}_{pj}",
    "sum over values": r"q = \sum_{\sigma_b} q_b(\sigma_b) \log p_b(\sigma_b)",
    "points": r"\frac{\partial k}{\partial x^n_i} = a\,\frac{x^m_i - x^n_i}{l^2_i}",
    "spins": r"V_{ij}^\alpha = \sum_{kl} (ij|kl)(\gamma_{lk}^\alpha + \gamma_{lk}^\beta)",
    "equal components": r"x_i = x_j",
    "constants": r"N_{ij} = M_i = 0",
    "diagonal": r"(S_{ij} + \delta_{ij}(a S_{ii} + b)) x_j = g_i",
    "elementwise products of pairs": r"T = -(U_\mu g_{\mu\nu} + U_\nu g_{\nu\mu}) \frac{1}{r_{\nu\mu}}",
    "function in a script": r"\sup_T E_{p(y, \theta | d)}[T(y)] - \log E_{p(y|d)p(\theta)}[\exp T]",
    "sum without a backslash": r"f(U) = sum_i c_i O_i a_i",
    "unicode": r"S = 1 - ∑_s ω_{p,s}^2 / (ω^2 - ω_{c,s}^2)",
    "length": r"S = 1 - \sum_s \frac{a_{p,s}}{b_{c,s}} \hspace{2.5cm} P = 1 - \sum_s a_{p,s}",
    "initial and final": r"d = L_f^T (r_e^i - r_e^f)",
    "matrices under a sum": r"c^{kl} = \sum_{ij} A G_k B H_l",
}

WRONG = {
    "label that is a tensor": (r"P^{\mu}{}_{\zeta} = \epsilon^{\mu\nu\rho} \partial_\nu \zeta_\rho", "IX114"),
    "coefficient that is a tensor": (
        r"C_{ijkl} = a \delta_{ij} \delta_{kl} + b \delta_{ik} \delta_{jl} + c\, a_{il} a_{jk}",
        "IX116",
    ),
    "renamed": (r"S_{ij} = Q_{id} K_{kd}", "IX101"),
    "dropped from the right": (r"C_{ij} = \sum_k A_{ik} B_k", "IX105"),
    "summed letter for a free one": (r"y_i = \sum_j W_{ij} x_j + b_j", "IX102"),
    "extra on the right": (r"C_i = A_{ik} B_{kj}", "IX102"),
    "thrice": (r"\partial_t u_i + u_j u_{i,j} = \sigma_{ii,i} + g_i", "IX103"),
    "another free index in a term": (
        r"T^{\mu\nu} = \rho u^\mu u^\nu + P g^{\mu\nu} = \rho v^i v^j + P g^{\mu\nu}",
        "IX115",
    ),
    "Bianchi": (r"\partial_\mu F_{\nu\gamma} + \partial_\gamma F_{\mu\nu} + \partial_\nu F_{\gamma\nu} = 0", "IX102"),
    "summed index on the left": (r"[\mathbf{A}\mathbf{x}]_j = \sum_j A_{ij} x_j", "IX112"),
    "own limit": (r"y_d = \sum_{t=1}^t g_{t,d}^2", "IX110"),
    "summed over another": (r"y_i = \sum_k A_{ij} x_j", "IX111"),
    "underscore": (r"\sigma_{ij} = \lambda \epsilon_{kk} \delta{ij} + 2\mu\epsilon_{ij}", "IX113"),
    "gradient's term": (r"\frac{\partial L}{\partial w_{ij}} = \sum_k x_{ik} y_{kj} + b_j", "IX115"),
    "scalar added to a tensor": (r"G_{\mu\nu} + \Lambda = 8\pi T_{\mu\nu} + T^\alpha{}_\alpha g_{\mu\nu}", "IX115"),
    "up against down": (r"v^\mu = g_{\mu\nu} w^\nu", "IX301"),
    "rate": (
        r"\partial_t K_{ij} = \beta^k \partial_k K_{ij} + K_{ik} \partial_j \beta^k + K_{kj} \partial_k \beta^k",
        "IX103",
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_equations_that_are_right_are_not_told_of(name: str):
    assert [str(d) for d in ic.lint(RIGHT[name], kind="latex") if d.severity != "note"] == []


@pytest.mark.parametrize("name", WRONG)
def test_equations_that_are_wrong_are_found(name: str):
    text, code = WRONG[name]
    found = ic.lint(text, kind="latex")
    assert code in [d.code for d in found]
    assert all(d.span is not None and d.hint for d in found)


@pytest.mark.parametrize("wrap", [r"\begin{equation}%s\end{equation}", "Words $%s$ words.", r"\[%s\]", "$$\n%s\n$$"])
def test_places_are_those_of_the_file(wrap: str):
    before = "A line.\n\n"
    text = before + wrap % r"S_{ij} = Q_{id} K_{kd}"
    (found,) = ic.lint(text, kind="latex")
    assert found.span is not None
    assert text[found.span.start : found.span.end] == "S_{ij}"
    assert [text[x.span.start : x.span.end] for x in found.labels] == ["K_{kd}"]
    assert found.label == "has `j`"


def test_a_finding_in_a_macros_argument_stands_in_the_argument():
    text = r"\newcommand{\half}[1]{\frac{1}{2} #1}" + "\n" + r"$S_{ij} = \half{Q_{id} K_{kd}}$"
    (found,) = ic.lint(text, kind="latex")
    assert [text[x.span.start : x.span.end] for x in found.labels] == ["K_{kd}"]


def test_the_document_says_which_letters_are_indices():
    """`v_i = u_j` alone may be two labels; where i and j are indices everywhere else, it is a slip."""
    alone = r"$v_i = u_j$"
    assert ic.lint(alone, kind="latex") == []
    document = r"$a_{ij} = b_{ji}$, $c_{ij} = d_{ij}$, $e_{ij} = f_{ij} + h_{ij}$." + "\n" + alone
    assert [(d.code, d.span and d.span.line) for d in ic.lint(document, kind="latex")] == [("IX101", 2)]


def test_strict_profiles_refuse_a_broadcast():
    text = r"\frac{\partial s_i}{\partial x_j} = s_i (\delta_{ij} - s_j)"
    assert ic.lint(text, kind="latex") == []
    assert [d.code for d in lint_source(Source(text, kind="latex"), Settings("einstein"))] == ["IX103"]


def test_declared_spaces_are_checked():
    text = "% ix: index b : batch\n% ix: index h : head\n$x_{bh} = y_{bh} + z_{bh}$\n$u_{bh} = y_{hb}$"
    found = ic.lint(text, kind="latex")
    assert [(d.code, d.span and d.span.line) for d in found] == [("IX201", 4), ("IX201", 4)]


def test_a_mark_takes_a_finding_back():
    assert ic.lint("$S_{ij} = Q_{id} K_{kd}$ % ix: ignore[IX101]\n", kind="latex") == []


@pytest.mark.parametrize("path", sorted(GALLERY.glob("*/*.idx")), ids=lambda p: p.stem)
def test_what_the_printer_writes_is_right(path: Path):
    text = ic.parse(path.read_text(encoding="utf-8")).latex()
    assert [str(d) for d in ic.lint(text, kind="latex") if d.severity != "note"] == []


def test_tables_in_the_documentation_name_codes_that_exist():
    """docs/papers.md says which code is for what; each of them is given by some equation here."""
    page = (GALLERY.parent.parent / "docs" / "papers.md").read_text(encoding="utf-8")
    page = page.partition("## Each equation by itself")[2].partition("## What is an index")[0]
    named = set(re.findall(r"IX\d{3}", page))
    assert len(named) > 8
    given = {d.code for text, _ in WRONG.values() for d in ic.lint(text, kind="latex")}
    assert named <= given
