"""Programs as one operator of PyTorch, `indexcalc::run`, with its shapes and its gradient.

An operator is what torch.compile takes into its graph without looking inside.  Operators live as long as the process,
so there is one for all programs, which finds the program by a number; the programs themselves live as long as the
functions that they belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from ..diagnostics import fail

if TYPE_CHECKING:
    from .function import Step

_numbers = count(1)
_steps: WeakValueDictionary[int, Any] = WeakValueDictionary()


def registered(thing: Any) -> int:
    """A number by which `found` gives the thing, as long as something else holds it."""
    number = next(_numbers)
    _steps[number] = thing
    return number


def found(number: int) -> Any:
    thing = _steps.get(number)
    if thing is None:
        message = "a compiled graph calls an indexcalc function that no longer exists"
        raise fail("IX962", message, hint="keep what ic.as_torch_function returned, for example in the module")
    return thing


@torch.library.custom_op("indexcalc::run", mutates_args=())  # type: ignore[untyped-decorator]
def run(arrays: Sequence[Tensor], number: int) -> list[Tensor]:
    """The results of a step, given all of its arrays."""
    step: Step = found(number)
    return step.run(arrays)


@run.register_fake  # type: ignore[untyped-decorator]
def _shapes(arrays: Sequence[Tensor], number: int) -> list[Tensor]:
    step: Step = found(number)
    like = next((a for a in arrays if a.is_floating_point()), None)
    device = arrays[0].device if arrays else torch.device("cpu")
    dtype = torch.float64 if like is None else like.dtype
    return [torch.empty(shape, dtype=dtype, device=device) for shape in step.shapes([a.shape for a in arrays])]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    arrays, number = inputs
    step: Step = found(number)
    ctx.step = step
    if step.training is not None:
        kept = step.training
        ctx.save_for_backward(*(arrays[k] for k in kept.from_inputs), *(output[k] for k in kept.from_outputs))


def _pull_back(ctx: Any, cotangents: Sequence[Tensor]) -> tuple[Any, None]:
    training = ctx.step.training
    if training is None:
        message = "a gradient is asked for that was not wanted when the function was called"
        raise fail("IX962", message, hint="call it with tensors that require a gradient, outside of torch.no_grad()")
    return training.pull_back(ctx.saved_tensors, cotangents), None


run.register_autograd(_pull_back, setup_context=_keep)
