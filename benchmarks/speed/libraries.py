"""How each library is asked for an output and its gradients; a workload adds the forward formula in its spelling.

A forward formula takes the arrays by name and the sizes, and gives the output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import indexcalc as ic

from .workload import BACKENDS, Arrays, Call, Contender, Sizes, Workload

Forward = Callable[[dict[str, Any], Sizes], Any]
SMALL = "Y[i, k] = tanh(A[i, j] B[j, k])"


def ours(backend: str, sizes: Sizes | None = None) -> Contender:
    """This library's derived program on one of its backends, decided at the workload's sizes or at these."""

    def make(workload: Workload, arrays: Arrays) -> Call:
        likely = workload.sizes if sizes is None else sizes
        program = ic.grad(ic.parse(workload.text), workload.wrt, with_value=True, sizes=likely)
        run = ic.compile(program, backend, sizes=likely)
        rate, wrt = arrays[workload.wrt[0]].dtype.type(workload.rate), workload.wrt

        def call() -> dict[str, Any]:
            found = run(**arrays)
            if rate:
                for name in wrt:
                    arrays[name] -= rate * found[f"grad_{name}"]
            return found

        return call

    def warm() -> None:
        square = np.ones((500, 500), "f4")
        ic.compile(SMALL, backend)(A=square, B=square)
        np.matmul(square, square)

    return Contender(make, warm=warm)


def by_hand(run: Callable[[Arrays, Sizes], dict[str, Any]]) -> Contender:
    """NumPy as one writes it by hand, gradients included."""
    return Contender(lambda workload, arrays: lambda: run(arrays, workload.sizes), is_peer=False)


def torch_with(forward: Forward, *, compiled: bool = False) -> Contender:
    """PyTorch's autograd, under torch.compile if asked."""

    def make(workload: Workload, arrays: Arrays) -> Call:
        import torch

        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        parameters = [tensors[name].requires_grad_() for name in workload.wrt]
        cotangent = tensors.get(workload.cotangent)
        run = torch.compile(forward) if compiled else forward
        descent = torch.optim.SGD(parameters, workload.rate) if workload.rate else None

        def call() -> dict[str, Any]:
            for parameter in parameters:
                parameter.grad = None
            value = run(tensors, workload.sizes)
            value.backward(cotangent)
            if descent is not None:
                descent.step()
            return {workload.output: value.detach(), **{f"grad_{n}": tensors[n].grad for n in workload.wrt}}

        return call

    def warm() -> None:
        import torch

        square = torch.ones(500, 500, requires_grad=True)

        def small(x: Any) -> Any:
            return torch.tanh(x @ x).sum()

        (torch.compile(small) if compiled else small)(square).backward()

    return Contender(make, "torch", warm, slow=compiled)


def jax_with(forward: Forward) -> Contender:
    """jax.jit of value and gradients."""

    def make(workload: Workload, arrays: Arrays) -> Call:
        import jax

        values = {name: jax.device_put(_short(array)) for name, array in arrays.items()}
        wrt, output, rate = workload.wrt, workload.output, workload.rate
        state = {"moving": {n: values[n] for n in wrt}, "fixed": {n: v for n, v in values.items() if n not in wrt}}

        def both(moving: dict[str, Any], fixed: dict[str, Any]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
            value, pull = jax.vjp(lambda m: forward({**fixed, **m}, workload.sizes), moving)
            (slopes,) = pull(fixed[workload.cotangent] if workload.cotangent in fixed else jax.numpy.ones_like(value))
            moved = {n: moving[n] - rate * slopes[n] for n in wrt} if rate else {}
            return value, slopes, moved

        run = jax.jit(both)

        def call() -> dict[str, Any]:
            value, slopes, moved = jax.block_until_ready(run(state["moving"], state["fixed"]))
            if rate:
                state["moving"] = moved
            return {output: value, **{f"grad_{n}": slopes[n] for n in wrt}}

        return call

    def warm() -> None:
        import jax

        square = jax.numpy.ones((500, 500))
        jax.block_until_ready(jax.jit(lambda x: jax.numpy.tanh(x @ x))(square))

    return Contender(make, "jax", warm)


def _short(array: Any) -> Any:
    """Integers as jax holds them."""
    return array.astype("i4") if array.dtype.kind == "i" else array


def own() -> dict[str, Contender]:
    """Our backends by name."""
    return {name: ours(name) for name in BACKENDS}
