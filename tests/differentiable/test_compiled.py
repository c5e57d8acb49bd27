"""torch.compile takes functions of `ic.as_torch_function`, and emitted text, without a break in its graph."""

import importlib
import sys

import pytest

torch = pytest.importorskip("torch")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

import indexcalc as ic  # noqa: E402
from indexcalc import IndexCalcError  # noqa: E402

from .programs import ATTENTION, TWINS  # noqa: E402
from .test_calls import Linear  # noqa: E402


@pytest.fixture(autouse=True)
def _fresh():
    torch._dynamo.reset()


@pytest.mark.parametrize("compiler", ["eager", "aot_eager"])
@pytest.mark.parametrize("backend", ["torch", "numpy"])
def test_a_module_compiles_as_one_graph(compiler, backend):
    module = Linear(backend)
    whole = torch.compile(module, backend=compiler, fullgraph=True)
    for x in (torch.randn(4), torch.randn(4)):
        expected, found = module(x), whole(x)
        torch.testing.assert_close(found, expected)
        (theirs,), (ours,) = (torch.autograd.grad(r.sum(), module.A) for r in (expected, found))
        torch.testing.assert_close(ours, theirs)
        with torch.no_grad():
            torch.testing.assert_close(whole(x), expected)


def test_compiled_functions_take_other_sizes():
    f = ic.as_torch_function(TWINS["layer_norm"].text)
    whole = torch.compile(lambda *xs: f(*xs).sum(), backend="aot_eager", fullgraph=True, dynamic=True)
    for rows, columns in ((3, 6), (4, 5), (7, 9)):
        arrays = [torch.randn(s, dtype=torch.float64).requires_grad_() for s in ((rows, columns), columns, columns)]
        ours = torch.autograd.grad(whole(*arrays), arrays)
        theirs = torch.autograd.grad(torch.nn.functional.layer_norm(arrays[0], (columns,), *arrays[1:]).sum(), arrays)
        for a, b in zip(ours, theirs):
            torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_a_graph_outlives_no_function():
    from indexcalc.differentiable import operator

    with pytest.raises(IndexCalcError, match="IX962: a compiled graph calls an indexcalc function that no longer"):
        operator.run([torch.ones(2)], 10**9)


@pytest.fixture
def run_of(tmp_path, monkeypatch):
    """The `run` of an emitted text, which is a module of its own, as a user has it."""

    def made(program):
        name = f"emitted_{len(sys.modules)}_{tmp_path.name}"
        (tmp_path / f"{name}.py").write_text(ic.emit(program, "torch"), encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        return importlib.import_module(name).run

    return made


TEXTS = {
    "attention": (ATTENTION, "Q,K,V"),
    "layer_norm": (TWINS["layer_norm"].text, "X,g,c"),
    "cross_entropy": (TWINS["cross_entropy"].text, "W"),
    "gaussian": (TWINS["gaussian"].text, "X"),
}


def arrays_of(program, name):
    """The twin's arrays, and ones for a cotangent."""
    twin = TWINS[name]
    arrays = dict(zip(ic.parse(twin.text).inputs, (x.detach() for x in twin.arrays())))
    first = next(iter(arrays.values()))
    cotangents = program.inputs.keys() - arrays.keys()
    return arrays | {n: torch.ones(first.shape[: len(program.inputs[n].indices)]).double() for n in cotangents}


class Watch(TorchDispatchMode):
    """The devices on which any operation makes a tensor."""

    def __init__(self):
        super().__init__()
        self.devices = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **kwargs or {})
        leaves = torch.utils._pytree.tree_leaves(result)
        self.devices.update(t.device.type for t in leaves if torch.is_tensor(t))
        return result


@pytest.mark.parametrize("compiler", ["eager", "aot_eager"])
@pytest.mark.parametrize("name", TEXTS)
def test_emitted_text_compiles_as_one_graph(name, compiler, run_of):
    text, wrt = TEXTS[name]
    program = ic.grad(text, wrt, with_value=True)
    arrays = arrays_of(program, name)
    run = run_of(program)
    found = torch.compile(run, backend=compiler, fullgraph=True)(arrays)
    for output, value in run(arrays).items():
        torch.testing.assert_close(found[output], value, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", TEXTS)
def test_emitted_text_stays_on_its_device(name, run_of):
    """On "meta" nothing is computed, and an operation with a tensor of another device fails."""
    text, wrt = TEXTS[name]
    program = ic.grad(text, wrt, with_value=True)
    arrays = {n: x.to("meta") for n, x in arrays_of(program, name).items()}
    with Watch() as watch:
        found = run_of(program)(arrays)
    assert watch.devices == {"meta"}
    assert {x.device.type for x in found.values()} == {"meta"}
