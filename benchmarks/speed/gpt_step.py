"""A full training step of a GPT-2 of 6 layers: loss, gradients of all parameters, and a step of gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.gpt import gpt

from .libraries import jax_with, torch_with
from .workload import Aim, Arrays, Sizes, Workload, draw

LAYERS = 6
SIZES = {"B": 4, "T": 256, "C": 384, "H": 6, "D": 64, "F": 1536, "V": 8192}


def _shapes(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Of every parameter, in the program's order."""
    t, c, h, d, f, v = (sizes[n] for n in "TCHDFV")
    found: dict[str, tuple[int, ...]] = {"tok_emb": (v, c), "pos_emb": (t, c)}
    for n in range(1, LAYERS + 1):
        found |= {f"{name}_{n}": (c,) for name in ("g1", "b1", "g2", "b2", "c2")}
        found |= {f"W{x}_{n}": (c, h, d) for x in "qkv"}
        found |= {f"Wo_{n}": (h, d, c), f"W1_{n}": (c, f), f"c1_{n}": (f,), f"W2_{n}": (f, c)}
    return {**found, "gf": (c,), "bf": (c,)}


def _inputs(sizes: Sizes, dtype: str) -> Arrays:
    """Weights of size 0.02, gains near 1, as GPT-2 starts."""
    shapes = _shapes(sizes)
    found = draw(shapes, dtype, dict.fromkeys(shapes, 0.02))
    for name in found:
        if name.startswith("g"):
            found[name] += 1
    rng = np.random.default_rng(1)
    tokens = rng.integers(0, sizes["V"], (sizes["B"], sizes["T"] + 1))
    return {**found, "tokens": tokens[:, :-1].copy(), "targets": tokens[:, 1:].copy()}


def _torch(x: dict[str, Any], sizes: Sizes) -> Any:
    """As one writes it for PyTorch: fused layer norm and attention, heads from one matrix product each."""
    from torch.nn import functional

    b, t, c, h, d = (sizes[n] for n in "BTCHD")

    def norm(value: Any, gain: str, bias: str) -> Any:
        return functional.layer_norm(value, (c,), x[gain], x[bias], 1e-5)

    s = x["tok_emb"][x["tokens"]] + x["pos_emb"]
    for n in range(1, LAYERS + 1):
        u = norm(s, f"g1_{n}", f"b1_{n}")
        q, k, v = ((u @ x[f"W{y}_{n}"].view(c, h * d)).view(b, t, h, d).transpose(1, 2) for y in "qkv")
        o = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        s = s + o.transpose(1, 2).reshape(b, t, h * d) @ x[f"Wo_{n}"].view(h * d, c)
        w = norm(s, f"g2_{n}", f"b2_{n}")
        s = s + functional.gelu(w @ x[f"W1_{n}"] + x[f"c1_{n}"]) @ x[f"W2_{n}"] + x[f"c2_{n}"]
    logits = norm(s, "gf", "bf") @ x["tok_emb"].T
    return functional.cross_entropy(logits.view(b * t, -1), x["targets"].view(b * t))


def _jax(x: dict[str, Any], sizes: Sizes) -> Any:
    import jax
    from jax import numpy as jnp

    mask = jnp.tri(sizes["T"], dtype=bool)

    def norm(value: Any, gain: str, bias: str) -> Any:
        centred = value - value.mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + 1e-5) * x[gain] + x[bias]

    s = x["tok_emb"][x["tokens"]] + x["pos_emb"]
    for n in range(1, LAYERS + 1):
        u = norm(s, f"g1_{n}", f"b1_{n}")
        q, k, v = (jnp.einsum("btc,chd->bhtd", u, x[f"W{y}_{n}"]) for y in "qkv")
        scores = jnp.where(mask, jnp.einsum("bhtd,bhsd->bhts", q, k) * sizes["D"] ** -0.5, -jnp.inf)
        o = jnp.einsum("bhts,bhsd->bhtd", jax.nn.softmax(scores, -1), v)
        s = s + jnp.einsum("bhtd,hdc->btc", o, x[f"Wo_{n}"])
        w = norm(s, f"g2_{n}", f"b2_{n}")
        s = s + jax.nn.gelu(w @ x[f"W1_{n}"] + x[f"c1_{n}"], approximate=False) @ x[f"W2_{n}"] + x[f"c2_{n}"]
    z = norm(s, "gf", "bf") @ x["tok_emb"].T
    return (jax.nn.logsumexp(z, -1) - jnp.take_along_axis(z, x["targets"][..., None], -1)[..., 0]).mean()


def _reference(workload: Workload, arrays: Arrays) -> Arrays:
    """PyTorch's autograd in float64."""
    import torch

    x = {name: torch.from_numpy(array) for name, array in arrays.items()}
    parameters = [x[name].requires_grad_() for name in workload.wrt]
    loss = _torch(x, workload.sizes)
    loss.backward()
    return {"loss": loss.detach().numpy(), **{f"grad_{n}": p.grad.numpy() for n, p in zip(workload.wrt, parameters)}}


def _matmul(sizes: Sizes) -> int:
    """Each product of the forward pass has two gradients; half of the attention lies above the diagonal."""
    b, t, c, f, v = (sizes[n] for n in "BTCFV")
    layer = 2 * b * t * (4 * c * c + 2 * c * f) + 2 * b * t * t * c
    return 3 * (LAYERS * layer + 2 * b * t * c * v)


GPT = Workload(
    name="gpt",
    title="GPT training step, 6 layers, d 384, 4 × 256 tokens, V 8192",
    text=gpt(LAYERS),
    output="loss",
    wrt=tuple(_shapes(SIZES)),
    sizes=SIZES,
    tiny={"B": 2, "T": 5, "C": 6, "H": 2, "D": 3, "F": 8, "V": 11},
    inputs=_inputs,
    reference=_reference,
    peers={
        "torch eager": torch_with(_torch),
        "torch.compile": torch_with(_torch, compiled=True),
        "jax.jit": jax_with(_jax),
    },
    aims=(Aim("fastest", "fastest"),),
    matmul=_matmul(SIZES),
    rate=1e-3,
    tolerance=1e-3,
)
