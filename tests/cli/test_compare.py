"""`indexcalc compare`: every kind of side, exit codes, text and JSON."""

import json
from pathlib import Path

import pytest

from .test_commands import run

SCORES = "S[i,j] = Q[i,d] K[j,d]"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("model.idx").write_text(f"{SCORES}\nP[i,j] = softmax[j](S[i,j] / sqrt(D))\n", encoding="utf-8")
    Path("paper.tex").write_text(
        r"\begin{equation}\label{eq:scores} S_{ij} = \sum_d Q_{id} K_{jd} \end{equation}"
        r"\begin{equation}\label{eq:out} O_{ia} = \sum_j P_{ij} V_{ja} \end{equation}",
        encoding="utf-8",
    )
    Path("model.py").write_text(
        "import torch\ns = q @ k.transpose(-1, -2)\no = torch.einsum('bhij,bhja->bhia', p, v)\nx = f(y)\n"
        "o = torch.einsum('bhji,bhja->bhia', p, v)\n",
        encoding="utf-8",
    )
    return tmp_path


EQUAL = [
    (SCORES, "T[n,m] = keys[m,e] queries[n,e]"),
    (SCORES, "id,jd->ij"),
    ("bqhd,bkhd->bhqk", SCORES),
    ("bhid,bhjd->bhij", "b h q d, b h k d -> b h q k"),
    ("b (c p q) -> b c p q", "n (k u v) -> n k u v"),
    ("...id,...jd->...ij", SCORES),
    ("model.idx#S", "paper.tex#eq:scores"),
    ("model.idx#S", "model.py:2"),
    ("model.py:2", SCORES),
    ("paper.tex#eq:out", "model.py:3"),
    ("model.py:3", "bhij,bhjd->bhid"),
    ("sum[i](x[i]**2)", "x[k] x[k]"),
    ("model.idx", "model.idx#P"),
    ("x[i] y[j]", "y[j] x[i]"),  # bare expressions: free indices are known by their names
    ("x[i] y[j]", "u[a] v[b]"),
    ("eps[i,j,k] eps[i,l,m]", "delta[j,l] delta[k,m] - delta[j,m] delta[k,l]"),
]


@pytest.mark.parametrize(("a", "b"), EQUAL)
def test_equal(folder, a, b):
    done = run("compare", a, b)
    assert done.output.split(":")[0].split(" for each")[0] == "equal"


DIFFERENT = [
    (SCORES, "S[i,j] = K[i,d] Q[j,d]"),
    (SCORES, "di,jd->ij"),
    ("b (c p q) -> b c p q", "b (c q p) -> b c p q"),
    ("model.idx#P", "model.py:2"),
    ("paper.tex#eq:out", "model.py:5"),
    ("model.py:3", "model.py:5"),
    ("b h i -> b (h i)", "b h i -> (b h) i"),
    ("W[i,j]", "W[j,i]"),
]


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_different(folder, a, b):
    done = run("compare", a, b, code=1)
    assert done.output.split(":")[0] == "different"


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ("S[i,j = 2", SCORES, "IX001"),
        ("A_ij B_jk", "A[i,j] B[j,k]", "IX507"),
        ("model.idx#T", SCORES, "defines no `T`"),
        ("paper.tex#eq:none", SCORES, "no equation with the label"),
        ("paper.tex", SCORES, "which equation is meant?"),
        ("model.py:4", SCORES, "line 4 cannot be read: what `f(y)` computes is not known here"),
        ("model.py:1", SCORES, "computes nothing"),
        ("gone.py:1", SCORES, "no such file"),
        ("ij,->->", SCORES, "is no spec"),
        ("model.py", SCORES, "is no file with formulas"),
        ("A[i,j] x[j] == 0", SCORES, "the first defines nothing"),
    ],
)
def test_bad_input(folder, a, b, message):
    done = run("compare", a, b, code=2)
    assert message in done.stderr


def test_text(folder):
    assert run("compare", SCORES, "T[n,m] = keys[m,e] queries[n,e]").output == (
        "equal: proved by normal form\n  Q = queries, K = keys\n"
    )
    assert run("compare", "y = 3 x", "y = 2 x", code=1).output == (
        "different: they differ at a random point\n  y is -3 in the first and -2 in the second, for\n    x = -1\n"
    )
    assert "wrong with a probability below" in run("compare", "y = 1/(a+b) + 1/(a-b)", "y = 2 a/(a**2-b**2)").output


def test_json(folder):
    data = json.loads(run("compare", SCORES, "S[i,j] = K[i,d] Q[j,d]", "--format", "json", code=1).output)
    assert (data["verdict"], data["exchanged"], data["each"]) == ("different", ["Q", "K"], [])
    shown = data["counterexample"]
    assert shown["first"] != shown["second"]
    assert set(shown["inputs"]) == {"Q", "K"}
    same = json.loads(run("compare", "bhid,bhjd->bhij", SCORES, "--format", "json").output)
    assert (same["verdict"], same["each"], same["error"], same["counterexample"]) == ("equal", ["b", "h"], 0.0, None)


@pytest.mark.parametrize(("a", "b"), [("model.py:5", "paper.tex#eq:out"), ("T[n,m] = 2 q[n,e] k[m,e]", SCORES)])
def test_sides_exchanged_give_the_same_answer_the_other_way_round(folder, a, b):
    one, two = (json.loads(run("compare", *sides, "--format", "json", code=1).output) for sides in ((a, b), (b, a)))
    assert (one["verdict"], one["each"]) == (two["verdict"], two["each"]) == ("different", one["each"])
    assert one["mapping"] == {y: x for x, y in two["mapping"].items()}
    shown, other = one["counterexample"], two["counterexample"]
    assert shown["first"] != shown["second"]
    if a.startswith("model"):  # the same draw, told from the other side
        assert (shown["first"], shown["second"]) == (other["second"], other["first"])
        assert {one["mapping"].get(n, n): x for n, x in shown["inputs"].items()} == other["inputs"]
