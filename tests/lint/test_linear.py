"""The work of linting a program grows as its text does, whatever its statements are."""

from functools import partial

import pytest

from indexcalc.lint.run import lint


def lines(pattern, count):
    return "".join(pattern.replace("#", str(k)) + "\n" for k in range(count))


PROGRAMS = {
    "sums of terms": "S#[i,j] = Q#[i,d] K#[j,d] + x#[i] y#[j]",
    "spaces of their own": "S#[i#,j#] = Q#[i#,d#] K#[j#,d#]",
    "compact names": "C#_ij = A_ik B_kj",
    "declared spaces": "index i# : space#(N#)\ntensor weight#[i#]\ny#[i#] = 2 weight#[i#]",
    "unused declarations": "tensor A#[i,j]",
    "numbered names that are read once": "hidden#[i] = relu(inputs#[i])",
    "wrong statements": "y#[i] = A#[i,k] x#[j]",
    "bare expressions": "A#[i,k] x#[k]",
    "log of softmax": "y#[i] = log(softmax[i](x#[i]))",
    "divisions": "y#[i] = exp(x#[i]) / sum[j](exp(x#[j]))",
    "integer tensors": "integer tok#[b] : vocab\ny#[b,d] = E[tok#[b],d] + sum[v]((tok#[b] == v) E[v,d])",
    "square matrices": "C#_ij = A#_ij B#_ij",
}


@pytest.mark.parametrize("pattern", PROGRAMS.values(), ids=PROGRAMS)
def test_work_is_linear(pattern, calls):
    lint(lines(pattern, 2))  # what is loaded once
    few, many = (calls(partial(lint, lines(pattern, n))) for n in (30, 300))
    assert many < 11 * few


def test_work_is_linear_in_the_terms_of_a_sum(calls):
    def text(n):
        return "y[i] = " + " + ".join(f"A{k}[i,j] x[j]" for k in range(n)) + "\n"

    few, many = (calls(partial(lint, text(n))) for n in (30, 300))
    assert many < 11 * few
