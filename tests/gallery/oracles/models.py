"""Whole models."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from .attention import attend, causal_mask
from .registry import oracle


def attention_heads(x: Any, W_q: Any, W_k: Any, W_v: Any, W_o: Any) -> Any:
    """Causal multi-head self-attention; the weights have axes model, head, head_dim, and W_o head, head_dim, model."""
    q, k, v = ((x @ W.flatten(1)).unflatten(-1, W.shape[1:]).transpose(1, 2) for W in (W_q, W_k, W_v))
    out = attend(q, k, v, causal_mask(x.shape[1]))
    return out.transpose(1, 2).flatten(2) @ W_o.flatten(0, 1)


@oracle("models/transformer_block")
def transformer_block(
    x: Any, gain_a: Any, W_q: Any, W_k: Any, W_v: Any, W_o: Any, gain_f: Any, W_gate: Any, W_up: Any, W_down: Any
) -> Any:
    y = x + attention_heads(F.rms_norm(x, gain_a.shape, gain_a, 1e-6), W_q, W_k, W_v, W_o)
    v = F.rms_norm(y, gain_f.shape, gain_f, 1e-6)
    return y + (F.silu(v @ W_gate) * (v @ W_up)) @ W_down


@oracle("models/gpt")
def gpt(**inputs: Any) -> Any:
    table, token = inputs["table"], inputs["token"]
    width = table.shape[1:]
    x = F.embedding(token, table) + inputs["position"]
    for layer in "12":
        a, c, q, k, v, o, e, g, up, down = (inputs[name + layer] for name in "acQKVOegUD")
        x = x + attention_heads(F.layer_norm(x, width, a, c), q, k, v, o)
        x = x + F.gelu(F.layer_norm(x, width, e, g) @ up) @ down
    logits = F.layer_norm(x, width, inputs["a3"], inputs["c3"]) @ table.T
    return F.cross_entropy(logits.flatten(0, 1), inputs["next"].flatten())


@oracle("models/vision_transformer")
def vision_transformer(
    pixel: Any, W_e: Any, position: Any, W_q: Any, W_k: Any, W_v: Any, W_o: Any, W_c: Any, label: Any
) -> Any:
    e = F.conv2d(pixel, W_e.permute(3, 0, 1, 2), stride=2).flatten(2).transpose(1, 2) + position.flatten(0, 1)
    h = e + attend(e @ W_q, e @ W_k, e @ W_v) @ W_o
    return F.cross_entropy(F.gelu(h).mean(dim=1) @ W_c, label)


@oracle("models/matrix_factorisation")
def matrix_factorisation(U: Any, V: Any, a: Any, c: Any, rating: Any, mu: Any, lam: Any, user: Any, item: Any) -> Any:
    error = rating - (U @ V.T + a[:, None] + c[None, :] + mu)[user, item]
    penalty = U.square().sum(dim=1)[user] + V.square().sum(dim=1)[item] + a[user] ** 2 + c[item] ** 2
    return (error**2 + lam * penalty).sum()


@oracle("models/word2vec")
def word2vec(source: Any, target: Any, centre: Any, context: Any, negative: Any) -> Any:
    scores = F.embedding(centre, source) @ target.T
    right = F.logsigmoid(scores.gather(1, context[:, None])).sum(dim=1)
    wrong = F.logsigmoid(-scores.gather(1, negative)).sum(dim=1)
    return -(right + wrong).mean()


@oracle("models/volume_rendering")
def volume_rendering(raw: Any, width: Any, colour: Any, target: Any) -> Any:
    alpha = 1 - torch.exp(-F.softplus(raw) * width.abs())
    light = torch.cat([torch.ones_like(alpha[:, :1]), torch.cumprod(1 - alpha, dim=1)[:, :-1]], dim=1)
    return F.mse_loss(torch.einsum("rs,rsc->rc", light * alpha, torch.sigmoid(colour)), target)


@oracle("models/physics_informed")
def physics_informed(x: Any, f: Any, y: Any, v: Any, w: Any, a: Any) -> Any:
    def network(points: Any) -> Any:
        return torch.tanh(torch.outer(points, w) + a) @ v

    inside = x.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(network(inside).sum(), inside, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), inside, create_graph=True)
    return F.mse_loss(curvature, f) + network(y).square().mean()


@oracle("models/factorisation_machine")
def factorisation_machine(x: Any, w: Any, V: Any, w_0: Any) -> Any:
    pairs = torch.triu(V @ V.T, diagonal=1)
    return w_0 + x @ w + torch.einsum("ni,ij,nj->n", x, pairs, x)


@oracle("models/autoencoder")
def autoencoder(x: Any, W: Any, b: Any, c: Any) -> Any:
    decoded = torch.sigmoid(F.linear(torch.sigmoid(F.linear(x, W, b)), W.T, c))
    return (x - decoded).square().sum(dim=1).mean()


@oracle("models/maml")
def maml(X: Any, y: Any, Z: Any, v: Any, w: Any, eta: Any) -> Any:
    loss = F.mse_loss(X @ w, y)
    (step,) = torch.autograd.grad(loss, w, create_graph=True)
    return F.mse_loss(Z @ (w - eta * step), v)


@oracle("models/q_learning")
def q_learning(s: Any, next: Any, reward: Any, W: Any, V: Any, W_fixed: Any, V_fixed: Any, action: Any) -> Any:
    value = (F.relu(s @ W) @ V).gather(1, action[:, None])[:, 0]
    goal = reward + 0.99 * (F.relu(next @ W_fixed) @ V_fixed).amax(dim=1)
    return F.huber_loss(value, goal)


@oracle("models/convolutional_network")
def convolutional_network(x: Any, w1: Any, w2: Any, W: Any, label: Any) -> Any:
    h = F.relu(F.conv2d(x, w1))
    h = F.relu(h + F.conv2d(h, w2, padding=1))
    return F.cross_entropy(h.mean(dim=(2, 3)) @ W, label)
