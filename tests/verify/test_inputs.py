"""Sizes that are chosen, and random inputs that are what the program declares."""

from __future__ import annotations

import numpy as np
import pytest

from indexcalc.elaborate.read import read_program
from indexcalc.ir.default_sizes import choose_sizes
from indexcalc.ir.signature import bind_sizes
from indexcalc.verify.inputs import RANGES, draw

rng = np.random.default_rng(0)


def named(text: str, **sizes: int) -> dict[str, int]:
    program = read_program(text)
    return {s.extent if isinstance(s.extent, str) else s.name: n for s, n in choose_sizes(program, sizes).items()}


def test_defaults_are_distinct_declared_and_given_sizes_are_kept() -> None:
    text = "index i : a(A)\nindex j : b(B)\nindex k : c(7)\ntensor x[i, j, k]\nL = sum[i, j, k](x[i, j, k])"
    assert named(text) == {"A": 3, "B": 4, "c": 7}
    assert named(text, B=9) == {"A": 3, "B": 9, "c": 7}


@pytest.mark.parametrize(
    ("slot", "sizes"),
    [("p + k", {}), ("2*p + k", {}), ("p + 2*k + 1", {}), ("p + k", {"X": 9}), ("2*p + k", {"X": 9}), ("3 - p", {})],
)
def test_affine_slots_get_feasible_sizes(slot: str, sizes: dict[str, int]) -> None:
    text = f"index p : out(P)\nindex k : kernel(K)\nindex q : in(X)\ntensor w[k], x[q]\ny[p] = sum[k](w[k] x[{slot}])"
    program = read_program(text)
    found = choose_sizes(program, sizes)
    shapes = {n: tuple(found[s] for s in t.spaces) for n, t in program.inputs.items()}
    assert bind_sizes(program, shapes, named(text, **sizes)) == found
    if sizes:
        assert named(text, **sizes)["X"] == 9


def test_a_tensor_that_is_read_through_indices_of_another_such_space_waits_for_it() -> None:
    text = "index p : out(P)\nindex k : kernel(K)\nindex r : mid(Z)\ntensor u[r], w[k], x[q]\nindex q : in(A)\n"
    program = "y[p] = sum[k](w[k] u[p + k])\nv[r] = sum[k](w[k] x[r + k])"
    sizes = named(text + program)
    assert sizes["Z"] == sizes["P"] + sizes["K"] - 1 and sizes["A"] == sizes["Z"] + sizes["K"] - 1


def test_levi_civita_topk_and_matrices_get_sizes_that_mean_something() -> None:
    assert set(named("c[i] = eps[i, j, k] a[j] b[k]").values()) == {3}
    assert min(named("tensor x[e]\nL = sum[e](topk[e, 4](x[e]) x[e])").values()) == 5
    assert list(named("A[i, j] == A[i, j]\nL = logdet(A)").values()) == [3]
    computed = "index n : rows\nindex i, j : columns\ntensor X[n, i]\nG[i, j] = X[n, i] X[n, j]\nL = logdet(G)"
    assert named(computed)["columns"] <= named(computed)["rows"]


ATTRIBUTES = """
index v : vocab(3)
index i, j, k, l : n(4)
integer t[i] : vocab
tensor S[i, j] symmetric, A[i, j, k] antisymmetric, T[i, j, k] symmetric(1, 3), D[i, j] diagonal, O[i, j] orthogonal
tensor R[i, j, k, l] riemann, p[i] positive, x[i], E[v]
tensor M[i, j] symmetric
L = sum[i, j, k](S[i, j] A[i, j, k] T[i, j, k]) + D[i, i] + O[i, i] + sum[i](p[i] x[i] E[t[i]]) + logdet(M)
R2 = sum[i, j](R[i, j, i, j])
"""


@pytest.mark.parametrize("kind", RANGES)
def test_inputs_are_what_they_are_declared_to_be(kind: str) -> None:
    program = read_program(ATTRIBUTES)
    found = draw(program, choose_sizes(program), rng, kind)
    close = np.testing.assert_allclose
    s, a, t, r, o = (found[n] for n in "SATRO")
    close(s, s.T)
    close(a, -a.transpose(1, 0, 2), atol=1e-15)
    close(a, -a.transpose(0, 2, 1), atol=1e-15)
    close(t, t.transpose(2, 1, 0))
    assert not np.allclose(t, t.transpose(1, 0, 2))
    assert np.count_nonzero(found["D"]) == 4 and np.all(np.diag(found["D"]) != 0)
    close(o @ o.T, np.eye(4), atol=1e-14)
    close(r, -r.transpose(1, 0, 2, 3), atol=1e-15)
    close(r, r.transpose(2, 3, 0, 1), atol=1e-15)
    close(r + r.transpose(0, 2, 3, 1) + r.transpose(0, 3, 1, 2), 0, atol=1e-15)
    assert found["p"].min() > 0 and found["t"].dtype.kind == "i" and 0 <= found["t"].min() <= found["t"].max() < 3
    close(found["M"], found["M"].T)
    assert np.linalg.cond(found["M"]) < 100 and np.linalg.det(found["M"]) > 0
