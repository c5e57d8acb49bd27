"""Kernels as C++: `kernel_text` gives the function of one kernel."""

from __future__ import annotations

from .function import KernelText, kernel_text

__all__ = ["KernelText", "kernel_text"]
