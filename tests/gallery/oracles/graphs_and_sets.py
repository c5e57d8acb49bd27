"""Graphs and sets."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F

from .attention import attend
from .registry import oracle


@oracle("graphs_and_sets/graph_convolution")
def graph_convolution(A: Any, x: Any, W: Any) -> Any:
    with_self = A + torch.eye(len(A), dtype=A.dtype)
    scale = torch.diag(with_self.sum(dim=1).rsqrt())
    return F.relu(scale @ with_self @ scale @ x @ W)


@oracle("graphs_and_sets/graph_attention")
def graph_attention(x: Any, W: Any, a: Any, b: Any, edge: Any) -> Any:
    h = x @ W
    scores = F.leaky_relu((h @ a)[:, None] + (h @ b)[None, :], 0.2)
    joined = edge.bool() | torch.eye(len(x), dtype=torch.bool)
    return torch.softmax(scores.masked_fill(~joined, -math.inf), dim=1) @ h


@oracle("graphs_and_sets/message_passing")
def message_passing(x: Any, W_s: Any, W_d: Any, W_u: Any, W_m: Any, src: Any, dst: Any) -> Any:
    message = torch.tanh(x[src] @ W_s + x[dst] @ W_d)
    inbox = x.new_zeros(len(x), message.shape[1]).index_add(0, dst, message)
    return torch.tanh(x @ W_u + inbox @ W_m)


@oracle("graphs_and_sets/graph_isomorphism")
def graph_isomorphism(A: Any, x: Any, W: Any, V: Any, epsilon: Any) -> Any:
    return F.relu(((1 + epsilon) * x + A @ x) @ W) @ V


@oracle("graphs_and_sets/laplacian_energy")
def laplacian_energy(A: Any, x: Any) -> Any:
    laplacian = torch.diag(A.sum(dim=1)) - A
    return torch.trace(x.T @ laplacian @ x) / 2


@oracle("graphs_and_sets/deep_sets")
def deep_sets(x: Any, W: Any, V: Any) -> Any:
    return torch.tanh(x @ W).sum(dim=1) @ V


@oracle("graphs_and_sets/point_net")
def point_net(x: Any, W: Any, bias: Any, V: Any) -> Any:
    return F.relu(x @ W + bias).amax(dim=1) @ V


@oracle("graphs_and_sets/pooling_by_attention")
def pooling_by_attention(x: Any, seed: Any, W_q: Any, W_k: Any, W_v: Any, W_o: Any) -> Any:
    def heads(z: Any, W: Any) -> Any:
        return (z @ W.flatten(1)).unflatten(-1, W.shape[1:]).transpose(-3, -2)

    q = heads(seed, W_q).expand(len(x), -1, -1, -1)
    out = attend(q, heads(x, W_k), heads(x, W_v))
    return seed + out.transpose(1, 2).flatten(2) @ W_o.flatten(0, 1)


@oracle("graphs_and_sets/equivariant")
def equivariant(x: Any, f: Any, W: Any, V: Any, r: Any, w: Any) -> Any:
    difference = x[:, None] - x[None, :]
    hidden = (f @ W)[:, None] + (f @ V)[None, :] + difference.square().sum(dim=2, keepdim=True) * r
    return x + (difference * (F.silu(hidden) @ w)[:, :, None]).mean(dim=1)
