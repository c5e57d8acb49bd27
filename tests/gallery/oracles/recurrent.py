"""Recurrent layers.  Scans are loops over time, as their definitions have them."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from .registry import oracle


@oracle("recurrent/lstm_cell")
def lstm_cell(x: Any, h: Any, c: Any, W: Any, U: Any, bias: Any) -> dict[str, Any]:
    weights = W.flatten(0, 1), U.flatten(0, 1), bias.flatten()
    h_next, c_next = torch.lstm_cell(x, (h, c), *weights)
    return {"h_next": h_next, "c_next": c_next}


@oracle("recurrent/gru_cell")
def gru_cell(x: Any, h: Any, W: Any, U: Any, bias_w: Any, bias_u: Any) -> Any:
    return torch.gru_cell(x, h, W.flatten(0, 1), U.flatten(0, 1), bias_w.flatten(), bias_u.flatten())


@oracle("recurrent/rnn_unrolled")
def rnn_unrolled(x: Any, W: Any, U: Any, bias: Any) -> Any:
    h = x.new_zeros(len(x), len(U))
    for t in range(x.shape[1]):
        h = torch.rnn_tanh_cell(x[:, t], h, W, U, bias)
    return h


@oracle("recurrent/lstm_unrolled")
def lstm_unrolled(x: Any, W: Any, U: Any, bias: Any) -> dict[str, Any]:
    h = c = x.new_zeros(len(x), U.shape[2])
    states = {}
    for t in range(x.shape[1]):
        h, c = torch.lstm_cell(x[:, t], (h, c), W.flatten(0, 1), U.flatten(0, 1), bias.flatten())
        states[f"h{t + 1}"] = h
    return states


@oracle("recurrent/gru_unrolled")
def gru_unrolled(x: Any, W: Any, U: Any, bias: Any) -> Any:
    h = x.new_zeros(len(x), U.shape[2])
    for t in range(x.shape[1]):
        h = torch.gru_cell(x[:, t], h, W.flatten(0, 1), U.flatten(0, 1), bias.flatten())
    return h


@oracle("recurrent/linear_scan")
def linear_scan(gate: Any, x: Any) -> Any:
    h, states = torch.zeros_like(x[0]), []
    for a, b in zip(torch.sigmoid(gate), x):
        h = a * h + b
        states.append(h)
    return torch.stack(states)


@oracle("recurrent/selective_scan")
def selective_scan(x: Any, dt: Any, A: Any, B: Any, R: Any, D: Any) -> Any:
    h, outputs = torch.zeros_like(A), []
    for t in range(len(x)):
        step = F.softplus(dt[t])[:, None]
        h = torch.exp(-A.exp() * step) * h + step * x[t, :, None] * B[t]
        outputs.append(h @ R[t] + D * x[t])
    return torch.stack(outputs)


@oracle("recurrent/min_gru")
def min_gru(x: Any, W_z: Any, W_h: Any) -> Any:
    gates, candidates = torch.sigmoid(x @ W_z), x @ W_h
    h, states = torch.zeros_like(gates[:, 0]), []
    for t in range(x.shape[1]):
        h = torch.lerp(h, candidates[:, t], gates[:, t])
        states.append(h)
    return torch.stack(states, dim=1)


@oracle("recurrent/gated_linear_attention")
def gated_linear_attention(Q: Any, K: Any, V: Any, gate: Any) -> Any:
    state, outputs = Q.new_zeros(Q.shape[1], V.shape[1]), []
    for q, k, v, a in zip(Q, K, V, torch.sigmoid(gate)):
        state = a[:, None] * state + torch.outer(k, v)
        outputs.append(q @ state)
    return torch.stack(outputs)


@oracle("recurrent/ssm_convolution")
def ssm_convolution(x: Any, log_rate: Any, B: Any, R: Any) -> Any:
    h, outputs = torch.zeros_like(B), []
    for u in x:
        h = torch.exp(-log_rate.exp()) * h + B * u[:, None]
        outputs.append((R * h).sum(dim=1))
    return torch.stack(outputs)


@oracle("recurrent/hopfield_energy")
def hopfield_energy(X: Any, xi: Any, beta: Any) -> Any:
    return xi @ xi / 2 - torch.logsumexp(beta * X @ xi, dim=0) / beta


@oracle("recurrent/hopfield_update")
def hopfield_update(X: Any, xi: Any, beta: Any) -> Any:
    return torch.softmax(beta * xi @ X.T, dim=1) @ X
