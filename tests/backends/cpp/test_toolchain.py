"""The compiler and its failures."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from indexcalc.backends import compile_program
from indexcalc.backends.cpp import runtime, toolchain
from indexcalc.diagnostics import IndexCalcError
from indexcalc.elaborate.read import read_program

from .batch import skip_without_compiler

PROGRAM = read_program("y[i] = 2 x[i]")
TINY = 'extern "C" int run() { return 7; }\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of our own."""
    monkeypatch.setenv("INDEXCALC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_no_compiler_names_the_ways_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(toolchain, "find_spec", lambda name: None)
    message = r"IX903: the cpp backend needs a C\+\+ compiler.*\n  help: install g\+\+ or clang\+\+ .*indexcalc\[zig\]"
    with pytest.raises(IndexCalcError, match=message):
        compile_program(PROGRAM, "cpp")
    monkeypatch.setenv("CXX", "no-such-compiler -O1")
    with pytest.raises(IndexCalcError, match="IX903: the compiler `no-such-compiler` that CXX names is not there"):
        compile_program(PROGRAM, "cpp")


def test_cxx_is_words_and_never_a_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    skip_without_compiler()
    command = toolchain.find_compiler().command[0]
    monkeypatch.setenv("CXX", f"{command} -DNAME='a b;touch {tmp_path}/made'")
    found = toolchain.find_compiler()
    assert found.command[1:] == (f"-DNAME=a b;touch {tmp_path}/made",)
    assert runtime.compiled(TINY, ("-O0",)).run() == 7
    assert not (tmp_path / "made").exists()


def test_cxx_with_an_open_quotation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "g++ '-DA")
    with pytest.raises(IndexCalcError, match="IX903: CXX is no command: no closing quotation in"):
        toolchain.find_compiler()


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n''':'\nexec '{sys.executable}' \"$0\" \"$@\"\n'''\n{text}")
    path.chmod(0o700)
    return str(path)


def test_flags_that_a_compiler_lacks_are_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    skip_without_compiler()
    real = toolchain.find_compiler().command[0]
    body = (
        "import subprocess, sys\n"
        "if {'-fopenmp', '-march=native'} & set(sys.argv): sys.exit('unsupported option')\n"
        f"sys.exit(subprocess.run([{real!r}, *sys.argv[1:]]).returncode)\n"
    )
    monkeypatch.setenv("CXX", script(tmp_path / "old", body))
    found = compile_program(PROGRAM, "cpp")(x=np.arange(3.0))
    assert found["y"].tolist() == [0, 2, 4]


def test_a_refusal_shows_the_head_of_the_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = "import sys\nsys.exit('\\n'.join(f'line {n}' for n in range(99)))\n"
    monkeypatch.setenv("CXX", script(tmp_path / "broken", body))
    with pytest.raises(IndexCalcError, match=r"(?s)IX958: .*`broken` refuses the emitted text:\nline 0\n") as caught:
        compile_program(PROGRAM, "cpp")(x=np.ones(3))
    assert "line 11" in str(caught.value) and "line 12" not in str(caught.value)


def test_a_compiler_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(toolchain, "TIMEOUT", 0.2)
    monkeypatch.setenv("CXX", script(tmp_path / "slow", "import time\ntime.sleep(60)\n"))
    with pytest.raises(IndexCalcError, match=r"IX958: compiling took longer than 0\.2 seconds"):
        compile_program(PROGRAM, "cpp")(x=np.ones(3))


def test_another_compiler_or_flag_is_another_file() -> None:
    compilers = [toolchain.Compiler(("c++",), identity) for identity in ("one", "two")]
    keys = {toolchain.key_of(text, c, flags) for text in "ab" for c in compilers for flags in (("-O1",), ("-O3",))}
    assert len(keys) == 8 and all(re.fullmatch("[0-9a-f]{32}", key) for key in keys)


def test_many_processes_may_compile_the_same(folder: Path) -> None:
    skip_without_compiler()
    code = f"from indexcalc.backends.cpp.runtime import compiled\nassert compiled({TINY!r}, ('-O0',)).run() == 7\n"
    running = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]
    assert [(p.wait(), p.communicate()[1]) for p in running] == [(0, b"")] * 3
    assert runtime.compiled(TINY, ("-O0",)).run() == 7


def test_many_threads_may_run_one_function() -> None:
    skip_without_compiler()
    f = compile_program(read_program("Y[i,k] = exp(A[i,j] B[j,k])"), "cpp")
    rng = np.random.default_rng(0)
    given = [{n: rng.standard_normal((9, 9)) for n in "AB"} for _ in range(8)]
    found: dict[int, object] = {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: f(**given[n])["Y"]})) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for n, arrays in enumerate(given):
        np.testing.assert_allclose(found[n], np.exp(arrays["A"] @ arrays["B"]), rtol=1e-13)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_runs_with_its_own_thread() -> None:
    """The parent's worker threads are not there in a child, which must not wait for them."""
    skip_without_compiler()
    code = (
        "import os, numpy as np, indexcalc as ic\n"
        "f = ic.compile('y[i] = exp(x[i])', 'cpp')\n"
        "x = np.ones(10**6)\n"
        "f(x=x)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if abs(f(x=x)['y'] - np.exp(1.0)).max() < 1e-14 else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "4"}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, env=environment, timeout=60)
