"""Layers of neural networks: what their constructors say, and what applying them does to a shape."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..module import Dim, Shape
from .conflicts import layout_conflict
from .dims import UNKNOWN
from .names import roles
from .values import Items, Layer, Value
from .written import words

if TYPE_CHECKING:
    from .infer import Inference

# Constructor: its kind, and the names of the sizes that it takes in order.
LAYERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Linear": ("linear", ("in_features", "out_features")),
    "LazyLinear": ("linear", ("", "out_features")),
    "Dense": ("dense", ("features",)),
    "Embedding": ("embedding", ("num_embeddings", "embedding_dim")),
    **dict.fromkeys(
        words(
            "LayerNorm RMSNorm Dropout Identity ReLU GELU SiLU Sigmoid Tanh Softmax LogSoftmax LeakyReLU ELU "
            "Softplus Mish BatchNorm1d BatchNorm2d BatchNorm3d GroupNorm InstanceNorm1d InstanceNorm2d Hardswish "
            "ReLU6"
        ),
        ("same", ()),
    ),
    "MultiheadAttention": ("attention", ("embed_dim", "num_heads")),
    **dict.fromkeys(("TransformerEncoderLayer", "TransformerDecoderLayer"), ("sequence", ("d_model",))),
    "Transformer": ("sequence", ("d_model",)),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), ("recurrent", ("input_size", "hidden_size"))),
}
SEQUENCE_FIRST = ("attention", "sequence", "recurrent")


def made_layer(
    name: str, args: Sequence[ast.expr], keywords: Mapping[str, ast.expr], inference: Inference
) -> Layer | None:
    """The layer that a constructor's call makes."""
    if name not in LAYERS:
        return None
    kind, wanted = LAYERS[name]
    sizes: list[Dim] = []
    for k, keyword in enumerate(wanted):
        node = args[k] if k < len(args) else keywords.get(keyword)
        sizes.append(inference.size(node) if node is not None and keyword else UNKNOWN)
    options = {"named": True}
    node = keywords.get("batch_first")
    if node is None:
        options["batch_first"] = False
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        options["batch_first"] = node.value
    return Layer(kind, tuple(sizes), options)


def weight(layer: Layer, name: str) -> Value:
    """`layer.weight`, `layer.bias`."""
    if layer.kind == "linear":
        return Shape((layer.sizes[1], layer.sizes[0])) if name == "weight" else Shape((layer.sizes[1],))
    if layer.kind == "embedding" and name == "weight":
        return Shape(layer.sizes)
    return None


def applied_layer(
    layer: Layer, node: ast.Call, args: Sequence[ast.expr], values: Sequence[Value], inference: Inference
) -> Value:
    """The value of `layer(x)`."""
    array = values[0] if values else None
    if layer.kind in SEQUENCE_FIRST:
        _judge_layout(layer, node, args, values, inference)
        if layer.kind == "attention" and isinstance(array, Shape):
            return Items((array, None))
        return array if layer.kind == "sequence" and isinstance(array, Shape) else None
    if not isinstance(array, Shape):
        return None
    if layer.kind == "same":
        return array
    if layer.kind == "embedding":
        return Shape((*array.dims, layer.sizes[1]), array.open_at)
    last = bool(array.dims) and array.open_at != len(array.dims)
    if layer.kind == "linear":
        if last:
            inference.judge_pair(
                node, array.dims[-1], layer.sizes[0], (inference.text(args[0]), inference.text(node.func))
            )
            return Shape((*array.dims[:-1], layer.sizes[1]), array.open_at)
        return Shape((*array.dims, layer.sizes[1]), array.open_at) if array.open_at is not None else None
    if layer.kind == "dense" and last:
        return Shape((*array.dims[:-1], layer.sizes[0]), array.open_at)
    return None


LAYER_WORDS = {"attention": "MultiheadAttention", "sequence": "Transformer layer", "recurrent": "recurrent layer"}


def _judge_layout(
    layer: Layer, node: ast.Call, args: Sequence[ast.expr], values: Sequence[Value], inference: Inference
) -> None:
    """A batch axis in front, and another one second, where the layer reads the sequence first."""
    if layer.options.get("batch_first") is not False:
        return
    for arg, value in zip(args, values):
        if not isinstance(value, Shape) or len(value.dims) != 3 or value.open_at is not None:
            continue
        first, second = (_role(d) for d in value.dims[:2])
        if first == "batch" and second != "batch" and (second or value.dims[1].name or value.dims[1].parts):
            name = inference.text(arg)
            inference.tell(
                layout_conflict(inference.span(arg), name, LAYER_WORDS[layer.kind], value, _batch(value.dims[0]))
            )
            return


def _role(dim: Dim) -> str:
    """ "batch" where the axis is or holds a batch axis."""
    parts = dim.parts or (dim,)
    told = [roles(p.name) for p in parts if p.name]
    if any(t == {"batch"} for t in told):
        return "batch"
    return "other" if told and all(told) else ""


def _batch(dim: Dim) -> str:
    return next(p.name for p in (dim.parts or (dim,)) if p.name and roles(p.name) == {"batch"})
