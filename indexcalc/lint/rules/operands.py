"""Operands of an einsum as written: explicit transposes, integers, axes of size 1."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ...diagnostics import Diagnostic
from ...einsum.spec import Axis
from ...python.contraction import Contraction, contractions
from ...python.module import Argument, Call
from ..registry import lint_rule

_TORCH = "import torch\n\n"
_INTEGERS = frozenset(
    ("int", "long", "short", "byte", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
)
_SMALL = frozenset(("int8", "uint8", "int16", "uint16", "byte", "short"))


@lint_rule(
    "IX413",
    name="einsum-size-one",
    summary="a summed label has size 1 in one operand only",
    why="An axis of size 1 is stretched to the size of the other operand, as in broadcasting: the sum is then over the "
    "other operand alone. TensorFlow refuses it, the other libraries do not.",
    bad=_TORCH + "w = torch.ones(1, 4)\nx = torch.ones(8, 4)\ny = torch.einsum('id,id->d', w, x)",
    good=_TORCH + "w = torch.ones(8, 4)\nx = torch.ones(8, 4)\ny = torch.einsum('id,id->d', w, x)",
    subject="call",
    language="python",
    right="To sum and scale at once; a label of its own for the axis of size 1 then says that it is meant.",
)
def size_one(call: Call) -> Iterator[Diagnostic]:
    """Summed labels with a size of 1 beside a larger one, both shown by the file."""
    for c in contractions(call):
        for label in c.summed:
            sized = [(use, size) for use in c.uses[label] if (size := _size(c, use.operand, use.position)) is not None]
            ones = [use for use, size in sized if size == 1]
            larger = [(use, size) for use, size in sized if size > 1]
            if ones and larger:
                message = f"the sum over `{label}` is over {c.name(larger[0][0].operand)} alone"
                other, size = larger[0]
                yield c.finding(
                    "IX413", message, ones[0].axis, label="size 1 here", others=[(other.axis, f"size {size}")],
                    hint="check the shape of this operand, or squeeze the axis",
                )  # fmt: skip


def _size(c: Contraction, operand: int, position: int) -> int | None:
    """The size of a label's axis, where the file shows it."""
    if len(c.call.operands) != len(c.inputs):
        return None
    shape = c.call.operands[operand].shape
    axes = c.inputs[operand].axes
    if shape is None or shape.open_at is not None or len(shape.dims) != len(axes) or any(a.is_open for a in axes):
        return None
    return shape.dims[position].size


@lint_rule(
    "IX414",
    name="einsum-integers",
    summary="an operand holds integers",
    why="PyTorch contracts only operands of one type: integers with floating-point numbers raise an error. NumPy sums "
    "small integers in their own type, and overflows without a word.",
    bad=_TORCH + "z = torch.einsum('nk,kd->nd', torch.nn.functional.one_hot(index), codebook)",
    good=_TORCH + "z = torch.einsum('nk,kd->nd', torch.nn.functional.one_hot(index).float(), codebook)",
    subject="call",
    language="python",
    right="Where the other operands hold integers of the same type, and the sums fit into it.",
)
def integers(call: Call) -> Iterator[Diagnostic]:
    """Operands that the call itself shows to be integers: beside others in PyTorch, of few bits in NumPy."""
    for c in contractions(call):
        if len(c.inputs) != len(call.operands) or not c.summed:
            continue
        types = [integer_type(a.node, call.library) for a in call.operands]
        for k, (argument, found) in enumerate(zip(call.operands, types)):
            if call.library == "numpy" and found in _SMALL:
                message = f"the sum is taken in {found}, and overflows without a word"
                yield _of_operand("IX414", message, argument, "convert it first: .astype(np.int64)")
            elif call.library == "torch" and found and not all(types) and _contracts(c, k):
                message = f"`{argument.text}` holds integers: PyTorch contracts operands of one type"
                yield _of_operand("IX414", message, argument, "add .float() or .to(the other operand's dtype)")


def _contracts(c: Contraction, operand: int) -> bool:
    return any(operand in c.operands_of(label) and len(c.operands_of(label)) > 1 for label in c.summed)


def integer_type(node: ast.expr, library: str) -> str:
    """The integer type that an expression shows it has; "" where it shows none."""
    if not isinstance(node, ast.Call):
        return ""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = next((k.value for k in node.keywords if k.arg == "dtype"), None)
    if name in ("astype", "to", "type"):
        return _type_named(given or (node.args[0] if node.args else None))
    if name in ("long", "int", "short", "byte") and isinstance(node.func, ast.Attribute) and not node.args:
        return "int64" if name == "long" else name
    if name == "one_hot" and library == "torch" and given is None:
        return "int64"
    return _type_named(given) if name in ("zeros", "ones", "full", "tensor", "array", "arange", "asarray") else ""


def _type_named(node: ast.expr | None) -> str:
    """`uint8` of `np.uint8`, `torch.uint8` and "uint8"."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        name = node.value
    else:
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name if name in _INTEGERS else ""


def _of_operand(code: str, message: str, argument: Argument, hint: str, severity: str = "warning") -> Diagnostic:
    return Diagnostic(code, message, argument.span, hint, severity)


@lint_rule(
    "IX415",
    name="einsum-transposed-operand",
    summary="an operand is transposed first, where the order of labels would do",
    why="The string already says which axis is which. With the transpose outside, a reader has to apply it in the head "
    "to see what is contracted, and a later edit of one without the other is a bug.",
    bad=_TORCH + "S = torch.einsum('bhid,bhdj->bhij', q, k.transpose(2, 3))",
    good=_TORCH + "S = torch.einsum('bhid,bhjd->bhij', q, k)",
    severity="note",
    subject="call",
    language="python",
    right="Where the transposed array is what the text around speaks of.",
)
def transposed(call: Call) -> Iterator[Diagnostic]:
    """Operands with `.T`, `.mT`, `.transpose(…)`, `.swapaxes(…)` or `.permute(…)` of literal axes."""
    for c in contractions(call):
        if len(c.inputs) != len(call.operands) or call.dialect == "sublist":
            continue
        for operand, argument in zip(c.inputs, call.operands):
            axes = [a for a in operand.items if isinstance(a, Axis)]
            order = _order(argument.node, len(axes), call.library)
            if order is None or len(axes) != len(operand.items) or any(not a.is_label for a in axes):
                continue
            written = [axes[order.index(n)].name for n in range(len(axes))]
            text = (" " if call.dialect in ("einops.einsum", "fancy_einsum") else "").join(written)
            base = argument.node.value if isinstance(argument.node, ast.Attribute) else argument.node.func.value  # type: ignore[attr-defined]
            hint = f"write `{text}` for this operand, and give `{ast.unparse(base)}` itself"
            yield _of_operand("IX415", "a transpose that the order of labels can say", argument, hint, "note")


def _order(node: ast.expr, rank: int, library: str) -> list[int] | None:
    """Which axis of the array each axis of its transpose is; None where the expression is no plain transpose."""
    every = list(range(rank))
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        return [*every[:-2], *reversed(every[-2:])] if rank == 2 or (node.attr == "mT" and rank > 2) else None
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)) or node.keywords:
        return None
    axes = _literal_axes(node.args, rank)
    if axes is None:
        return None
    permutes = node.func.attr == "permute" or (node.func.attr == "transpose" and library not in ("torch", ""))
    if permutes and node.func.attr in ("permute", "transpose"):
        return axes if sorted(axes) == every else None
    if node.func.attr in ("transpose", "swapaxes", "swapdims") and len(axes) == 2:
        every[axes[0]], every[axes[1]] = every[axes[1]], every[axes[0]]
        return every
    return None


def _literal_axes(nodes: Sequence[ast.expr], rank: int) -> list[int] | None:
    found = []
    for node in nodes:
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError):
            return None
        if type(value) is not int or not -rank <= value < rank:
            return None
        found.append(value % rank)
    return found


RULES = (size_one, integers, transposed)
