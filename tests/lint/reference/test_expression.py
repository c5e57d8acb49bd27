"""What the source says is what torch computes: expressions are read, and compared with their values."""

import ast

import numpy as np
import pytest

from indexcalc.elaborate.read import read_program
from indexcalc.interpret.run import run_outputs
from indexcalc.lint.reference.axes import NotReadable
from indexcalc.lint.reference.expression import Reader
from indexcalc.lint.reference.operations import libraries_of
from indexcalc.python.read import read_module

torch = pytest.importorskip("torch")

# Arrays of these ranks, each axis of another size where the expression allows it.
SHAPES = {
    "x": (2, 3, 4),
    "y": (2, 4, 5),
    "A": (3, 4),
    "B": (4, 5),
    "S": (3, 3),
    "v": (4,),
    "w": (4,),
    "c": (5,),
    "q": (2, 3, 4, 5),
    "k": (2, 3, 6, 5),
    "s": (),
}

EXPRESSIONS = [
    "A @ B",
    "x @ y",
    "x @ B",
    "A @ v",
    "v @ B",
    "v @ w",
    "x @ v",
    "A @ B + c",
    "x @ B * s - c / 2",
    "A.T",
    "A.t() @ A",
    "x.mT @ x",
    "q @ k.transpose(-1, -2)",
    "q @ k.transpose(2, 3) / s ** 0.5",
    "torch.matmul(q, k.mT) * 5 ** -0.5",
    "q.permute(0, 2, 1, 3)",
    "q.permute((3, 0, 1, 2))",
    "torch.permute(q, (1, 0, 3, 2))",
    "torch.transpose(q, 1, 3)",
    "q.swapaxes(0, 3)",
    "torch.moveaxis(q, 1, 3)",
    "torch.movedim(q, 3, 0)",
    "x.sum(-1)",
    "x.sum(dim=(0, 2))",
    "x.sum(dim=1, keepdim=True) * x",
    "x / x.sum(-1, keepdim=True)",
    "torch.sum(x)",
    "x.mean(dim=-1, keepdim=True) - x",
    "torch.prod(A, 0)",
    "torch.logsumexp(x, -1)",
    "A.amax(dim=1)",
    "torch.softmax(x, dim=-1)",
    "x.softmax(1) @ y",
    "torch.log_softmax(x, dim=-1)",
    "torch.cumsum(x, 1)",
    "torch.exp(-x) + torch.tanh(x)",
    "torch.nn.functional.silu(A) * torch.sigmoid(A)",
    "torch.relu(A) ** 2",
    "torch.rsqrt(A * A + 1)",
    "torch.square(A)",
    "torch.maximum(A, v) + torch.add(A, v)",
    "v[:, None] * c",
    "A[..., None] + c",
    "A[None] * x",
    "v[:, None] + B",
    "v.unsqueeze(-1) * c.unsqueeze(0)",
    "x.unsqueeze(1).squeeze(1)",
    "x.contiguous().float().double()",
    "torch.einsum('bij,bjk->bik', x, y)",
    "torch.einsum('bij,bjk->ikb', x, y) + 1",
    "torch.einsum('...d,...d->...', x, x)",
    "torch.einsum('...ij,jk->...ik', x, B)",
    "torch.einsum('ij,j', A, v)",
    "torch.einsum('ii->i', S)",
    "torch.einsum('ii', S)",
    "torch.einsum('bhid,bhjd->bhij', q, k).softmax(-1)",
    "torch.einsum('bhdi,bhjd->bhij', q.transpose(2, 3), k)",
    "torch.einsum('ij,jk->ik', A.exp(), B * 2)",
    "torch.einsum('bi,j->bij', x.sum(-1), v)",
]


def program_of(text, rank, ranks):
    module = read_module(f"import torch\nfrom einops import rearrange, reduce, repeat\nr = {text}\n")
    node = module.tree.body[-1].value
    reader = Reader({id(c.node): c for c in module.calls}, ranks.get, libraries_of(module))
    return read_program(reader.statement("r", node, rank)), reader


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_the_value_is_that_of_torch(text):
    generator = torch.Generator().manual_seed(0)
    arrays = {n: torch.rand(s, generator=generator, dtype=torch.float64) + 0.1 for n, s in SHAPES.items()}
    expected = eval(text.replace(".float()", ""), {"torch": torch, **arrays})
    program, reader = program_of(text, expected.ndim, {n: len(s) for n, s in SHAPES.items()})
    given = {reader.leaves[n]: arrays[n].numpy() for n in reader.leaves if n in arrays}
    (output,) = program.outputs
    found = run_outputs(program, {name: given[name] for name in program.inputs})[output]
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-12, atol=1e-12)


EINOPS = [
    ("rearrange(x, 'b i j -> j b i')", lambda x: x.transpose(2, 0, 1)),
    ("reduce(x, 'b i j -> b j', 'mean')", lambda x: x.mean(1)),
    ("reduce(x, 'b i j -> j', 'sum')", lambda x: x.sum((0, 1))),
    ("reduce(x, 'b i j -> b', 'max')", lambda x: x.max((1, 2))),
]


@pytest.mark.parametrize(("text", "value"), EINOPS, ids=[t for t, _ in EINOPS])
def test_patterns_of_einops(text, value):
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    expected = value(x)
    program, _ = program_of(text, expected.ndim, {"x": 3})
    (output,) = program.outputs
    np.testing.assert_allclose(run_outputs(program, {"x": x})[output], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "rank", "reason"),
    [
        ("f(x)", 3, "what `f(x)` computes is not known here"),
        ("x.view(2, -1)", 2, "what `x.view(2, -1)` computes"),
        ("x.sum(dim=d)", 2, "`d` is no number that the source shows"),
        ("x.sum(dim=5)", 2, "an array of rank 3 has no axis 5"),
        ("unknown + x", 3, "how many axes `unknown` has is not known here"),
        ("x if c else y", 3, "`x if c else y` has no index notation"),
        ("x.permute(0, 1)", 3, "`x.permute(0, 1)` is no order of 3 axes"),
        ("x + x.sum()", 2, "how many axes `x` has"),
        ("torch.einsum('ij,jk->ik', A, B)", 3, "has 2 axes, and 3 are asked for"),
        ("torch.einsum(spec, A, B)", 2, "what `torch.einsum(spec, A, B)` computes"),
        ("x" + ".exp()" * 150, 3, "nested more than 100 deep"),
    ],
)
def test_what_cannot_be_read_says_why(text, rank, reason):
    with pytest.raises(NotReadable) as caught:
        program_of(text, rank, {n: len(s) for n, s in SHAPES.items()})
    assert reason in caught.value.message
    assert isinstance(caught.value.node, ast.AST)
