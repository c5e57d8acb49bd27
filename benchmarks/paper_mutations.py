"""Mutations of single indices in equations of relativity as papers write them, with indices and a metric declared.

Each reference is `name[_a, ^b]` below, and a staggered script in LaTeX.  Exchanging two indices in the same position is
no mistake of balance, so it is not counted; everything else is.  No equation is `… = 0`, where any free index is right.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from functools import cache

from indexcalc.lint.run import lint_source
from indexcalc.lint.source import Source

LETTERS = {
    "a": r"\alpha", "b": r"\beta", "c": r"\gamma", "d": r"\lambda", "e": r"\kappa", "k": r"\rho", "l": r"\sigma",
    "m": r"\mu", "n": r"\nu",
}  # fmt: skip
HEAD = "% ix: index {} : spacetime\n% ix: metric g : spacetime\n".format(", ".join(LETTERS.values()))
KINDS = ("swap", "drop", "double", "rename", "raise or lower")
EQUATIONS = (
    r"\Gamma[^k, _m, _n] = \frac{1}{2} g[^k, ^l] (\partial[_m] g[_n, _l] + \partial[_n] g[_m, _l] "
    r"- \partial[_l] g[_m, _n])",
    r"R[^k, _l, _m, _n] = \partial[_m] \Gamma[^k, _n, _l] - \partial[_n] \Gamma[^k, _m, _l] "
    r"+ \Gamma[^k, _m, _a] \Gamma[^a, _n, _l] - \Gamma[^k, _n, _a] \Gamma[^a, _m, _l]",
    r"R[_m, _n] = R[^k, _m, _k, _n]",
    r"R = g[^m, ^n] R[_m, _n]",
    r"G[_m, _n] = R[_m, _n] - \frac{1}{2} g[_m, _n] R",
    r"G[_m, _n] + \Lambda g[_m, _n] = 8 \pi T[_m, _n]",
    r"\nabla[_m] V[^n] = \partial[_m] V[^n] + \Gamma[^n, _m, _a] V[^a]",
    r"\nabla[_m] W[_n] = \partial[_m] W[_n] - \Gamma[^a, _m, _n] W[_a]",
    r"\nabla[_m] T[^m, ^n] = f[^n]",
    r"T[_m, _n] = (\epsilon + p) u[_m] u[_n] + p g[_m, _n]",
    r"T[_m, _n] = F[_m, _a] F[_n, ^a] - \frac{1}{4} g[_m, _n] F[_a, _b] F[^a, ^b]",
    r"F[_m, _n] = \partial[_m] A[_n] - \partial[_n] A[_m]",
    r"\nabla[_m] F[^m, ^n] = J[^n]",
    r"\frac{d^2 x[^m]}{d s^2} = - \Gamma[^m, _a, _b] u[^a] u[^b]",
    r"h[_m, _n] = g[_m, _n] + u[_m] u[_n]",
    r"a[^m] = u[^a] \nabla[_a] u[^m]",
    r"C[_k, _l, _m, _n] = R[_k, _l, _m, _n] - \frac{1}{2} (g[_k, _m] R[_n, _l] - g[_k, _n] R[_m, _l] "
    r"- g[_l, _m] R[_n, _k] + g[_l, _n] R[_m, _k]) + \frac{R}{6} (g[_k, _m] g[_n, _l] - g[_k, _n] g[_m, _l])",
    r"\delta[^m, _n] = g[^m, ^a] g[_a, _n]",
    r"\frac{D w[^m]}{d s} = R[^m, _a, _b, _c] u[^a] u[^b] w[^c]",
    r"V[_m] = g[_m, _n] V[^n]",
    r"\Box \phi = g[^m, ^n] \nabla[_m] \nabla[_n] \phi",
    r"K = R[_a, _b, _c, _d] R[^a, ^b, ^c, ^d]",
)
_REFERENCE = re.compile(r"\[([_^]\w(?:, [_^]\w)*)\]")


def latex(text: str) -> str:
    r"""The equation as LaTeX.

    >>> latex("T[_m, ^a, ^b]")
    'T_{\\mu}{}^{\\alpha\\beta}'
    """

    def script(match: re.Match[str]) -> str:
        runs = re.findall(r"(?:_\w(?:, )?)+|(?:\^\w(?:, )?)+", match[1])
        return "{}".join(f"{run[0]}{{{''.join(LETTERS[c] for c in run if c in LETTERS)}}}" for run in runs)

    return _REFERENCE.sub(script, text)


def mutant(text: str, rng: random.Random) -> tuple[str, str] | None:
    """The kind of a random change of one reference, and the equation with it; None where it would not count."""
    match = rng.choice(list(_REFERENCE.finditer(text)))
    slots = match[1].split(", ")
    n, kind = rng.randrange(len(slots)), rng.choice(KINDS)
    if kind == "swap":
        m = rng.randrange(len(slots))
        if slots[n][0] == slots[m][0]:
            return None
        slots[n], slots[m] = slots[n][0] + slots[m][1], slots[m][0] + slots[n][1]
    elif kind == "drop":
        del slots[n]
    elif kind == "double":
        slots.insert(n, slots[n])
    elif kind == "rename":
        other = rng.choice("abcdeklmn")
        if other == slots[n][1]:
            return None
        slots[n] = slots[n][0] + other
    else:
        slots[n] = "^_"[slots[n][0] == "^"] + slots[n][1]
    reference = f"[{', '.join(slots)}]" if slots else ""
    return kind, text[: match.start()] + reference + text[match.end() :]


@cache
def is_flagged(text: str) -> bool:
    """Whether the equation has an error or a warning."""
    source = Source(f"{HEAD}\\begin{{equation}}\n{latex(text)}\n\\end{{equation}}\n", "paper.tex", "latex")
    return any(d.severity != "note" for d in lint_source(source))


def figures(count: int = 1000, seed: int = 0) -> tuple[Counter[str], Counter[str], list[str]]:
    """Of `count` mutations how many are flagged and how many there are, by kind, and those that are missed."""
    rng = random.Random(seed)
    flagged: Counter[str] = Counter()
    total: Counter[str] = Counter()
    missed = []
    while sum(total.values()) < count:
        made = mutant(rng.choice(EQUATIONS), rng)
        if made is None:
            continue
        kind, text = made
        total[kind] += 1
        flagged[kind] += is_flagged(text)
        if not is_flagged(text):
            missed.append(f"{kind}: {latex(text)}")
    return flagged, total, missed
