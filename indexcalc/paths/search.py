"""A good path for any number of operands: exact for a few; else the best of some searches, improved piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from ..diagnostics import fail
from ..limits import MAX_ELEMENTS
from .network import Network
from .optimal import MOST, Pair, optimal_order
from .tree import Tree

STEPS = 50_000  # of random greedy searches by cotengrust in all, a step for each operand: some 0.1 s
MOST_TRIALS = 256
MOST_EXACT = 10  # operands for which cotengrust searches all orders without outer products


@dataclass(frozen=True, slots=True)
class Path:
    """An order, and what it takes.

    pairs            operands count from 0, each result goes on from there
    cost             by the model of `Network.pair_cost`
    multiplications  of all pairs
    largest          elements of the largest intermediate; the result is none
    finder           who found it
    """

    pairs: tuple[Pair, ...]
    cost: int
    multiplications: int
    largest: int
    finder: str

    def steps(self, count: int) -> list[Pair]:
        """Positions in a list from which what is contracted is taken out, and to whose end the result goes.

        >>> Path(((1, 2), (0, 3)), 0, 0, 0, "").steps(3)
        [(1, 2), (0, 1)]
        """
        work = list(range(count))
        found = []
        for n, (one, other) in enumerate(self.pairs):
            left, right = sorted((work.index(one), work.index(other)))
            work = [x for x in work if x not in (one, other)] + [count + n]
            found.append((left, right))
        return found


def find_path(network: Network) -> Path:
    """The order in which the network's operands are contracted; the same for the same network.

    >>> path = find_path(Network(["ij", "jk", "kl"], "il", {"i": 9, "j": 9, "k": 9, "l": 1}))
    >>> path.pairs, path.multiplications, path.finder
    (((1, 2), (0, 3)), 162, 'all orders')
    """
    count = len(network.operands)
    first, left = _merged(network) if count > MOST else ([], list(range(count)))
    masks = [network.operands[_member(first, count, n)] for n in left]
    if len(left) <= MOST:
        pairs = optimal_order(network, masks, network.output)[1]
        return _path(network, first + _renumbered(pairs, left, count + len(first)), "all orders")
    found: list[tuple[int, int, str, list[Pair]]] = []
    for finder, pairs in _searches(network, masks):
        tree = Tree(network, masks, pairs)
        tree.improve()
        found.append((tree.cost(), len(found), finder, tree.pairs()))
    _, _, finder, pairs = min(found)
    return _path(network, first + _renumbered(pairs, left, count + len(first)), finder)


def fitting_path(network: Network) -> Path:
    """The same, for sizes that are certain; raises IX960 where an intermediate has more than 2^48 elements."""
    path = find_path(network)
    if path.largest > MAX_ELEMENTS:
        message = f"the contraction needs an intermediate of {path.largest:.3g} elements in whatever order"
        hint = f"no memory holds more than {MAX_ELEMENTS:.3g}: make the extents smaller, or part an index into blocks"
        raise fail("IX960", message, hint=hint)
    return path


def _merged(network: Network) -> tuple[list[Pair], list[int]]:
    """(pairs, what is left): operands with the same labels are multiplied first, since it costs no more than later."""
    groups: dict[int, list[int]] = {}
    for n, mask in enumerate(network.operands):
        groups.setdefault(mask, []).append(n)
    pairs: list[Pair] = []
    left = []
    for first, *others in groups.values():
        for other in others:
            pairs.append((other, first))
            first = len(network.operands) + len(pairs) - 1
        left.append(first)
    return pairs, left


def _member(pairs: list[Pair], count: int, number: int) -> int:
    """An operand of a product of operands with the same labels."""
    return number if number < count else pairs[number - count][0]


def _renumbered(pairs: list[Pair], left: list[int], start: int) -> list[Pair]:
    """Pairs of positions in `left` as pairs of the whole network, results counting from `start`."""
    number = [*left, *range(start, start + len(pairs))]
    return [(number[a], number[b]) for a, b in pairs]


def _searches(network: Network, masks: list[int]) -> Iterator[tuple[str, list[Pair]]]:
    """(who, pairs) of every search that can be made."""
    from opt_einsum import get_symbol, paths  # type: ignore[import-untyped,unused-ignore]

    letters = [get_symbol(n) for n in range(len(network.sizes))]  # one character each: cotengrust takes no more
    names = [[x for n, x in enumerate(letters) if mask >> n & 1] for mask in masks]
    output = [x for n, x in enumerate(letters) if network.output >> n & 1]
    sizes = dict(zip(letters, network.sizes))
    if find_spec("cotengrust") is not None:
        import cotengrust  # type: ignore[import-not-found,unused-ignore]

        if len(masks) <= MOST_EXACT:
            exact = cotengrust.optimize_optimal(names, output, sizes, minimize="flops", use_ssa=True)
            yield "cotengrust, exact", _in_pairs(exact, len(masks))
        trials = max(1, min(MOST_TRIALS, STEPS // len(masks)))
        greedy, _ = cotengrust.optimize_random_greedy_track_flops(
            names, output, sizes, ntrials=trials, seed=0, use_ssa=True
        )
        yield f"the best of {trials} by cotengrust", _in_pairs(greedy, len(masks))
        return
    linear = paths.greedy([frozenset(own) for own in names], frozenset(output), sizes)
    yield "opt_einsum, greedy", _in_pairs(_numbered(linear, len(masks)), len(masks))


def _numbered(path: list[tuple[int, ...]], count: int) -> list[tuple[int, ...]]:
    """A path of positions as one of numbers."""
    work = list(range(count))
    found = []
    for n, step in enumerate(path):
        found.append(tuple(work[k] for k in step))
        work = [x for k, x in enumerate(work) if k not in step] + [count + n]
    return found


def _in_pairs(path: list[tuple[int, ...]] | list[list[int]], count: int) -> list[Pair]:
    """Steps of one (nothing is summed alone here) left out, of more than two taken apart."""
    now = {n: n for n in range(count)}
    pairs: list[Pair] = []
    for n, step in enumerate(path):
        first, *others = (now.pop(k) for k in step)
        for other in others:
            pairs.append((first, other))
            first = count + len(pairs) - 1
        now[count + n] = first
    rest = list(now.values())
    while len(rest) > 1:
        pairs.append((rest[0], rest[1]))
        rest = [*rest[2:], count + len(pairs) - 1]
    return pairs


def _path(network: Network, pairs: list[Pair], finder: str) -> Path:
    """The path with its figures."""
    tree = Tree(network, network.operands, pairs)
    return Path(tuple(pairs), network.alone_cost + tree.cost(), tree.multiplications(), tree.largest(), finder)
