"""Which input of one program is which of the other: by name as far as names tell, then by position, then by trying."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations

from ..ir.program import Program
from ..syntax.greek import fold

MAX_TRIED = 5  # inputs that are tried in every order
_PARTS = re.compile(r"[^\W\d_]+|\d+")

Names = dict[str, str]  # the first program's inputs to the second's


def by_name(left: Program, right: Program) -> Names:
    """Pairs whose names are the same, then alike, each only where it is alone in that."""
    found: Names = {}
    for test in (_same, _same_words, _same_beginnings):
        pairs = [
            (a, b)
            for a in left.inputs
            for b in right.inputs
            if a not in found and b not in found.values() and test(a, b)
        ]
        for a, b in pairs:
            if sum(a == x for x, _ in pairs) == 1 and sum(b == y for _, y in pairs) == 1:
                found[a] = b
    return found


def alike(name: str, known: Iterable[str]) -> str | None:
    """The one known name that is the same, or else like it.

    >>> alike("W_query", ["W_q", "W_k"])
    'W_q'
    """
    candidates = list(known)
    for test in (_same, _same_words, _same_beginnings):
        found = [k for k in candidates if test(name, k)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def completions(left: Program, right: Program, fixed: Mapping[str, str]) -> Iterator[Names]:
    """Every way to pair all inputs that keeps the fixed pairs and pairs equal ranks: by position first."""
    first = [a for a in left.inputs if a not in fixed]
    second = [b for b in right.inputs if b not in fixed.values()]
    if len(first) != len(second):
        return
    orders = permutations(second) if len(second) <= MAX_TRIED else iter([tuple(second)])
    for order in orders:
        pairs = {**fixed, **dict(zip(first, order))}
        if all(len(left.inputs[a].indices) == len(right.inputs[b].indices) for a, b in pairs.items()):
            yield {a: pairs[a] for a in left.inputs}


def rearranged(left: Program, right: Program, given: Names) -> Iterator[Names]:
    """Every other way to pair inputs of equal rank, those that change the fewest pairs first."""
    if len(given) > MAX_TRIED:
        return
    every = [n for n in completions(left, right, {}) if n != given]
    yield from sorted(every, key=lambda n: sum(n[a] != given[a] for a in n))  # stable: by position among equals


def exchanged(given: Mapping[str, str], needed: Mapping[str, str]) -> tuple[str, ...]:
    """The first program's inputs that the two pairings treat differently."""
    return tuple(a for a in given if needed[a] != given[a])


def _same(a: str, b: str) -> bool:
    return fold(a) == fold(b)


def _words(name: str) -> Sequence[str]:
    """`W_q`, `self.w_q` and `wQ` by their words, without what they belong to."""
    last = re.sub(r"([a-z])([A-Z])", r"\1_\2", fold(name).rpartition(".")[2])
    return [w.lower() for w in _PARTS.findall(last)]


def _same_words(a: str, b: str) -> bool:
    return "".join(_words(a)) == "".join(_words(b)) != ""


def _same_beginnings(a: str, b: str) -> bool:
    """Word by word one is the other's beginning: `q` and `query`, `W_q` and `w_query`."""
    first, second = _words(a), _words(b)
    pairs = list(zip(first, second))
    return len(first) == len(second) > 0 and all(x.startswith(y) or y.startswith(x) for x, y in pairs)
