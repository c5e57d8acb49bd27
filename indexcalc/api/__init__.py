"""The public surface: every function of `import indexcalc as ic`.  Text may stand wherever a program or expression is
taken."""

from .deriving import closed, grad, hessian, hvp, jacobian, jvp
from .expressions import diff, matrix_form, simplify
from .importing import einsum, from_einsum, from_sympy, from_torch
from .reading import lint, parse
from .running import as_torch_function, compile, cost, emit, verify

__all__ = [
    "as_torch_function",
    "closed",
    "compile",
    "cost",
    "diff",
    "einsum",
    "emit",
    "from_einsum",
    "from_sympy",
    "from_torch",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "lint",
    "matrix_form",
    "parse",
    "simplify",
    "verify",
]
