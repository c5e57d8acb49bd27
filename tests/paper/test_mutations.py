"""One index of a right equation is changed at random: with spaces and tensors declared, that is found."""

from __future__ import annotations

import random
import re

import pytest

import indexcalc as ic
from benchmarks import paper_mutations

HEAD = """% ix: index b : batch
% ix: index h : heads
% ix: index i : query
% ix: index j : key
% ix: index d : feature
% ix: index e : value
% ix: index k : inner
% ix: tensor Q[b,h,i,d], K[b,h,j,d], V[b,h,j,e], S[b,h,i,j], P[b,h,i,j], O[b,h,i,e], A[i,k], B[k,j], C[i,j]
% ix: tensor W[d,e], x[b,d], y[b,e], c[e], g[d], z[b,d], m[b], T[i,j,k], u[j], v[i], w[k]
"""
EQUATIONS = (
    r"S_{bhij} = \sum_d Q_{bhid} K_{bhjd}",
    r"O_{bhie} = P_{bhij} V_{bhje}",
    r"C_{ij} = \sum_k A_{ik} B_{kj}",
    r"y_{be} = x_{bd} W_{de} + c_e",
    r"z_{bd} = g_d (x_{bd} - m_b)",
    r"v_i = T_{ijk} u_j w_k",
    r"P_{bhij} = \frac{\exp(S_{bhij})}{\sum_j \exp(S_{bhij})}",
    r"m_b = \sum_d x_{bd} g_d",
    r"C_{ij} = v_i u_j + A_{ik} B_{kj}",
)
LETTERS = "bhijdek"
SCRIPT = re.compile(r"_\{(\w+)\}|_(\w)(?!\w)")


def mutate(text: str, rng: random.Random) -> tuple[str, str]:
    """The equation with one script changed, and the kind of change."""
    places = [m for m in SCRIPT.finditer(text) if text[max(0, m.start() - 4) : m.start()] != "\\sum"]
    m = rng.choice(places)
    letters = list(m[1] or m[2])
    kind = rng.choice(("swap", "drop", "duplicate", "rename") if len(letters) > 1 else ("duplicate", "rename"))
    k = rng.randrange(len(letters))
    if kind == "swap":
        n = rng.choice([x for x in range(len(letters)) if x != k])
        letters[k], letters[n] = letters[n], letters[k]
    elif kind == "drop":
        del letters[k]
    elif kind == "duplicate":
        letters.insert(k, letters[k])
    else:
        letters[k] = rng.choice([x for x in LETTERS if x != letters[k]])
    return f"{text[: m.start()]}_{{{''.join(letters)}}}{text[m.end() :]}", kind


def serious(text: str) -> bool:
    return any(d.severity != "note" for d in ic.lint(text, kind="latex"))


def test_the_equations_are_right():
    for text in EQUATIONS:
        assert [str(d) for d in ic.lint(f"{HEAD}$${text}$$", kind="latex")] == []


def test_one_changed_index_is_found():
    rng = random.Random(1)
    missed = []
    count = 1000
    for _ in range(count):
        text, kind = mutate(rng.choice(EQUATIONS), rng)
        if not serious(f"{HEAD}$${text}$$"):
            missed.append((kind, text))
    assert len(missed) <= count // 100, missed


GR = (
    r"\Gamma^\lambda_{\mu\nu} = \frac12 g^{\lambda\sigma} (\partial_\mu g_{\nu\sigma} + \partial_\nu g_{\mu\sigma} "
    r"- \partial_\sigma g_{\mu\nu})",
    r"\nabla_\mu V^\nu = \partial_\mu V^\nu + \Gamma^\nu_{\mu\lambda} V^\lambda",
    r"T_{\mu\nu} = F_{\mu\alpha} F_\nu{}^\alpha - \frac14 g_{\mu\nu} F_{\alpha\beta} F^{\alpha\beta}",
    r"G_{\mu\nu} = R_{\mu\nu} - \frac12 g_{\mu\nu} g^{\alpha\beta} R_{\alpha\beta}",
)


def test_in_tensor_calculus_raised_and_renamed_indices_are_found_without_any_declaration():
    """Each index that stands alone in its script is raised or lowered, and each Greek letter renamed to another."""
    for text in GR:
        assert not serious(text)
        missed = []
        for m in re.finditer(r"\\(mu|nu|lambda|sigma|alpha|beta)\b", text):
            renamed = text[: m.start()] + r"\kappa" + text[m.end() :]
            if not serious(renamed):
                missed.append(renamed)
        assert missed == []


METRIC = "% ix: index \\mu, \\nu, \\alpha : spacetime\n% ix: index a : space\n% ix: metric g : spacetime\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"u_\mu = g_{\mu\nu} u^\nu", []),
        (r"u_\mu = u^\mu", ["IX301"]),
        (r"s = u_\mu w_\mu", ["IX301"]),
        (r"s = u_a w_a", []),  # no metric for this space
        (r"u_\mu = B_{\mu\nu} w_\nu", ["IX301"]),
        (r"R = g^{\mu\nu} R_\mu", ["IX102"]),
        (r"V = V^\mu", ["IX102"]),
        (r"V = V^\mu e_\mu", []),
        (r"R_{\mu\nu} = 0", []),
        (r"0 = R_{\mu\nu}", []),
        (r"J = \nabla_\mu F^{\mu\nu}", ["IX102"]),
        (r"v_a = w_a + c", []),  # a broadcast, where no metric is
    ],
)
def test_a_declared_metric_makes_positions_count(text, expected):
    assert [d.code for d in ic.lint(f"{METRIC}${text}$", kind="latex") if d.severity == "error"] == expected
    bare = [d for d in ic.lint(f"${text}$", kind="latex") if d.severity == "error"]
    assert bare == [], "without declarations these may be components or names"


def test_mutations_of_relativity_with_a_declared_metric_are_found():
    assert [e for e in paper_mutations.EQUATIONS if paper_mutations.is_flagged(e)] == []
    flagged, total, missed = paper_mutations.figures(400, seed=3)
    assert all(total[kind] > 4 for kind in paper_mutations.KINDS)
    assert flagged.total() >= 0.99 * 400, missed
