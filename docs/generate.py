"""Writes the pages and pictures of docs/ that come out of the program itself: `make docs`.

docs/lint/          a page per code with its reason and examples, from the lint registry
docs/rules.md       every rewrite rule with its law and example, from the rule catalogue
docs/passes.md      every pass of lowering, with what it does to its example
docs/functions.md   every elementwise function with its derivative
docs/exercises.md   docs/source/exercises.md with what its code prints
docs/einsum.md      docs/source/einsum.md likewise
docs/performance.md benchmarks/results/cpu.json as tables
docs/gallery/       a page per family of examples/gallery
docs/*.svg          real output of `indexcalc`, as pictures
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.text import Text

import indexcalc as ic
from docs.executed import executed
from docs.gallery_pages import gallery_pages
from docs.lint_pages import lint_pages
from docs.passes_page import passes_page
from docs.performance import page as performance_page
from indexcalc.calculus.explain import derivation
from indexcalc.ir.expr import Access
from indexcalc.ir.functions import BUILTIN
from indexcalc.ir.latex import expression_latex
from indexcalc.present.derive_text import derivation_text
from indexcalc.present.findings import finding_text
from indexcalc.present.look import Look
from indexcalc.rewrite.catalogue import page as rules_page

DOCS = Path(__file__).resolve().parent
EXAMPLES = DOCS.parent / "examples"
WIDTH = 116
LOOK = Look(unicode=True, colour=True, width=WIDTH)
NOTICE = "\n<!-- Written by docs/generate.py (`make docs`); edit the source that it reads, not this page. -->\n"


def functions_page() -> str:
    """One row per built-in elementwise function; y stands for the function's value."""
    lines = ["# Elementwise functions", NOTICE, "In the derivatives y is the function's value.", ""]
    lines += ["| function | derivative | no derivative |", "|---|---|---|"]
    value = Access("y", ())
    for function in BUILTIN.values():
        names = ("x",) if function.arity == 1 else ("a", "b")
        slopes = function.slope(tuple(Access(n, ()) for n in names), value)
        shown = ", ".join(f"${expression_latex(s)}$" for s in slopes)
        lines.append(f"| `{function.name}({', '.join(names)})` | {shown} | {function.kinks} |")
    return "\n".join([*lines, ""])


def executed_page(name: str) -> str:
    """A page of docs/source with what its code prints."""
    title, rest = (DOCS / "source" / name).read_text(encoding="utf-8").split("\n", 1)
    return executed(f"{title}\n{NOTICE}{rest}")


def pages() -> dict[str, Callable[[], str]]:
    """What writes each generated page, by its name."""
    return {
        "rules.md": rules_page,
        "functions.md": functions_page,
        "passes.md": passes_page,
        "performance.md": performance_page,
        **{name: partial(executed_page, name) for name in ("exercises.md", "einsum.md")},
        **lint_pages(),
        **gallery_pages(),
    }


def picture(command: str, output: str) -> str:
    """A terminal that shows the command and its output, as SVG."""
    width = max(len(Text.from_ansi(line)) for line in (f"$ {command}", *output.split("\n")))
    console = Console(record=True, width=width + 1, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ {command}", style="bold"), soft_wrap=True)
    console.print(Text.from_ansi(output), soft_wrap=True)
    svg = console.export_svg(title="indexcalc", unique_id="indexcalc")
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # a picture should fetch nothing
    return svg.replace("Fira Code", "ui-monospace, Menlo, Consolas")


def pictures() -> dict[str, str]:
    """Each picture's SVG by its name."""
    quadratic = "L = x[i] A[i,j] x[j]"
    attention = ic.parse((EXAMPLES / "attention.idx").read_text(encoding="utf-8"))
    broken = EXAMPLES / "broken_attention.idx"
    findings = "\n\n".join(finding_text(d, LOOK) for d in ic.lint(broken.relative_to(DOCS.parent)))
    return {
        "derivation.svg": picture(
            f"indexcalc derive '{quadratic}' --wrt x --steps",
            derivation_text(derivation(ic.parse(quadratic), ("x",)), LOOK, steps=True),
        ),
        "attention.svg": picture(
            "indexcalc derive examples/attention.idx --wrt Q,K,V",
            derivation_text(derivation(attention, ("Q", "K", "V")), LOOK, steps=False),
        ),
        "finding.svg": picture("indexcalc lint examples/broken_attention.idx", findings),
    }


def main() -> None:
    for folder in ("gallery", "lint"):
        (DOCS / folder).mkdir(exist_ok=True)
    for name, text in chain(((name, write()) for name, write in pages().items()), pictures().items()):
        (DOCS / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"docs/{name}", flush=True)


if __name__ == "__main__":
    main()
