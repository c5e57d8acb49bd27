"""Every form of the language and every reading rule: what is written, and the tree it must be."""

from __future__ import annotations

import pytest

from indexcalc.syntax.parse import parse_expression, parse_program
from indexcalc.syntax.tree import Reference
from tests.syntax.show import show

EXPRESSIONS = r"""
# product, quotient, power, sign
2 x[i]^2 y[j]               | (2 . (x[i] ** 2) . y[j])
a / b c                     | (a / b . c)
a b / c d                   | (a . b / c . d)
a * b · c × d ⋅ e           | (a * b * c * d * e)
1/2 x                       | (1 / 2 . x)
2x[i]                       | (2 . x[i])
2(a + b)                    | (2 . {(a + b)})
-x[i]^2                     | (-(x[i] ** 2))
-a b / c + d                | (-(a . b / c) + d)
a - b - c                   | (a - b - c)
a + (b + c)                 | (a + {(b + c)})
a - -b                      | (a - (-b))
a + -b c                    | (a + (-(b . c)))
(-a) + b                    | ({(-a)} + b)
a -b − c                    | (a - b - c)
a * -b c                    | (a * (-b) . c)
a / -b                      | (a / (-b))
2^-3^2                      | (2 ** (-(3 ** 2)))
2**3**x                     | (2 ** (3 ** x))
x**-0.5 y                   | ((x ** (-0.5)) . y)
x**n[i]                     | (x ** n[i])
x^(n + 1)                   | (x ** {(n + 1)})
(a + b) (c)                 | ({(a + b)} . {c})
(a + b)(c + d)^2            | ({(a + b)} . ({(c + d)} ** 2))
exp(x[i]) y[i]              | (exp(x[i]) . y[i])
exp (x[i])^2                | (exp(x[i]) ** 2)
x² + (a b)³ + 10²           | ((x ** 2) + ({(a . b)} ** 3) + (10 ** 2))
x⁻¹² y⁺²                    | ((x ** (-12)) . (y ** 2))
1e-5 + .5 + 2. + 1.5E+3     | (1e-5 + .5 + 2. + 1.5E+3)
2 pi · x × y                | (2 . pi * x * y)
# call or product
a (b + c)                   | (a . {(b + c)})
foo(b + c)                  | foo((b + c))
foo()                       | foo()
A[i,j] (b + c)              | (A[i, j] . {(b + c)})
A[i,j](b + c)               | (A[i, j] . {(b + c)})
A[i] + A(b)                 | (A[i] + (A . {b}))
A[i,j] + A_ij(b)            | (A[i, j] + (A_ij . {b}))
inv(A)[i,j] det (A) tr(A)   | (inv(A)[i, j] . det(A) . tr(A))
max(a, b) max[k](x[k])      | (max(a, b) . <max k: x[k]>)
sum(x) + mean (x)           | (sum(x) + mean(x))
softmax[j](s[j]) v[j]       | (<softmax j: s[j]> . v[j])
softmax[j] (s[j])^2         | (<softmax j: s[j]> ** 2)
sum[k,l](A[k,l])            | <sum k, l: A[k, l]>
sum_k(x_k) + sum_{k l}(A_kl) + sum_kl (A_kl) | (<sum k: x_k> + <sum k, l: A_kl> + <sum kl: A_kl>)
topk[e, 2](s[n, e])         | <topk e, 2: s[n, e]>
mean[b] + 1                 | (mean[b] + 1)
x[b] - mean[b]              | (x[b] - mean[b])
# references
C_ij + C_{ij} + C_{i j}     | (C_ij + C_{ij} + C_{i j})
Q_{seq_q head}              | Q_{seq_q head}
Q_{seq_q, head}             | Q_{seq_q head}
T^i_j + T^{i j}_{k} + T^i_j^k | (T^i_j + T^{i j}_{k} + T^i_j^k)
T^i_jk T^i_0 T_i^{j}_kl     | (T^i_jk . T^i_0 . T_i^{j}_kl)
T_{ij}^k T_{ij}^2           | (T_{ij}^k . (T_{ij} ** 2))
A_ij^2 + x^i + x^2          | ((A_ij ** 2) + x^i + (x ** 2))
T[^i, _j] delta[^i ^j, _k _l] | (T[^i, _j] . delta[^i^j, _k_l])
T[^0, _0, ^i', _j', _0']    | T[^0, _0, ^i', _j', _0']
x[T_{ij}, a_i, b[j]]        | x[T_{ij}, a_i, b[j]]
W_q[d, h] + W_q             | (W_q[d, h] + W_q)
A'[i,j] + A'_ij + inv(A)'[i,j] + A'' | (A'[i, j] + A'_ij + inv(A)'[i, j] + A'')
A'_{ij} inv(A)_{ij} inv(A)^i_j | (A'_{ij} . inv(A)_{ij} . inv(A)^i_j)
x_{i'} y[i'] T^i'_j T^k_i'  | (x_{i'} . y[i'] . T^i'_j . T^k_i')
\alpha_i β_j                | (α_i . β_j)
C_{\alpha\beta}             | C_{α β}
x_0 x_{0} x[0]              | (x_0 . x_{0} . x[0])
x[0] E[tok[b, t], d]        | (x[0] . E[tok[b, t], d])
x[b, c, p + k] x[2*i + 1] x[2i - 1] x[-i + 3] | (x[b, c, (p + k)] . x[((2 * i) + 1)] . x[((2 . i) - 1)] . x[(-i + 3)])
x_{p+k 2*i+1} F_{0i} F_{2 i} | (x_{(p + k) ((2 * i) + 1)} . F_{0 i} . F_{2 i})
F[(p,q)] - F[[p,q]] + F[[p,q],r] | (F[<sym p, q>] - F[<anti p, q>] + F[<anti p, q>, r])
F[(p + q) + 1] F[(p)]       | (F[({(p + q)} + 1)] . F[{p}])
T_{[ij]} + T_{(ij)k} + T_{k[ij]} + T^{[i j]} | (T_{<anti ij>} + T_{<sym ij> k} + T_{k[ij]} + T^{<anti i, j>})
R_{[ij][kl]} R_{(ij)(kl)} R_{i'[jk]} | (R_{<anti ij> <anti kl>} . R_{<sym ij> <sym kl>} . R_{i' <anti jk>})
x_{-1} + x^{i - 1} E_{tok[b t] d} | (x_{(-1)} + (x^{(i - 1)} . E_{tok[b, t] d}))
eps_ijk a_j b_k             | (eps_ijk . a_j . b_k)
Aᵢⱼ xⱼ x₀                   | (A_ij . x_j . x_0)
# conditions
where(j <= i and not m[i], S[i,j], -inf) | where(<<j <= i> and <not m[i]>>, S[i, j], (-inf))
where(0 ≤ i < j or a == b, 1, 0) | where(<<0 <= i < j> or <a == b>>, 1, 0)
where(a and b and c or d or not not e, 1, 0) | where(<<a and b and c> or d or <not <not e>>>, 1, 0)
a ≥ b ≠ c != d              | <a >= b != c != d>
a + b == c d                | <(a + b) == (c . d)>
(j <= i) S[i,j]             | ({<j <= i>} . S[i, j])
# derivatives
partial[i](f g)^2           | (<partial i: (f . g)> ** 2)
partial_i(f)                | <partial i: f>
∂_i f^2 g                   | (<∂_ i: (f ** 2)> . g)
∂_i (f g)^2                 | (<∂_ i: (f . g)> ** 2)
∂_i ∂_j f                   | <∂_ i: <∂_ j: f>>
∂^i f + ∂_{i j}(f) + ∂[i] f + \partial_\mu A_\nu | (<∂^ i: f> + <∂_ i, j: f> + <∂_ i: f> + <∂_ μ: A_ν>)
∂f/∂x_k + ∂/∂x_k f          | (<∂/∂ x_k: f> + <∂/∂ x_k: f>)
∂(f g)/∂x[k] h              | (<∂/∂ x[k]: (f . g)> . h)
diff(f, x[k])               | diff(f, x[k])
# einsum
einsum("b i, i j -> b j", x, W)[b, j] | einsum(«b i, i j -> b j», x, W)[b, j]
einsum('ij,jk', A, B') + A' | (einsum(«ij,jk», A, B') + A')
einsum(A, [0, 1], B, [..., 1], [i], []) | einsum(A, [0, 1], B, [..., 1], [i], [])
"""


def _rows(text: str) -> list[tuple[str, str]]:
    rows = [line.rsplit(" | ", 1) for line in text.splitlines() if line and not line.startswith("# ")]
    return [(a.strip(), b.strip()) for a, b in rows]


@pytest.mark.parametrize(("text", "wanted"), _rows(EXPRESSIONS), ids=lambda x: x)
def test_expression(text: str, wanted: str) -> None:
    tree, findings = parse_expression(text)
    assert findings == []
    assert show(tree) == wanted


PROGRAMS = {
    "declarations": (
        "index i, j : seq(L); index d : head(64)\nindex a, i' \nindex s : vocab\n"
        "tensor Q[i, d], K[j, d] symmetric(1,2) positive\ntensor T^a_{bc} antisymmetric(2,3)\n"
        "integer tok[b, t], seg[b] : vocab\nscalar lam positive, tau\nscalar eps\n"
        "metric g : spacetime\noutput O, P\nconvention einstein",
        """index i, j : seq(L)
index d : head(64)
index a, i'
index s : vocab
tensor Q[i, d], K[j, d] symmetric(1, 2) positive
tensor T^a_{bc} antisymmetric(2, 3)
integer tok[b, t], seg[b] : vocab
scalar lam positive, tau
scalar eps
metric g : spacetime
output O, P
convention einstein""",
    ),
    "functions": (
        "function f(x, n) = x(n + 1)\ny[i] = f (z[i], 2) g(z[i])\ng(x) = 1/x\ng(y) = 1/y\nsqrt(x) = x**0.5",
        """function f(x, n) = (x . {(n + 1)})
y[i] = (f(z[i], 2) . g(z[i]))
function g(x) = (1 / x)
g(y) = (1 / y)
sqrt(x) = (x ** 0.5)""",
    ),
    "no function": (
        "scalar h\nh(x) = 3\ny = h (z)\nT(A[i]) = 2\nw (x) = 1",
        "scalar h\n(h . {x}) = 3\ny = (h . {z})\nT(A[i]) = 2\n(w . {x}) = 1",
    ),
    "blank lines, comments and continuations": (
        "\ufeff# a comment\n\n y[i] = a[i] +   # goes on\n\n   b[i]  # done\n;;\n"
        "L = (\n a\n b)\nz =\n\tx\nindex p,\n q :\n s",
        "y[i] = (a[i] + b[i])\nL = {(a . b)}\nz = x\nindex p, q : s",
    ),
    "claims": (
        "A[p,q] B[q,r] == C[p,r]\ninv(A)[i,j] A[j,k] = delta[i,k]\nS[i,j] =\n  -where(i == j, 1, 0)\nx[i]",
        """bare <(A[p, q] . B[q, r]) == C[p, r]>
(inv(A)[i, j] . A[j, k]) = delta[i, k]
S[i, j] = (-where(<i == j>, 1, 0))
bare x[i]""",
    ),
    "a left side over two lines": ("a[i] +\n b[i] = c[i]; -a", "(a[i] + b[i]) = c[i]\nbare (-a)"),
    "names of built-ins that are declared": (
        "scalar det\ntensor norm[k]\ny = det (x) + det(x) + norm (x) + norm_{k}(x) + norm[k](x)",
        "scalar det\ntensor norm[k]\ny = ((det . {x}) + det(x) + (norm . {x}) + (norm_{k} . {x}) + <norm k: x>)",
    ),
    "a reduction is no tensor": ("y = mean[k](x[k]) + mean (x)", "y = (<mean k: x[k]> + mean(x))"),
    "a tensor is no function": ("y = f[i] + 1\nf(x) = 1", "y = (f[i] + 1)\n(f . {x}) = 1"),
    "an index known as a whole": (
        "index i_1, j : s\ny = T^i_1 + T^j_1 + T^i_1_j",
        "index i_1, j : s\ny = (T^i_1 + T^j_1 + T^i_1_j)",
    ),
    "keywords are names elsewhere": ("index = 3\ntensor[i] = index + x[i]", "index = 3\ntensor[i] = (index + x[i])"),
    "known names touching a bracket": (
        "scalar a\nindex i : s(D)\ny = a(b + c) + a (b) + D(a) + s(a) + u_ij(a)\nu_ij = 1\nv_i'= 2",
        "scalar a\nindex i : s(D)\n"
        "y = ((a . {(b + c)}) + (a . {b}) + (D . {a}) + s(a) + (u_ij . {a}))\nu_ij = 1\nv_i' = 2",
    ),
    "a tensor named like a reduction": (
        "var[b] = var[i](x[b,i])\ny[b] = sqrt(var[b] + eps) var[b] max_k\nmax_k = max_k(x_k)\nsum_k = 1\nz = sum_k (x)",
        """var[b] = <var i: x[b, i]>
y[b] = (sqrt((var[b] + eps)) . var[b] . max_k)
max_k = (max_k . {x_k})
sum_k = 1
z = (sum_k . {x})""",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_program(name: str, newline: str) -> None:
    text, wanted = PROGRAMS[name]
    parsed, findings = parse_program(text.replace("\n", newline))
    assert findings == []
    assert "\n".join(map(show, parsed.statements)) == wanted


def test_an_empty_text_is_an_empty_program() -> None:
    for text in ("", "\ufeff", " \r\n# nothing\n;\n"):
        parsed, findings = parse_program(text)
        assert (parsed.statements, findings) == ((), [])


def test_an_upper_index_is_one_name_only_where_it_is_known() -> None:
    for known, scripts in (([], 2), (["i_1"], 1)):
        tree, _ = parse_expression("T^i_1", known=known)
        assert isinstance(tree, Reference)
        assert len(tree.scripts) == scripts


def test_known_names_decide_products_and_calls() -> None:
    assert show(parse_expression("a(b)")[0]) == "a(b)"
    assert show(parse_expression("a(b)", known=["a"])[0]) == "(a . {b})"
    assert show(parse_expression("a (b)")[0]) == "(a . {b})"
    assert show(parse_expression("a (b)", functions=["a"])[0]) == "a(b)"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r"y = \alpha + α", "y = (α + α)"),
        (r"y = alpha + \alpha + α + alpha2 + α2", "y = (alpha + alpha + alpha + alpha2 + alpha2)"),
        (r"y = \Gamma_i \varepsilon_ijk \epsilon ε ϵ", "y = (Γ_i . ε_ijk . ε . ε . ε)"),
        (r"y = \phi \varphi φ ϕ", "y = (φ . ϕ . φ . ϕ)"),
        (r"y = W_\alpha_i A_pi + 2 \pi", "y = ((W_α_i . A_pi) + (2 . pi))"),
        ("y = µ + μ + Ω", "y = (μ + μ + Ω)"),
    ],
)
def test_greek(text: str, wanted: str) -> None:
    parsed, findings = parse_program(text)
    assert findings == []
    assert show(parsed.statements[0]) == wanted


def test_every_greek_letter_has_three_spellings() -> None:
    from indexcalc.syntax.greek import LETTERS

    assert len(LETTERS) == 42
    for word, letter in LETTERS.items():
        for spelling in (f"\\{word}", letter):
            tree, findings = parse_expression(f"{spelling}[i]")
            assert findings == []
            assert show(tree) == f"{letter}[i]"
        assert show(parse_expression(f"{word}[i] + {letter}")[0]) == f"({word}[i] + {word})" or word == "varepsilon"


def test_a_program_s_spelling_wins_in_expressions_beside_it() -> None:
    assert show(parse_expression(r"γ[i] \gamma_i gamma", known=["gamma"])[0]) == "(gamma[i] . gamma_i . gamma)"
    assert show(parse_expression(r"gamma[i]", known=["γ"])[0]) == "γ[i]"
