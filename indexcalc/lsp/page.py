"""The page of a code, as an editor shows it."""

from __future__ import annotations

from collections.abc import Iterator

from ..lint.registry import LintRule, rules

FENCES = {"python": "python", "latex": "latex", "markdown": "markdown"}


def page(code: str) -> str | None:
    """What a code means, in Markdown; None where there is no such code.

    >>> page("IX404").split("\\n")[0]
    '# IX404 einsum-summed-alone'
    """
    rule = rules().get(code)
    return "\n".join(_page(rule)) if rule is not None else None


def _page(rule: LintRule) -> Iterator[str]:
    yield f"# {rule.code} {rule.name}"
    yield from ("", f"*{rule.severity}*: {rule.summary}.", "", rule.why)
    for title, text in (("Gives it", rule.bad), ("Does not", rule.good)):
        fence = "````" if "```" in text else "```"
        yield from ("", f"## {title}", "", f"{fence}{FENCES.get(rule.language, '')}", text.rstrip("\n"), fence)
    profiles = "\n".join(f"- `{name}`: {severity}" for name, severity in sorted(rule.profiles.items()))
    for title, text in (("When it is right", rule.right), ("Fix", rule.fix), ("Other profiles", profiles)):
        if text:
            yield from ("", f"## {title}", "", text)
    yield ""
