"""Values and gradients of `ic.as_torch_function` are those of torch's autograd, on every backend that takes tensors."""

import pytest

torch = pytest.importorskip("torch")

import indexcalc as ic  # noqa: E402
from indexcalc import IndexCalcError  # noqa: E402
from tests.backends.cpp.batch import has_compiler  # noqa: E402

from .programs import ATTENTION, TWINS  # noqa: E402

BACKENDS = ["torch", "numpy"]
COMPILED = pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")
CASES = [
    *((name, backend) for name in TWINS for backend in BACKENDS),
    pytest.param("attention", "cpp", marks=COMPILED),
]


def results(found):
    if isinstance(found, dict):
        return list(found.values())
    return list(found) if isinstance(found, tuple) else [found]


def pulled_back(found, wanted, seed=3):
    made = torch.Generator().manual_seed(seed)
    cotangents = [torch.randn(r.shape, generator=made, dtype=torch.float64).to(r.dtype) for r in found]
    return torch.autograd.grad(found, wanted, cotangents)


@pytest.mark.parametrize(("name", "backend"), CASES)
def test_values_and_gradients_are_those_of_torch(name, backend):
    twin = TWINS[name]
    f = ic.as_torch_function(twin.text, backend=backend, **twin.options)
    arrays = twin.arrays()
    wanted = [x for x in arrays if x.is_floating_point()]
    ours, theirs = results(f(*arrays)), results(twin.torch(*arrays))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
    for a, b in zip(pulled_back(ours, wanted), pulled_back(theirs, wanted), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", ["attention", "several", "layer_norm", "scalar_input"])
def test_torch_checks_first_and_second_derivatives(name):
    twin = TWINS[name]
    f = ic.as_torch_function(twin.text, twice=True)
    arrays = [x[..., :3] if x.ndim > 1 and name != "several" else x for x in twin.arrays()]
    if name == "layer_norm":
        arrays = [x[..., :3] for x in twin.arrays()]
    arrays = [x.detach().requires_grad_() for x in arrays]
    assert torch.autograd.gradcheck(lambda *xs: tuple(results(f(*xs))), arrays)
    assert torch.autograd.gradgradcheck(lambda *xs: tuple(results(f(*xs))), arrays)


@pytest.mark.parametrize("backend", BACKENDS)
def test_third_derivatives(backend):
    f = ic.as_torch_function("tensor x[i]\ny[i] = sin(x[i])", backend=backend, twice=True)
    x = torch.linspace(-1, 1, 5, dtype=torch.float64, requires_grad=True)
    found = f(x)
    for _ in range(3):
        (found,) = torch.autograd.grad(found.sum(), x, create_graph=True)
    torch.testing.assert_close(found.detach(), -torch.cos(x.detach()), rtol=1e-12, atol=1e-12)


def test_a_second_derivative_without_the_inputs_that_it_takes_is_refused():
    f = ic.as_torch_function("tensor x[i]\ny[i] = exp(x[i])")
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(IndexCalcError, match=r"IX962: a second derivative needs `x`, .*\n  help: .*twice=True"):
        torch.autograd.grad(f(x).sum(), x, create_graph=True)


def saved_by(f, *arrays):
    """Shapes of what is kept for the backward part."""
    shapes = []
    with torch.autograd.graph.saved_tensors_hooks(lambda x: shapes.append(tuple(x.shape)) or x, lambda x: x):
        f(*arrays)
    return shapes


def test_only_what_the_backward_part_reads_is_kept():
    x = torch.ones(3, requires_grad=True)
    assert saved_by(ic.as_torch_function("tensor x[i]\ny[i] = exp(x[i])"), x) == [(3,)]
    assert saved_by(ic.as_torch_function("tensor x[i]\ny[i] = 2 x[i]"), x) == []
    A, v = torch.ones(2, 3), torch.ones(3, requires_grad=True)
    assert saved_by(ic.as_torch_function("tensor A[i,j], v[j]\ny[i] = A[i,j] v[j]"), A, v) == [(2, 3)]


def test_kernels_keep_row_statistics_instead_of_all_probabilities():
    """At sizes where L² numbers do not fit into fast memory; at others they are kept."""
    f = ic.as_torch_function(ATTENTION, backend="numpy")
    large, small = ([torch.randn(2, n, 8, requires_grad=True) for _ in range(3)] for n in (1024, 16))
    assert sorted(saved_by(f, *large)) == [(2, 1024), *[(2, 1024, 8)] * 4]
    assert (2, 16, 16) in saved_by(f, *small)
    found = pulled_back([f(*large)], large)
    expected = pulled_back([TWINS["attention"].torch(*large)], large)
    for a, b in zip(found, expected):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def test_what_is_compared_with_its_maximum_is_kept():
    """Computed again in the backward part it could differ from the maximum in the last bit."""
    text = "index i, j : seq(L)\nS[i, j] = x[i, d] y[j, d]\nm[i] = max[j](S[i, j])\nu[i] = sum[j](sin(S[i, j]))"
    f = ic.as_torch_function(f"tensor x[i, d], y[j, d]\n{text}\noutput m, u", backend="numpy")
    x, y = (torch.randn(1024, 5, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert (1024, 1024) in saved_by(f, x, y)
    products = x @ y.T
    found = pulled_back([*f(x, y).values()], (x, y))
    for a, b in zip(found, pulled_back([products.amax(1), products.sin().sum(1)], (x, y))):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_options_of_the_gradient_decide_what_is_kept(backend):
    arrays = TWINS["attention"].arrays()
    assert (2, 5, 5) in saved_by(ic.as_torch_function(ATTENTION, backend=backend), *arrays)
    sparing = ic.as_torch_function(ATTENTION, backend=backend, save="O")
    assert sorted(saved_by(sparing, *arrays)) == [(2, 5), *[(2, 5, 4)] * 4]
    sizes = {"L": 5, "D": 4, "H": 2}
    with pytest.raises(IndexCalcError, match="IX909: the gradient does not fit into 8 B"):
        ic.as_torch_function(ATTENTION, backend=backend, memory=8, sizes=sizes)(*arrays)
    with pytest.raises(IndexCalcError, match="IX901: recompute names `Z`"):
        ic.as_torch_function(ATTENTION, backend=backend, recompute="Z")(*arrays)


def test_only_wanted_gradients_are_computed():
    f = ic.as_torch_function("tensor A[i,j], x[j]\ny[i] = A[i,j] x[j]", wrt="x")
    A, x = torch.ones(2, 3, requires_grad=True), torch.ones(3, requires_grad=True)
    f(A, x).sum().backward()
    assert A.grad is None
    assert x.grad.tolist() == [2.0] * 3
    assert f.backward_programs()[1].outputs == ("grad_x",)
    g = ic.as_torch_function("tensor A[i,j], x[j]\ny[i] = A[i,j] x[j]")
    assert saved_by(g, A.detach(), x) == [(2, 3)]
    assert not g(A.detach(), x.detach()).requires_grad
    with torch.no_grad():
        assert not g(A, x).requires_grad
