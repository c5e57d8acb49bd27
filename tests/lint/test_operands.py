"""Rules over patterns of einops, operands as written, targets, and names of operands."""

import einops
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from indexcalc.lint.roles import roles
from indexcalc.lint.run import lint_source
from indexcalc.lint.settings import Settings
from indexcalc.lint.source import Source

HEAD = (
    "import numpy as np\nimport torch\nimport jax.numpy as jnp\nimport torch.nn.functional as F\nimport einops\n"
    "from einops import pack, rearrange, reduce, repeat, unpack\nfrom einops.layers.torch import Rearrange\n"
)


def lint(call, **settings):
    return lint_source(Source(HEAD + call, kind="python"), Settings(**settings))


def codes(call, **settings):
    return [(d.code, d.severity) for d in lint(call, **settings)]


def marked(call, **settings):
    (found,) = lint(call, **settings)
    return (HEAD + call)[found.span.start : found.span.end]


@pytest.mark.parametrize(
    ("call", "code", "severity", "place"),
    [
        ("rearrange(x, 'b h w -> b h')", "IX416", "error", "w"),
        ("rearrange(x, 'b h -> b h w')", "IX416", "error", "w"),
        ("rearrange(x, 'b b -> b')", "IX416", "error", "b"),
        ("rearrange(x, 'b (h d) -> b h d')", "IX416", "error", "(h d)"),
        ("rearrange(x, 'b (h d) -> b h d', g=3)", "IX416", "error", "b (h d) -> b h d"),
        ("rearrange(x, 'b 3 -> b 3')", "IX416", "error", "3"),
        ("rearrange(x, 'b ... -> b')", "IX416", "error", "..."),
        ("repeat(x, 'b h -> b', h=2)", "IX416", "error", "h"),
        ("repeat(x, 'b -> b h')", "IX416", "error", "h"),
        ("reduce(x, 'b h -> b w', 'mean')", "IX416", "error", "w"),
        ("Rearrange('b (h d) -> b h d')", "IX416", "error", "(h d)"),
        ("y.rearrange('b h -> h')", "IX416", "error", "b"),
        ("unpack(x, ps, 'b c')", "IX416", "error", "b c"),
        ("reduce(x, 'b h -> h b', 'mean')", "IX417", "note", "b h -> h b"),
        ("np.einsum('...i,...i->i', A, B)", "IX409", "error", "i"),
        ("np.einsum('αβ->βα', A)", "IX409", "error", "α"),
        ("torch.einsum('ij->ji', F.one_hot(x).T)", "IX415", "note", "F.one_hot(x).T"),
        ("torch.einsum('nk,kd->nd', F.one_hot(x), w)", "IX414", "warning", "F.one_hot(x)"),
        ("torch.einsum('nk,kd->nd', x.long(), w)", "IX414", "warning", "x.long()"),
        ("torch.einsum('nk,kd->nd', w, x.to(torch.int32))", "IX414", "warning", "x.to(torch.int32)"),
        ("np.einsum('ij,ij->', a.astype(np.uint8), b)", "IX414", "warning", "a.astype(np.uint8)"),
        ("torch.einsum('bsd,dd->bsd', x, W)", "IX406", "warning", "d"),
        ("jnp.einsum('bid, dim out -> b i out', x, W)", "IX401", "error", "dim out"),
        ("torch.einsum('id,id->d', torch.ones(1, 4), torch.ones(8, 4))", "IX413", "warning", "i"),
        ("torch.einsum('tbhd,h->tbdh', x, c)", "IX420", "warning", "d"),
        ("torch.einsum('thd,btd->bht', q, dense_kv)", "IX421", "warning", "t"),
        ("torch.einsum('bhqk,bhqd->bhkd', attn, v)", "IX422", "warning", "q"),
        ("torch.einsum('bhqd,bhkd->bhkq', query_states, key_states)", "IX423", "warning", "k"),
        ("torch.einsum('bhxyd,md->bhmxy', q, rel_k)", "IX423", "warning", "m"),
        ("torch.einsum('bhqd,bhkd->bhqk', k, q)", "IX424", "warning", "k"),
        ("einops.einsum(keys, queries, 'b query d, b key d -> b query key')", "IX424", "warning", "key"),
        ("torch.einsum('bhqk,bhkd->bhqd', attn_weights, k)", "IX425", "warning", "bhkd"),
        ("einops.einsum(a, b, 'out_dim in_dim, in_dimm -> out_dim')", "IX404", "error", "in_dimm"),
    ],
)  # fmt: skip
def test_each_rule_marks_its_place(call, code, severity, place):
    assert codes(call) == [(code, severity)]
    assert marked(call) == place


@pytest.mark.parametrize(
    "call",
    [
        "rearrange(x, 'b (h d) -> b h d', h=n)",
        "rearrange(x, 'b (h d) -> b h d', **sizes)",
        "repeat(x, 'b -> b h', h=2)",
        "rearrange(x, 'b ... -> (b ...)')",
        "reduce(x, 'b h w -> b', 'mean')",
        "reduce(x, 'b c h w -> b c 1 1', 'max')",
        "rearrange(x, 'b (h d) -> (b h) d', h=8)",
        "pack([x, y], 'b * c')",
        "x.repeat('a', 'b')",
        "repeat(x, 'b -> (b r)', r=n)",
        "Rearrange('b (h d) -> b h d', h=heads)",
        "unpack(x, ps, 'b * c')",
        "rearrange(x, f'b (h d) -> {axes}')",
        "jnp.einsum('αβ->βα', A)",
        "torch.einsum('nk,kd->nd', F.one_hot(x).float(), w)",
        "torch.einsum('i,j->ij', torch.arange(n), w)",
        "torch.einsum('nk,kd->nd', x.long(), y.long())",
        "np.einsum('ij,jk->ik', A.astype(np.int64), B)",
        "np.einsum('ij->j', a.astype(float))",
        "np.einsum('ii->', A)",
        "torch.einsum('bhqk,bhkd->bhqd', attn, v)",
        "torch.einsum('bhqk,bhqd->bhkd', attn, grad_out)",
        "torch.einsum('bhqk,bhqd->bhkd', attn.swapaxes(m, n), v)",
        "torch.einsum('bhqk,bhkd->bhqd', attn, kv)",
        "torch.einsum('bhqk,bhkd->bhqd', d_attn, k)",
        "torch.einsum('btk,bqk->btq', q, k)",
        "np.einsum('mPnQ,PR->mRnQ', RmPnQ, kPQ)",
        "jnp.einsum('...hgqk,...kh1d->...qhgd', attn_weights, value)",
        "torch.einsum('nd,md->nm', q, k)",
        "torch.einsum('bsgd,bsgd->bsg', query, key)",
        "torch.einsum('kd,qd->kq', k, q)",
        "torch.einsum('qhd,bkhd->bhqk', q, k)",
        "torch.einsum('bthd,bsd->btsh', q, k)",
        "torch.einsum('bhid,bhjd->bhij', q, k)",
        "torch.einsum('bhid,ijd->bhij', q, rel_k)",
        "torch.einsum('bhxyd,md->bhxym', q, rel_k)",
        "einops.einsum(a, b, 'out_dim in_dim, in_dim -> out_dim')",
        "torch.einsum('b h i d, c h j d -> b c h i j', q, k)",
        "torch.einsum('bchw,c->bchw', x, s)",
        "torch.einsum(' bhij , bhjd -> bhid ', p, w)",
        "torch.einsum('b i d, b j d -> b i j', x, y)",
        "torch.einsum('id,id->d', torch.ones(1, 4), torch.ones(1, 4))",
        "torch.einsum('id,id->id', torch.ones(1, 4), torch.ones(8, 4))",
        "torch.einsum('id,id->d', torch.ones(n, 4), torch.ones(8, 4))",
    ],
)
def test_right_calls_are_left_alone(call):
    assert codes(call) == []


def test_targets_that_are_asked_for():
    call = "jnp.einsum('αβ->βα', A)"
    assert codes(call, targets=("jax", "opt_einsum")) == []
    assert codes(call, targets=("numpy",)) == [("IX409", "warning")]
    assert "numpy takes ASCII letters" in lint(call, targets=("numpy",))[0].message


@pytest.mark.parametrize(
    "operand",
    ["x.T", "x.mT", "x.transpose(0, 1)", "x.transpose(-1, -2)", "x.permute(2, 0, 1)", "x.swapaxes(0, 2)"],
)
def test_labels_that_replace_a_transpose(operand):
    """Oracle: torch, with the transpose outside and with the labels of the hint."""
    shape = [3, 4] if operand == "x.T" else [2, 3, 4]
    x = torch.randn(shape, dtype=torch.float64)
    given = "ij" if operand == "x.T" else "bij"
    (found,) = lint(f"torch.einsum('{given}->{given}', {operand})")
    told = found.hint.split("`")[1]
    assert found.hint.endswith("give `x` itself")
    transposes = {
        "x.T": lambda: x.T, "x.mT": lambda: x.mT, "x.transpose(0, 1)": lambda: x.transpose(0, 1),
        "x.transpose(-1, -2)": lambda: x.transpose(-1, -2), "x.permute(2, 0, 1)": lambda: x.permute(2, 0, 1),
        "x.swapaxes(0, 2)": lambda: x.swapaxes(0, 2),
    }  # fmt: skip
    by = transposes[operand]()
    assert torch.equal(torch.einsum(f"{told}->{given}", x), by)


NAMES = st.sampled_from(["a", "b", "c", "1", "...", "(a b)", "(b c)", "(c ...)"])


@given(st.lists(NAMES, max_size=4), st.lists(NAMES, max_size=4), st.sampled_from(["rearrange", "reduce", "repeat"]))
def test_patterns_are_refused_as_einops_does(left, right, function):
    """Oracle: einops itself, on an array whose axes the pattern can split, every size given."""
    pattern = f"{' '.join(left)} -> {' '.join(right)}"
    sizes = {name: 2 for name in "abc" if name in pattern.replace("rearrange", "")}
    shape = []
    for item in left:
        shape += {"1": [1], "...": [3], "(a b)": [4], "(b c)": [4], "(c ...)": [2]}.get(item, [2])
    extra = ["mean"] if function == "reduce" else []
    try:
        getattr(einops, function)(np.ones(shape), pattern, *extra, **sizes)
        refused = False
    except einops.EinopsError:
        refused = True
    given = "".join(f", {name}={size}" for name, size in sizes.items())
    found = lint(f"{function}(x, {pattern!r}{', ' + repr('mean') if extra else ''}{given})")
    assert ("IX416" in {d.code for d in found} or "IX401" in {d.code for d in found}) == refused, pattern


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("q", {"query"}), ("query_states", {"query"}), ("query_state", set()), ("Q", {"query"}), ("keys", {"key"}),
        ("kv", {"key", "value"}), ("attn_weights", {"attention"}), ("weights", set()), ("W_query", set()),
        ("grad_q", set()), ("vAvg", {"value"}), ("q_heads", {"query"}), ("pos_emb_k", set()), ("x", set()), ("", set()),
    ],
)  # fmt: skip
def test_what_a_name_says(name, expected):
    assert roles(name) == expected
