"""Formulas in matrix notation, `X^\\top (X w - y)`, as components in the indexcalc language, where all ranks are known.

A vector is a column.  What a product of matrices does not settle, such as a power of a vector, is not said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from .symbols import BARS
from .to_language import ELEMENTWISE, Unsaid, Writer
from .tree import Atom, Fraction, Group, Node, Product, Root, Sum
from .uses import TRANSPOSED

SUMMED = "klmnpqrsuvw"  # letters of summed indices; i and j are those of slots
NORMS = frozenset((r"\|", r"\lVert", r"\Vert"))
COLUMN, ROW, MATRIX, SCALAR = "column", "row", "matrix", "scalar"
_OF_RANK = (SCALAR, COLUMN, MATRIX)
_TURNED = {SCALAR: SCALAR, COLUMN: ROW, ROW: COLUMN, MATRIX: MATRIX}
_PRODUCTS = {(MATRIX, COLUMN): COLUMN, (ROW, MATRIX): ROW, (MATRIX, MATRIX): MATRIX, (ROW, COLUMN): SCALAR}


@dataclass(frozen=True, slots=True)
class Value:
    """A formula: its `shape`, and its component at given indices; `number` says that it may stand beside any shape."""

    shape: str
    at: Callable[..., str]
    number: bool = False

    @property
    def rank(self) -> int:
        return {SCALAR: 0, MATRIX: 2}.get(self.shape, 1)


@dataclass(slots=True)
class MatrixWriter:
    """Writes formulas in matrix notation.

    `known` are the numbers of slots of tensors by the names of the language; other names are scalars.  `suffix` is put
    behind every index, `derivative` names ∂L/∂y, and `ranks` collects the names that were written.
    """

    known: Mapping[str, int]
    suffix: str = ""
    derivative: Callable[[Fraction], str | None] = lambda node: None
    ranks: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def definition(self, name: str, right: Sum) -> str:
        """The statement that defines a tensor so."""
        value = self.sum(right)
        slots = [f"{c}{self.suffix}" for c in "ij"[: value.rank]]
        if value.shape == ROW or self.ranks.setdefault(name, value.rank) != value.rank:
            raise Unsaid
        return f"{name}[{', '.join(slots)}] = {value.at(*slots)}" if slots else f"{name} = {value.at()}"

    def sum(self, node: Sum) -> Value:
        terms = [self.product(t) for t in node.terms]
        shape = next((t.shape for t in terms if not t.number), SCALAR)
        if "?" in node.signs or not terms or any(t.shape != shape and not t.number for t in terms):
            raise Unsaid

        def at(*indices: str) -> str:
            parts = (f"{sign} {t.at(*(indices if t.rank else ()))}" for sign, t in zip(node.signs, terms))
            return f"({' '.join(parts).removeprefix('+ ')})"

        return Value(shape, at, number=all(t.number for t in terms))

    def product(self, node: Product) -> Value:
        if not node.plain:
            raise Unsaid
        found: Value | None = None
        k = 0
        while k < len(node.factors):
            inverse = node.inverse[k]
            factor, k = self._factor(node, k)
            if inverse:
                factor = _elementwise("1 / {}".format, factor) if factor.rank == 0 else _unsaid()
            found = factor if found is None else self._times(found, factor)
        return found if found is not None else _unsaid()

    def _factor(self, node: Product, k: int) -> tuple[Value, int]:
        """One factor, with its argument where it is a function, and the position behind."""
        factor = node.factors[k]
        following = node.factors[k + 1] if k + 1 < len(node.factors) else None
        if isinstance(factor, Atom) and (factor.kind == "function" or factor.name in ELEMENTWISE):
            grouped = isinstance(following, Group) and not following.scripts and following.bracket not in BARS
            if not grouped or factor.scripts or factor.name not in ELEMENTWISE or following is None:
                raise Unsaid
            return _elementwise(f"{ELEMENTWISE[factor.name]}({{}})".format, self.node(following)), k + 2
        if isinstance(factor, Atom) and factor.kind == "symbol" and isinstance(following, Group):
            several = [s for p in following.parts for s in p.sides if s is not None and len(s.terms) > 1]
            if following.bracket != "{" and not node.inverse[k + 1] and not several:
                raise Unsaid  # f(x) may be a call
        return self.node(factor), k + 1

    def _times(self, a: Value, b: Value) -> Value:
        if SCALAR in (a.shape, b.shape):
            many = b if a.shape == SCALAR else a
            one = a if many is b else b
            return Value(many.shape, lambda *i: f"({one.at()} * {many.at(*i)})", number=a.number and b.number)
        if (a.shape, b.shape) == (COLUMN, ROW):
            return Value(MATRIX, lambda i, j: f"({a.at(i)} * {b.at(j)})")
        shape = _PRODUCTS.get((a.shape, b.shape))
        if shape is None:
            raise Unsaid
        k = self._fresh()
        left, right = a.shape == MATRIX, b.shape == MATRIX

        def at(*indices: str) -> str:
            of_a = (indices[0], k) if left else (k,)
            of_b = (k, indices[-1]) if right else (k,)
            return f"sum[{k}]({a.at(*of_a)} * {b.at(*of_b)})"

        return Value(shape, at)

    def _fresh(self) -> str:
        """An index to sum over."""
        self._count += 1
        if self._count > len(SUMMED):
            raise Unsaid
        return SUMMED[self._count - 1] + self.suffix

    def node(self, node: Node) -> Value:
        if isinstance(node, Atom):
            return self._atom(node)
        if isinstance(node, Group):
            return self._group(node)
        if isinstance(node, Fraction):
            return self._fraction(node)
        if isinstance(node, Root):
            inner = self._inside(node.body)
            return _elementwise("sqrt({})".format, inner) if node.order in ("", "2") and not node.scripts else _unsaid()
        raise Unsaid

    def _atom(self, atom: Atom) -> Value:
        turned = any(s.upper and s.text in TRANSPOSED for s in atom.scripts)
        bare = replace(atom, scripts=tuple(s for s in atom.scripts if not (s.upper and s.text in TRANSPOSED)))
        writer = Writer(self.suffix)
        text = writer.atom(bare)
        if "[" in text:
            raise Unsaid  # components among matrices
        name = next(iter(writer.ranks), "")
        rank = self.known.get(name, 0)
        if rank and text != name:
            raise Unsaid  # a power of a matrix
        for n in writer.ranks:
            self.ranks[n] = self.known.get(n, 0)
        return _turned(self._named(name, rank) if rank else Value(SCALAR, lambda: text, not writer.ranks), turned)

    def _named(self, name: str, rank: int) -> Value:
        if rank > 2:
            raise Unsaid
        return Value(_OF_RANK[rank], lambda *i: f"{name}[{', '.join(i)}]")

    def _inside(self, group: Group) -> Value:
        if len(group.parts) != 1 or len(group.parts[0].sides) != 1 or group.parts[0].sides[0] is None:
            raise Unsaid
        return self.sum(group.parts[0].sides[0])

    def _group(self, group: Group) -> Value:
        inner = self._inside(group)
        powers = [s for s in group.scripts if s.upper]
        text = powers[0].text if len(powers) == 1 else ""
        if group.bracket in NORMS:
            lower = {s.text for s in group.scripts if not s.upper}
            if text != "2" or not lower <= {"2", "F"} or not inner.rank:
                raise Unsaid
            k = [self._fresh() for _ in range(inner.rank)]
            return Value(SCALAR, lambda: f"sum[{', '.join(k)}]({inner.at(*k)}**2)")
        if group.bracket not in ("(", "[", "{") or len(powers) < len(group.scripts):
            raise Unsaid
        if not group.scripts:
            return inner
        if text in TRANSPOSED:
            return _turned(inner, True)
        if powers and powers[0].kind == "power" and not inner.rank:
            return _elementwise(f"({{}})**{text}".format, inner)
        raise Unsaid

    def _fraction(self, node: Fraction) -> Value:
        name = self.derivative(node)
        if name is not None:
            self.ranks[name] = self.known.get(name.removeprefix("grad_"), 0)
            rank = self.ranks[name]
            return self._named(name, rank) if rank else Value(SCALAR, lambda: name)
        top, bottom = self._inside(node.top), self._inside(node.bottom)
        if bottom.rank or node.scripts:
            raise Unsaid
        return Value(top.shape, lambda *i: f"({top.at(*i)} / {bottom.at()})", top.number and bottom.number)


def _unsaid() -> Value:
    raise Unsaid


def _elementwise(spell: Callable[[str], str], value: Value) -> Value:
    return Value(value.shape, lambda *i: spell(value.at(*i)), value.number)


def _turned(value: Value, turned: bool) -> Value:
    if not turned or value.shape == SCALAR:
        return value
    return Value(_TURNED[value.shape], lambda *i: value.at(*reversed(i)))
