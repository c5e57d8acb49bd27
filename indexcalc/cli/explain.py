"""`indexcalc explain`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import indent, wrap
from typing import Any

import click

from ..lint.registry import LintRule, near_codes, rules
from ..present.look import Look
from .arguments import format_option
from .output import look, write, write_json

FAMILY = re.compile(r"IX\d{1,2}", re.IGNORECASE)


@click.command("explain")
@click.argument("code", required=False)
@click.option("--list", "every", is_flag=True, help="List all codes.")
@format_option("text", "json")
def command(code: str | None, every: bool, shape: str) -> None:
    """Say what a code means: why it is told, an example that gives it, one that does not, and when it is right.

    CODE may also be the rule's name, or the beginning of several codes, which are then listed.  Without CODE, or with
    --list: a list of all codes.

    \b
    indexcalc explain IX103
    indexcalc explain dangling-index
    indexcalc explain IX4
    """
    table = rules()
    if code is not None and every:
        raise click.UsageError("A code and --list exclude each other.")
    named = [rule for rule in table.values() if code in (None, rule.name) or rule.code.startswith(code.upper())]
    if code is None or (len(named) > 1 and FAMILY.fullmatch(code)):
        if shape == "json":
            write_json([_data(rule) for rule in named])
        else:
            write(look().spell("\n".join(_list(named, look()))))
        return
    if len(named) != 1:
        near = near_codes(code)
        hint = f"Did you mean {', '.join(near)}?" if near else "`indexcalc explain` lists all codes."
        raise click.UsageError(f"No such code {code[:40]!r}. {hint}")
    if shape == "json":
        write_json(_data(named[0]))
    else:
        write(look().spell("\n".join(_page(named[0], look()))))


def _list(listed: Sequence[LintRule], here: Look) -> Iterator[str]:
    width = max(len(rule.name) for rule in listed)
    for rule in listed:
        head = f"{rule.code}  {rule.severity:7}  {rule.name:{width}}  "
        room = here.width - len(head)
        if room >= 30:
            first, *rest = wrap(rule.summary, room)
            yield here.paint(rule.code, "bold") + head[len(rule.code) :] + first
            yield from (" " * len(head) + line for line in rest)
        else:
            yield head.rstrip()
            yield from (indent(line, "    ") for line in wrap(rule.summary, here.width - 4))


def _page(rule: LintRule, here: Look) -> Iterator[str]:
    yield f"{here.paint(f'{rule.code} {rule.name}', 'bold')} ({rule.severity})"
    yield ""
    yield from wrap(rule.summary[0].upper() + rule.summary[1:] + ".", here.width)
    yield ""
    yield from wrap(rule.why, here.width)
    for title, text in (("gives it", rule.bad), ("does not", rule.good)):
        yield ""
        yield here.paint(f"{title}{'' if rule.language == 'idx' else f' ({rule.language})'}:", "cyan")
        for line in text.split("\n"):
            yield "    " + (line if len(line) <= here.width - 4 else line[: here.width - 8] + " ...")
    profiles = ", ".join(f"{name}: {severity}" for name, severity in sorted(rule.profiles.items()))
    for title, text in (("when it is right", rule.right), ("--fix", rule.fix), ("profiles", profiles)):
        if text:
            yield ""
            yield from wrap(f"{here.paint(f'{title}:', 'cyan')} {text}", here.width)


def _data(rule: LintRule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "profiles": dict(sorted(rule.profiles.items())),
        "summary": rule.summary,
        "why": rule.why,
        "language": rule.language,
        "bad": rule.bad,
        "good": rule.good,
        "right": rule.right,
        "fix": rule.fix,
        "source": rule.source,
    }
