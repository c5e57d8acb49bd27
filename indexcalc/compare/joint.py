"""Two programs as one: the second's inputs under the first's names, and spaces that are one made one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from ..ir.build import index_sum, multiply, number, power
from ..ir.declarations import all_indices
from ..ir.expr import Access, Expr, Extent, IndexReduce, Literal, MatrixApply
from ..ir.index import Affine, Index, Space, affine_form
from ..ir.inline import inline_functions
from ..ir.node import Node
from ..ir.program import Define, Program, Tensor
from ..ir.structure import contradiction
from ..ir.walk import slots_of, subexpressions, tensors_in, transform

LARGEST_KEPT = 4  # declared sizes beyond it are forgotten: what holds for every size holds for them


class Mismatch(Exception):
    """Says why the two cannot be compared under these names: slots, sizes or kinds do not fit."""


@dataclass(frozen=True, slots=True)
class Joint:
    """`program` holds the inputs and the statements of both; each of `pairs` names a first and a second output."""

    program: Program
    pairs: tuple[tuple[str, str], ...]


def plain(program: Program) -> Program:
    """The program's definitions as far as its outputs need them, with declared functions written out."""
    functions = {f.name: f for f in program.functions}
    needed, kept = set(program.outputs), []
    for s in reversed(program.statements):
        if isinstance(s, Define) and s.name in needed:
            body = inline_functions(s.body, functions)
            needed |= tensors_in(body)
            kept.append(replace(s, body=body))
    tensors = tuple(t for t in program.tensors if t.name in needed)
    return Program((), tensors, (), program.metrics, tuple(reversed(kept)), program.outputs)


def join(left: Program, right: Program, names: Mapping[str, str], outputs: Sequence[tuple[str, str]]) -> Joint:
    """Both as one program; `names` maps the second's inputs to the first's.  Both must be `plain`."""
    spaces = _Spaces()
    for right_name, left_name in names.items():
        spaces.join_tensors(left.inputs[left_name], right.inputs[right_name])
    for left_name, right_name in outputs:
        spaces.join_slots(left_name, _slots(left, left_name), right_name, _slots(right, right_name))
    sides = {"left": left, "right": right}
    exact = any(_fixes_sizes(p) for p in sides.values())
    taken = {*left.inputs, *left.definitions}
    own: dict[str, str] = dict(names)
    for name in (*right.definitions, *(n for n in right.inputs if n not in names)):
        own[name] = _apart(name, taken)
        taken.add(own[name])
    changes = {side: spaces.chosen(side, sides) for side in sides}
    statements = [_changed(s, changes["left"], {}, exact) for s in left.definitions.values()]
    statements += [_changed(s, changes["right"], own, exact) for s in right.definitions.values()]
    back = {b: a for a, b in names.items()}
    tensors = []
    for t in left.tensors:
        other = right.inputs.get(back.get(t.name, ""))
        both = t if other is None else _with_attributes(t, other)
        tensors.append(_changed(both, changes["left"], {}, exact))
    tensors += [_changed(t, changes["right"], own, exact) for t in right.tensors if t.name not in names]
    indices = dict.fromkeys(i for t in tensors for i in t.indices)
    program = Program(tuple(indices), tuple(tensors), (), left.metrics + right.metrics, tuple(statements))
    pairs = tuple((a, own.get(b, b)) for a, b in outputs)
    return Joint(replace(program, outputs=tuple(dict.fromkeys(n for pair in pairs for n in pair))), pairs)


def _slots(p: Program, name: str) -> tuple[Index, ...]:
    return p.definitions[name].indices if name in p.definitions else p.inputs[name].indices


def _apart(name: str, taken: Iterable[str]) -> str:
    """The name, with as many primes as make it a new one."""
    while name in taken:
        name += "'"
    return name


def _with_attributes(t: Tensor, other: Tensor) -> Tensor:
    """The one tensor that both declare."""
    more = tuple(a for a in other.attributes if a not in t.attributes)
    for a in t.attributes:
        for b in more:
            why = contradiction(a, b, len(t.indices))
            if why:
                raise Mismatch(f"`{t.name}` is {a.name} on one side and {b.name} on the other: {why}")
    return replace(t, attributes=t.attributes + more)


def _fixes_sizes(p: Program) -> bool:
    """Whether a slot says something about sizes."""
    parts = (part for s in p.definitions.values() for part in subexpressions(s.body))
    return any(isinstance(slot, (int, Affine)) for part in parts for slot in slots_of(part))


# The side, and a space or an extent; of no side, the name of a class of spaces.
Key: TypeAlias = "tuple[str, Space | str | int | None]"


class _Spaces:
    """Which spaces, and which extents, of the two programs are one."""

    def __init__(self) -> None:
        self.parent: dict[Key, Key] = {}

    def root(self, key: Key) -> Key:
        while (above := self.parent.get(key, key)) != key:
            key = above
        return key

    def join(self, a: Key, b: Key) -> None:
        a, b = self.root(a), self.root(b)
        if a != b:
            self.parent[b] = a

    def join_tensors(self, left: Tensor, right: Tensor) -> None:
        if left.is_integer != right.is_integer:
            raise Mismatch(f"{_both(left.name, right.name, 'hold')} integers on one side only")
        self.join_slots(left.name, left.indices, right.name, right.indices)
        if left.values is not None and right.values is not None:
            self.join_spaces(left.values, right.values)

    def join_slots(self, left_name: str, left: Sequence[Index], right_name: str, right: Sequence[Index]) -> None:
        if len(left) != len(right):
            counts = f"{len(left)} and {len(right)}"
            raise Mismatch(f"{_both(left_name, right_name)} {counts} slots")
        for a, b in zip(left, right):
            self.join_spaces(a.space, b.space)

    def join_spaces(self, left: Space, right: Space) -> None:
        self.join(("left", left), ("right", right))

    def chosen(self, side: str, sides: Mapping[str, Program]) -> dict[Space, Space]:
        """For each space of one side the space that stands for it: named and sized alike in both."""
        every = [(s, space) for s in ("left", "right") for space in _spaces_of(sides[s])]
        names: dict[Key, str] = {}
        for key in every:
            root = self.root(key)
            if root not in names:
                names[root] = _apart(key[1].name, names.values())
        told = [(s, space) for s, space in every if space.extent is not None]
        for s, space in told:  # an extent that is a number in one space is that number in every space that has it
            self.join(("", names[self.root((s, space))]), (s, space.extent))
        sizes = self._sizes(told)
        extents: dict[str, str | int] = {}
        for s, space in told:
            name = names[self.root((s, space))]
            root = self.root(("", name))
            extents[name] = sizes.get(root, str(root[1]))
        own = {space: names[self.root((s, space))] for s, space in every if s == side}
        return {space: Space(name, extents.get(name)) for space, name in own.items()}

    def _sizes(self, every: Sequence[tuple[str, Space]]) -> dict[Key, int]:
        """The declared size of each class of extents."""
        found: dict[Key, int] = {}
        for s, space in every:
            if isinstance(space.extent, int):
                known = found.setdefault(self.root((s, space.extent)), space.extent)
                if known != space.extent:
                    message = f"the space `{space.name}` has {known} values in one and {space.extent} in the other"
                    raise Mismatch(message)
        return found


def _both(left: str, right: str, verb: str = "have") -> str:
    """The two tensors, or the one where both have one name, as the subject of a sentence."""
    if left != right:
        return f"`{left}` and `{right}` {verb}"
    return f"`{left}` {'has' if verb == 'have' else f'{verb}s'}"


def _spaces_of(p: Program) -> Iterator[Space]:
    found = dict.fromkeys(i.space for i in all_indices(p))
    found |= dict.fromkeys(t.values for t in p.tensors if t.values is not None)
    for s in p.definitions.values():
        found |= dict.fromkeys(part.space for part in subexpressions(s.body) if isinstance(part, Extent))
    yield from found


Respace: TypeAlias = Callable[[Space], Space]


def _changed(x: Any, spaces: Mapping[Space, Space], tensors: Mapping[str, str], exact: bool) -> Any:
    """A statement or an input with its spaces and tensors replaced, and declared sizes read as numbers."""

    def chosen(space: Space) -> Space:
        return spaces.get(space, space)

    def small(space: Space) -> Space:
        large = isinstance(space.extent, int) and space.extent > LARGEST_KEPT and not exact
        return Space(space.name, None) if large else space

    name = tensors.get(x.name, x.name)
    indices = _replaced(_replaced(x.indices, chosen, tensors), small, {})
    if isinstance(x, Tensor):
        values = None if x.values is None else small(chosen(x.values))
        return replace(x, name=name, indices=indices, values=values)
    body = transform(_replaced(x.body, chosen, tensors), _numbers_for_extents)
    return replace(x, name=name, indices=indices, body=_replaced(body, small, {}))


def _replaced(x: Any, spaces: Respace, tensors: Mapping[str, str]) -> Any:
    """A node, or a tuple of them, with other spaces and other names of tensors."""
    if isinstance(x, tuple):
        return tuple(_replaced(part, spaces, tensors) for part in x)
    if isinstance(x, Space):
        return spaces(x)
    if not isinstance(x, Node):
        return x
    fields = [_replaced(f, spaces, tensors) for f in x.fields]
    if isinstance(x, Affine):
        return affine_form(*fields)
    if isinstance(x, Access):
        fields[0] = tensors.get(x.tensor, x.tensor)
    elif isinstance(x, MatrixApply):
        fields[1] = tensors.get(x.tensor, x.tensor)
    return type(x)(*fields)


def _numbers_for_extents(e: Expr) -> Expr:
    """A declared size as the number that it is, and a mean over declared sizes as a sum."""
    if isinstance(e, Extent) and isinstance(e.space.extent, int):
        return number(e.space.extent)
    if isinstance(e, IndexReduce) and e.operation == "mean" and all(isinstance(i.space.extent, int) for i in e.indices):
        counts = [power(number(i.space.extent), Literal(-1)) for i in e.indices if isinstance(i.space.extent, int)]
        return multiply(*counts, index_sum(e.body, e.indices))
    return e
