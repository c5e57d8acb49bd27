"""Equations of a paper that contradict an earlier definition of a tensor: its extents, its rank."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from ...diagnostics import Diagnostic, listed
from ...paper.defined import Defined, are_indices, by_definition, clash
from ...paper.equation import Equation
from ...paper.extents import Declared
from ...paper.paper import Paper
from ...paper.uses import Use, Uses, only
from ..registry import lint_rule
from .papers import by, clash_of_extents

Ranks = dict[str, Counter[int]]  # in how many equations a name has how many indices; -1: its script is something else


@lint_rule(
    "IX254",
    name="definition-contradicts",
    summary="a tensor is used against the extents that follow from its definition",
    why="Where S_ij = Q_id K_jd, and Q and K are declared n × d and m × d, S is n × m. An index that runs over the "
    "second slot of S and over a slot of extent n exchanges the two slots of S.",
    bad=r"Let $Q \in \mathbb{R}^{n \times d}$ and $K, V \in \mathbb{R}^{m \times d}$. "
    r"With $S_{ij} = \sum_c Q_{ic} K_{jc}$ we have $O_{ic} = \sum_j S_{ji} V_{jc}$.",
    good=r"Let $Q \in \mathbb{R}^{n \times d}$ and $K, V \in \mathbb{R}^{m \times d}$. "
    r"With $S_{ij} = \sum_c Q_{ic} K_{jc}$ we have $O_{ic} = \sum_j S_{ij} V_{jc}$.",
    subject="document",
    language="latex",
    right="where the two extents are equal; `$n = m$` anywhere in the text says so",
)  # fmt: skip
def definition_contradicts(paper: Paper) -> Iterator[Diagnostic]:
    if not paper.shapes.tensors:
        return
    known = paper.known
    for _, uses in paper.uses:
        if clash_of_extents(paper, uses, paper.shapes.tensors, "IX250") is None:
            found = clash_of_extents(paper, uses, known, "IX254", defined=True)
            if found is not None:
                yield found
    yield from _defined_twice(paper, known)


def _defined_twice(paper: Paper, known: Mapping[str, Declared]) -> Iterator[Diagnostic]:
    """A tensor that a second definition gives the extents of the first one in another order."""
    met: dict[str, Declared] = {}
    for definition in paper.definitions:
        made = by_definition(definition, paper.shapes, known)
        if made is None or "" in made.dims:
            continue
        first = met.setdefault(made.name, made)
        if sorted(first.dims) == sorted(made.dims) and clash(first, made, paper.shapes):
            message = f"`{made.name}` is {by(first.dims)} by its first definition, and {by(made.dims)} by this one"
            yield paper.finding(
                "IX254", message, made.place, label=by(made.dims), others=[(first.place, by(first.dims))],
                hint="exchange the indices of one of the two, or give it another name",
            )  # fmt: skip


@lint_rule(
    "IX255",
    name="rank-of-definition",
    summary="a tensor is used with another number of indices than it is defined with",
    why="A tensor that is defined by its components S_ij has two indices wherever a component of it stands. With a "
    "third one it is another tensor; with one alone, a row of S stands where a number is needed.",
    bad=r"With $S_{ij} = \sum_d Q_{id} K_{jd}$ we have $O_{hie} = \sum_j S_{hij} V_{hje}$.",
    good=r"With $S_{hij} = \sum_d Q_{hid} K_{hjd}$ we have $O_{hie} = \sum_j S_{hij} V_{hje}$.",
    subject="document",
    language="latex",
    right="where a letter names two tensors of different rank, or an index is left out on purpose",
)
def rank_of_definition(paper: Paper) -> Iterator[Diagnostic]:
    defined = _ranks_by_definition(paper)
    if not defined:
        return
    ranks = _ranks(paper)
    for equation, uses in paper.uses:
        told: set[str] = set()
        for use in uses.tensors:
            first = defined.get(use.name)
            if first is None or use.name in told or not _contradicts(use, first, equation, uses, ranks):
                continue
            told.add(use.name)
            here, there = (listed([f"`{x}`" for x in u.letters or ()]) for u in (use, first.left))
            message = f"`{use.name}` has {_indices(use)} here, and {_indices(first.left)} by its definition"
            yield paper.finding(
                "IX255", message, use.place, label=here, others=[(first.left.place, f"defined with {there}")],
                hint=f"write `{use.name}` with {_indices(first.left)}, or give this tensor another name",
            )  # fmt: skip


def _indices(use: Use) -> str:
    count = len(use.letters or ())
    return f"{count} ind{'ices' if count > 1 else 'ex'}"


def _ranks_by_definition(paper: Paper) -> dict[str, Defined]:
    """The first definition of each tensor of rank 2 or more that is on all left sides with this one rank."""
    found: dict[str, Defined] = {}
    ranks: dict[str, set[int]] = defaultdict(set)
    for equation, uses in paper.uses:  # any left side, whether all its letters are indices or not
        atom = only(equation.tree.sides[0]) if equation.tree is not None and equation.tree.relations else None
        if atom is not None and uses.tensors and uses.tensors[0].place == atom.place:
            ranks[uses.tensors[0].name].add(len(uses.tensors[0].letters or ()))
    for definition in paper.definitions:
        left = definition.left
        if len(left.variables) > 1 and not left.marks and not _tensorial(definition.equation):
            found.setdefault(left.name, definition)
    return {n: d for n, d in found.items() if len(ranks[n]) == 1 and n not in paper.shapes.tensors}


def _tensorial(equation: Equation) -> bool:
    """Whether an equation is of tensor calculus, where one letter often names tensors of several ranks."""
    return equation.evidence is None or equation.evidence.tensorial


def _ranks(paper: Paper) -> Ranks:
    ranks: Ranks = defaultdict(Counter)
    for _, uses in paper.uses:
        for name, rank in {(u.name, -1 if u.letters is None else len(u.letters)): None for u in uses.tensors}:
            ranks[name][rank] += 1
    return ranks


def _contradicts(use: Use, first: Defined, equation: Equation, uses: Uses, ranks: Ranks) -> bool:
    """Whether a use cannot be one of the tensor that was defined."""
    rank, count = len(first.left.variables), len(use.variables)
    if count in (0, rank) or use.transposed or use.marks or not are_indices(use) or _tensorial(equation):
        return False
    others = [u for u in uses.tensors if u.name != use.name]
    met = {v for u in others for v in u.variables} | {b.variable for b in uses.bounds}
    if len(set(use.variables) - met) > (count > rank):
        return False  # more than one letter that nothing shows to be an index
    if count > rank:
        return True
    # with one index less it is a row of the tensor, unless numbers stand all around it
    mine = [u for u in uses.tensors if u.name == use.name]
    whole = all(u.letters is not None and set(ranks[u.name]) == {len(u.variables)} for u in others)
    matrices = [u for u in others if u.variables]
    mixed = any(len(u.variables) == rank for u in mine)
    once = ranks[use.name][count] == 1  # else it is a tensor of its own
    return whole and once and (mixed or all(len(u.variables) > 1 for u in matrices))


RULES = (definition_contradicts, rank_of_definition)
