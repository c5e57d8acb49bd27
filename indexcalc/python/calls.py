"""From a call in the syntax tree to its string, operands and sizes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from ..einsum.dialects import DIALECTS
from ..einsum.parse import parse
from ..einsum.spec import Spec, SpecError
from .functions import Function, function_named
from .module import Argument, Call, SpecText
from .positions import Positions
from .scopes import Opaque, Scope, dotted_name
from .strings import HOLE, spec_text

_LIKE_EINSUM = re.compile(r"(?=[^,]*?(?:->|,))[\w\s.,()>-]*")
_KEYWORDS = ("equation", "subscripts", "pattern", "eq", "description")
# Each begins where a word does: from every letter of a long word on, they would read to its end.
_NAMED_AXES = re.compile(r"(?<!\w)[\d_]*[^\W\d_]\w+\s+\w|\w\s+[^\W\d_]\w+")
_NAMES = re.compile(r"(?<![^\W\d_])[^\W\d_]{3,}[ ]+\w+|(?<!\w)\w+[ ]+[^\W\d_]{3,}")  # two words, one of three letters
# Methods and attributes that give the same array in another layout, type or place.
_SAME = frozenset(
    (
        "T", "mT", "H", "mH", "data", "transpose", "permute", "swapaxes", "moveaxis", "movedim", "reshape", "view",
        "contiguous", "to", "float", "double", "half", "bfloat16", "type", "astype", "type_as", "conj", "detach",
        "clone", "cpu", "cuda", "unsqueeze", "squeeze", "expand", "copy", "real", "imag", "t", "adjoint", "value",
    )
)  # fmt: skip


def read_call(node: ast.Call, scope: Scope, positions: Positions) -> Call | None:
    """The call, if it is one of those that `functions` knows and its string can be told."""
    last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if not last:
        return None
    dotted = dotted_name(node.func, scope)
    local = isinstance(node.func, ast.Name) and any(isinstance(b, Opaque) for b in scope.bindings(node.func.id)[0])
    function = function_named(dotted, local) if dotted else None
    if function is None or function.dialect not in DIALECTS:
        return None
    if any(isinstance(a, ast.Starred) for a in node.args[:1]):
        return None
    found = _string_and_operands(node, function, scope, positions)
    if found is None:
        return _of_sublists(node, function, positions) if function.sublists else None
    string, operands = found
    function = _dialect_of_looks(function, string)
    if function is None:
        return None
    complete = function.complete and not any(isinstance(x, ast.Starred) for x in operands)
    return _made(node, function, string, operands, complete, positions)


def _string_and_operands(
    node: ast.Call, function: Function, scope: Scope, positions: Positions
) -> tuple[SpecText, Sequence[ast.expr]] | None:
    """The string, and the operands in their order."""
    args = node.args
    for place in _places(function, len(args)):
        if place < len(args) and not isinstance(args[place], ast.Starred):
            string = spec_text(args[place], scope, positions)
            if string is not None:
                if function.layout == "third":
                    return string, args[:1]
                rest = [*args[:place], *args[place + 1 :]] if function.layout in ("first", "last") else args[:place]
                return string, _unpacked(rest, function)
    for keyword in node.keywords:
        if keyword.arg in _KEYWORDS:
            string = spec_text(keyword.value, scope, positions)
            if string is not None:
                return string, _unpacked(args, function)
    return None


def _places(function: Function, count: int) -> tuple[int, ...]:
    """Where the string may stand among the positional arguments, the likeliest first."""
    if function.layout == "last":
        return (count - 1,) if count else ()
    if function.layout == "first" and not function.library:
        return (0, count - 1) if count > 1 else (0,)
    return {"second": (1,), "third": (2,), "any": (0, 1)}.get(function.layout, (0,))


def _unpacked(operands: Sequence[ast.expr], function: Function) -> Sequence[ast.expr]:
    """The operands; those of one list or tuple where the function takes such."""
    takes_lists = function.layout == "first" and function.library in ("torch", "")
    if takes_lists and len(operands) == 1 and isinstance(operands[0], (ast.List, ast.Tuple)):
        return operands[0].elts
    return operands


def _dialect_of_looks(function: Function, string: SpecText) -> Function | None:
    """A function that no import explains: by its string it is one of ours, or None."""
    if function.library:
        return function
    text = string.text.replace(HOLE, "x")
    if function.dialect != "einsum":
        return function if "->" in text or not string.whole else None
    if not _LIKE_EINSUM.fullmatch(text):
        return None
    return replace(function, dialect="fancy_einsum") if _NAMED_AXES.search(text) else function


def _of_sublists(node: ast.Call, function: Function, positions: Positions) -> Call | None:
    """The form with lists of labels: einsum(A, [0, 1], B, [1, 2], [0, 2])."""
    args = node.args
    if len(args) < 2 or any(not isinstance(x, (ast.List, ast.Tuple)) for x in args[1::2]):
        return None
    has_output = len(args) % 2 == 1
    if has_output and not isinstance(args[-1], (ast.List, ast.Tuple)):
        return None
    text: list[str] = []
    offsets: list[int] = []

    def add(part: str, offset: int) -> None:
        text.append(part)
        offsets.extend([offset] * len(part))

    lists = [*args[1::2], *([args[-1]] if has_output else [])]
    for k, labels in enumerate(lists):
        assert isinstance(labels, (ast.List, ast.Tuple))
        start = positions.start(labels)
        if k:
            add(" -> " if has_output and k == len(lists) - 1 else ", ", start)
        add("[", start)
        for n, label in enumerate(labels.elts):
            written = _label(label)
            if written is None:
                return None
            add((", " if n else "") + written, positions.start(label))
        add("]", positions.end(labels) - 1)
    string = SpecText("".join(text), (*offsets, positions.end(lists[-1])))
    operands = args[: len(args) - has_output : 2]
    return _made(node, replace(function, dialect="sublist"), string, operands, True, positions)


def _label(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and (node.value is ... or type(node.value) is int):
        return "..." if node.value is ... else str(node.value)
    if isinstance(node, ast.Name):
        return "..." if node.id == "Ellipsis" else node.id
    return None


def _made(
    node: ast.Call, function: Function, string: SpecText, operands: Sequence[ast.expr], complete: bool,
    positions: Positions,
) -> Call:  # fmt: skip
    spec, problem = _parsed(string.text, function.dialect) if string.whole else (None, None)
    if function.library and function.dialect == "einsum" and _NAMES.search(string.text):
        spec, problem = None, _names_for_letters(string.text, function.library)
    arguments = tuple(Argument(positions.source(x), operand_name(x), x, positions.span(x)) for x in operands)
    keywords = {k.arg: k.value for k in node.keywords if k.arg}
    return Call(
        function.name, function.library, function.dialect, string, spec, arguments, keywords, node,
        positions.span(node), dict(_sizes(keywords)), problem, complete, positions.lines,
    )  # fmt: skip


def _names_for_letters(text: str, library: str) -> SpecError:
    """Names with blanks between them, where every letter is an axis and blanks mean nothing."""
    found = _NAMES.search(text)
    assert found is not None
    message = f"{library} reads each letter as an axis, and `{found[0].strip()}` are names"
    hint = "einops.einsum takes names, with the pattern behind the operands"
    return SpecError(message, found.start(), found.end(), hint)


@lru_cache(maxsize=4096)  # a file says the same string many times
def _parsed(text: str, dialect: str) -> tuple[Spec | None, SpecError | None]:
    try:
        return parse(text, dialect), None
    except SpecError as error:
        return None, error


def _sizes(keywords: dict[str, ast.expr]) -> Iterator[tuple[str, int]]:
    for name, value in keywords.items():
        if isinstance(value, ast.Constant) and type(value.value) is int:
            yield name, value.value


def operand_name(node: ast.expr) -> str:
    """The name by which a reader knows an operand: `W_query` of `self.W_query[0].T`; "" where there is none."""
    while True:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Attribute):
            if node.attr not in _SAME:
                return node.attr
            node = node.value
        elif isinstance(node, (ast.Subscript, ast.Starred)):
            node = node.value
        elif isinstance(node, ast.UnaryOp):
            node = node.operand
        elif isinstance(node, ast.Call):
            inner = _through(node)
            if inner is None:
                return ""
            node = inner
        elif isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant):
            node = node.left
        else:
            return ""


def _through(node: ast.Call) -> ast.expr | None:
    """The array that a call only lays out anew: `x.transpose(1, 2)`, `rearrange(x, …)`."""
    if isinstance(node.func, ast.Attribute) and node.func.attr in _SAME:
        return node.func.value
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name in ("rearrange", "repeat") and node.args:
        return node.args[0]
    return None
