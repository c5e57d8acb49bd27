"""Gradients of random programs, against complex steps and differences of the interpreter; their text reads back.

A failure names its seed; `print(random_program(seed))` shows the program."""

from __future__ import annotations

import pytest

import indexcalc as ic
from indexcalc.ir.wellformed import check_program

from .random_programs import random_program

BATCH = 4


def wanted(program: ic.Program) -> list[str]:
    return [name for name, tensor in program.inputs.items() if not tensor.is_integer]


@pytest.mark.parametrize("batch", range(10))
def test_gradients_of_random_programs(batch: int) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        program = ic.parse(random_program(seed))
        report = ic.verify(program, wrt=wanted(program), seed=seed)
        assert report, f"seed {seed}\n{program}\n{report}"


@pytest.mark.parametrize("batch", range(10))
def test_derived_random_programs_are_programs(batch: int) -> None:
    for seed in range(1000 + batch * BATCH, 1000 + (batch + 1) * BATCH):
        program = ic.parse(random_program(seed))
        derived = ic.grad(program, wanted(program), with_value=True)
        check_program(derived)
        assert ic.parse(str(derived)) == derived, f"seed {seed}"
        ic.compile(derived)


@pytest.mark.parametrize("seed", range(2000, 2010))
def test_second_derivatives_of_random_programs(seed: int) -> None:
    program = ic.parse(random_program(seed))
    names = wanted(program)
    first = ic.grad(program, names[seed % len(names)])
    report = ic.verify(first, wrt=names, seed=seed)
    assert report, f"seed {seed}\n{program}\n{report}"
    second = ic.grad(first, names)
    check_program(second)
    assert ic.parse(str(second)) == second
