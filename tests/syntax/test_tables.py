"""The grammar has no conflict, and the tables made ahead of time are the ones that Lark builds from it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from indexcalc.paper import build as latex
from indexcalc.syntax import tables
from indexcalc.syntax.build_tree import FLAT, Builder
from indexcalc.syntax.lalr import Machine, Token, Unexpected
from indexcalc.syntax.naming import FUNCTIONS, REDUCTIONS


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("made_tables", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def fresh() -> Any:
    """`load` without its memory, before and after."""
    tables.load.cache_clear()
    yield tables.load
    tables.load.cache_clear()


@pytest.mark.parametrize("grammar", tables.GRAMMARS, ids=lambda g: g.file)
def test_the_grammar_has_no_conflict(grammar: tables.Grammar) -> None:
    pytest.importorskip("interegular", reason="Lark's strict mode needs it")
    tables.compile_grammar(grammar.text(), grammar, strict=True)


def test_a_conflict_would_be_seen() -> None:
    pytest.importorskip("interegular", reason="Lark's strict mode needs it")
    source = tables.INDEX.text()
    ambiguous = source.replace("| signed _MINUS signed", "").replace("?signed: product", "?signed: product | terms")
    assert ambiguous != source
    with pytest.raises(Exception, match=r"(?i)conflict|collision"):
        tables.compile_grammar(ambiguous, strict=True)


@pytest.mark.parametrize("grammar", tables.GRAMMARS, ids=lambda g: g.file)
def test_written_tables_are_the_built_ones(
    grammar: tables.Grammar, tmp_path: Path, fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables.write(tmp_path)
    made = _module(tmp_path / f"{grammar.module}.py")
    built = tables.build(grammar)
    monkeypatch.setattr(tables, "import_module", lambda *_: made)
    monkeypatch.setattr(tables, "build", lambda _: pytest.fail("fresh tables must not be built again"))
    assert fresh(grammar) == built


def test_stale_tables_are_not_used(tmp_path: Path, fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tables.write(tmp_path)
    made = _module(tmp_path / "_tables.py")
    made.SOURCE += "// changed\n"
    made.STATES = ()
    monkeypatch.setattr(tables, "import_module", lambda *_: made)
    assert len(fresh().states) > 200


def test_without_tables_they_are_built(fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: str) -> Any:
        raise ModuleNotFoundError("no tables", name="indexcalc.syntax._tables")

    monkeypatch.setattr(tables, "import_module", missing)
    assert len(fresh().states) > 200


@pytest.mark.parametrize(
    ("grammar", "builder", "flat"),
    [(tables.INDEX, Builder, FLAT), (tables.LATEX, latex.Builder, latex.FLAT)],
    ids=lambda x: getattr(x, "file", ""),
)
def test_every_rule_has_its_method_and_every_method_its_rule(
    grammar: tables.Grammar, builder: type, flat: frozenset[str]
) -> None:
    used = {r.action for r in tables.build(grammar).rules} - {"", "*"}
    methods = {name for name in dir(builder) if not name.startswith("_")}
    assert used == methods
    assert used >= flat


def test_the_machine_tells_what_could_follow() -> None:
    class Names:
        def __getattr__(self, name: str) -> Any:
            return lambda children, start, end: name

    machine = Machine(tables.load(), Names(), frozenset(), 100)
    with pytest.raises(Unexpected) as e:
        machine.run([Token("_METRIC", "metric", 0, 6), Token("NAME", "g", 7, 8)], "statement")
    assert e.value.position == 2
    assert e.value.expected == {"COLON", "PRIME"}


def test_reading_imports_neither_lark_nor_any_heavy_library(tmp_path: Path) -> None:
    tables.write(tmp_path)
    code = (
        "import sys, importlib.util as u\n"
        f"s = u.spec_from_file_location('indexcalc.syntax._tables', {str(tmp_path / '_tables.py')!r})\n"
        "m = u.module_from_spec(s); s.loader.exec_module(m); sys.modules[s.name] = m\n"
        "from indexcalc.syntax.parse import parse_program\n"
        "assert not parse_program('y[i] = A[i,j] x[j]')[1]\n"
        "print(*sorted({'lark', 'numpy', 'sympy', 'rich', 'hashlib', 'pickle'} & set(sys.modules)))\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == ""


def test_the_command_writes_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables.main([str(tmp_path)])
    assert capsys.readouterr().out.startswith(str(tmp_path / "_tables.py"))
    assert all("pickle" not in path.read_text("utf-8") for path in tmp_path.iterdir())


def test_built_in_functions_are_those_of_the_ir() -> None:
    """A function of the IR that is missing here would read as unknown."""
    from indexcalc.ir.functions import BUILTIN

    assert set(BUILTIN) <= FUNCTIONS
    assert {"max", "min"} == FUNCTIONS & REDUCTIONS
