"""Every example's derivation as LaTeX: compiled where pdflatex is installed, always checked for what would stop it."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

import indexcalc as ic
from indexcalc.calculus.closed import closed_derivation
from indexcalc.calculus.explain import derivation
from indexcalc.present.derive_latex import derivation_latex, derivation_markdown
from tests.calculus.programs import PROGRAMS

EXAMPLES = sorted((Path(__file__).resolve().parent.parent.parent / "examples").glob("*.idx"))
NAMES = [p.stem for p in EXAMPLES if p.stem not in ("broken_attention", "language_model")]
MORE = ["gaussian", "inverse", "where or not", "cross entropy gather", "product", "variable power", "cross product"]
# Commands of LaTeX itself and of amsmath.
COMMANDS = """
    documentclass usepackage allowdisplaybreaks setlength parindent begin end section par texttt text textbackslash
    textbar textless textgreater small quad qquad frac sqrt sum prod partial left right underline mathrm mathbf
    operatorname delta varepsilon alpha beta gamma theta lambda mu nu sigma tau phi pi Sigma infty cdot times le ge ne
    to dots surd top odot oslash lVert rVert log exp det sin cos tan tanh sinh cosh max min land lor lnot Big textstyle
"""
KNOWN = frozenset(COMMANDS.split())


@cache
def document(name: str, closed: bool = False) -> tuple[str, str]:
    """The LaTeX and the Markdown of one derivation."""
    if name in PROGRAMS and name in MORE:
        text, wrt = PROGRAMS[name]
        program, names = ic.parse(text), wrt.split(",")
    else:
        path = next(p for p in EXAMPLES if p.stem == name)
        program = ic.parse(path.read_text(encoding="utf-8"))
        names = [t.name for t in program.tensors if not t.is_integer]
    found = derivation(program, names)
    found = closed_derivation(found) if closed else found
    return derivation_latex(found, steps=True), derivation_markdown(found, steps=True)


CASES = [(n, False) for n in (*NAMES, *MORE)] + [(n, True) for n in ("attention", "layer_norm", "gaussian")]


@pytest.mark.parametrize(("name", "closed"), CASES)
def test_the_document_uses_what_plain_latex_has(name: str, closed: bool) -> None:
    latex, _ = document(name, closed)
    assert latex.isascii()
    assert set(re.findall(r"\\([A-Za-z]+)", latex)) <= KNOWN
    for block in re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", latex, re.DOTALL):
        for row in re.sub(r"\\begin\{cases\}.*?\\end\{cases\}", "", block).split(" \\\\\n"):
            assert well_grouped(row), row
            assert row.count(r"\left") == row.count(r"\right"), row
            assert not re.search(r"\}_\{[^{}]*\}_|\}\^\{[^{}]*\}\^", row), row  # double scripts


def well_grouped(row: str) -> bool:
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", row):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def test_the_checks_see_what_is_wrong() -> None:
    assert well_grouped(r"a_{b} \}") and not well_grouped("a_{b}}{")
    assert not set(re.findall(r"\\([A-Za-z]+)", r"\ilfrac{a}")) <= KNOWN


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize(("name", "closed"), CASES)
def test_the_document_compiles(name: str, closed: bool, tmp_path: Path) -> None:
    (tmp_path / "d.tex").write_text(document(name, closed)[0], encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "d.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize("name", NAMES)
def test_markdown_mathematics_is_what_github_renders(name: str) -> None:
    _, page = document(name)
    outside = page.split("```")[0]
    assert r"\begin{align" not in outside.replace(r"\begin{aligned}", "")
    for line in outside.split("\n"):
        assert line.count("$$") in (0, 1, 2)
        for inline in re.findall(r"(?<!\$)\$(?!\$)([^$]+)\$(?!\$)", line):
            assert inline == inline.strip(), line
    inside = re.findall(r"\$\$(.*?)\$\$", outside, re.DOTALL)
    assert inside and all(set(re.findall(r"\\([A-Za-z]+)", m)) <= KNOWN for m in inside)
