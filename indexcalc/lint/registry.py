"""Lint rules as objects: a code, a name, a page with a bad and a good example, and for some a check.

Most findings come from reading a program (`syntax/`, `elaborate/`); their rules are pages without a check.  A rule with
a check runs over the checked program.  There is one table, `rules()`, collected from the files of `lint/rules/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .settings import OFF

if TYPE_CHECKING:
    from ..diagnostics import Diagnostic, Span
    from ..ir.program import Program
    from ..syntax.tree import Parsed
    from .facts import Facts
    from .places import Places
    from .settings import Settings

FAMILIES = (
    "syntax",
    "files",
    "balance",
    "formulas",
    "spaces",
    "shapes",
    "variance",
    "names",
    "unused",
    "near",
    "likely",
    "stable",
    "singular",
    "cost",
    "python_numerics",
    "python_cost",
    "einsum",
    "implicit",
    "diagonal",
    "targets",
    "patterns",
    "operands",
    "roles",
    "papers",
    "definitions",
    "runtime",
    "usage",
    "reference",
)


@dataclass(frozen=True, eq=False)
class Checked:
    """What a check sees: a text in which nothing is wrong, and its program.  What several checks ask is found once."""

    text: str
    file: str
    program: Program

    @cached_property
    def tree(self) -> Parsed:
        """The syntax tree, for spans.  Parsed again: a check asks for it only where it has found something."""
        from ..syntax.parse import parse_program

        return parse_program(self.text)[0]

    @cached_property
    def facts(self) -> Facts:
        """What names stand for, how often they are read, which signs values have."""
        from .facts import Facts

        return Facts(self.program)

    @cached_property
    def places(self) -> Places:
        """Where parts of statements stand in the text."""
        from .places import Places

        return Places(self)

    def warning(self, code: str, message: str, span: Span | None, hint: str = "", **more: Any) -> Diagnostic:
        """A finding in this text; `more` are further fields of `Diagnostic`."""
        from ..diagnostics import Diagnostic

        more.setdefault("severity", "warning")
        return Diagnostic(code, message, span, hint, file=self.file, source=self.text, **more)


# What a check sees is its subject: "program" (Checked), "call" and "module" (of Python source), "document" (a `Paper`).
Check = Callable[..., "Iterable[Diagnostic]"]


@dataclass(frozen=True, slots=True)
class LintRule:
    """One code and everything about it.

    `source` says who finds it: "reader" (while the text is read), "linter" (a check here), "files" (a file that is no
    readable source), "runtime" (arrays given to a compiled function) or "usage" (a call or command that asks for what
    does not exist).  For the first two, `bad` and `good` are sources of the kind `language`, and the catalogue test
    lints both.  `right` says when the pattern is what one wants after all, `fix` what `--fix` does.  `profiles` gives
    the severity ("off" included) in profiles where it is another one.  `asks` says that the check takes the settings
    as well, for the targets.
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
    subject: str = "program"
    language: str = "idx"
    right: str = ""
    fix: str = ""
    profiles: Mapping[str, str] = field(default_factory=dict)
    asks: bool = False

    def run(self, subject: Any, settings: Settings) -> Iterator[Diagnostic]:
        """The findings of the check, at the severity of the profile."""
        return self.run_each((subject,), settings)

    def run_each(self, subjects: Iterable[Any], settings: Settings) -> Iterator[Diagnostic]:
        """The findings of the check in each of the subjects."""
        severity = self.profiles.get(settings.profile)
        if self.check is None or severity == OFF or not settings.wants(self.code):
            return
        for subject in subjects:
            for finding in self.check(subject, settings) if self.asks else self.check(subject):
                yield finding if severity is None else replace(finding, severity=severity)


def page(
    code: str, *, name: str, summary: str, why: str, bad: str, good: str, source: str = "reader",
    severity: str = "error", language: str = "idx", right: str = "", fix: str = "",
    profiles: Mapping[str, str] | None = None,
) -> LintRule:  # fmt: skip
    """A rule whose finding is made elsewhere: only its page."""
    return LintRule(
        code, name, summary, why, bad, good, source, severity, language=language, right=right, fix=fix,
        profiles=profiles or {},
    )  # fmt: skip


def lint_rule(
    code: str, *, name: str, summary: str, why: str, bad: str, good: str, severity: str = "warning",
    subject: str = "program", language: str = "idx", right: str = "", fix: str = "",
    profiles: Mapping[str, str] | None = None, asks: bool = False,
) -> Callable[[Check], LintRule]:  # fmt: skip
    """Decorator: the check becomes the rule."""

    def make(check: Check) -> LintRule:
        return LintRule(
            code, name, summary, why, bad, good, "linter", severity, check, subject, language, right, fix,
            profiles or {}, asks,
        )  # fmt: skip

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


# Which families hold checks of a subject.  Only these are imported, so that a clean run never loads the pages.
CHECKING: Mapping[str, tuple[str, ...]] = {
    "program": ("unused", "near", "likely", "stable", "singular", "cost"),
    "call": ("einsum", "implicit", "diagonal", "targets", "patterns", "operands", "roles", "python_cost"),
    "module": ("shapes", "python_numerics", "python_cost"),
    "document": ("papers", "definitions"),
}


@cache
def checks(subject: str) -> tuple[LintRule, ...]:
    """The rules that run over one kind of subject."""
    found: list[LintRule] = []
    for family in CHECKING[subject]:
        every = import_module(f"{__package__}.rules.{family}").RULES
        found += (rule for rule in every if rule.check and rule.subject == subject)
    return tuple(found)


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
