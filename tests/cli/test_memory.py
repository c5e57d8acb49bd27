"""`--save`, `--recompute` and `--memory`: what `derive`, `emit`, `run` and `cost` make of them."""

import re

import pytest

import indexcalc as ic
from indexcalc.cli.arguments import Bytes

from .test_commands import ATTENTION, data, run

SIZES = ("--sizes", "L=64,D=8")
GRAD = ("--grad", "Q,K,V", "--with-value")


def program(**options):
    with open(ATTENTION, encoding="utf-8") as file:
        return ic.grad(file.read(), "Q,K,V", with_value=True, **options)


def test_derive_shows_what_is_computed_again_and_says_so():
    shown = run("derive", ATTENTION, "--wrt", "Q,K,V", "--recompute", "P").stdout
    assert re.search(r"P_again\[i,j\] = softmax\[j\]\(where\(j <= i, S\[i,j\], -inf\)\)\s+computed again", shown)
    assert "saved for the backward part: S, O" in shown
    assert "computed again there: P" in shown
    assert "the forward's multiplications" not in shown


def test_derive_as_json_has_the_notes_and_a_program_that_reads_back():
    found = data("derive", ATTENTION, "--wrt", "Q,K,V", "--save", "O")
    assert found["notes"][0] == "saved for the backward part: O"
    assert ic.parse(found["program"]).recomputed == ("S_again", "P_again")


def test_emit_writes_the_lines_twice():
    shown = run("emit", ATTENTION, *GRAD, "--save", "O").stdout
    assert shown.rstrip() == ic.emit(program(save=["O"])).rstrip()
    assert shown.count("np.exp(") == 2


def test_cost_with_a_budget():
    layers = "index b : batch(B); index i, j : model(M); h1[b,j] = tanh(x[b,i] U[i,j]); h2[b,j] = tanh(h1[b,i] V[i,j])"
    asked = (f"{layers}; y[b,j] = h2[b,i] W[i,j]", "--sizes", "B=512,M=8", "--grad", "U,V,W", "--with-value")
    whole = data("cost", *asked)["peak_bytes"]
    least = data("cost", *asked, "--recompute", "h1")["peak_bytes"]
    assert least < whole
    assert data("cost", *asked, "--memory", str(least))["peak_bytes"] <= least
    assert data("cost", *asked, "--memory", "1.5GiB")["peak_bytes"] <= whole


def test_run_gives_the_same_numbers():
    plain = run("run", ATTENTION, "--random", *SIZES, *GRAD).stdout
    assert run("run", ATTENTION, "--random", *SIZES, *GRAD, "--recompute", "P,S").stdout == plain


def test_a_budget_that_is_too_small():
    shown = run("emit", ATTENTION, *SIZES, *GRAD, "--memory", "1kB", code=2).stderr
    assert "IX909" in shown and "does not fit into 1000 B" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("emit", ATTENTION, "--save", "P"), "--save needs --grad"),
        (("emit", ATTENTION, *GRAD, "--memory", "much"), "'much' is no amount of memory"),
        (("emit", ATTENTION, *GRAD, "--memory", "1GiB"), "no size is given for extent `L`, extent `D`"),
        (("emit", ATTENTION, *GRAD, "--save", "P", "--recompute", "S"), "given together"),
        (("derive", ATTENTION, "--kind", "jvp", "--save", "P"), "are for gradients"),
        (("derive", ATTENTION, "--form", "closed", "--save", "P"), "are for gradients in --form program"),
    ],
)
def test_refusals(arguments, message):
    assert message in run(*arguments, code=2).stderr


@pytest.mark.parametrize(
    ("text", "number"),
    [("512", 512), ("2 KB", 2000), ("512MiB", 512 * 1024**2), ("1.5GB", 1_500_000_000), ("1.5gib", 3 * 2**29)],
)
def test_amounts_of_memory(text, number):
    assert Bytes().convert(text, None, None) == number
