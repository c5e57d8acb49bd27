"""PyTorch's spelling.  Whatever is created lies on the inputs' device."""

from __future__ import annotations

from ...lower.target import Target
from .. import helpers
from ..spelling import INFIX, Spelling

_SAME = ("exp", "log", "sqrt", "square", "sin", "cos", "tan", "tanh", "sinh", "cosh", "abs", "sign", "sigmoid", "erf")
_OUT = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "negative": "neg", "reciprocal": "reciprocal",
    "maximum": "maximum", "minimum": "minimum", "power": "pow", **{n: n for n in _SAME},
}  # fmt: skip
# Methods write into what is not contiguous, too; torch.compile takes `out=` only for what is.
_METHODS = {
    **{n: f"{{0}}.{_OUT[n]}_({{1}})" for n in ("add", "subtract", "multiply", "divide", "power")},
    **{n: f"{{0}}.{_OUT[n]}_()" for n in ("negative", "reciprocal", *_SAME)},
    "relu": "{0}.relu_()",
}


_PRODUCT = '''
def product(x, dims):
    """The product along several dimensions."""
    for dim in sorted(dims, reverse=True):
        x = torch.prod(x, dim=dim)
    return x
'''

_SOFTPLUS = '''
def softplus(x):
    """log(1 + exp(x)) without overflow, and without the threshold of torch.nn.functional.softplus."""
    return torch.logaddexp(x, torch.zeros_like(x))
'''

_STRIDED = '''
def strided(x, shape, forms):
    """The view v[k] = x[p], where each axis has p = sum(weight * k) + offset, its (weights, offset) in forms."""
    if 0 in shape:
        return x.new_zeros(shape)
    for size, (weights, offset) in zip(x.shape, forms):
        if offset + sum(w * (n - 1) for w, n in zip(weights, shape)) >= size:
            raise IndexError("a position lies outside of its axis")
    start = x[tuple(slice(offset, None) for _, offset in forms)]
    strides = [sum(s * w[k] for s, (w, _) in zip(start.stride(), forms)) for k in range(len(shape))]
    return start.as_strided(shape, strides, start.storage_offset())
'''

_TOPK_MASK = '''
def topk_mask(x, dim, count):
    """True at the count largest of x along the dimension; of equal ones at the first."""
    order = torch.argsort(-x, dim=dim, stable=True)
    return torch.argsort(order, dim=dim, stable=True) < count
'''

_INSIDE = helpers.INSIDE.replace("position.size", "position.numel()")
_ADD_AT = helpers.ADD_AT.replace("x.transpose(order)", "x.permute(order)")
_WINDOWS = helpers.SCATTER_WINDOWS.replace("xp.zeros(shape, dtype=source.dtype)", "source.new_zeros(shape)").replace(
    "xp.expand_dims(", "torch.unsqueeze("
)

TORCH = Spelling(
    name="torch",
    title="PyTorch",
    module="torch",
    imports=("import torch",),
    preamble=("real = {floating}.dtype", "device = {any}.device"),
    default_real="torch.float64",
    decorator="@torch.no_grad()",
    maps={
        **INFIX,
        **{name: f"torch.{name}({{0}})" for name in _SAME},
        **{name: f"torch.{name}({{0}}, {{1}})" for name in ("maximum", "minimum")},
        "power": "torch.pow({0}, {1})",
        "as_real": "torch.as_tensor({0}, dtype=real, device=device)",
        "inside": "inside({0}, {1})",
        "relu": "torch.relu({0})",
        "softplus": "softplus({0})",
        "where": "torch.where({0}, {1}, {2})",
    },
    in_place={
        **{name: f"torch.{spelled}({{0}}, out={{1}})" for name, spelled in _OUT.items()},
        "relu": _METHODS["relu"],
    },
    onto_first=_METHODS,
    operations={
        "add_at": "add_at({0}, {1}, {2}, {3})",
        "add_repeated": "add_repeated({0}, {1}, {2}, {3})",
        "argmax": "torch.argmax({0}, dim={1})",
        "broadcast": "torch.broadcast_to({0}, {1})",
        "copy": "{0}.clone()",
        "cumsum": "torch.cumsum({0}, dim={1})",
        "det": "torch.linalg.det({0})",
        "dot": "torch.dot({0}, {1})",
        "inv": "torch.linalg.inv({0})",
        "logdet": "torch.logdet({0})",
        "logsumexp": "torch.logsumexp({0}, dim={1})",
        "masked": "{0}.masked_fill_({1}, {2})",
        "matmul": "torch.matmul({0}, {1})",
        "max": "torch.amax({0}, dim={1})",
        "min": "torch.amin({0}, dim={1})",
        "prod": "product({0}, {1})",
        "range": "torch.arange({0}, device=device)",
        "reshape": "{0}.reshape({1})",
        "reversed_cumsum": "torch.flip(torch.cumsum(torch.flip({0}, ({1},)), dim={1}), ({1},))",
        "scalar": "{0}",
        "scatter": "scatter_add({0}, {1}, {2})",
        "scatter_windows": "scatter_windows({0}, {1}, {2})",
        "softmax": "torch.softmax({0}, dim={1})",
        "strided": "strided({0}, {1}, {2})",
        "sum": "torch.sum({0}, dim={1})",
        "topk": "topk_mask({0}, {1}, {2})",
        "transpose": "{0}.permute({1})",
        "windows": "windows({0}, {1}, {2})",
    },
    helpers={
        "add_at": _ADD_AT,
        "add_repeated": helpers.ADD_REPEATED_TORCH,
        "inside": _INSIDE,
        "product": _PRODUCT,
        "scatter_add": helpers.spelled(helpers.SCATTER_ADD_TORCH, "torch"),
        "scatter_windows": _WINDOWS,
        "softplus": _SOFTPLUS,
        "strided": _STRIDED,
        "topk_mask": _TOPK_MASK,
        "windows": helpers.spelled(helpers.WINDOWS_TORCH, "torch"),
    },
    needs={"scatter_add": ("import math",), "scatter_windows": ("import itertools",)},
    target=Target(native=frozenset({"softmax", "logsumexp"})),
    number_first=False,
)
