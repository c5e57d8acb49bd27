"""Random chains of views, joins and maps agree with PyTorch in value and gradient."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import indexcalc as ic

Step = Callable[[torch.Tensor], torch.Tensor]


def factors(n: int, count: int, draw: random.Random) -> list[int]:
    """Numbers whose product is n."""
    found = []
    for _ in range(count - 1):
        found.append(draw.choice([k for k in range(1, n + 1) if n % k == 0]))
        n //= found[-1]
    found.append(n)
    draw.shuffle(found)
    return found


def _slice(shape: list[int], d: int, draw: random.Random) -> Step:
    start = draw.randrange(shape[d])
    stop, step = draw.randint(start + 1, shape[d]), draw.choice([1, 1, 2])
    return lambda x: x[(slice(None),) * d + (slice(start, stop, step),)]


def _pad(shape: list[int], d: int, draw: random.Random) -> Step:
    amounts, value = (draw.randint(0, 2), draw.randint(-min(1, shape[-1] - 1), 2)), draw.choice([0, 0, 0.5])
    return lambda x: F.pad(x, amounts, value=value)


def _select(shape: list[int], d: int, draw: random.Random) -> Step:
    place = draw.randrange(shape[d])
    return lambda x: x.select(d, place) if x.ndim > 1 else x * 2


def _permute(shape: list[int], d: int, draw: random.Random) -> Step:
    order = draw.sample(range(len(shape)), len(shape))
    return lambda x: x.permute(order)


def _reshape(shape: list[int], d: int, draw: random.Random) -> Step:
    new = factors(math.prod(shape), draw.randint(1, 3), draw)
    return lambda x: x.reshape(new)


def _unflatten(shape: list[int], d: int, draw: random.Random) -> Step:
    new = factors(shape[d], 2, draw)
    return lambda x: x.unflatten(d, new)


def _repeat(shape: list[int], d: int, draw: random.Random) -> Step:
    counts = [draw.choice([1, 1, 2]) for _ in shape]
    return lambda x: x.repeat(counts)


def _expand(shape: list[int], d: int, draw: random.Random) -> Step:
    copies = draw.randint(1, 3)
    return lambda x: x.unsqueeze(d).expand(*x.shape[:d], copies, *x.shape[d:])


def _roll(shape: list[int], d: int, draw: random.Random) -> Step:
    shift = draw.randint(-3, 3)
    return lambda x: x.roll(shift, d)


STEPS: list[Callable[[list[int], int, random.Random], Step]] = [
    _slice, _pad, _select, _permute, _permute, _reshape, _unflatten, _repeat, _expand, _roll,
    lambda shape, d, draw: lambda x: x.unsqueeze(d),
    lambda shape, d, draw: lambda x: x.tanh(),
    lambda shape, d, draw: lambda x: x.flip(d),
    lambda shape, d, draw: lambda x: torch.cat([x, x * 2], d),
    lambda shape, d, draw: lambda x: x.chunk(2, d)[0],
    lambda shape, d, draw: lambda x: x.repeat_interleave(2, d),
    lambda shape, d, draw: lambda x: x.softmax(d),
    lambda shape, d, draw: lambda x: x @ x.mT if x.ndim > 1 else x.sum(0, keepdim=True),
]  # fmt: skip


def chain(draw: random.Random, x: torch.Tensor) -> Step:
    """Two to seven steps that fit each other, on not more than 200 numbers."""
    steps: list[Step] = []
    for _ in range(draw.randint(2, 7)):
        step = draw.choice(STEPS)(list(x.shape), draw.randrange(x.ndim), draw)
        after = step(x)
        if 0 < after.numel() <= 200:
            steps.append(step)
            x = after

    def call(x: torch.Tensor) -> torch.Tensor:
        for step in steps:
            x = step(x)
        return x * 1.5

    return call


@pytest.mark.parametrize("seed", range(40))
def test_a_chain_of_steps(seed: int) -> None:
    draw = random.Random(seed)
    shape = [draw.choice([1, 2, 3, 4, 6]) for _ in range(draw.randint(1, 3))]
    x = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed), requires_grad=True)
    call = chain(draw, x.detach())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program, given = ic.from_torch(call, (x.detach(),), with_arrays=True)
    (output,) = program.outputs
    value = call(x)
    found = ic.compile(program)(**given)[output]
    assert found.shape == tuple(value.shape)
    np.testing.assert_allclose(found, value.detach().numpy(), rtol=1e-12, atol=1e-12)
    assert ic.parse(str(program)) == program
    assert [str(d) for d in ic.lint(str(program), kind="idx") if d.severity == "error"] == []
    if "x" in program.inputs:
        cotangent = torch.randn(value.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        (slope,) = torch.autograd.grad(value, x, cotangent)
        gradient = ic.compile(ic.grad(program, "x"))(**given, **{f"grad_{output}": cotangent.numpy()})["grad_x"]
        np.testing.assert_allclose(gradient, slope.numpy(), rtol=1e-10, atol=1e-10)
