"""The state of an inference over one file, and the judgements that operations ask for."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from ...diagnostics import Span
from ...limits import MAX_DEPTH
from ..module import Call, Conflict, Dim, Module, Shape
from ..positions import Positions
from .comments import Comments
from .conflicts import (
    Together,
    axes_conflict,
    differ,
    entries_conflict,
    extent_conflict,
    order_conflict,
    reshape_conflict,
    sizes_clash,
    swapped,
)
from .dims import UNKNOWN, factors, known, same, show
from .layout import broadcast, targets_keep
from .reshape import Relations, is_rest, scrambled, sizes_disagree
from .values import Items, Symbol, Value, joined

Env = dict[str, Value]


class Evaluator(Protocol):
    """The rules of expressions, which need the inference and which it needs."""

    def __call__(self, inference: Inference, node: ast.expr) -> Value: ...


class Inference:
    """What is known while the statements of a file are gone through, one after the other."""

    def __init__(self, module: Module, comments: Comments, positions: Positions, rules: Evaluator) -> None:
        self.module = module
        self.comments = comments
        self.positions = positions
        self.calls: Mapping[int, Call] = {id(c.node): c for c in module.calls}
        self.libraries: Mapping[
            str, str
        ] = {}  # what an imported name stands for: np -> numpy, F -> torch.nn.functional
        self.method_library = ""  # whose arrays the file has, where it is only one
        self.returns: dict[str, tuple[ast.arguments, Shape]] = {}
        self.env: Env = {}
        self.relations: Relations = {}
        self.owners: set[str] = set()  # variables of which an attribute was set
        self.stores: Mapping[str, int] = {}
        self.together = Together()
        self.conflicts: list[Conflict] = []
        self.shapes: dict[int, Shape | None] = {}  # of operands, by the id of their node
        self._rules = rules
        self._memo: dict[int, Value] = {}
        self._depth = 0

    # ---- expressions -------------------------------------------------------------------------------------------
    def evaluate(self, node: ast.expr) -> Value:
        """What is known of an expression's value; each expression is evaluated once a statement."""
        key = id(node)
        if key in self._memo:
            return self._memo[key]
        if self._depth >= MAX_DEPTH:
            return None
        self._depth += 1
        try:
            value = self._rules(self, node)
        finally:
            self._depth -= 1
        self._memo[key] = value
        return value

    def forget_values(self) -> None:
        """Before the next statement."""
        self._memo = {}

    def evaluate_with(self, bound: Mapping[str, Value], nodes: Sequence[ast.expr]) -> list[Value]:
        """Expressions in which some names stand for other values: of a lambda or a comprehension."""
        memo, env = self._memo, self.env
        self._memo, self.env = {}, {**env, **bound}
        try:
            return [self.evaluate(n) for n in nodes]
        finally:
            self._memo, self.env = memo, env

    def size(self, node: ast.expr) -> Dim:
        """The expression as a size."""
        value = self.evaluate(node)
        return value.dim if isinstance(value, Symbol) else value if isinstance(value, Dim) else UNKNOWN

    def number(self, node: ast.expr) -> int | None:
        """The expression as a whole number that the file shows."""
        if isinstance(node, ast.Constant):
            return node.value if type(node.value) is int else None
        value = self.evaluate(node)
        return value.size if isinstance(value, Dim) else None

    def numbers(self, node: ast.expr) -> list[int] | None:
        """One number or several."""
        return self.number_list(node.elts if isinstance(node, (ast.Tuple, ast.List)) else [node])

    def number_list(self, nodes: Sequence[ast.expr]) -> list[int] | None:
        """`permute(0, 2, 1)` or `permute((0, 2, 1))`."""
        if len(nodes) == 1 and isinstance(nodes[0], (ast.Tuple, ast.List)):
            nodes = nodes[0].elts
        out = [None if isinstance(n, ast.Starred) else self.number(n) for n in nodes]
        return None if None in out else [n for n in out if n is not None]

    def size_list(self, nodes: Sequence[ast.expr]) -> list[Dim] | None:
        """Sizes written one by one, in a tuple, or with `*x.shape[:2]`; None where their number is not known."""
        if len(nodes) == 1 and not isinstance(nodes[0], ast.Starred):
            value = self.evaluate(nodes[0])
            if isinstance(value, Items):
                return self._as_sizes(value)
            return [value] if isinstance(value, Dim) else None  # a name alone may be a tuple
        out: list[Dim] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                value = self.evaluate(node.value)
                sizes = self._as_sizes(value) if isinstance(value, Items) else None
                if sizes is None:
                    return None
                out += sizes
            else:
                out.append(self.size(node))
        return out

    def _as_sizes(self, items: Items) -> list[Dim] | None:
        if items.open_at is not None:
            return None
        return [v.dim if isinstance(v, Symbol) else v if isinstance(v, Dim) else UNKNOWN for v in items.values]

    # ---- places ------------------------------------------------------------------------------------------------
    def span(self, node: ast.expr) -> Span:
        """The node's place in the file."""
        return self.positions.span(node)

    def text(self, node: ast.expr) -> str:
        """The node's source text, as far as it fits a message."""
        text = " ".join(self.positions.source(node).split())
        return text if len(text) <= 40 else text[:37] + "..."

    def array_node(self, node: ast.Call) -> ast.expr:
        """The array that a method or a function is applied to."""
        func = node.func
        if isinstance(func, ast.Attribute) and isinstance(self.evaluate(func.value), Shape):
            return func.value
        return node.args[0] if node.args else node

    # ---- judgements --------------------------------------------------------------------------------------------
    def tell(self, conflict: Conflict) -> None:
        """Keep a conflict, once."""
        if all((c.kind, c.span) != (conflict.kind, conflict.span) for c in self.conflicts[-20:]):
            self.conflicts.append(conflict)

    def see_operand(self, node: ast.expr, shape: Shape | None) -> None:
        """Note an operand's shape.  Where the same text is read for several values, what they agree on."""
        key = id(node)
        if key in self.shapes:
            both = joined(self.shapes[key], shape)
            shape = both if isinstance(both, Shape) else None
        self.shapes[key] = shape

    def judge_pair(
        self, node: ast.expr, a: Dim, b: Dim, of: tuple[str, str], summed: bool = True, broadcast: bool = False,
        label: str = "",
    ) -> bool:  # fmt: skip
        """Tell of two axes that are made one and cannot be; whether they were told of."""
        if sizes_clash(a, b, broadcast):
            self.tell(extent_conflict(self.span(node), label, a, b, of, ()))
            return True
        if broadcast and 1 in (a.size, b.size):
            return False
        reason = differ(a, b, self.together, summed)
        if reason:
            self.tell(axes_conflict(self.span(node), label, a, b, of, reason, summed))
        return bool(reason)

    def judge_reshape(self, node: ast.Call, array: Shape, target: Sequence[Dim]) -> None:
        """Tell of a reshape to another number of entries, or one that tears axes apart."""
        what = self.text(self.array_node(node))
        counts = sizes_disagree(array, target)
        if counts is not None:
            self.tell(entries_conflict(self.span(node), what, array, target, counts))
            return
        torn = scrambled(array, target, self.relations)
        if torn is not None:
            turned = len(array.dims) == len(target) and all(any(same(d, t) for t in target) for d in array.dims)
            doubtful = turned or _is_said((*array.dims, *target))  # two whole axes may be exchanged on purpose
            self.tell(replace(reshape_conflict(self.span(node), what, array, target, torn), weak=doubtful))

    def product(self, node: ast.expr, left: Value, right: Value, first: ast.expr, second: ast.expr) -> Value:
        """A matrix product: the last axis of the left is summed with the last but one of the right."""
        if not isinstance(left, Shape) or not isinstance(right, Shape) or not left.dims or not right.dims:
            return None
        a, b = left.dims, right.dims
        if left.open_at is not None or right.open_at is not None:
            ends = left.open_at != len(a) and right.open_at is None and len(b) == 2
            return Shape((*a[:-1], b[1]), left.open_at) if ends else None
        inner = b[-2] if len(b) > 1 else b[0]
        self.judge_pair(node, a[-1], inner, (self.text(first), self.text(second)))
        batch = broadcast(Shape(a[:-2]), Shape(b[:-2]))
        for x, y in zip(reversed(a[:-2]), reversed(b[:-2])):
            self.judge_pair(node, x, y, (self.text(first), self.text(second)), summed=False, broadcast=True)
        front = batch.dims if batch is not None else ()
        return Shape((*front, *a[-2:-1], *(b[-1:] if len(b) > 1 else ())))

    def elementwise(self, node: ast.expr, left: Shape, right: Shape, second: ast.expr) -> Value:
        """A sum, product, … of two arrays: axes meet from the right."""
        result = broadcast(left, right)
        if result is None:
            return None
        first = getattr(node, "left", None) or (self.array_node(node) if isinstance(node, ast.Call) else node)
        names = [{d.name for d in s.dims} for s in (left, right)]
        turned = len(left.dims) == len(right.dims) and names[0] == names[1]  # A + A.T: as the author wants it
        of = (self.text(first), self.text(second))
        for x, y in zip(reversed(left.dims), reversed(right.dims)):
            if turned and not sizes_clash(x, y, broadcast=True):
                continue
            if self.judge_pair(node, x, y, of, summed=False, broadcast=True):
                break
        return result

    def expanded(self, node: ast.expr, array: Shape, target: Shape, like: str = "the target") -> Value:
        """`expand`: axes of size 1 grow, the others have to be the target's."""
        array_text = self.text(self.array_node(node)) if isinstance(node, ast.Call) else "the array"
        if array.open_at is None and target.open_at is None:
            for x, y in zip(reversed(array.dims), reversed(target.dims)):
                if not is_rest(y) and x.size != 1:
                    if y.size == 1 and x.size is None:
                        continue
                    if self.judge_pair(node, x, y, (array_text, like), summed=False):
                        break
        return targets_keep(array, target)

    def declare(self, name: str, said: Shape, node: ast.expr | ast.stmt, judge: bool = True) -> None:
        """What a comment, an assertion or an unpacking says of a variable, besides what is known of it."""
        self.together.add(said)
        self.env[name] = self.reconciled(name, self.env.get(name), said, node, judge)

    def reconciled(self, name: str, now: Value, said: Shape, node: ast.expr | ast.stmt, judge: bool) -> Value:
        """The value, with the names that someone wrote; unknown where both cannot be."""
        if isinstance(now, (Dim, Items)) or (said.open_at is not None and isinstance(now, Shape)):
            return now
        if not isinstance(now, Shape) or now.open_at is not None:
            return said
        if len(now.dims) != len(said.dims):
            return None
        at = swapped([d.name for d in said.dims], now.dims) if judge else None
        if at is not None:
            span = next((d.span for d in said.dims if d.span is not None), None) or self.positions.span(node)
            labels = [show(d) if known(d) else None for d in said.dims]
            self.tell(replace(order_conflict(span, name, labels, now, at), weak=True))
            return None
        return Shape(tuple(_told(n, s) for n, s in zip(now.dims, said.dims)))


def _is_said(dims: Sequence[Dim]) -> bool:
    """Whether only a comment or a docstring vouches for one of the dimensions."""
    return any(f.evidence in ("comment", "docstring") for d in dims for f in factors(d))


def _told(now: Dim, said: Dim) -> Dim:
    """A dimension by the name that was written; its size from either, where they do not exclude each other."""
    if not known(said):
        return now
    if now.parts and not said.parts:
        return now if said.name is None else replace(said, size=now.size)
    if sizes_clash(now, said, broadcast=False):
        return said
    return replace(said, size=said.size if said.size is not None else now.size)
