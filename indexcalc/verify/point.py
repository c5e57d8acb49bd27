"""Where a program is verified: inputs at which everything is finite and no kink is within reach of a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..diagnostics import fail
from ..interpret.run import claim_sides, run_stored
from ..interpret.value import Array, Stored
from ..ir.expr import Derivative, Partial
from ..ir.index import Space
from ..ir.program import Claim, Program
from ..ir.walk import subexpressions
from .dependence import definitions_between, piecewise_parts
from .directions import Directions, directions_for
from .evaluators import interpreted
from .inputs import RANGES, draw
from .numeric import Point, smooth_directions
from .structured import check_declared, tangents

# Central differences: the widest step first; a narrower one where kinks lie densely.
STEPS = (1e-3, 1e-4, 1e-5)
DRAWS = 6
CLAIM_DRAWS = 4  # further points for claims, each also with its sign turned


@dataclass(frozen=True)
class Task:
    """Gradients to verify: d output / d input for each of `wrt`, as `gradient` computes them."""

    output: str
    wrt: tuple[str, ...]
    gradient: Program

    @property
    def cotangent(self) -> str | None:
        """The gradient program's own input, where the output is not scalar."""
        own = [n for n in self.gradient.inputs if n.rstrip("'") == f"grad_{self.output}"]
        return own[-1] if own else None


@dataclass(frozen=True)
class Setting:
    """Inputs, cotangents by output, the step for central differences, and what is to be said about the choice."""

    program: Program
    sizes: Mapping[Space, int]
    inputs: Mapping[str, Array]
    weights: Mapping[str, Array]
    step: float = STEPS[0]
    notes: tuple[str, ...] = ()
    directions: Mapping[str, Directions] = field(default_factory=dict)

    def point(self, output: str) -> Point:
        return Point(self.program, self.inputs, self.sizes, output, self.weights[output])

    def gradient_inputs(self, task: Task) -> dict[str, Array]:
        own = {task.cotangent: self.weights[task.output]} if task.cotangent else {}
        return {**self.inputs, **own}

    def tensors(self) -> dict[str, Stored]:
        """Inputs and definitions."""
        given = {name: Stored(a) for name, a in self.inputs.items()}
        return {**given, **run_stored(self.program, given, self.sizes)}

    def moves(self, wrt: str) -> Array:
        """The directions of `wrt` as the declaration allows them: a gradient's component is the derivative along the
        projection of its unit vector."""
        return tangents(self.program.inputs[wrt], self.inputs[wrt], self.directions[wrt].array)

    def smooth(self, output: str, wrt: str) -> Array:
        """For each direction, whether central differences stay on one smooth piece."""
        way = definitions_between(self.program, wrt, output)
        return smooth_directions(self.point(output), wrt, self.moves(wrt), self.step, way)


def find_setting(
    program: Program,
    tasks: Sequence[Task],
    sizes: Mapping[Space, int],
    seed: int,
    inputs: Mapping[str, Array] | None = None,
) -> Setting:
    """Inputs by the seed (or those given) for which all tasks can be verified."""
    rng = np.random.default_rng(seed)
    names = dict.fromkeys(name for t in tasks for name in t.wrt)
    directions = {n: directions_for(_shape(program, n, sizes), program, sizes, rng) for n in names}
    weights = {t.output: _weights(_shape(program, t.output, sizes), rng) for t in tasks}
    if inputs is not None:
        check_declared(program, inputs)
        setting = Setting(program, sizes, inputs, weights, directions=directions)
        if not _finite(setting, tasks):
            raise fail("IX906", "the given inputs lead to outputs or gradients that are infinite or NaN")
        return _smoothest([setting], tasks) or setting
    for kind in RANGES:
        notes = (f"inputs are drawn from the range {kind!r}: others gave NaN or infinity",) if kind != RANGES[0] else ()
        drawn = (draw(program, sizes, rng, kind) for _ in range(DRAWS))
        settings = (Setting(program, sizes, d, weights, notes=notes, directions=directions) for d in drawn)
        found = _smoothest((s for s in settings if _finite(s, tasks)), tasks)
        if found is not None:
            return found
    raise fail(
        "IX906",
        "no random inputs give finite outputs and gradients",
        hint="declare what the tensors are (`positive`, `symmetric`, …), or give inputs in the formula's domain",
    )


def _shape(program: Program, name: str, sizes: Mapping[Space, int]) -> tuple[int, ...]:
    indices = program.inputs[name].indices if name in program.inputs else program.definitions[name].indices
    return tuple(sizes[i.space] for i in indices)


def _weights(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """A cotangent; a scalar's is 1."""
    return rng.normal(size=shape) if shape else np.ones(())


def _finite(setting: Setting, tasks: Sequence[Task]) -> bool:
    """Whether outputs, claims and gradients are all finite."""
    program, tensors = setting.program, setting.tensors()
    found = [tensors[o].array for o in program.outputs]
    for claim in checkable_claims(program):
        found += claim_sides(program, claim, tensors, setting.sizes)
    for task in tasks:
        found += interpreted(task.gradient, setting.gradient_inputs(task), setting.sizes).values()
    return all(bool(np.isfinite(a).all()) for a in found)


def checkable_claims(program: Program) -> list[Claim]:
    """The claims without a derivative that is still to be taken."""

    def plain(claim: Claim) -> bool:
        parts = (p for side in (claim.left, claim.right) for p in subexpressions(side))
        return not any(isinstance(p, (Partial, Derivative)) for p in parts)

    return [s for s in program.statements if isinstance(s, Claim) and plain(s)]


def further_points(setting: Setting, seed: int) -> list[Setting]:
    """More inputs for claims, which should hold wherever both sides are defined: for one draw |x| = x may hold by luck.

    Each draw comes with its mirror image, so that a single number is seen with both signs.
    """
    program, rng = setting.program, np.random.default_rng([seed, 1])
    signed = {t.name for t in program.tensors if not t.is_integer and all(a.name != "positive" for a in t.attributes)}
    points: list[Mapping[str, Array]] = []
    for _ in range(CLAIM_DRAWS):
        drawn = draw(program, setting.sizes, rng, RANGES[0])
        points += [drawn, {n: -a if n in signed else a for n, a in drawn.items()}]
    return [replace(setting, inputs=p) for p in points]


def _smoothest(settings: Iterable[Setting], tasks: Sequence[Task]) -> Setting | None:
    """The first setting, at the widest step, in which no difference quotient meets a kink; else the one with fewest."""
    best: tuple[int, Setting] | None = None
    tried: list[Setting] = []
    for setting in settings:
        tried.append(setting)
        met = _kinks_met(setting, tasks)
        if not met:
            return setting
        if best is None or met < best[0]:
            best = met, setting
    for step in STEPS[1:]:
        for setting in tried:
            here = replace(setting, step=step)
            met = _kinks_met(here, tasks)
            if best is None or met < best[0]:
                best = met, here
            if not met:
                return here
    return best[1] if best else None


def _kinks_met(setting: Setting, tasks: Sequence[Task]) -> int:
    """How many difference quotients would reach over a kink."""
    pairs = [(t.output, n) for t in tasks for n in t.wrt if piecewise_parts(setting.program, n, t.output)]
    return sum(int((~setting.smooth(output, wrt)).sum()) for output, wrt in pairs)
