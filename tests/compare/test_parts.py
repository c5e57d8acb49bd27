"""The parts of a comparison by themselves: draws, degrees, and evaluation modulo the prime against the interpreter."""

from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest

from indexcalc.compare.degree import degrees
from indexcalc.compare.draw import Draw, NotDrawn
from indexcalc.compare.joint import plain
from indexcalc.compare.modular import PRIME, Modular
from indexcalc.compare.programs import compare
from indexcalc.elaborate.read import read_program
from indexcalc.interpret.run import run_outputs
from indexcalc.ir.default_sizes import choose_sizes

DECLARED = "index i, j, k : s(4)\ntensor A[i,j{more}] {attribute}\ny = sum[i,j{more}](A[i,j{more}])"


def draw_of(attribute: str, more: str = "", low: int = -9) -> Draw:
    return Draw(read_program(DECLARED.format(attribute=attribute, more=more)), 5, low, 9)


def test_draws_keep_what_a_tensor_is_declared_to_be():
    symmetric, turned, diagonal = (draw_of(a) for a in ("symmetric", "antisymmetric", "diagonal"))
    for i, j in product(range(4), repeat=2):
        assert symmetric.component("A", (i, j)) == symmetric.component("A", (j, i))
        assert turned.component("A", (i, j)) == -turned.component("A", (j, i))
        assert i == j or diagonal.component("A", (i, j)) == 0
    assert any(diagonal.component("A", (i, i)) for i in range(4))
    assert any(turned.component("A", (i, j)) for i, j in product(range(4), repeat=2))


def test_three_antisymmetric_slots_follow_the_sign_of_their_order():
    draw = draw_of("antisymmetric(1, 2, 3)", ",k", low=1)
    signs = {p: round(np.linalg.det(np.eye(3)[list(p)])) for p in permutations(range(3))}
    first = draw.component("A", (0, 1, 2))
    assert first > 0 and all(draw.component("A", p) == sign * first for p, sign in signs.items())
    assert all(draw.component("A", p) == 0 for p in product(range(3), repeat=3) if len(set(p)) < 3)


def test_draws_stay_in_their_range_and_depend_on_seed_name_and_slots():
    draw = draw_of("")
    found = [draw.component("A", p) for p in product(range(4), repeat=2)]
    assert set(found) <= set(range(-9, 10)) and len(set(found)) > 5
    assert found == [draw_of("").component("A", p) for p in product(range(4), repeat=2)]
    assert found != [draw.component("B", p) for p in product(range(4), repeat=2)]
    with pytest.raises(NotDrawn):
        draw_of("orthogonal")


@pytest.mark.parametrize(
    ("text", "degree"),
    [
        ("y = x", 1),
        ("y = x**5", 5),
        ("y = x**-3", 3),
        ("y = a b c", 3),
        ("y = a b + c", 3),  # as fractions: denominators multiply
        ("y = (a + b)**2 c", 5),
        ("index i : n(4)\ny = a[i] b[i]", 8),  # a sum of 4 fractions
        ("z = x x\ny = z z z", 6),
        ("y = 2", 0),
    ],
)
def test_degrees(text, degree):
    program = read_program(text)
    assert degrees(program, choose_sizes(program, None, (4,)))["y"] == degree


# Values of these at integers are fractions whose denominators are powers of 2, so that floating point has them exactly.
POLYNOMIALS = (
    "index i : n(4)\ny = mean[i](x[i])",
    "index i : n(4)\ny = var[i](x[i])",
    "index i : n(4)\ny = prod[i](x[i])",
    "index i : n(4)\ny[i] = cumsum[i](x[i])",
    "index i, j : n(4)\ny[i] = where(j > i, x[j], 2) w[j]",
    "index i, j : n(4)\ny[i] = sum[j]((i >= j) x[j])",
    "index i : n(4)\ny = sum[i](i x[i])",
    "index i, j, k : s(3)\ny[i] = eps[i,j,k] a[j] b[k]",
    "index i, j : n(4)\ny[i,j] = delta[i,j] x[i] - x[j] / 4",
    "index i : n(4)\ny = (x[i] x[i])**2 / 8 - N\nindex k : m(N)\nz[k] = w[k]\noutput y, z",
    "index i : n(4)\ny[i] = 2 x[i] + x[3]",
    "index v : words(4)\nindex b : rows(4)\ninteger tok[b] : words\ny[b] = E[tok[b]] tok[b]",
)


@pytest.mark.parametrize("text", POLYNOMIALS)
def test_values_modulo_the_prime_are_the_interpreters(text):
    program = plain(read_program(text))
    sizes = choose_sizes(program, None, (4,))
    draw = Draw(program, 1, 0, 3)
    shapes = {t.name: tuple(sizes[i.space] for i in t.indices) for t in program.tensors}
    kinds = {t.name: int if t.is_integer else float for t in program.tensors}
    arrays = {
        name: np.array([draw.component(name, p) for p in product(*map(range, shape))], kinds[name]).reshape(shape)
        for name, shape in shapes.items()
    }
    found = run_outputs(program, arrays)
    modular = Modular(program, sizes, draw)
    for name, values in found.items():
        for at in np.ndindex(values.shape):
            exact = Fraction(float(values[at]))
            assert modular.component(name, at) == exact.numerator * pow(exact.denominator, -1, PRIME) % PRIME
    assert modular.opaque == 0


def test_integers_are_no_real_inputs():
    found = compare(
        read_program("index v : words(3)\ninteger t[b] : words\ny[b] = E[t[b]]"),
        read_program("y[b] = E[b] t[b]"),
    )
    assert found.verdict == "different"
    assert found.reason == "`t` holds integers on one side only"
