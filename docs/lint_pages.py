"""docs/lint: a page per code, each with what the linter really says of its example."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from indexcalc.lint.registry import LintRule, rules
from indexcalc.lint.run import lint_source
from indexcalc.lint.settings import DEFAULT, settings_showing
from indexcalc.lint.source import Source
from indexcalc.present.findings import finding_text
from indexcalc.present.look import Look

NOTICE = (
    "<!-- Written by docs/generate.py (`make docs`) from indexcalc/lint/rules; edit those files, not this page. -->"
)
LOOK = Look(unicode=True, colour=False, width=100)
LONGEST = 120  # characters of a line of an example; a limit case has thousands
FAMILIES = {
    "0": "Reading, files and settings",
    "1": "Balance of indices",
    "2": "Spaces, ranks and extents",
    "3": "Variance",
    "4": "Einsum strings and patterns",
    "5": "Names",
    "6": "Numerics",
    "7": "Cost",
    "8": "Sharding",
    "9": "Arrays at run time, and use",
}
FOUND_BY = {
    "reader": "while the text is read",
    "linter": "by the linter",
    "files": "before a file is read, or instead",
    "runtime": "when arrays are given to a compiled function",
    "usage": "when a function or a command is called",
}
FENCES = {"idx": "idx-example", "python": "python-example", "latex": "latex", "markdown": "markdown-example"}


def lint_pages() -> dict[str, Callable[[], str]]:
    """What writes each page, by its path below docs/."""
    return {"lint/README.md": index_page} | {f"lint/{c}.md": partial(page, r) for c, r in rules().items()}


def index_page() -> str:
    """All codes in one table per family."""
    lines = [
        "# Codes",
        "",
        NOTICE,
        "",
        "`indexcalc explain CODE` prints these pages in the terminal. [cli.md](../cli.md#lint) says how",
        "the linter is run.",
    ]
    family = ""
    for code, rule in rules().items():
        if code[2] != family:
            family = code[2]
            lines += [
                "",
                f"## IX{family}xx {FAMILIES[family]}",
                "",
                "| code | severity | name | |",
                "|---|---|---|---|",
            ]
        lines.append(f"| [{code}]({code}.md) | {rule.severity} | {rule.name} | {_cell(rule.summary)} |")
    return "\n".join([*lines, ""])


def page(rule: LintRule) -> str:
    """One code: why, the example with its finding, the one without, and when the pattern is right."""
    return "\n".join(_page(rule))


def _page(rule: LintRule) -> Iterator[str]:
    yield f"# {rule.code} {rule.name}"
    yield from ("", NOTICE, "")
    yield f"*{rule.severity}*, found {FOUND_BY[rule.source]}: {_prose(rule.summary)}."
    yield from ("", _prose(rule.why), "")
    linted = rule.source in ("reader", "linter")
    fence = FENCES[rule.language] if linted else "text"
    yield from ("## Gives it" if linted else "## Example", "", *_fenced(rule.bad, fence), "")
    if linted:
        settings = settings_showing(rule)
        found = lint_source(Source(rule.bad, kind=rule.language), settings)
        if settings != DEFAULT:
            yield from (f"With `--profile {settings.profile}`:", "")
        yield from ("```text", "\n\n".join(finding_text(d, LOOK) for d in found), "```", "")
    yield from ("## Does not", "", *_fenced(rule.good, fence), "")
    profiles = "".join(f"- `{name}`: {severity}\n" for name, severity in sorted(rule.profiles.items()))
    for title, text in (("When it is right", rule.right), ("Fix", rule.fix), ("Other profiles", profiles.rstrip())):
        if text:
            yield from (f"## {title}", "", _prose(text), "")


def _fenced(text: str, language: str) -> Iterator[str]:
    fence = "````" if "```" in text else "```"
    yield f"{fence}{language}"
    yield from (line if len(line) <= LONGEST else f"{line[:100]} …" for line in text.rstrip("\n").split("\n"))
    yield fence


def _prose(text: str) -> str:
    """Without links: `softmax[j](S)` outside of code would be one."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else part.replace("](", "]\\(") for part in parts)


def _cell(text: str) -> str:
    return _prose(text).replace("|", "\\|")
