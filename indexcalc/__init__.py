"""indexcalc: index notation that is checked, differentiated, compiled and verified.

Everything public is named in `_PUBLIC` and loaded when first used, so that `import indexcalc` costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from . import began as began  # so that it knows

__version__ = "0.1.0"

_PUBLIC = {
    "Cost": "cost.report",
    "Diagnostic": "diagnostics",
    "Expr": "ir.expr",
    "Function": "backends.function",
    "IndexCalcError": "diagnostics",
    "MatrixForm": "matrix.form",
    "Program": "ir.program",
    "Span": "diagnostics",
    "Verification": "verify.report",
    "as_torch_function": "api",
    "closed": "api",
    "compile": "api",
    "cost": "api",
    "diff": "api",
    "einsum": "api",
    "emit": "api",
    "from_einsum": "api",
    "from_sympy": "api",
    "from_torch": "api",
    "grad": "api",
    "hessian": "api",
    "hvp": "api",
    "jacobian": "api",
    "jvp": "api",
    "lint": "api",
    "matrix_form": "api",
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


class _Package(ModuleType):
    """Python puts a folder that was imported into its package: `indexcalc.verify` would be the function once and the
    folder ever after.  A public name stays what it is; the folders are reached through `sys.modules`, as imports do."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _PUBLIC and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
