"""Compiles C++ for tests of headers and of single kernels, without the backend's own cache and checks."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

FLAGS = ("-std=c++17", "-O3", "-march=native", "-fopenmp", "-fPIC", "-shared", "-fno-math-errno", "-fno-trapping-math")


def compiled(text: str, folder: Path, *flags: str) -> ctypes.CDLL:
    """The shared library of the text; skips the test where there is no compiler."""
    compiler = shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler on the path")
    source, library = folder / "text.cpp", folder / "text.so"
    source.write_text(text)
    made = subprocess.run(
        [compiler, *FLAGS, *flags, str(source), "-o", str(library)], capture_output=True, text=True, timeout=120
    )
    assert made.returncode == 0, made.stderr[:4000]
    assert not made.stderr, made.stderr[:4000]  # no warnings either
    return ctypes.CDLL(str(library))
