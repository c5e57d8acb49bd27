"""Reading of an exported graph, node by node.  Nodes are torch.fx's; nothing here imports torch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from inspect import signature
from typing import Any

from ..diagnostics import Diagnostic, IndexCalcError, fail
from .builder import Builder
from .operators import OPERATORS
from .operators.gather import Ranked, ranked
from .operators.registry import unsupported
from .value import Value

# Views only say where a component stands; parts of one value do not overlap, or are small.
VIEWS = frozenset((
    "view", "reshape", "_unsafe_view", "transpose", "permute", "movedim", "t", "numpy_T", "mT", "unsqueeze", "squeeze",
    "expand", "expand_as", "unflatten", "flatten", "contiguous", "clone", "alias", "dropout", "to", "_to_copy",
    "repeat", "repeat_interleave",
))  # fmt: skip
PARTS = frozenset(("select", "slice", "split", "split_with_sizes", "chunk", "unbind", "getitem", "narrow"))
IGNORED = frozenset(("_assert_tensor_metadata.default", "_assert_scalar.default", "_assert_async.msg"))
UNORDERED = frozenset(
    ("gather.default", "take_along_dim.default", "scatter.value", "scatter.src", "scatter_add.default")
)


MAX_CODE = 90  # columns of a line of the user's code in a finding
_OWN = "indexcalc/importers/from_torch.py"


def operator_name(node: Any) -> str:
    """ "softmax.int" of aten.softmax.int, "getitem" of Python's; "" of what is no operator of ATen."""
    if node.target.__class__.__name__ == "OpOverload":
        namespace, _, name = str(node.target).partition(".")
        return name if namespace == "aten" else ""
    return "getitem" if getattr(node.target, "__name__", "") == "getitem" else ""


def known(node: Any) -> bool:
    name = operator_name(node)
    return name in OPERATORS or name in IGNORED or name in ("getitem", "detach.default", "detach_.default")


def called(graph: Any) -> list[Any]:
    """The nodes that compute something that is read."""
    return [n for n in graph.nodes if n.op == "call_function" and (n.users or not known(n))]


def place_of(node: Any) -> str:
    """Where the node comes from in the user's code: file, line, and the line itself."""
    frames = re.findall(r'File "([^"]+)", line (\d+), in \S+\n\s*(.*)', node.meta.get("stack_trace") or "")
    own = [f for f in frames if "/torch/" not in f[0] and not f[0].endswith(_OWN)] or frames
    if not own:
        return ""
    path, line, code = own[-1]
    return f"{path.rsplit('/', 1)[-1]}:{line}: {code if len(code) <= MAX_CODE else code[: MAX_CODE - 3] + '...'}"


def refuse(nodes: Iterable[Any], why: str = "has no counterpart in index notation") -> IndexCalcError:
    """One finding for each operator that has no meaning here, with the lines that use it."""
    lines: dict[str, list[str]] = {}
    for node in nodes:
        found = lines.setdefault(str(node.target), [])
        place = place_of(node)
        if place and place not in found:
            found.append(place)
    hint = "write this part in operators that have index notation, or import the parts around it: see docs/importers.md"
    return IndexCalcError(
        [
            Diagnostic("IX902", f"the operator {name} {why}", None, hint, why=_at(places))
            for name, places in lines.items()
        ]
    )


def _at(places: Sequence[str]) -> str:
    return "it is used at " + "; ".join(places[:4]) + ("; …" if len(places) > 4 else "") if places else ""


class Reader:
    """Evaluates a graph's nodes over values."""

    def __init__(
        self, b: Builder, nodes: Sequence[Any], dtype_kind: Callable[[Any], str], epsilon: Callable[[Any], float]
    ) -> None:
        self.b = b
        self.modules = own_modules(nodes)
        self.found: dict[Any, Any] = {}
        self.kind_of = dtype_kind
        self.epsilon = epsilon

    def run(self, node: Any) -> None:
        """One call of an operator."""
        name = operator_name(node)
        if name in IGNORED or (not node.users and known(node)):
            return
        arguments = [self.argument(a) for a in node.args]
        options = {k: self.argument(v) for k, v in node.kwargs.items()}
        try:
            value = self._call(node, name, arguments, options)
        except IndexCalcError as error:
            raise _located(error, node) from error
        self.found[node] = self._named(node, name, value)

    def argument(self, a: Any) -> Any:
        if isinstance(a, (list, tuple)):
            return [self.argument(x) for x in a]
        return self.found[a] if hasattr(a, "op") else a

    def _call(self, node: Any, name: str, arguments: list[Any], options: dict[str, Any]) -> Any:
        b = self.b
        if name == "getitem":
            return arguments[0][arguments[1]]
        b.kind, b.epsilon, b.operator = self.kind_of(node), self.epsilon(node), name.split(".")[0]
        path = _module_of(node)
        b.hint = path if path in self.modules else SHORT.get(b.operator, b.operator.strip("_"))
        b.argument_kinds = tuple(self.kind_of(n) for n in node.all_input_nodes)
        if name.startswith("detach"):
            if not b.is_constant(arguments[0].expr):
                raise unsupported("detach of what depends on an input", "leave it out, or make it an input of its own")
            return arguments[0]
        if any(isinstance(a, Ranked) for a in arguments) and name not in UNORDERED:
            return ranked(b, name, arguments, options)
        if name.startswith(("to.", "_to_copy")) and b.kind == "int" and "float" in b.argument_kinds:
            raise unsupported("rounding to integers", "keep the numbers real")
        wanted = _wanted(options)
        try:
            signature(OPERATORS[name]).bind(b, *arguments, **wanted)
        except TypeError as error:
            raise unsupported(
                f"this form of the operator {node.target}", f"call it in a simpler way: {error}"
            ) from None
        return OPERATORS[name](b, *arguments, **wanted)

    def _named(self, node: Any, name: str, value: Any) -> Any:
        """The value with a hint of what to call it; under a name where more than one formula reads it."""
        if name.split(".")[0] not in VIEWS | PARTS:
            if isinstance(value, tuple):
                return tuple(replace(v, hint=self.b.hint) if isinstance(v, Value) else v for v in value)
            value = replace(value, hint=self.b.hint) if isinstance(value, Value) else value
        return self.b.define(value) if isinstance(value, Value) and self._shared(node) else value

    def _shared(self, node: Any) -> bool:
        """Whether several formulas read the node, other than each a part of its own."""
        readers = _readers(node)
        return len(readers) > 1 and not all(part for _, part in readers)


def _readers(node: Any, part: bool = False) -> set[tuple[Any, bool]]:
    """What reads the node, through views; and whether it reads a part of it."""
    found: set[tuple[Any, bool]] = set()
    for user in node.users:
        base = operator_name(user).split(".")[0]
        if base in VIEWS | PARTS:
            found |= _readers(user, part or base in PARTS)
        else:
            found.add((user, part))
    return found


SHORT = {"scaled_dot_product_attention": "attention", "cross_entropy_loss": "cross_entropy", "nll_loss_nd": "nll",
         "_native_batch_norm_legit_functional": "batch_norm"}  # fmt: skip


def own_modules(nodes: Iterable[Any]) -> frozenset[str]:
    """Paths of torch's own modules that one node is all of, views apart."""
    paths = [_module_of(n) for n in nodes if operator_name(n).split(".")[0] not in VIEWS | PARTS]
    return frozenset(p for p in paths if p and paths.count(p) == 1)


def _module_of(node: Any) -> str:
    """The path of the innermost module, where it is one of torch's."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return str(stack[-1][0]) if stack and "torch.nn.modules" in str(stack[-1][1]) else ""


def _wanted(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options apart from where and how numbers are kept."""
    return {k: v for k, v in options.items() if k not in ("device", "layout", "pin_memory", "memory_format", "dtype")}


def _located(error: IndexCalcError, node: Any) -> IndexCalcError:
    """The error with the line of the user's code that it is about."""
    first = error.diagnostics[0]
    where = _at([p for p in (place_of(node),) if p])
    return fail(first.code, first.message, hint=first.hint, why=first.why or where)
