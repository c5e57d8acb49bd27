"""Runs emitted C++ where every access to memory is watched.

    python -m tests.memcheck valgrind    # memory that nobody wrote, or that is not there
    python -m tests.memcheck sanitizers  # AddressSanitizer and UndefinedBehaviorSanitizer

The texts are those of the backend, but for this: each temporary, array and block of a thread has memory of its own of
exactly its size, a team's blocks have gaps between them, and loops are divided among threads however small they are.
Products run in loops of our own, then in OpenBLAS.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from indexcalc.backends.cpp.blas import find_openblas

from .calls import every
from .program import source, write_calls

HERE = Path(__file__).parent
COMPILE = ("-std=c++17", "-g1", "-fopenmp", "-fno-math-errno", "-fno-trapping-math", "-fwrapv")
FLAGS = {  # AVX-512 is more than valgrind knows
    "valgrind": ("-O2", "-march=x86-64-v3"),
    "sanitizers": ("-O1", "-march=native", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
}
VALGRIND = (
    "valgrind", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite",
    "--show-leak-kinds=definite", "--track-origins=yes", f"--suppressions={HERE / 'openblas.supp'}",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.memcheck")
    parser.add_argument("tool", choices=sorted(FLAGS))
    parser.add_argument("--kernels", type=int, default=60, help="how many random kernels")
    parser.add_argument("--only", default="", help="calls whose name has this")
    asked = parser.parse_args()
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None or (asked.tool == "valgrind" and shutil.which("valgrind") is None):
        print("this needs a C++ compiler and, for valgrind, valgrind (apt install g++ valgrind)", file=sys.stderr)
        return 2
    calls = list(every(asked.kernels, asked.only))
    with TemporaryDirectory() as name:
        folder = Path(name)
        text, numbers = source(calls)
        (folder / "program.cpp").write_text(text, encoding="utf-8")
        write_calls(folder / "calls", calls, numbers)
        print(f"{len(calls)} calls of {len(set(numbers))} functions", file=sys.stderr)
        words = [compiler, *COMPILE, *FLAGS[asked.tool], "program.cpp", "-o", "program", "-ldl"]
        subprocess.run(words, cwd=folder, check=True)
        watched = [*(VALGRIND if asked.tool == "valgrind" else ()), str(folder / "program"), str(folder / "calls")]
        return max(_run([*watched, threads, *blas]) for threads, blas in (("1", ()), ("3", ()), ("2", _blas())))


def _blas() -> tuple[str, ...]:
    """Where the library lies, and the end of its functions' names."""
    found = find_openblas()
    if found is None:
        print("no OpenBLAS is installed: products run in our own loops only", file=sys.stderr)
        return ()
    return (found.library._name, found.name.partition("{}")[2])


def _run(words: list[str]) -> int:
    """The exit status; what is said is shown where it is not 0, and its last line else."""
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", env=environment)
    lines = done.stderr.splitlines()
    print("\n".join(lines if done.returncode else lines[-1:]), f"(status {done.returncode})", file=sys.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
