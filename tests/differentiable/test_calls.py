"""How a function of `ic.as_torch_function` is called, and what it refuses."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

torch = pytest.importorskip("torch")

import indexcalc as ic  # noqa: E402
from indexcalc import IndexCalcError  # noqa: E402

from .programs import TWINS  # noqa: E402

LINEAR = "tensor A[i, j], x[j]\nscalar s\ny[i] = s A[i, j] x[j]"


class Linear(torch.nn.Module):
    """A user's module around a program."""

    def __init__(self, backend="torch"):
        super().__init__()
        self.A = torch.nn.Parameter(torch.randn(3, 4, generator=torch.Generator().manual_seed(0)))
        self.f = ic.as_torch_function(LINEAR, backend=backend)

    def forward(self, x):
        return torch.sin(self.f(self.A, 2 * x, 3.0))


def test_arrays_are_given_by_place_or_by_name():
    f = ic.as_torch_function(LINEAR)
    A, x = torch.randn(3, 4), torch.randn(4)
    expected = 2 * (A @ x)
    for found in (f(A, x, 2), f(A, s=2.0, x=x), f(x=x, A=A, s=torch.tensor(2.0))):
        torch.testing.assert_close(found, expected)
    assert list(ic.as_torch_function(TWINS["several"].text)(A, x)) == ["L", "y", "z"]
    assert repr(f) == "<indexcalc torch function (A, x, s) -> y>"
    assert "import torch" in f.source


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda f, A, x: f(A, x), "IX941: input `s` is missing"),
        (lambda f, A, x: f(A, x, 1, x), "IX901: 4 arrays are given, but the program has 3 inputs"),
        (lambda f, A, x: f(A, x, 1, x=x), "IX901: `x` is given twice"),
        (lambda f, A, x: f(A, x, 1, z=x), "IX942: the program has no input `z`"),
        (lambda f, A, x: f(A, x[:2], 1), "IX944: `x` has size 2 in slot 1"),
        (lambda f, A, x: f(A, x.double(), 1), "IX949: `x` is of type float64, but `A` is of type float32"),
        (lambda f, A, x: f(A, x.to(torch.int64), 1), "IX949: `x` holds real numbers"),
        (lambda f, A, x: f(A, x.to(torch.complex64), 1), "IX949: `x` is complex"),
        (lambda f, A, x: f(A, [1.0] * 4, 1), "IX953: `x` is given as list, not as a PyTorch tensor"),
        (lambda f, A, x: f(A, x.to_sparse(), 1), "IX953: `x` is torch.sparse_coo"),
        (lambda f, A, x: torch.func.vmap(f, (None, 0, None))(A, x[None], 1), "IX962: torch.vmap and torch.func"),
        (lambda f, A, x: torch.func.grad(lambda x: f(A, x, 1).sum())(x), "IX962: torch.vmap and torch.func"),
    ],
)
@pytest.mark.parametrize("gradient", [False, True])
@pytest.mark.parametrize("backend", ["torch", "numpy"])
def test_what_is_wrong_is_refused(call, match, gradient, backend):
    f = ic.as_torch_function(LINEAR, backend=backend)
    A, x = torch.ones(3, 4, requires_grad=gradient), torch.ones(4)
    with pytest.raises(IndexCalcError, match=match):
        call(f, A, x)


def test_other_devices_and_types_are_named_before_anything_runs():
    f = ic.as_torch_function(LINEAR, backend="numpy")
    A, x = torch.ones(3, 4), torch.ones(4)
    with pytest.raises(IndexCalcError, match="IX954: `A` is on meta, but the numpy backend computes on the CPU"):
        f(A.to("meta"), x.to("meta"), 1)
    with pytest.raises(IndexCalcError, match="IX949: `A` is of type bfloat16, which the numpy backend does not take"):
        f(A.bfloat16(), x.bfloat16(), 1)
    with pytest.raises(IndexCalcError, match="IX954: `x` is on meta, but `A` is on cpu"):
        ic.as_torch_function(LINEAR)(A, x.to("meta"), 1)
    with pytest.raises(IndexCalcError, match="IX904: tensors are no arrays of the cupy backend"):
        ic.as_torch_function(LINEAR, backend="cupy")
    with pytest.raises(IndexCalcError, match="IX905: `label` holds integers"):
        ic.as_torch_function(TWINS["cross_entropy"].text, wrt="label")


def test_sizes_that_no_tensor_tells_are_given_once():
    f = ic.as_torch_function("tensor x[i]\ny[k, i] = k x[i]", sizes={"k": 3})
    x = torch.ones(2, requires_grad=True)
    assert f(x).shape == (3, 2)
    f(x).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("backend", ["torch", "numpy"])
def test_results_share_no_memory_with_inputs(backend):
    f = ic.as_torch_function("tensor x[i]\ny[i] = x[i]\nz[i] = x[i]", backend=backend)
    x = torch.ones(4, requires_grad=True)
    found = list(f(x).values())
    assert len({t.data_ptr() for t in (x, *found)}) == 3
    sum((k + 1) * t.sum() for k, t in enumerate(found)).backward()
    assert x.grad.tolist() == [3.0] * 4


def test_a_module_trains_is_copied_and_pickled():
    module = Linear()
    step = torch.optim.SGD(module.parameters(), lr=0.01)
    x = torch.randn(4, generator=torch.Generator().manual_seed(1))
    losses = []
    for _ in range(20):
        step.zero_grad()
        loss = ((module(x) - 0.5) ** 2).sum()
        loss.backward()
        step.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(twin(x), module(x))


def test_four_threads_call_one_function():
    twin = TWINS["attention"]
    f = ic.as_torch_function(twin.text)

    def one(seed):
        arrays = twin.arrays(seed)
        return torch.autograd.grad(f(*arrays).sum(), arrays), torch.autograd.grad(twin.torch(*arrays).sum(), arrays)

    with ThreadPoolExecutor(4) as pool:
        for ours, theirs in pool.map(one, range(24)):
            for a, b in zip(ours, theirs):
                torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_half_precision_and_autocast():
    """A program computes in its tensors' type; under autocast mixed ones are widened, not rounded."""
    f = ic.as_torch_function(TWINS["layer_norm"].text)
    arrays = [x.detach().requires_grad_() for x in TWINS["layer_norm"].arrays(dtype=torch.float32)]
    exact = TWINS["layer_norm"].torch(*arrays)
    assert f(*(x.bfloat16() for x in arrays)).dtype == torch.bfloat16
    torch.testing.assert_close(f(*(x.bfloat16() for x in arrays)).float(), exact, rtol=0.05, atol=0.05)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = f(*arrays)
        mixed = f(arrays[0].bfloat16(), *arrays[1:])
        mixed.sum().backward()
    torch.testing.assert_close(found, exact, rtol=1e-5, atol=1e-5)
    assert mixed.dtype == torch.float32
    assert arrays[0].grad.dtype == torch.float32
    with pytest.raises(IndexCalcError, match="IX949: `g` is of type float32, but `X` is of type bfloat16"):
        f(arrays[0].bfloat16(), *arrays[1:])
