"""What a paper defines and what it states of derivatives, as programs of the language.

Only what has one reading takes part: a name that is defined twice, or by an equation that the language cannot say,
makes everything that needs it unsaid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from .equation import Equation
from .symbols import DEFINED_BY
from .to_language import Unsaid, Writer
from .tree import Atom, Fraction, Group, Product, Relation, Sum
from .uses import only, uses_in

MAX_DEFINITIONS = 40  # that one derivative may need


Hook = Callable[[Fraction, str], "str | None"]  # writes a derivative inside of a formula, its indices with a suffix


@dataclass(frozen=True, slots=True)
class Derivative:
    """`\\partial of / \\partial by`."""

    of: Atom
    by: Atom


@dataclass(frozen=True, slots=True)
class Stated:
    """An equation whose left side is a derivative, and its right sides."""

    equation: Equation
    derivative: Derivative
    sides: tuple[Sum, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    left: Atom
    right: Sum
    equation: Equation


@dataclass(slots=True)
class Said:
    """Statements of the language, the names in them with their numbers of slots, and the definitions they come from."""

    lines: list[str] = field(default_factory=list)
    ranks: dict[str, int] = field(default_factory=dict)
    used: list[Definition] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)  # being said: to meet one of these is a circle


def derivative_in(node: Fraction) -> Derivative | None:
    """The derivative of a symbol by a symbol that a fraction is, `\\partial` or `d`."""
    top, bottom = _differential(node.top), _differential(node.bottom)
    return None if node.scripts or top is None or bottom is None else Derivative(top, bottom)


def _differential(group: Group) -> Atom | None:
    side = group.parts[0].sides[0] if len(group.parts) == 1 and len(group.parts[0].sides) == 1 else None
    if side is None or len(side.terms) != 1 or side.signs != ("+",) or len(side.terms[0].factors) != 2:
        return None
    first, second = side.terms[0].factors
    if not isinstance(first, Atom) or first.scripts or not isinstance(second, Atom) or second.kind != "symbol":
        return None
    return second if (first.name, first.kind) in (("partial", "derivative"), ("d", "symbol")) else None


def stated_derivatives(equations: Sequence[Equation]) -> Iterator[Stated]:
    """The equations `\\partial L / \\partial W_{ij} = …`."""
    for equation in equations:
        tree = equation.tree if equation.has_scripts else None
        if tree is None or not tree.relations or not set(tree.relations) <= DEFINED_BY:
            continue
        left = tree.sides[0]
        if left is None or len(left.terms) != 1 or left.signs != ("+",) or len(left.terms[0].factors) != 1:
            continue
        factor = left.terms[0].factors[0]
        derivative = derivative_in(factor) if isinstance(factor, Fraction) else None
        if derivative is not None:
            yield Stated(equation, derivative, tuple(s for s in tree.sides[1:] if s is not None))


def name_of(atom: Atom) -> str:
    """The name under which the language knows a symbol."""
    return Writer().atom(atom).partition("[")[0]


class Definitions:
    """The definitions of a paper by the names of the language."""

    def __init__(self, equations: Sequence[Equation]) -> None:
        self._by_name: dict[str, list[Definition]] = {}
        for equation in equations:
            tree = equation.tree
            if tree is None or not tree.relations or tree.relations[0] not in DEFINED_BY:
                continue
            atom, right = only(tree.sides[0]), tree.sides[1]
            if atom is None or right is None or not _names_slots(atom) or _updates(atom, right):
                continue
            try:
                name = name_of(atom)
            except Unsaid:
                continue
            self._by_name.setdefault(name, []).append(Definition(atom, right, equation))
        self.symbols = frozenset(d.left.name for found in self._by_name.values() for d in found)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def write(self, said: Said, names: Iterable[str], inputs: frozenset[str], hook: Hook) -> None:
        """Adds what the names need, in an order that can be read; `inputs` are not looked up, undefined names are none.

        Raises `Unsaid` where one of them cannot be said.
        """
        for name in list(names):
            if name in self._by_name and name not in inputs and name not in said.done:
                self._one(said, name, inputs, hook)

    def _one(self, said: Said, name: str, inputs: frozenset[str], hook: Hook) -> None:
        every = self._by_name[name]
        found = [
            d for d in every if _has_slots(d.left)
        ] or every  # beside y_i = …, y = W x is the same in matrix notation
        if len(found) > 1 or name in said.open or len(said.used) + len(said.open) >= MAX_DEFINITIONS:
            raise Unsaid
        said.open.add(name)
        (definition,) = found
        writer = Writer(str(len(said.used) + len(said.open)), self.symbols, hook)
        line = f"{writer.atom(definition.left)} = {writer.sum(definition.right)}"
        merge(said.ranks, writer.ranks)
        self.write(said, (n for n in writer.ranks if n != name), inputs, hook)
        said.open.remove(name)
        said.done.add(name)
        said.lines.append(line)
        said.used.append(definition)


def merge(ranks: dict[str, int], more: dict[str, int]) -> None:
    """Takes over numbers of slots; a name with two of them is unsaid."""
    for name, rank in more.items():
        if ranks.setdefault(name, rank) != rank:
            raise Unsaid


def _names_slots(atom: Atom) -> bool:
    """Whether a left side gives a tensor by its slots, not one component (`x_0 = 1`)."""
    return not any(e.kind == "number" for s in atom.scripts if not s.upper for e in s.entries)


def _has_slots(atom: Atom) -> bool:
    return any(not s.upper and s.kind == "entries" for s in atom.scripts)


def _updates(atom: Atom, right: Sum) -> bool:
    """Whether a symbol stands on both sides, as in `w_i = w_i - \\eta g_i`: a step, no definition."""
    left = uses_in(Relation((_alone(atom),), (), atom.place)).tensors[0]
    return any(use.name == left.name for use in uses_in(Relation((right,), (), right.place)).tensors)


def _alone(atom: Atom) -> Sum:
    return Sum((Product((atom,), (False,), atom.place),), ("+",), atom.place)
