"""Programs that come out of the cache are those that went in."""

from __future__ import annotations

import ast
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.backends import lowered, recipe, sources, variants
from indexcalc.backends.base import backend_named
from indexcalc.backends.cpp.emitted import CppEmitted, decoded, emit, encoded
from indexcalc.backends.memory import held_in, threads_of
from indexcalc.backends.recipe import Recipe
from indexcalc.cost.peak import memory_of
from indexcalc.cost.work import Meter
from indexcalc.lower.sizes import representative_sizes
from indexcalc.lower.target import LAPTOP, Machine, Target
from tests.backends.everywhere import BIG, TEXTS, programs
from tests.test_imports import allowed

from .batch import skip_without_compiler

CPP = backend_named("cpp")
ATTENTION = ic.grad(
    "index i, j : seq(L)\nindex d : feat(D)\n"
    "P[i, j] = softmax[j](Q[i, d] K[j, d])\nO[i, d] = P[i, j] V[j, d]\noutput O",
    "Q",
    with_value=True,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of our own."""
    monkeypatch.setenv("INDEXCALC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> list[Recipe]:
    """The recipes of which a graph is made."""
    found: list[Recipe] = []
    true = Recipe.graph

    def graph(self: Recipe, target: Target | None = None) -> Any:
        found.append(self)
        return true(self, target)

    monkeypatch.setattr(Recipe, "graph", graph)
    return found


def recipe_of(program: ic.Program, sizes: dict[str, int] | None = None, without: tuple[str, ...] = ()) -> Recipe:
    return Recipe(program, CPP, representative_sizes(program, sizes), without, is_kept=True)


def attention_inputs(length: int, width: int, dtype: str = "float64") -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {n: rng.standard_normal((length, width)).astype(dtype) for n in ("Q", "K", "V", "grad_O")}


def files(folder: Path, kind: str) -> list[Path]:
    return sorted(folder.glob(f"*{kind}"))


def test_another_process_lowers_nothing_and_finds_the_same(folder: Path, graphs: list[Recipe]) -> None:
    skip_without_compiler()
    first = ic.compile(ATTENTION, "cpp", sizes={"L": 64, "D": 8})
    given = [attention_inputs(64, 8, d) for d in ("float64", "float32")]
    expected = [first(**x) for x in given]
    del graphs[:]
    second = ic.compile(ic.parse(str(ATTENTION)), "cpp", sizes={"L": 64, "D": 8})
    for x, wanted in zip(given, expected):
        found = second(**x)
        assert list(found) == list(wanted)
        for name, array in wanted.items():
            assert found[name].dtype == array.dtype and np.array_equal(found[name], array)
    assert graphs == [] and second.sources == first.sources
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_call_of_other_sizes_finds_its_text_too(graphs: list[Recipe], monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without_compiler()
    monkeypatch.setattr(variants, "WORTH", 2e-4)
    given = attention_inputs(600, 32)
    first = ic.compile(ATTENTION, "cpp")
    expected = first(**given)
    del graphs[:]
    second = ic.compile(ATTENTION, "cpp")
    found = second(**given)
    assert all(np.array_equal(found[n], expected[n]) for n in expected)
    assert graphs == [] and second.sources == first.sources and len(second.sources) == 2


def test_a_fresh_process_loads_no_lowering(folder: Path) -> None:
    skip_without_compiler()
    code = (
        "import sys, numpy as np, indexcalc as ic\n"
        "f = ic.compile('index i : n(N)\\ny[i] = exp(x[i])', 'cpp', sizes={'N': 9})\n"
        "assert abs(f(x=np.ones(9))['y'] - np.exp(1)).max() < 1e-15\n"
        "print(*sys.modules)"
    )
    loaded = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=os.environ)
        loaded.append(done.stdout.split())
    heavy = ("indexcalc.lower.passes", "indexcalc.lower.program", "indexcalc.backends.cpp.emit", "indexcalc.cost.peak")
    assert {*heavy, "subprocess"} <= {*loaded[0]} and not {*heavy, "subprocess", "numpy.ma"} & {*loaded[1]}


@pytest.mark.parametrize("name", programs())
def test_what_is_decoded_is_what_was_encoded(name: str) -> None:
    made = recipe_of(programs()[name], BIG)
    spaces = list(made.sizes)
    first = emit(made)
    assert first.again is not None and first.bound is not None
    for scalar in ("double", "float", *(["Complex<double>"] if name == "attention'" else [])):
        emitted = first.again(scalar)
        assert without_again(decoded(encoded(emitted, spaces), spaces)) == without_again(emitted)


def without_again(emitted: CppEmitted) -> dict[str, Any]:
    return {n: getattr(emitted, n) for n in emitted.__dataclass_fields__ if n not in ("again", "graph")}


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("source"),
        lambda d: d.update(source=3),
        lambda d: d.update(rows=["yes"]),
        lambda d: d.update(sizes={"L": 99}),
        lambda d: d.update(results=[["O", [2.5], False]]),
        lambda d: d.update(results=[["O"]]),
        lambda d: d.update(bound=[[1, [99]]]),
        lambda d: d.update(bound=7),
    ],
)
def test_what_was_not_encoded_is_refused(change: Any) -> None:
    made = recipe_of(ATTENTION)
    spaces = list(made.sizes)
    content = encoded(emit(made), spaces)
    data = json.loads(content)
    decoded(json.dumps(data).encode(), spaces)
    change(data)
    for text in (json.dumps(data).encode(), b"[]", b"{", b"\xff"):
        with pytest.raises(ValueError, match=r"(Type|Key|Index|Attribute)Error: |Expecting|decode"):
            decoded(text, spaces)


def test_all_that_decides_is_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    base = "index i : rows(N)\nindex j : columns(M)\ny[i] = A[i, j] x[j]"
    program = ic.parse(base)

    def key(made: Recipe, part: str = "double") -> str:
        found = made.key(part)
        assert found is not None
        return found

    keys = [
        key(recipe_of(program)),
        key(recipe_of(program), "float"),
        key(recipe_of(program, {"N": 65})),
        key(recipe_of(program, {"M": 65})),
        key(recipe_of(program, without=("fuse",))),
        key(recipe_of(program, without=("fold",))),
        key(recipe_of(ic.parse(base.replace("A[i, j]", "2 A[i, j]")))),
        key(recipe_of(ic.parse(base.replace("(M)", "(64)")))),
        key(recipe_of(ic.parse(f"tensor x[j]\n{base}"))),
        key(recipe_of(ic.parse(f"{base}\nz[i] = y[i]\noutput y"))),
        key(Recipe(program, backend_named("torch"), representative_sizes(program), is_kept=True)),
    ]
    assert key(recipe_of(ic.parse(base))) == keys[0]
    for target in (Target(machine=Machine(4, 1e11, 1e10, 1e9, 1 << 20, 1e-8)), Target(frozenset({"softmax"}), LAPTOP)):
        with monkeypatch.context() as patch:
            patch.setattr(Recipe, "target", target)
            keys.append(key(recipe_of(program)))
    with monkeypatch.context() as patch:
        patch.setattr(recipe, "find_spec", lambda name: None)
        keys.append(key(recipe_of(program)))
    with monkeypatch.context() as patch:
        patch.setattr(sources, "sources_hash", lambda: "another release")
        keys.append(key(recipe_of(program)))
    assert len(set(keys)) == len(keys)
    assert Recipe(program, CPP, representative_sizes(program)).key("double") is None


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of two old files."""
    for name in ("a.py", "part/b.hpp"):
        path = tmp_path / "package" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(name)
        os.utime(path, (10**9, 10**9))
    monkeypatch.setattr(sources, "PACKAGE", str(tmp_path / "package"))
    monkeypatch.setattr(sources, "PARTS", ("a.py", "part"))
    return tmp_path / "package"


def fresh_hash() -> str | None:
    return sources.sources_hash.__wrapped__()


def test_a_changed_source_changes_the_hash(package: Path) -> None:
    before = fresh_hash()
    assert before is not None and fresh_hash() == before
    found = [before]
    for name in ("a.py", "part/b.hpp", "part/c.py"):
        (package / name).write_text("x" * len(name))
        os.utime(package / name, (10**9, 10**9))
        found.append(fresh_hash() or "")
    (package / "part" / "c.py").rename(package / "part" / "d.py")
    found.append(fresh_hash() or "")
    assert len(set(found)) == 5 and "" not in found
    (package / "part" / "notes.txt").write_text("of no matter")
    assert fresh_hash() == found[-1]


def test_what_may_not_be_what_runs_has_no_hash(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that changed since the process began: the old text runs, or the new one, nobody can say."""
    os.utime(package / "a.py")
    assert fresh_hash() is None
    (package / "a.py").unlink()
    assert fresh_hash() is None


def test_without_a_hash_nothing_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without_compiler()
    monkeypatch.setattr(sources, "sources_hash", lambda: None)
    f = ic.compile("y[i] = 2 x[i]", "cpp")
    assert f(x=np.arange(3.0))["y"].tolist() == [0, 2, 4]
    assert files(folder, ".json") == [] and len(files(folder, ".so")) == 1


def test_the_hash_is_of_all_that_backends_may_import() -> None:
    """But for the language, which made the program whose text is hashed as well."""
    parts = {part.removesuffix(".py") for part in sources.PARTS}
    assert parts == allowed("backends") - {"syntax", "grammar", "began"}
    assert all(Path(sources.PACKAGE, part).exists() for part in sources.PARTS)


def test_emitting_alone_keeps_nothing(folder: Path) -> None:
    ic.emit("y[i] = 2 x[i]", "cpp")
    assert not folder.exists()


@pytest.mark.parametrize("content", [b"", b"{}", None])
def test_a_damaged_program_is_made_again(content: bytes | None, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    skip_without_compiler()
    x = np.arange(3.0)
    assert ic.compile("y[i] = 2 x[i]", "cpp")(x=x)["y"].tolist() == [0, 2, 4]
    (path,) = files(folder, ".json")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"2", b"3") if content is None else content)
    with caplog.at_level("DEBUG", "indexcalc.cache"):
        assert ic.compile("y[i] = 2 x[i]", "cpp")(x=x)["y"].tolist() == [0, 2, 4]
    assert [r.getMessage() for r in caplog.records] == [f"{path} was cut short or changed; it is made anew"]
    assert path.read_bytes() == whole


def test_nothing_is_pickled(folder: Path) -> None:
    ic.compile(ATTENTION, "numpy")
    assert not folder.exists()  # Python's text is made as fast as it is found
    emit(recipe_of(ATTENTION))
    (path,) = folder.iterdir()
    assert json.loads(path.read_bytes())["inputs"] == ["Q", "K", "V", "grad_O"]
    for source in Path(sources.PACKAGE, "backends").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            assert not {"pickle", "marshal", "shelve", "dill"} & {*names, getattr(node, "module", "")}


EXTENTS = [(1, 1), (2, 3), (40, 7), (600, 64), (5000, 16), (70, 3000)]


@pytest.mark.parametrize("name", programs())
def test_no_call_needs_more_memory_than_the_bound(name: str) -> None:
    program = programs()[name]
    for decided in ({"L": 64, "D": 64}, BIG):
        made = recipe_of(program, decided)
        bound, graph, threads = made.memory_bound(), made.graph(), threads_of(made.target.machine)
        for length, width in EXTENTS:
            sizes = {s: length if s.extent == "L" else width for s in made.sizes}
            for item in (4, 8, 16):
                memory = memory_of(program, graph, Meter(sizes, item), threads, held=held_in(graph, CPP.inlines))
                assert memory.peak - memory.inputs <= bound.at(sizes, item)


def test_the_bound_is_not_much_more() -> None:
    """Arrays of L² elements are counted as exactly as the rest."""
    for text, name in ((TEXTS["matmul"][0], "Y"), ("Y[i, j] = x[i] x[j]", "Y")):
        made = recipe_of(ic.parse(f"index i, j : seq(L)\nindex d, a : feat(D)\n{text}"))
        sizes = dict.fromkeys(made.sizes, 1000)
        assert 8 * 10**6 <= made.memory_bound().at(sizes, 8) <= 1.1 * 8 * 10**6, name


def test_a_call_that_does_not_fit_is_refused_as_before(monkeypatch: pytest.MonkeyPatch, graphs: list[Recipe]) -> None:
    skip_without_compiler()
    text = "index i, j : n(N)\nD[i, j] = x[i] - x[j]\nE[i, j] = exp(D[i, j]) y[j, i]\noutput E"
    monkeypatch.setenv("INDEXCALC_MEMORY", "700 kB")
    messages = []
    for _ in range(2):
        del graphs[:]
        f = ic.compile(text, "cpp")
        with pytest.raises(
            ic.IndexCalcError, match=r"IX959: this call needs 703\.1 KiB .* most of it for `E`"
        ) as caught:
            f(x=np.ones(300), y=np.ones((300, 300)))
        messages.append(str(caught.value))
    assert messages[0] == messages[1] and len(graphs) == 1
    assert f(x=np.ones(200), y=np.ones((200, 200)))["E"].shape == (200, 200)


def test_the_graph_is_there_for_who_asks() -> None:
    made = recipe_of(ATTENTION)
    emit(made)
    again = recipe_of(ATTENTION)
    emit(again)
    graph, _ = lowered(ATTENTION, "cpp")
    assert [v.operation for v in again.graph()] == [v.operation for v in graph]
