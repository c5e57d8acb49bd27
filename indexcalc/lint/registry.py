"""Lint rules as objects: a code, a name, a page with a bad and a good example, and for some a check.

Most findings come from reading a program (`syntax/`, `elaborate/`); their rules are pages without a check.  A rule with
a check runs over the checked program.  There is one table, `rules()`, collected from the files of `lint/rules/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..diagnostics import Diagnostic, Span
    from ..ir.program import Program
    from ..syntax.tree import Parsed

FAMILIES = ("syntax", "files", "balance", "spaces", "variance", "names", "unused", "runtime", "usage")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check sees: a text in which nothing is wrong, and its program."""

    text: str
    file: str
    program: Program

    @property
    def tree(self) -> Parsed:
        """The syntax tree, for spans.  Parsed again: a check asks for it only where it has found something."""
        from ..syntax.parse import parse_program

        return parse_program(self.text)[0]

    def warning(self, code: str, message: str, span: Span | None, hint: str = "", fix: str | None = None) -> Diagnostic:
        from ..diagnostics import Diagnostic

        return Diagnostic(code, message, span, hint, "warning", fix=fix, file=self.file, source=self.text)


Check = Callable[[Checked], "Iterable[Diagnostic]"]


@dataclass(frozen=True, slots=True)
class LintRule:
    """One code and everything about it.

    `source` says who finds it: "reader" (while the text is read), "linter" (a check here), "files" (a file that is no
    readable source), "runtime" (arrays given to a compiled function) or "usage" (a call or command that asks for what
    does not exist).  For the first two, `bad` and `good` are programs, and the catalogue test lints both.
    """

    code: str
    name: str
    summary: str
    why: str
    bad: str
    good: str
    source: str = "reader"
    severity: str = "error"
    check: Check | None = None


def page(
    code: str, *, name: str, summary: str, why: str, bad: str, good: str, source: str = "reader",
    severity: str = "error",
) -> LintRule:  # fmt: skip
    """A rule whose finding is made elsewhere: only its page."""
    return LintRule(code, name, summary, why, bad, good, source, severity)


def lint_rule(
    code: str, *, name: str, summary: str, why: str, bad: str, good: str, severity: str = "warning"
) -> Callable[[Check], LintRule]:
    """Decorator: the check becomes the rule."""

    def make(check: Check) -> LintRule:
        return LintRule(code, name, summary, why, bad, good, "linter", severity, check)

    return make


@cache
def rules() -> Mapping[str, LintRule]:
    """All rules by code, in the order of the codes."""
    found: dict[str, LintRule] = {}
    for family in FAMILIES:
        for rule in import_module(f"{__package__}.rules.{family}").RULES:
            if rule.code in found:
                raise ValueError(f"two lint rules have the code {rule.code}: {found[rule.code].name} and {rule.name}")
            found[rule.code] = rule
    return {code: found[code] for code in sorted(found)}


@cache
def checks() -> tuple[LintRule, ...]:
    """The rules that run here.  Only their family is imported, so that a clean run never loads the pages."""
    from .rules import unused

    return tuple(rule for rule in unused.RULES if rule.check)


def near_codes(text: str) -> list[str]:
    """Codes that someone who wrote `text` may have meant: by number, or by a word of the rule's name.

    >>> near_codes("IX1")[0]
    'IX101'
    """
    from difflib import get_close_matches

    table = rules()
    code = text.upper()
    starting = [c for c in table if c.startswith(code) and len(code) > 2]
    words = [c for c, r in table.items() if text.lower() in r.name and len(text) > 2]
    close = get_close_matches(code, list(table), 4, 0.7)
    return list(dict.fromkeys([*starting, *words, *close]))[:6]
