"""What costs more than it needs to in Python source: one-hot products, and einsum without an order."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...diagnostics import Diagnostic
from ...python.module import Call, Module
from ..orders import MAX_OPERANDS, best
from ..registry import lint_rule

_TORCH = "import torch\nimport torch.nn.functional as F\n\n"
_NUMPY = "import numpy as np\n\n"
USUAL = 16  # what an axis is taken to have: the loops are compared, not the sizes


@lint_rule(
    "IX751",
    name="python-one-hot-product",
    summary="rows are chosen by a product with a one-hot matrix",
    why="The product multiplies every row by 0 but one. Indexing, W[i], reads that row, and its gradient adds to that "
    "row alone.",
    bad=_TORCH + "y = F.one_hot(i, 1000).float() @ W",
    good=_TORCH + "y = W[i]",
    severity="note",
    subject="module",
    language="python",
    right="The hardware has no fast gather, as some accelerators, or the product is part of a sharded program.",
)
def one_hot_product(module: Module) -> Iterator[Diagnostic]:
    """torch.nn.functional.one_hot(i, n) @ W, and matmul of it."""
    if "one_hot" not in module.text:
        return
    ops = module.operations
    products: list[tuple[ast.expr, ast.expr]] = [
        (node.left, node) for node, _ in ops.operators if isinstance(node.op, ast.MatMult)
    ]
    products += [(found.operand, found.node) for found, _ in ops.each("matmul", "mm") if found.function]
    for left, node in products:
        inner = _without_casts(left)
        found = ops.applied(inner, "one_hot")
        if found is not None and found.function.startswith("torch."):
            message = f"a product with a one-hot matrix only chooses rows by `{ops.text(found.operand)}`"
            yield Diagnostic("IX751", message, ops.positions.span(node), "index the rows instead: W[i]", "note")


@lint_rule(
    "IX752",
    name="einsum-without-order",
    summary="numpy.einsum of three or more operands without `optimize`, whose loop has far more indices than needed",
    why="Without `optimize` NumPy runs one loop over all labels at once: 'ij,jk,kl->il' takes I J K L multiplications "
    "instead of I J K + I K L. Two labels more than the dearest pair of operands has cost a factor of n**2.",
    bad=_NUMPY + "C = np.einsum('pqrs,pi,qj,rk->ijks', T, A, B, D)",
    good=_NUMPY + "C = np.einsum('pqrs,pi,qj,rk->ijks', T, A, B, D, optimize=True)",
    severity="note",
    subject="call",
    language="python",
    right="The axes are very short, so that finding an order costs more than it saves.",
)
def einsum_without_order(call: Call) -> Iterator[Diagnostic]:
    """numpy.einsum over many operands in a loop that is at least 64 times the best order's, at 16 values a label."""
    c = call.contraction
    if call.function != "numpy.einsum" or "optimize" in call.keywords or c is None:
        return
    if not 3 <= len(c.inputs) <= MAX_OPERANDS or any(a.is_ellipsis for o in c.inputs for a in o.axes):
        return
    sizes = dict.fromkeys(c.uses, USUAL)
    labels = [frozenset(a.name for a in o.axes if a.is_label) for o in c.inputs]
    once = USUAL ** len(sizes)
    paired = best(labels, frozenset(c.result), sizes)
    if once >= 64 * paired:
        message = f"one loop over {len(sizes)} labels, {once // paired} times the best order at {USUAL} values each"
        hint = "add optimize=True: operands are then contracted in pairs"
        yield Diagnostic("IX752", message, call.span, hint, "note")


def _without_casts(e: ast.expr) -> ast.expr:
    """An expression without the `.float()`, `.to(…)` behind it."""
    while isinstance(e, ast.Call) and isinstance(e.func, ast.Attribute):
        if e.func.attr not in ("float", "double", "half", "to", "type", "type_as", "cuda", "cpu", "bfloat16"):
            return e
        e = e.func.value
    return e


RULES = (one_hot_product, einsum_without_order)
