"""The compiler: which one there is, what it is called with, and what it says when it fails."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from ...diagnostics import fail
from ..cache import key_of as hashed
from ..sources import identity

TIMEOUT = 600  # seconds for one compilation
LOG_LINES = 12  # of the compiler's messages that an error quotes

STANDARD = ("-std=c++17", "-fPIC", "-shared", "-fno-math-errno", "-fno-trapping-math", "-fwrapv")
FAST = ("-O3",)
PORTABLE = (
    ("-march=native", "-mprefer-vector-width=512", "-fopenmp"),  # the widest registers that there are
    ("-march=native", "-fopenmp"),
    ("-fopenmp",),
    ("-march=native", "-fopenmp-simd"),
    ("-fopenmp-simd",),
    (),
)
"""Flags that not every compiler has, in the order in which they are tried."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """The command's first words, and what tells this compiler and processor from others."""

    command: tuple[str, ...]
    identity: str


def find_compiler() -> Compiler:
    """$CXX, c++, g++ or clang++ of the system, else the one of the wheel `ziglang`.

    Raises IX903 where there is none, or where CXX names none.
    """
    for words in (_given(), ["c++"], ["g++"], ["clang++"]):
        path = _on_path(words[0]) if words else None
        if path is not None:
            return Compiler((path, *words[1:]), f"{identity(path)} {words[1:]} {processor()}")
        if words and words[0] not in ("c++", "g++", "clang++"):
            raise fail(
                "IX903", f"the compiler `{words[0]}` that CXX names is not there", hint="unset CXX, or correct it"
            )
    zig = find_spec("ziglang")
    if zig is not None and zig.origin is not None:
        return Compiler((sys.executable, "-m", "ziglang", "c++"), f"zig {identity(zig.origin)} {processor()}")
    raise fail(
        "IX903",
        "the cpp backend needs a C++ compiler, and neither $CXX nor c++, g++ or clang++ is one",
        hint="install g++ or clang++ (apt install g++), or: pip install 'indexcalc[zig]'",
    )


def _given() -> list[str]:
    """The words of $CXX, without a shell."""
    given = os.environ.get("CXX", "").strip()
    if not given:
        return []
    import shlex

    try:
        return shlex.split(given)
    except ValueError as error:  # a quotation that does not end
        message = f"CXX is no command: {str(error).lower()} in {given!r}"
        raise fail("IX903", message, hint="unset CXX, or correct it") from None


def _on_path(name: str) -> str | None:
    """Where the command is; `shutil.which` does more, and takes longer to load than all else here."""
    folders = [""] if os.path.dirname(name) else os.get_exec_path()
    names = (name, f"{name}.exe") if os.name == "nt" else (name,)
    for path in (os.path.join(folder, each) for folder in folders for each in names):
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


@cache
def processor() -> str:
    """What `-march=native` depends on."""
    flags = ""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    except OSError:  # not Linux: the names below have to do
        pass
    # where the system tells no flags: `platform.processor` starts a process on Linux, which takes 3 ms
    return f"{platform.system()} {platform.machine()} {flags or platform.processor()}"


def key_of(source: str, compiler: Compiler, flags: Sequence[str]) -> str:
    """A name for what the compiler makes of the text."""
    return hashed(source, compiler.identity, *STANDARD, *flags, *(" ".join(p) for p in PORTABLE))


def compile_to(source: str, target: Path, compiler: Compiler, flags: Sequence[str]) -> None:
    """The text as a shared library at `target`; raises IX958 with the head of the log where no flags do."""
    log = attempt(source, target, compiler, flags)
    if log is not None:
        name = Path(compiler.command[0]).name
        message = f"the C++ compiler `{name}` refuses the emitted text:\n{log_head(log)}"
        raise fail("IX958", message, hint=_REFUSED)


def attempt(
    source: str,
    target: Path,
    compiler: Compiler,
    flags: Sequence[str],
    portable: Sequence[Sequence[str]] = PORTABLE,
) -> str | None:
    """Compiles the text as `compile_to` does; what the compiler says where it refuses it with all flags, else None."""
    import subprocess  # only who compiles needs it

    text = target.with_suffix(".cpp")
    text.write_text(source, encoding="utf-8")
    logs = []
    try:
        for more in portable:
            command = [*compiler.command, *STANDARD, *flags, *more, str(text), "-o", str(target)]
            try:
                done = subprocess.run(
                    command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=TIMEOUT
                )
            except subprocess.TimeoutExpired:
                hint = "make the program smaller, or use the numpy backend"
                raise fail("IX958", f"compiling took longer than {TIMEOUT} seconds", hint=hint) from None
            if done.returncode == 0:
                return None
            logs.append(done.stderr)
    finally:
        text.unlink(missing_ok=True)
    return logs[0]


def log_head(log: str) -> str:
    """The lines of a log that an error quotes."""
    return "\n".join(log.splitlines()[:LOG_LINES])


_REFUSED = "if the compiler works otherwise, this is a bug of indexcalc: please report it with the program"
