"""Matrix terms as Unicode, ASCII and LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from ..ir.build import lowest
from ..ir.latex import name_latex
from ..ir.numbers import magnitude_text
from ..syntax.greek import WORDS
from .algebra import parts, scaled
from .nodes import (
    SCALAR,
    Chain,
    Diag,
    Diagonal,
    ElementPower,
    Hadamard,
    Identity,
    Map,
    MatrixPower,
    Norm,
    Number,
    OfMatrix,
    Ones,
    Reduced,
    Scaled,
    Size,
    Softmax,
    Symbol,
    Term,
    Total,
    Transpose,
)

ADD, TIMES, PRODUCT, POSTFIX, ATOM = range(5)
_HIGH = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_COMMANDS = frozenset(("exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "max", "min", "det"))


class Writer:
    """Unicode.  Each method gives a text and how tightly it holds together."""

    times, over, unit, minus = " ⊙ ", " ⊘ ", "1", "−"

    def at(self, term: Term, level: int) -> str:
        text, own = self.write(term)
        return text if own >= level else self.bracket(text)

    def write(self, term: Term) -> tuple[str, int]:
        method: Callable[[Term], tuple[str, int]] = getattr(self, type(term).__name__.lower())
        return method(term)

    def bracket(self, text: str) -> str:
        return f"({text})"

    # ---- leaves -------------------------------------------------------------------------------------
    def symbol(self, t: Symbol) -> tuple[str, int]:
        return t.name, ATOM

    def number(self, t: Number) -> tuple[str, int]:
        text = self.magnitude(abs(t.value))
        return (f"{self.minus}{text}", ADD) if t.value < 0 else (text, TIMES if "/" in text else ATOM)

    def magnitude(self, value: Fraction) -> str:
        return magnitude_text(lowest(value))

    def size(self, t: Size) -> tuple[str, int]:
        known = t.space.extent
        return self.symbol(Symbol(str(known), 0)) if known is not None else (f"|{t.space.name}|", ATOM)

    def identity(self, t: Identity) -> tuple[str, int]:
        return "I", ATOM

    def ones(self, t: Ones) -> tuple[str, int]:
        return self.unit, ATOM

    # ---- operations ---------------------------------------------------------------------------------
    def transpose(self, t: Transpose) -> tuple[str, int]:
        if isinstance(t.of, MatrixPower) and t.of.exponent == -1:
            return self.raised(self.at(t.of.base, ATOM), "-T"), POSTFIX
        return self.raised(self.at(t.of, ATOM), "T"), POSTFIX

    def raised(self, text: str, exponent: str) -> str:
        if "/" in exponent or "∘" in exponent:
            return f"{text}^{exponent}" if "/" not in exponent else f"{text}^({exponent})"
        return text + exponent.translate(_HIGH).replace("T", "ᵀ")

    def chain(self, t: Chain) -> tuple[str, int]:
        return " ".join(self.at(f, POSTFIX) for f in t.factors), PRODUCT

    def hadamard(self, t: Hadamard) -> tuple[str, int]:
        above = [f for f in t.factors if not _divides(f)]
        below = [element_inverse(f) for f in t.factors if _divides(f)]
        text = self.times.join(self.at(f, POSTFIX) for f in above) or self.unit
        return text + "".join(self.over + self.at(f, POSTFIX) for f in below), TIMES

    def scaled(self, t: Scaled) -> tuple[str, int]:
        number = abs(t.coefficient)
        inverse = number.numerator == 1 and number != 1
        plain = [s for s in t.scalars if not _divides(s)]
        below = [self.at(element_inverse(s), POSTFIX) for s in t.scalars if _divides(s)]
        if inverse:
            below.insert(0, str(number.denominator))
        alone = len(plain) + (t.body is not None) == 1 and (number == 1 or inverse)
        level = self.alone(bool(below)) if alone else POSTFIX
        above = [self.at(s, level) for s in plain]
        if number != 1 and not inverse:
            above.insert(0, self.at(Number(number), ATOM))
        if t.body is not None:
            above.append(self.at(t.body, PRODUCT if not alone else level))
        text = self.quotient(above, below)
        return (self.minus + text, ADD) if t.coefficient < 0 else (text, TIMES if below else PRODUCT)

    def alone(self, divided: bool) -> int:
        """How tightly the one thing in front of a quotient's stroke, or behind a sign, has to hold together."""
        return PRODUCT if divided else TIMES

    def quotient(self, above: list[str], below: list[str]) -> str:
        text = " ".join(above) or "1"
        if not below:
            return text
        return f"{text} / {below[0]}" if len(below) == 1 else f"{text} / ({' '.join(below)})"

    def total(self, t: Total) -> tuple[str, int]:
        out = ""
        for term in t.terms:
            negative = parts(term)[0] < 0
            text = self.at(_negated(term), TIMES) if negative else self.at(term, TIMES)
            sign = self.minus if negative else "+"
            out += f" {sign} {text}" if out else (self.minus + text if negative else text)
        return out, ADD

    def matrixpower(self, t: MatrixPower) -> tuple[str, int]:
        return self.raised(self.at(t.base, ATOM), str(t.exponent)), POSTFIX

    def elementpower(self, t: ElementPower) -> tuple[str, int]:
        if t.exponent == Fraction(1, 2):
            return self.root(t.base), ATOM
        if t.base.shape != SCALAR:
            if t.exponent == -1:
                return f"{self.unit}{self.over}{self.at(t.base, POSTFIX)}", TIMES
            return self.elementwise(self.at(t.base, ATOM), t.exponent), POSTFIX
        if t.exponent < 0:
            return self.quotient([], [self.at(element_inverse(t), POSTFIX)]), TIMES
        return self.raised(self.at(t.base, ATOM), str(t.exponent)), POSTFIX

    def elementwise(self, base: str, exponent: Fraction) -> str:
        return f"{base}^∘{exponent}" if exponent.denominator == 1 else f"{base}^∘({exponent})"

    def root(self, base: Term) -> str:
        text = self.at(base, ATOM)
        return f"√{text}" if text.startswith("(") or text.isalnum() else f"√({text})"

    # ---- functions ----------------------------------------------------------------------------------
    def call(self, name: str, *arguments: Term) -> str:
        return f"{name}({', '.join(self.at(a, ADD) for a in arguments)})"

    def map(self, t: Map) -> tuple[str, int]:
        return self.call(t.function, *t.arguments), ATOM

    def softmax(self, t: Softmax) -> tuple[str, int]:
        return self.call("softmax", t.of), ATOM

    def reduced(self, t: Reduced) -> tuple[str, int]:
        rows = t.shape != SCALAR
        return self.call(f"{t.operation}_rows" if rows else t.operation, t.of), ATOM

    def ofmatrix(self, t: OfMatrix) -> tuple[str, int]:
        name = {"logdet": "log det"}.get(t.function, t.function)
        if t.function == "tr":
            return self.call("tr", t.of), ATOM
        return f"{name} {self.at(t.of, ATOM)}", TIMES

    def diag(self, t: Diag) -> tuple[str, int]:
        return self.call("diag", t.of), ATOM

    def diagonal(self, t: Diagonal) -> tuple[str, int]:
        return self.call("diag", t.of), ATOM

    def norm(self, t: Norm) -> tuple[str, int]:
        return f"‖{self.at(t.of, ADD)}‖" + ("_F" if t.of.shape[1] else ""), ATOM


def element_inverse(term: Term) -> Term:
    """1 / term, for a power with a negative exponent."""
    assert isinstance(term, ElementPower)
    return term.base if term.exponent == -1 else ElementPower(term.base, -term.exponent)


def _divides(term: Term) -> bool:
    return isinstance(term, ElementPower) and term.exponent < 0


def _negated(term: Term) -> Term:
    number, scalars, body = parts(term)
    return scaled(-number, scalars, body)


class AsciiWriter(Writer):
    """Characters of every terminal: `2 X^T (X W - Y)`."""

    times, over, minus = " .* ", " ./ ", "-"

    def raised(self, text: str, exponent: str) -> str:
        return f"{text}^{exponent}" if exponent.lstrip("-").isalnum() else f"{text}^({exponent})"

    def elementwise(self, base: str, exponent: Fraction) -> str:
        return f"{base}.^{exponent}" if exponent.denominator == 1 else f"{base}.^({exponent})"

    def symbol(self, t: Symbol) -> tuple[str, int]:
        return "".join(WORDS.get(c, c) for c in t.name), ATOM

    def root(self, base: Term) -> str:
        return f"sqrt({self.at(base, ADD)})"

    def norm(self, t: Norm) -> tuple[str, int]:
        return f"||{self.at(t.of, ADD)}||" + ("_F" if t.of.shape[1] else ""), ATOM


class LatexWriter(Writer):
    """LaTeX that needs amsmath and nothing else."""

    times, over, unit, minus = r" \odot ", r" \oslash ", r"\mathbf{1}", "-"

    def bracket(self, text: str) -> str:
        return rf"\left({text}\right)"

    def symbol(self, t: Symbol) -> tuple[str, int]:
        return (r"\pi" if t.name == "π" else name_latex(t.name)), ATOM

    def size(self, t: Size) -> tuple[str, int]:
        known = t.space.extent
        return (name_latex(str(known)) if known is not None else rf"|{name_latex(t.space.name)}|"), ATOM

    def magnitude(self, value: Fraction) -> str:
        text = magnitude_text(lowest(value))
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}" if not text.isdigit() else text

    def raised(self, text: str, exponent: str) -> str:
        power = exponent.replace("T", r"\top")
        return f"{{{text}}}^{{{power}}}" if "^" in text else f"{text}^{{{power}}}"

    def elementwise(self, base: str, exponent: Fraction) -> str:
        return rf"{base}^{{\circ {exponent}}}"

    def quotient(self, above: list[str], below: list[str]) -> str:
        text = " ".join(above) or "1"
        return rf"\frac{{{text}}}{{{' '.join(below)}}}" if below else text

    def alone(self, divided: bool) -> int:
        return ADD if divided else TIMES

    def root(self, base: Term) -> str:
        return rf"\sqrt{{{self.at(base, ADD)}}}"

    def call(self, name: str, *arguments: Term) -> str:
        word = name.replace("_", r"\_")
        head = rf"\{name}" if name in _COMMANDS else rf"\operatorname{{{word}}}"
        return rf"{head}\left({', '.join(self.at(a, ADD) for a in arguments)}\right)"

    def ofmatrix(self, t: OfMatrix) -> tuple[str, int]:
        if t.function == "tr":
            return self.call("tr", t.of), ATOM
        return (r"\log\det " if t.function == "logdet" else r"\det ") + self.at(t.of, ATOM), PRODUCT

    def norm(self, t: Norm) -> tuple[str, int]:
        return rf"\left\lVert {self.at(t.of, ADD)} \right\rVert" + ("_{F}" if t.of.shape[1] else ""), ATOM
