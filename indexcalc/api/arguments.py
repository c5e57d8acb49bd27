"""What callers may give: programs and expressions, which may be text, names and options."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..diagnostics import did_you_mean, fail
from ..ir.expr import Expr
from ..ir.program import Program

_FILE_NAME = re.compile(r"[^\s=()\[\]{};]+\.idx")


def program_of(program: str | Program) -> Program:
    """A program, read if it is text."""
    if isinstance(program, Program):
        return program
    from ..elaborate.read import read_program

    return read_program(text_of(program, "a program"))


def text_of(given: object, what: str) -> str:
    """Text, and not what is taken for it; `what` it says, for the message."""
    if isinstance(given, str):
        if _FILE_NAME.fullmatch(given):
            hint = f"read the file: pathlib.Path({given!r}).read_text(encoding='utf-8')"
            raise fail("IX901", f"{given!r} is a file's name, not {what}", hint=hint)
        return given
    hint = "decode it first" if isinstance(given, (bytes, bytearray)) else "for a file, read its text first"
    raise fail("IX901", f"{what} is given as text, not as {type(given).__name__}", hint=hint)


def expression_of(expr: str | Expr, given: str) -> Expr:
    """An expression, read if it is text; `given` holds declarations."""
    from ..elaborate.read import read_expression

    declarations = text_of(given, "a list of declarations")
    return expr if isinstance(expr, Expr) else read_expression(text_of(expr, "an expression"), given=declarations)


def known_options(options: Mapping[str, Any], known: Sequence[str]) -> Mapping[str, Any]:
    """The options, if all are known; passes to leave out as a list."""
    unknown = sorted(set(options) - {*known})
    if unknown:
        offered = did_you_mean(unknown[0], known)
        raise fail("IX901", f"no such option: `{unknown[0]}`", hint=offered or f"options: {', '.join(known)}")
    if not isinstance(options.get("adapt", True), bool):
        raise fail("IX901", f"adapt is True or False, not {options['adapt']!r}")
    if "without" not in options:
        return options
    return {**options, "without": separated(options["without"])}


def input_names(wrt: str | Iterable[str], program: Program) -> Sequence[str]:
    """The inputs meant."""
    return spelt_names(wrt, program.inputs)


def spelt_names(given: str | Iterable[str], known: Iterable[str]) -> Sequence[str]:
    """The names meant, spelt as the program spells them: `alpha`, `\\alpha` and α are one name."""
    from ..syntax.greek import spelt

    return spelt(separated(given), known)


def separated(given: str | Iterable[str]) -> list[str]:
    """The names of one text with commas, or of several texts."""
    if not isinstance(given, Iterable):
        raise fail("IX901", f"names are text, or several texts, not {type(given).__name__}", hint='such as "Q,K"')
    parts = given.split(",") if isinstance(given, str) else _texts(given)
    return [p.strip() for p in parts if p.strip()]


def _texts(given: Iterable[object]) -> Iterable[str]:
    """Each of several names, which is a text."""
    for part in given:
        if not isinstance(part, str):
            raise fail("IX901", f"a name is text, not {type(part).__name__}", hint='such as "Q" or ["Q", "K"]')
        yield part
