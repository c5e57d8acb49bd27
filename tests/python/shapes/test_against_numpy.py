"""Inferred shapes of random programs against the arrays that NumPy and torch make, and reshapes against entries."""

import itertools
import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from indexcalc.python.module import Dim, Module, Shape
from indexcalc.python.read import read_module
from indexcalc.python.shapes import with_shapes
from indexcalc.python.shapes.dims import factors
from indexcalc.python.shapes.reshape import scrambled

SIZES = {"b": 2, "n": 3, "d": 5, "h": 7, "k": 1}  # primes, so that a product tells its factors


def steps(draw: random.Random, x: str, shape: tuple[int, ...], library: str) -> str:
    """One operation that is valid for an array of the shape."""
    rank = len(shape)
    axes = list(range(rank))
    one = draw.choice(axes)
    axis = draw.choice((one, one - rank))
    other = draw.choice(axes)
    order = draw.sample(axes, rank)
    word = "axis" if library == "np" else "dim"
    keep = "keepdims" if library == "np" else "keepdim"
    letters = "".join(draw.sample("abcdefghij", rank))
    split = draw.randrange(rank + 1)
    lead, tail = math.prod(shape[:split]), math.prod(shape[split:])
    common = [
        f"{x}.reshape({lead}, {tail})",
        f"{x}.reshape(-1, {tail})",
        f"{x}.reshape({x}.shape[0], -1)",
        f"{x}.sum({word}={axis})",
        f"{x}.mean({word}={axis}, {keep}=True)",
        f"{x}[{', '.join([':'] * one + [draw.choice(['0', 'None', '1:', '::2', '-1:'])])}]",
        f"{x}[..., None]",
        f"{x}[..., {draw.choice(['0', ':2', 'None, :', '-1'])}]",
        f"{x} + {x}",
        f"2 * {x} / 3.0 - 1",
        f"({x} > 0) * {x}",
        f"{library}.einsum('{letters}->{letters[::-1]}', {x})",
        f"{library}.einsum('{letters}->{letters[one]}', {x})",
        f"{library}.einsum('{letters},{letters}', {x}, {x})",
        f"{library}.einsum('...{letters[-1]}->{letters[-1]}...', {x})",
        f"{library}.stack([{x}, {x}], {word}={axis})",
        f"{x}.swapaxes({axis}, {other})",
        f"{x}.flatten()" if library == "np" else f"{x}.flatten({min(one, other)}, {max(one, other)})",
        f"{library}.zeros_like({x}) + {x}",
        f"rearrange({x}, '{' '.join(letters)} -> {' '.join(letters[k] for k in order)}')",
        f"rearrange({x}, '{' '.join(letters)} -> {letters[0]} ({' '.join(letters[1:])})')",
        f"repeat({x}, '{' '.join(letters)} -> {' '.join(letters)} new', new=2)",
        f"reduce({x}, '{' '.join(letters)} -> {letters[one]} 1', 'sum')",
    ]
    if rank >= 2:
        common.append(f"{x} @ {library}.ones(({shape[-1]}, 4))")
        common.append(
            f"{library}.matmul({x}, {x}.mT)" if library == "torch" else f"{x} @ {library}.swapaxes({x}, -1, -2)"
        )
    if library == "np":
        return draw.choice([
            *common, f"{x}.transpose({', '.join(map(str, order))})", f"np.transpose({x})",
            f"np.moveaxis({x}, {one}, {other})",
            f"np.expand_dims({x}, {axis})", f"np.concatenate([{x}, {x}], axis={axis})", f"{x}.T",
            f"np.cumsum({x}, axis={axis})",
            f"np.where({x} > 0, {x}, 0.0)", f"np.tile({x}, {(2,) * rank})", f"{x}.max(axis={axis})",
        ])  # fmt: skip
    return draw.choice([
        *common, f"{x}.permute({', '.join(map(str, order))})", f"{x}.transpose({axis}, {other})",
        f"{x}.unsqueeze({axis})",
        f"{x}.contiguous().view({lead}, {tail})", f"{x}.movedim({one}, {other})", f"torch.cat([{x}, {x}], dim={axis})",
        f"{x}.softmax(dim={axis})", f"{x}.chunk(2, dim={axis})[0]" if shape[one] % 2 == 0 else f"{x}.relu()",
        f"{x}.repeat({', '.join(['2'] * rank)})", f"{x}.expand(3, {', '.join(['-1'] * rank)})",
        f"{x}.max(dim={axis})[0]",
        f"{x}.unbind({axis})[0]", f"{x}.repeat_interleave(2, dim={axis})", f"{x}.unflatten({axis}, ({shape[one]}, 1))",
        f"torch.nn.functional.linear({x}, torch.ones(4, {shape[-1]}))",
    ])  # fmt: skip


def program(seed: int, library: str, length: int = 9) -> tuple[str, list[tuple[int, ...]], dict[str, object]]:
    """A program of valid operations, the shape of each of its variables, and its variables when it has run."""
    draw = random.Random(seed)
    names = draw.sample(sorted(SIZES), draw.randint(1, 4))
    text = f"import {LIBRARIES[library]}\nfrom einops import rearrange, repeat, reduce\n"
    text += "".join(f"{n} = {SIZES[n]}\n" for n in names)
    text += f"v0 = {library}.ones(({', '.join(names)},))\n"
    scope: dict[str, object] = {}
    exec(text, scope)
    for k in range(1, length):
        shape = tuple(scope[f"v{k - 1}"].shape)
        if not shape or math.prod(shape) > 50_000 or 0 in shape:
            break
        line = f"v{k} = {steps(draw, f'v{k - 1}', shape, library)}\n"
        exec(line, scope)
        text += line
    count = sum(name[0] == "v" and name[1:].isdigit() for name in scope)
    probes = [f"{library}.einsum('...->...', v{k})\n" for k in range(count)]
    return text + "".join(probes), [tuple(scope[f"v{k}"].shape) for k in range(count)], scope


LIBRARIES = {"np": "numpy as np", "torch": "torch"}


def size_of(dim: Dim) -> int | None:
    """The size that a dimension claims, by its number, its name or its factors; None where it claims nothing."""
    if dim.parts:
        sizes = [size_of(f) for f in factors(dim)]
        return None if None in sizes else math.prod(s for s in sizes if s is not None)
    named = SIZES.get(dim.name) if dim.name in SIZES and dim.evidence == "constructor" else None
    return dim.size if dim.size is not None else named


@pytest.mark.parametrize("library", ["np", "torch"])
def test_every_inferred_size_is_the_real_one(library):
    known = total = sizes = axes = 0
    for seed in range(250):
        text, real, _ = program(seed, library)
        module: Module = with_shapes(read_module(text))
        probes = module.calls[len(module.calls) - len(real) :]
        assert [c.kind for c in module.conflicts if c.kind in ("rank", "extent")] == [], text
        for k, (call, shape) in enumerate(zip(probes, real, strict=True)):
            found = call.operands[0].shape
            total += 1
            if found is None:
                continue
            known += 1
            assert found.open_at is not None or len(found.dims) == len(shape), f"v{k} of\n{text}"
            if found.open_at is None:
                for dim, size in zip(found.dims, shape, strict=True):
                    axes, sizes = axes + 1, sizes + (size_of(dim) is not None)
                    assert size_of(dim) in (None, size), f"v{k}: {found} is {shape} in\n{text}"
    assert known > 0.9 * total and sizes > 0.7 * axes


AXES = ("b", "h", "n", "d")


def kept(before: tuple[str, ...], after: tuple[str, ...], axis: str) -> bool:
    """Whether, behind a reshape from axes to axes, an entry still has its place along the axis."""
    shape = [SIZES[a] for a in before]
    index = np.broadcast_to(np.arange(SIZES[axis]).reshape([-1 if a == axis else 1 for a in before]), shape)
    there = index.reshape([SIZES[a] for a in after])
    own = np.arange(SIZES[axis]).reshape([-1 if a == axis else 1 for a in after])
    return bool((there == own).all())


@pytest.mark.parametrize("after", list(itertools.permutations(AXES)), ids="".join)
def test_a_reshape_is_told_of_exactly_where_entries_move(after):
    before = Shape(tuple(Dim(a) for a in AXES))
    torn = scrambled(before, [Dim(a) for a in after], {})
    assert (torn is None) == all(kept(AXES, after, a) for a in AXES)
    assert torn is None or not kept(AXES, after, torn.name)


@given(st.permutations(AXES), st.sampled_from(AXES), st.integers(1, 3))
def test_a_rest_is_judged_like_what_it_stands_for(after, _, at):
    """(b, n, -1) is told of exactly where the axes that the -1 takes lie apart, or in front."""
    given_axes = after[:at]
    torn = scrambled(Shape(tuple(Dim(a) for a in AXES)), [*(Dim(a) for a in given_axes), Dim(size=-1)], {})
    rest = tuple(a for a in AXES if a not in given_axes)
    assert (torn is None) == all(kept(AXES, (*given_axes, *rest), a) for a in AXES)


@pytest.mark.parametrize("axes", list(itertools.permutations(("b", "n", "h", "d"))), ids="".join)
@pytest.mark.parametrize("rest", ["h", "d"])
def test_an_axis_split_by_a_rest_is_told_of_exactly_where_others_move(axes, rest):
    """(b, n, dim) to b, n, a factor of dim and a -1 in any order: b and n have to stay where they were."""
    target = [Dim(size=-1) if a == rest else Dim(a) for a in axes]
    torn = scrambled(Shape((Dim("b"), Dim("n"), Dim("dim"))), target, {})
    assert (torn is None) == (axes[:2] == ("b", "n"))


def test_torch_agrees_on_what_a_torn_reshape_does():
    x = torch.arange(2 * 3 * 10).reshape(2, 3, 10)  # b, n, h*d
    torn = x.view(2, 5, 3, 2)
    right = x.view(2, 3, 5, 2).transpose(1, 2)
    dims = Dim("b"), Dim("n"), Dim("dim")
    assert not torch.equal(torn, right)
    assert scrambled(Shape(dims), [Dim("b"), Dim("h"), Dim("n"), Dim("d")], {}) == Dim("n")
    assert scrambled(Shape(dims), [Dim("b"), Dim("n"), Dim("h"), Dim("d")], {}) is None
