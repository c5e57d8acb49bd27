"""Comparison of programs against algebra on paper, and against NumPy's einsum on random strings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexcalc.compare.names import by_name
from indexcalc.compare.programs import compare
from indexcalc.diagnostics import IndexCalcError
from indexcalc.elaborate.read import read_program
from indexcalc.importers.einsum import from_einsum
from indexcalc.interpret.run import run_outputs


def compared(a, b, **options):
    return compare(read_program(a), read_program(b), **options)


ATTENTION = """
index i, j : seq(L); index d, a : head(D)
tensor Q[i,d], K[j,d], V[j,a]
S[i,j] = Q[i,d] K[j,d] / sqrt(D)
P[i,j] = softmax[j](S[i,j])
O[i,a] = P[i,j] V[j,a]
"""

EQUAL = {
    "dummies and tensors": ("S[i,j] = Q[i,d] K[j,d]", "s[n,m] = k[m,e] q[n,e]"),
    "one line or three": (
        ATTENTION,
        "index i, j : n(N); index d, a : h(64); tensor Q[i,d], K[j,d], V[j,a]\n"
        "O[i,a] = softmax[j](Q[i,d] K[j,d] / 8) V[j,a]",
    ),
    "multiplied out": ("y = (a + b)*(a - b)", "y = a**2 - b**2"),
    "a fraction": ("y[i] = 1/(a[i]+b[i]) + 1/(a[i]-b[i])", "y[i] = 2 a[i]/(a[i]**2 - b[i]**2)"),
    "functional equation": ("y = exp(a + b)", "y = exp(a) exp(b)"),
    "declared symmetric": (
        "index i,j : n(N)\ntensor A[i,j] symmetric\ny[i] = A[i,j] x[j]",
        "index i,j : n(N)\ny[i] = A[j,i] x[j]",
    ),
    "epsilon": (
        "index i,j,k,l,m : s(3)\ny[i,l] = eps[i,j,k] eps[k,l,m] A[j,m]",
        "index i,j,k,l : s(3)\ny[i,l] = delta[i,l] A[j,j] - A[l,i]",
    ),
    "a convolution": ("y[t] = x[t + k] w[k]", "z[s] = v[r] u[s + r]"),
    "a declared function": (
        "function f(x) = x / (1 + exp(-x))\ny[i] = f(x[i])",
        "y[i] = x[i] sigmoid(x[i])",
    ),
    "layer norm": (
        "y[t,c] = (x[t,c] - mean[c](x[t,c])) / sqrt(var[c](x[t,c]))",
        "m[t] = mean[c](x[t,c])\nd[t,c] = x[t,c] - m[t]\ny[t,c] = d[t,c] / sqrt(mean[k](d[t,k] d[t,k]))",
    ),
    "a mask": (
        "index i, j : n(N)\ny[i] = sum[j](where(j <= i, x[j], 0))",
        "index i, j : n(N)\ny[i] = sum[j]((i >= j) x[j])",
    ),
    "two outputs": ("a = x[i] y[i]\nb = x[i] x[i]\noutput a, b", "c = x[i] x[i]\nb = c\na = y[k] x[k]\noutput a, b"),
}

DIFFERENT = {
    "transposed operand": ("S[i,j] = Q[i,d] K[j,d]", "S[i,j] = Q[i,d] K[d,j]"),
    "transposed result": ("C[i,j] = A[i,k] B[k,j]", "C[j,i] = A[i,k] B[k,j]"),
    "a factor": ("y[i] = A[i,j] x[j]", "y[i] = 2 A[i,j] x[j]"),
    "softmax along the other index": (ATTENTION, ATTENTION.replace("softmax[j]", "softmax[i]")),
    "a sign under exp": ("y = exp(a - b)", "y = exp(a) exp(b)"),
    "a missing scale": (ATTENTION, ATTENTION.replace(" / sqrt(D)", "")),
    "sizes": ("index i : n(3)\ny[i] = 2 x[i]", "index i : n(4)\ny[i] = 2 x[i]"),
    "antisymmetric": (
        "index i,j : n(N)\ntensor A[i,j] antisymmetric\ny[i] = A[i,j] x[j]",
        "index i,j : n(N)\ny[i] = A[j,i] x[j]",
    ),
    "diagonal or whole": ("y = A[i,i]", "index i, j : n(N)\ntensor A[i,j]\ny = sum[i,j](A[i,j])"),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal(name):
    found = compared(*EQUAL[name])
    assert found, found
    assert found.verdict == "equal"
    assert found.counterexample is None
    assert found.error is None or found.error < 1e-12
    assert compared(*reversed(EQUAL[name]))


@pytest.mark.parametrize("name", DIFFERENT)
def test_different(name):
    found = compared(*DIFFERENT[name])
    assert found.verdict == "different" and not found, found
    assert found.exchanged == ()
    assert not compared(*reversed(DIFFERENT[name]))


@pytest.mark.parametrize("name", ["one line or three", "multiplied out", "declared symmetric", "a convolution"])
def test_a_proof_says_so(name):
    found = compared(*EQUAL[name])
    assert (found.reason, found.error) == ("proved by normal form", 0.0)


def test_without_a_proof_the_chance_of_an_error_is_told():
    found = compared(*EQUAL["a fraction"])
    assert found.reason == "equal at a random point modulo a prime"
    assert 0 < found.error < 1e-15


def test_functions_that_are_no_polynomials_are_compared_to_rounding():
    found = compared(*EQUAL["functional equation"])
    assert (found.reason, found.error) == ("equal at 4 random points, to rounding", None)


def test_a_counterexample_is_one():
    a, b = DIFFERENT["transposed operand"]
    shown = compared(a, b).counterexample
    assert set(shown.sizes.values()) == {2}
    arrays = {name: np.array(x) for name, x in shown.inputs.items()}
    values = [run_outputs(read_program(text), arrays)["S"][shown.component] for text in (a, b)]
    assert values == [shown.left, shown.right]
    assert shown.left != shown.right


def test_names_decide_before_position():
    found = compared("y[i] = A[i,j] B[j,k] x[k]", "y[i] = b[j,k] a[i,j] x[k]")
    assert found
    assert found.renamed == {"A": "a", "B": "b"}


def test_last_parts_and_beginnings_of_names():
    found = compared("S[i,j] = Q[i,d] W_k[j,d] V[j]", "S[i,j] = w_key[j,d] query[i,d] v[j]")
    assert found.renamed == {"Q": "query", "W_k": "w_key", "V": "v"}


def test_strange_names_pair_by_what_fits():
    found = compared("y[i] = A[i,j] B[j,k] x[k]", "y[i] = p[j,k] q[i,j] r[k]")
    assert found.mapping == {"A": "q", "B": "p", "x": "r"}


def test_an_exchange_is_told():
    found = compared("S[i,j] = Q[i,d] K[j,d]", "S[i,j] = k[i,d] q[j,d]")
    assert (found.verdict, found.exchanged) == ("different", ("Q", "K"))
    assert found.reason == "equal only with Q and K exchanged"
    assert found.counterexample is not None


@pytest.mark.parametrize(("a", "b"), [("y = A[i,i]", "y = A[i,i] + 0*B[i,i]"), ("y = sin(x)**2 + cos(x)**2", "y = 1")])
def test_an_input_that_changes_nothing_is_no_difference(a, b):
    assert compared(a, b)
    assert compared(b, a)


def test_without_renaming_names_have_to_agree():
    assert compared("S[i,j] = Q[i,d] K[j,d]", "T[n,m] = K[m,e] Q[n,e]", rename=False)
    found = compared("S[i] = Q[i]", "S[i] = R[i]", rename=False)
    assert found.reason == "only the first reads Q, only the second reads R"


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ("y[i] = A[i,j] x[j]", "y[i] = A[i,j] x[j] s", "only the second reads s"),
        ("y[i] = A[i,j] x[j]", "y[i,j] = A[i,j] x[j]", "`y` has 1 and 2 slots"),
        ("y = A[i,i]", "y = A[i,i] + B[i,i]", "only the second reads B"),
        ("y = A[i,i]", "index i : n(N)\ny = sum[i](A[i])", "`A` has 2 and 1 slots"),
        ("index i : n(3)\ny[i] = 2 x[i]", "index i : m(4)\ny[i] = 2 x[i]", "the space `m` has 3 values in one and 4"),
        ("a = x[i] x[i]\nb = 2", "b = x[i] x[i]", "the first has the outputs a and b, the second b"),
    ],
)
def test_what_is_in_the_way(a, b, reason):
    found = compared(a, b)
    assert found.verdict == "different"
    assert reason in found.reason


def test_nothing_to_compare_is_refused():
    with pytest.raises(IndexCalcError, match="the first defines nothing"):
        compared("A[i,j] B[i,j] == 0", "y = 2")


def test_undecided_where_nothing_can_be_tried():
    a = "index i, j, k : n(N)\ntensor Q[i,j] orthogonal\ny[i,j] = {}"
    found = compared(a.format("exp(Q[i,j])"), a.format("exp(Q[j,i])"))
    assert (found.verdict, bool(found)) == ("undecided", False)
    assert "`Q` is declared" in found.reason


def test_the_answer_is_the_same_each_time():
    for pair in (*EQUAL.values(), *DIFFERENT.values()):
        assert compared(*pair) == compared(*pair)


LABELS = st.text("abcd", min_size=1, max_size=3).map(lambda s: "".join(dict.fromkeys(s)))


@st.composite
def specs(draw):
    """Two einsum strings for the same two operands."""
    first, second = draw(LABELS), draw(LABELS)
    out = draw(st.permutations(sorted({*first, *second})))[: draw(st.integers(0, 3))]
    spec = f"{first},{second}->{''.join(out)}"
    change = draw(st.permutations("abcd"))
    if draw(st.booleans()):  # the same, renamed
        other = spec.translate(str.maketrans("abcd", "".join(change)))
    else:
        labels = sorted({*first, *second})
        new = ["".join(draw(st.sampled_from(labels)) for _ in x) for x in (first, second)]
        known = sorted(set("".join(new)))
        if len(known) < len(out):
            return spec, spec
        other = f"{new[0]},{new[1]}->{''.join(draw(st.permutations(known))[: len(out)])}"
    return spec, other


@settings(max_examples=120, deadline=None)
@given(specs())
def test_random_strings_agree_with_numpy(pair):
    rng = np.random.default_rng(0)
    first, second, _ = pair[0].replace("->", ",").split(",")
    arrays = [rng.normal(size=(3,) * len(x)) for x in (first, second)]
    left, right = (np.einsum(s, *arrays) for s in pair)
    same = bool(np.allclose(left, right, rtol=1e-12, atol=1e-12))
    found = compare(*(from_einsum(s, "X", "Y") for s in pair), rename=False)
    assert (found.verdict == "equal") == same, (pair, found)
    assert found.verdict != "undecided"


def test_an_extent_that_is_a_number_on_one_side_is_that_number():
    a = "index i : n(N); index j : m(N)\ny[i,j] = x[i] z[j] / sqrt(N)"
    assert compared(a, "index i : n(64); index j : m\ny[i,j] = x[i] z[j] / 8")
    assert not compared(a, "index i : n(64); index j : m\ny[i,j] = x[i] z[j] / 7")


def test_one_equal_output_proves_nothing_of_the_others():
    found = compared("a = x\nb = exp(x)\noutput a, b", "a = x\nb = exp(2 x)\noutput a, b")
    assert found.verdict == "different"


def test_a_name_that_is_like_two_others_is_paired_with_neither():
    left, right = read_program("y = q[i] z[i]"), read_program("y = query[i] queue[i]")
    assert by_name(left, right) == {}
    assert by_name(left, read_program("y = query[i] r[i]")) == {"q": "query"}
