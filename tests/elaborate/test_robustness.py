"""Any text gives findings, never a crash; long inputs take linear time, deep ones fit the default recursion limit."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

import indexcalc as ic
from indexcalc.elaborate.read import check_text, read_program
from indexcalc.ir.expr import Sum

from .test_findings import FAULTS
from .test_summation import SAME

TOKENS = re.compile(r"\w+|[^\w\s]|\s+")


def test_mutated_programs_never_crash_and_good_ones_read_back() -> None:
    seed = 20
    rng = random.Random(seed)
    lines = [t for pair in SAME for t in pair] + [t for t, _ in FAULTS]
    pool = [token for line in lines for token in TOKENS.findall(line)]
    good = 0
    for _ in range(1500):
        tokens = TOKENS.findall("\n".join(rng.sample(lines, rng.choice([1, 1, 2]))))
        for _ in range(rng.choice([0, 1, 2])):
            tokens[rng.randrange(len(tokens))] = rng.choice(pool)
        text = "".join(tokens)
        if not any(d.severity == "error" for d in check_text(text)):
            good += 1
            program = read_program(text)
            assert read_program(str(program)) == program, (seed, text)
    assert good > 200


@pytest.mark.parametrize(
    "text",
    [
        "y = " + "(1 + x * " * 33 + "x" + ")" * 33,
        "y = " + "exp(" * 99 + "x" + ")" * 99,
        "y = " + "sum[k](x[k] * " * 45 + "1" + ")" * 45,
        "y = " + "x**" * 90 + "1",
        "y = " + "where(x < 1, 2, " * 45 + "x" + ")" * 45,
        "y = " + "-(" * 45 + "x" + ")" * 45,
    ],
)
def test_deep_nesting_fits_the_recursion_limit(text: str) -> None:
    assert check_text(text) == []
    assert hash(read_program(text)) is not None


def test_long_sums_take_linear_work(calls: Callable[[Callable[[], object]], int]) -> None:
    def work(count: int) -> int:
        text = "y[i] = " + " + ".join(f"A{n % 7}[i,k] x{n % 5}[k]" for n in range(count))
        body = read_program(text).definitions["y"].body
        assert isinstance(body, Sum)
        assert len(body.terms) == count
        return calls(lambda: read_program(text))

    assert work(2000) < 8.2 * work(250)


def test_a_thousand_findings_are_found_quickly() -> None:
    text = "\n".join(f"y{n}[i] = A[i,k]" for n in range(1000))
    assert len(check_text(text)) == 1000


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(["function f0(x) = x x", *(f"function f{n}(x) = f{n - 1}(x) f{n - 1}(x)" for n in range(1, 60))]),
        "\n".join(["function f0(x) = sin(x)", *(f"function f{n}(x) = sin(f{n - 1}(x))" for n in range(1, 600))]),
        "function f(x) = x + exp(x)\ny = " + "f(" * 60 + "x" + ")" * 60,
    ],
)
def test_functions_that_grow_when_written_out_are_refused(text: str) -> None:
    with pytest.raises(ic.IndexCalcError, match=r"IX009.*once the functions that it calls are written out"):
        ic.parse(text)


def test_functions_of_functions_are_read() -> None:
    chain = "\n".join(["function f0(x) = sin(x)", *(f"function f{n}(x) = sin(f{n - 1}(x))" for n in range(1, 90))])
    assert ic.grad(f"{chain}\ny = f89(x) f89(2 x)", "x").outputs == ("grad_x",)
