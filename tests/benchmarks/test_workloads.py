"""Every workload's contenders compute the same, at small sizes in float64."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

import indexcalc as ic
from benchmarks.speed.catalogue import WORKLOADS, contenders
from benchmarks.speed.libraries import ours
from indexcalc.backends.base import BACKENDS
from tests.backends.cpp.batch import skip_without_compiler

AGAIN = {"attention-4096", "causal-attention-4096", "gaussian-64"}  # the program of another workload at other sizes
SLOW = {("gpt", "jax.jit"), ("gpt", "cpp")}  # 10 s to compile; `make bench` compares them with the reference, too
PAIRS = [
    (name, who)
    for name, workload in WORKLOADS.items()
    for who, contender in contenders(workload).items()
    if name not in AGAIN and (name, who) not in SLOW and not contender.slow
]


def small(name):
    workload = WORKLOADS[name]
    return replace(workload, sizes=workload.tiny)


def outputs(workload, who, dtype):
    """What the contender finds, and what is right, as float64.  Ours is compiled for the sizes that are timed."""
    contender = ours(who, WORKLOADS[workload.name].sizes) if who in BACKENDS else contenders(workload)[who]
    found = contender.make(workload, workload.inputs(workload.sizes, dtype))()
    right = workload.reference(workload, workload.inputs(workload.sizes, "f8"))
    return {name: np.asarray(value, "f8") for name, value in found.items()}, right


@pytest.mark.parametrize(("name", "who"), PAIRS)
def test_contenders_agree_with_the_reference(name, who):
    workload = small(name)
    if who == "cpp":
        skip_without_compiler()
    if who not in BACKENDS and not find_spec(contenders(workload)[who].library):
        pytest.skip(f"{who} is not installed")
    is_single = who.startswith("jax")  # JAX computes in float32 unless told otherwise for the whole process
    found, right = outputs(workload, who, "f4" if is_single else "f8")
    assert found.keys() == right.keys()
    for output, value in found.items():
        assert value.shape == right[output].shape
        tolerance = workload.tolerance if is_single else 1e-10
        assert np.linalg.norm(value - right[output]) <= tolerance * np.linalg.norm(right[output]), output


@pytest.mark.parametrize("name", WORKLOADS)
def test_programs_differentiate_by_every_floating_input_but_fixed_points(name):
    workload = WORKLOADS[name]
    program = ic.parse(workload.text)
    floating = [n for n, tensor in program.inputs.items() if not tensor.is_integer]
    fixed = ["y", "b"] if name.startswith("gaussian") else []
    assert sorted(workload.wrt) == sorted(set(floating) - set(fixed))
    assert not [d for d in ic.lint(workload.text, kind="idx") if d.severity == "error"]


@pytest.mark.parametrize("name", WORKLOADS)
def test_no_more_products_are_counted_than_three_times_those_of_the_forward_program(name):
    workload = WORKLOADS[name]
    share = workload.matmul / (3 * ic.cost(workload.text, workload.sizes).flops)
    assert share < 1
    assert share > 0.4 or workload.matmul == 0 or "gaussian" in name


def test_descent_moves_the_parameters():
    workload = replace(small("swiglu"), rate=0.1)
    for who in ("numpy", "torch eager"):
        arrays = workload.inputs(workload.sizes, "f8")
        before = arrays["W_up"].copy()
        found = contenders(workload)[who].make(workload, arrays)()
        moved = before - workload.rate * np.asarray(found["grad_W_up"])
        np.testing.assert_allclose(arrays["W_up"], moved, rtol=1e-14)
        assert np.abs(moved - before).max() > 0
