"""What a paper defines and what it states of derivatives, as programs of the language.

Only what has one reading takes part: a name that is defined twice, or by an equation that the language cannot say,
makes everything that needs it unsaid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from .equation import Equation
from .matrix_form import MatrixWriter
from .symbols import DEFINED_BY
from .to_language import Unsaid, Writer
from .tree import Atom, Fraction, Group, Node, Product, Relation, Sum
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
    """An equation whose left side is a derivative, and its right sides.  `gradient`: it is written with a nabla."""

    equation: Equation
    derivative: Derivative
    sides: tuple[Sum, ...]
    gradient: bool = False


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
    """The equations `\\partial L / \\partial W_{ij} = …` and `\\nabla_W L = …`."""
    for equation in equations:
        tree = equation.tree if any(t.text in (r"\partial", r"\nabla", "d") for t in equation.tokens) else None
        if tree is None or not tree.relations or not set(tree.relations) <= DEFINED_BY:
            continue
        left = tree.sides[0]
        if left is None or len(left.terms) != 1 or left.signs != ("+",):
            continue
        factors = left.terms[0].factors
        sides = tuple(s for s in tree.sides[1:] if s is not None)
        gradient = _gradient(factors)
        if gradient is not None:
            yield Stated(equation, gradient, sides, gradient=True)
        derivative = derivative_in(factors[0]) if len(factors) == 1 and isinstance(factors[0], Fraction) else None
        if derivative is not None:
            yield Stated(equation, derivative, sides)


def _gradient(factors: Sequence[Node]) -> Derivative | None:
    """`\\nabla_W L`."""
    sign, of = factors if len(factors) == 2 else (None, None)
    if not isinstance(sign, Atom) or not isinstance(of, Atom):
        return None
    entries = [e for s in sign.scripts for e in s.entries]
    if (sign.name, sign.kind) != ("nabla", "derivative") or of.kind != "symbol" or len(sign.scripts) != 1:
        return None
    if sign.scripts[0].upper or len(entries) != 1 or entries[0].kind != "letter":
        return None
    return Derivative(of, Atom(entries[0].name, "symbol", (), entries[0].place))


def name_of(atom: Atom) -> str:
    """The name under which the language knows a symbol."""
    return Writer().atom(atom).partition("[")[0]


class Definitions:
    """The definitions of a paper by the names of the language.

    `ranks` are the numbers of slots of tensors that may stand in matrix notation; those that are defined so are added.
    """

    def __init__(self, equations: Sequence[Equation], ranks: Mapping[str, int] = MappingProxyType({})) -> None:
        self.ranks = dict(ranks)
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
            definition = Definition(atom, right, equation)
            self._by_name.setdefault(name, []).append(definition)
            if name not in self.ranks and self._in_matrices(definition):
                with suppress(Unsaid):
                    self.ranks[name] = MatrixWriter(self.ranks).sum(right).rank
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
        suffix = str(len(said.used) + len(said.open))
        writer: Writer | MatrixWriter
        if self._in_matrices(definition):
            writer = MatrixWriter(self.ranks, suffix)
            line = writer.definition(name, definition.right)
        else:
            writer = Writer(suffix, self.symbols, hook)
            line = f"{writer.atom(definition.left)} = {writer.sum(definition.right)}"
        merge(said.ranks, writer.ranks)
        self.write(said, (n for n in writer.ranks if n != name), inputs, hook)
        said.open.remove(name)
        said.done.add(name)
        said.lines.append(line)
        said.used.append(definition)

    def _in_matrices(self, definition: Definition) -> bool:
        """Whether a definition without slots has whole tensors on its right side."""
        if _has_slots(definition.left):
            return False
        uses = uses_in(Relation((definition.right,), (), definition.right.place)).tensors
        return any(use.letters == () and self.ranks.get(use.name, 0) for use in uses)


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
