"""Shapes from annotations: jaxtyping, torchtyping, nptyping, and strings in `Annotated`."""

from __future__ import annotations

import ast

from ...diagnostics import Span
from ..module import Dim, Shape
from .written import spaced_shape, words, written_shape

ARRAY_KINDS = frozenset(
    words(
        "Float Float16 Float32 Float64 BFloat16 Int Int8 Int16 Int32 Int64 UInt UInt8 UInt16 UInt32 UInt64 "
        "Bool Shaped Num Inexact Real Complex Complex64 Complex128 Integer Key Array Tensor TensorType "
        "NDArray ndarray Annotated FloatTensor LongTensor BoolTensor IntTensor FloatArray IntArray BoolArray "
        "Arr TT"
    )
)
MAX_NESTED = 6  # Optional[Union[…]]


def annotated_shape(node: ast.expr | None, place: Span | None, depth: int = 0) -> Shape | None:
    """The shape that an annotation says, or None.

    >>> annotated_shape(ast.parse('Float[Tensor, "b n d"]', mode="eval").body, None).dims[1].name
    'n'
    """
    if node is None or depth > MAX_NESTED:
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _quoted(node.value, place, depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _only(_alternatives(node), place, depth)
    if not isinstance(node, ast.Subscript):
        return None
    head = node.value
    name = head.id if isinstance(head, ast.Name) else head.attr if isinstance(head, ast.Attribute) else ""
    items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name in ("Optional", "Union", "Final", "ClassVar"):
        return _only(items, place, depth)
    if name == "Shape":
        return _strings(items, place, commas=True)
    if name not in ARRAY_KINDS:
        return None
    if len(items) == 2 and isinstance(items[1], ast.Constant) and isinstance(items[1].value, str):
        inner = annotated_shape(items[0], place, depth + 1)  # Float[Float[Tensor, "n d"], "batch"] puts axes in front
        own = spaced_shape(items[1].value, "annotation", place)
        if inner is None or own is None or inner.open_at is not None:
            return own if inner is None else None
        return Shape((*own.dims, *inner.dims), own.open_at)
    for item in items:  # NDArray[Shape["2, 3"], Float], Annotated[Tensor, "b n d"]
        if isinstance(item, ast.Subscript) and (found := annotated_shape(item, place, depth + 1)) is not None:
            return found
    return _strings(items, place, commas=False) if name != "Annotated" else _strings(items[1:2], place, commas=False)


def _alternatives(node: ast.expr) -> list[ast.expr]:
    """The parts of `A | B | C`."""
    out: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        out.append(node.right)
        node = node.left
    return [*out, node]


def _only(nodes: list[ast.expr] | tuple[ast.expr, ...], place: Span | None, depth: int) -> Shape | None:
    """The shape of the one part that has one."""
    found = [s for n in nodes if (s := annotated_shape(n, place, depth + 1)) is not None]
    return found[0] if len(found) == 1 else None


def _quoted(text: str, place: Span | None, depth: int) -> Shape | None:
    """An annotation that is written as a string."""
    if "[" not in text or len(text) > 400:
        return None
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return annotated_shape(tree.body, place, depth + 1)


def _strings(items: list[ast.expr], place: Span | None, commas: bool) -> Shape | None:
    """`TensorType["b", "n", 3]`, `Tensor["b n d"]`, `Shape["B, T, D"]`."""
    values = [i.value if isinstance(i, ast.Constant) else None for i in items]
    if len(values) == 1 and isinstance(values[0], str):
        text = values[0]
        return written_shape(text, "annotation", place) if commas else spaced_shape(text, "annotation", place)
    dims: list[Dim] = []
    open_at: int | None = None
    for value in values:
        if value is Ellipsis and open_at is None:
            open_at = len(dims)
        elif isinstance(value, str) and value.isidentifier():
            dims.append(Dim(value, None, "annotation", place))
        elif isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            dims.append(Dim(None, value, "annotation", place))
        else:
            return None
    return Shape(tuple(dims), open_at) if any(d.name for d in dims) else None
