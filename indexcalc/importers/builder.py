"""A program under construction: inputs, definitions, and which indices are of one space.

Every index of the construction is new and has a space of its own; `unify` says which spaces are one.  `finish` names
what is left of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from ..diagnostics import fail
from ..ir.build import ZERO, index_sum, multiply, number
from ..ir.conditions import conjuncts
from ..ir.expr import Access, Compare, Delta, Expr, IndexValue, Literal, Logic, Where
from ..ir.index import Index, Slot, Space, affine_form
from ..ir.program import Define
from ..ir.walk import slot_value, subexpressions, substitute, tensors_in, transform
from .decide import decided
from .names import Names
from .value import Axis, Value, axis_size, cuts, extent, sizes_between, strides

MAX_WEIGHT = 40  # nodes of an expression; a longer one is given a name
Label = Hashable


@dataclass
class Input:
    """An input: its slots, whether it holds integers, what its values index where it stands in a slot, and whether
    nobody would differentiate by it."""

    name: str
    slots: tuple[Index, ...]
    integer: bool = False
    values: Index | None = None
    constant: bool = False


@dataclass
class Builder:
    """Collects inputs and definitions.

    `kind` is the number type of the result of the operator at hand: bool, int or float; `argument_kinds` its tensors';
    `operator` is its name, `hint` what its values are called, `epsilon` the least step of its number type.
    """

    names: Names = field(default_factory=Names)
    inputs: dict[str, Input] = field(default_factory=dict)
    statements: list[Define] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    kind: str = "float"
    argument_kinds: tuple[str, ...] = ()
    operator: str = ""
    hint: str = ""
    epsilon: float = 0.0
    _parent: dict[Index, Index] = field(default_factory=dict)
    _count: int = 0

    # ---- indices -------------------------------------------------------------------------------------
    def fresh(self, size: int) -> Index:
        """A new index over a space of its own."""
        self._count += 1
        return Index(f"v{self._count}", Space(f"v{self._count}", size))

    def axis(self, size: int) -> Axis:
        return () if size == 1 else (self.fresh(size),)

    def find(self, index: Index) -> Index:
        """The index that stands for all those of its space."""
        root = index
        while (above := self._parent.setdefault(root, root)) != root:
            root = above
        self._parent[index] = root
        return root

    def unify(self, one: Index, other: Index) -> None:
        assert extent(one) == extent(other)
        self._parent[self.find(other)] = self.find(one)

    def replaced(self, e: Expr, mapping: dict[Index, Slot]) -> Expr:
        """`e` at other indices; one that becomes another is of its space."""
        for old, new in mapping.items():
            if isinstance(new, Index):
                self.unify(new, old)
        found = substitute(e, mapping)
        return transform(found, decided) if any(isinstance(new, int) for new in mapping.values()) else found

    # ---- inputs and definitions ------------------------------------------------------------------------
    def input(self, wanted: str, shape: Sequence[int], *, integer: bool = False, constant: bool = False) -> Value:
        """A new input and its component.  A slot of size 1 is read at 0."""
        name = self.names.new(wanted)
        slots = tuple(self.fresh(n) for n in shape)
        self.inputs[name] = Input(name, slots, integer, None, constant or integer)
        expr = Access(name, tuple(s if extent(s) > 1 else 0 for s in slots))
        return Value(expr, tuple((s,) if extent(s) > 1 else () for s in slots))

    def is_constant(self, e: Expr) -> bool:
        """Whether the expression depends on no input that somebody may differentiate by."""
        bodies = {s.name: s.body for s in self.statements}
        wanted = list(tensors_in(e))
        while wanted:
            name = wanted.pop()
            if name in bodies:
                wanted += tensors_in(bodies.pop(name))
            elif name in self.inputs and not self.inputs[name].constant:
                return False
        return True

    def define(self, value: Value, hint: str = "", *, force: bool = False) -> Value:
        """The value under a name; a plain component or a number stays as it is, unless `force`."""
        if isinstance(value.expr, (Access, Literal)) and not force:
            return value
        hint = hint or value.hint or self.hint
        indices = tuple(i for axis in value.axes for i in axis if i in value.expr.free)
        name = self.names.new(hint or "value")
        self.statements.append(Define(name, indices, value.expr))
        return Value(Access(name, indices), value.axes, hint)

    def short(self, value: Value) -> Value:
        """The value to be written in a longer formula."""
        return value if value.weight <= MAX_WEIGHT else self.define(value)

    def pointwise(self, value: Value) -> Value:
        """The value to be written under a reduction: without one of its own."""
        return self.short(value) if value.is_pointwise else self.define(value)

    def factor(self, value: Value) -> Value:
        """The value to be written in a contraction: a component, padded or not, or something that reads no tensor."""
        return value if value.is_plain or value.is_guarded else self.define(value)

    def component(self, value: Value) -> Value:
        """The value to be read at other slots: a component, padded or not."""
        return value if value.is_guarded else self.define(value)

    # ---- axes --------------------------------------------------------------------------------------------
    def join(self, values: Sequence[Value], labels: Sequence[Sequence[Label]]) -> tuple[list[Expr], dict[Label, Axis]]:
        """The expressions over common indices: axes with one label run together; also each label's axis.

        A dimension of size 1 goes with any other.
        """
        values, axes = list(values), dict[Label, Axis]()
        mappings: list[dict[Index, Slot]] = [{} for _ in values]
        for label in dict.fromkeys(x for own in labels for x in own):
            places = [(k, a) for k, own in enumerate(labels) for a, x in enumerate(own) if x == label]
            sizes = self._common_sizes(values, [(k, a) for k, a in places if values[k].axes[a]])
            axes[label] = common = tuple(self.fresh(n) for n in sizes)
            for k, a in places:
                mappings[k].update(_onto(values[k].axes[a], common))
        return [self.replaced(v.expr, m) for v, m in zip(values, mappings)], axes

    def _common_sizes(self, values: list[Value], places: list[tuple[int, int]]) -> tuple[int, ...]:
        """Radices that cut every axis at the places; where there are none, the axes become single indices."""
        shapes = {axis_size(values[k].axes[a]) for k, a in places}
        if len(shapes) > 1:
            raise fail("IX944", f"dimensions of sizes {' and '.join(map(str, sorted(shapes)))} meet", hint="see torch")
        sizes = sizes_between(frozenset().union(*(cuts(values[k].axes[a]) for k, a in places)))
        if sizes is not None:
            return sizes
        for k, a in places:
            values[k] = self.flat(values[k], a)
        return sizes_between(frozenset().union(*(cuts(values[k].axes[a]) for k, a in places))) or ()

    def broadcast(self, values: Sequence[Value]) -> tuple[list[Expr], tuple[Axis, ...]]:
        """The expressions over common indices, dimensions aligned on the right, and the common axes."""
        rank = max((v.rank for v in values), default=0)
        exprs, axes = self.join(values, [range(rank - v.rank, rank) for v in values])
        return exprs, tuple(axes[k] for k in range(rank))

    def pointwise_of(self, f: Callable[..., Expr], *values: Value) -> Value:
        """f of the values, component by component.  What f writes twice gets a name, unless it is short."""
        marks = [Access(f"argument {k}", ()) for k in range(len(values))]
        written = Counter(p for p in subexpressions(f(*marks)) if isinstance(p, Access))
        own = [self.short(v) if written[m] < 2 or v.is_brief else self.define(v) for v, m in zip(values, marks)]
        exprs, axes = self.broadcast(own)
        return Value(f(*exprs), axes)

    def contract(self, values: Sequence[Value], labels: Sequence[Sequence[Label]], output: Sequence[Label]) -> Value:
        """The product of the values, summed over every label that the output lacks."""
        exprs, axes = self.join([self.factor(v) for v in values], labels)
        summed = [i for label, axis in axes.items() if label not in output for i in axis]
        return Value(index_sum(multiply(*exprs), summed), tuple(axes[x] for x in output))

    def flat(self, value: Value, position: int) -> Value:
        """The same with the axis as one index n: Σ δ[n, 4*h + d] x[h, d]."""
        axis = value.axes[position]
        if len(axis) <= 1:
            return value
        value = self.define(value)
        n = self.fresh(axis_size(axis))
        found = index_sum(multiply(Delta(n, _whole(axis)), value.expr), axis)
        axes = (*value.axes[:position], (n,), *value.axes[position + 1 :])
        return self.define(Value(found, axes, value.hint), f"{value.hint or 'value'}_flat")

    def at(self, value: Value, mapping: dict[Index, Slot], axes: tuple[Axis, ...]) -> Value:
        """The value at other indices."""
        return Value(self.replaced(value.expr, mapping), axes, value.hint)

    def regroup(self, value: Value, shape: Sequence[int]) -> Value:
        """The value in another shape, its components in the same order: torch's reshape."""
        expr, axes = value.expr, list[Axis]()
        rest = [i for axis in value.axes for i in axis]
        for size in shape:
            own: list[Index] = []
            while (missing := size // axis_size(tuple(own))) > 1:
                part = rest.pop(0)
                if extent(part) > missing and extent(part) % missing == 0:
                    pair = (self.fresh(missing), self.fresh(extent(part) // missing))
                    expr = self.replaced(expr, {part: _whole(pair)})
                    rest.insert(0, pair[1])
                    part = pair[0]
                own.append(part)
            if axis_size(tuple(own)) != size:
                return self._recut(value, shape)
            axes.append(tuple(own))
        return Value(expr, tuple(axes), value.hint)

    def _recut(self, value: Value, shape: Sequence[int]) -> Value:
        """Where the new dimensions cut across the old ones: by way of a single index for all."""
        whole = Value(value.expr, (tuple(i for axis in value.axes for i in axis),), value.hint)
        return self.regroup(self.flat(whole, 0), shape)

    def place(self, value: Value, position: int, size: int, step: int = 1, offset: int = 0) -> Value:
        """The axis laid into a longer one, x[k] at step*k + offset, and 0 elsewhere."""
        if step == 1:
            return self.inside(value, position, size, offset, ZERO)
        value = self.define(self.flat(value, position))
        new = self.fresh(size)
        axis = value.axes[position]
        found = index_sum(multiply(Delta(new, affine_form([(step, i) for i in axis], offset)), value.expr), axis)
        return Value(found, (*value.axes[:position], (new,), *value.axes[position + 1 :]), value.hint)

    def inside(self, value: Value, position: int, size: int, offset: int, other: Expr) -> Value:
        """where(offset <= q and q < offset + n, x[q - offset], other) over a longer axis q."""
        if value.shape[position] == size:
            return value
        value = self.component(self.flat(value, position))
        axis, new = value.axes[position], self.fresh(size)
        mapping: dict[Index, Slot] = {i: affine_form([(1, new)], -offset) for i in axis}
        at, end = IndexValue(new), offset + axis_size(axis)
        sides: list[Expr] = [Compare(">=", at, number(offset))] if offset else []
        sides += [Compare("<", at, number(end))] if end < size else []
        within = Logic("and", tuple(sides)) if len(sides) > 1 else sides[0]
        inner = self.replaced(value.expr, mapping)
        if isinstance(inner, Where) and inner.other == other:  # padded before, in another dimension
            within = Logic("and", (*conjuncts(within), *conjuncts(inner.condition)))
            inner = inner.then
        found = Where(within, inner, other)
        return Value(found, (*value.axes[:position], (new,), *value.axes[position + 1 :]), value.hint)


def _whole(axis: Axis) -> Slot:
    """The one number that the indices of an axis make."""
    return affine_form(list(zip(strides(tuple(map(extent, axis))), axis)), 0)


def axis_value(axis: Axis) -> Expr:
    """The position in a dimension, as a number."""
    return slot_value(_whole(axis)) if axis else ZERO


def _onto(axis: Axis, common: Axis) -> dict[Index, Slot]:
    """Each index of the axis in terms of those of a finer one."""
    found: dict[Index, Slot] = {}
    rest = list(common)
    for index in axis:
        parts: list[Index] = []
        while axis_size(tuple(parts)) < extent(index):
            parts.append(rest.pop(0))
        found[index] = parts[0] if len(parts) == 1 else _whole(tuple(parts))
    return found
