"""An oracle for rewriting: both sides as numbers, ∂/∂x[k] by the complex step, through the naive interpreter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from indexcalc.interpret.evaluate import evaluate
from indexcalc.ir.expr import Access, Derivative, Expr, Extent, Index, MatrixApply, Space
from indexcalc.ir.program import Program
from indexcalc.ir.walk import children, indices_in, rebuild, subexpressions

STEP = 1e-20
Arrays = dict[str, NDArray[np.float64]]
Sizes = dict[Space, int]


def sizes_of(*expressions: Expr) -> Sizes:
    """A size for every space: its own where it is a number, else 3, 4, …"""
    spaces: dict[Space, None] = {}
    for e in expressions:
        spaces.update({i.space: None for i in indices_in(e)})
        spaces.update({p.space: None for p in subexpressions(e) if isinstance(p, Extent)})
    ordered = sorted(spaces, key=lambda s: s.name)
    return {s: s.extent if isinstance(s.extent, int) else 3 + k for k, s in enumerate(ordered)}


def arrays_for(expressions: tuple[Expr, ...], declared: Program, sizes: Sizes, seed: int = 0) -> Arrays:
    """Positive random numbers for every tensor, its shape from its declaration or else from its slots."""
    random = np.random.default_rng(seed)
    shapes = {t.name: tuple(sizes.get(s, 3) for s in t.spaces) for t in declared.tensors}
    for e in expressions:
        for part in subexpressions(e):
            for leaf in (part, part.wrt) if isinstance(part, Derivative) else (part,):
                if isinstance(leaf, Access) and leaf.tensor not in shapes:
                    shapes[leaf.tensor] = tuple(sizes[s.space] if isinstance(s, Index) else 3 for s in leaf.slots)
                elif isinstance(leaf, MatrixApply):
                    shapes.setdefault(leaf.tensor, (3, 3))
    arrays = {name: random.uniform(0.5, 1.5, shape) for name, shape in sorted(shapes.items())}
    for array in arrays.values():
        if array.ndim == 2 and array.shape[0] == array.shape[1]:
            array += 3 * np.eye(len(array))  # inverse and log-determinant exist
    for t in declared.tensors:
        if t.values is not None:
            arrays[t.name] = random.integers(0, sizes.get(t.values, 3), shapes[t.name])
    return arrays


def numbers(e: Expr, arrays: Arrays, sizes: Sizes) -> tuple[NDArray[np.float64], tuple[Index, ...]]:
    """The value of an expression that may hold derivatives."""
    known = dict(arrays)
    array, axes = evaluate(_without_derivatives(e, known, sizes), known, sizes)
    return np.asarray(array), axes


def _without_derivatives(e: Expr, arrays: Arrays, sizes: Sizes) -> Expr:
    """Each ∂body/∂x[k] replaced by a component of a table of complex-step derivatives."""
    parts = tuple(_without_derivatives(p, arrays, sizes) for p in children(e))
    if not isinstance(e, Derivative):
        return rebuild(e, parts) if parts else e
    base = arrays[e.wrt.tensor]
    slopes = []
    axes: tuple[Index, ...] = ()
    for component in np.ndindex(base.shape):
        moved = base.astype(complex)
        moved[component] += 1j * STEP
        value, axes = evaluate(parts[0], {**arrays, e.wrt.tensor: moved}, sizes)
        slopes.append(np.imag(value) / STEP)
    name = f"slope_{len(arrays)}"
    whole = np.stack(slopes, axis=-1) if slopes else np.zeros(())
    arrays[name] = whole.reshape(*whole.shape[:-1], *base.shape)
    return Access(name, (*axes, *e.wrt.slots))


def spread(e: Expr, over: frozenset[Index], arrays: Arrays, sizes: Sizes) -> NDArray[np.float64]:
    """The value with an axis for each index in `over`, sorted by name."""
    array, axes = numbers(e, arrays, sizes)
    wanted = sorted(over, key=lambda i: i.name)
    shape = [sizes[i.space] if i in axes else 1 for i in wanted]
    return np.broadcast_to(array.reshape(shape), [sizes[i.space] for i in wanted])


def agree(a: Expr, b: Expr, declared: Program, tolerance: float = 1e-11, seed: int = 0) -> bool:
    """Whether two expressions have equal values, wherever the first one is defined."""
    sizes = sizes_of(a, b)
    sizes.update({i.space: 3 for i in declared.indices if i.space not in sizes})
    arrays = arrays_for((a, b), declared, sizes, seed)
    over = a.free | b.free
    with np.errstate(all="ignore"):
        left, right = (spread(e, over, arrays, sizes) for e in (a, b))
    fine = np.isfinite(left)
    return bool(np.allclose(right[fine], left[fine], rtol=tolerance, atol=tolerance))
