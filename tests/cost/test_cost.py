"""Figures of `ic.cost` against counts by hand and against opt_einsum's."""

from __future__ import annotations

import math

import numpy as np
import opt_einsum
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import indexcalc as ic
from indexcalc.einsum.order import contraction_order

from .test_peak import ATTENTION

EXTENTS = {"a": 2, "b": 3, "c": 4, "d": 5, "e": 6, "f": 7}


@st.composite
def einsums(draw: st.DrawFn) -> str:
    """Products in which every letter that is summed stands in two operands, so that nothing is summed alone."""
    count = draw(st.integers(2, 4))
    operands = [sorted(draw(st.sets(st.sampled_from("abcdef"), min_size=1, max_size=3))) for _ in range(count)]
    seen = [x for o in operands for x in o]
    once = {x for x in seen if seen.count(x) == 1}
    out = once | draw(st.sets(st.sampled_from(sorted(set(seen)))))
    assume(out != set(seen))
    return f"{','.join(''.join(o) for o in operands)}->{''.join(sorted(out))}"


@settings(max_examples=150, deadline=None)
@given(einsums())
def test_contractions_count_as_opt_einsum_counts_them(spec: str) -> None:
    left, out = spec.split("->")
    shapes = [[EXTENTS[x] for x in o] for o in left.split(",")]
    path = contraction_order(left.split(","), out, EXTENTS)
    _, info = opt_einsum.contract_path(spec, *[np.empty(s) for s in shapes], optimize=path)
    spaces = "\n".join(f"index {x} : space_{x}({n})" for x, n in EXTENTS.items())
    factors = [f"T{n}[{', '.join(o)}]" for n, o in enumerate(left.split(","))]
    summed = sorted(set(left) - set(out) - {","})
    body = " * ".join(factors)
    body = f"sum[{', '.join(summed)}]({body})" if summed else body
    target = f"y[{', '.join(out)}]" if out else "y"
    assert ic.cost(f"{spaces}\n{target} = {body}", {}).flops == int(info.opt_cost)


def test_matmul() -> None:
    found = ic.cost("C[i,j] = A[i,k] B[k,j]", {"i": 7, "j": 11, "k": 13})
    assert (found.flops, found.multiplications, found.functions) == (2 * 7 * 11 * 13, 7 * 11 * 13, 0)
    assert found.bytes == found.peak_bytes == 8 * (7 * 13 + 13 * 11 + 7 * 11)


def test_attention_forward() -> None:
    n, d = 32, 8
    found = ic.cost(ATTENTION, {"L": n, "D": d})
    # Q is scaled by 1/sqrt(D) before it meets K; softmax: maximum, difference, exp, sum; O is divided
    assert found.flops == 2 * 2 * n * n * d + n * d + 2 + 4 * n * n + n * d
    assert found.multiplications == 2 * n * n * d + n * d + 1 + n * d
    assert found.functions == n * n + 1
    assert sum(s.flops for s in found.statements) == found.flops
    assert sum(s.bytes for s in found.statements) == found.bytes
    assert max(s.peak_bytes for s in found.statements) == found.peak_bytes
    assert [s.name for s in found.statements] == ["S", "P", "O"]


@pytest.mark.parametrize(
    ("text", "flops", "multiplications", "functions"),
    [
        ("y[i] = x[i] + z[i]", 10, 0, 0),
        ("y[i] = x[i] z[i] / w[i]", 20, 20, 0),
        ("y[i] = exp(x[i])", 10, 0, 10),
        ("y[i] = where(x[i] > 0, x[i], z[i])", 0, 0, 0),
        ("y = sum[i](x[i])", 10, 0, 0),
        ("y = max[i](x[i])", 10, 0, 0),
        ("y[i] = x[i]**2", 10, 10, 0),
        ("y[i] = A[i, 0]", 0, 0, 0),
        ("index n : s(10)\ninteger t[i] : s\ny[i] = E[t[i]]", 0, 0, 0),
        ("index n : s(10)\ninteger t[i] : s\ny[n] = sum[i](delta[n, t[i]] x[i])", 10, 0, 0),
        ("y[j, k] = inv(A)[j, k]", 2 * 27, 27, 0),
        ("y = det(A)", 3 + 2 * (4 + 1) + 3, 3 + 5 + 3, 0),
        ("y = A[j, k] A[j, k]", 2 * 9, 9, 0),
    ],
)  # fmt: skip
def test_one_operation(text: str, flops: int, multiplications: int, functions: int) -> None:
    declared = "index i : n(10)\nindex j, k : m(3)\n"
    declared += "tensor A[j, k]\n" if "(A)" in text or "A[j" in text else ""
    sizes = {"i": 10}
    if "A[i, 0]" in text:
        declared += "index q : w(2)\ntensor A[i, q]\n"
    found = ic.cost(declared + text, sizes)
    assert (found.flops, found.multiplications, found.functions) == (flops, multiplications, functions)


def test_traffic() -> None:
    assert ic.cost("y[i] = x[i] + z[i]", {"i": 10}).bytes == 3 * 80
    assert ic.cost("y[i, j] = x[i] + z[j]", {"i": 10, "j": 5}).bytes == 80 + 40 + 400
    gather = "index v : vocab(1000)\ninteger t[b] : vocab\ny[b, d] = E[t[b], d]"
    assert ic.cost(gather, {"b": 3, "d": 4}).bytes == 8 * (12 + 3 + 12)  # the table's rows that are taken, not all


def test_what_no_output_needs_costs_nothing_and_what_is_shared_costs_once() -> None:
    found = ic.cost("a[i] = exp(x[i])\nb[i] = exp(x[i])\nc[i] = tanh(x[i])\noutput a, b", {"i": 10})
    assert [s.flops for s in found.statements] == [10, 0, 0]


def test_exact_at_sizes_beyond_floating_point() -> None:
    n = 10**9 + 7
    assert ic.cost("C[i,j] = A[i,k] B[k,j]", {"i": n, "j": n, "k": n}).flops == 2 * n**3


def test_the_table() -> None:
    text = "C[i,j] = A[i,k] B[k,j]\ny[i] = C[i,j] x[j]\noutput C, y"
    shown = str(ic.cost(text, {"i": 10, "j": 20, "k": 30})).splitlines()
    assert shown[0].split() == ["statement", "FLOPs", "mult.", "functions", "read", "+", "written", "peak"]
    assert shown[1].split("  ")[0] == "C[i, j] = A[i, k] B[k, j]"
    assert "12,000" in shown[1] and "8.6 KiB" in shown[1]
    assert set(shown[3]) == {"-"}
    assert shown[4].split()[:2] == ["total", "12,400"]
    assert len({len(line) for line in shown}) == 1


def test_the_cost_is_a_value() -> None:
    import pickle

    found = ic.cost("C[i,j] = A[i,k] B[k,j]", {"i": 10, "j": 20, "k": 30})
    assert isinstance(found, ic.Cost)
    assert pickle.loads(pickle.dumps(found)) == found
    assert math.isclose(found.flops / found.bytes, 12000 / 8800)


@pytest.mark.parametrize(
    ("sizes", "options", "code", "message"),
    [
        ({"L": 3}, {"machine": "laptop"}, "IX945", "no size is given for extent `D`"),
        ({}, {"alternatives": True}, "IX945", "no size is given for extent `L`, extent `D`"),
        ({"L": 3, "D": 2, "Z": 1}, {}, "IX942", "sizes names `Z`"),
        ({"L": -1, "D": 2}, {}, "IX947", "must be an integer ≥ 0"),
        ({"L": 3, "D": 2}, {"dtype": "float33"}, "IX901", "no dtype 'float33' is counted"),
    ],
)
def test_refusals(sizes, options, code, message) -> None:
    with pytest.raises(ic.IndexCalcError, match=message) as caught:
        ic.cost(ATTENTION, sizes, **options)
    assert caught.value.diagnostics[0].code == code


def test_sizes_go_by_extent_space_and_index_and_follow_from_windows() -> None:
    assert ic.cost(ATTENTION, {"seq": 8, "d": 4}).flops == ic.cost(ATTENTION, {"L": 8, "D": 4}).flops
    window = "index q : padded(Q)\nindex k : kernel(3)\ntensor x[q]\ny[p] = x[p + k] w[k]"
    assert ic.cost(window, {"Q": 8}).flops == 2 * 6 * 3
