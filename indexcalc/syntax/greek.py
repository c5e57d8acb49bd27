r"""One name, one spelling: `alpha`, `\alpha` and α are the same name, spelt as a file's author types it.

The bare word wins wherever a file uses it (it is what a caller writes as a keyword argument); else it is the letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_SMALL = (
    "alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν xi ξ omicron ο "
    "pi π rho ρ sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω"
)
_CAPITAL = "Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω"
# Papers keep φ and ϕ apart, but write ε and ϵ for the one Levi-Civita symbol.
_VARIANT = "varepsilon ε vartheta ϑ varkappa ϰ varpi ϖ varrho ϱ varsigma ς varphi ϕ"


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2]))


LETTERS: Mapping[str, str] = _pairs(f"{_SMALL} {_CAPITAL} {_VARIANT}")  # word -> letter
WORDS: Mapping[str, str] = {
    letter: word for word, letter in reversed(list(LETTERS.items()))
}  # letter -> its first word
_COMMANDS: Mapping[str, str] = {**LETTERS, "ell": "ℓ", "hbar": "ħ"}
_TWINS = str.maketrans({"ϵ": "ε", "µ": "μ", "Ω": "Ω"})  # other code points of the same letter
_SUBSCRIPTS = str.maketrans(dict(zip("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", "0123456789aehijklmnoprstuvxβγρφχ")))
_COMMAND = re.compile(r"\\([A-Za-z]+)")
SUBSCRIPT = re.compile("(?<!_)([₀-₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ]+)")
_PART = re.compile(r"([^\W\d_]+)(\d*)")


def unknown_command(text: str) -> str:
    r"""The first TeX command in a name that is no letter, or "".

    >>> unknown_command(r"\alpha_\foo"), unknown_command(r"\alpha")
    ('\\foo', '')
    """
    return next((m[0] for m in _COMMAND.finditer(text) if m[1] not in _COMMANDS), "")


def letters(text: str) -> str:
    r"""Commands as letters, Unicode subscripts behind an underscore.

    >>> letters(r"\alpha_\beta"), letters("xᵢⱼ"), letters("x₀")
    ('α_β', 'x_ij', 'x_0')
    """
    if text.isascii() and "\\" not in text:
        return text
    text = _COMMAND.sub(lambda m: _COMMANDS.get(m[1], m[0]), text)
    text = SUBSCRIPT.sub(lambda m: "_" + m[1], text).translate(_SUBSCRIPTS)
    return text.translate(_TWINS)


def greek_parts(text: str) -> Iterable[tuple[str, str]]:
    """The (letters, digits) of the parts between underscores that are one Greek letter, in words or as a letter."""
    for part in text.split("_"):
        found = _PART.fullmatch(part)
        if found and (found[1] in LETTERS or found[1] in WORDS):
            yield found[1], found[2]


class Spelling:
    r"""How one file spells its Greek names, learnt from all of them.

    >>> Spelling(["gamma", r"\gamma", "β"]).of(r"\gamma_i"), Spelling([r"\gamma", "β"]).of(r"\gamma_i")
    ('gamma_i', 'γ_i')

    `given` are names spelt already, by a program that an expression is read beside; their spelling wins.

    >>> Spelling(["gamma"], given=["γ"]).of("gamma")
    'γ'
    """

    def __init__(self, raw: Iterable[str], given: Iterable[str] = ()) -> None:
        self._rewrite: dict[str, str] = {}
        fixed = {part for text in given for part, _ in greek_parts(text)}
        used = {part for text in raw for part, _ in greek_parts(letters(text))} | fixed
        for letter, word in WORDS.items():
            if letter in used and word in used:
                if letter in fixed and word not in fixed:
                    self._rewrite[word] = letter
                else:
                    self._rewrite[letter] = word

    def of(self, raw: str) -> str:
        """The name's one spelling."""
        text = letters(raw)
        if not self._rewrite:
            return text
        return "_".join(self._part(p) for p in text.split("_"))

    def _part(self, part: str) -> str:
        found = _PART.fullmatch(part)
        return self._rewrite.get(found[1], found[1]) + found[2] if found else part


def same_name(a: str, b: str) -> bool:
    r"""Whether two spellings are one name.

    >>> same_name("alpha", "α"), same_name(r"\alpha_i", "alpha_i"), same_name("a", "α")
    (True, True, False)
    """
    return fold(a) == fold(b)


def spelt(names: Iterable[str], known: Iterable[str]) -> list[str]:
    r"""Each name as one of the known ones spells it, where one does.

    >>> spelt(["alpha", "b"], ["α", "x"])
    ['α', 'b']
    """
    own = list(known)
    return [n if n in own else next((k for k in own if same_name(k, n)), n) for n in names]


def fold(name: str) -> str:
    """The name with every Greek word as its letter: a key that all spellings share.

    >>> fold("grad_gamma"), fold("W_q")
    ('grad_γ', 'W_q')
    """
    return "_".join(
        LETTERS.get(m[1], m[1]) + m[2] if (m := _PART.fullmatch(part)) else part for part in letters(name).split("_")
    )
