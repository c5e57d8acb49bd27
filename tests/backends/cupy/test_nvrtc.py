"""NVRTC through ctypes: finding it, cubins, the cache, and refusals with their places."""

from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest

from indexcalc.backends.cupy import nvrtc
from indexcalc.backends.cupy.cubin import compile_cuda, key_for
from indexcalc.backends.cupy.nvrtc import Nvrtc, find_nvrtc
from indexcalc.diagnostics import IndexCalcError

from . import elf
from .cubins import ARCHITECTURES, skip_without_nvrtc

TWICE = 'extern "C" __global__ void twice(float* x) { x[threadIdx.x] *= FACTOR; }\n'
OPTIONS = ("-DFACTOR=2",)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of our own."""
    skip_without_nvrtc()
    monkeypatch.setenv("INDEXCALC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_without_the_wheel_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvrtc, "WHEEL", "no-such-wheel-of-nvidia")
    message = r"IX975: .* the wheel no-such-wheel-of-nvidia is not installed\n  help: pip install 'indexcalc\[cuda\]'"
    with pytest.raises(IndexCalcError, match=message):
        find_nvrtc.__wrapped__()


def test_a_wheel_without_the_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without_nvrtc()
    monkeypatch.setattr(nvrtc, "_LIBRARY", re.compile(r"nvrtc64_\d+\.dll"))
    with pytest.raises(IndexCalcError, match="IX975: the wheel nvidia-cuda-nvrtc holds no library for this system"):
        find_nvrtc.__wrapped__()


def test_a_library_that_cannot_be_loaded_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "libnvrtc.so.13").write_text("no library")
    monkeypatch.setattr(nvrtc, "_files", lambda: (tmp_path / "libnvrtc.so.13",) * 2)
    with pytest.raises(IndexCalcError, match=r"IX975: NVRTC cannot be loaded: .*libnvrtc\.so\.13"):
        find_nvrtc.__wrapped__()


def test_version_and_architectures_come_from_the_library() -> None:
    skip_without_nvrtc()
    found = find_nvrtc()
    assert ".".join(map(str, found.version)) == ".".join(version(nvrtc.WHEEL).split(".")[:2])
    assert {"sm_80", "sm_90"} <= set(found.architectures)
    assert find_nvrtc() is found


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_text_becomes_a_cubin(folder: Path, architecture: str) -> None:
    cubin = compile_cuda(TWICE, architecture, OPTIONS)
    assert elf.machine(cubin.code) == elf.MACHINE
    assert f".target {architecture}" in cubin.ptx and ".entry twice(" in cubin.ptx
    assert list(cubin.kernels) == ["twice"] and not cubin.kernels["twice"].spills


def test_a_cubin_is_compiled_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compile_cuda(TWICE, "sm_80", OPTIONS)
    (kept,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and kept.suffix == ".json"
    with monkeypatch.context() as without:
        without.setattr(Nvrtc, "compile", None)
        assert compile_cuda(TWICE, "sm_80", OPTIONS) == first
    kept.write_bytes(kept.read_bytes()[:-9])
    assert compile_cuda(TWICE, "sm_80", OPTIONS).code == first.code
    others = {key_for(find_nvrtc(), text, architecture, options) for text in (TWICE, TWICE + "\n")
              for architecture in ("sm_80", "sm_90") for options in (OPTIONS, ("-DFACTOR=3",))}  # fmt: skip
    assert len(others) == 8


@pytest.mark.parametrize("content", ["[]", "{}", '{"architecture": "a", "code": "?", "ptx": "", "log": ""}'])
def test_what_is_no_cubin_is_made_anew(folder: Path, content: str) -> None:
    """Whole by its name, but not what was written."""
    from indexcalc.backends.cache import PROGRAM, cached

    cached(key_for(find_nvrtc(), TWICE, "sm_80", OPTIONS), PROGRAM, lambda path: path.write_text(content) and None)
    assert elf.machine(compile_cuda(TWICE, "sm_80", OPTIONS).code) == elf.MACHINE


def test_threads_may_compile_side_by_side(folder: Path) -> None:
    options = [(f"-DFACTOR={n}",) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        cubins = list(pool.map(lambda each: compile_cuda(TWICE, "sm_80", each), options))
    assert [cubin.ptx for cubin in cubins] == [compile_cuda(TWICE, "sm_80", each).ptx for each in options]
    assert len({cubin.code for cubin in cubins}) == 6


def test_a_syntax_error_is_shown_at_its_line(folder: Path) -> None:
    text = TWICE + "__device__ int one() {\n  return 1\n}\n\n__device__ int two() { return three; }\n"
    with pytest.raises(IndexCalcError) as caught:
        compile_cuda(text, "sm_80", OPTIONS)
    first, second = caught.value.diagnostics
    assert {first.code, second.code} == {"IX976"} and first.span and second.span
    assert (first.span.line, second.span.line) == (4, 6)
    assert text[first.span.start : first.span.end] == "}"
    assert str(first).startswith('kernels.cu:4:1: error IX976: the CUDA compiler refuses the text: expected a ";"')
    assert "three" in second.message and "^^^^" in str(second)
    assert list(folder.iterdir()) == []


def test_an_error_behind_the_last_line_is_shown_at_the_end(folder: Path) -> None:
    with pytest.raises(IndexCalcError, match=r"kernels\.cu:2:3: error IX976"):
        compile_cuda("__device__ void open() {\n  {}\n\n", "sm_80")


def test_many_errors_are_cut(folder: Path) -> None:
    with pytest.raises(IndexCalcError) as caught:
        compile_cuda("".join(f"int a{n} = b{n};\n" for n in range(30)), "sm_80")
    assert len(caught.value.diagnostics) == nvrtc.MAX_ERRORS


def test_assembly_that_the_machine_lacks_is_refused(folder: Path) -> None:
    text = 'extern "C" __global__ void wrong(float* x) {\n  x[0] = 1;\n  asm volatile("no.such.instruction;");\n}\n'
    with pytest.raises(IndexCalcError) as caught:
        compile_cuda(text, "sm_80")
    found = caught.value.diagnostics[-1]
    assert found.message.startswith("the assembler refuses `no.such.instruction;`: Not a name of any known instruction")
    assert found.code == "IX976" and found.span and text[found.span.start :].startswith('asm volatile("no.such')
    assert found.span.line == 3


def test_a_zero_character_is_refused(folder: Path) -> None:
    with pytest.raises(IndexCalcError, match="IX976: the CUDA text holds a zero character"):
        compile_cuda("\0" + TWICE, "sm_80", OPTIONS)


@pytest.mark.parametrize("architecture", ["sm_35", "sm_9", "sm_90x", "compute_80", "", "sm_80 -I/", "sm_80\n"])
def test_an_unknown_architecture_is_refused(folder: Path, architecture: str) -> None:
    with pytest.raises(IndexCalcError, match=r"(?s)IX977: NVRTC [\d.]+ does not compile for .*\n  help: .*sm_80"):
        compile_cuda(TWICE, architecture, OPTIONS)


@pytest.mark.parametrize(("architecture", "options"), [("sm_80a", OPTIONS), ("sm_80", ("--no-such-option",))])
def test_what_only_the_compiler_knows_to_be_wrong_is_refused(
    folder: Path, architecture: str, options: tuple[str, ...]
) -> None:
    with pytest.raises(IndexCalcError, match="IX977: NVRTC refuses an option of -arch="):
        compile_cuda(TWICE, architecture, options)
