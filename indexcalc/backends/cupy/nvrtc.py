"""NVIDIA's compiler for CUDA C++ as a library: text to a cubin, with neither a GPU nor a driver nor CuPy."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ...diagnostics import Diagnostic, IndexCalcError, fail, listed
from .refusals import FILE, assembly_errors_of, errors_of

WHEEL = "nvidia-cuda-nvrtc"
STANDARD = ("-std=c++17", "--ptxas-options=-v")  # -v: the log tells what each kernel takes
MAX_ERRORS = 8  # of one text that are told
LOG_LINES = 12  # of a log without places that an error quotes

SUCCESS, INVALID_OPTION, COMPILATION = 0, 5, 6  # of nvrtcResult

_LIBRARY = re.compile(r"libnvrtc\.so\.\d+")
_BUILTINS = re.compile(r"libnvrtc-builtins\.so\.[\d.]+")
_ARCHITECTURE = re.compile(r"(sm_\d+)[af]?")

_INSTALL = "pip install 'indexcalc[cuda]' (Linux on x86-64 and ARM)"


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the compiler made of one text."""

    code: bytes  # the cubin, an ELF file
    ptx: str
    log: str


class Nvrtc:
    """The loaded library.  Its functions may be called by several threads at once."""

    def __init__(self, path: Path, library: ctypes.CDLL) -> None:
        self.path = path
        self._library = library
        library.nvrtcGetErrorString.restype = ctypes.c_char_p
        major, minor, count = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        self._call("nvrtcVersion", ctypes.byref(major), ctypes.byref(minor))
        self._call("nvrtcGetNumSupportedArchs", ctypes.byref(count))
        numbers = (ctypes.c_int * count.value)()
        self._call("nvrtcGetSupportedArchs", numbers)
        self.version = (major.value, minor.value)
        self.architectures = tuple(f"sm_{number}" for number in numbers)

    def compile(self, source: str, architecture: str, options: Sequence[str] = ()) -> Compiled:
        """The text for one architecture, such as sm_80 or sm_90a.

        Raises IX976 with the places in the text that the compiler refuses, IX977 for an architecture or an option that
        it does not have, IX978 where it fails otherwise.
        """
        self._check_architecture(architecture)
        words = [f"-arch={architecture}", *STANDARD, *options]
        if any("\0" in text for text in (source, *words)):
            raise fail("IX976", "the CUDA text holds a zero character, at which a compiler would stop reading")
        with self._compiled(source, words) as (program, code, log):
            if code == SUCCESS:
                return Compiled(self._read(program, "CUBIN"), self._text(program, "PTX"), log)
        raise self._refusal(code, log, source, words)

    def _check_architecture(self, architecture: str) -> None:
        found = _ARCHITECTURE.fullmatch(architecture)
        if found is None or found[1] not in self.architectures:
            major, minor = self.version
            message = f"NVRTC {major}.{minor} does not compile for `{architecture}`"
            raise fail("IX977", message, hint=f"it knows {listed(self.architectures)}, some with an `a` behind")

    @contextmanager
    def _compiled(self, source: str, words: Sequence[str]) -> Iterator[tuple[ctypes.c_void_p, int, str]]:
        """(program, result, log) of the text under these options."""
        program = ctypes.c_void_p()
        text, name = source.encode("utf-8", "replace"), FILE.encode()
        self._call("nvrtcCreateProgram", ctypes.byref(program), text, name, 0, None, None)
        try:
            given = (ctypes.c_char_p * len(words))(*(word.encode() for word in words))
            code = self._library.nvrtcCompileProgram(program, len(words), given)
            yield program, code, self._text(program, "ProgramLog")
        finally:
            self._call("nvrtcDestroyProgram", ctypes.byref(program))

    def _read(self, program: ctypes.c_void_p, what: str) -> bytes:
        size = ctypes.c_size_t()
        self._call(f"nvrtcGet{what}Size", program, ctypes.byref(size))
        content = ctypes.create_string_buffer(size.value)
        self._call(f"nvrtcGet{what}", program, content)
        return content.raw

    def _text(self, program: ctypes.c_void_p, what: str) -> str:
        return self._read(program, what).rstrip(b"\0").decode("utf-8", "replace")

    def _call(self, function: str, *arguments: object) -> None:
        code = getattr(self._library, function)(*arguments)
        if code != SUCCESS:
            raise fail("IX978", f"{function} of NVRTC fails: {self._named(code)}")

    def _named(self, code: int) -> str:
        return str(self._library.nvrtcGetErrorString(code).decode())

    def _refusal(self, code: int, log: str, source: str, words: Sequence[str]) -> IndexCalcError:
        head = "\n".join(log.strip().splitlines()[:LOG_LINES])
        if code == INVALID_OPTION or log.startswith("Command-line error"):
            return fail("IX977", f"NVRTC refuses an option of {' '.join(words)}:\n{head}")
        if code != COMPILATION:
            return fail("IX978", f"NVRTC fails: {self._named(code)}\n{head}")
        placed = errors_of(log, source) or self._assembly_errors(source, words)
        if placed:
            return IndexCalcError(placed[:MAX_ERRORS])
        return fail("IX976", f"the CUDA compiler refuses the text:\n{head}")

    def _assembly_errors(self, source: str, words: Sequence[str]) -> list[Diagnostic]:
        """Errors in PTX that the text holds.  Where they are only marks of lines tell, so that it is made once more."""
        with self._compiled(source, [*words, "-lineinfo"]) as (program, code, log):
            return assembly_errors_of(log, self._text(program, "PTX"), source) if code == COMPILATION else []


@cache
def find_nvrtc() -> Nvrtc:
    """The library of the wheel `nvidia-cuda-nvrtc`; raises IX975 where it is not installed or cannot be loaded."""
    path, builtins = _files()
    try:
        # Compiling opens the second library by name, and wheels of 13.0 did not say where it is: a loaded one is found.
        ctypes.CDLL(str(builtins))
        return Nvrtc(path, ctypes.CDLL(str(path)))
    except (OSError, AttributeError) as error:  # no library for this system, or one without the functions
        raise fail("IX975", f"NVRTC cannot be loaded: {error}", hint=f"install it anew: {_INSTALL}") from None


def _files() -> tuple[Path, Path]:
    """Where the wheel's two libraries are."""
    try:
        files = distribution(WHEEL).files or []
    except PackageNotFoundError:
        message = f"compiling CUDA needs NVRTC, and the wheel {WHEEL} is not installed"
        raise fail("IX975", message, hint=_INSTALL) from None

    def the(name: re.Pattern[str]) -> Path:
        path = next((Path(str(file.locate())) for file in files if name.fullmatch(file.name)), None)
        if path is None or not path.is_file():
            raise fail("IX975", f"the wheel {WHEEL} holds no library for this system", hint=_INSTALL)
        return path

    return the(_LIBRARY), the(_BUILTINS)
