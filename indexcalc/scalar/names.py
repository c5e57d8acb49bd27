"""Which names of SymPy symbols the language can write."""

from __future__ import annotations

from ..diagnostics import IndexCalcError, fail
from ..ir.text import OPERATORS
from ..syntax.greek import fold, letters
from ..syntax.lexing import tokenise
from ..syntax.naming import FOREIGN
from ..syntax.tables import load

SYMBOLS = ("delta", "eps", "ones", "δ", "ε")


def check_name(name: str, *, index: bool = False) -> str:
    """The name, if a program can say it; an index's may end in primes.

    >>> check_name("W_q"), check_name("i'", index=True)
    ('W_q', "i'")
    >>> check_name("2x")
    Traceback (most recent call last):
    indexcalc.diagnostics.IndexCalcError: error IX902: the language has no name `2x`
      help: rename the symbol with xreplace: a name is letters, digits and single words joined by `_`
    """
    plain = name.rstrip("'") if index else name
    tokens = tokenise(plain, load())
    if [(t.kind, t.text) for t in tokens] != [("NAME", plain)] or letters(plain) != plain:
        raise _refusal(f"the language has no name `{name}`")
    if plain in OPERATORS or plain in FOREIGN or plain in SYMBOLS or fold(plain) in SYMBOLS:
        raise _refusal(f"`{name}` is a word of the language, so no symbol can be called so")
    return name


def check_spellings(names: list[str]) -> None:
    """Refuse `alpha` beside `α`: the language has one name for both."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(fold(name), name)
        if other != name:
            raise _refusal(f"`{other}` and `{name}` are one name in the language, but two symbols")


def _refusal(message: str) -> IndexCalcError:
    hint = "rename the symbol with xreplace: a name is letters, digits and single words joined by `_`"
    return fail("IX902", message, hint=hint)
