"""The numerical slips of IX601 to IX608 in Python source, where a file alone shows them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...diagnostics import Diagnostic
from ...python.module import Module
from ...python.operations import Applied, FunctionNode, Operations, last_name
from ..registry import lint_rule

_TORCH = "import torch\nimport torch.nn.functional as F\n\n"
_NUMPY = "import numpy as np\n\n"
_LOG_SOFTMAX = ("torch", "jax", "tensorflow", "scipy")  # these libraries have a log_softmax beside each softmax
_SUM = ("sum", "reduce_sum", "nansum")
_MEAN = ("mean", "reduce_mean")


@lint_rule(
    "IX651",
    name="python-log-of-softmax",
    summary="the logarithm of a softmax, whose small probabilities round to 0",
    why="A logit that lies 104 (float32) or 746 (float64) below the largest has the probability 0, and log(0) is -inf; "
    "the gradient is then NaN. log_softmax is the same number without the detour.",
    bad=_TORCH + "logp = torch.log(F.softmax(x, dim=-1))",
    good=_TORCH + "logp = F.log_softmax(x, dim=-1)",
    subject="module",
    language="python",
    right="The logits are known to lie close together.",
    fix="Writes log_softmax where log and softmax are of one library that has it.",
)
def log_of_softmax(module: Module) -> Iterator[Diagnostic]:
    """log(softmax(x)), softmax(x).log(), and log(p) of a p = softmax(x) that only logarithms read."""
    if "softmax" not in module.text:
        return
    ops = module.operations
    for found, home in ops.each("log"):
        inner = ops.applied(found.operand, "softmax")
        fix = _log_softmax(inner, ops) if inner is not None else None
        if inner is None and isinstance(found.operand, ast.Name) and _only_in_logs(found.operand, home, ops):
            inner = ops.applied(ops.value(found.operand, home), "softmax")
        if inner is not None:
            yield Diagnostic(
                "IX651", "log of a softmax is -inf where a probability rounds to 0", ops.positions.span(found.node),
                f"write {fix}" if fix else "take log_softmax of the logits", "warning", fix=fix, safe=fix is not None,
            )  # fmt: skip


@lint_rule(
    "IX652",
    name="python-log-sum-exp",
    summary="log of a sum of exponentials, which overflows where logsumexp does not",
    why="exp(x) is inf from x = 709.8 in float64 and from x = 88.8 in float32, and where all terms underflow the "
    "result is log(0). logsumexp takes out the largest x first.",
    bad=_NUMPY + "z = np.log(np.sum(np.exp(x), axis=-1))",
    good="from scipy.special import logsumexp\n\nz = logsumexp(x, axis=-1)",
    subject="module",
    language="python",
    right="The exponents are bounded, or the maximum was taken out elsewhere. A function that takes a maximum itself "
    "is left alone.",
)
def log_sum_exp(module: Module) -> Iterator[Diagnostic]:
    """log(sum(exp(x))) in functions that take no maximum, of an x that nothing is subtracted from."""
    if "exp" not in module.text:
        return
    ops = module.operations
    for found, home in ops.each("log"):
        total = ops.applied(found.operand, *_SUM)
        raised = ops.applied(total.operand, "exp") if total is not None else None
        if raised is not None and not _is_shifted(raised, found.node, home, ops):
            message = "log of a sum of exponentials overflows where logsumexp does not"
            hint = "write logsumexp of the exponents (torch, jax.scipy.special, scipy.special)"
            yield Diagnostic("IX652", message, ops.positions.span(found.node), hint, "warning")


@lint_rule(
    "IX653",
    name="python-softmax-by-hand",
    summary="exponentials divided by their sum without a shift by the maximum",
    why="exp(x) is inf from x = 709.8 in float64 and from x = 88.8 in float32, and inf / inf is NaN. A softmax takes "
    "out the largest x first, which changes nothing else.",
    bad=_NUMPY + "p = np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)",
    good="from scipy.special import softmax\n\np = softmax(x, axis=-1)",
    subject="module",
    language="python",
    right="The exponents are bounded, or the maximum was taken out elsewhere. A function that takes a maximum itself "
    "is left alone.",
)
def softmax_by_hand(module: Module) -> Iterator[Diagnostic]:
    """exp(x) / sum(exp(x)), also by way of a name that is assigned once."""
    if "exp" not in module.text:
        return
    ops = module.operations
    for node, home in ops.operators:
        total = ops.applied(ops.value(node.right, home), *_SUM) if isinstance(node.op, ast.Div) else None
        if total is None:
            continue
        above = ops.applied(ops.value(node.left, home), "exp")
        below = ops.applied(ops.value(total.operand, home), "exp")
        if above is None or below is None or not ops.same(above.operand, below.operand):
            continue
        if not _is_shifted(above, node, home, ops):
            message = "exponentials over their sum overflow where a softmax does not"
            hint = "use the library's softmax, or subtract the maximum first"
            yield Diagnostic("IX653", message, ops.positions.span(node), hint, "warning")


@lint_rule(
    "IX654",
    name="python-log-of-sigmoid",
    summary="the logarithm of a sigmoid, which underflows far below 0",
    why="sigmoid(x) rounds to 0 below x = -104 in float32, and log(0) is -inf. logsigmoid(x) is about x there.",
    bad=_TORCH + "loss = -torch.log(torch.sigmoid(x)).mean()",
    good=_TORCH + "loss = -F.logsigmoid(x).mean()",
    subject="module",
    language="python",
    right="x is bounded from below.",
)
def log_of_sigmoid(module: Module) -> Iterator[Diagnostic]:
    """log(sigmoid(x)) and sigmoid(x).log()."""
    if "sigmoid" not in module.text:
        return
    ops = module.operations
    for found, _ in ops.each("log"):
        if ops.applied(found.operand, "sigmoid", "expit") is not None:
            message = "log of a sigmoid is -inf where the sigmoid rounds to 0"
            hint = "write logsigmoid(x) (torch.nn.functional, jax.nn.log_sigmoid, scipy.special.log_expit)"
            yield Diagnostic("IX654", message, ops.positions.span(found.node), hint, "warning")


@lint_rule(
    "IX656",
    name="python-variance-by-difference",
    summary="a variance as mean of squares minus square of mean, which cancels",
    why="The two numbers are almost equal where the mean is large beside the spread: with mean 1e4 and spread 1 no "
    "digit of the difference is right in float32, and it may be negative. var subtracts the mean first.",
    bad=_NUMPY + "v = np.mean(x**2, axis=0) - np.mean(x, axis=0)**2",
    good=_NUMPY + "v = np.var(x, axis=0)",
    subject="module",
    language="python",
    right="The mean is known to be near 0, or the two means were collected in one pass over data that is gone.",
)
def variance_by_difference(module: Module) -> Iterator[Diagnostic]:
    """mean(x**2) - mean(x)**2 with the same axes."""
    if "mean" not in module.text:
        return
    ops = module.operations
    for node, _ in ops.operators:
        if not isinstance(node.op, ast.Sub):
            continue
        squares, root = ops.applied(node.left, *_MEAN), _root(node.right, ops)
        mean = ops.applied(root, *_MEAN) if root is not None else None
        base = _root(squares.operand, ops) if squares is not None and mean is not None else None
        if squares is None or mean is None or base is None:
            continue
        if ops.same(base, mean.operand) and squares.rest == mean.rest:
            message = "a variance as a difference of two means, which cancels"
            hint = "write var of the values; torch's var divides by N - 1 unless told correction=0"
            yield Diagnostic("IX656", message, ops.positions.span(node), hint, "warning")


@lint_rule(
    "IX657",
    name="python-root-at-zero",
    summary="the distances of points to themselves under a root: the gradient is NaN",
    why="The distance of a point to itself is 0, where the slope of the root is infinite; times the 0 of the inner "
    "derivative it gives NaN, and one NaN spoils the whole gradient.",
    bad=_TORCH + "d = torch.sqrt(((x[:, None] - x[None, :])**2).sum(-1))",
    good=_TORCH + "d = torch.sqrt(((x[:, None] - x[None, :])**2).sum(-1) + 1e-12)",
    subject="module",
    language="python",
    right="No gradient is taken through it.",
)
def root_at_zero(module: Module) -> Iterator[Diagnostic]:
    """sqrt of summed squares of x[:, None] - x[None, :], in libraries that differentiate."""
    if "sqrt" not in module.text:
        return
    ops = module.operations
    for found, home in ops.each("sqrt"):
        if found.function.partition(".")[0] not in ("torch", "jax", "tensorflow"):
            continue
        total = ops.applied(ops.value(found.operand, home), *_SUM)
        base = _root(ops.value(total.operand, home), ops) if total is not None else None
        difference = ops.value(base, home) if base is not None else None
        if isinstance(difference, ast.BinOp) and isinstance(difference.op, ast.Sub):
            one, two = _unsqueezed(difference.left), _unsqueezed(difference.right)
            if one is not None and two is not None and ops.same(one, two):
                message = f"a root that is 0 where a point of `{ops.text(one)}` meets itself: its gradient there is NaN"
                hint = "add a small number under the root, or use torch.cdist"
                yield Diagnostic("IX657", message, ops.positions.span(found.node), hint, "warning")


@lint_rule(
    "IX658",
    name="python-masked-mean",
    summary="a masked sum is divided by the mask's sum, which may be 0",
    why="A row, or a batch, that is masked away altogether makes 0/0, which is NaN, and the loss never recovers.",
    bad=_TORCH + "loss = (loss * mask).sum() / mask.sum()",
    good=_TORCH + "loss = (loss * mask).sum() / mask.sum().clamp(min=1)",
    severity="note",
    subject="module",
    language="python",
    right="Every mask holds at least one position.",
)
def masked_mean(module: Module) -> Iterator[Diagnostic]:
    """sum(x * m) / sum(m) for an m that is called a mask."""
    if "mask" not in module.text:
        return
    ops = module.operations
    for node, _ in ops.operators:
        below = ops.applied(node.right, *_SUM) if isinstance(node.op, ast.Div) else None
        above = ops.applied(node.left, *_SUM) if below is not None else None
        if below is None or above is None or "mask" not in last_name(below.operand).lower():
            continue
        product = above.operand
        if not isinstance(product, ast.BinOp) or not isinstance(product.op, ast.Mult):
            continue
        if any(ops.same(side, below.operand) for side in (product.left, product.right)):
            message = f"the sum of `{ops.text(below.operand)}` is 0 where everything is masked"
            hint = "take at least 1: .clamp(min=1), np.maximum(…, 1)"
            yield Diagnostic("IX658", message, ops.positions.span(node.right), hint, "note")


# ---- helpers -------------------------------------------------------------------------------------
def _log_softmax(softmax: Applied, ops: Operations) -> str | None:
    """The call with log_softmax in the place of softmax."""
    if softmax.function.partition(".")[0] not in _LOG_SOFTMAX or not isinstance(softmax.node.func, ast.Attribute):
        return None
    source = ops.positions.source(softmax.node)
    head = ops.positions.source(softmax.node.func)
    return head.removesuffix("softmax") + "log_softmax" + source[len(head) :] if source.startswith(head) else None


def _only_in_logs(name: ast.Name, home: FunctionNode | None, ops: Operations) -> bool:
    """Whether every read of a local name is as the operand of a log."""
    return home is not None and all(id(read) in ops.logarithms for read in ops.reads(name.id, home))


def _is_shifted(raised: Applied, node: ast.expr, home: FunctionNode | None, ops: Operations) -> bool:
    """Whether an exponential looks bounded: something is subtracted, it is negated, or a maximum is at hand."""
    exponent = ops.value(raised.operand, home)
    if isinstance(exponent, ast.BinOp) and isinstance(exponent.op, ast.Sub):
        return True
    return ops.text(exponent).lstrip("(").startswith("-") or ops.takes_a_maximum(node, home)


def _root(e: ast.expr, ops: Operations) -> ast.expr | None:
    """x of x**2, x * x, square(x)."""
    if isinstance(e, ast.BinOp) and isinstance(e.op, ast.Pow):
        return e.left if isinstance(e.right, ast.Constant) and e.right.value == 2 else None
    if isinstance(e, ast.BinOp) and isinstance(e.op, ast.Mult):
        return e.left if ops.same(e.left, e.right) else None
    found = ops.applied(e, "square", "pow")
    if found is None or (found.name == "pow" and found.rest != ("2",)):
        return None
    return found.operand


def _unsqueezed(e: ast.expr) -> ast.expr | None:
    """x of x[:, None], x[None], x.unsqueeze(0)."""
    if isinstance(e, ast.Subscript):
        parts = e.slice.elts if isinstance(e.slice, ast.Tuple) else [e.slice]
        whole = all(
            isinstance(p, ast.Constant) or (isinstance(p, ast.Slice) and p.lower is p.upper is None) for p in parts
        )
        return e.value if whole and any(isinstance(p, ast.Constant) and p.value is None for p in parts) else None
    if isinstance(e, ast.Call) and isinstance(e.func, ast.Attribute) and e.func.attr == "unsqueeze":
        return e.func.value
    return None


RULES = (
    log_of_softmax, log_sum_exp, softmax_by_hand, log_of_sigmoid, variance_by_difference, root_at_zero, masked_mean,
)  # fmt: skip
