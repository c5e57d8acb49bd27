"""What to say of a statement that cannot be read: one finding, at the place a person would point at."""

from __future__ import annotations

from collections.abc import Sequence

from ..diagnostics import Diagnostic, Lines
from .greek import unknown_command
from .lalr import END, Token
from .lexing import CLOSE, CONTINUES, OPEN, brackets
from .naming import FOREIGN

_OPERANDS = frozenset(["NAME", "NUMBER", "LPAR", "FUNC", "REDUCE", "REDUCE_LOW", "_D", "_MINUS"])
_OPERATORS = frozenset(["PLUS", "_TIMES", "SLASH", "_POW", "_CARET", "CMP", "AND", "OR", "SUPER"])
_SCRIPTS = frozenset(["PRIME", "LOW", "_LOWB", "UP", "_UPB", "LSQB", "_ANTI"])
_VALUES = frozenset(["NUMBER", "NAME", "RPAR", "RSQB", "RBRACE", "SUPER", "PRIME", "LOW"])
_CLOSING = {"RPAR": "`)`", "RSQB": "`]`", "RBRACE": "`}`"}
_WORDS = {
    **_CLOSING,
    END: "the end of the statement",
    "COMMA": "`,`",
    "EQUAL": "`=`",
    "COLON": "`:`",
    "LSQB": "`[`",
    "LPAR": "`(`",
    "ATTR": "an attribute",
    "NAME": "a name",
    "STRING": "a string",
    "NUMBER": "a number",
    "NOT": "`not`",
    "FUNC": "a function's name",
    "LOW": "a lower index",
    "UP": "an upper index",
    "SLASH": "`/`",
    "ELLIPSIS": "`...`",
    "_CARET": "`^`",
    "_MINUS": "`-`",
    "PLUS": "`+`",
    "CMP": "a comparison",
}
_CHARACTERS = {
    "_": "an underscore joins letters: x_i or x_{i j}",
    "^": "a power or an upper index follows on the same line: x^2, T^i, T^{i j}",
    '"': "this string is never closed",
    "'": "a prime follows a name or a bracket; a string ends on its own line",
    "&": "write `and`",
    "|": "write abs(x), or `or` between conditions",
    "!": "write `not`, or != between two values",
    "{": "braces follow `_` or `^`; brackets that group are ( )",
    "%": "there is no remainder: positions that wrap round are an integer tensor, x[at[t, k]], or a sum of deltas",
    "$": "a formula in LaTeX is of the kind latex: `indexcalc lint --kind latex`, or a file that ends in .tex",
    "@": "write the indices: C[i,k] = A[i,j] B[j,k]",
    "∑": "write sum[k](…)",
    "∏": "write prod[k](…)",
    "√": "write sqrt(…)",
    "∞": "write inf",
    "∇": "write partial[i](f) or ∂_i f",
    "∫": "integrals are not part of the language",
    "÷": "write /",
    "∗": "write *",
    "⊗": "write the indices side by side: a[i] b[j]",
    "ᵀ": "write the indices: xᵀ A x is x[i] A[i,j] x[j], and A'[i,j] the transpose",
    "∧": "write `and`",
    "∨": "write `or`",
    "¬": "write `not`",
    "½": "write 1/2",
    "⇒": "implication is not part of the language",
    "“": 'strings have straight quotes: "…"',
    "”": 'strings have straight quotes: "…"',
    "’": "a prime is a straight quote: A'",
    "′": "a prime is a straight quote: A'",
    "ⁿ": "write x**n",
    ".": "a number has digits beside its point; ... stands in sublists alone",
}


def leading_operator(first: Token, lines: Lines) -> Diagnostic:
    """For a line that begins with an operator, and would cut the statement above short."""
    shown = show(first)
    return Diagnostic(
        "IX001",
        f"a line cannot start with {shown}",
        lines.span(first.start, first.end),
        f"end the line before with {shown}, or open a bracket there",
    )


def explain(s: Sequence[Token], at: int, expected: frozenset[str], lines: Lines) -> Diagnostic:
    """One finding for a statement whose token number `at` cannot follow what stands before it."""
    end = s[-1].end
    bad = s[at] if at < len(s) else Token(END, "", end, end)
    before = s[at - 1] if at else None

    def say(place: Token, message: str, hint: str = "", code: str = "IX001") -> Diagnostic:
        return Diagnostic(code, message, lines.span(place.start, place.end), hint)

    if bad.kind == "BAD" and bad.text in FOREIGN:
        return say(bad, f"`{bad.text}` is not a word of the language", FOREIGN[bad.text])
    if bad.kind == "BAD":
        return say(bad, *_bad_character(bad.text), code="IX002")
    open_now = _open(s[:at])
    if bad.kind in CLOSE and not open_now:
        return say(bad, f"{show(bad)} closes nothing", "remove it, or open the bracket before it")
    if before is not None and bad.kind == END and before.kind in CONTINUES:
        return say(before, f"nothing follows {show(before)}", f"expected {words(expected)}")
    if open_now:
        opener, closing = open_now[-1], OPEN[open_now[-1].kind]
        if bad.kind in (END, "EQUAL") or (bad.kind in CLOSE and bad.kind != closing):
            missing = f"{_CLOSING[closing]} is missing before {show(bad)}"
            return say(opener, f"this {show(opener)} is never closed", missing)
    if bad.kind == "EQUAL" and any(t.kind == "EQUAL" for t in s[:at]):
        return say(bad, "a statement has one `=`", "for equality in a condition write ==")
    if bad.kind in ("UP", "_UPB"):
        return say(bad, "an upper index needs a bare name before it", "for a power write ** or ^( )")
    if bad.kind == "NUMBER" and before is not None and before.kind in _VALUES:
        return say(bad, f"a number cannot follow {show(before)} without an operator", f"write * {bad.text}")
    if bad.kind == "PRIME":
        return say(bad, "a prime goes on a name", "write A'[i, j] for the transpose; give a product a name first")
    if bad.kind == "LSQB" and before is not None and before.kind in CLOSE | {"NUMBER", "LOW", "SUPER"}:
        return say(bad, "slots need a bare name before them", "give the expression a name first: t[i] = …")
    if before is not None and before.kind in ("RSQB", "RBRACE"):
        head = _reduction(s, at - 1)
        if head:
            return say(bad, f"`{head}` needs its body in brackets", f"write {head}(…)")
    if bad.kind == END:
        return say(bad, "the statement ends too early", f"expected {words(expected)}")
    return say(bad, f"unexpected {show(bad)}", f"expected {words(expected)}")


def _bad_character(text: str) -> tuple[str, str]:
    command = unknown_command(text)
    if command:
        return (
            f"unknown command `{command}`",
            r"names may be Greek letters: \alpha, alpha or α; LaTeX is linted with --kind latex",
        )
    code = f"U+{ord(text[0]):04X}"  # alone where the character would do something to the terminal, or not show
    if not text.isprintable():
        return f"unexpected character {code}", "a character that does not show: remove it"
    return f"unexpected character `{text}` ({code})", _CHARACTERS.get(text, "")


def _open(s: Sequence[Token]) -> list[Token]:
    stack: list[Token] = []
    for t in s:
        if t.kind in OPEN:
            stack.append(t)
        elif t.kind in CLOSE and stack:
            stack.pop()
    return stack


def _reduction(s: Sequence[Token], close: int) -> str:
    """The text of `sum[k]` when the bracket closed at `close` is a reduction's."""
    opened = next((k for k, end in brackets(list(s)).items() if end == close), 0)
    if opened and s[opened - 1].kind == "REDUCE":
        inside = "".join(f"{t.text} " if t.kind == "COMMA" else t.text for t in s[opened - 1 : close + 1])
        return inside if len(inside) <= 40 else f"{s[opened - 1].text}[…]"
    return ""


def show(t: Token) -> str:
    """A token as a message names it."""
    if t.kind == END:
        return "the end of the statement"
    if t.kind == "PRIME":
        return "a prime"
    return f"`{t.text}`" if len(t.text) <= 40 else f"`{t.text[:40]}…`"


def words(expected: frozenset[str]) -> str:
    """What could have stood there, in words."""
    left = expected - {"PRIME"}
    said: list[str] = []
    if {"NAME", "NUMBER"} <= left:
        said += ["a name", "a number", "`(`"]
        left -= _OPERANDS | _SCRIPTS | {"NOT", "STRING"}
    elif len(left & _OPERATORS) > 2:
        said.append("an operator")
        left -= _OPERATORS | _OPERANDS | _SCRIPTS
    elif "NAME" in left:
        left -= {"FUNC", "REDUCE", "REDUCE_LOW"}
    said += sorted({_WORDS[k] for k in left if k in _WORDS})
    return " or ".join(said) if len(said) < 3 else f"{', '.join(said[:-1])} or {said[-1]}"
