"""The emitted text: golden files, bounded lines, and names that stay data.

To accept new golden texts: `python -m tests.backends.test_emitted_text`.
"""

from __future__ import annotations

import ast
import builtins
import io
import symtable
import tokenize
from pathlib import Path

import numpy as np
import pytest

from indexcalc.backends import compile_program, emit_program
from indexcalc.elaborate.read import read_program
from indexcalc.ir.expr import Access, IndexSum, Product
from indexcalc.ir.index import Index, Space
from indexcalc.ir.program import Define, Program, Tensor

from .cases import BY_NAME, CASES

GOLDEN = Path(__file__).parents[1] / "golden" / "emitted"
SHOWN = ["causal_attention", "layer_norm", "conv", "conv_grad_x", "scatter", "one_hot", "cross_entropy", "topk"]
BACKENDS = ["numpy", "torch", "cupy"]


def golden_path(case: str, backend: str) -> Path:
    return GOLDEN / f"{case}.{backend}.py.txt"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", SHOWN)
def test_golden(case: str, backend: str) -> None:
    assert emit_program(BY_NAME[case].program, backend) == golden_path(case, backend).read_text(encoding="utf-8")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", [c.name for c in CASES])
def test_lines_are_shallow_assignments_with_a_comment(case: str, backend: str) -> None:
    source = emit_program(BY_NAME[case].program, backend)
    run = next(n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == "run")
    lines = source.splitlines()
    seen: set[str] = set()
    for statement in run.body:
        assert isinstance(statement, (ast.Assign, ast.Delete, ast.Return))
        if isinstance(statement, ast.Assign):
            (target,) = statement.targets
            parts = target.elts if isinstance(target, ast.Tuple) else [target]  # of a kernel, several
            for part in parts:
                assert isinstance(part, ast.Name)
                assert part.id not in seen - {"_"}, "assigned twice"
                seen.add(part.id)
            assert _depth(statement.value) <= 12
            if parts[0].id not in ("real", "floating", "device", "out"):
                assert "  # " in lines[statement.lineno - 1]


def _depth(node: ast.AST) -> int:
    return 1 + max((_depth(c) for c in ast.iter_child_nodes(node)), default=0)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", [c.name for c in CASES])
def test_every_name_is_bound(case: str, backend: str) -> None:
    """No helper or import is forgotten: whatever a function reads globally, the module defines."""
    source = emit_program(BY_NAME[case].program, backend)
    table = symtable.symtable(source, "emitted", "exec")
    defined = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    pending = list(table.get_children())
    while pending:
        scope = pending.pop()
        pending += scope.get_children()
        for symbol in scope.get_symbols():
            if symbol.is_global():
                assert symbol.get_name() in defined or hasattr(builtins, symbol.get_name())


HOSTILE = [
    "__import__('os').system('true')",
    "x\n    import os",
    "a'] + [1] #",
    "α\u202e\u2028b",
    '"""',
    "{0}",
    "\\",
    "\\ ",
    "??/",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_data(name: str) -> None:
    space, other = Space(name + "s", name + "e"), Space(name + "t", None)
    i, j = Index(name, space), Index(name + "'", other)
    body = IndexSum(Product((Access(name, (i, j)), Access("x", (j,)))), (j,))
    statement = Define(name + "y", (i,), body)
    program = Program((i, j), (Tensor(name, (i, j)), Tensor("x", (j,))), statements=(statement,), outputs=(name + "y",))
    for backend in BACKENDS:
        source = emit_program(program, backend)
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
        plain = {t.string for t in tokens if t.type == tokenize.NAME}
        assert not plain & {"os", "system", "__import__", "b"}
        assert all(t.isascii() for t in plain)
        assert all(c.isprintable() or c == "\n" for c in source)
    found = compile_program(program)(**{name: np.eye(2), "x": np.arange(2.0)})
    assert found[name + "y"].tolist() == [0, 1]


def test_a_sum_of_many_terms() -> None:
    text = "y[i] = " + " + ".join(f"{n} x{n % 7}[i]" for n in range(1, 3001))
    program = read_program(text)
    f = compile_program(program)
    assert max(map(len, f.source.splitlines())) < 300
    given = {n: np.full(2, float(n[1:])) for n in program.inputs}
    expected = sum(n * (n % 7) for n in range(1, 3001))
    np.testing.assert_allclose(f(**given)["y"], expected, rtol=1e-14)


def test_a_product_of_many_factors() -> None:
    program = read_program("y[i] = " + " ".join(f"(x[i] + {n})" for n in range(1, 120)))
    x = np.array([-0.5, 0.001])
    expected = np.prod([x + n for n in range(1, 120)], axis=0)
    np.testing.assert_allclose(compile_program(program)(x=x)["y"], expected, rtol=1e-12)


def main() -> None:
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for case in SHOWN:
        for backend in BACKENDS:
            golden_path(case, backend).write_text(emit_program(BY_NAME[case].program, backend), encoding="utf-8")


if __name__ == "__main__":
    main()
