"""Mutations of single indices in valid equations are flagged; see benchmarks/lint_mutations.py."""

import random

import pytest

from benchmarks.lint_mutations import KINDS, Figures, clean_equations, equations, figures, mutants, same_meaning


@pytest.fixture(scope="module")
def found() -> Figures:
    return figures(300, seed=7)


def test_nearly_all_are_flagged(found):
    assert sum(found.total.values()) == 300
    assert all(found.total[kind] > 10 for kind in KINDS), "every kind of mutation is drawn"
    assert found.share >= 0.99, [m.text for m in found.missed]


def test_most_of_those_within_one_space_are_flagged_too(found):
    assert found.within_total > 10
    assert found.within_flagged >= 0.7 * found.within_total


def test_the_equations_themselves_are_clean():
    assert len(equations()) > 500
    assert len(equations()) - len(clean_equations()) < 10


def test_numbers_tell_mutations_from_other_spellings():
    head = "index i, j : n\ntensor A[i, j], B[i, j], S[i, j] symmetric, C[i, j]\n"
    first = "C[i, j] = A[i, k] B[k, j]\n".replace("k", "j'").replace("j'", "k")
    head = head.replace("index i, j", "index i, j, k")
    assert same_meaning(head + "C[i, j] == A[i, k] B[k, j]", head + "C[i, j] == B[k, j] A[i, k]")
    assert not same_meaning(head + first.replace("=", "=="), head + "C[i, j] == A[k, i] B[k, j]")
    assert same_meaning(head + "C[i, j] == S[i, j]", head + "C[i, j] == S[j, i]")


def test_a_mutant_differs_in_one_reference():
    equation = next(e for e in equations() if e.name == "scaled_dot_product.S")
    for mutant in mutants(equation, random.Random(3), 50):
        assert mutant.text.startswith(equation.head)
        assert mutant.text[len(equation.head) :] != equation.text
