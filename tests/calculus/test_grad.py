"""Gradients of many programs, against finite differences of the user's own program and the interpreter."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.ir.program import Define, Program
from indexcalc.ir.wellformed import check_program

from .programs import PROGRAMS


def body(program: Program, name: str) -> str:
    return str(program.definitions[name].body)


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_are_verified(name: str) -> None:
    text, wrt = PROGRAMS[name]
    report = ic.verify(text, wrt=wrt)
    assert report, str(report)
    assert all(f"grad_{w}" in str(report) for w in wrt.split(","))


@pytest.mark.parametrize("name", PROGRAMS)
def test_derived_programs_are_well_formed_and_round_trip(name: str) -> None:
    text, wrt = PROGRAMS[name]
    derived = ic.grad(text, wrt)
    check_program(derived)
    assert ic.parse(str(derived)) == derived
    assert list(derived.outputs) == [f"grad_{w}" for w in wrt.split(",")]
    assert list(derived.inputs)[: len(ic.parse(text).inputs)] == list(ic.parse(text).inputs)


@pytest.mark.parametrize("name", ["attention", "layer norm", "cross entropy gather", "softmax moe"])
def test_deriving_twice_gives_the_same(name: str) -> None:
    text, wrt = PROGRAMS[name]
    assert str(ic.grad(text, wrt)) == str(ic.grad(text, wrt))


# ---- closed forms that people know --------------------------------------------------------------------
def test_attention_uses_its_probabilities_and_the_row_statistic() -> None:
    derived = ic.grad(*PROGRAMS["attention"])
    lines = [s for s in derived.statements if isinstance(s, Define) and s.name not in "SPO"]
    assert len(lines) == 6
    (statistic,) = [s for s in lines if str(s) == f"{s.name}[i] = O[i, a] grad_O[i, a]"]
    assert body(derived, "grad_S") == f"P[i, j] (grad_P[i, j] - {statistic.name}[i])"
    assert not [s for s in lines if "exp" in str(s.body) or "softmax" in str(s.body)]


def test_row_statistic_is_not_used_where_it_would_cost_more() -> None:
    """head > seq: Σ_j P dP is cheaper than Σ_a O dO."""
    text, wrt = PROGRAMS["attention"]
    derived = ic.grad(text, wrt, sizes={"seq": 16, "head": 64, "val": 256})
    assert not any("O[i, a] grad_O[i, a]" in line for line in str(derived).splitlines())


@pytest.mark.parametrize(("wrt", "lines"), [("Q", 4), ("K", 4), ("V", 1), ("Q,V", 5)])
def test_attention_by_some_inputs_keeps_the_score_cotangent_whole(wrt: str, lines: int) -> None:
    """A choice that brings a dropped definition back to life is charged for it: one contraction per gradient."""
    derived = ic.grad(PROGRAMS["attention"][0], wrt)
    backward = [s for s in derived.statements if isinstance(s, Define) and s.name not in "SPO"]
    assert len(backward) == lines and all(str(s.body).count("sum[") <= 1 for s in backward)


def test_variance_uses_the_mean_that_the_program_defines() -> None:
    text = (
        "mu[t] = mean[c](x[t,c])\nsigma[t] = sqrt(var[c](x[t,c]) + 1e-5)\n"
        "xhat[t,c] = (x[t,c] - mu[t]) / sigma[t]\ny[t,c] = gain[c] xhat[t,c]\noutput y"
    )
    derived = ic.grad(text, "x,gain")
    means = [s for s in derived.statements if isinstance(s, Define) and "mean" in str(s.body)]
    assert [s.name for s in means] == ["mu"]
    used = [s.name for s in derived.statements if isinstance(s, Define) and "xhat[t, c]" in str(s.body)]
    assert "grad_gain" in used and len(used) >= 3
    assert ic.verify(text, wrt="x,gain")


@pytest.mark.parametrize("name", ["cross entropy gather", "cross entropy log"])
def test_cross_entropy_gives_p_minus_y(name: str) -> None:
    derived = ic.grad(*PROGRAMS[name])
    text = body(derived, "grad_z")
    assert "delta[c, t[b]]" in text and text.count("[") <= 5 and "log" not in text and "exp" not in text


def test_layer_norm_reuses_the_normalised_input() -> None:
    derived = ic.grad(*PROGRAMS["layer norm"])
    backward = [s for s in derived.statements if isinstance(s, Define) and s.name not in "mcvrny"]
    assert any("n[b, i]" in str(s.body) for s in backward)
    assert not any(re.search(r"\bc\[b, i\]", str(s.body)) for s in backward)


def test_shift_by_the_maximum_is_proved_to_cancel() -> None:
    derived = ic.grad(*PROGRAMS["max shifted softmax"])
    backward = [s for s in derived.statements if isinstance(s, Define) and s.name not in "MEZp"]
    assert not any("M" in str(s.body) or "==" in str(s.body) for s in backward)


def test_a_square_is_not_read_off_a_diagonal() -> None:
    derived = str(ic.grad("m[i] = tanh(a[i])\nL = m[i] J[i,j] m[j]", "J,a"))
    assert "grad_J[i, i]" not in derived and "m[i]**2" in derived


def test_a_masked_value_is_used_as_it_is() -> None:
    """x·[c] is where(c, x, 0), which the forward has, and which is no 0·∞ where x overflows."""
    text = "index t, u : time\nD[t,u] = where(u <= t, exp(l[t] - l[u]), 0)\nh[t] = D[t,u] v[u]"
    derived = ic.grad(text, "l")
    assert body(derived, "grad_l") == "grad_h[t] h[t] - v[t] (D[u, t] grad_h[u])"
    far = ic.compile(derived)(l=np.array([0.0, -800.0]), v=np.ones(2), grad_h=np.ones(2))["grad_l"]
    assert np.allclose(far, 0)


def test_gaussian_likelihood_has_the_textbooks_gradients() -> None:
    """With the covariance T = G Gᵀ + c 1 and s = T⁻¹ v: (T⁻¹ − s sᵀ) / 2 in T, twice that times G in G, and s in v."""
    text = "T[a,b] = G[a,j] G[b,j] + c delta[a,b]\nloss = (v[a] inv(T)[a,b] v[b] + logdet(T)) / 2"
    derived = ic.grad(text, "G,v,c")
    assert body(derived, "s") == "t0[a, b] v[b]" and body(derived, "grad_v") == "s[a]"
    assert body(derived, "grad_T") == "0.5 (t0[a, b] - s[a] s[b])"
    assert body(derived, "grad_G") == "2 G[b, j] grad_T[a, b]"


def test_quadratic_form_of_one_matrix() -> None:
    assert body(ic.grad("L = x[i] A[i,j] x[j]", "x"), "grad_x") == "(A[j, i] + A[i, j]) x[j]"
    assert body(ic.grad("y[i,j] = A[i,k] A[j,k]", "A"), "grad_A") == "(grad_y[j, i] + grad_y[i, j]) A[j, k]"
    assert body(ic.grad("L = A[i,j] A[j,k] A[k,i]", "A"), "grad_A") == "3 A[k, i] A[j, k]"


def test_backward_statements_are_linear_in_layers() -> None:
    def layers(n: int) -> int:
        text = (
            "\n".join(f"x{k + 1}[b,o] = tanh(sum[i](x{k}[b,i] W{k}[i,o]))" for k in range(n))
            + f"\nL = x{n}[b,o] x{n}[b,o]"
        )
        text = "index i, o : model\nindex b : batch\n" + text
        return len(ic.grad(text, [f"W{k}" for k in range(n)]).statements)

    two, four, eight = layers(2), layers(4), layers(8)
    assert eight - four == 2 * (four - two)


# ---- the surface ----------------------------------------------------------------------------------------
def test_with_value_returns_the_forward_too() -> None:
    derived = ic.grad("y[i] = A[i,j] x[j]\nL = y[i] y[i]", "x", with_value=True)
    assert derived.outputs == ("L", "grad_x")


def test_a_derived_program_keeps_unused_inputs() -> None:
    assert list(ic.grad("L = a[i] x[i]", "x").inputs) == ["a", "x"]


def test_an_output_that_does_not_depend_on_an_input_has_gradient_zero() -> None:
    derived = ic.grad("L = x[i] x[i]\ny[i] = 2 z[i] x[i]", "z", of="L")
    assert body(derived, "grad_z") == "0"


def test_a_constant_gradient_is_broadcast() -> None:
    derived = ic.grad("L = sum[i](2 x[i])", "x")
    assert ic.parse(str(derived)) == derived
    import numpy as np

    assert ic.compile(derived)(x=np.zeros(3))["grad_x"].tolist() == [2.0, 2.0, 2.0]


def test_gradient_names_avoid_the_users() -> None:
    derived = ic.grad("grad_x = x[i] x[i]", "x")
    assert derived.outputs == ("grad_x_2",)


def test_gradient_of_a_gradient() -> None:
    first = ic.grad("L = sum[i](x[i]**3 a[i])", "x")
    report = ic.verify(first, wrt="x,a")
    assert report, str(report)


def test_programs_pickle_with_their_trace() -> None:
    derived = ic.grad("L = x[i] A[i,j] x[j]", "x")
    again = pickle.loads(pickle.dumps(derived))
    assert again == derived and hash(again) == hash(derived) and len(again.trace) == len(derived.trace) > 3


@pytest.mark.parametrize(
    ("text", "wrt", "message"),
    [
        ("L = x[i] x[i]", "z", "`z` is not an input"),
        ("y[i] = 2 x[i]\nL = y[i] y[i]", "y", "`y` is defined by the program"),
        ("L = x[i] x[i]", "", "nothing to differentiate"),
        ("L = x[i] x[i]", "x,x", "given twice"),
        ("integer t[b] : v\nindex w : v\ntensor E[w]\nL = sum[b](E[t[b]])", "t", "`t` holds integers"),
        ("a = x[i] x[i]\nb = 2 y[i] y[i]", "x", "has 2 outputs"),
    ],
)
def test_refusals(text: str, wrt: str, message: str) -> None:
    with pytest.raises(ic.IndexCalcError, match=message):
        ic.grad(text, wrt)


def test_unknown_output() -> None:
    with pytest.raises(ic.IndexCalcError, match="`M` is not defined"):
        ic.grad("L = x[i] x[i]", "x", of="M")


def test_a_long_chain_is_derived_and_verified_in_no_time() -> None:
    """Naive evaluation of the whole product would take 3^31 steps."""
    names = [f"i{k}" for k in range(31)]
    chain = " ".join(f"A{k}[{names[k]},{names[k + 1]}]" for k in range(30))
    text = f"index {', '.join(names)} : n\nL = v[{names[0]}] {chain} w[{names[-1]}]"
    assert ic.verify(text, wrt="A0,v")


# ---- numbers --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", ["(1/0)", "sqrt(-4)", "(-8)**(1/3)", "(x[i] - x[i])**-2"])
def test_numbers_without_a_finite_real_value_are_refused(number: str) -> None:
    with pytest.raises(ic.IndexCalcError, match=r"IX902: .* has no finite real value"):
        ic.grad(f"L = sum[i](x[i] * {number})", "x")


def test_numbers_that_would_fill_the_memory_are_refused() -> None:
    with pytest.raises(ic.IndexCalcError, match="IX009: a number to the power 10000000 has too many digits"):
        ic.grad("L = sum[i]((2 x[i])**10000000)", "x")


def test_roots_of_long_numbers_stay_roots() -> None:
    assert body(ic.grad(f"L = sqrt(1{'0' * 399}) x", "x"), "grad_x") == f"sqrt(1{'0' * 399})"
    assert body(ic.grad("L = sqrt(9/4) x", "x"), "grad_x") == "1.5"


def test_infinity_is_never_divided_out() -> None:
    derived = ic.grad("d[i,j] = inf x[i] y[j]\nL = sum[i,j](d[i,j]) + sum[i,j](x[i] y[j] a[i])", "a")
    assert body(derived, "grad_a") == "s x[i]" and body(derived, "s") == "sum[j](y[j])"


def test_a_trace_shows_its_steps() -> None:
    shown = repr(ic.grad("L = x[i] A[i,j] x[j]", "x").trace).splitlines()
    assert shown[0].startswith("grad_x   d-product   ") and shown[-1].endswith("(A[k, j] + A[j, k]) x[j]")


def test_names_are_text() -> None:
    with pytest.raises(ic.IndexCalcError, match="IX901: names are text, or several texts, not int"):
        ic.grad("L = x[i] x[i]", 3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "wrt", "line"),
    [
        ("L = 0.5 a[i] x[i] + 0.5 b[i] x[i]", "x", "0.5 (a[i] + b[i])"),
        ("L = a[i] x[i] / 4 + b[i] x[i] / 2", "x", "0.25 (a[i] + 2 b[i])"),
        ("L = a[i] x[i] / 2 + b[i] x[i] / 3", "x", "0.5 a[i] + (1/3) b[i]"),
        ("L = 2 a[i] x[i] + 4 b[i] x[i]", "x", "2 a[i] + 4 b[i]"),
        ("L = a[i] x[i] / d**2 + b[i] x[i] / d**2", "x", "(a[i] + b[i]) / d**2"),
        ("L = -3 a[i] x[i] - 3 b[i] x[i]", "x", "-3 (a[i] + b[i])"),
    ],
)
def test_numbers_and_powers_that_all_terms_have_stand_once(text: str, wrt: str, line: str) -> None:
    assert body(ic.grad(text, wrt), f"grad_{wrt}") == line
