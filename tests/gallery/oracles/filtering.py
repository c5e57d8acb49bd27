"""Filtering and state space."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributions as dist

from .registry import oracle


@oracle("filtering/kalman_predict")
def kalman_predict(F: Any, m: Any, P: Any, Q: Any) -> Any:
    return {"m_next": F @ m, "P_next": F @ P @ F.mT + Q}


@oracle("filtering/kalman_update")
def kalman_update(m: Any, H: Any, y: Any, P: Any, noise: Any) -> Any:
    R = noise * torch.eye(len(y), dtype=y.dtype)
    gain = torch.linalg.solve(H @ P @ H.T + R, H @ P).T
    return {"m_post": m + gain @ (y - H @ m), "P_post": (torch.eye(len(m), dtype=y.dtype) - gain @ H) @ P}


@oracle("filtering/kalman_log_likelihood")
def kalman_log_likelihood(m: Any, L: Any, H: Any, y: Any, noise: Any) -> Any:
    covariance = H @ L @ L.T @ H.T + noise * torch.eye(len(y), dtype=y.dtype)
    return dist.MultivariateNormal(H @ m, covariance).log_prob(y)


@oracle("filtering/rts_smoother_step")
def rts_smoother_step(m: Any, L: Any, F: Any, next: Any, noise: Any) -> Any:
    P = L @ L.T
    predicted = F @ P @ F.T + noise * torch.eye(len(m), dtype=m.dtype)
    return m + P @ F.T @ torch.linalg.inv(predicted) @ (next - F @ m)


@oracle("filtering/autoregression")
def autoregression(y: Any, c: Any, phi1: Any, phi2: Any, s: Any) -> Any:
    e = y[2:] - c - phi1 * y[1:-1] - phi2 * y[:-2]
    return -(e @ e) / (2 * s**2) - len(e) * torch.log(s)


@oracle("filtering/state_space_scan")
def state_space_scan(x: Any, b: Any, c: Any, a: Any) -> Any:
    h, outputs = torch.zeros_like(b), []
    for value in x:
        h = a * h + b * value
        outputs.append(c @ h)
    return torch.stack(outputs)


@oracle("filtering/selective_scan")
def selective_scan(g: Any, v: Any) -> Any:
    h, states = torch.zeros_like(v[0]), []
    for gate, value in zip(g, v):
        h = gate * h + value
        states.append(h)
    return torch.stack(states)


@oracle("filtering/unrolled_recurrence")
def unrolled_recurrence(F: Any, B: Any, u: Any, h0: Any, goal: Any) -> Any:
    h = h0
    for t in range(3):
        h = F @ h + B @ u[t]
    return torch.nn.functional.mse_loss(h, goal, reduction="sum") / 2
