"""Expressions, statements and programs as LaTeX that needs amsmath and nothing else.  Sums are always written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from .expr import (
    Access,
    Affine,
    Apply,
    Compare,
    Constant,
    Delta,
    Derivative,
    Expr,
    Extent,
    GeneralizedDelta,
    Index,
    IndexMap,
    IndexReduce,
    IndexSum,
    IndexValue,
    LeviCivita,
    Literal,
    Logic,
    MatrixApply,
    Partial,
    Power,
    Product,
    Slot,
    Where,
)
from .numbers import magnitude_text
from .program import Define, Program, Statement
from .text import AND, ANY, CLOSE, COMPARE, NOT, OPEN, POWER, PRIMARY, SUM, TERM, Printer, program_text

GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", "varsigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
_LETTERS = {chr(0x3B1 + n): name for n, name in enumerate(GREEK)}
_LETTERS |= {chr(0x391 + n): name.capitalize() for n, name in enumerate(GREEK) if name != "varsigma"}
# Letters that look Latin have no command.
_LATIN = {
    "Alpha": "A", "Beta": "B", "Epsilon": "E", "Zeta": "Z", "Eta": "H", "Iota": "I", "Kappa": "K", "Mu": "M", "Nu": "N",
    "Omicron": "O", "Rho": "P", "Tau": "T", "Upsilon": "Y", "Chi": "X", "omicron": "o",
}  # fmt: skip
_COMMANDS = frozenset(("exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "max", "min"))
_OPERATORS = {"<=": r"\le", ">=": r"\ge", "!=": r"\ne", "==": "=", "<": "<", ">": ">"}
_WORDS = {"and": r"\land", "or": r"\lor"}
SMALL = 100  # denominators up to this are set as fractions


def name_latex(name: str) -> str:
    r"""A name: Greek letters as commands, words upright, what follows an underscore as a subscript, primes kept.

    >>> name_latex("x"), name_latex("αβ"), name_latex("grad_Q"), name_latex("i'")
    ('x', '\\alpha\\beta', '\\mathrm{grad}_{Q}', "i'")
    """
    primes = "'" * (len(name) - len(name.rstrip("'")))
    base, *rest = [part for part in name.rstrip("'").split("_") if part] or ["x"]
    low = ",".join(map(_word, rest))
    return _word(base) + primes + (f"_{{{low}}}" if low else "")


def _word(word: str) -> str:
    pieces = [_letter(c) for c in word]
    if len(word) == 1 or all(c in _LETTERS for c in word):
        return "".join(pieces)
    stem = re.fullmatch(r"(\D)(\d+)", word)
    if stem:
        return f"{_letter(stem.group(1))}_{{{stem.group(2)}}}"
    if word.isascii():
        return rf"\mathrm{{{word}}}"
    return "".join(rf"\mathrm{{{p}}}" if p.isascii() and not p.startswith("\\") else p for p in pieces)


def _letter(c: str) -> str:
    if c in _LETTERS:
        word = _LETTERS[c]
        return _LATIN.get(word) or rf"\{word}"
    if c.isascii():
        return c
    if ord(c) < 0x180:
        return rf"\text{{{c}}}"
    return rf"\mathrm{{u{ord(c):x}}}"  # no font of plain LaTeX has it


class LatexPrinter(Printer):
    """Writes LaTeX.  A level below the one asked for is bracketed, a comparison in square (Iverson) brackets."""

    def at(self, e: Expr, level: int) -> str:
        text, own = self.write(e)
        if own >= level:
            return text
        return rf"\left[{text}\right]" if isinstance(e, (Compare, Logic)) else rf"\left({text}\right)"

    def under(self, term: Expr, left: Sequence[Index]) -> Printer:
        return self

    # ---- leaves ------------------------------------------------------------------------------------
    def number(self, e: Literal) -> str:
        value = e.value
        if isinstance(value, float):
            return r"\infty"
        if isinstance(value, Fraction) and value.denominator <= SMALL:
            return rf"\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
        text = magnitude_text(value)
        if "/" in text:
            over, under = text.split("/")
            return rf"\frac{{{over}}}{{{under}}}"
        mantissa, e_, exponent = text.partition("e")
        power = rf"10^{{{exponent}}}"
        return text if not e_ else power if mantissa == "1" else rf"{mantissa} \cdot {power}"

    def literal(self, e: Literal) -> tuple[str, int]:
        text = self.number(e)
        if e.value < 0:
            return f"-{text}", SUM + 1
        return text, PRIMARY if text.isdigit() or text == r"\infty" else TERM

    def constant(self, e: Constant) -> tuple[str, int]:
        return rf"\{e.name}" if e.name == "pi" else name_latex(e.name), PRIMARY

    def extent(self, e: Extent) -> tuple[str, int]:
        known = e.space.extent
        return (name_latex(str(known)) if known is not None else rf"|{name_latex(e.space.name)}|"), PRIMARY

    def index_value(self, e: IndexValue) -> tuple[str, int]:
        return name_latex(e.index.name), PRIMARY

    def slot(self, slot: Slot) -> str:
        if isinstance(slot, Index):
            return name_latex(slot.name)
        if isinstance(slot, Affine):
            return self.affine(slot).replace("*", " ")
        return super().slot(slot)

    def scripts(self, slots: Sequence[Slot]) -> str:
        texts = [self.slot(s) for s in slots]
        simple = all(re.fullmatch(r"\w'*|\\[A-Za-z]+'*", t) for t in texts)
        return (" " if any("\\" in t for t in texts) else "").join(texts) if simple else ", ".join(texts)

    def reference(self, name: str, slots: Sequence[Slot], variance: str = "") -> str:
        head = name_latex(name)
        return self.scripted(f"{{{head}}}" if slots and "_" in head else head, slots, variance)

    def scripted(self, head: str, slots: Sequence[Slot], variance: str = "") -> str:
        if not slots:
            return head
        if not variance:
            return f"{head}_{{{self.scripts(slots)}}}"
        return head + "{}".join(f"{mark}{{{self.slot(s)}}}" for mark, s in zip(variance, slots))

    def access(self, e: Access) -> tuple[str, int]:
        return self.reference(e.tensor, e.slots, e.variance), POWER if "^" in e.variance else PRIMARY

    def delta(self, e: Delta) -> tuple[str, int]:
        return self.scripted(r"\delta", (e.left, e.right)), PRIMARY

    def generalized_delta(self, e: GeneralizedDelta) -> tuple[str, int]:
        return rf"\delta^{{{self.scripts(e.upper)}}}_{{{self.scripts(e.lower)}}}", POWER

    def levi_civita(self, e: LeviCivita) -> tuple[str, int]:
        return self.scripted(r"\varepsilon", e.slots), PRIMARY

    def matrix_apply(self, e: MatrixApply) -> tuple[str, int]:
        head = name_latex(e.tensor)
        if e.function == "inv":
            return rf"\left({head}^{{-1}}\right)_{{{self.scripts(e.slots)}}}", PRIMARY
        return (r"\log\det " if e.function == "logdet" else r"\det ") + head, TERM

    # ---- arithmetic --------------------------------------------------------------------------------
    def signed(self, e: Expr) -> tuple[bool, str]:
        text, level = self.write(e)
        if level == SUM + 1:
            return True, text[1:]
        return False, text if level >= TERM else self.at(e, TERM)

    def factors(self, e: Product, summed: tuple[Index, ...]) -> tuple[str, int]:
        first, rest = e.factors[0], e.factors
        sign, front = "", ""
        above: list[str] = []
        if isinstance(first, Literal):
            rest = rest[1:]
            sign = "-" if first.value < 0 else ""
            text = self.number(first)
            if abs(first.value) != 1:
                above, front = ([text], "") if text.isdigit() else ([], text)
        below = [self.denominator(f) for f in rest if self.is_quotient(f)]
        plain = [f for f in rest if not self.is_quotient(f)]
        for position, factor in enumerate(plain):
            last = position == len(plain) - 1 and isinstance(factor, IndexSum)
            above.append(self.at(factor, TERM if last else POWER))
        line = _juxtaposed(above)
        if below:
            line = rf"\frac{{{line or '1'}}}{{{_juxtaposed(below)}}}"
        return sign + _juxtaposed([t for t in (front, line) if t]), SUM + 1 if sign else TERM

    def power(self, e: Power) -> tuple[str, int]:
        if self.is_quotient(e):
            return rf"\frac{{1}}{{{self.denominator(e)}}}", TERM
        return self.raised(e.base, e.exponent)

    def denominator(self, e: Expr) -> str:
        assert isinstance(e, Power) and isinstance(e.exponent, Literal)
        return self.at(e.base, POWER) if e.exponent.value == -1 else self.raised(e.base, Literal(-e.exponent.value))[0]

    def raised(self, base: Expr, exponent: Expr) -> tuple[str, int]:
        if isinstance(exponent, Literal) and exponent.value == Fraction(1, 2):
            return self.root(base), PRIMARY
        return f"{self.at(base, PRIMARY)}^{{{self.at(exponent, ANY)}}}", POWER

    def root(self, base: Expr) -> str:
        return rf"\sqrt{{{self.at(base, ANY)}}}"

    # ---- functions, conditions, binders --------------------------------------------------------------
    def call(self, name: str, arguments: Sequence[Expr]) -> str:
        return rf"{_operator(name)}\left({', '.join(self.at(a, ANY) for a in arguments)}\right)"

    def apply(self, e: Apply) -> tuple[str, int]:
        if e.function == "abs":
            return rf"\left|{self.at(e.arguments[0], ANY)}\right|", PRIMARY
        return super().apply(e)

    def where(self, e: Where) -> tuple[str, int]:
        then, other, condition = self.at(e.then, ANY), self.at(e.other, ANY), self.at(e.condition, ANY)
        return rf"\begin{{cases}} {then} & \text{{if }} {condition} \\ {other} & \text{{else}} \end{{cases}}", TERM

    def operator(self, name: str) -> str:
        return _OPERATORS[name]

    def compare(self, e: Compare) -> tuple[str, int]:
        return f"{self.at(e.left, SUM)} {self.operator(e.operator)} {self.at(e.right, SUM)}", COMPARE

    def logic(self, e: Logic) -> tuple[str, int]:
        if e.operator == "not":
            return rf"\lnot {self.at(e.arguments[0], COMPARE + 1)}", NOT
        inside, own = (NOT, AND) if e.operator == "and" else (AND, ANY)
        return f" {_WORDS[e.operator]} ".join(self.at(a, inside) for a in e.arguments), own

    def low(self, indices: Sequence[Index]) -> str:
        return f"_{{{self.scripts(indices)}}}"

    def index_sum(self, e: IndexSum) -> tuple[str, int]:
        return rf"\sum{self.low(e.indices)} {self.at(e.body, TERM)}", TERM

    def index_reduce(self, e: IndexReduce) -> tuple[str, int]:
        if e.operation == "prod":
            return rf"\prod{self.low(e.indices)} {self.at(e.body, TERM)}", TERM
        body = self.at(e.body, ANY)
        if e.operation == "norm":
            return rf"\left\lVert {body} \right\rVert{self.low(e.indices)}", PRIMARY
        return rf"{_operator(e.operation)}{self.low(e.indices)}\left({body}\right)", PRIMARY

    def index_map(self, e: IndexMap) -> tuple[str, int]:
        head = _operator(f"top{e.count}" if e.operation == "topk" else e.operation)
        return rf"{head}{self.low(e.indices)}\left({self.at(e.body, ANY)}\right)", PRIMARY

    def partial(self, e: Partial) -> tuple[str, int]:
        return rf"\partial_{{{self.slot(e.index)}}} {self.at(e.body, POWER)}", TERM

    def derivative(self, e: Derivative) -> tuple[str, int]:
        below = rf"\partial {self.at(e.wrt, PRIMARY)}"
        if isinstance(e.body, Access):
            return rf"\frac{{\partial {self.at(e.body, PRIMARY)}}}{{{below}}}", POWER
        return rf"\frac{{\partial}}{{{below}}} {self.at(e.body, POWER)}", TERM


def _operator(name: str) -> str:
    if name in _COMMANDS:
        return rf"\{name}"
    word = name.replace("_", r"\_")
    return rf"\operatorname{{{word}}}" if name.isascii() and len(name) > 1 else name_latex(name)


def _juxtaposed(texts: Sequence[str]) -> str:
    out = ""
    for text in texts:
        bare, before = text.lstrip(OPEN), out.rstrip(CLOSE)
        number = bare[:1].isdigit() or (bare.startswith(r"\frac{") and before[-1:].isdigit())
        out += (r" \cdot " if out and number else r" \, " if before.endswith(r"\right)") else " " if out else "") + text
    return out


def expression_latex(e: Expr) -> str:
    r"""LaTeX of an expression, without dollar signs.

    >>> from indexcalc.ir.expr import Space
    >>> i, k = Index("i", Space("n")), Index("k", Space("n"))
    >>> print(expression_latex(IndexSum(Product((Access("A", (i, k)), Access("x", (k,)))), (k,))))
    \sum_{k} A_{ik} x_{k}
    """
    return LatexPrinter().side(e, ())


def statement_latex(s: Statement) -> str:
    """`S_{ij} = …` of a definition, both sides of a claim."""
    return " = ".join(_sides(s))


def _sides(s: Statement) -> tuple[str, str]:
    printer = LatexPrinter()
    if isinstance(s, Define):
        return printer.reference(s.name, s.indices), printer.side(s.body, ())
    return printer.side(s.left, (), SUM), printer.side(s.right, (), SUM)


def program_latex(p: Program) -> str:
    """The statements as one `aligned` block."""
    lines = [f"{left} &= {right}" for left, right in map(_sides, p.statements)]
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def program_markdown(p: Program) -> str:
    """Display mathematics and the source, for a Markdown page."""
    return f"$$\n{program_latex(p)}\n$$\n\n```\n{program_text(p)}\n```\n"
