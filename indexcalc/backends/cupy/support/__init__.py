"""Texts of CUDA headers that kernels carry along, so that they compile by themselves."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

SOURCE = "kernel.cu"
"""What messages call the text of kernels that run on a CPU."""


@cache
def header(name: str) -> str:
    """The text of `NAME.hpp` of this folder.

    >>> header("portable").splitlines()[0][:30]
    '// What is made of primitives '
    """
    return files(__name__).joinpath(f"{name}.hpp").read_text(encoding="utf-8")


def primitives() -> str:
    """What the text of a kernel begins with: the functions `ix_*`, for NVRTC."""
    return header("primitives") + "\n" + header("portable")


def primitives_cpu() -> str:
    """The same for the CPU runner.  Lines of what stands behind it are counted from 1."""
    parts = ('#line 1 "primitives"', header("primitives_cpu"), header("portable"), f'#line 1 "{SOURCE}"')
    return "\n".join(parts) + "\n"
