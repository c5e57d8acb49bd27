"""What the tests of the gallery share: its formulas, and the inputs at which each is compared."""

from __future__ import annotations

from functools import cache
from typing import Any

import indexcalc as ic
from docs.catalogue import Formula, families, formulas
from indexcalc.ir.default_sizes import choose_sizes
from indexcalc.verify.point import Setting, Task, find_setting

from .oracles.registry import oracles

FORMULAS = {f.name: f for f in formulas()}
ORACLES = oracles([family.name for family in families()])
NAMES = sorted(FORMULAS)


@cache
def program_of(name: str) -> ic.Program:
    return FORMULAS[name].program()


@cache
def tasks_of(name: str) -> tuple[Task, ...]:
    """The gradient of every output with respect to everything that is to be differentiated."""
    formula, program = FORMULAS[name], program_of(name)
    wrt = formula.wrt()
    return tuple(Task(o, wrt, ic.grad(program, wrt, of=o, with_value=True)) for o in program.outputs)


@cache
def setting_of(name: str) -> Setting:
    """Small inputs that respect the declarations and lie in the formula's domain, away from kinks."""
    program = program_of(name)
    return find_setting(program, tasks_of(name), choose_sizes(program), seed=1)


def extents(name: str) -> dict[str, int]:
    """Extents by name, which some formulas have in no input's shape."""
    return {s.extent: n for s, n in setting_of(name).sizes.items() if isinstance(s.extent, str)}


def torch_outputs(formula: Formula, tensors: dict[str, Any]) -> dict[str, Any]:
    found = ORACLES[formula.name](**tensors)
    return found if isinstance(found, dict) else {program_of(formula.name).outputs[0]: found}
