"""Imports go one way, and nothing heavy is loaded before it is needed."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "indexcalc"

# What each part may import directly, besides itself and what those parts may import.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "diagnostics": (),
    "limits": (),
    "began": (),
    "grammar": (),
    "syntax": ("diagnostics", "limits", "grammar"),
    "ir": ("diagnostics", "limits"),
    "scalar": ("syntax", "ir"),  # the language says which names it can write
    "paths": ("diagnostics", "limits"),
    "einsum": ("diagnostics", "limits", "paths"),
    "elaborate": ("syntax", "ir", "einsum"),
    "python": ("einsum",),
    "paper": ("elaborate",),
    "importers": ("elaborate", "scalar"),  # whose table of names that can be said needs no SymPy
    "normal": ("ir",),
    "rewrite": ("ir",),
    "interpret": ("ir",),
    "matrix": ("ir", "syntax"),  # Greek letters by their words
    "lower": ("ir", "paths"),
    "cost": ("lower",),
    "calculus": ("normal", "rewrite", "interpret", "cost"),  # numbers suggest what is zero or equal, algebra proves it
    "compare": ("elaborate", "calculus"),
    "lint": ("python", "paper", "compare", "importers"),  # of the importers only how names are said
    "backends": ("cost", "syntax", "began"),  # α and alpha are one keyword
    "verify": ("backends", "interpret", "calculus"),
    "differentiable": ("backends", "calculus"),
    "present": ("syntax", "calculus", "matrix", "verify", "lint"),
    "api": (
        "elaborate",
        "lint",
        "rewrite",
        "scalar",
        "cost",
        "calculus",
        "matrix",
        "backends",
        "verify",
        "importers",
        "differentiable",
    ),
    "demo": ("api", "present"),
    "lsp": ("lint",),
    "cli": ("demo", "lsp"),
    "__main__": ("cli",),
}

# Methods for convenience that load what is to their right when they are called: module -> names imported there.
CONVENIENCES = {"ir/expr.py": ("indexcalc.scalar.to_sympy.to_sympy",)}


def allowed(part: str) -> frozenset[str]:
    """The part and everything to its left."""
    return frozenset((part,)).union(*(allowed(other) for other in MAY_IMPORT[part]))


def imported_modules(tree: ast.Module, module: tuple[str, ...], is_package: bool) -> Iterator[tuple[int, str]]:
    """(line, absolute dotted name) of every import, also of those inside functions."""
    for found in ast.walk(tree):
        if isinstance(found, ast.Import):
            yield from ((found.lineno, alias.name) for alias in found.names)
        elif isinstance(found, ast.ImportFrom):
            base = module if is_package else module[:-1]
            start = base[: len(base) - found.level + 1] if found.level else ()
            name = ".".join((*start, *((found.module or "").split(".") if found.module else ())))
            # `from .. import api` names a module, `from ..api import grad` a thing inside one
            yield from ((found.lineno, f"{name}.{alias.name}") for alias in found.names)


def part_of(name: str) -> str | None:
    """The part of indexcalc that a dotted name lies in."""
    pieces = name.split(".")
    if pieces[0] != "indexcalc" or len(pieces) < 2:
        return None
    return pieces[1] if pieces[1] in MAY_IMPORT else "api"  # a name of the public surface


def violations(path: Path, source: str) -> list[str]:
    relative = path.relative_to(ROOT)
    module = tuple(p for p in relative.with_suffix("").parts if p != "__init__")
    if len(module) == 1:
        return []  # indexcalc/__init__.py names everything, and loads nothing: see the test below
    part = module[1]
    assert part in MAY_IMPORT, f"{relative}: new part `{part}`; say in {Path(__file__).name} what it may import"
    found = []
    excused = CONVENIENCES.get(path.relative_to(PACKAGE).as_posix(), ())
    for line, name in imported_modules(ast.parse(source), module, path.stem == "__init__"):
        other = part_of(name)
        if other is not None and other not in allowed(part) and name not in excused:
            found.append(f"{relative}:{line}: {part} imports {name}, but {other} is not to its left")
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_back_edge(path):
    assert violations(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("ir/walk.py", "from ..elaborate import program"),
        ("ir/walk.py", "def f():\n    from .. import api"),
        ("ir/walk.py", "import indexcalc.lint.run"),
        ("ir/walk.py", "from ..scalar.to_sympy import to_sympy"),
        ("ir/expr.py", "from ..scalar.from_sympy import from_sympy"),
        ("syntax/parse.py", "from ..ir.expr import Expr"),
        ("lint/rules/names.py", "from ...verify.report import verify"),
        ("interpret/evaluate.py", "from ..lower import graph"),
        ("elaborate/__init__.py", "from ..lint import run"),
        ("verify/report.py", "from indexcalc import grad"),
    ],
)
def test_a_back_edge_is_seen(where, source):
    assert len(violations(PACKAGE / where, source)) == 1


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("elaborate/names.py", "from ..ir.expr import Expr\nfrom ..syntax import tree\nfrom ..limits import MAX_RANK"),
        ("lint/rules/names.py", "from ..registry import rule\nfrom ...diagnostics import fail"),
        ("cli/main.py", "from .. import api\nimport numpy"),
    ],
)
def test_a_forward_edge_is_fine(where, source):
    assert violations(PACKAGE / where, source) == []


def loaded_after(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter that has run the code."""
    script = f"{code}\nimport sys\nprint('\\nMODULES', *sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stdout.rsplit("MODULES", 1)[1].split())


def test_only_the_bridge_imports_sympy():
    importing = set()
    for path in PACKAGE.rglob("*.py"):
        module = path.relative_to(ROOT).with_suffix("").parts
        names = imported_modules(ast.parse(path.read_text(encoding="utf-8")), module, path.stem == "__init__")
        if any(name.split(".")[0] == "sympy" for _, name in names):
            importing.add(path.relative_to(PACKAGE).parts[0])
    assert importing == {"scalar"}


def test_a_convenience_is_an_import_that_is_there():
    for where, names in CONVENIENCES.items():
        module = ("indexcalc", *Path(where).with_suffix("").parts)
        source = (PACKAGE / where).read_text(encoding="utf-8")
        assert set(names) <= {name for _, name in imported_modules(ast.parse(source), module, False)}


HEAVY = {"sympy", "numpy", "torch", "rich", "opt_einsum", "cupy"}


def test_the_measurement_sees_what_is_loaded():
    assert "numpy" in loaded_after("import numpy")


def test_importing_indexcalc_loads_nothing_heavy():
    assert not HEAVY & loaded_after("import indexcalc")


@pytest.mark.parametrize("example", ["attention.idx", "broken_attention.idx"])
def test_linting_loads_nothing_heavy(example):
    code = (
        "import sys\nfrom indexcalc.cli.main import main\n"
        f"sys.argv = ['indexcalc', 'lint', 'examples/{example}']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert 'indexcalc.elaborate' in sys.modules"
    )
    assert not HEAVY & loaded_after(code)


# A clean run's source by kind, the parts of indexcalc that it does without, and how many of our modules it may load.
CLEAN = {
    "idx": ("C[i,j] = A[i,k] B[k,j]\n", ("python", "paper", "einsum", "compare", "calculus"), 85),
    "py": ("import numpy as np\ny = np.einsum('ij,jk->ik', a, b)\n", ("elaborate", "paper", "ir", "syntax.tree"), 100),
    "tex": ("$$S_{ij} = \\sum_d Q_{id} K_{jd}$$\n", ("python", "elaborate", "einsum", "ir"), 80),
    "md": ("# Title\n\n$$S_{ij} = \\sum_d Q_{id} K_{jd}$$\n", ("python.read", "elaborate", "einsum", "ir"), 85),
    "ipynb": (
        '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "id": "a", '
        '"metadata": {}, "execution_count": null, "outputs": [], '
        '"source": "import numpy as np\\nnp.einsum(\'ij,jk->ik\', a, b)"}]}',
        ("elaborate", "ir", "syntax.tree"),
        110,
    ),
}


@pytest.mark.parametrize("kind", CLEAN)
def test_a_clean_run_loads_only_what_its_kind_needs(kind, tmp_path):
    """A module costs about a millisecond, so that what creeps in here is felt by everyone who lints one file."""
    from indexcalc.lint.registry import CHECKING, FAMILIES

    text, without, most = CLEAN[kind]
    path = tmp_path / f"clean.{kind}"
    path.write_text(text, encoding="utf-8")
    script = (
        "import sys\nfrom indexcalc.cli.main import main\n"
        f"try:\n    main(['lint', '--isolated', '-q', {str(path)!r}])\n"
        "except SystemExit as end:\n    print('EXIT', end.code, *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.startswith("EXIT 0 "), done.stdout
    loaded = done.stdout.split()[2:]
    ours = [m.removeprefix("indexcalc.") for m in loaded if m.startswith("indexcalc.")]
    assert [m for m in ours if m.startswith(tuple(f"{w}." for w in without)) or m in without] == []
    assert len(ours) <= most
    pages = set(FAMILIES).difference(*CHECKING.values())
    assert not {f"lint.rules.{page}" for page in pages} & {*ours}
    tops = {m.split(".")[0] for m in loaded}
    assert not tops & (HEAVY | {"nbformat", "jsonschema", "libcst", "lark", "pylatexenc", "pathspec"})
    assert ("markdown_it" in tops) == (kind == "md")


@pytest.mark.parametrize("order", ["", "import indexcalc.lint.run; import indexcalc.verify\n"])
def test_functions_are_not_hidden_by_folders_of_their_name(order):
    code = f"import indexcalc as ic\n{order}ic.lint('x'); ic.lint('x'); ic.verify('L = x[i] x[i]')"
    loaded_after(code)
