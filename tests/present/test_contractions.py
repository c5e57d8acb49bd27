"""einsum strings of statements and their multiplications as a formula."""

from __future__ import annotations

import pytest

import indexcalc as ic
from indexcalc.ir.program import Define
from indexcalc.present.contractions import einsum_strings, multiplications
from indexcalc.present.look import Look

UNICODE, ASCII = Look(unicode=True), Look()
SQUARE = "index i, j, k : n(N)\n"


def last(text: str) -> Define:
    found = ic.parse(text).statements[-1]
    assert isinstance(found, Define)
    return found


@pytest.mark.parametrize(
    ("text", "strings", "cost"),
    [
        (f"{SQUARE}g[k] = (A[k,i] + A[i,k]) x[i]", "ki,i->k + ik,i->k", "N²"),
        (f"{SQUARE}g[k] = A[k,i] x[i] - 3 A[i,k] x[i]", "ki,i->k - 3 ik,i->k", "2 N²"),
        (f"{SQUARE}C[i,k] = A[i,j] B[j,k] + 2 u[i] v[k]", "ij,jk->ik + 2 i,k->ik", "N³ + N²"),
        ("index i : m(8)\nindex j : n(N)\nT[j,i] = A[i,j]", "ij->ji", "0"),
        ("r[n] = X[n,i] w[i] - y[n]", "ni,i->n - n->n", "n_i n_n"),
        ("L = A[i,j] B[j,k] x[k] y[i]", "ij,jk,k,i->", None),
        ("y[i] = exp(x[i]) A[i,j] z[j]", None, None),
        ("y[i] = x[i] - z[i] / 2", "i->i - 0.5 i->i", "0"),
    ],
)
def test_terms_as_strings_and_their_multiplications(text: str, strings: str | None, cost: str | None) -> None:
    assert einsum_strings(last(text)) == strings
    assert multiplications(last(text), UNICODE) == cost


def test_plain_characters() -> None:
    assert multiplications(last(f"{SQUARE}C[i,k] = A[i,j] B[j,k]"), ASCII) == "N^3"


def test_a_term_that_lacks_a_free_index_has_no_string() -> None:
    assert einsum_strings(last("y[b,i] = W[i,j] x[b,j] + c[i]")) is None
