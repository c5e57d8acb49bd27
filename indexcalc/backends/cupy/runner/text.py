"""CUDA text as C++: its kernels by name, and shared variables as references into the memory of a block."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ....diagnostics import fail
from ..support import SOURCE, header
from .scan import blanked, closing, in_function, line_of

HEADERS = ("types", "fiber", "runner", "shared", "collective", "launch", "atomic", "cuda", "cuda_math")
"""The C++ side, in the order in which its parts stand before the text."""

_BOUNDS = r"(?:__launch_bounds__\s*\((?:[^()]|\([^()]*\))*\)\s*)?"
_KERNEL = re.compile(rf'\bextern\s*"(.)"\s*__global__\s*{_BOUNDS}void\s+{_BOUNDS}(\w+)\s*\(')
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"](?:cuda_runtime|cuda_pipeline)\.h[>\"]", re.MULTILINE)
_SPECIFIER = r"(?:static|extern|volatile|(?:alignas|__align__)\s*\((?:[^()]|\([^()]*\))*\))"
_SHARED = re.compile(rf"(?<![\w#])((?:{_SPECIFIER}\s+)*)__shared__\b")
_ALIGNMENT = re.compile(r"\b(?:alignas|__align__)\s*\((?:[^()]|\([^()]*\))*\)")
_NAME = re.compile(r"\b([A-Za-z_]\w*)\s*$")


@dataclass(frozen=True, slots=True)
class KernelText:
    """C++ that compiles by itself, and the kernels in it."""

    source: str
    kernels: tuple[str, ...]


def kernel_text(source: str, defines: Mapping[str, str | int | float] | None = None) -> KernelText:
    """The text with the C++ side before it and a launcher for each kernel behind it.

    Kernels are functions `extern "C" __global__ void NAME(…)`.  Raises IX970 where there is none, for a shared variable
    that cannot be read, and for a name in `defines` that is none.

    >>> kernel_text('extern "C" __global__ void f(float* x) { x[threadIdx.x] = 1; }').kernels
    ('f',)
    """
    code = blanked(source)
    kernels = tuple(dict.fromkeys(m[2] for m in _KERNEL.finditer(code) if source[m.start(1)] == "C"))
    if not kernels:
        hint = 'write `extern "C" __global__ void name(…)`, so that the kernel has a name of its own'
        raise fail("IX970", "the text has no kernel", hint=hint)
    parts = [
        '#line 1 "runner"',
        *(header(name) for name in HEADERS),
        *(_define(name, value) for name, value in (defines or {}).items()),
        f'#line 1 "{SOURCE}"',
        _INCLUDE.sub(lambda m: " " * len(m[0]), _with_places(source, code)),
        '#line 1 "launch"',
        *(f"RUNNER_KERNEL({name})" for name in kernels),
    ]
    return KernelText("\n".join(parts) + "\n", kernels)


def _define(name: str, value: str | int | float) -> str:
    written = str(int(value)) if isinstance(value, bool) else str(value)
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) or "\n" in written or "\r" in written:
        raise fail("IX970", f"`{name}` cannot be defined as {written!r}", hint="a name, and a value in one line")
    return f"#define {name} {written}"


def _with_places(source: str, code: str) -> str:
    """The source with each declaration of shared variables as one of references."""
    pieces = []
    done = 0
    for number, found in enumerate(_SHARED.finditer(code)):
        end = _end_of(code, found.end())
        line = line_of(source, found.start())
        if end < 0 or found.start() < done:
            raise fail("IX970", f"{SOURCE}:{line}: a declaration of shared variables has no end")
        if not in_function(code, found.start()):
            hint = "move it into the kernel, or into the function that uses it"
            raise fail("IX970", f"{SOURCE}:{line}: shared variables are declared outside of functions", hint=hint)
        declared = code[found.end() : end].strip()
        specifiers = re.sub(r"\bstatic\b", "", found[1])
        if "extern" in specifiers or declared.startswith("extern"):
            text = _dynamic(declared.removeprefix("extern"), line)
        else:
            text = _static(specifiers, declared, number, line)
        lines = source.count("\n", found.start(), end) - text.count("\n")
        pieces += [source[done : found.start()], text, "\n" * lines]
        done = end + 1
    return "".join([*pieces, source[done:]])


def _end_of(code: str, start: int) -> int:
    """The offset of the semicolon that ends the declaration, or -1."""
    at = start
    while at < len(code) and code[at] != ";":
        if code[at] in "([{":
            at = closing(code, at)
            if at < 0:
                return -1
        at += 1
    return at if at < len(code) else -1


def _static(specifiers: str, declared: str, number: int, line: int) -> str:
    names = [_name_of(declarator, line) for declarator in _declarators(declared)]
    kind, variables = f"runner_shared_{number}", f"runner_variables_{number}"
    told = ", ".join(f"`{name}`" for name in names)
    references = " ".join(f"auto& {name} = {variables}.{name};" for name in names)
    return (
        f'struct {kind} {{ static const char* name() {{ return "{told}"; }} {specifiers}{declared}; }}; '
        f"{kind}& {variables} = runner::shared<{kind}>(); {references}"
    )


def _dynamic(declared: str, line: int) -> str:
    """`float4 rows[]`, of whatever rank, as a reference to dynamic shared memory, whose start is aligned for all."""
    plain = _ALIGNMENT.sub("", declared).strip()
    kind, bracket, extents = plain.partition("[")
    name = _name_of(kind, line)
    if not bracket or not extents.replace(" ", "").startswith("]"):
        hint = "write `extern __shared__ float name[];`"
        raise fail("IX970", f"{SOURCE}:{line}: dynamic shared memory `{name}` is no array without a length", hint=hint)
    kind = kind.strip().removesuffix(name)
    return f"{kind}(&{name})[{extents} = *reinterpret_cast<{kind}(*)[{extents}>(runner::dynamic_shared());"


def _declarators(declared: str) -> list[str]:
    """The parts between commas that stand in no brackets.

    >>> _declarators("pair<int, 3> a[f(1, 2)], b")
    ['pair<int, 3> a[f(1, 2)]', 'b']
    """
    parts, depth, start = [], 0, 0
    for at, character in enumerate(declared):
        depth += (character in "([{<") - (character in ")]}>")
        if character == "," and depth == 0:
            parts.append(declared[start:at].strip())
            start = at + 1
    return [*parts, declared[start:].strip()]


def _name_of(declarator: str, line: int) -> str:
    """The name that a declarator declares.

    >>> _name_of("__align__(16) float tile[2][B + 1]", 1)
    'tile'
    """
    found = _NAME.search(declarator.partition("[")[0].rstrip())
    if found is None or "=" in declarator:
        hint = "declare it as `__shared__ float name[extent];`, without a value"
        raise fail("IX970", f"{SOURCE}:{line}: `{declarator}` is no declaration of a shared variable", hint=hint)
    return found[1]
