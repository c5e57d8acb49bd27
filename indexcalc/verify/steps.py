"""Every line of a derivation as numbers: each against the one before, at random points that the declarations allow.

A ∂ that is still in a line is taken by the complex step, so that the rules of differentiation are on trial as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ..diagnostics import fail
from ..interpret.evaluate import arranged, evaluate_in, inside
from ..interpret.value import Array, Context, Stored
from ..ir.conditions import branches
from ..ir.default_sizes import choose_sizes
from ..ir.expr import Access, Binder, Derivative, Expr, MatrixApply
from ..ir.index import Index, Space
from ..ir.program import Define
from ..ir.trace import Derivation, Section, Step
from ..ir.walk import rebuild, subexpressions
from .compare import relative_error
from .decisions import ties
from .inputs import RANGES, draw
from .numeric import COMPLEX_STEP
from .point import DRAWS

POINTS = 3
TOLERANCE = 1e-9
FLOOR = 1e-3  # values below it are compared absolutely, for a line that cancels to 0 has nothing to be relative to
MAX_COMPONENTS = 20_000_000  # of a table of derivatives


@dataclass(frozen=True, slots=True)
class StepCheck:
    """How far one line is from the line before: step `number` (from 1) of the section for `target`; `number` 0 is the
    finished statement against the last line.  `points` were compared."""

    target: str
    number: int
    error: float
    points: int

    @property
    def passed(self) -> bool:
        return self.error <= TOLERANCE  # False for NaN


def check_steps(
    derivation: Derivation, *, sizes: Mapping[str, int] | None = None, seed: int = 0, points: int = POINTS
) -> tuple[StepCheck, ...]:
    """Every line against the one before, the worst of several points; raises IX906 where no point is in the domain."""
    bound = choose_sizes(derivation.result, sizes)
    rng = np.random.default_rng(seed)
    worst: dict[tuple[str, int], float] = {}
    for _ in range(points):
        for key, error in _at_some_point(derivation, bound, rng).items():
            before = worst.get(key, 0.0)
            worst[key] = error if not error <= before else before  # NaN stays
    return tuple(StepCheck(*key, error, points) for key, error in worst.items())


def _at_some_point(
    derivation: Derivation, sizes: Mapping[Space, int], rng: np.random.Generator
) -> dict[tuple[str, int], float]:
    """The errors at the first point drawn at which every line is finite and no comparison is undecided; where one is
    undecided at all of them, at the point with the fewest."""
    for kind in RANGES:
        undecided: list[tuple[int, _Values]] = []
        with np.errstate(all="ignore"):
            for _ in range(DRAWS):
                values = _Values(derivation, draw(derivation.result, sizes, rng, kind), sizes)
                met = ties(derivation.forward, values.tensors, sizes)
                if met:
                    undecided.append((met, values))
                elif (found := values.errors()) is not None:
                    return found
            for _, values in sorted(undecided, key=lambda u: u[0]):
                if (found := values.errors()) is not None:
                    return found
    hint = "declare what the tensors are (`positive`, `symmetric`, …)"
    raise fail("IX906", "no random inputs give finite values in every line of the derivation", hint=hint)


class _Values:
    """The tensors of a derivation at one point, and its lines."""

    def __init__(self, derivation: Derivation, inputs: Mapping[str, Array], sizes: Mapping[Space, int]) -> None:
        functions = {f.name: f for f in derivation.result.functions}
        self.derivation = derivation
        self.tensors = {name: Stored(array) for name, array in inputs.items()}
        self.context = Context(self.tensors, sizes, functions)
        defines = {s.target.name: s.target for s in derivation.sections}
        self._define({**defines, **derivation.forward.definitions, **derivation.result.definitions})

    def _define(self, defines: Mapping[str, Define]) -> None:
        """Every definition, each after those it reads."""
        waiting = dict(defines)
        while waiting:
            ready = [s for s in waiting.values() if not _reads(s.body) & waiting.keys()]
            if not ready:
                raise fail("IX906", f"definitions that read each other: {', '.join(waiting)}")
            for s in ready:
                self.tensors[s.name] = Stored(self.line(s.body, s.indices))
                del waiting[s.name]

    def errors(self) -> dict[tuple[str, int], float] | None:
        """How far each line is from the one before; None where one of them is not finite."""
        lines = {(s.target.name, n): pair for s in self.derivation.sections for n, *pair in self.pairs(s)}
        if not all(np.isfinite(a).all() for pair in lines.values() for a in pair):
            return None
        return {key: relative_error(found, expected, FLOOR)[0] for key, (found, expected) in lines.items()}

    def pairs(self, section: Section) -> Iterator[tuple[int, Array, Array]]:
        """(number, the line, the line before) of each step that has one before, and the statement at the end."""
        last: Array | None = None
        for number, step in enumerate(section.steps, 1):
            before = self._before(step, last)
            last = self.line(step.after, step.indices)
            if before is not None:
                yield number, _mean(last, step), _mean(before, step)
        if last is not None:
            yield 0, self.line(section.target.body, section.target.indices), last

    def _before(self, step: Step, last: Array | None) -> Array | None:
        if last is not None:
            return last
        return None if step.before is None else self.line(step.before, step.indices)

    def line(self, e: Expr, indices: Sequence[Index]) -> Array:
        plain = self._without_derivatives(e, self.context)
        return arranged(evaluate_in(plain, self.context), tuple(indices), self.context).array

    def _without_derivatives(self, e: Expr, context: Context) -> Expr:
        """Each ∂body/∂x[k] replaced by a component of a table of its values; `context` knows where it is read."""
        if isinstance(e, Derivative):
            return self._table(e, context)
        within = context.without(e.indices) if isinstance(e, Binder) else context
        parts = list(branches(e))
        new = tuple(self._without_derivatives(p, inside(more, within)) for p, more in parts)
        return rebuild(e, new) if any(a is not b for a, (b, _) in zip(new, parts)) else e

    def _table(self, e: Derivative, context: Context) -> Expr:
        """Im f(x + i h d) / h for every component d of the tensor at once."""
        if any(isinstance(p, Derivative) for p in subexpressions(e.body)):
            raise fail("IX906", "a line has a derivative inside a derivative, which the check cannot evaluate")
        base = self.tensors[e.wrt.tensor].array
        free = sorted(e.body.free, key=lambda i: i.name)
        if base.size * prod(self.context.size(i.space) for i in free) > MAX_COMPONENTS:
            raise fail("IX009", f"∂/∂{e.wrt.tensor} has more than {MAX_COMPONENTS} components", hint="give --sizes")
        space = Space("component of ∂")
        batch = Index("#", space)
        unit = np.eye(base.size).reshape(*base.shape, base.size)
        moved = Stored(base[..., None] + 1j * COMPLEX_STEP * unit, (batch,))
        sizes = {**self.context.sizes, space: base.size}
        around = Context({**self.tensors, e.wrt.tensor: moved}, sizes, context.functions, context.chosen)
        found = arranged(evaluate_in(e.body, around), (*free, batch), around).array
        slopes = np.where(np.isnan(found.real), np.nan, found.imag / COMPLEX_STEP)  # no slope where there is no value
        name = f"∂{len(self.tensors)}"
        self.tensors[name] = Stored(slopes.reshape((*slopes.shape[:-1], *base.shape)))
        return Access(name, (*free, *e.wrt.slots))


def _mean(line: Array, step: Step) -> Array:
    """The line, or its mean over the orders of slots that the step leaves open."""
    if not step.orders:
        return line
    turned = [sign * np.transpose(line, order) for order, sign in step.orders]
    return np.asarray(sum(turned) / len(turned))


def _reads(e: Expr) -> set[str]:
    return {p.tensor for p in subexpressions(e) if isinstance(p, (Access, MatrixApply))}
