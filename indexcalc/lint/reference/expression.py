"""A Python expression as a formula in index notation: what it computes slot by slot, read from the source, never run.

Labels go down the expression: the result's labels are given, and each operation says which labels its operands have.
How many axes an operand has is asked of the formula that it is compared with, where the operation leaves it open.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...einsum.expand import output_items
from ...importers.names import Names, sayable
from ...limits import MAX_DEPTH
from ...python.module import Call
from ...python.operations import last_name
from .arrays import arrays_in, constant_name, is_size, slice_kinds, wanted_name
from .axes import NotReadable, argument, axes, axis, constant, order_of, shown, subject
from .contraction import contraction_text, flat
from .operations import (
    BINARY,
    ELEMENTWISE,
    EXTREMES,
    MAPS,
    MATMUL,
    NEW_AXIS,
    PERMUTATIONS,
    REDUCTIONS,
    SAME,
    TRANSPOSES,
)

Labels = tuple[str, ...]
_WORD = re.compile(r"[^\W\d]\w*'*")
_OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}


class Reader:
    """Reads expressions of one statement.  `calls` are the einsum-like calls by `id` of their node; `rank_of` tells the
    rank of a name, or None; `libraries` are names of modules, before whose functions no array stands."""

    def __init__(
        self, calls: Mapping[int, Call], rank_of: Callable[[str], int | None], libraries: frozenset[str]
    ) -> None:
        self.calls, self.rank_of, self.libraries = calls, rank_of, libraries
        self.names = Names()
        self.leaves: dict[str, str] = {}  # source text -> name in the formula
        self.sizes: set[str] = set()  # those that are an array's size
        self.ranks: dict[str, int] = {}
        self.depth = 0

    def statement(self, target: str, node: ast.expr, rank: int) -> str:
        """The program that defines `target` of this rank as the expression's value."""
        for array in arrays_in(node, self.calls, self.libraries):
            self.leaf(array)
        name = self.names.new(target)
        wishes = self._output_labels(node, rank)
        labels = tuple(self.label(w) for w in wishes)
        body = self.text(node, labels)
        said = set(_WORD.findall(body))
        body = " * ".join([f"({body})", *(f"ones[{x}]" for x in labels if x not in said)])  # axes of size 1
        left = f"{name}[{', '.join(labels)}]" if labels else name
        return f"{left} = {body}\noutput {name}"

    def label(self, wish: str = "") -> str:
        """A new index, under the wished name where it is free."""
        if wish.isidentifier() and sayable(wish) and self.names.free(wish):
            return self.names.new(wish)
        return self.names.index()

    def _output_labels(self, node: ast.expr, rank: int) -> Sequence[str]:
        """What the labels of the result are called where the expression is a call with a spec."""
        call = self.calls.get(id(node))
        if call is None or call.spec is None:
            return [""] * rank
        axes_there = flat(output_items(call.spec))
        more = rank - len(axes_there) + 1
        wishes = [w for a in axes_there for w in ([""] * more if a.is_ellipsis else [a.name])]
        return wishes if len(wishes) == rank else [""] * rank

    # ---- the two walks ----------------------------------------------------------------------------
    def rank(self, node: ast.expr) -> int | None:
        """How many axes the value has, as far as the source and the formula tell."""
        if id(node) in self.calls:
            output = self.calls[id(node)].spec
            items = output.output.items if output is not None and output.output is not None else None
            return None if items is None or any(getattr(i, "is_open", False) for i in items) else len(items)
        if isinstance(node, ast.Constant):
            return 0
        if isinstance(node, ast.UnaryOp):
            return self.rank(node.operand)
        if isinstance(node, ast.BinOp):
            return self._rank_of_pair(node)
        if isinstance(node, ast.Attribute) and node.attr in TRANSPOSES:
            return self.rank(node.value)
        if is_size(node):
            return 0
        if isinstance(node, ast.Call):
            return self._rank_of_call(node)
        if isinstance(node, ast.Subscript) and "other" not in (kinds := slice_kinds(node)):
            inner = self.rank(node.value)
            return None if inner is None else inner + kinds.count("new")
        return self.rank_of(self.leaf(node))

    def _rank_of_pair(self, node: ast.BinOp) -> int | None:
        left, right = self.rank(node.left), self.rank(node.right)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.MatMult):
            return max(left, right) - (min(left, right) == 1) - (left == right == 1)
        return max(left, right)

    def _rank_of_call(self, node: ast.Call) -> int | None:
        name = last_name(node.func)
        array, rest = subject(node, self.libraries)
        if array is None:
            return None
        if name in BINARY or name in EXTREMES or name in MATMUL:
            pair = ast.BinOp(array, ast.MatMult() if name in MATMUL else ast.Add(), rest[0] if rest else array)
            return self._rank_of_pair(pair)
        inner = self.rank(array)
        if inner is None or name in NEW_AXIS:
            return None if inner is None else inner + 1
        if name in REDUCTIONS:
            along = constant(argument(node, rest, 0, "dim", "axis"))
            count = inner if along is None else len(along) if isinstance(along, (tuple, list)) else 1
            return inner if constant(argument(node, [], 0, "keepdim", "keepdims")) else inner - count
        same = name in ELEMENTWISE or name in MAPS or name in SAME or name in PERMUTATIONS
        return inner if same or name in ("log_softmax", "rsqrt", "square") else None

    def text(self, node: ast.expr, labels: Labels) -> str:
        """The expression's component at these labels."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotReadable(node, f"it is nested more than {MAX_DEPTH} deep")
        try:
            return self._text(node, labels)
        finally:
            self.depth -= 1

    def _text(self, node: ast.expr, labels: Labels) -> str:
        if id(node) in self.calls:
            return contraction_text(self, self.calls[id(node)], labels)
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            return _number(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return f"(-{self.text(node.operand, labels)})"
        if isinstance(node, ast.BinOp):
            return self._pair(node, labels)
        if isinstance(node, ast.Attribute) and node.attr in TRANSPOSES:
            return self._transposed(node, labels)
        if isinstance(node, ast.Subscript) and not is_size(node):
            return self._subscript(node, labels)
        if isinstance(node, ast.Call) and not is_size(node):
            return self._call(node, labels)
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
            return self.access(node, () if is_size(node) else labels)
        raise NotReadable(node, f"`{shown(node)}` has no index notation")

    # ---- leaves -----------------------------------------------------------------------------------
    def leaf(self, node: ast.expr) -> str:
        """The name under which the formula knows an array."""
        key = ast.unparse(node)
        if key not in self.leaves:
            self.leaves[key] = constant_name(node, self.libraries) or self.names.new(wanted_name(node))
            if is_size(node):
                self.sizes.add(self.leaves[key])
        return self.leaves[key]

    def access(self, node: ast.expr, labels: Labels) -> str:
        """A component of an array that the statement only reads."""
        name = self.leaf(node)
        if name in ("pi", "inf"):
            return name
        if self.ranks.setdefault(name, len(labels)) != len(labels):
            raise NotReadable(node, f"`{shown(node)}` has {self.ranks[name]} axes in one place and {len(labels)} here")
        return f"{name}[{', '.join(labels)}]" if labels else name

    # ---- operators --------------------------------------------------------------------------------
    def _pair(self, node: ast.BinOp, labels: Labels) -> str:
        if isinstance(node.op, ast.MatMult):
            return self.matmul(node, node.left, node.right, labels)
        operator = _OPERATORS.get(type(node.op))
        if operator is None:
            raise NotReadable(node, f"`{shown(node)}` has no index notation")
        return self.pair(operator, node.left, node.right, labels)

    def pair(self, operator: str, left: ast.expr, right: ast.expr, labels: Labels) -> str:
        """Two operands that broadcast: axes are aligned at the end."""
        ranks = [self.rank(left), self.rank(right)]
        for k in (0, 1):
            other = ranks[1 - k]
            if ranks[k] is None and other is not None and other < len(labels):
                ranks[k] = len(labels)  # one of them has all axes
        texts = []
        for side, rank in zip((left, right), ranks):
            if rank is None or rank > len(labels):
                raise NotReadable(side, f"how many axes `{shown(side)}` has is not known here")
            texts.append(self.text(side, labels[len(labels) - rank :]))
        if operator in ("max", "min"):
            return f"{operator}({texts[0]}, {texts[1]})"
        return f"({texts[0]} {operator} {texts[1]})"

    def matmul(self, node: ast.AST, left: ast.expr, right: ast.expr, labels: Labels) -> str:
        """Σ_k over the last axis of one and the last but one of the other; the axes before broadcast."""
        ranks = [self.rank(left), self.rank(right)]
        if ranks[0] is None and ranks[1] is not None:
            ranks[0] = max(len(labels), 2) if ranks[1] > 1 else len(labels) + 1
        elif ranks[1] is None and ranks[0] is not None:
            ranks[1] = max(len(labels), 2) if ranks[0] > 1 else len(labels) + 1
        a, b = ranks
        if a is None or b is None or 0 in (a, b):
            raise NotReadable(node, "how many axes the operands of this matrix product have is not known here")
        k = self.label("k")
        rows = labels[-2:-1] if a > 1 and b > 1 else labels[-1:] if a > 1 else ()
        columns = labels[-1:] if b > 1 else ()
        batch = labels[: len(labels) - len(rows) - len(columns)]
        if max(a, b) - 2 > len(batch) or (len(batch) > 0 and max(a, b) - 2 != len(batch)):
            raise NotReadable(node, f"a matrix product of ranks {a} and {b} does not have rank {len(labels)}")
        first = (*_last(batch, a - 2), *rows, k)
        second = (*_last(batch, b - 2), k, *columns)
        return f"sum[{k}]({self.text(left, first)} * {self.text(right, second)})"

    def _transposed(self, node: ast.Attribute, labels: Labels) -> str:
        if node.attr == "T":
            return self.text(node.value, labels[::-1])
        if len(labels) < 2:
            raise NotReadable(node, "`.mT` needs two axes")
        return self.text(node.value, (*labels[:-2], labels[-1], labels[-2]))

    def _subscript(self, node: ast.Subscript, labels: Labels) -> str:
        """`x[..., None]` and its like; any other subscript is an array of its own."""
        kinds = slice_kinds(node)
        if "other" in kinds:
            return self.access(node, labels)
        if "..." not in kinds:
            kinds.append("...")
        at = kinds.index("...")
        after = kinds[at + 1 :]
        kept = [x for x, kind in zip(labels, kinds[:at]) if kind == ":"]
        middle = labels[at : len(labels) - len(after)]
        tail = [x for x, kind in zip(labels[len(labels) - len(after) :], after) if kind == ":"]
        return self.text(node.value, (*kept, *middle, *tail))

    # ---- functions --------------------------------------------------------------------------------
    def _call(self, node: ast.Call, labels: Labels) -> str:
        name = last_name(node.func)
        array, rest = subject(node, self.libraries)
        handler: Handler | None = _HANDLERS.get(name)
        if handler is None or array is None or any(isinstance(a, ast.Starred) for a in node.args):
            raise NotReadable(node, f"what `{shown(node)}` computes is not known here")
        return handler(self, node, array, rest, labels)

    def elementwise(self, node: ast.Call, array: ast.expr, rest: Sequence[ast.expr], labels: Labels) -> str:
        return f"{ELEMENTWISE[last_name(node.func)]}({self.text(array, labels)})"

    def same(self, node: ast.Call, array: ast.expr, rest: Sequence[ast.expr], labels: Labels) -> str:
        return self.text(array, labels)

    def binary(self, node: ast.Call, array: ast.expr, rest: Sequence[ast.expr], labels: Labels) -> str:
        name = last_name(node.func)
        if len(rest) != 1 or node.keywords:
            raise NotReadable(node, f"`{name}` of more than two operands")
        return self.pair(BINARY.get(name) or EXTREMES[name], array, rest[0], labels)

    def product(self, node: ast.Call, array: ast.expr, rest: Sequence[ast.expr], labels: Labels) -> str:
        if len(rest) != 1:
            raise NotReadable(node, "a matrix product has two operands")
        return self.matmul(node, array, rest[0], labels)

    def reduction(self, node: ast.Call, array: ast.expr, rest: Sequence[ast.expr], labels: Labels) -> str:
        """Σ and its like along some axes, or all of them."""
        along = constant(argument(node, rest, 0, "dim", "axis"))
        keep = constant(argument(node, [], 0, "keepdim", "keepdims"))
        if along is None:
            count = self.rank(array)
            if count is None:
                raise NotReadable(array, f"how many axes `{shown(array)}` has is not known here")
            gone = tuple(range(count))
        else:
            count = len(labels) + (0 if keep else len(along) if isinstance(along, (tuple, list)) else 1)
            gone = axes(along, count, node)
        fresh = {k: self.label() for k in gone}
        left = iter(labels)
        inner = []
        for k in range(count):
            given = next(left) if k not in fresh or keep else ""
            inner.append(fresh.get(k, given))
        return f"{REDUCTIONS[last_name(node.func)]}[{', '.join(fresh.values())}]({self.text(array, tuple(inner))})"

    def along(self, node: ast.Call, array: ast.expr, rest: Sequence[ast.expr], labels: Labels) -> str:
        name = last_name(node.func)
        given = argument(node, rest, 0, "dim", "axis")
        if given is None and node.func is not None and name == "cumsum":
            raise NotReadable(node, f"`{name}` without an axis")
        at = axis(-1 if given is None else constant(given), len(labels), node)
        inner = self.text(array, labels)
        if labels[at].isdigit():
            raise NotReadable(node, f"`{name}` along an axis of size 1")
        operation = "softmax" if name == "log_softmax" else MAPS[name]
        found = f"{operation}[{labels[at]}]({inner})"
        return f"log({found})" if name == "log_softmax" else found

    def root(self, node: ast.Call, array: ast.expr, rest: Sequence[ast.expr], labels: Labels) -> str:
        inner = self.text(array, labels)
        return f"(1 / sqrt({inner}))" if last_name(node.func) == "rsqrt" else f"({inner})**2"

    def permuted(self, node: ast.Call, array: ast.expr, rest: Sequence[ast.expr], labels: Labels) -> str:
        order = order_of(node, rest, len(labels))
        inner = list(labels)
        for place, axis_of_array in enumerate(order):
            inner[axis_of_array] = labels[place]
        return self.text(array, tuple(inner))

    def new_axis(self, node: ast.Call, array: ast.expr, rest: Sequence[ast.expr], labels: Labels) -> str:
        at = axis(constant(argument(node, rest, 0, "dim", "axis")), len(labels), node)
        return self.text(array, labels[:at] + labels[at + 1 :])

    def squeezed(self, node: ast.Call, array: ast.expr, rest: Sequence[ast.expr], labels: Labels) -> str:
        at = axis(constant(argument(node, rest, 0, "dim", "axis")), len(labels) + 1, node)
        return self.text(array, (*labels[:at], "0", *labels[at:]))


def _last(batch: Labels, count: int) -> Labels:
    return batch[len(batch) - count :] if count > 0 else ()


def _number(node: ast.Constant) -> str:
    text = repr(node.value)
    if text in ("inf", "nan"):
        raise NotReadable(node, f"`{text}` is no number that can be compared")
    return text


Handler = Callable[[Reader, ast.Call, ast.expr, Sequence[ast.expr], Labels], str]
_HANDLERS: dict[str, Any] = {
    **dict.fromkeys(ELEMENTWISE, Reader.elementwise),
    **dict.fromkeys(SAME, Reader.same),
    **dict.fromkeys((*BINARY, *EXTREMES), Reader.binary),
    **dict.fromkeys(MATMUL, Reader.product),
    **dict.fromkeys(REDUCTIONS, Reader.reduction),
    **dict.fromkeys((*MAPS, "log_softmax"), Reader.along),
    **dict.fromkeys(("rsqrt", "square"), Reader.root),
    **dict.fromkeys(PERMUTATIONS, Reader.permuted),
    **dict.fromkeys(NEW_AXIS, Reader.new_axis),
    "squeeze": Reader.squeezed,
}
