"""Findings about shapes: how they read, what they need, and where there is none."""

import pytest

from indexcalc.diagnostics import render
from indexcalc.lint.run import lint_source
from indexcalc.lint.source import Source

HEAD = """\
import numpy as np
import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, einsum, nn


"""


READS = """\
model.py:2:24: warning IX222: index `d` sums axis `d_in` of `x` with axis `d_out` of `W`
   |
 1 | def f(x: Float[Tensor, "b n d_in"], W: Float[Tensor, "d_out d_in"]):
   |          ~~~~~~~~~~~~~~~~~~~~~~~~~     ~~~~~~~~~~~~~~~~~~~~~~~~~~~
   |          `d_in` is said here           `d_out` is said here
 2 |     return einsum('bnd,di->bni', x, W)
   |                      ~ ^
  why: One counts what goes in, the other what comes out. Where both axes happen to have one size, \
every shape check passes and the numbers are wrong.
  help: give `d_in` and `d_out` each an index of its own, or exchange the labels of one operand"""


def found(text: str) -> list[str]:
    return [d.code for d in lint_source(Source(HEAD + text, kind="python")) if d.code.startswith("IX22")]


def function(*lines: str, parameters: str = "x") -> str:
    return f"def f({parameters}):\n" + "".join(f"    {line}\n" for line in lines)


def test_a_finding_reads_like_this():
    text = function("return einsum('bnd,di->bni', x, W)",
                    parameters='x: Float[Tensor, "b n d_in"], W: Float[Tensor, "d_out d_in"]')  # fmt: skip
    (finding,) = lint_source(Source(text, kind="python", name="model.py"))
    assert render(finding) == READS


Q, K = 'q: Float[Tensor, "batch heads queries dim"]', 'k: Float[Tensor, "batch heads keys dim"]'
SHOWN = {
    "annotation": ('x: Float[Tensor, "b n d_in"], W: Float[Tensor, "d_out d_in"]', []),
    "comment above": ("x, W", ["# x: (b, n, d_in), W: (d_out, d_in)"]),
    "comment behind": ("x, W", ["x = x + 0  # (b, n, d_in)", "W = W + 0  # [d_out, d_in]"]),
    "docstring": ("x, W", ['"""', "x (Tensor): of shape (b, n, d_in)", "W (Tensor): of shape (d_out, d_in)", '"""']),
    "unpacked": ("x, W", ["b, n, d_in = x.shape", "d_out, d_in = W.shape"]),
    "constructed": ("d_in, d_out", ["x = torch.zeros(2, 3, d_in)", "W = nn.Parameter(torch.randn(d_out, d_in))"]),
    "layer": ("x, d_in, d_out", ["b, n, d_in = x.shape", "W = nn.Linear(d_in, d_out).weight"]),
    "asserted": ("x, W", ["assert x.shape == (b, n, d_in)", "assert W.shape == (d_out, d_in)"]),
}


@pytest.mark.parametrize("how", SHOWN)
@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("return einsum('bnd,di->bni', x, W)", ["IX222"]),
        ("return einsum('bnd,od->bno', x, W)", []),
        ("return x @ W", ["IX222"]),
        ("return x @ W.T", []),
        ("return torch.matmul(x, W)", ["IX222"]),
        ("return einsum('bd,od->bo', x, W)", ["IX220"]),
    ],
)
def test_a_swapped_weight_is_seen_however_its_shape_is_shown(how, line, codes):
    parameters, lines = SHOWN[how]
    assert found(function(*lines, line, parameters=parameters)) == codes


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        # heads and batch, queries and keys
        (["return einsum('bhid,hbjd->bhij', q, k)"], ["IX223"]),
        (["return einsum('bhid,bhid->bhi', q, k)"], ["IX222"]),
        (["return einsum('bhid,bhjd->bhij', q, k)"], []),
        (["return q @ k.mT"], []),
        (["return q @ k"], ["IX222"]),
        (["return q + k"], ["IX222"]),
        (["return q + k[:, :, :1]"], []),
        (["return k.expand_as(q)"], ["IX222"]),
        (["s = q @ k.mT", "return einsum('bhij,bhjd->bhid', s, k)"], []),
        (["s = q @ k.mT", "return einsum('bhij,bhjd->bhid', s, q)"], ["IX222"]),
        (["return rearrange(q, 'batch queries heads dim -> batch heads queries dim')"], ["IX223"]),
        (["b, n, h, d = q.shape", "return q"], []),
        (["batch, queries, heads, dim = q.shape", "return q"], ["IX223"]),
        (["y = q.transpose(1, 2)  # (batch, heads, queries, dim)", "return y"], ["IX223"]),
        (["y = q.transpose(1, 2)  # (batch, queries, heads, dim)", "return y"], []),
    ],
)  # fmt: skip
def test_attention(lines, codes):
    assert found(function(*lines, parameters=f"{Q}, {K}")) == codes


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (["return x.view(b, h, n, d)"], ["IX224"]),
        (["return x.view(b, n, h, d).transpose(1, 2)"], []),
        (["return x.view(b * h, -1, d)"], ["IX224"]),
        (["return x.view(b * n, h, -1)"], []),
        (["return x.view(-1, h, d)"], []),
        (["y = x.view(b, n, h, d).permute(0, 2, 1, 3)", "return y.reshape(b, n, -1)"], ["IX224"]),
        (["y = x.view(b, n, h, d).permute(0, 2, 1, 3)", "return y.reshape(b * h, n, d)"], []),
        (["y = x.view(b, n, h, d)", "return y.reshape(b, n, -1)"], []),
        (["return x.reshape(n, b, -1)"], ["IX224"]),
        (["return x.view(-1, dim * n)"], []),
        (["return x.view(b, n, d * h)"], []),
        (["y = x.view(b, n, d, h).flatten(2)", "return y.view(b, h, n, d)"], ["IX224"]),
        (["# x: (b, h, n, d)", "x = x.view(b, n, h, d).transpose(1, 2)", "return x.reshape(b * h, n, d)"], []),
        (["p = 4", "g, k = n // p, dim // p", "return x.view(b, g, p, k, p)"], []),
        (["return x.reshape(other, -1)"], []),
        (["return x.reshape(b, other, more)"], []),
        (["return x.view(b, h, n, dim // h)"], ["IX224"]),
        (["return x.view(b, n, h, dim // h)"], []),
        (["return x.view(b, 8, n, -1)"], ["IX224"]),
        (["return x.reshape(x.shape[0], h, x.shape[1], -1)"], ["IX224"]),
        (["return x.view(b, n, 8, -1)"], []),
        (["return x.view(b, 1, n, -1)"], []),
        (["return x.view(b, other, more, -1)"], []),
        (["e = dim // h", "return x.view(b, h, n, e)"], ["IX224"]),
        # the order in which a product of sizes is written says nothing of the order of axes
        (
            [
                "y = k(x).view(b, n, d * h)",
                "y = rearrange(y, 'b n (h d) -> b h n d', h=h)",
                "return y.view(b * h, n, d)",
            ],
            [],
        ),
        (
            [
                "y = k(x).view(b, n, d * h)",
                "y = rearrange(y, 'b n (h d) -> b h n d', h=h)",
                "return y.view(b, n, h, d)",
            ],
            ["IX224"],
        ),
    ],
)
def test_reshapes(lines, codes):
    start = "b, n, dim = x.shape", "d = dim // h"
    assert found(function(*start, *lines, parameters="x, k, h, other, more")) == codes


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        # initials of names, and names that go round
        (["W = torch.zeros(out_features, in_features)", "return einsum('bi,io->bo', x, W)"], ["IX223"]),
        (["W = torch.zeros(out_features, in_features)", "return einsum('bi,oi->bo', x, W)"], []),
        (["y = x.reshape(n, m, heads, dim // heads)", "return einsum('nhmd->nhd', y)"], ["IX223"]),
        (["y = x.reshape(n, m, heads, dim // heads)", "return einsum('nmhd->nhd', y)"], []),
        (["y = np.reshape(x, (n, 3, heads, m))", "return einsum('nhd->nd', y)"], ["IX220"]),
        (["y = x.reshape(shape=(n, 3, heads, m))", "return einsum('nchd->nd', y)"], []),
        (["y = x.view(torch.float32)", "return einsum('nd->n', y)"], []),
        (["y = x.permute(0, 2, 1)", "return einsum('nhmd->nd', y)"], ["IX220"]),
        (["b, c, h, w = x.shape", "x = x.permute(0, 2, 3, 1)", "return einsum('bchw,oc->bohw', x, k)"], ["IX223"]),
        (["x = load()  # (batch, heads, seq, dim)", "return einsum('bihd->bih', x)"], ["IX223"]),
        (["x = load()  # (batch, heads, seq, dim)", "return einsum('bijd->bij', x)"], []),
        (["x = load()  # (k_len, heads, dim)", "return einsum('jkc->jk', x)"], []),
        (["b, c, h, w = x.shape", "x = x.permute(0, 2, 3, 1)", "return einsum('bhwc,oc->bhwo', x, k)"], []),
        (["q, k, v = f(x).reshape(n, m, 3, heads, dim).unbind(2)", "return einsum('nhid,nhjd->nhij', q, k)"], []),
        (["q, k, v = f(x).view(n, m, 3, heads, dim).unbind(2)", "return einsum('nhmd,nhjd->nhmj', q, k)"], ["IX223"]),
    ],
)  # fmt: skip
def test_letters_are_held_against_names(lines, codes):
    assert found(function(*lines, parameters="x, k, n, m, dim, heads, in_features, out_features"))[:1] == codes


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (["return einsum('bd->b', x)"], ["IX220"]),
        (["if x.ndim == 2:", "    return einsum('bd->b', x)", "return x"], []),
        (["if len(x.shape) == 2:", "    x = x[None]", "return einsum('bd->b', x)"], []),
        (["if x.shape == (9, 9):", "    return einsum('bd->b', x)", "return x"], []),
        (["if x.dim() != 3:", "    raise ValueError", "return einsum('bd->b', x)"], ["IX220"]),
        (["if x.shape[0] == 1:", "    return einsum('bd->b', x)", "return x"], ["IX220"]),
    ],
)
def test_an_array_whose_rank_is_asked_for_has_not_one(lines, codes):
    assert found(function(*lines, parameters='x: Float[Tensor, "b n d"]')) == codes


def test_names_of_one_signature_are_not_summed_with_each_other():
    parameters = 'q: Float[Tensor, "b h n d"], k: Float[Tensor, "b h n d"]'
    assert found(function("return q @ k", parameters=parameters)) == ["IX222"]
    assert found(function("return q @ k.mT", parameters=parameters)) == []


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("np.einsum('ij,jk', np.zeros((2, 3)), np.zeros((4, 5)))", ["IX221"]),
        ("np.einsum('ij,jk', np.zeros((2, 3)), np.zeros((1, 5)))", []),
        ("np.einsum('ijk->k', np.zeros((2, 3)))", ["IX220"]),
        ("np.einsum('...ijk->k', np.zeros((2, 3)))", ["IX220"]),
        ("np.einsum('...j->j', np.zeros((2, 3)))", []),
        ("np.zeros((2, 3)) @ np.zeros((2, 3))", ["IX221"]),
        ("np.zeros((2, 3)) + np.zeros((2, 4))", ["IX221"]),
        ("np.zeros((2, 3)) + np.zeros((2, 1))", []),
        ("np.zeros((4, 6)).reshape(5, 5)", ["IX221"]),
        ("np.zeros((4, 6)).reshape(5, -1)", ["IX221"]),
        ("np.zeros((4, 6)).reshape(8, -1)", []),
        ("rearrange(np.zeros((2, 3)), 'a 4 -> 4 a')", ["IX221"]),
        ("rearrange(np.zeros((2, 6)), 'a (b c) -> a b c', b=4)", []),
        ("rearrange(np.zeros((2, 6)), 'a b -> b a', b=4)", ["IX221"]),
    ],
)
def test_sizes(line, codes):
    assert found(f"y = {line}\n") == codes


@pytest.mark.parametrize(
    ("made", "order", "codes"),
    [
        ("nn.MultiheadAttention(64, 8)", "batch seq dim", ["IX226"]),
        ("nn.MultiheadAttention(64, 8)", "seq batch dim", []),
        ("nn.MultiheadAttention(64, 8, batch_first=True)", "batch seq dim", []),
        ("nn.MultiheadAttention(64, 8, batch_first=flag)", "batch seq dim", []),
        ("nn.LSTM(64, 8)", "b t d", ["IX226"]),
        ("nn.LSTM(64, 8)", "n t d", []),
        ("nn.Linear(64, 8)", "batch seq dim", []),
    ],
)
def test_layouts(made, order, codes):
    assert found(f'layer = {made}\n\n\ndef f(x: Float[Tensor, "{order}"]):\n    return layer(x, x, x)\n') == codes


@pytest.mark.parametrize(
    "lines",
    [
        ["y = x[mask]  # (k, d)", "return einsum('kd->k', y)"],
        ["n, m = A.shape", "return A + A.T"],  # square
        ["A = torch.zeros(n, m)", "return A @ A.T"],
        ["x = x.view(b, -1)", "b, n, d = x.shape", "return x"],
        ["size = (h, w)  # (height, width)", "return einsum('ij->i', size)"],
        ["s = einsum('bid,bjd->bij', x, x)", "return einsum('bji,bjd->bid', s, x)"],  # letters are free
        ["x = torch.zeros(2, 3)", "x = step(x)", "return einsum('abc->a', x)"],
        ["y = einsum('ij->ji', A)", "return einsum('ij,jk->ik', A, y)"],
    ],
)
def test_silence(lines):
    assert found(function(*lines, parameters="x, A, mask, b, n, m, h, w")) == []


def test_what_only_a_comment_says_is_a_warning():
    text = function("x = load()  # (b, n, d)", "y = x.transpose(1, 2)  # (b, n, d)", "return y")
    severities = [(d.code, d.severity) for d in lint_source(Source(HEAD + text, kind="python"))]
    assert severities == [("IX223", "warning")]
