"""Sums over products with large differences, distributed: the large value is gone, the numbers are the same."""

from __future__ import annotations

import math

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.ir.graph import Contract, Graph
from indexcalc.lower.passes.distribute import PASS
from indexcalc.lower.sizes import representative_sizes

from .rewriting import FUSING, assert_like_interpreter, drawn, passed

GIVEN = "index i, j, k : points(N)\nindex d : dim(D)\n"
LARGE = {"N": 2000, "D": 64}
WIDE = {"N": 2000, "D": 512}
KERNEL = GIVEN + "K[i,j] = exp(-sum[d]((x[i,d] - y[j,d])**2) / 2)\n"
SIZES = [{"N": 5, "D": 3}, {"N": 1, "D": 1}, {"N": 0, "D": 2}, {"N": 3, "D": 0}]


def run(program: ic.Program, sizes: dict[str, int] = LARGE) -> tuple[Graph, list[str]]:
    return passed(program, [PASS.name], sizes)


def largest(program: ic.Program, graph: Graph, sizes: dict[str, int] = LARGE) -> int:
    at = representative_sizes(program, sizes)
    return max(math.prod(at[x.space] for x in v.axes) for v in graph)


@pytest.mark.parametrize("target", [{}, {"target": FUSING}])
def test_a_gaussian_kernel_takes_the_forward_into_its_gradient(target: dict[str, object]) -> None:
    """Three products with the kernel: the distances, K·w for the result and the gradient, K·(w y)."""
    program = ic.grad(ic.parse(KERNEL + "f[i] = K[i,j] w[j]"), "x", with_value=True)
    graph, decisions = passed(program, [PASS.name], {"N": 20000, "D": 3}, **target)  # type: ignore[arg-type]
    assert largest(program, graph, {"N": 20000, "D": 3}) == 20000**2
    of_kernel = [
        v for v in graph if isinstance(v.operation, Contract) and len({x for o in v.operands for x in o.labels}) > 2
    ]
    assert len(of_kernel) == 2 and len(decisions) == 2
    assert sum(1 for v in graph if isinstance(v.operation, Contract)) == 5


PROGRAMS = {
    "kernel": ic.parse(KERNEL + "f[i] = K[i,j] w[j]\noutput f"),
    "gradient": ic.grad(ic.parse(KERNEL + "f[i] = K[i,j] w[j]"), "x,y,w", with_value=True),
    "one set": ic.grad(ic.parse(KERNEL.replace("y[j", "x[j") + "E = sum[i,j](w[i] K[i,j] w[j])"), "x", with_value=True),
    "heavy tail": ic.grad(
        ic.parse(GIVEN + "K[i,j] = 1 / (1 + sum[d]((x[i,d] - y[j,d])**2))\nf[i] = K[i,j] w[j]"), "x", with_value=True
    ),
    "weighted": ic.parse(
        GIVEN + "K[i,j] = exp(-sum[d](s[d] (x[i,d] - y[j,d] + b[d])**2))\nf[i] = K[i,j] w[j]\noutput f"
    ),
    "two differences": ic.parse(
        GIVEN
        + "t[i,j,d] = x[i,d] - y[j,d]\nf[i,j,k] = exp(sum[d](t[i,j,d] t[i,k,d]))\n"
        + "g[i] = sum[j,k](f[i,j,k])\noutput g"
    ),
    "linear": ic.parse(GIVEN + "t[i,j,d] = x[i,d] - y[j,d]\nf[i,d] = sum[j](G[i,j] t[i,j,d] w[j])\noutput f"),
    "total": ic.parse(GIVEN + "t[i,j,d] = (x[i,d] - y[j,d])**2\nf = sum[i,j,d](t[i,j,d]) / N\ng = exp(-f)\noutput g"),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("sizes", SIZES)
def test_like_the_interpreter(name: str, sizes: dict[str, int]) -> None:
    program = PROGRAMS[name]
    graph, decisions = run(program, WIDE)
    assert decisions
    assert largest(program, graph, WIDE) <= (2000**3 if name == "two differences" else 2000**2)
    assert_like_interpreter(program, graph, drawn(program, sizes), sizes)


def test_an_example_is_changed() -> None:
    program = ic.parse(PASS.example)
    assert largest(program, passed(program, [], LARGE)[0]) > largest(program, run(program)[0])


@pytest.mark.parametrize(
    "text",
    [
        "r[i,j] = sqrt(sum[d]((x[i,d] - y[j,d])**2))\nf[i] = r[i,j] w[j]\noutput f",  # below zero, the root is NaN
        "r[i,j] = sum[d]((x[i,d] - y[j,d])**2)\noutput r",
        "r[i,j] = sum[d]((x[i,d] - y[j,d])**2)\nf[i] = sum[j](where(r[i,j] > 0, w[j], 0))\noutput f",
        "r[i,j] = sum[d]((x[i,d] - y[j,d])**2)\nf[i] = sum[j](w[j] / (r[i,j] + 0.001))\noutput f",
        "r[i,j] = sum[d]((x[i,d] - y[j,d])**2)\nf[i] = sum[j](log(r[i,j] + w[j]))\noutput f",
    ],
)
def test_a_square_stays_where_its_digits_count(text: str) -> None:
    assert run(ic.parse(GIVEN + text))[1] == []


@pytest.mark.parametrize(
    "text",
    [
        "f[i] = sum[j,d](G[i,j,d] (x[i,d] - y[j,d]))\noutput f",  # G is as large
        "f[i,j,d] = x[i,d] - y[j,d]\noutput f",
        "f[i] = sum[d]((x[i,d] - y[i,d])**2)\noutput f",  # no larger than x
        "t[i,j,d] = x[i,d] - y[j,d]\nf[i,j] = sum[d](abs(t[i,j,d]))\noutput f",
    ],
)
def test_what_is_not_too_large_stays(text: str) -> None:
    assert run(ic.parse(GIVEN + text))[1] == []


def test_it_is_decided_at_representative_sizes() -> None:
    program = ic.parse(KERNEL + "f[i] = K[i,j] w[j]\noutput f")
    assert run(program, {"N": 1, "D": 1000})[1] == []
    assert run(program, {"N": 2000, "D": 4})[1]


def test_terms_that_cancel_leave_nothing() -> None:
    text = "t[i,j,d] = x[i,d] - y[j,d]\nu[i,j,d] = t[i,j,d] + y[j,d] - x[i,d]\ng[i] = sum[j,d](u[i,j,d])\noutput g"
    program, sizes = ic.parse(GIVEN + text), {"N": 4, "D": 3}
    assert_like_interpreter(program, run(program)[0], drawn(program, sizes), sizes)


def test_the_error_is_that_of_a_matrix_product() -> None:
    """Points far from the origin: the error grows as |x|², as the page of the pass says."""
    program = PROGRAMS["kernel"]
    sizes = {"N": 6, "D": 3}
    given = drawn(program, sizes)
    for shift in (0.0, 1e2, 1e4):
        moved = {**given, "x": given["x"] + shift, "y": given["y"] + shift}
        assert_like_interpreter(program, run(program)[0], moved, sizes, 1e-14 * max(1.0, 3 * shift**2))


def test_complex_values() -> None:
    program, sizes = PROGRAMS["gradient"], {"N": 4, "D": 3}
    given = drawn(program, sizes)
    stepped = {n: a + 1e-20j * np.ones_like(a) for n, a in given.items()}
    assert_like_interpreter(program, run(program)[0], stepped, sizes)


def test_terms_that_cancel_are_not_lost_since_they_may_be_nan() -> None:
    """Their sum is 0 for all numbers, but not for NaN, which the interpreter passes on."""
    text = "D[i, j] = x[i] - x[j]\ny[j] = sum[i](w[i] (D[i, j] + D[j, i]))\noutput y"
    program = ic.parse(f"index i, j : points(N)\ntensor x[i], w[i]\n{text}")
    arrays = {"x": np.array([1.0, np.nan, 2.0]), "w": np.ones(3)}
    for graph in (run(program, {"N": 2000})[0], passed(program, [], {"N": 2000})[0]):
        assert [o.operand.kind for o in graph.outputs] == ["float"]
    assert np.isnan(ic.compile(program, sizes={"N": 3})(**arrays)["y"]).all()
    assert np.isnan(ic.compile(program)(**arrays, sizes={"N": 3})["y"]).all()
