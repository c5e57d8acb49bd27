"""Loop nests as lines of C++, and the scalar statements inside of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ...ir.elementwise import COMPARING
from ...ir.graph import Gather, Input, Map, Number, Operand, Range, Size, Value, View
from ...ir.index import Index
from .layout import Layout, affine, times
from .names import TYPES, CppNames
from .plan import Plan
from .spelling import CPP

ONE_TYPE = frozenset({"maximum", "minimum", "power", "where", "masked"})
"""Functions whose C++ spelling wants all numbers of one type; the others convert by themselves."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A loop: its variable runs from `first` to before `end`."""

    variable: str
    end: str
    first: str = "0"

    @property
    def head(self) -> str:
        return f"for (int64_t {self.variable} = {self.first}; {self.variable} < {self.end}; ++{self.variable})"


class Lines:
    """Text that grows, indented by the blocks that are open."""

    def __init__(self, depth: int = 1) -> None:
        self.text: list[str] = []
        self._depth = depth

    def add(self, *lines: str) -> None:
        self.text += [line if line.startswith("#") else "  " * self._depth + line for line in lines]

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """`head {` … `}`."""
        self.add(f"{head} {{" if head else "{")
        self._depth += 1
        yield
        self._depth -= 1
        self.add("}")

    @contextmanager
    def loops(self, bounds: Sequence[Bound]) -> Iterator[None]:
        """The loops, the first one outermost."""
        if not bounds:
            yield
            return
        with self.block(bounds[0].head), self.loops(bounds[1:]):
            yield

    def parallel(self, bounds: Sequence[Bound], depth: int, *, more: Sequence[str] = ()) -> None:
        """The pragma for a nest whose first `depth` loops may run in parallel; `more`: counts of loops inside of it."""
        total = times(*(b.end for b in bounds), *more)
        collapse = f" collapse({depth})" if depth > 1 else ""
        self.add(f"#pragma omp parallel for{collapse} if ({total} > PARALLEL)")


class Scalars:
    """The statements that compute values at one place of a loop nest, each once.

    `lines` are the statements.  `layouts`: where stored values lie.  `loads`: the elements that were read, as text, by
    the number of the value that owns the memory.  `checks`: whether `code` may have been set.  `fresh` numbers the
    variables: those of several places may stand side by side.
    """

    def __init__(self, names: CppNames, plan: Plan, layouts: Mapping[int, Layout], fresh: Iterator[int]) -> None:
        self.lines = Lines(0)
        self.names = names
        self.plan = plan
        self.layouts = layouts
        self.loads: dict[int, set[str]] = {}
        self.checks = False
        self.nonempty: dict[str, None] = {}  # extents that must not be 0, for position 0 stands in for a wrong one
        self._made: dict[tuple[int, tuple[str, ...]], str] = {}
        self._fresh = fresh

    def operand(self, operand: Operand, where: Mapping[Index, str]) -> str:
        """The operand's text where each label stands at a place."""
        return self.value(operand.value, tuple(where[x] for x in operand.labels))

    def value(self, value: Value, at: tuple[str, ...]) -> str:
        """The value's text at these places of its axes: a number, an element in memory, or the name of a variable."""
        operation = value.operation
        if isinstance(operation, (Number, Size)):
            return self.names.text(value)
        if value.number in self.layouts:
            found = self.layouts[value.number].element(at)
            self.loads.setdefault(self.plan.root[value.number], set()).add(found)
            return found
        if isinstance(operation, Range):
            return at[0]
        assert not isinstance(operation, Input)
        key = value.number, at
        if key not in self._made:
            text = self.text(value, at)
            self._made[key] = self._variable(TYPES[value.kind], text)
        return self._made[key]

    def text(self, value: Value, at: tuple[str, ...]) -> str:
        """The right-hand side for the value at these places."""
        operation = value.operation
        where = dict(zip(value.axes, at))
        if isinstance(operation, Map):
            return self._map(value, where)
        if isinstance(operation, Gather):
            return self._gather(value, where)
        if isinstance(operation, View):
            return self._padded(value, at)
        if isinstance(operation, Range):
            return at[0]
        raise AssertionError(f"{operation} is not computed element by element")

    def _variable(self, kind: str, text: str) -> str:
        name = f"x{next(self._fresh)}"
        self.lines.add(f"const {kind} {name} = {text};")
        return name

    def _map(self, value: Value, where: Mapping[Index, str]) -> str:
        function = value.operation.function  # type: ignore[union-attr]
        parts = [self._argument(o, value, where) for o in value.operands]
        if function == "masked":
            return CPP.maps["where"].format(parts[1], parts[2], parts[0])
        if function == "inside":
            self.checks = True
        if function == "as_real" and value.operands[0].kind in ("float", "real"):
            return parts[0]
        return CPP.maps[function].format(*parts)

    def _argument(self, operand: Operand, reader: Value, where: Mapping[Index, str]) -> str:
        """The operand as the reader's function takes it: of one type, and real where it is compared."""
        function = reader.operation.function  # type: ignore[union-attr]
        text = self.operand(operand, where)
        if function in COMPARING:
            if operand.kind == "float":
                return CPP.real_part.format(text)
            mixed = any(o.kind in ("float", "real") for o in reader.operands)
            return f"real({text})" if mixed and operand.kind == "int" else text
        if reader.kind in ("float", "real") and function != "as_real":
            if operand.kind == "bool" and function in ("where", "masked"):
                return text
            wanted = TYPES[reader.kind] if function in ONE_TYPE else "real"
            if operand.kind in ("int", "bool") or (function in ONE_TYPE and operand.kind != reader.kind):
                return f"{wanted}({text})"
        return text

    def _gather(self, value: Value, where: Mapping[Index, str]) -> str:
        operation = value.operation
        assert isinstance(operation, Gather)
        source, *positions = value.operands
        extents = dict(zip(source.labels, self.names.extents(source.value.axes)))
        places = dict(where)
        for index, position in zip(operation.indices, positions):
            text = self.operand(position, where)
            self.checks = True
            self.nonempty[extents[index]] = None
            places[index] = self._variable("int64_t", f"ix::checked({text}, {extents[index]}, &code)")
        return self.operand(source, places)

    def _padded(self, value: Value, at: tuple[str, ...]) -> str:
        operation = value.operation
        assert isinstance(operation, View)
        (source,) = value.operands
        places = [affine(form, at) for form in operation.forms]
        inside = [
            f"uint64_t({place}) < uint64_t({extent})"
            for place, extent, form in zip(places, self.names.extents(source.value.axes), operation.forms)
        ]
        return f"{' && '.join(inside)} ? {self.value(source.value, tuple(places))} : {TYPES[value.kind]}(0)"
