"""Whether two programs compute the same, up to the names of indices and, if asked, of tensors.

Evaluation modulo a prime decides nearly always, and is cheap; the normal form turns its "equal" into a proof; numbers
in floating point serve what is no polynomial, and the counterexample.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import prod

from ..diagnostics import IndexCalcError, fail, listed
from ..ir.default_sizes import choose_sizes
from ..ir.index import Space
from ..ir.program import Program
from .degree import degrees
from .draw import Draw, NotDrawn
from .joint import Joint, Mismatch, join, plain
from .modular import PRIME, Modular, Unsupported
from .names import Names, by_name, completions, exchanged, rearranged
from .numeric import counterexample
from .proof import proved
from .result import DIFFERENT, EQUAL, UNDECIDED, Comparison, Counterexample

MAX_COMPONENTS = 128  # of one output that are compared modulo the prime; of a larger one, so many at random
SIZES = ((3, 4, 2, 5), (2, 3), (2,))  # tried in turn until the evaluation is short enough
PROVED, DIFFER = "proved by normal form", "they differ at a random point"
SHORT = 20_000  # values of all indices together


Sides = tuple[str, str]  # what the two are called in reasons
SIDES = ("the first", "the second")


def compare(left: Program, right: Program, *, rename: bool = True, sides: Sides = SIDES) -> Comparison:
    """Whether the outputs of two programs are equal for all inputs and sizes.

    Outputs are paired by name, else by position.  Inputs have the same names; with `rename`, those whose names differ
    are paired by what the names say, then by position, then in any way that fits.  Where only an exchange of inputs
    whose names do agree makes the two equal, the verdict is "different" and `.exchanged` names them.  `sides` says
    what the two are called in reasons.

    >>> from ..elaborate.read import read_program
    >>> a = read_program("S[i,j] = Q[i,d] K[j,d]")
    >>> str(compare(a, read_program("s[n,m] = k[m,e] q[n,e]")).reason)
    'proved by normal form'
    >>> compare(a, read_program("s[n,m] = k[n,e] q[m,e]")).exchanged
    ('Q', 'K')
    """
    left, right = plain(left), plain(right)
    outputs = _outputs(left, right, sides)
    if isinstance(outputs, str):
        return Comparison(DIFFERENT, outputs)
    fixed = by_name(left, right) if rename else {n: n for n in left.inputs if n in right.inputs}
    missing = _missing(left, right, fixed, rename, sides)
    if missing:  # they may be equal all the same: x - x and 0
        found = _decided(left, right, fixed, outputs)
        return found if found.verdict == EQUAL else Comparison(DIFFERENT, missing, fixed)
    first: Comparison | None = None
    for names in completions(left, right, fixed):
        found = _decided(left, right, names, outputs)
        if found.verdict == EQUAL:
            return found
        first = first or found
    if first is None:
        return Comparison(DIFFERENT, _unpaired(left, right, fixed), fixed)
    if rename and first.verdict == DIFFERENT:
        return _with_exchange(left, right, outputs, first)
    return first


def _with_exchange(left: Program, right: Program, outputs: list[tuple[str, str]], first: Comparison) -> Comparison:
    """The verdict "different", and which inputs would have to change places, if that is all."""
    given = dict(first.mapping)
    for names in rearranged(left, right, given):
        found = _decided(left, right, names, outputs)
        if found.verdict == EQUAL:
            moved = exchanged(given, names)
            reason = f"equal only with {listed(moved)} exchanged"
            return Comparison(DIFFERENT, reason, given, moved, first.counterexample)
    return first


def _outputs(left: Program, right: Program, sides: Sides) -> list[tuple[str, str]] | str:
    """Pairs of outputs, or why there are none."""
    for p, which in zip((left, right), sides):
        if not p.outputs:
            hint = "a definition such as y[i] = A[i,j] x[j]"
            raise fail("IX901", f"{which} defines nothing that can be compared", hint=hint)
    if set(left.outputs) == set(right.outputs):
        return [(n, n) for n in left.outputs]
    if len(left.outputs) != len(right.outputs):
        return f"{sides[0]} has the outputs {listed(left.outputs)}, {sides[1]} {listed(right.outputs)}"
    return list(zip(left.outputs, right.outputs))


def _missing(left: Program, right: Program, fixed: Mapping[str, str], rename: bool, sides: Sides) -> str:
    """Inputs that the other one cannot have, in words; other names may mean the same where they are renamed."""
    first = [a for a in left.inputs if a not in fixed]
    second = [b for b in right.inputs if b not in fixed.values()]
    if len(first) == len(second) and (rename or not first):
        return ""
    parts = [f"only {sides[0]} reads {listed(first)}"] if first else []
    parts += [f"only {sides[1]} reads {listed(second)}"] if second else []
    return ", ".join(parts)


def _unpaired(left: Program, right: Program, fixed: Mapping[str, str]) -> str:
    """Why no pairing of the inputs fits, in words."""
    for a, b in fixed.items():
        ranks = len(left.inputs[a].indices), len(right.inputs[b].indices)
        if ranks[0] != ranks[1]:
            what = f"`{a}` has" if a == b else f"`{a}` and `{b}` have"
            return f"{what} {ranks[0]} and {ranks[1]} slots"
    return "no pairing of the inputs has equal numbers of slots"


def _decided(left: Program, right: Program, names: Names, outputs: list[tuple[str, str]]) -> Comparison:
    """The comparison under one pairing of the inputs."""
    try:
        joint = join(left, right, {b: a for a, b in names.items()}, outputs)
    except Mismatch as why:
        return Comparison(DIFFERENT, str(why), names)
    try:
        sizes = _sizes(joint.program)
    except IndexCalcError as why:  # no sizes fit all slots
        return _by_proof_alone(joint, names, why.diagnostics[0].message)
    try:
        evaluated = Modular(joint.program, sizes, Draw(joint.program, 0, 0, PRIME - 1))
        agrees = _agrees(joint, evaluated)
    except NotDrawn as why:
        return _by_proof_alone(joint, names, str(why))
    except Unsupported:
        return _by_proof_or_numbers(joint, names, sizes)
    if agrees:
        if proved(joint):
            return Comparison(EQUAL, PROVED, names, error=0.0)
        error = _error(joint, sizes, evaluated)
        return Comparison(EQUAL, "equal at a random point modulo a prime", names, error=error)
    if evaluated.opaque:
        return _by_proof_or_numbers(joint, names, sizes)
    return Comparison(DIFFERENT, DIFFER, names, counterexample=_smallest(joint, sizes))


def _smallest(joint: Joint, sizes: Mapping[Space, int]) -> Counterexample | None:
    """A counterexample with two values of each index, where these show it."""
    small = choose_sizes(joint.program, None, (2,))
    return counterexample(joint, small)[0] or counterexample(joint, sizes)[0]


def _by_proof_alone(joint: Joint, names: Names, why: str) -> Comparison:
    if proved(joint):
        return Comparison(EQUAL, PROVED, names, error=0.0)
    return Comparison(UNDECIDED, f"not proved, and not tried by numbers: {why}", names)


def _by_proof_or_numbers(joint: Joint, names: Names, sizes: Mapping[Space, int]) -> Comparison:
    """For functions that are no polynomials: numbers refute, or suggest what no proof was found for."""
    if proved(joint):
        return Comparison(EQUAL, PROVED, names, error=0.0)
    found, points = counterexample(joint, sizes)
    if found is not None:
        return Comparison(DIFFERENT, DIFFER, names, counterexample=_smallest(joint, sizes))
    if not points:
        return Comparison(UNDECIDED, "not proved, and no random inputs give finite values", names)
    return Comparison(EQUAL, f"equal at {points} random points, to rounding", names)


def _agrees(joint: Joint, evaluated: Modular) -> bool:
    """Whether both are equal in every component, or in many at random where there are too many."""
    slots = {d.name: d.indices for d in joint.program.definitions.values()}
    slots |= {t.name: t.indices for t in joint.program.tensors}
    for a, b in joint.pairs:
        shape = [evaluated.size(i.space) for i in slots[a]]
        points = list(product(*map(range, shape))) if prod(shape) <= 10 * MAX_COMPONENTS else None
        if points is None or len(points) > MAX_COMPONENTS:
            points = _some(shape)
        if any(evaluated.component(a, p) != evaluated.component(b, p) for p in points):
            return False
    return True


def _some(shape: list[int]) -> list[tuple[int, ...]]:
    """Components all over the array, those with equal slots among them."""
    from random import Random

    rng = Random(0)
    diagonal = [tuple(min(k, n - 1) for n in shape) for k in range(max(shape))]
    return diagonal + [tuple(rng.randrange(n) for n in shape) for _ in range(MAX_COMPONENTS - len(diagonal))]


def _error(joint: Joint, sizes: Mapping[Space, int], evaluated: Modular) -> float:
    """Schwartz-Zippel: the degree over the prime, for the outputs and for each pair of arguments of a function."""
    found = degrees(joint.program, sizes)
    largest = max([1, *found.values()])
    return min(1.0, 2 * largest * (1 + evaluated.opaque**2) / PRIME)


def _sizes(program: Program) -> dict[Space, int]:
    """Sizes that are distinct where there is time for it."""
    found: dict[Space, int] = {}
    for defaults in SIZES:
        found = choose_sizes(program, None, defaults)
        if prod(found.values()) <= SHORT:
            break
    return found
