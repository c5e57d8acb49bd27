"""What a derived program says about itself: conventions at kinks on the way, zero results, the direction taken."""

from __future__ import annotations

import pytest

import indexcalc as ic

RELU = "relu has no derivative at 0: there its slope is taken as 0"
ABS = "abs has no derivative at 0: there its slope is taken as 0"
JUMP = "a comparison of values is piecewise constant: its slope is taken as 0, also where it jumps"
TWO_LAYERS = "h[k] = tanh(A[k,j] x[j])\ny[i] = B[i,k] h[k]"


@pytest.mark.parametrize(
    ("text", "wrt", "notes"),
    [
        ("y[i] = relu(x[i]) + abs(x[i]) + relu(2 x[i])", "x", [RELU, ABS]),
        ("y[i] = relu(x[i]) w[i] + abs(w[i]) (w[i] > 0)", "x", [RELU]),  # what w goes through is not on the way
        ("h[i] = relu(x[i])\nz[i] = abs(x[i])\nL = h[i] h[i]\noutput L", "x", [RELU]),  # nor is z
        ("y[i] = where(x[i] > 0, x[i], 0)", "x", [JUMP]),
        ("y[i] = where(i < 2, x[i], 0)", "x", []),  # an index's value does not vary
        ("function f(u) = abs(u)\ny[i] = f(x[i])", "x", [ABS]),
        ("m = max[i](x[i])", "x", ["where several components attain max[…], they share its slope evenly"]),
        (
            "y[i] = max(x[i], 1)",
            "x",
            ["max has no derivative where two arguments agree: there the first"],
        ),
        ("L = sum[e](topk[e, 2](x[e]) x[e])", "x", ["topk[…] is piecewise constant"]),
        ("L = exp(x[i]) x[i]", "x", []),
    ],
)
def test_conventions_at_kinks(text: str, wrt: str, notes: list[str]) -> None:
    for derive in (ic.grad, ic.jvp):
        found = derive(text, wrt).notes
        assert len(found) == len(notes) and all(n.startswith(want) for n, want in zip(found, notes)), found


def test_an_output_that_depends_on_nothing_of_it() -> None:
    text = "tensor z[i], x[i]\nL = x[i] x[i]"
    assert ic.grad(text, "z,x").notes == ("`L` does not depend on `z`: `grad_z` is zero",)
    assert ic.jvp(text, "z").notes == ("`L` does not depend on `z`: `tangent_L` is zero",)
    assert "`grad_z` does not depend on `z`: `hess_z` is zero" in ic.hessian(text, "z").notes


def test_a_result_that_cancels() -> None:
    notes = ic.grad("p[j] = softmax[j](z[j])\nL = sum[j](p[j])", "z").notes
    assert notes == ("`grad_z` is zero whatever the inputs",)


def test_second_derivatives_keep_what_the_gradient_had_to_say() -> None:
    notes = ic.hessian("L = sum[i](relu(x[i])**2)", "x").notes
    assert notes[:2] == (RELU, JUMP)


def test_the_cheaper_direction_is_taken_and_both_figures_are_told() -> None:
    """A tall Jacobian forwards, a wide one in reverse."""
    text = (
        "index i : rows({})\nindex j : columns({})\nindex k : inner(50)\nh[k] = tanh(A[k,j] x[j])\ny[i] = B[i,k] h[k]"
    )
    for rows, columns, direction in ((1000, 3, "forward"), (3, 1000, "reverse")):
        (note,) = ic.jacobian(text.format(rows, columns), "x").notes
        assert note.startswith(f"the Jacobian is found in {direction} mode: ")
        cheap, dear = (float(word.strip(",")) for word in note.split() if word[0].isdigit())
        assert cheap < dear


def test_given_sizes_decide() -> None:
    text = "index i : rows\nindex j : columns\nindex k : inner\n" + TWO_LAYERS
    for sizes, direction in (({"i": 9000, "j": 2}, "forward"), ({"i": 2, "j": 9000}, "reverse")):
        assert f"in {direction} mode:" in ic.jacobian(text, "x", sizes=sizes).notes[-1]
