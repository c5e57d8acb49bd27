"""indexcalc: index notation that is checked, differentiated, compiled and verified.

Everything public is named in `_PUBLIC` and loaded when first used, so that `import indexcalc` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "Diagnostic": "diagnostics",
    "Expr": "ir.expr",
    "Function": "backends.function",
    "IndexCalcError": "diagnostics",
    "Program": "ir.program",
    "Span": "diagnostics",
    "Verification": "verify.report",
    "compile": "api",
    "diff": "api",
    "emit": "api",
    "grad": "api",
    "lint": "api",
    "parse": "api",
    "simplify": "api",
    "verify": "api",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'indexcalc' has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
