"""Arrays that a call makes: `zeros(b, n)`, `np.random.normal(size=(b, n))`, `torch.tensor([[1, 2]])`, `eye(n)`."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..module import Dim, Shape
from .dims import UNKNOWN
from .values import Items, Value
from .written import words

if TYPE_CHECKING:
    from .infer import Inference

SIZES_FIRST = frozenset(
    words("zeros ones empty rand randn random_sample standard_normal FloatTensor LongTensor")
)  # zeros(2, 3), zeros((2, 3))
SHAPE_FIRST = frozenset(words("full random"))  # full((2, 3), 7)
KEY_FIRST = frozenset(words("normal uniform truncated_normal bernoulli"))  # jax.random.normal(key, (2, 3))
SIZE_KEYWORD = frozenset(
    words("normal uniform randint integers choice standard_normal exponential gamma poisson beta random standard_t")
)
LITERALS = frozenset(words("tensor array asarray as_tensor constant convert_to_tensor"))
OF_ARRAY = frozenset(words("Parameter Variable asarray array tensor as_tensor Tensor Buffer"))
MAX_LITERAL = 6


def made_array(
    name: str, args: Sequence[ast.expr], keywords: Mapping[str, ast.expr], library: str, inference: Inference
) -> Shape | None:
    """The shape of the array that the call makes, or None."""
    shape = _by_sizes(name, args, keywords, library, inference)
    if shape is not None:
        return _as_constructed(shape)
    if name in LITERALS and args:
        value = inference.evaluate(args[0])
        return value if isinstance(value, Shape) else literal_shape(args[0], inference)
    if name in ("eye", "identity") and args:
        first = inference.size(args[0])
        second = inference.size(args[1]) if len(args) > 1 and not isinstance(args[1], ast.Constant) else first
        if len(args) > 1 and isinstance(args[1], ast.Constant) and type(args[1].value) is int:
            second = inference.size(args[1])
        return _as_constructed(Shape((first, second)))
    if name == "arange" and len(args) == 1:
        value = inference.evaluate(args[0])
        return _as_constructed(Shape((inference.size(args[0]),))) if not isinstance(value, Shape) else None
    if name in ("linspace", "logspace") and len(args) >= 3:
        return _as_constructed(Shape((inference.size(args[2]),)))
    return None


def _by_sizes(
    name: str, args: Sequence[ast.expr], keywords: Mapping[str, ast.expr], library: str, inference: Inference
) -> Shape | None:
    given = keywords.get("size", keywords.get("shape"))
    if given is not None and name in SIZES_FIRST | SHAPE_FIRST | KEY_FIRST | SIZE_KEYWORD:
        return _listed([given], inference)
    if name in SIZES_FIRST and args:
        many = library == "torch" or name in ("rand", "randn")
        return _listed(args if many else args[:1], inference)
    if name in SHAPE_FIRST and args:
        value = inference.evaluate(args[0])
        return _listed(args[:1], inference) if isinstance(value, Items) else None
    if name == "randint" and len(args) == 3 and isinstance(inference.evaluate(args[2]), Items):
        return _listed(args[2:], inference)
    if name in KEY_FIRST and len(args) >= 2 and library == "jax" and isinstance(inference.evaluate(args[1]), Items):
        return _listed(args[1:2], inference)
    if name in ("normal", "uniform") and len(args) == 3 and isinstance(inference.evaluate(args[2]), Items):
        return _listed(args[2:], inference)
    return None


def _listed(nodes: Sequence[ast.expr], inference: Inference) -> Shape | None:
    sizes = inference.size_list(nodes)
    if sizes is None or any(s.size is not None and s.size < 0 for s in sizes):
        return None
    return Shape(tuple(sizes))


def _as_constructed(shape: Shape) -> Shape:
    return Shape(tuple(d if d.parts or d.evidence else replace(d, evidence="constructor") for d in shape.dims))


def literal_shape(node: ast.expr, inference: Inference, depth: int = 0) -> Shape | None:
    """The shape of nested lists of numbers."""
    if not isinstance(node, (ast.List, ast.Tuple)):
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, complex)):
            return Shape(())
        if isinstance(node, ast.UnaryOp):
            return literal_shape(node.operand, inference, depth)
        return None
    if depth >= MAX_LITERAL or not node.elts or any(isinstance(e, ast.Starred) for e in node.elts):
        return None
    inner = literal_shape(node.elts[0], inference, depth + 1)
    if inner is None or (len(node.elts) > 1 and literal_shape(node.elts[-1], inference, depth + 1) != inner):
        return None
    return Shape((Dim(None, len(node.elts), "constructor"), *inner.dims))


def joined_arrays(name: str, arrays: Sequence[Value], number: int) -> Shape | None:
    """`cat` and `stack` of arrays that are all known."""
    shapes = [a for a in arrays if isinstance(a, Shape)]
    if not shapes or len(shapes) != len(arrays) or any(s.open_at is not None for s in shapes):
        return None
    first, rank = shapes[0], len(shapes[0].dims)
    if any(len(s.dims) != rank for s in shapes):
        return None
    if name == "stack":
        place = number + rank + 1 if number < 0 else number
        if not 0 <= place <= rank:
            return None
        return Shape((*first.dims[:place], Dim(size=len(shapes)), *first.dims[place:]))
    place = number + rank if number < 0 else number
    if not 0 <= place < rank:
        return None
    sizes = [s.dims[place].size for s in shapes]
    total = sum(s for s in sizes if s is not None) if None not in sizes else None
    joined = Dim(size=total, evidence="inferred") if total is not None else UNKNOWN
    return Shape((*first.dims[:place], joined, *first.dims[place + 1 :]))
