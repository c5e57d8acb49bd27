"""The gallery's formulas as data: `examples/gallery/<family>/<name>.idx`, for the tests and for the pages of docs/.

`examples/gallery/README.md` links to the families in the order of the pages.  A family's `_family.md` holds its title
and a paragraph about it.  A formula's file begins with a comment block:

    # Title
    # What it is, in a sentence or two.
    # Source: where it comes from, if there is a place to name.
    # wrt: x, W

The last line stands only where not every real input is to be differentiated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import indexcalc as ic

GALLERY = Path(__file__).resolve().parent.parent / "examples" / "gallery"
FAMILY_LINK = re.compile(r"\]\((\w+)/_family\.md\)")


@dataclass(frozen=True)
class Formula:
    """One file: `name` is `family/stem`; `about` and `source` come without comment signs, `source` may be empty."""

    name: str
    path: Path
    title: str
    about: str
    source: str
    wrt_line: str
    text: str

    def program(self) -> ic.Program:
        return ic.parse(self.text, filename=str(self.path))

    def wrt(self) -> tuple[str, ...]:
        """The inputs to differentiate with respect to: those named, else all that hold no integers."""
        if self.wrt_line:
            return tuple(n.strip() for n in self.wrt_line.split(","))
        return tuple(n for n, tensor in self.program().inputs.items() if not tensor.is_integer)

    def body(self) -> str:
        """The text behind the comment block."""
        lines = self.text.splitlines()
        return "\n".join(lines[_comment_lines(lines) :]).strip() + "\n"


@dataclass(frozen=True)
class Family:
    """One folder; `formulas` are in the order of their file names."""

    name: str
    title: str
    about: str
    formulas: tuple[Formula, ...]


def families() -> tuple[Family, ...]:
    """The families in the order in which the gallery's README links to them."""
    readme = (GALLERY / "README.md").read_text(encoding="utf-8")
    return tuple(_family(GALLERY / name) for name in FAMILY_LINK.findall(readme))


def formulas() -> tuple[Formula, ...]:
    return tuple(f for family in families() for f in family.formulas)


def _family(folder: Path) -> Family:
    title, _, about = (folder / "_family.md").read_text(encoding="utf-8").partition("\n")
    return Family(
        folder.name, title.removeprefix("# "), about.strip(), tuple(map(_formula, sorted(folder.glob("*.idx"))))
    )


def _formula(path: Path) -> Formula:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    title, *rest = [line.removeprefix("#").strip() for line in lines[: _comment_lines(lines)]] or [""]
    parts: dict[str, list[str]] = {"about": [], "Source": [], "wrt": []}
    current = "about"
    for line in rest:
        head, colon, tail = line.partition(": ")
        if colon and head in ("Source", "wrt"):
            current, line = head, tail
        parts[current].append(line)
    about, source, wrt = (" ".join(parts[p]) for p in ("about", "Source", "wrt"))
    return Formula(f"{path.parent.name}/{path.stem}", path, title, about, source, wrt, text)


def _comment_lines(lines: list[str]) -> int:
    return next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
