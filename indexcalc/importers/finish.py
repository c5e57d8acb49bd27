"""From a builder to a program: letters for indices, names for spaces, and only what the outputs read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..diagnostics import fail
from ..ir.build import index_sum
from ..ir.declarations import all_indices
from ..ir.expr import Access, Affine, IndexReduce, IndexSum
from ..ir.index import Index, Space, affine_form
from ..ir.node import Node
from ..ir.program import Define, Program, Tensor
from ..ir.walk import tensors_in
from ..ir.wellformed import check_program
from .builder import Builder, Input
from .names import sayable
from .value import Value, extent

IndexNames = Mapping[str, Sequence[str]]


def finish(b: Builder, outputs: Sequence[Value], names: IndexNames, filename: str = "<input>") -> Program:
    """The checked program that returns the values.

    `names` are index names for slots of inputs; slots that they call alike are of one space.
    """
    defined: list[str] = []
    for value in outputs:
        defined.append(_output(b, value, defined))
    letters = Letters(b)
    letters.give(names)
    statements = _needed(b.statements, defined)
    read = {name for s in statements for name in tensors_in(s.body)}
    inputs = [i for i in b.inputs.values() if i.name in read]
    for unused in [i.name for i in b.inputs.values() if i.name not in read]:
        b.notes.append(f"`{unused}` is left out: no output depends on it")
    tensors = tuple(letters.tensor(i) for i in inputs)
    p = Program((), tensors, (), (), tuple(map(letters.statement, statements)), tuple(defined), filename=filename)
    spaces = list(dict.fromkeys(i.space for i in all_indices(p)))
    indices = sorted(all_indices(p), key=lambda i: spaces.index(i.space))  # i' beside i
    p = replace(p, indices=tuple(indices), notes=tuple(dict.fromkeys(b.notes)))
    check_program(p)
    return p


def _output(b: Builder, value: Value, taken: Sequence[str]) -> str:
    """A definition whose slots are the value's dimensions, those of size 1 included."""
    for k in range(value.rank):
        value = b.flat(value, k)
    indices = tuple(axis[0] if axis else b.fresh(1) for axis in value.axes)
    known = {s.name: s for s in b.statements}
    e = value.expr
    if isinstance(e, Access) and e.tensor in known and e.tensor not in taken:
        own = known[e.tensor].indices
        if own == indices == e.slots:  # it stands as it is
            return e.tensor
    name = b.names.new(value.hint or "result")
    b.statements.append(Define(name, indices, value.expr))
    return name


def _needed(statements: Iterable[Define], outputs: Iterable[str]) -> list[Define]:
    """The definitions that the outputs depend on, in order."""
    wanted, kept = set(outputs), list[Define]()
    for s in reversed(list(statements)):
        if s.name in wanted:
            wanted |= tensors_in(s.body)
            kept.insert(0, s)
    return kept


@dataclass
class Letters:
    """The letter and the space of each class of indices.  In one statement, indices of one class differ by primes."""

    b: Builder
    spaces: dict[Index, Space] = field(default_factory=dict)
    wanted: dict[Index, list[str]] = field(default_factory=dict)
    owner: dict[str, Index] = field(default_factory=dict)

    def give(self, names: IndexNames) -> None:
        """Index names that the user chose for inputs' slots."""
        for tensor, given in names.items():
            slots = self.b.inputs[tensor].slots if tensor in self.b.inputs else None
            if slots is None:
                raise fail("IX942", f"names has no input `{tensor}`", hint="inputs: " + ", ".join(self.b.inputs))
            if len(given) != len(slots):
                message = f"names gives {len(given)} indices for `{tensor}`, which has {len(slots)} slots"
                raise fail("IX943", message, hint=f"shape: {tuple(map(extent, slots))}")
            for name, slot in zip(given, slots):
                self._give(name, slot)

    def _give(self, name: str, slot: Index) -> None:
        if not sayable(name):
            raise fail("IX902", f"the language has no name `{name}` for an index", hint="letters, digits and single _")
        if name not in self.owner and not self.b.names.free(name):
            raise fail("IX504", f"`{name}` is used as two kinds: tensor and index", hint="choose another index name")
        before = self.owner.setdefault(name, slot)
        if extent(before) != extent(slot):
            message = f"names calls dimensions of sizes {extent(before)} and {extent(slot)} both `{name}`"
            raise fail("IX944", message, hint="one name for each size")
        self.b.unify(before, slot)
        self.b.names.take([name])

    def tensor(self, given: Input) -> Tensor:
        env: dict[Index, Index] = {}
        for number, slot in enumerate(given.slots):
            env[slot] = self.letter(slot, env, f"{given.name}_axis{number}")
        values = None
        if given.integer and given.values is not None:
            values = self.letter(given.values, {}, f"{given.name}_values").space
        return Tensor(given.name, tuple(env[s] for s in given.slots), (), values)

    def statement(self, s: Define) -> Define:
        env: dict[Index, Index] = {}
        for number, index in enumerate(s.indices):
            env[index] = self.letter(index, env, f"{s.name}_axis{number}")
        return Define(s.name, tuple(env[i] for i in s.indices), self.rebuilt(s.body, env, s.name))

    def letter(self, index: Index, env: Mapping[Index, Index], space: str) -> Index:
        """The index under a name that no other index in `env` has."""
        root = self.b.find(index)
        if root not in self.wanted:
            chosen = [n for n, slot in self.owner.items() if self.b.find(slot) == root]
            self.wanted[root] = chosen or [self.b.names.index()]
        found = self.spaces.setdefault(root, Space(self.b.names.new(space), extent(root)))
        taken = {i.name for i in env.values()}
        names = self.wanted[root]
        name = next((n for n in names if n not in taken), names[0])
        while name in taken:
            name += "'"
        return Index(name, found)

    def rebuilt(self, e: Any, env: Mapping[Index, Index], where: str) -> Any:
        """The expression over named indices; `env` names those in scope."""
        if isinstance(e, Index):
            return env[e]
        if isinstance(e, (IndexSum, IndexReduce)):
            inner = dict(env)
            for number, index in enumerate(e.indices):
                inner[index] = self.letter(index, inner, f"{where}_sum{number}")
            body = self.rebuilt(e.body, inner, where)
            bound = tuple(inner[i] for i in e.indices)
            return index_sum(body, bound) if isinstance(e, IndexSum) else IndexReduce(e.operation, body, bound)
        if isinstance(e, Affine):
            return affine_form([(c, self.rebuilt(p, env, where)) for c, p in e.terms], e.offset)
        if isinstance(e, tuple):
            return tuple(self.rebuilt(p, env, where) for p in e)
        if isinstance(e, Node):
            return type(e)(*(self.rebuilt(f, env, where) for f in e.fields))
        return e
