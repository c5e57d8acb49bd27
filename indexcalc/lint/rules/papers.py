"""Equations of a paper that contradict each other: shapes, spaces, transposed uses, ranks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...diagnostics import Diagnostic, listed
from ...paper.defined import Slot, slots_of
from ...paper.extents import Declared
from ...paper.paper import Paper
from ...paper.uses import Bound, Use, Uses, Variable, only
from ..registry import lint_rule


@lint_rule(
    "IX250",
    name="extents-contradict",
    summary="an index of a paper runs over slots that the paper declares with different extents",
    why="A repeated index takes the same values in each of its places. Where W is declared d × k and x has d "
    "components, an index of both runs over the second slot of W only if the transpose of W is meant.",
    bad=r"Let $W \in \mathbb{R}^{d \times k}$ and $x \in \mathbb{R}^d$. Then $y_i = \sum_j W_{ij} x_j$.",
    good=r"Let $W \in \mathbb{R}^{d \times k}$ and $x \in \mathbb{R}^k$. Then $y_i = \sum_j W_{ij} x_j$.",
    subject="document",
    language="latex",
    right="where the two extents are equal; `$d = k$` anywhere in the text says so",
)
def extents_contradict(paper: Paper) -> Iterator[Diagnostic]:
    if not paper.shapes.tensors:
        return
    for _, uses in paper.uses:
        clash = clash_of_extents(paper, uses, paper.shapes.tensors, "IX250")
        if clash is not None:
            yield clash


def clash_of_extents(
    paper: Paper, uses: Uses, tensors: Mapping[str, Declared], code: str, *, defined: bool = False
) -> Diagnostic | None:
    """The first index of an equation whose slots have two extents; with `defined`, of which one is by a definition."""
    slots = slots_of(uses, tensors)
    for variable, found in slots.items():
        for k, slot in enumerate(found):
            for other in found[:k]:
                if defined <= any(tensors[x[0].name].defined for x in (slot, other)) and _differ(paper, other, slot):
                    return _clash(paper, variable, other, slot, tensors, code)
    for bound in uses.bounds:
        for slot in slots.get(bound.variable, ()):
            declared = tensors[slot[0].name]
            if defined <= declared.defined and _is_beyond(paper, bound, slot, declared):
                return _beyond(paper, bound, slot, declared, code)
    return None


def _differ(paper: Paper, one: Slot, other: Slot) -> bool:
    """Whether two slots, of which one belongs to a matrix at least, have different extents."""
    return len(one[0].variables) + len(other[0].variables) > 2 and paper.shapes.differ(one[2], other[2])


def _clash(
    paper: Paper, variable: Variable, first: Slot, second: Slot, tensors: Mapping[str, Declared], code: str
) -> Diagnostic:
    (other, there, another), (use, at, extent) = first, second
    message = f"`{variable[0]}` runs over {_slot(other, there)} of extent {another} and over "
    message += f"{_slot(use, at)} of extent {extent}"
    declared = [tensors[x.name] for x in (other, use)]
    places = [(other.place, f"extent {another}"), *((d.place, _said(d)) for d in declared)]
    hint = _turned(paper, use, at, another, declared[1]) or _turned(paper, other, there, extent, declared[0])
    hint = hint or "check the order of the indices, or the declared extents"
    return paper.finding(code, message, use.place, label=f"extent {extent}", others=places, hint=hint)


def _is_beyond(paper: Paper, bound: Bound, slot: Slot, declared: Declared) -> bool:
    """Whether a sum runs to the extent of another slot of the same tensor."""
    last = bound.last if bound.first == "1" else ""
    return bool(last) and paper.shapes.differ(slot[2], last) and last in declared.dims


def _beyond(paper: Paper, bound: Bound, slot: Slot, declared: Declared, code: str) -> Diagnostic:
    use, at, extent = slot
    message = f"`{bound.variable[0]}` is summed to {bound.last}, and {_slot(use, at)} has the extent {extent}"
    others = [(use.place, f"extent {extent}"), (declared.place, _said(declared))]
    hint = _turned(paper, use, at, bound.last, declared) or f"sum to {extent}"
    return paper.finding(code, message, bound.place, label=f"to {bound.last}", others=others, hint=hint)


def _said(declared: Declared) -> str:
    if declared.defined:
        return f"by this definition, `{declared.name}` is {by(declared.dims)}"
    return f"`{declared.name}` is declared here, {by(declared.dims)}"


def _turned(paper: Paper, use: Use, at: int, wanted: str, declared: Declared) -> str:
    """The hint to exchange two letters of a use, where that gives the slot the extent that is wanted."""
    for k, letter in enumerate(use.letters or ()):
        extent = declared.extent(use, k)
        if k != at and extent is not None and not paper.shapes.differ(extent, wanted):
            letters = list(use.letters or ())
            letters[k], letters[at] = letters[at], letter
            return f"did you mean {use.name}_{{{''.join(letters)}}}?"
    return ""


def _slot(use: Use, at: int) -> str:
    if len(use.variables) == 1:
        return f"`{use.name}`"
    return f"slot {at + 1} of `{use.name}`"


def by(dims: tuple[str, ...]) -> str:
    """Extents in words; one that is not known is a point."""
    return " × ".join(x or "·" for x in dims)


@lint_rule(
    "IX251",
    name="transposed-use",
    summary="a matrix is used with its extents in one order and then in the other",
    why="The ranges of the sums say that the first slot of the matrix has one extent in one equation and the other "
    "extent in another. One of the two uses is transposed.",
    bad=r"$u_i = \sum_{j=1}^{M} A_{ij} x_j$ for $i = 1, \dots, N$, and $v_j = \sum_{i=1}^{N} A_{ji} y_i$ for "
    r"$j = 1, \dots, M$.",
    good=r"$u_i = \sum_{j=1}^{M} A_{ij} x_j$ for $i = 1, \dots, N$, and $v_j = \sum_{i=1}^{N} A_{ij} y_i$ for "
    r"$j = 1, \dots, M$.",
    subject="document",
    language="latex",
    right="where both are square, or two matrices share a name",
)
def transposed_use(paper: Paper) -> Iterator[Diagnostic]:
    met: dict[str, tuple[tuple[str, ...], Use]] = {}
    for _, uses in paper.uses:
        ranges = {b.variable: b.last for b in uses.bounds if b.first == "1"}
        for use in uses.tensors:
            if len(use.variables) != 2 or use.transposed:
                continue
            known = [ranges.get(v) or (paper.shapes.letters.get(v[0]) if _open(v) else None) for v in use.variables]
            if None in known or not paper.shapes.differ(*(x for x in known if x)):
                continue
            extents = tuple(x for x in known if x)
            before, first = met.setdefault(use.name, (extents, use))
            if before == extents[::-1]:
                message = f"`{use.name}` is {by(before)} at first, and {by(extents)} here"
                letters = "".join(reversed(use.letters or ()))
                yield paper.finding(
                    "IX251", message, use.place, label=by(extents), others=[(first.place, by(before))],
                    hint=f"did you mean {use.name}_{{{letters}}}?",
                )  # fmt: skip


def _open(variable: Variable) -> bool:
    return variable[1] == "free"


@lint_rule(
    "IX252",
    name="rank-contradicts",
    summary="a paper's tensor has more indices than it is declared with",
    why="An element of ℝ^{d × k} has two indices. A third one belongs to another tensor, or the declaration forgets "
    "a dimension.",
    bad=r"Let $W \in \mathbb{R}^{d \times k}$ and $y_{bi} = \sum_j W_{bij} x_{bj}$.",
    good=r"Let $W \in \mathbb{R}^{d \times k}$ and $y_{bi} = \sum_j W_{ij} x_{bj}$.",
    subject="document",
    language="latex",
    right="where each of several such matrices has a number; `W_b \\in \\mathbb{R}^{d \\times k}` declares that",
)
def rank_contradicts(paper: Paper) -> Iterator[Diagnostic]:
    for _, uses in paper.uses:
        for use in uses.tensors:
            declared = paper.shapes.tensors.get(use.name)
            if declared is None or use.letters is None or len(declared.dims) < 2 or declared.leading:
                continue
            extra = len(use.letters) - len(declared.dims)
            if extra > 0:
                message = f"`{use.name}` is declared {by(declared.dims)}, and has {len(use.letters)} indices here"
                letters = listed([f"`{x}`" for x in use.letters])
                yield paper.finding(
                    "IX252", message, use.place, label=letters, others=[(declared.place, by(declared.dims))],
                    hint=f"drop an index, or declare a dimension more for `{use.name}`",
                )  # fmt: skip


@lint_rule(
    "IX253",
    name="wrong-derivative",
    summary="a paper states a derivative that its own definitions contradict",
    why="Where all that a quantity depends on is defined in the paper, its derivative follows. Transposed factors, "
    "lost signs and forgotten powers show when both are evaluated.",
    bad=r"With $y_i = \sum_j W_{ij} x_j$ and $L = \sum_i (y_i - t_i)^2$ we have "
    r"$\frac{\partial L}{\partial W_{ij}} = 2 (y_j - t_j) x_i$.",
    good=r"With $y_i = \sum_j W_{ij} x_j$ and $L = \sum_i (y_i - t_i)^2$ we have "
    r"$\frac{\partial L}{\partial W_{ij}} = 2 (y_i - t_i) x_j$.",
    severity="error",
    subject="document",
    language="latex",
)
def wrong_derivative(paper: Paper) -> Iterator[Diagnostic]:
    from ...paper.definitions import stated_derivatives

    if next(stated_derivatives(paper.equations), None) is not None:
        from ..derivatives import wrong_derivatives  # the reader of the language, and calculus

        yield from wrong_derivatives(paper)


@lint_rule(
    "IX258",
    name="undefined-delta",
    summary="δ stands with a single index, and nothing in the text says what it is",
    why="Kronecker's δ has two indices. With one, δ_i is mostly the derivative by a layer's input, which has to be "
    "defined somewhere.",
    bad=r"$\frac{\partial L}{\partial W_{ij}} = \delta_i x_j$",
    good=r"With $\delta_i = \frac{\partial L}{\partial z_i}$: $\frac{\partial L}{\partial W_{ij}} = \delta_i x_j$.",
    severity="note",
    subject="document",
    language="latex",
)
def undefined_delta(paper: Paper) -> Iterator[Diagnostic]:
    named = {atom.name for e in paper.equations if e.tree and (atom := only(e.tree.sides[0])) is not None}
    if "delta" in named:
        return
    for equation, uses in paper.uses:
        derivative = equation.tree is not None and any(t.text in (r"\partial", r"\nabla") for t in equation.tokens)
        for use in uses.tensors if derivative else ():
            if use.name == "delta" and use.letters is not None and len(use.letters) == 1:
                yield paper.finding(
                    "IX258", "`\\delta` has one index here, and is defined nowhere", use.place,
                    label="no Kronecker delta", hint="say what it is, or give it its second index", severity="note",
                )  # fmt: skip
                return


RULES = (undefined_delta, extents_contradict, transposed_use, rank_contradicts, wrong_derivative)
