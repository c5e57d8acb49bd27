"""The LaTeX of laws and notes as a line of plain text, with Unicode's subscripts and signs or in ASCII.

It reads the LaTeX that our own rules are written in: commands, groups, scripts, fractions and roots.  A command it does
not know loses its backslash, so that a law is never lost.
"""

from __future__ import annotations

import re

from ..syntax.greek import LETTERS

_UNICODE = {
    **LETTERS, "varepsilon": "ε", "varphi": "φ",
    "partial": "∂", "nabla": "∇", "sum": "Σ", "prod": "∏", "int": "∫", "infty": "∞", "cdot": "·", "times": "×",
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "to": "→", "rightarrow": "→", "mapsto": "↦",
    "Rightarrow": "⇒", "in": "∈", "notin": "∉", "forall": "∀", "equiv": "≡", "approx": "≈", "dots": "…", "ldots": "…",
    "cdots": "⋯", "top": "ᵀ", "prime": "′", "pm": "±", "ell": "ℓ", "land": "∧", "wedge": "∧", "lor": "∨", "vee": "∨",
    "neg": "¬", "lnot": "¬", "odot": "⊙", "otimes": "⊗", "circ": "∘", "star": "⋆", "mid": "|", "vert": "|",
    "lVert": "‖", "rVert": "‖", "Vert": "‖", "langle": "⟨", "rangle": "⟩",
}  # fmt: skip
_ASCII = {
    "partial": "d", "nabla": "nabla", "infty": "inf", "cdot": "*", "times": "*", "le": "<=", "leq": "<=", "ge": ">=",
    "geq": ">=", "ne": "!=", "neq": "!=", "to": "->", "rightarrow": "->", "mapsto": "->", "Rightarrow": "=>",
    "equiv": "==", "approx": "~=", "dots": "...", "ldots": "...", "cdots": "...", "top": "T", "prime": "'", "pm": "+-",
    "ell": "l", "land": "and", "wedge": "and", "lor": "or", "vee": "or", "neg": "not ", "lnot": "not ", "mid": "|",
    "vert": "|", "lVert": "||", "rVert": "||", "Vert": "||", "langle": "<", "rangle": ">", "odot": ".*",
    "varepsilon": "epsilon", "varphi": "phi",
}  # fmt: skip
_SKIP = {
    "left",
    "right",
    "big",
    "Big",
    "bigl",
    "bigr",
    "Bigl",
    "Bigr",
    "displaystyle",
    "textstyle",
    "limits",
    "nolimits",
    "!",
}
_SPACE = {",", ";", ":", " ", "quad", "qquad", "enspace", "thinspace"}
_UPRIGHT = {"operatorname", "mathrm", "text", "mathit", "mathbf", "mathsf", "textbf", "textit", "mathop"}
_ACCENT = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307", "overline": "\u0304"}
_SPACED = set("=<>≤≥≠→↦⇒∈≡≈") | {"<=", ">=", "!=", "->", "=>", "==", "~=", "and", "or"}
_LOW = dict(zip("0123456789+-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ"))
_HIGH = dict(zip("0123456789+-=()abcdefghijklmnoprstuvwxyzTᵀ′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀᵀ′"))
_TOKEN = re.compile(r"\\operatorname\*|\\[A-Za-z]+|\\.|[{}_^]|\s+|[A-Za-z]+|[0-9.]+|.", re.S)


def plain_math(latex: str, *, unicode: bool) -> str:
    """One line of text for a LaTeX formula.

    >>> plain_math(r"\\sum_{j} \\delta_{ij} x_{j} = x_{i}", unicode=True)
    'Σⱼ δᵢⱼ xⱼ = xᵢ'
    >>> plain_math(r"\\frac{\\partial x_i}{\\partial x_k} = \\delta_{ik}", unicode=False)
    'dx_i/dx_k = delta_{ik}'
    """
    return _Reader(latex, unicode).all()


class _Reader:
    """A recursive-descent reader over tokens; laws are short, and groups nest a few levels at most."""

    def __init__(self, latex: str, unicode: bool) -> None:
        self.tokens: list[str] = _TOKEN.findall(latex)
        self.at = 0
        self.unicode = unicode
        self.signs = _UNICODE if unicode else _ASCII

    def all(self) -> str:
        parts = []
        while self.at < len(self.tokens):
            parts.append(self.piece())
        text = re.sub(r" +", " ", "".join(parts)).strip()
        return re.sub(r" (?=[),])|(?<=\() ", "", text)

    def piece(self) -> str:
        """One token with what belongs to it."""
        token = self.tokens[self.at]
        self.at += 1
        if token == "{":
            return self.rest_of_group()
        if token == "}":
            return ""
        if token in "_^":
            return self.script(token == "^", self.argument())
        if token.startswith("\\"):
            return self.command(token[1:])
        if token.isspace():
            return " "
        if token == "&":
            return ""
        return f" {token} " if token in _SPACED else token

    def rest_of_group(self) -> str:
        parts = []
        while self.at < len(self.tokens) and self.tokens[self.at] != "}":
            parts.append(self.piece())
        self.at += 1
        return "".join(parts)

    def argument(self) -> str:
        """A group, or the next character: `x_ij` has the script i."""
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        if self.at >= len(self.tokens):
            return ""
        token = self.tokens[self.at]
        if token[0] in "\\{" or len(token) == 1:
            return self.piece().strip()
        self.tokens[self.at] = token[1:]
        return token[0]

    def command(self, name: str) -> str:
        if name in _SKIP:
            return ""
        if name in _SPACE:
            return " "
        if name in ("frac", "tfrac", "dfrac"):
            above, below = self.argument(), self.argument()
            return f"{_grouped(above)}/{_grouped(below)} "
        if name == "sqrt":
            inside = self.argument()
            return f"√{_grouped(inside)}" if self.unicode else f"sqrt({inside})"
        if name.rstrip("*") in _UPRIGHT:
            return self.argument()
        if name in _ACCENT:
            inside = self.argument()
            return inside + _ACCENT[name] if self.unicode else f"{name}({inside})"
        if name in ("{", "}", "_", "%", "&", "#", "$"):
            return name
        sign: str = self.signs.get(name, name)
        if sign in _SPACED:
            return f" {sign} "
        if name == "partial":  # the d of a derivative belongs to what follows it
            while self.at < len(self.tokens) and self.tokens[self.at].isspace():
                self.at += 1
        return sign

    def script(self, upper: bool, inside: str) -> str:
        if not inside:
            return ""
        compact = inside.replace(" ", "").replace(",", "") if re.fullmatch(r"(\w'*[, ]*)+", inside) else inside
        table = _HIGH if upper else _LOW
        if self.unicode and compact and all(c in table for c in compact):
            return "".join(table[c] for c in compact)
        mark = "^" if upper else "_"
        return f"{mark}{inside}" if len(inside) == 1 else f"{mark}{{{inside}}}"


def _grouped(text: str) -> str:
    """Brackets around what a slash would tear apart."""
    text = text.strip()
    torn = re.search(r"[ +\-*/·]", text) and not re.fullmatch(r"(∂|d)?\([^()]*\)", text)
    return f"({text})" if torn else text
