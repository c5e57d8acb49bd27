"""The emitted C++: golden files, names that stay data, a source that compiles without a warning by itself.

To accept new golden texts: `python -m tests.backends.cpp.test_text`.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from indexcalc.backends import compile_program, emit_program
from indexcalc.backends.cpp.emit import CppEmitted, emit_for
from indexcalc.elaborate.read import read_program
from indexcalc.ir.expr import Access, IndexSum, Product
from indexcalc.ir.index import Index, Space
from indexcalc.ir.program import Define, Program, Tensor
from indexcalc.lower.program import lower_program

from ..cases import BY_NAME, CASES
from ..test_emitted_text import HOSTILE
from .batch import joined, skip_without_compiler
from .compiling import compiled

GOLDEN = Path(__file__).parents[2] / "golden" / "emitted"
SHOWN = ["causal_attention", "layer_norm", "conv_grad_x", "scatter", "topk"]


def emitted(name: str, scalar: str = "double") -> CppEmitted:
    program = BY_NAME[name].program
    return emit_for(program, lower_program(program), scalar)


def golden_path(case: str) -> Path:
    return GOLDEN / f"{case}.cpp.txt"


@pytest.mark.parametrize("case", SHOWN)
def test_golden(case: str) -> None:
    assert emitted(case).function == golden_path(case).read_text(encoding="utf-8")


def test_no_warning(tmp_path: Path) -> None:
    """`compiled` refuses warnings, too."""
    compiled(joined(emitted(c.name) for c in CASES), tmp_path, "-O0", "-Wall", "-Wextra", "-Wno-unused")


def test_source_compiles_by_itself(tmp_path: Path) -> None:
    library = compiled(emit_program(BY_NAME["causal_attention"].program, "cpp"), tmp_path, "-O0")
    assert library.run and library.set_blas


CODE = re.compile(r"//.*|\"(?:[^\"\\]|\\.)*\"")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_data(name: str) -> None:
    space, other = Space(name + "s", name + "e"), Space(name + "t", None)
    i, j = Index(name, space), Index(name + "'", other)
    body = IndexSum(Product((Access(name, (i, j)), Access("x", (j,)))), (j,))
    statement = Define(name + "y", (i,), body)
    program = Program((i, j), (Tensor(name, (i, j)), Tensor("x", (j,))), statements=(statement,), outputs=(name + "y",))
    source = emit_program(program, "cpp")
    plain = emit_program(read_program("tensor A[i,j]\ny[i] = A[i,j] x[j]"), "cpp")
    assert "".join(CODE.sub("", source).split()) == "".join(CODE.sub("", plain).split())
    assert all(c.isprintable() or c == "\n" for c in source)
    assert not any(line.rstrip().endswith(("\\", "??/")) for line in source.splitlines() if "//" in line)
    skip_without_compiler()
    found = compile_program(program, "cpp")(**{name: np.eye(2), "x": np.arange(2.0)})
    assert found[name + "y"].tolist() == [0, 1]


def test_the_same_program_gives_the_same_text() -> None:
    program = BY_NAME["causal_attention"].program
    assert emit_program(program, "cpp") == emit_program(program, "cpp")


def test_only_what_loops_read_must_lie_in_rows() -> None:
    """A product takes its operands as they lie; a loop wants the last axis without gaps."""
    assert emitted("matmul").rows == (False, False)
    assert emitted("bias").inputs == ("W", "X", "x", "s")
    assert emitted("bias").rows == (False, False, True, False)


SPECIAL = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1e308, -1e308, 1e-320, 710.0, -745.5, 1.0, -2.5]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_infinities_nan_and_overflow_are_as_in_numpy(dtype: type) -> None:
    """Bit for bit where a value is special, close elsewhere; of reductions, too."""
    skip_without_compiler()
    program = read_program(
        "index i, j : n(N)\n"
        "e[i] = exp(x[i])\nl[i] = log(x[i])\nr[i] = sqrt(x[i])\nt[i] = tanh(x[i])\ns[i] = sigmoid(x[i])\n"
        "p[i] = softplus(x[i])\nm[i,j] = max(x[i], x[j])\nq[i,j] = x[i] / x[j]\nd[i,j] = x[i] - x[j]\n"
        "w[i,j] = x[i] ** 2 + relu(x[j])\ng[i,j] = where(x[i] < x[j], 1, sign(x[i]))\n"
        "a = max[i](x[i])\nb[i] = min[j](d[i,j])\nc[i] = sum[j](d[i,j])\nf[i] = logsumexp[j](d[i,j])\n"
        "h[i] = argmax[j](d[i,j])\nk[i] = prod[j](m[i,j])"
    )
    with np.errstate(all="ignore"):
        x = np.array(SPECIAL).astype(dtype)
        expected, found = compile_program(program)(x=x), compile_program(program, "cpp")(x=x)
    for name, value in expected.items():
        got = found[name]
        np.testing.assert_array_equal(np.isnan(got), np.isnan(value), err_msg=name)
        np.testing.assert_array_equal(np.isposinf(got), np.isposinf(value), err_msg=name)
        np.testing.assert_array_equal(np.isneginf(got), np.isneginf(value), err_msg=name)
        tolerance = 1e-13 if dtype == np.float64 else 1e-5
        np.testing.assert_allclose(got, value, rtol=tolerance, atol=1e-300, err_msg=name)


def test_long_sums_and_products() -> None:
    skip_without_compiler()
    program = read_program("y[i] = " + " + ".join(f"{n} x{n % 7}[i]" for n in range(1, 1001)))
    found = compile_program(program, "cpp")(**{n: np.full(2, float(n[1:])) for n in program.inputs})["y"]
    np.testing.assert_allclose(found, sum(n * (n % 7) for n in range(1, 1001)), rtol=1e-14)


def main() -> None:
    for case in SHOWN:
        golden_path(case).write_text(emitted(case).function, encoding="utf-8")


if __name__ == "__main__":
    main()
