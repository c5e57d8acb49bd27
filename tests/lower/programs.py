"""Random programs of the kinds that passes rewrite and fuse: contractions, pointwise functions, reductions, masks,
gathers and scatters, read several times, with their gradients."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hypothesis import strategies as st

import indexcalc as ic

DECLARED = """index i, j, k : seq(L)
index d, a : feat(D)
index h : heads(H)
index v : vocab(V)
integer t[i] : vocab
integer p[i] : seq
tensor Q[h, i, d], K[h, j, d], x[i, d], y[j, d], w[j], g[d], E[v, d], s
"""
SPACES = {"i": "seq", "j": "seq", "k": "seq", "d": "feat", "a": "feat", "h": "heads", "v": "vocab"}
LEAVES = {"Q": "hid", "K": "hjd", "x": "id", "y": "jd", "w": "j", "g": "d", "E": "vd", "s": ""}
SMOOTH = ("tanh({0})", "sigmoid({0})", "exp(-({0})**2)", "({0}) / 4", "sqrt(1 + ({0})**2)", "softplus({0})", "cos({0})")
KINKED = ("relu({0})", "abs({0})", "max({0}, 0.1)")
MAX_AXES = 4


@dataclass
class Draft:
    """Statements so far, and what is known: names with the letters of their slots."""

    lines: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=lambda: dict(LEAVES))

    def define(self, letters: str, body: str) -> None:
        name = f"T{len(self.lines)}"
        self.lines.append(f"{access(name, letters)} = {body}")
        self.known[name] = letters


def access(name: str, slots: str) -> str:
    return f"{name}[{', '.join(slots)}]" if slots else name


@st.composite
def tensors(draw: st.DrawFn, draft: Draft) -> tuple[str, str]:
    """(text, letters) of something known with slots renamed within their spaces, no letter twice."""
    known = list(draft.known)
    name = draw(st.sampled_from(known[-2:] if draw(st.integers(0, 2)) else known))
    letters: list[str] = []
    for letter in draft.known[name]:
        free = [x for x, space in SPACES.items() if space == SPACES[letter] and x not in letters]
        letters.append(letter if letter in free and draw(st.booleans()) else draw(st.sampled_from(free)))
    return access(name, "".join(letters)), "".join(letters)


def union(*letters: str) -> str:
    return "".join(dict.fromkeys("".join(letters)))


@st.composite
def statements(draw: st.DrawFn, draft: Draft, smooth: bool, kind: str = "") -> None:
    """One more statement, of a kind where one is given."""
    kind = kind or draw(st.sampled_from(KINDS))
    x, first = draw(tensors(draft))
    if kind == "contract":
        y, second = draw(tensors(draft))
        both = [c for c in first if c in second]
        summed = both[: draw(st.integers(1, 2))] if both else [*union(first, second)][:1]
        kept = "".join(c for c in union(first, second) if c not in summed)
        if not summed or len(kept) > MAX_AXES:
            return
        scale = draw(st.sampled_from(("", "0.5 ", "-")))
        draft.define(kept, f"{scale}sum[{', '.join(summed)}]({x} {y}) / 2")
    elif kind == "pointwise":
        function = draw(st.sampled_from(SMOOTH if smooth else SMOOTH + KINKED))
        draft.define(first, function.format(x))
    elif kind == "combine":
        y, second = draw(tensors(draft))
        letters = union(first, second)
        form = draw(st.sampled_from(("{0} + {1}", "{0} - {1}", "{0} {1}", "{0} / (1 + ({1})**2)")))
        if letters and len(letters) <= MAX_AXES:
            draft.define(letters, form.format(x, y))
    elif kind == "scores":
        letters, body = draw(st.sampled_from((("hij", "Q[h, i, d] K[h, j, d]"), ("ij", "x[i, d] y[j, d]"))))
        draft.define(letters, f"{body} / sqrt(D)")
    elif kind == "averaged":  # a weighted mean over one index of scores, which need not be stored
        letters, scores, by, slots = draw(st.sampled_from(AVERAGED))
        inner = draw(st.sampled_from(("{0}", "where(j <= i, {0}, -inf)", "tanh({0})", "{0} - w[j]")))
        weights = draw(st.sampled_from(("softmax[j]({0})", "exp({0} / 2)", "softmax[j]({0})")))
        draft.define(letters, scores)
        draft.define(letters, weights.format(inner.format(access(list(draft.known)[-1], letters))))
        name = list(draft.known)[-1]
        draft.define("".join(c for c in union(letters, slots) if c != "j"), f"sum[j]({access(name, letters)} {by})")
    elif kind == "weighted":
        wide = [n for n, letters in draft.known.items() if {"i", "j"} <= {*letters}]
        if wide:
            name = draw(st.sampled_from(wide))
            by, slots = draw(st.sampled_from((("w[j]", "j"), ("y[j, a]", "ja"), ("K[h, j, a]", "hja"))))
            kept = "".join(c for c in union(draft.known[name], slots) if c != "j")
            if "a" not in draft.known[name] and len(kept) <= MAX_AXES:
                draft.define(kept, f"sum[j]({access(name, draft.known[name])} {by})")
    elif kind == "number":
        draft.define("", draw(st.sampled_from(("1/3", "sqrt(2)", "0", "1", "-exp(1/2)", "2 - 3 s"))))
    elif kind == "distance":
        draft.define("ij", "sum[d]((x[i, d] - y[j, d])**2) / 3")
    elif kind == "gather":
        draft.define("id", draw(st.sampled_from(("E[t[i], d]", "x[p[i], d]"))))
    elif kind == "scatter":
        draft.define("vd", "sum[i](x[i, d] delta[v, t[i]])")
    elif first:
        along = draw(st.sampled_from(first))
        rest = "".join(c for c in first if c != along)
        mask = draw(st.sampled_from(("", "<=", "<"))) if {"i", "j"} <= {*first} and along == "j" else ""
        if kind == "softmax":
            # the diagonal is always seen, so that no row is empty
            inner = f"where(j <= i{' + 1' if mask == '<' else ''}, {x}, -inf)" if mask else x
            draft.define(first, f"softmax[{along}]({inner})")
        elif kind == "masked sum" and mask:
            draft.define(rest, f"sum[j](where(j {mask} i, {x}, 0))")
        else:
            operation = draw(st.sampled_from(("sum", "mean", "logsumexp") + (() if smooth else ("max", "min"))))
            draft.define(rest, f"{operation}[{along}]({x})" + (" / 3" if operation == "sum" else ""))


AVERAGED = (
    ("hij", "Q[h, i, d] K[h, j, d] / sqrt(D)", "K[h, j, a]", "hja"),
    ("ij", "x[i, d] y[j, d] / D", "y[j, a]", "ja"),
    ("ij", "-sum[d]((x[i, d] - y[j, d])**2) / 2", "w[j]", "j"),
)
KINDS = ("contract",) * 2 + ("pointwise",) * 4 + ("combine",) * 2 + ("softmax",) * 3 + ("averaged",) * 3
KINDS += ("scores", "weighted") * 2
KINDS += ("number", "reduce", "masked sum", "distance", "gather", "scatter")


@st.composite
def programs(draw: st.DrawFn) -> ic.Program:
    """A program of a few statements, or the gradient of one."""
    derived = draw(st.booleans())
    draft = Draft()
    if draw(st.booleans()):
        draw(statements(draft, smooth=derived, kind="averaged"))
    for _ in range(draw(st.integers(1, 5))):
        draw(statements(draft, smooth=derived))
    if not draft.lines:
        draft.define("i", "x[i, d] x[i, d]")
    names = list(draft.known)[len(LEAVES) :]
    read = [n for n in LEAVES if any(re.search(rf"\b{n}\b", line) for line in draft.lines)]
    if not derived or not read:
        chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        return ic.parse(f"{DECLARED}{chr(10).join(draft.lines)}\noutput {', '.join(chosen)}")
    last = names[-1]
    squared = f"{access(last, draft.known[last])}**2"
    draft.lines.append(f"R = sum[{', '.join(draft.known[last])}]({squared})" if draft.known[last] else f"R = {squared}")
    program = ic.parse(f"{DECLARED}{chr(10).join(draft.lines)}\noutput R")
    wrt = draw(st.lists(st.sampled_from(read), min_size=1, max_size=3, unique=True))
    return ic.grad(program, wrt, with_value=draw(st.booleans()))
