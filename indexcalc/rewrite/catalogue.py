"""docs/rules.md, written from the rules themselves: `python -m indexcalc.rewrite.catalogue`."""

from __future__ import annotations

import sys
from pathlib import Path

from .rule import Rule
from .rules import FAMILIES

HEADER = """\
# Rewrite rules

Every rule is one object in `indexcalc/rewrite/rules/`; this page is written from those objects by
`python -m indexcalc.rewrite.catalogue`. The examples are tests: each first line gives exactly the second, both agree
on random numbers, and the measure named under *ends because* decreases.
"""


def page() -> str:
    """The whole page."""
    parts = [HEADER]
    for family, rules in FAMILIES.items():
        parts.append(f"## {family[0].upper()}{family[1:]}\n")
        parts += [entry(r) for r in rules]
    return "\n".join(parts)


def entry(r: Rule) -> str:
    """One rule's section."""
    before, after = (f"y[{r.left}] = {side}" if r.left else side for side in r.example)
    given = "".join(f"{line}\n" for line in r.given.splitlines())
    lines = [f"### `{r.name}`: {r.title}\n", f"{r.doc}\n", f"$${r.law}$$\n"]
    lines.append(f"```\n{given}{before}\n{after}\n```\n")
    if r.note:
        lines.append(f"Holds {r.note}.\n" if r.note.startswith(("where", "away", "only")) else f"Note: {r.note}.\n")
    lines.append(f"*Ends because* it decreases: {r.decreases}.\n")
    return "\n".join(lines)


def main() -> None:
    """Write the page below the current folder, or to the path given."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/rules.md")
    path.write_text(page(), encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
