"""Numerical slips in Python source: found in the spellings of real code, and silent where code is guarded."""

import pytest

from indexcalc.lint.run import lint_source
from indexcalc.lint.source import Source
from indexcalc.python.operations import Operations

HEAD = "import numpy as np\nimport torch\nimport jax.numpy as jnp\nimport jax\nimport torch.nn.functional as F\n"


def found(text):
    return lint_source(Source(HEAD + text, kind="python"))


def codes(text):
    return [d.code for d in found(text)]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("IX651", "y = torch.log(F.softmax(x, dim=-1))"),
        ("IX651", "y = F.softmax(x, dim=-1).log()"),
        ("IX651", "y = torch.log(x.softmax(-1))"),
        ("IX651", "y = jnp.log(jax.nn.softmax(x))"),
        ("IX651", "def f(x):\n    p = torch.softmax(x, -1)\n    return (q * torch.log(p)).sum()"),
        ("IX652", "z = np.log(np.sum(np.exp(x), axis=0))"),
        ("IX652", "z = x.exp().sum(-1).log()"),
        ("IX652", "z = torch.log(torch.exp(x).sum(dim=1, keepdim=True))"),
        ("IX653", "def softmax(x):\n    return np.exp(x) / np.sum(np.exp(x), axis=0)"),
        ("IX653", "def softmax(x):\n    e = np.exp(x)\n    return e / e.sum()"),
        ("IX653", "def softmax(x):\n    e = np.exp(x)\n    s = np.sum(e, axis=1)\n    return e / s"),
        ("IX654", "loss = -torch.log(torch.sigmoid(a - b)).mean()"),
        ("IX654", "loss = torch.sigmoid(a).log()"),
        ("IX656", "v = (x**2).mean(0) - x.mean(0)**2"),
        ("IX656", "v = np.mean(np.square(x), axis=1) - np.square(np.mean(x, axis=1))"),
        ("IX656", "v = jnp.mean(x * x) - jnp.mean(x) ** 2"),
        ("IX657", "d = torch.sqrt(torch.sum((x.unsqueeze(0) - x.unsqueeze(1))**2, dim=-1))"),
        ("IX657", "def f(x):\n    d = x[:, None, :] - x[None, :, :]\n    return jnp.sqrt(jnp.sum(d**2, -1))"),
        ("IX658", "loss = (nll * self.mask).sum() / self.mask.sum()"),
        ("IX658", "loss = torch.sum(pad_mask * nll) / torch.sum(pad_mask)"),
        ("IX751", "y = F.one_hot(i, 10).float() @ W"),
        ("IX751", "y = torch.matmul(F.one_hot(i, num_classes=n).to(W.dtype), W)"),
        ("IX752", "C = np.einsum('pqrs,pi,qj,rk,sl->ijkl', T, a, b, c, d)"),
    ],
)
def test_found(code, text):
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "y = torch.log(F.softmax(x, -1) + 1e-9)",
        "y = F.log_softmax(x, -1)",
        "def f(x):\n    p = torch.softmax(x, -1)\n    return (p * torch.log(p)).sum()",  # p is needed in any case
        "z = np.log(np.sum(np.exp(x - m), axis=0)) + m",
        "def f(arr):\n    arr -= np.max(arr)\n    return arr - np.log(np.sum(np.exp(arr)))",
        "def f(x):\n    m = x.max()\n    x = x - m\n    e = np.exp(x)\n    return e / e.sum()",
        "def f(x):\n    m = jax.lax.stop_gradient(jnp.max(x))\n    e = jnp.exp(x - m)\n    return e / e.sum()",
        "w = np.exp(-d) / np.sum(np.exp(-d))",
        "w = np.exp(x) / np.sum(np.exp(y))",
        "def f(x):\n    e = np.exp(x)\n    e = e * mask\n    return e / e.sum()",  # two assignments: not followed
        "import sympy as sp\ny = sp.log(sp.sum(sp.exp(x)))",
        "import math\ny = math.log(math.exp(x))",
        "v = (x**2).mean(0) - y.mean(0)**2",
        "v = (x**2).mean(0) - x.mean(1)**2",
        "v = x2.mean() - x.mean()**2",
        "d = np.sqrt(((x[:, None] - x[None])**2).sum(-1))",  # NumPy takes no gradients
        "d = torch.sqrt(((x[:, None] - y[None])**2).sum(-1))",
        "d = torch.sqrt(((x[:, None] - x[None])**2).sum(-1) + eps)",
        "d = torch.sqrt(((x[:, 0] - x[:, 1])**2).sum(-1))",
        "loss = (nll * mask).sum() / mask.sum().clamp(min=1)",
        "loss = (nll * mask).sum() / (mask.sum() + 1e-8)",
        "loss = (nll * weight).sum() / weight.sum()",
        "y = jax.nn.one_hot(i, 10) @ W",  # the idiom on accelerators without a fast gather
        "loss = F.one_hot(i, 10) * logp",
        "C = np.einsum('pqrs,pi,qj,rk,sl->ijkl', T, a, b, c, d, optimize=True)",
        "C = np.einsum('ij,jk,k->i', A, B, x)",
        "C = torch.einsum('pqrs,pi,qj,rk,sl->ijkl', T, a, b, c, d)",  # torch contracts in pairs by itself
        "log(softmax(x))",  # nobody says what these are
        "f(*x).log(**y)[0].softmax",
    ],
)
def test_left_alone(text):
    assert codes(text) == []


def test_the_fix_is_log_softmax_with_the_same_arguments():
    torch = pytest.importorskip("torch")
    text = "y = torch.log(F.softmax(2 * x, dim=-1))"
    (d,) = found(text)
    assert d.fix == "F.log_softmax(2 * x, dim=-1)"
    assert d.safe
    whole = HEAD + text
    assert whole[d.span.start : d.span.end] == "torch.log(F.softmax(2 * x, dim=-1))"
    x = torch.tensor([0.0, 500.0], dtype=torch.float64)
    assert torch.isinf(torch.log(torch.nn.functional.softmax(2 * x, dim=-1))).any()
    assert torch.isfinite(torch.nn.functional.log_softmax(2 * x, dim=-1)).all()


def test_the_place_is_right_behind_other_scripts():
    text = "é = 'αβ'; y = torch.log(x.softmax(-1))"
    (d,) = found(text)
    assert (HEAD + text)[d.span.start : d.span.end] == "torch.log(x.softmax(-1))"


def test_deep_and_long_expressions_are_read():
    long = " + ".join(["np.exp(x)"] * 400)
    assert codes(f"y = ({long}) / np.sum(np.exp(z))") == []
    assert codes("y = " + "np.log(" * 80 + "x" + ")" * 80) == []


def test_work_is_linear_in_the_size_of_the_file(monkeypatch):
    body = "def f{0}(x):\n    p = torch.softmax(x, -1)\n    q = torch.exp(x) / mask.sum()\n    return torch.log(p)\n"
    asked = []
    applied = Operations.applied
    monkeypatch.setattr(Operations, "applied", lambda *given: asked.append(1) or applied(*given))

    def work(many):
        asked.clear()
        assert codes("".join(body.format(n) for n in range(many))) == ["IX651"] * many
        return len(asked)

    assert work(80) < 2.2 * work(40)
