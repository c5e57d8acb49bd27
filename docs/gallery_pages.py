"""docs/gallery: one page per family of formulas, each with its derivation, einsum strings and verification."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import indexcalc as ic
from docs.catalogue import GALLERY, Family, Formula, families
from indexcalc.calculus.closed import closed_derivation
from indexcalc.calculus.explain import derivation
from indexcalc.ir.trace import Derivation
from indexcalc.matrix.form import matrix_form
from indexcalc.present.contractions import einsum_strings
from indexcalc.present.derive_closed import closed_text
from indexcalc.present.derive_text import FEW, program_lines, section_lines
from indexcalc.present.look import Look
from indexcalc.present.names import new_statements

ROOT = GALLERY.parent.parent
LOOK = Look(unicode=True, colour=False, width=110)
LONGEST = 6_000  # characters of a derivation that a page holds; of a longer one it names the command
LONGEST_CLOSED = 3_000  # characters of a closed form that still tells more than the program
NOTICE = "<!-- Written by docs/generate.py (`make docs`) from examples/gallery; edit those files, not this page. -->"


def gallery_pages() -> dict[str, Callable[[], str]]:
    """What writes each page, by its path below docs/."""
    found = families()
    index = {"gallery/README.md": partial(index_page, found)}
    return index | {f"gallery/{f.name}.md": partial(family_page, f) for f in found}


def index_page(found: tuple[Family, ...]) -> str:
    """The families and their formulas, as links."""
    total = sum(len(f.formulas) for f in found)
    lines = ["# Gallery", "", NOTICE, ""]
    lines += [f"{total} formulas: each with its program, gradient, derivation and verification.", ""]
    for family in found:
        links = (f"[{x.title}]({family.name}.md#{_anchor(x.title)})" for x in family.formulas)
        lines += [f"## [{family.title}]({family.name}.md)", "", ", ".join(links) + ".", ""]
    return "\n".join(lines)


def _anchor(title: str) -> str:
    """GitHub's: lower case, blanks as hyphens, nothing but letters, digits, hyphens and underscores."""
    return "".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c in "-_")


def family_page(family: Family) -> str:
    """One section per formula."""
    lines = [f"# {family.title}", "", NOTICE, "", family.about, ""]
    for formula in family.formulas:
        lines += section(formula)
    return "\n".join(lines)


def section(formula: Formula) -> Iterator[str]:
    """What it is, the program, and for each output its gradients."""
    program = formula.program()
    yield from (f"## {formula.title}", "", formula.about, "")
    if formula.source:
        yield from (f"Source: {formula.source}", "")
    yield from ("```idx", formula.body().rstrip(), "```", "")
    form = matrix_form(program)
    if form is not None:
        yield from ("In matrix notation:", "", *_block(str(form)))
    for output in program.outputs:
        yield from _gradients(formula, derivation(program, formula.wrt(), output))
    yield from _verification(ic.verify(program, wrt=formula.wrt()))


def _gradients(formula: Formula, found: Derivation) -> Iterator[str]:
    """The derived program; the closed form and einsum strings of one that is longer; how each line was found."""
    yield from ("Gradients:", "", *_block("\n".join(program_lines(found, LOOK, {}))))
    new = new_statements(found)
    if len(new) > FEW:
        closed = closed_text(closed_derivation(found), LOOK)
        if len(closed) <= LONGEST_CLOSED:
            yield from ("In closed form:", "", *_block(closed))
        strings = [f"{s.name}: {text}" for s in new if (text := einsum_strings(s))]
        if strings:
            yield from ("As einsum:", "", *_block("\n".join(strings)))
    shown = [s for s in found.sections if s.steps]
    steps = "\n\n".join("\n".join(section_lines(s, LOOK, alone=len(shown) == 1)) for s in shown)
    if len(steps) <= LONGEST:
        yield from ("<details><summary>Derivation</summary>", "", *_block(steps), "</details>", "")
    else:
        yield from (f"The derivation: `indexcalc derive {formula.path.relative_to(ROOT)} --steps`.", "")


def _verification(found: ic.Verification) -> Iterator[str]:
    """Methods and tolerances; the errors themselves depend on the machine's arithmetic."""
    if not found:
        raise ValueError(f"a formula of the gallery fails its verification:\n{found}")
    yield from ("| gradient | compared with | relative error below | components |", "|---|---|---|---|")
    for row in found.rows:
        yield f"| `{row.name}` | {row.method} | {row.tolerance:.0e} | {row.compared} of {row.total} |"
    yield ""


def _block(text: str) -> Iterable[str]:
    return ("```text", text.rstrip(), "```", "")
