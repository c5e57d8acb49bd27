"""What is known of operands' shapes, by the place that says it."""

import pytest

from indexcalc.python.module import Dim, Shape
from indexcalc.python.read import read_module
from indexcalc.python.shapes import with_shapes
from indexcalc.python.shapes.dims import show_shape

HEAD = """\
import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, einsum, nn


"""


def shapes_of(text: str) -> list[str]:
    """The shapes of the operands of the last call, "" where nothing is known."""
    module = with_shapes(read_module(HEAD + text))
    return ["" if a.shape is None else show_shape(a.shape) for a in module.calls[-1].operands]


def probe(*lines: str, of: str = "y", parameters: str = "x") -> str:
    """The shape of a variable at the end of a function."""
    body = "\n".join(f"    {line}" for line in lines)
    return shapes_of(f"def f({parameters}):\n{body}\n    return einsum('...->...', {of})\n")[0]


TYPED = 'x: Float[Tensor, "b n d"]'


@pytest.mark.parametrize(
    ("annotation", "shape"),
    [
        ('Float[Tensor, "b n d"]', "(b, n, d)"),
        ('Float[Tensor, "*batch n d=3"]', "(..., n, d)"),
        ('Float[Tensor, "... n 3"] | None', "(..., n, 3)"),
        ("\"Float[Tensor, 'b n']\"", "(b, n)"),
        ('Optional[Float[np.ndarray, "n _"]]', "(n, ?)"),
        ('TensorType["b", "n", 3]', "(b, n, 3)"),
        ('NDArray[Shape["B, T"], Float32]', "(B, T)"),
        ('Annotated[Tensor, "b n d"]', "(b, n, d)"),
        ("Tensor", ""),
        ("dict[str, int]", ""),
    ],
)
def test_annotations(annotation, shape):
    assert probe("y = x", parameters=f"x: {annotation}") == shape


@pytest.mark.parametrize(
    ("comment", "shape"),
    [
        ("(b, h, i, d)", "(b, h, i, d)"),
        ("[B, T, D]", "(B, T, D)"),
        ("B x T x 64", "(B, T, 64)"),
        ("-> b n d", "(b, n, d)"),
        ("shape: (b, n, h*d)", "(b, n, h*d)"),
        ("(b, n, d) -> (b, d, n)", "(b, d, n)"),
        ("y: (b, n), masked", "(b, n)"),
        ("y[B, H, L]", "(B, H, L)"),
        ("torch.Size([2, 3])", "(2, 3)"),
        ("(batch, seq, dim) after the projection", "(batch, seq, dim)"),
        ("see (Vaswani, 2017)", ""),
        ("(x, y)", ""),
        ("noqa: E501", ""),
        ("z: (b, n)", ""),
        ("f(a, b)", ""),
        ("y: (b, n, d) or (n, d)", ""),
        ("y = g(y[i, k], 2)", ""),
    ],
)
def test_comments_behind_an_assignment(comment, shape):
    assert probe(f"y = load()  # {comment}") == shape


def test_comments_in_lines_of_their_own():
    assert shapes_of(
        "def f(x, W, k):\n    # x: (b, n, d), W: (d, e)\n    # k has shape [b, m, d]\n"
        "    return einsum('...', x, W, k)\n"
    ) == ["(b, n, d)", "(d, e)", "(b, m, d)"]


def test_a_comment_in_a_string_is_none():
    assert probe('y = load("# (b, n, d)")') == ""
    assert probe('y = """', "y = load()  # (b, n, d)", '"""') == ""


def test_docstrings_and_comments_behind_parameters():
    text = '''def f(
    q,  # (b, n, d)
    k,
):
    """
    Args:
        k (Tensor): keys of shape (b, m, d)
    """
    return einsum("bnd,bmd->bnm", q, k)
'''
    assert shapes_of(text) == ["(b, n, d)", "(b, m, d)"]


@pytest.mark.parametrize(
    ("made", "shape"),
    [
        ("torch.zeros(b, 3)", "(b, 3)"),
        ("np.ones((2, n))", "(2, n)"),
        ("torch.randn(2, 3, device=dev)", "(2, 3)"),
        ("np.random.normal(size=(4, 5))", "(4, 5)"),
        ("torch.eye(3)", "(3, 3)"),
        ("np.arange(6).reshape(2, 3)", "(2, 3)"),
        ("np.array([[1, 2, 3], [4, 5, 6]])", "(2, 3)"),
        ("nn.Parameter(torch.empty(h, d))", "(h, d)"),
        ("torch.zeros_like(x)", "(b, n, d)"),
        ("nn.Linear(d_in, d_out).weight", "(d_out, d_in)"),
        ("np.zeros(shape)", ""),
        ("torch.randint(0, 5, (b, n))", "(b, n)"),
    ],
)
def test_constructors(made, shape):
    assert probe(f"y = {made}", parameters=f"{TYPED}, b, n, h, d, d_in, d_out, dev, shape") == shape


@pytest.mark.parametrize(
    ("expression", "shape"),
    [
        ("x.transpose(1, 2)", "(b, d, n)"),
        ("x.permute(2, 0, 1)", "(d, b, n)"),
        ("torch.swapaxes(x, 0, -1)", "(d, n, b)"),
        ("x.movedim(0, -1)", "(n, d, b)"),
        ("x.mT", "(b, d, n)"),
        ("x.unsqueeze(1)", "(b, 1, n, d)"),
        ("x[:, None]", "(b, 1, n, d)"),
        ("x[..., None, :]", "(b, n, 1, d)"),
        ("x[:, 0]", "(b, d)"),
        ("x[:, 1:]", "(b, ?, d)"),
        ("x[mask]", ""),
        ("x.sum(-1)", "(b, n)"),
        ("x.mean(dim=1, keepdim=True)", "(b, 1, d)"),
        ("x.sum()", "()"),
        ("x.softmax(dim=-1) / 2", "(b, n, d)"),
        ("F.relu(x) + x", "(b, n, d)"),
        ("x * other", ""),
        ("x.reshape(x.shape[0], -1)", "(b, n*d)"),
        ("x.view(*x.shape[:2], h, -1)", "(b, n, h, ?)"),
        ("x.flatten(1)", "(b, n*d)"),
        ("x.flatten(0, 1)", "(b*n, d)"),
        ("x.unflatten(-1, (h, 4))", "(b, n, h, 4)"),
        ("x @ x.mT", "(b, n, n)"),
        ("torch.matmul(x, torch.zeros(d, e))", "(b, n, e)"),
        ("torch.cat([x, x], dim=1)", "(b, ?, d)"),
        ("torch.stack([x, x, x])", "(3, b, n, d)"),
        ("x.expand(4, -1, -1, -1)", "(4, b, n, d)"),
        ("F.linear(x, torch.zeros(e, d))", "(b, n, e)"),
        ("nn.Linear(d, e)(x)", "(b, n, e)"),
        ("nn.Embedding(100, e)(x)", "(b, n, d, e)"),
        ("x.squeeze()", ""),
        ("rearrange(x, 'b n (h k) -> b h n k', h=4)", "(b, h, n, k)"),
        ("repeat(x, 'b n d -> b n r d', r=3)", "(b, n, r, d)"),
        ("einsum('bnd,bmd->bnm', x, x)", "(b, n, n)"),
        ("einsum('...d->...', x)", "(b, n)"),
        ("np.einsum('cab', x)", "(n, d, b)"),
        ("np.einsum(x, [10, 9, 2])", "(d, n, b)"),  # numbers are sorted as numbers
        ("x if flag else x + 1", "(b, n, d)"),
        ("x if flag else x.mT", "(b, ?, ?)"),
        ("unknown(x)", ""),
    ],
)
def test_operations(expression, shape):
    assert probe(f"y = {expression}", parameters=f"{TYPED}, mask, other, h, d, e, flag") == shape


@pytest.mark.parametrize(
    ("lines", "shape"),
    [
        (["b, n, d = x.shape", "y = x"], "(b, n, d)"),
        (["b, *_, d = x.shape", "y = x"], "(b, ..., d)"),
        (["b, n, _, h = *x.shape, 8", "y = x"], "(b, n, ?)"),
        (["b = x.shape[0]", "n = x.size(1)", "y = x"], "(b, n, ...)"),
        (["assert x.shape == (b, 4)", "y = x"], "(b, 4)"),
        (["x = torch.zeros(2, 3)", "if flag:", "    x = torch.zeros(2, 4)", "y = x"], "(2, ?)"),
        (["x = torch.zeros(2, 3)", "for _ in range(3):", "    x = step(x)", "y = x"], ""),
        (["x = torch.zeros(2, 3)", "for row in x:", "    y = row"], ""),
        (["y = torch.zeros(2, 3)", "if flag:", "    y = load()", "    return y"], "(2, 3)"),
        (["y = torch.zeros(2, 3)", "y += 1"], "(2, 3)"),
        (["try:", "    y = torch.zeros(2)", "except E:", "    y = None"], ""),
        (["q, k, y = map(lambda t: t.mT, (x, x, torch.zeros(2, 3)))"], "(3, 2)"),
        (["n = 4", "y = torch.zeros(n, n + 1)"], "(n, 5)"),
        (["n = 4", "n = n + load()", "y = torch.zeros(n, 2)"], "(?, 2)"),
    ],
)
def test_statements(lines, shape):
    found = probe(*lines, parameters="x, flag")
    assert found == shape


def test_attributes_are_known_in_other_methods():
    text = """class A(nn.Module):
    def __init__(self, dim, heads):
        self.W = nn.Parameter(torch.randn(heads, dim))
        self.out = nn.Linear(dim, 4)
        self.twice = torch.zeros(3)

    def forward(self, x):
        return einsum('...', self.W, self.out(x[:, None]), self.out.weight, self.twice)

    def other(self):
        self.twice = torch.zeros(2, 2)
"""
    assert shapes_of(text) == ["(heads, dim)", "", "(4, dim)", ""]


def test_functions_of_the_file_return_what_they_say():
    text = """def project(x: Float[Tensor, "n d"]) -> Float[Tensor, "n 3"]:
    return load(x)


def f(a: Float[Tensor, "batch dim"]):
    return einsum('...', project(a), project(unknown))
"""
    assert shapes_of(text) == ["(batch, 3)", "(?, 3)"]


def test_module_constants_have_their_sizes():
    text = "N = 5\nA = np.zeros((N, 2))\n\n\ndef f():\n    return einsum('ij->i', A)\n"
    module = with_shapes(read_module(HEAD + text))
    assert module.calls[0].operands[0].shape == Shape((Dim("N", 5, "constructor"), Dim(None, 2, "constructor")))


def test_depth_and_odd_code_do_no_harm():
    deep = "y = " + "(" * 80 + "x" + " + 1)" * 80
    nested = "".join("    " * k + "if x:\n" for k in range(90)) + "    " * 90 + "y = x\n"
    for text in (deep, nested, "x[0], *y.a = z = 1, 2, 3\ndel x, y.b\nglobal q\nlambda: (yield)\n", "class A: pass"):
        with_shapes(read_module(HEAD + text))
