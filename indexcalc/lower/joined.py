"""Matrix products that take in what is added to them: a row's or a column's number is one more term of each sum.

Σ_k a_ik b_jk + r_i + c_j is one product of [a, r, 1] and [b, 1, c].  Where each step is a pass over its block, that
saves one for each number added, for copies of the two operands, which are far smaller than the block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..ir.index import Index
from ..ir.kernel import Block, Contract, Fold, Kernel, Loop, Map, Mask, Shift, Step, block_made, blocks_read

Link = Map | Mask
Readers = Mapping[int, list[Step]]


@dataclass(frozen=True, slots=True)
class Joined:
    """A product, and the sums and masks that follow it, each the only reader of the one before.

    `links` end with a sum, whose block is what is wanted.
    """

    product: Contract
    links: tuple[Link, ...]

    @property
    def block(self) -> Block:
        return self.links[-1].block

    @property
    def negative(self) -> bool:
        """Whether the product is subtracted in the end."""
        return sum(self.is_taken_away(n) for n in range(len(self.links))) % 2 == 1

    def is_taken_away(self, place: int) -> bool:
        """Whether a link subtracts what is before it."""
        link = self.links[place]
        before = self.links[place - 1].block if place else self.product.block
        return isinstance(link, Map) and link.function == "subtract" and link.arguments[0] != before

    def term(self, place: int) -> Block:
        """What a sum adds or subtracts."""
        link = self.links[place]
        before = self.links[place - 1].block if place else self.product.block
        assert isinstance(link, Map)
        (found,) = (a for a in link.arguments if a != before)
        assert isinstance(found, Block)
        return found


def joined(kernel: Kernel) -> tuple[Kernel, dict[int, Joined]]:
    """The kernel with each product and its links side by side, and those by the number of each block that they make."""
    found: dict[int, Joined] = {}
    body = _ordered(kernel.body, readers_of(kernel), kernel, found)
    return replace(kernel, body=body), found


def readers_of(kernel: Kernel) -> dict[int, list[Step]]:
    """The steps that read each block, by its number."""
    readers: dict[int, list[Step]] = {}
    for step in kernel.steps():
        for block in blocks_read(step):
            readers.setdefault(block.number, []).append(step)
    return readers


def _ordered(body: Sequence[Step], readers: Readers, kernel: Kernel, found: dict[int, Joined]) -> tuple[Step, ...]:
    steps = [replace(s, body=_ordered(s.body, readers, kernel, found)) if isinstance(s, Loop) else s for s in body]
    for step in body:
        if not isinstance(step, Contract) or not fits(step, kernel):
            continue
        here = chain(step, body, readers)
        if here is None:
            continue
        together: list[Step] = [step, *here.links]
        between = steps[steps.index(step) : steps.index(together[-1])]
        if any(isinstance(s, (Loop, Fold, Shift)) for s in between):
            continue  # what it reads may have changed by then
        found |= {b.number: here for b in map(block_made, together) if b is not None}
        last = steps.index(together[-1])
        steps[last : last + 1] = together
        for each in together[:-1]:
            steps.remove(each)
    return tuple(steps)


def fits(step: Contract, kernel: Kernel) -> bool:
    """Whether it is the product of two matrices over an axis of which both have all."""
    (left, right), axes = (step.left, step.right), step.block.axes
    if any(b.kind not in ("float", "real") or len(b.axes) != 2 for b in (step.block, left, right)):
        return False
    summed = set(left.axes) & set(right.axes)
    return len(summed) == 1 and {*left.axes, *right.axes} - summed == set(axes) and not summed & set(kernel.tiles)


def chain(step: Contract, body: Sequence[Step], readers: Readers) -> Joined | None:
    """The product with what follows it in the body, as far as each is the only reader of the one before."""
    links: list[Link] = []
    block = step.block
    while True:
        read = readers.get(block.number, [])
        if len(read) != 1 or not any(s is read[0] for s in body) or not _follows(read[0], block):
            break
        links.append(read[0])  # type: ignore[arg-type]
        block = links[-1].block
    while links and isinstance(links[-1], Mask):
        links.pop()
    found = Joined(step, tuple(links))
    masked: set[tuple[Index, ...]] = set()
    for place, link in enumerate(links):  # what a mask writes is changed by sums behind it: rows or columns alone
        if isinstance(link, Map) and any(isinstance(m, Mask) for m in links[:place]):
            masked.add(found.term(place).axes)
    return found if links and len(masked) <= 1 else None


def _follows(step: Step, block: Block) -> bool:
    if isinstance(step, Mask):
        return step.block.axes == block.axes
    if not isinstance(step, Map) or step.function not in ("add", "subtract"):
        return False
    others = [a for a in step.arguments if a != block]
    if len(others) != 1 or not isinstance(others[0], Block) or len(step.arguments) != 2:
        return False
    term = others[0]
    same = step.block.axes == block.axes and step.block.kind == block.kind
    return same and len(term.axes) == 1 and term.axes[0] in block.axes and term.kind in ("float", "real")
