"""The corpus' rows as the source files that they come from: a call among what its file shows of its operands."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]

IMPORTS = """\
import einops
import einx
import jax.numpy as jnp
import numpy
import numpy as nm
import numpy as np
import opt_einsum as oe
import tensorflow as tf
import torch
from einops import pack, rearrange, reduce, repeat, unpack
from einops.layers.torch import Rearrange, Reduce
from jaxtyping import Float
from torch import Tensor, nn
"""
EINSUM_OF = {"einops.einsum": "from einops import einsum\n", "fancy_einsum": "from fancy_einsum import einsum\n"}
PLAIN_EINSUM = "from torch import einsum\n"


def call_source(row: Row) -> str | None:
    """A Python file that makes the call of a row of einsum_calls.jsonl; None where its parts are no expressions.

    The row's shapes are those of some assignment to the operand's name in the file, which need not be the one that the
    call reads: a shape of another rank than the spec gives the operand belongs to another array, and is left out.
    """
    parts = _call_parts(row)
    if parts is None:
        return None
    lines = [f"    {name} = np.zeros({_size_text(shape)})" for name, shape in row["shapes"].items()
             if name.isidentifier() and _size_text(shape) and _has_rank(row, name, shape)]  # fmt: skip
    body = [*lines, f"    return {row['call']}({', '.join(parts)})"]
    source = _header(row["dialect"]) + "\n\ndef f():\n" + "\n".join(body) + "\n"
    return source if _parses(source) else None


def _call_parts(row: Row) -> list[str] | None:
    operands = list(row["operands"])
    keywords = [f"{k}={v}" for k, v in row["keywords"].items() if k != "**" and _is_expression(v)]
    if row["kind"] == "interleaved":
        lists = [x.strip() for x in row["spec"].removeprefix("interleaved:").split(";")]
        own = [o for o in operands if not (o.startswith("[") and o.endswith("]"))]
        output = [o for o in operands if o.startswith("[") and o.endswith("]")]
        if len(own) != len(lists) or not all(map(_is_expression, own)):
            return None
        pairs = [part for pair in zip(own, lists) for part in pair]
        return [*pairs, *output, *keywords]
    spec = f"f{row['spec']!r}" if row["kind"] == "fstring" else repr(row["spec"])
    own = [o if _is_expression(o) else f"operand_{k}" for k, o in enumerate(operands)]
    leads = (row["dialect"].startswith("einops.re") and row["call"][:1].islower()) or row["dialect"] in (
        "einops.einsum", "einops.pack", "einops.unpack", "fancy_einsum")  # fmt: skip
    if row["dialect"] == "fancy_einsum" or not leads:
        return [spec, *own, *keywords]
    if row["dialect"] == "einops.einsum":
        return [*own, spec, *keywords]
    return [*own[:1], spec, *own[1:], *keywords]


def _has_rank(row: Row, name: str, shape: Any) -> bool:
    """Whether the shape has as many sizes as the spec has labels for each operand of the name."""
    parts = row["spec"].partition("->")[0].split(",")
    if row["kind"] == "interleaved" or len(parts) != len(row["operands"]):
        return True
    named = row["dialect"] != "einsum"
    for part, operand in zip(parts, row["operands"]):
        text = re.sub(r"\([^()]*\)", " group ", part).replace("...", " ")
        count = len(text.split()) if named else len(re.sub(r"\W", "", text))
        sizes = len(shape["ctor"])
        if operand == name and (sizes < count if "..." in part else sizes != count):
            return False
    return True


def _size_text(shape: Any) -> str:
    sizes = [str(s) for s in shape.get("ctor", ())] if isinstance(shape, Mapping) else []
    if not sizes or not all(s.isidentifier() or s.isdigit() for s in sizes):
        return ""
    return f"({', '.join(sizes)},)"


def _header(dialect: str) -> str:
    return IMPORTS + EINSUM_OF.get(dialect, PLAIN_EINSUM)


def _is_expression(text: str) -> bool:
    try:
        ast.parse(f"({text})", mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


# ---- bugs --------------------------------------------------------------------------------------------------
FORMS = ("annotation", "comment")


def bug_source(row: Row, which: str, form: str = "annotation", reference: bool = False) -> tuple[str, str] | None:
    """(source, kind) with the `wrong` or the `right` form of a bug; None where the row does not give one.

    `form` says how the file shows shapes.  With `reference`, a comment states the right formula.
    """
    if row["id"] in WRITTEN:
        text = WRITTEN[row["id"]].get(which)
        return (IMPORTS + text, "python") if text else None
    spec = row[which]
    if spec is None or row["kind"] in ("C++", "view/permute", "einops"):
        return None
    if row["kind"] == "latex":
        return spec, "latex"
    if row["kind"] == "einsum-usage":
        spec = spec.split(" ")[0]
    return _header(row["kind"]) + _bug_call(row, spec, form, reference), "python"


def _bug_call(row: Row, spec: str, form: str, reference: bool) -> str:
    count = spec.partition("->")[0].count(",") + 1
    names = [*(row["operands"] or ()), *"abcdefg"][: max(count, len(row["operands"] or ()) * (spec == row["wrong"]))]
    shapes = row["shapes"] or {}
    given = {n: "".join(c if c.isalnum() or c == "_" else "_" for c in n) for n in names if n in shapes}
    head = ", ".join(
        f'{given[n]}: Float[Tensor, "{" ".join(shapes[n])}"]' if form == "annotation" else given[n] for n in given
    )
    lines = [f"def f({head}):"]
    if form == "comment":
        lines += [f"    {given[n]} = {given[n]} + 0  # ({', '.join(shapes[n])})" for n in given]
    if reference and row["right"]:
        lines.append(f"    # ix: {row['right']!r}")
    own = ", ".join(given.get(n, n) for n in names)
    if row["kind"].startswith("einops"):
        lines.append(f"    return rearrange({own}, {spec!r}{_sizes(spec)})")
    else:
        lines.append(f"    return einsum({spec!r}, {own})")
    return "\n\n" + "\n".join(lines) + "\n"


def _sizes(spec: str) -> str:
    """Sizes for all but the first name of each group on the left, as rearrange asks for."""
    left = spec.partition("->")[0]
    names: list[str] = []
    for group in left.split("(")[1:]:
        names += group.partition(")")[0].split()[1:]
    return "".join(f", {n}={n}" for n in names)


# Bugs of formulas, as the comment and the call that a file would have: (right formula, operands, wrong, right).
TRANSCRIBED: Mapping[str, tuple[str, str, str, str]] = {
    "B073": ("f[i] = P[i,j] dN_dX[j]", "P, dN_dX", "ij,i->j", "ij,j->i"),
    "B084": ("dv[j,i] = sum[k](inputs[j,k] a[j,k] b[k,i])", "inputs, a, b", "ik,jk,ki->ji", "jk,jk,ki->ji"),
    "B099": ("y[i] = W[j,i] x[j]", "W, x", "ij,j->i", "ji,j->i"),
}


def transcribed_source(bug: str, which: str) -> str:
    """A call beside the right formula, for a bug that was found in another language."""
    formula, operands, wrong, right = TRANSCRIBED[bug]
    spec = wrong if which == "wrong" else right
    return f"{IMPORTS}\n\ndef f({operands}):\n    # ix: {formula}\n    return torch.einsum({spec!r}, {operands})\n"


# What the file around the call shows, for bugs that are no single einsum string; from the rows' descriptions.
WRITTEN: Mapping[str, Mapping[str, str]] = {
    "B016": {
        "wrong": '\n\ndef merge(x: Float[Tensor, "h b l d"]):\n    h, b, l, d = x.shape\n    return x.view(b, l, -1)\n',
        "right": '\n\ndef merge(x: Float[Tensor, "h b l d"]):\n    h, b, l, d = x.shape\n'
        "    return x.permute(1, 2, 0, 3).reshape(b, l, -1)\n",
    },
    "B017": {
        "wrong": "\n\ndef split(x, h, d):\n    b, s, _ = x.shape  # (b, s, h*d)\n    return x.view(b * h, -1, d)\n",
        "right": "\n\ndef split(x, h, d):\n    b, s, _ = x.shape  # (b, s, h*d)\n"
        "    return x.view(b, s, h, d).transpose(1, 2)\n",
    },
    "B019": {
        "wrong": "\n\nclass A(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.attn = nn.MultiheadAttention(64, 8)\n\n    def forward(self, x):\n"
        "        y = rearrange(x, 'b c h1 h2 w -> (b h1) (h2 w) c')\n        return self.attn(y, y, y)\n",
        "right": "\n\nclass A(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.attn = nn.MultiheadAttention(64, 8)\n\n    def forward(self, x):\n"
        "        y = rearrange(x, 'b c h1 h2 w -> (h2 w) (b h1) c')\n        return self.attn(y, y, y)\n",
    },
    "B039": {
        "wrong": '\n\ndef f(x: Float[Tensor, "b d n"]):\n    return rearrange(x, "b n d -> b d n")\n',
        "right": '\n\ndef f(x: Float[Tensor, "b d n"]):\n    return rearrange(x, "b d n -> b n d")\n',
    },
    "B040": {
        "wrong": '\n\ndef f(q: Float[Tensor, "b h i d"], k: Float[Tensor, "b j d"]):\n'
        "    return rearrange(k, 'b ... -> b 1 ...').expand_as(q)\n",
        "right": '\n\ndef f(q: Float[Tensor, "b h i d"], k: Float[Tensor, "b j d"]):\n'
        "    return repeat(k, 'b ... -> b h ...', h=q.shape[1])\n",
    },
    "B045": {
        "wrong": '\n\ndef matmul(tensor1: Float[Tensor, "... a b"], tensor2: Float[Tensor, "... b c"]):\n'
        '    return torch.einsum("mab,mbc->mac", tensor1, tensor2)\n',
        "right": '\n\ndef matmul(tensor1: Float[Tensor, "... a b"], tensor2: Float[Tensor, "... b c"]):\n'
        '    return torch.einsum("...ab,...bc->...ac", tensor1, tensor2)\n',
    },
    "B049": {
        "wrong": '\n\ndef flux(fc_n: Float[np.ndarray, "cells facets dim"], '
        'df_in: Float[np.ndarray, "cells facets qp dim"]):\n    return np.einsum("ifk,ifkq->ifq", fc_n, df_in)\n',
        "right": '\n\ndef flux(fc_n: Float[np.ndarray, "cells facets dim"], '
        'df_in: Float[np.ndarray, "cells facets qp dim"]):\n    return np.einsum("ifk,ifqk->ifq", fc_n, df_in)\n',
    },
    "B029": {
        "wrong": "\n\ndef scale(self, x, tgt_len, bsz):\n    x = torch.einsum('tbhd,h->tbdh', x, self.c_attn)\n"
        "    return x.reshape(tgt_len, bsz, self.embed_dim)\n",
        "right": "\n\ndef scale(self, x, tgt_len, bsz):\n    x = torch.einsum('tbhd,h->tbhd', x, self.c_attn)\n"
        "    return x.reshape(tgt_len, bsz, self.embed_dim)\n",
    },
}

# Bugs in formulas rather than in calls, wrong and right in the language: the rows quote parts of equations.
FORMULAS: Mapping[str, tuple[str, str]] = {
    "B073": ("f[j] = P[i,j] dN_dX[i]", "f[i] = P[i,j] dN_dX[j]"),
    "B084": ("dv[j,i] = sum[k](inputs[i,k] a[j,k] b[k,i])", "dv[j,i] = sum[k](inputs[j,k] a[j,k] b[k,i])"),
    "B099": ("y[i] = W[i,j] x[j]", "y[i] = W[j,i] x[j]"),
}
