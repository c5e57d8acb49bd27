"""What is right but looks risky, and slips of single indices: relativity, mechanics, machine learning."""

from __future__ import annotations

import pytest

import indexcalc as ic

RIGHT = (
    r"x_{1} = r \cos\theta_i",
    r"\sigma_{xx} = C_{11}\varepsilon_{xx} + C_{12}\varepsilon_{yy}",
    r"x_{t+1} = A x_t + B u_t",
    r"h_t = \sigma(W_{hh} h_{t-1} + W_{xh} x_t + b_h)",
    r"y_{bi} = W_{ij} x_{bj} + b_i",
    r"\partial_t u_i + u_j \partial_j u_i = -\partial_i p + \nu \partial_j \partial_j u_i",
    r"\sigma_{ij,j} + \rho b_i = \rho \ddot{u}_i",
    r"\lambda_i v_{ij} = A_{jk} v_{ik} \quad\text{(no sum over } i)",
    r"D_{ij} = \lambda_i \delta_{ij}",
    r"\Lambda_{ii} = \lambda_i",
    r"A_{ij} = U_{ik} \Lambda_{kk} V_{jk}",
    r"y_i = a_i b_i + c_i",
    r"h^{(l)}_i = \phi\left(\sum_j W^{(l)}_{ij} h^{(l-1)}_j + b^{(l)}_i\right)",
    r"E = \sum_{i<j} \frac{q_i q_j}{|r_i - r_j|}",
    r"\mathbb{E}_{x \sim p}[f_i(x)] = \sum_x p(x) f_i(x)",
    r"\ell = \sum_{n=1}^N \log p(y_n \mid x_n, \theta)",
    r"\|x\|_2^2 = \sum_i x_i^2",
    r"(AB)^T_{ij} = \sum_k A_{jk} B_{ki}",
    r"\psi^*_i \psi_i = |\psi_i|^2",
    r"\sigma_i \sigma_j = \delta_{ij} + i \epsilon_{ijk} \sigma_k",
    r"\{\gamma^\mu, \gamma^\nu\} = 2 g^{\mu\nu}",
    r"\Gamma_{\lambda\mu\nu} = \tfrac12(\partial_\mu g_{\lambda\nu} + \partial_\nu g_{\lambda\mu} - "
    r"\partial_\lambda g_{\mu\nu})",
    r"\mathrm{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^K e^{z_j}}",
    r"\alpha_{ij} = \frac{\exp(e_{ij})}{\sum_{k} \exp(e_{ik})}",
    r"p_{ij} = \frac{p_{j|i} + p_{i|j}}{2n}",
    r"\mathcal{L} = -\frac12 F_{\mu\nu} F^{\mu\nu} + \bar\psi (i \gamma^\mu D_\mu - m)\psi",
    r"R_{\mu\nu} - \frac12 R g_{\mu\nu} + \Lambda g_{\mu\nu} = \frac{8\pi G}{c^4} T_{\mu\nu}",
    r"x_i^{(k+1)} = \frac{1}{a_{ii}}\left(b_i - \sum_{j \neq i} a_{ij} x_j^{(k)}\right)",
    r"C_{ij} = \frac{1}{N-1}\sum_{n=1}^N (x_{ni} - \bar x_i)(x_{nj} - \bar x_j)",
    r"\rho_{ij} = \frac{C_{ij}}{\sqrt{C_{ii} C_{jj}}}",
    r"\gamma_{xy} = 2 \varepsilon_{xy}",
    r"\varepsilon_{ij} = \frac12 (u_{i,j} + u_{j,i})",
    r"\sigma_I = C_{IJ} \varepsilon_J",
    r"T^a_{ij} T^a_{kl} = \frac12(\delta_{il}\delta_{jk} - \frac1N \delta_{ij}\delta_{kl})",
    r"k_{i,\mathrm{in}} = \sum_j A_{ij}",
    r"p_\theta(x_t \mid x_{<t})",
    r"\hat\beta_j = \frac{\sum_i x_{ij} y_i}{\sum_i x_{ij}^2}",
    r"q_i = -k_{ij} T_{,j}",
    r"z_i = \sum_{j \in \mathcal{N}(i)} a_{ij} W h_j",
    r"\frac{\partial L}{\partial b_j} = \sum_i \delta_{ij}",
    r"\frac{d x_i}{dt} = \alpha_i x_i - \sum_j \beta_{ij} x_i x_j",
    r"x_i \leftarrow x_i - \eta \frac{\partial L}{\partial x_i}",
    r"\det A = \epsilon_{ijk} A_{1i} A_{2j} A_{3k}",
    r"m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t",
    r"W_{ij} \sim \mathcal{N}(0, \sigma_i^2)",
    r"\langle \phi_i | H | \phi_j \rangle = H_{ij}",
    r"\text{Attention}(Q,K,V)_{ij} = \sum_k P_{ik} V_{kj}",
    r"\mu_B = \frac{1}{m}\sum_{i=1}^m x_i, \quad \hat x_i = \frac{x_i - \mu_B}{\sqrt{\sigma_B^2 + \epsilon}}",
    r"\gamma_{ij}\gamma^{jk} = \delta_i^k",
    r"\partial_t \gamma_{ij} = -2\alpha K_{ij} + D_i \beta_j + D_j \beta_i",
    r"u^\mu u_\mu = -1",
    r"\Delta w_{ij} = -\eta\, \delta_j\, o_i",
    r"J_{ij} = \frac{\partial f_i}{\partial x_j}",
    r"A_{ij} x_i x_j = \lambda",
    r"\sum_i p_i = 1",
    r"x_i = \mathbf{e}_i^\top x",
    r"y_{n,c} = \sum_{h,w} K_{c,h,w} x_{n,h,w}",
    r"\bar\psi_{\dot\alpha} \sigma^{\mu\,\dot\alpha\alpha}\partial_\mu\psi_\alpha = 0",
    r"F_i = m_i a_i",
    r"c_{ij} = a_i + b_j",
    r"r_{ij} = r_i - r_j",
    r"\eta_{\mu\nu} = \mathrm{diag}(-1,1,1,1)",
    r"M_{ii} = \sum_j K_{ij}",
    r"a_{n} = \frac{2}{L} \int_0^L f(x) \sin\frac{n\pi x}{L} dx",
    r"f_i(x + h e_j) \approx f_i(x) + h \partial_j f_i(x)",
    r"T_{ijk} = \sum_{r=1}^R a_{ir} b_{jr} c_{kr}",
    r"X_{:,i} = U_{:,k} S_{k} V_{i,k}",
    r"\dot q_i = \frac{\partial H}{\partial p_i}, \quad \dot p_i = -\frac{\partial H}{\partial q_i}",
    r"L = \frac12 m_i \dot q_i^2 - V(q)",
    r"\tau_i = M_{ij}\ddot q_j + C_{ijk}\dot q_j \dot q_k + g_i",
)

WRONG = (
    r"S_{ij} = Q_{id} K_{kd}",
    r"T_{\mu\nu} = \rho u_\mu u_\rho",
    r"\sigma_{ij} = C_{ijkl} \varepsilon_{km}",
    r"\nabla_\mu F^{\mu\nu} = J^\mu",
    r"y_{bi} = W_{ij} x_{bk} + c_i",
    r"R_{\mu\nu} - \frac12 R g_{\mu} = 8 \pi T_{\mu\nu}",
    r"\sigma_{ij} = \lambda \varepsilon_{kk} \delta_{ij} + 2\mu\varepsilon_{i}",
    r"C_{ij} = \sum_k A_{ik} B_{k}",
    r"\rho \dot u_i = \sigma_{ij,j} + f_j",
    r"\frac{\partial L}{\partial W_{ij}} = \sum_n \delta_{ni} x_{n}",
    r"G_{\mu\nu} = g^{\alpha\alpha} R_{\mu\alpha\nu\beta}",
    r"\dot u_i = u_j u_{i,j} + \sigma_{jj,j}",
    r"T^{\mu\nu} = F^{\mu\alpha} F^\nu{}_\alpha + g^{\mu\nu} F_{\alpha\alpha} F^{\alpha\beta}",
    r"\nabla_\mu V^\nu = \partial_\mu V^\nu + \Gamma^\nu_{\mu\nu} V^\nu",
    r"C_{ij} = \sum_i A_{ik} B_{kj}",
    r"v_i = \epsilon_{ijk} a_i b_k",
    r"y_i = \sum_i W_{ij} x_j",
    r"T_{\mu\nu} = \rho u_\mu u_\nu + p g^{\mu\nu}",
    r"\Gamma^\lambda_{\mu\nu} = \frac12 g^{\lambda\sigma}(\partial_\mu g_{\nu\sigma} + \partial_\nu "
    r"g_{\mu\sigma} - \partial^\sigma g_{\mu\nu})",
    r"s_i = \sum_{n=1}^n x_{ni}",
    r"\mu_j = \frac{1}{m}\sum_{i=1}^i x_{ij}",
    r"y_i = \sum_k W_{ij} x_j",
    r"\bar x_j = \frac1N\sum_{n=1}^N x_{ij}",
    r"E = \frac12 \sum_{i,j} k_{il} u_i u_l",
    r"K_{ab} = \sum_c \phi_{ad}\phi_{bd}",
    r"p_i = \frac{e^{z_i}}{\sum_j e^{z_k}}",
    r"O_{ia} = \sum_j P_{ij} V_{ka}",
    r"A_{\mu\nu} = B_{\mu\rho} C_{\sigma\nu}",
    r"R^\rho{}_{\sigma\mu\nu} = \partial_\mu\Gamma^\rho_{\nu\sigma} - \partial_\nu\Gamma^\rho_{\mu\sigma} "
    r"+ \Gamma^\rho_{\mu\lambda}\Gamma^\lambda_{\nu\sigma} - \Gamma^\rho_{\nu\lambda}\Gamma^\lambda_{\mu\rho}",
    r"\partial_{\mu} F_{\nu\lambda} + \partial_\nu F_{\lambda\mu} + \partial_\lambda F_{\mu\mu} = 0",
    r"\varepsilon_{ij} = \frac12(u_{i,j} + u_{i,k})",
    r"\sigma_{ij} = \lambda \varepsilon_{kk}\delta{ij} + 2\mu\varepsilon_{ij}",
    r"\tau_i = M_{ij} \ddot q_j + C_{ijk} \dot q_j \dot q_j + g_i",
    r"\delta^{(l)}_j = \sum_k W^{(l+1)}_{kj} \delta^{(l+1)}_i f'(z_j)",
    r"h_{ti} = \sum_j W_{ij} x_{tk}",
    r"\frac{\partial L}{\partial x_i} = \sum_j \frac{\partial L}{\partial y_j}\frac{\partial y_k}{\partial x_i}",
    r"C_{ij} = \frac1N \sum_n (x_{ni} - \mu_i)(x_{nk} - \mu_k)",
    r"F_{\mu\nu} = \partial_\mu A_\nu - \partial_\nu A_\nu",
    r"\ddot x^\mu + \Gamma^\mu_{\alpha\beta} \dot x^\alpha \dot x^\alpha = 0",
    r"L_i = \epsilon_{ijk} r_j p_l",
    r"P_{ij} = \delta_{ij} - n_i n_k",
    r"I_{ij} = \sum_a m_a (r_a^2 \delta_{ij} - r_{ai} r_{ak})",
    r"f_{abc} f_{abd} = N \delta_{ce}",
    r"\psi_{ab} = \phi_{ac} \chi_{cb} + \phi_{ad}\chi_{ab}",
    r"\nabla_\mu T^{\mu\nu} = F^{\nu\lambda} J_\mu",
    r"\Lambda^\mu{}_\alpha \Lambda^\nu{}_\beta \eta_{\mu\nu} = \eta_{\alpha\gamma}",
    r"K_{ij} = \frac{1}{2\alpha}(D_i \beta_j + D_j \beta_k - \partial_t\gamma_{ij})",
    r"x'_i = R_{ij} x_j + t_k",
    r"\frac{\partial \sigma_{ij}}{\partial x_j} + b_i = \rho \frac{\partial^2 u_j}{\partial t^2}",
    r"S_{bhij} = \frac{1}{\sqrt d}\sum_d Q_{bhid} K_{bhkd}",
    r"g_{\mu\nu} g^{\nu\lambda} = \delta_\mu^\nu",
)


def serious(text: str) -> list[str]:
    return [str(d) for d in ic.lint(text, kind="latex") if d.severity != "note"]


@pytest.mark.parametrize("text", RIGHT)
def test_what_looks_risky_but_is_right_is_left_alone(text):
    assert serious(text) == []


@pytest.mark.parametrize("text", WRONG)
def test_slips_are_found(text):
    assert serious(text) != []


@pytest.mark.parametrize("text", WRONG[::3])
def test_slips_are_found_in_a_document_through_macros_and_the_place_is_theirs(text):
    head = r"\newcommand{\eqq}[2]{#1 = #2}" + "\n" + r"\begin{document}Text $a_i$." + "\n"
    left, _, right = text.partition("=")
    document = (
        head + r"\begin{align} p &= q \\ \eqq{" + left.strip() + "}{" + right.strip() + "}" + "\n" + r"\end{align}"
    )
    found = [d for d in ic.lint(document, kind="latex") if d.severity != "note"]
    assert {d.code for d in found} == {d.code for d in ic.lint(text, kind="latex") if d.severity != "note"}
    for d, alone in zip(found, [d for d in ic.lint(text, kind="latex") if d.severity != "note"], strict=True):
        assert document[d.span.start : d.span.end] == text[alone.span.start : alone.span.end]


def test_a_tensor_is_a_coefficient_elsewhere():
    right = r"C_{ijkl} = a \delta_{ij} \delta_{kl} + b \delta_{ik} \delta_{jl} + c \delta_{il} \delta_{jk}"
    assert ic.lint(right, kind="latex") == []
    wrong = right.replace(r"c \delta_{il} \delta_{jk}", "c a_{il} a_{jk}")
    assert [(d.code, wrong[d.span.start : d.span.end]) for d in ic.lint(wrong, kind="latex")] == [("IX116", "a_{il}")]
    trace = r"G_{ij} = R_{ij} - \frac12 R g_{ij} + a R_{ik} R_{kj}"
    assert ic.lint(trace, kind="latex") == []


def test_delta_with_one_index_needs_a_definition():
    text = r"$\frac{\partial L}{\partial W_{ij}} = \delta_i x_j$"
    assert [(d.code, d.severity) for d in ic.lint(text, kind="latex")] == [("IX258", "note")]
    assert ic.lint(text + r" where $\delta_i$ is the error", kind="latex") == []
    assert ic.lint(r"$\frac{\partial x_i}{\partial x_j} = \delta_{ij}$", kind="latex") == []
