"""Feed-forward layers."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from .registry import oracle


@oracle("feed_forward/linear")
def linear(x: Any, W: Any, bias: Any) -> Any:
    return F.linear(x, W, bias)


@oracle("feed_forward/mlp_gelu")
def mlp_gelu(x: Any, W_up: Any, b_up: Any, W_down: Any, b_down: Any) -> Any:
    return F.linear(F.gelu(F.linear(x, W_up.T, b_up)), W_down.T, b_down)


@oracle("feed_forward/mlp_relu")
def mlp_relu(x: Any, W: Any, b: Any, V: Any, a: Any, label: Any) -> Any:
    return F.cross_entropy(F.linear(F.relu(F.linear(x, W.T, b)), V.T, a), label)


@oracle("feed_forward/mlp_tanh")
def mlp_tanh(x: Any, target: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any) -> Any:
    return F.mse_loss(torch.tanh(torch.tanh(x @ W1 + b1) @ W2 + b2) @ W3, target)


@oracle("feed_forward/swiglu")
def swiglu(x: Any, W: Any, V: Any, W_2: Any) -> Any:
    return (F.silu(x @ W) * (x @ V)) @ W_2


@oracle("feed_forward/geglu")
def geglu(x: Any, W: Any, V: Any, W_2: Any) -> Any:
    return (F.gelu(x @ W) * (x @ V)) @ W_2


@oracle("feed_forward/squared_relu")
def squared_relu(x: Any, W_up: Any, W_down: Any) -> Any:
    return F.relu(x @ W_up).square() @ W_down


@oracle("feed_forward/residual_block")
def residual_block(x: Any, gain: Any, W_up: Any, W_down: Any) -> Any:
    return x + F.gelu(F.rms_norm(x, gain.shape, gain, 1e-6) @ W_up) @ W_down


@oracle("feed_forward/lora")
def lora(x: Any, W: Any, A: Any, B: Any, alpha: Any) -> Any:
    return x @ (W + alpha / A.shape[1] * A @ B)


@oracle("feed_forward/dora")
def dora(x: Any, W: Any, A: Any, B: Any, m: Any) -> Any:
    return x @ (m * F.normalize(W + A @ B, dim=0))


@oracle("feed_forward/adapter")
def adapter(x: Any, W_down: Any, b_down: Any, W_up: Any, b_up: Any) -> Any:
    return x + F.linear(F.relu(F.linear(x, W_down.T, b_down)), W_up.T, b_up)


@oracle("feed_forward/squeeze_excite")
def squeeze_excite(x: Any, W1: Any, W2: Any) -> Any:
    gate = torch.sigmoid(F.linear(F.relu(F.linear(x.mean(dim=(2, 3)), W1)), W2))
    return x * gate[:, :, None, None]


@oracle("feed_forward/highway")
def highway(x: Any, W: Any, bias: Any, W_t: Any, bias_t: Any) -> Any:
    return torch.lerp(x, torch.tanh(x @ W + bias), torch.sigmoid(x @ W_t + bias_t))


@oracle("feed_forward/film")
def film(x: Any, condition: Any, W_gamma: Any, W_beta: Any) -> Any:
    return torch.addcmul((condition @ W_beta)[:, :, None], (condition @ W_gamma)[:, :, None], x)


@oracle("feed_forward/maxout")
def maxout(x: Any, W: Any, bias: Any) -> Any:
    return (torch.tensordot(x, W, dims=1) + bias).amax(dim=2)


@oracle("feed_forward/bilinear")
def bilinear(x: Any, z: Any, W: Any, bias: Any) -> Any:
    return F.bilinear(x, z, W, bias)


@oracle("feed_forward/mixture_of_experts")
def mixture_of_experts(x: Any, W_gate: Any, W_up: Any, W_down: Any) -> Any:
    weights, chosen = torch.softmax(x @ W_gate, dim=1).topk(2, dim=1)
    weights = weights / weights.sum(dim=1, keepdim=True)
    rows = []
    for token, gates, experts in zip(x, weights, chosen):
        rows.append(sum(g * (F.silu(token @ W_up[e]) @ W_down[e]) for g, e in zip(gates, experts)))
    return torch.stack(rows)


@oracle("feed_forward/load_balancing")
def load_balancing(x: Any, W_gate: Any) -> Any:
    p = torch.softmax(x @ W_gate, dim=1)
    experts = p.shape[1]
    fraction = torch.bincount(p.argmax(dim=1), minlength=experts).to(p.dtype) / len(p)
    return 0.01 * experts * fraction @ p.mean(dim=0)


@oracle("feed_forward/soft_moe")
def soft_moe(x: Any, phi: Any, W_up: Any, W_down: Any) -> Any:
    logits = torch.einsum("tm,mes->tes", x, phi)
    slots = torch.einsum("tes,tm->esm", torch.softmax(logits, dim=0), x)
    results = torch.bmm(F.gelu(torch.bmm(slots, W_up)), W_down)
    combine = torch.softmax(logits.flatten(1), dim=1)
    return combine @ results.flatten(0, 1)


@oracle("feed_forward/dense_mixture")
def dense_mixture(x: Any, W_gate: Any, W: Any) -> Any:
    gates = torch.softmax(x @ W_gate, dim=1)
    return (gates[:, :, None] * torch.matmul(x, W).transpose(0, 1)).sum(dim=1)


@oracle("feed_forward/embedding")
def embedding(table: Any, position: Any, token: Any) -> Any:
    return F.embedding(token, table) + position


@oracle("feed_forward/embedding_bag")
def embedding_bag(table: Any, token: Any) -> Any:
    return F.embedding_bag(token, table, mode="mean")


@oracle("feed_forward/tied_embedding")
def tied_embedding(table: Any, W: Any, token: Any, next: Any) -> Any:
    return F.cross_entropy(torch.tanh(F.embedding(token, table) @ W) @ table.T, next)


@oracle("feed_forward/sinusoidal_positions")
def sinusoidal_positions(x: Any, scale: Any) -> Any:
    steps, frequencies, _ = x.shape
    theta = 10000.0 ** (-torch.arange(frequencies, dtype=x.dtype) / frequencies)
    angle = torch.outer(torch.arange(steps, dtype=x.dtype), theta)
    return scale * x + torch.stack([angle.sin(), angle.cos()], dim=2)


@oracle("feed_forward/dropout")
def dropout(x: Any, W: Any, mask: Any) -> Any:
    return (x * mask / 0.8) @ W
