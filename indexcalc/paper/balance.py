"""Whether the indices of an equation balance: sums, sides, terms."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ..diagnostics import Diagnostic, Lines
from .differ import renamed, term_findings, thrice
from .equation import Equation
from .evidence import weigh
from .positions import misplaced
from .sides import side_findings
from .slips import missed_underscores, scalar_names, script_names
from .sums import sum_findings
from .symbols import EQUALITIES
from .teller import Teller, is_constant


def balance(
    equation: Equation, lines: Lines, known: frozenset[str] = frozenset(), strict: bool = False
) -> Iterator[Diagnostic]:
    """The findings in one equation.  `known`: letters that are indices elsewhere in its document; `strict`: by the
    rules of Einstein's convention, where a broadcast is a mistake as well.

    >>> from .document import equations
    >>> text = r"S_{ij} = Q_{id} K_{kd}"
    >>> [d.message for d in balance(equations(text)[0], Lines(text))]
    ['free indices differ between the two sides: the left one has `j`, the right one `k`']
    """
    evidence, tree = equation.evidence, equation.tree
    if evidence is None or tree is None:
        return
    if len(evidence.sides) > 1 and (strict or evidence.unsure & known):
        evidence = weigh(tree, equation.words, equation.declared, known, strict)
    tell = Teller(equation, lines, evidence, tree, strict)
    yield from sum_findings(tell)
    yield from missed_underscores(tell)
    constant = len(evidence.sides) > 2 and any(map(is_constant, evidence.sides))  # a_i = b_j = 0 holds for all i and j
    for relation, (a, b) in zip(tree.relations, pairwise(evidence.sides)):
        if relation in EQUALITIES and not constant:
            yield from side_findings(tell, a, b)
    for k, side in enumerate(evidence.sides):
        yield from renamed(tell, k)
        yield from term_findings(tell, k)
        yield from thrice(tell, side)
    if tell.told:
        return  # what follows from a slip is no second one
    if evidence.uniform:
        yield from misplaced(tell)
    yield from script_names(tell)
    yield from scalar_names(tell)
