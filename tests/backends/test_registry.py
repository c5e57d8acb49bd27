"""The registry: lazy, and clear about what is not there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from indexcalc.backends import compile_program, emit_program
from indexcalc.backends.base import BACKENDS, backend_named
from indexcalc.diagnostics import IndexCalcError
from indexcalc.elaborate.read import read_program

PROGRAM = read_program("y[i] = A[i,j] x[j]")


def test_unknown_backend_lists_those_there_are() -> None:
    with pytest.raises(IndexCalcError, match="IX904: no backend 'fortran'\n  help: available: numpy, torch, cpp, cupy"):
        emit_program(PROGRAM, "fortran")
    with pytest.raises(IndexCalcError, match=r"did you mean 'numpy'\?"):
        compile_program(PROGRAM, "nunpy")


def test_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "cupy"):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.delitem(sys.modules, f"indexcalc.backends.{name}.runtime", raising=False)
        message = rf"IX903: the {name} backend needs the library `{name}`.*\n  help: pip install 'indexcalc\[{name}\]'"
        with pytest.raises(IndexCalcError, match=message):
            compile_program(PROGRAM, name)


@pytest.mark.parametrize("name", list(BACKENDS))
def test_emission_needs_no_array_library(name: str) -> None:
    code = (
        "import sys\n"
        "from indexcalc.elaborate.read import read_program\n"
        "from indexcalc.backends import emit_program\n"
        f"emit_program(read_program('y[i] = A[i,j] x[j]'), {name!r})\n"
        "assert not {'numpy', 'torch', 'cupy', 'sympy'} & set(sys.modules), set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_spelling_covers_the_same_operations() -> None:
    spellings = {name: backend_named(name).load_spelling() for name in BACKENDS if name != "cpp"}
    base = spellings["numpy"]
    assert set(base.maps) == set(backend_named("cpp").load_spelling().maps)  # which writes the operations as loops
    for spelling in spellings.values():
        native = spelling.target.native
        assert set(base.maps) == set(spelling.maps)
        assert set(base.operations) - {"shift", "logdet", "einsum"} <= set(spelling.operations) | native | {"logdet"}
        assert native <= set(spelling.operations)
        assert ("shift" in spelling.operations) != (native == {"softmax", "logsumexp"})
