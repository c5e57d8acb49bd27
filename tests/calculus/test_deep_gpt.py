"""Twelve layers of GPT, written out: the emitted gradient of every parameter against torch's autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from benchmarks.gpt import gpt
from tests.autograd import close, gradients, leaves

torch = pytest.importorskip("torch")
F = torch.nn.functional

LAYERS = 12
SIZES = {"B": 2, "T": 5, "C": 6, "H": 2, "D": 3, "F": 8, "V": 7}


def test_every_parameter_of_twelve_layers_agrees_with_autograd() -> None:
    program = ic.parse(gpt(LAYERS))
    arrays = random_inputs(program)
    wanted = [n for n, tensor in program.inputs.items() if not tensor.is_integer]
    assert len(wanted) == 12 * LAYERS + 4
    found = ic.compile(ic.grad(program, wanted, with_value=True))(**arrays)
    tensors = leaves(arrays, wanted)
    loss = torch_gpt(tensors)
    close(found["loss"], loss, 1e-12)
    for name, theirs in zip(wanted, gradients(loss, [tensors[n] for n in wanted], torch.ones_like(loss))):
        scale = float(theirs.abs().max())
        assert scale > 0, name
        close(found[f"grad_{name}"] / scale, theirs / scale)


def random_inputs(program: ic.Program) -> dict[str, Any]:
    """Weights small enough for twelve layers; gains near 1."""
    random = np.random.default_rng(12)
    arrays: dict[str, Any] = {}
    for name, tensor in program.inputs.items():
        shape = [SIZES[str(space.extent)] for space in tensor.spaces]
        if tensor.is_integer:
            arrays[name] = random.integers(0, SIZES["V"], shape)
        else:
            arrays[name] = (1.0 if name.startswith("g") else 0.0) + 0.4 * random.normal(size=shape)
    return arrays


def torch_gpt(p: dict[str, Any]) -> Any:
    width = (SIZES["C"],)
    x = F.embedding(p["tokens"], p["tok_emb"]) + p["pos_emb"]
    for n in range(1, LAYERS + 1):

        def heads(z: Any, weight: Any) -> Any:
            return (z @ weight.flatten(1)).unflatten(-1, weight.shape[1:]).transpose(1, 2)

        u = F.layer_norm(x, width, p[f"g1_{n}"], p[f"b1_{n}"])
        q, k, v = (heads(u, p[f"{w}_{n}"]) for w in ("Wq", "Wk", "Wv"))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + mixed @ p[f"Wo_{n}"].flatten(0, 1)
        w = F.layer_norm(x, width, p[f"g2_{n}"], p[f"b2_{n}"])
        x = x + F.gelu(w @ p[f"W1_{n}"] + p[f"c1_{n}"]) @ p[f"W2_{n}"] + p[f"c2_{n}"]
    logits = F.layer_norm(x, width, p["gf"], p["bf"]) @ p["tok_emb"].T
    return F.cross_entropy(logits.flatten(0, 1), p["targets"].flatten())
