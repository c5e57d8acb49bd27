"""Verification: derived gradients against numerical ones, emitted code against the interpreter, claims at a point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any

from ..calculus.grad import grad
from ..diagnostics import did_you_mean, fail
from ..interpret.run import prepare
from ..interpret.value import Array
from ..ir.default_sizes import choose_sizes
from ..ir.index import Space
from ..ir.program import Claim, Program
from .dependence import definitions_between
from .evaluators import Evaluator, compiled, second_backend
from .point import Task, checkable_claims, find_setting, further_points
from .report import Verification
from .rows import claim_rows, gradient_rows, value_rows


def verify(
    program: Program,
    *,
    wrt: Iterable[str] | None = None,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
    backend: str = "numpy",
    inputs: Mapping[str, Any] | None = None,
) -> Verification:
    """Derive the gradients of every output and compare them with numerical derivatives; compare emitted code with the
    interpreter and a second backend; evaluate claims.

    `wrt`: inputs, by default all that do not hold integers.  `inputs`: arrays to verify at, instead of random ones.
    """
    started = perf_counter()
    wanted = gradients_to_check(program, wrt)
    tasks = [Task(output, names, grad(program, names, of=output)) for output, names in wanted.items()]
    evaluators = [compiled(backend)]
    notes: tuple[str, ...] = ()
    second = second_backend(backend)
    if second is None:
        notes = (f"torch is not installed: {backend} is compared with the interpreter alone",)
    else:
        evaluators.append(compiled(second))
    return check(program, tasks, evaluators, sizes=sizes, seed=seed, inputs=inputs, started=started, notes=notes)


def check(
    program: Program,
    tasks: Sequence[Task],
    evaluators: Sequence[Evaluator] = (),
    *,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
    inputs: Mapping[str, Any] | None = None,
    started: float | None = None,
    notes: tuple[str, ...] = (),
) -> Verification:
    """Verify gradient programs, however they were made.

    The first evaluator is the one on trial; without any, it is the interpreter.
    """
    started = perf_counter() if started is None else started
    arrays: Mapping[str, Array] | None = None
    if inputs is None:
        bound: Mapping[Space, int] = choose_sizes(program, sizes)
    else:
        stored, bound = prepare(program, inputs, sizes)
        arrays = {n: s.array.astype(int) if program.inputs[n].is_integer else s.array for n, s in stored.items()}
    setting = find_setting(program, tasks, bound, seed, arrays)
    several = len({t.output for t in tasks}) > 1
    rows = [row for task in tasks for row in gradient_rows(setting, task, evaluators, several)]
    rows += value_rows(setting, evaluators)
    rows += claim_rows(setting, further_points(setting, seed) if inputs is None else ())
    open_claims = sum(isinstance(s, Claim) for s in program.statements) - len(checkable_claims(program))
    if open_claims:
        notes += (f"not evaluated, for a derivative is still to be taken in them: {open_claims} claims",)
    named = tuple((s.extent if isinstance(s.extent, str) else s.name, n) for s, n in bound.items())
    return Verification(tuple(rows), seed, named, perf_counter() - started, (*setting.notes, *notes))


def gradients_to_check(program: Program, wrt: Iterable[str] | None) -> dict[str, tuple[str, ...]]:
    """For each output the inputs it depends on; an input that was asked for and moves nothing goes with the first."""
    outputs = [o for o in program.outputs if o in program.definitions]
    floats = [name for name, tensor in program.inputs.items() if not tensor.is_integer]
    asked = list(dict.fromkeys(floats if wrt is None else wrt))
    for name in asked:
        if name not in floats:
            hint = did_you_mean(name, floats) or f"inputs: {', '.join(floats) or 'none'}"
            raise fail("IX905", f"`{name}` is no input to differentiate with respect to", hint=hint)
    found = {o: tuple(n for n in asked if definitions_between(program, n, o)) for o in outputs}
    idle = tuple(n for n in asked if not any(n in names for names in found.values()))
    if wrt is not None and idle and outputs:
        found[outputs[0]] += idle
    return {o: names for o, names in found.items() if names}
