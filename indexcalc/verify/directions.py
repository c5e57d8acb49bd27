"""Along which directions a gradient is compared: every component, or a sample of them and random directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..interpret.value import Array
from ..ir.index import Space
from ..ir.program import Program
from .numeric import largest_array

MAX_COMPONENTS = 2000
RANDOM_DIRECTIONS = 16
# Components that may be computed for one gradient, all directions and statements together: some seconds.
BUDGET = 2**31


@dataclass(frozen=True)
class Directions:
    """Directions along the last axis of `array`; the first `components` are unit vectors at those flat positions."""

    array: Array
    components: Array
    sampling: str

    def name(self, position: int) -> tuple[int, ...] | str:
        if position >= len(self.components):
            return f"random direction {position - len(self.components) + 1}"
        return tuple(int(k) for k in np.unravel_index(self.components[position], self.array.shape[:-1]))

    def along(self, gradient: Array) -> Array:
        """The gradient's components along the directions."""
        shape = self.array.shape
        flat = gradient.reshape(-1)
        random = self.array.reshape(flat.size, shape[-1])[:, len(self.components) :]
        return np.concatenate([flat[self.components], flat @ random])


def directions_for(
    shape: tuple[int, ...], program: Program, sizes: Mapping[Space, int], rng: np.random.Generator
) -> Directions:
    """All components where there are few enough to be compared in seconds, else a sample and random directions."""
    total = int(np.prod(shape, dtype=int))
    cost = largest_array(program, sizes) * max(1, len(program.definitions))
    affordable = min(MAX_COMPONENTS, max(2 * RANDOM_DIRECTIONS, BUDGET // cost))
    if total <= affordable:
        return Directions(np.eye(total).reshape(*shape, total), np.arange(total), "all compared")
    components = np.sort(rng.choice(total, affordable - RANDOM_DIRECTIONS, replace=False))
    array = np.zeros((total, affordable))
    array[components, np.arange(len(components))] = 1.0
    array[:, len(components) :] = rng.normal(size=(total, RANDOM_DIRECTIONS)) / np.sqrt(total)
    sampling = f"{len(components)} sampled components and {RANDOM_DIRECTIONS} random directions per gradient"
    return Directions(array.reshape(*shape, affordable), components, sampling)
