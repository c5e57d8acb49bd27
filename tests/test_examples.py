"""Every example reads, lints clean, prints back, differentiates, and agrees with torch's autograd."""

from pathlib import Path

import numpy as np
import pytest

import indexcalc as ic

FOLDER = Path(__file__).resolve().parent.parent / "examples"
EXAMPLES = sorted(p for p in FOLDER.glob("*.idx") if p.stem != "broken_attention")
SMALL = [p for p in EXAMPLES if p.stem != "language_model"]
SIZES = {
    "language_model": {"B": 2, "T": 3, "V": 5, "M": 4, "H": 2, "D": 2, "F": 3},
}


def program_of(path: Path) -> ic.Program:
    return ic.parse(path.read_text(encoding="utf-8"), filename=str(path))


def example(name: str) -> ic.Program:
    return program_of(FOLDER / f"{name}.idx")


def floats(program: ic.Program) -> list[str]:
    return [name for name, tensor in program.inputs.items() if not tensor.is_integer]


def by_name(path: Path) -> str:
    return path.stem


def test_the_folder_is_seen():
    assert {"attention", "language_model", "lora"} <= {p.stem for p in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=by_name)
def test_it_says_what_it_is(path):
    assert path.read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("path", EXAMPLES, ids=by_name)
def test_it_lints_clean(path):
    assert [str(d) for d in ic.lint(path)] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=by_name)
def test_it_prints_back(path):
    program = program_of(path)
    assert ic.parse(str(program)) == program


@pytest.mark.parametrize("path", EXAMPLES, ids=by_name)
def test_its_gradient_prints_back(path):
    program = program_of(path)
    gradient = ic.grad(program, floats(program), with_value=True)
    assert set(gradient.outputs) == {*program.outputs, *(f"grad_{name}" for name in floats(program))}
    assert ic.parse(str(gradient)) == gradient


@pytest.mark.parametrize("path", EXAMPLES, ids=by_name)
def test_it_verifies(path):
    program = program_of(path)
    verification = ic.verify(program, sizes=SIZES.get(path.stem))
    assert verification, str(verification)


def test_the_broken_one_gives_exactly_its_finding():
    findings = ic.lint(FOLDER / "broken_attention.idx")
    assert [(d.code, d.severity, d.span.line) for d in findings if d.span] == [("IX101", "error", 6)]


def random_arrays(program: ic.Program, sizes: dict[str, int]) -> dict[str, np.ndarray]:
    """Inputs drawn at random, for spaces whose extent is a name."""
    random = np.random.default_rng(7)
    extent = {space: sizes[space.extent] for space in program.spaces}
    return {name: random.integers(0, extent[tensor.values], [extent[s] for s in tensor.spaces]) if tensor.is_integer
            else random.standard_normal([extent[s] for s in tensor.spaces])
            for name, tensor in program.inputs.items()}  # fmt: skip


# The same layers by torch's own operators, so that nothing of ours judges ours.
def torch_attention(torch, Q, K, V):
    return torch.nn.functional.scaled_dot_product_attention(Q, K, V, is_causal=True)


def torch_grouped(torch, Q, K, V):
    groups = Q.shape[2]
    keys, values = (x[:, :, None].expand(-1, -1, groups, -1, -1) for x in (K, V))
    return torch.nn.functional.scaled_dot_product_attention(Q, keys, values, is_causal=True)


def torch_multi_head(torch, X, W_q, W_k, W_v, W_o):
    q, k, v = (torch.einsum("bim,mhd->bhid", X, w) for w in (W_q, W_k, W_v))
    return torch.einsum("bhid,hdn->bin", torch_attention(torch, q, k, v), W_o)


def torch_layer_norm(torch, x, gain, bias):
    return torch.nn.functional.layer_norm(x, gain.shape, gain, bias, eps=1e-5)


def torch_swiglu(torch, x, W_gate, W_up, W_down):
    return (torch.nn.functional.silu(x @ W_gate) * (x @ W_up)) @ W_down


def torch_cross_entropy(torch, x, W, bias, label):
    return torch.nn.functional.cross_entropy(x @ W + bias, label)


def torch_regression(torch, X, y, w):
    return torch.sum((X @ w - y) ** 2) / 2


def torch_lora(torch, x, W, A, B, alpha):
    return x @ W + alpha / A.shape[1] * (x @ A) @ B


TORCH = {
    "attention": (torch_attention, "O", {"L": 5, "D": 3}),
    "grouped_query_attention": (torch_grouped, "O", {"B": 2, "G": 2, "R": 3, "L": 4, "D": 3}),
    "multi_head_attention": (torch_multi_head, "Y", {"B": 2, "L": 4, "H": 2, "D": 3, "M": 5}),
    "layer_norm": (torch_layer_norm, "y", {"T": 3, "C": 7}),
    "swiglu": (torch_swiglu, "y", {"T": 3, "M": 4, "F": 5}),
    "softmax_cross_entropy": (torch_cross_entropy, "loss", {"N": 6, "F": 3, "C": 4}),
    "linear_regression": (torch_regression, "loss", {"N": 6, "F": 3}),
    "lora": (torch_lora, "y", {"T": 3, "M": 4, "N": 5, "R": 2}),
}


def test_every_small_example_has_its_torch_twin():
    assert set(TORCH) == {p.stem for p in SMALL}


@pytest.mark.parametrize("name", sorted(TORCH))
def test_numpy_agrees_with_autograd(name):
    torch = pytest.importorskip("torch")
    twin, output, sizes = TORCH[name]
    program = example(name)
    arrays = random_arrays(program, sizes)
    tensors = {n: torch.tensor(a, requires_grad=a.dtype.kind == "f") for n, a in arrays.items()}
    value = twin(torch, **tensors)
    cotangent = np.random.default_rng(8).standard_normal(value.shape)
    (value * torch.tensor(cotangent)).sum().backward()
    gradient = ic.grad(program, floats(program), with_value=True)
    if f"grad_{output}" in gradient.inputs:
        arrays[f"grad_{output}"] = cotangent
        scale = 1.0
    else:
        scale = float(cotangent)
    result = ic.compile(gradient)(**arrays)
    np.testing.assert_allclose(result[output], value.detach().numpy(), rtol=1e-12, atol=1e-12)
    for n in floats(program):
        np.testing.assert_allclose(scale * result[f"grad_{n}"], tensors[n].grad.numpy(), rtol=1e-10, atol=1e-12)


def test_the_normal_equation_makes_the_gradient_vanish():
    arrays = random_arrays(example("linear_regression"), {"N": 20, "F": 4})
    arrays["w"] = np.linalg.lstsq(arrays["X"], arrays["y"], rcond=None)[0]
    gradient = ic.compile(ic.grad(example("linear_regression"), "w"))(**arrays)["grad_w"]
    np.testing.assert_allclose(gradient, 0, atol=1e-12)
