"""The rows of a verification: gradients, values, claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..diagnostics import fail
from ..interpret.evaluate import evaluate_in
from ..interpret.run import claim_sides, context_of
from ..interpret.value import Array, Context
from ..ir.expr import Expr, IndexSum, Sum
from ..ir.program import Claim
from .compare import ROUNDING, SAME_TOLERANCE, compare
from .dependence import piecewise_parts
from .evaluators import INTERPRETER, Evaluator
from .numeric import COMPLEX_STEP, MAX_BATCH_COMPONENTS, complex_step, largest_array, richardson
from .point import Setting, Task, checkable_claims
from .report import Agreement, Row, Worst

COMPLEX_TOLERANCE, CENTRAL_TOLERANCE, CLAIM_TOLERANCE = 1e-12, 1e-7, 1e-10
# Directions that meet a kink are left out; where more than this part does, the gradient counts as not verified.
MAX_LEFT_OUT = 0.1
VANISHING = 1e-10  # an output below it may be zero but for rounding


@dataclass(frozen=True)
class Numerical:
    """Derivatives along those directions that are `kept`, and how they were found."""

    values: Array
    kept: Array
    method: str
    step: float
    tolerance: float
    noise: float  # what rounding leaves of a derivative that is 0, per unit of the output

    @property
    def left_out(self) -> int:
        return int((~self.kept).sum())


def gradient_rows(setting: Setting, task: Task, evaluators: Sequence[Evaluator], several: bool) -> list[Row]:
    """Each gradient of a task against numerical derivatives, and its evaluators against each other."""
    inputs = setting.gradient_inputs(task)
    found = {e.name: e.outputs(task.gradient, inputs, setting.sizes) for e in (*evaluators, INTERPRETER)}
    scale = _output_size(setting, task.output) * float(np.max(np.abs(setting.weights[task.output]), initial=0.0))
    rows = []
    if len(task.gradient.outputs) != len(task.wrt):
        given = ", ".join(task.gradient.outputs)
        raise fail(
            "IX905",
            f"a gradient program returns one output for each of {', '.join(task.wrt)}",
            hint=f"outputs: {given}",
        )
    for wrt, name in zip(task.wrt, task.gradient.outputs):
        label = f"{name} of {task.output}" if several else name
        rows.append(_gradient_row(setting, task, wrt, label, {e: v[name] for e, v in found.items()}, scale))
    return rows


def _gradient_row(setting: Setting, task: Task, wrt: str, label: str, found: Mapping[str, Array], scale: float) -> Row:
    piecewise = piecewise_parts(setting.program, wrt, task.output)
    numerical = _central(setting, task.output, wrt) if piecewise else _complex(setting, task.output, wrt)
    subject = next(iter(found.values()))
    error, worst = _against(setting, wrt, subject, numerical, scale)
    directions, left_out = setting.directions[wrt], numerical.left_out
    note = f"{label}: {numerical.method} because of {', '.join(piecewise)}" if piecewise else ""
    if left_out:
        note += f"; {left_out} of {len(numerical.kept)} directions left out, a kink is within reach of the step"
    unverified = ""
    if left_out > MAX_LEFT_OUT * len(numerical.kept):
        error, worst = float("nan"), None
        unverified = (
            f"not verified, {left_out} of {len(numerical.kept)} directions have a kink or jump "
            f"({', '.join(piecewise)}) within reach of the step {numerical.step:.0e}, where no derivative need exist; "
            "choose inputs away from it"
        )
    return Row(
        label,
        "gradient",
        numerical.method,
        numerical.step,
        error,
        numerical.tolerance,
        _agreements(found, scale),
        int(numerical.kept[: len(directions.components)].sum()),
        subject.size,
        f"{directions.sampling} away from kinks" if left_out else directions.sampling,
        worst,
        note,
        unverified,
    )


def _complex(setting: Setting, output: str, wrt: str) -> Numerical:
    directions = setting.moves(wrt)
    values = complex_step(setting.point(output), wrt, directions)
    kept = np.ones(directions.shape[-1], dtype=bool)
    return Numerical(values, kept, "complex step", COMPLEX_STEP, COMPLEX_TOLERANCE, ROUNDING)


def _central(setting: Setting, output: str, wrt: str) -> Numerical:
    kept, step = setting.smooth(output, wrt), setting.step
    values = richardson(setting.point(output), wrt, setting.moves(wrt)[..., kept], step)
    return Numerical(values, kept, "central differences", step, CENTRAL_TOLERANCE, ROUNDING / step)


def _against(
    setting: Setting, wrt: str, gradient: Array, numerical: Numerical, scale: float
) -> tuple[float, Worst | None]:
    """The relative error of a gradient along the kept directions."""
    directions, kept = setting.directions[wrt], np.flatnonzero(numerical.kept)
    expected_shape = directions.array.shape[:-1]
    if gradient.shape != expected_shape:
        return compare(gradient, np.zeros(expected_shape), 0.0)
    floor = scale * numerical.noise / numerical.tolerance
    return compare(directions.along(gradient)[kept], numerical.values, floor, lambda k: directions.name(int(kept[k])))


def _agreements(found: Mapping[str, Array], scale: float) -> tuple[Agreement, ...]:
    """The first evaluator against each of the others."""
    (first, value), *others = found.items()
    rows = []
    for name, other in others:
        error, worst = compare(value, other, scale * ROUNDING / SAME_TOLERANCE)
        rows.append(Agreement(f"{first} = {name}", error, SAME_TOLERANCE, worst))
    return tuple(rows)


def value_rows(setting: Setting, evaluators: Sequence[Evaluator]) -> list[Row]:
    """The outputs by the emitted code, against the second backend and the interpreter."""
    program = setting.program
    if not evaluators or not program.outputs:
        return []
    found = {e.name: e.outputs(program, setting.inputs, setting.sizes) for e in (*evaluators, INTERPRETER)}
    rows = []
    for name in program.outputs:
        size = _output_size(setting, name) if name in program.definitions else 0.0
        agreements = _agreements({e: values[name] for e, values in found.items()}, size)
        # The last agreement is the one with the interpreter.
        error, count = agreements[-1].relative_error, found[INTERPRETER.name][name].size
        worst = agreements[-1].worst
        rows.append(
            Row(name, "value", "interpreter", None, error, SAME_TOLERANCE, agreements, count, count, worst=worst)
        )
    return rows


def claim_rows(setting: Setting, further: Sequence[Setting] = ()) -> list[Row]:
    """Both sides of every claim, relative to the largest term on either side: at the setting's inputs, and at those
    further ones where both are finite.  A row tells of the worst."""
    claims = checkable_claims(setting.program)
    found: list[list[Compared]] = [[] for _ in claims]
    for here in (setting, *further) if claims else ():
        with np.errstate(all="ignore"):
            tensors = here.tensors()
            sides = [claim_sides(here.program, c, tensors, here.sizes) for c in claims]
        context = context_of(here.program, tensors, here.sizes)
        for claim, (left, right), places in zip(claims, sides, found):
            if here is setting or (np.isfinite(left).all() and np.isfinite(right).all()):
                with np.errstate(all="ignore"):
                    scale = max(_size(claim.left, context), _size(claim.right, context))
                places.append(Compared(*compare(left, right, scale), left.size))
    return [_claim_row(claim, places) for claim, places in zip(claims, found)]


@dataclass(frozen=True)
class Compared:
    """A claim at one point."""

    error: float
    worst: Worst | None
    size: int


def _claim_row(claim: Claim, places: Sequence[Compared]) -> Row:
    worst = max(places, key=lambda p: np.inf if np.isnan(p.error) else p.error)
    method = f"{len(places)} random points" if len(places) > 1 else "random point"
    size = sum(p.size for p in places)
    name = f"{claim.left} == {claim.right}"
    return Row(name, "claim", method, None, worst.error, CLAIM_TOLERANCE, (), size, size, worst=worst.worst)


def _output_size(setting: Setting, name: str) -> float:
    """The largest component of a definition; where all are about zero, its largest term times the number of terms,
    which is what the rounding errors are relative to that are then left (x_i A_ij x_j of an antisymmetric A)."""
    program, tensors = setting.program, setting.tensors()
    found = float(np.max(np.abs(tensors[name].array), initial=0.0))
    terms = largest_array(program, setting.sizes)
    if found > VANISHING or terms > MAX_BATCH_COMPONENTS:
        return found
    return max(found, terms * _size(program.definitions[name].body, context_of(program, tensors, setting.sizes)))


def _size(e: Expr, context: Context) -> float:
    """The largest term: what rounding errors are relative to where terms cancel."""
    if isinstance(e, Sum):
        return max(_size(t, context) for t in e.terms)
    if isinstance(e, IndexSum):
        return _size(e.body, context)
    return float(np.max(np.abs(evaluate_in(e, context).array), initial=0.0))
