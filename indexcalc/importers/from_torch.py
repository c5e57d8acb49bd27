"""From PyTorch: a function or module, traced by torch.export, as a program and the arrays that it runs on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FunctionType
from typing import Any

import torch
from torch.export import default_decompositions, export
from torch.export.graph_signature import InputKind, OutputKind

from ..diagnostics import fail
from ..ir.program import Program
from .builder import Builder
from .finish import finish
from .graph import Reader, called, known, operator_name, place_of, refuse
from .operators.registry import number
from .value import Value

Arrays = dict[str, Any]
Place = tuple[int, tuple[int, ...], tuple[int, ...]]
MAX_ROUNDS = 8  # of taking unknown operators apart


def from_torch(
    call: Callable[..., Any], inputs: Sequence[Any], names: Mapping[str, str | Sequence[str]]
) -> tuple[Program, Arrays]:
    """The program of a function or module at the shapes of example inputs, and all its inputs as NumPy arrays."""
    if not callable(call):
        raise fail(
            "IX901", f"from_torch takes a function or a module, not {type(call).__name__}", hint="nn.Linear(3, 4)"
        )
    if not isinstance(inputs, (tuple, list)):
        raise fail("IX901", "the example inputs are a tuple of the call's arguments", hint="from_torch(f, (x,))")
    module = call if isinstance(call, torch.nn.Module) else _Wrapped(call)
    exported = _exported(module, tuple(inputs))
    b = Builder()
    nodes = [node for node in exported.graph.nodes if node.op == "call_function"]
    reader = Reader(b, nodes, _kind, _epsilon)
    arrays = _read_inputs(exported, reader, list(_labels(call, inputs)))
    for node in nodes:
        reader.run(node)
    outputs = _outputs(exported, reader)
    program = finish(b, outputs, {k: tuple(v.split()) if isinstance(v, str) else tuple(v) for k, v in names.items()})
    return program, {name: _array(arrays[name], program.inputs[name].is_integer) for name in program.inputs}


class _Wrapped(torch.nn.Module):  # type: ignore[misc]
    """A function as a module."""

    def __init__(self, call: Callable[..., Any]) -> None:
        super().__init__()
        self.call = _called_forward(call)

    def forward(self, *arguments: Any) -> Any:
        return self.call(*arguments)


def _called_forward(call: Callable[..., Any]) -> Callable[..., Any]:
    """The function under the name of the only frames whose lines torch.export keeps, so that findings have them."""
    if not isinstance(call, FunctionType):
        return call
    code = call.__code__.replace(co_name="forward")
    found = FunctionType(code, call.__globals__, "forward", call.__defaults__, call.__closure__)
    found.__kwdefaults__ = call.__kwdefaults__
    return found


# ---- tracing -----------------------------------------------------------------------------------------------
def _exported(module: torch.nn.Module, inputs: tuple[Any, ...]) -> Any:
    """The exported graph in operators that have a meaning here; the others taken apart as far as torch can."""
    try:
        found = export(module, inputs, strict=False)
    except Exception as error:
        said = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        hint = "call it with the example inputs alone: that has to work; torch.export says more"
        if "data-dependent" in said:
            hint = "control flow may depend on shapes, but not on numbers; torch.export says more"
        raise fail("IX902", f"torch.export cannot trace this: {said}", hint=hint) from error
    unsized = [node for node in called(found.graph) if _has_unknown_size(node)]
    if unsized:
        raise refuse(unsized, "gives a tensor whose size depends on the data")
    if any(_writes(node) for node in found.graph.nodes):
        found = found.run_decompositions({})
    written = unknown = [node for node in called(found.graph) if not known(node)]
    for _ in range(MAX_ROUNDS):
        table = default_decompositions() if unknown else {}
        apart = {node.target: table[node.target] for node in unknown if node.target in table}
        if not apart:
            break
        found = found.run_decompositions(apart)
        unknown = [node for node in called(found.graph) if not known(node)]
    if unknown:  # in the user's words, where they lead to the same line
        places = {place_of(node) for node in unknown}
        raise refuse([node for node in written if place_of(node) in places] or unknown)
    return found


def _has_unknown_size(node: Any) -> bool:
    value = node.meta.get("val")
    return isinstance(value, torch.SymInt) or (
        isinstance(value, torch.Tensor) and any(isinstance(n, torch.SymInt) for n in value.shape)
    )


def _writes(node: Any) -> bool:
    """Whether the operator changes a tensor in place."""
    schema = getattr(node.target, "_schema", None)
    return schema is not None and schema.is_mutable and operator_name(node) != "detach_.default"


# ---- inputs and outputs --------------------------------------------------------------------------------------
def _labels(call: Callable[..., Any], inputs: Sequence[Any]) -> Iterator[str]:
    """A name for each tensor among the inputs: the argument's, with its place where it is a list's."""
    target = call.forward if isinstance(call, torch.nn.Module) else call
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "input")
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    many = len(inputs) - len(plain) > 1
    for k, value in enumerate(inputs):
        name = plain[k] if k < len(plain) else f"{rest}_{k - len(plain)}" if many else rest
        leaves = torch.utils._pytree.tree_leaves(value)
        yield from (name if len(leaves) == 1 else f"{name}_{n}" for n in range(len(leaves)))


def _read_inputs(exported: Any, reader: Reader, labels: list[str]) -> dict[str, torch.Tensor]:
    """Every placeholder as an input of the builder; constants of rank 0 are numbers."""
    tensors: dict[str, torch.Tensor] = {}
    nodes = {node.name: node for node in exported.graph.nodes if node.op == "placeholder"}
    tied: dict[Place, Value] = {}  # a parameter under two names is one input
    state, constants, names = exported.state_dict, exported.constants, iter(labels)
    examples = iter(torch.utils._pytree.tree_leaves(exported.example_inputs))
    specs = exported.graph_signature.input_specs
    for spec in sorted(specs, key=lambda s: s.kind is not InputKind.USER_INPUT):  # parameters behind the arguments
        node = nodes[spec.arg.name]
        if spec.kind is InputKind.USER_INPUT:
            wanted, tensor = next(names), next(examples)
        else:
            own = state if spec.target in state else constants
            wanted, tensor = spec.target, own[spec.target]
        if not isinstance(tensor, torch.Tensor):
            reader.found[node] = tensor
        elif spec.kind is InputKind.CONSTANT_TENSOR and tensor.ndim == 0:
            reader.found[node] = Value(number(tensor.item()))
        elif spec.kind is InputKind.PARAMETER and (place := _place(tensor)) in tied:
            reader.found[node] = tied[place]
        else:
            found = _input(reader.b, wanted, tensor, spec.kind)
            reader.found[node] = tied[_place(tensor)] = found
            tensors[next(reversed(reader.b.inputs))] = tensor
    return tensors


def _place(tensor: torch.Tensor) -> Place:
    return tensor.data_ptr(), tuple(tensor.shape), tensor.stride()


def _input(b: Builder, wanted: str, tensor: torch.Tensor, kind: InputKind) -> Value:
    if 0 in tensor.shape:
        raise fail("IX950", f"the input `{wanted}` is empty: shape {tuple(tensor.shape)}", hint="give an example")
    if tensor.is_complex():
        raise fail("IX902", f"the input `{wanted}` is complex", hint="give its real and imaginary part")
    constant = kind in (InputKind.CONSTANT_TENSOR, InputKind.BUFFER)
    name = wanted.replace("lifted_tensor", "constant") if kind is InputKind.CONSTANT_TENSOR else wanted
    return b.input(name, tensor.shape, integer=_dtype_kind(tensor.dtype) == "int", constant=constant)


def _outputs(exported: Any, reader: Reader) -> list[Value]:
    (last,) = (node for node in exported.graph.nodes if node.op == "output")
    found: list[Value] = []
    for node, spec in zip(last.args[0], exported.graph_signature.output_specs):
        if spec.kind is not OutputKind.USER_OUTPUT:
            reader.b.notes.append(f"the update of the buffer `{spec.target}` is no part of the program")
            continue
        value = reader.found.get(node) if hasattr(node, "op") else node
        if isinstance(value, (int, float)):
            value = Value(number(value))
        if value is None:
            continue
        if not isinstance(value, Value):
            hint = "return the mask: torch.zeros_like(x).scatter(dim, x.topk(k, dim).indices, 1.0)"
            raise fail("IX902", "the order of topk's values has no counterpart in index notation", hint=hint)
        found.append(value)
    return found


def _array(tensor: torch.Tensor, integer: bool) -> Any:
    array = tensor.detach().cpu()
    if not integer and not array.is_floating_point():
        array = array.to(torch.float64)
    return array.numpy().copy()


# ---- number types ----------------------------------------------------------------------------------------------
def _dtype_kind(dtype: torch.dtype) -> str:
    return "bool" if dtype is torch.bool else "float" if dtype.is_floating_point else "int"


def _kind(node: Any) -> str:
    value = node.meta.get("val")
    return _dtype_kind(value.dtype) if isinstance(value, torch.Tensor) else "float"


def _epsilon(node: Any) -> float:
    value = node.meta.get("val")
    real = isinstance(value, torch.Tensor) and value.dtype.is_floating_point
    return torch.finfo(value.dtype).eps if real else 0.0
