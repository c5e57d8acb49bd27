"""Scalars and vectors."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from .registry import oracle


@oracle("vectors/cosine_similarity")
def cosine_similarity(x: Any, y: Any) -> Any:
    return F.cosine_similarity(x, y, dim=0)


@oracle("vectors/euclidean_norm")
def euclidean_norm(A: Any, x: Any, b: Any) -> Any:
    return torch.linalg.vector_norm(A @ x - b)


@oracle("vectors/p_norm")
def p_norm(x: Any, p: Any) -> Any:
    return x.abs().pow(p).sum().pow(1 / p)


@oracle("vectors/squared_distance")
def squared_distance(x: Any, y: Any) -> Any:
    return F.mse_loss(x, y, reduction="sum")


@oracle("vectors/unit_vector")
def unit_vector(x: Any) -> Any:
    return F.normalize(x, dim=0)


@oracle("vectors/bilinear_form")
def bilinear_form(x: Any, A: Any, y: Any) -> Any:
    return F.bilinear(x, y, A[None])[0]


@oracle("vectors/quadratic_form")
def quadratic_form(x: Any, A: Any) -> Any:
    return x @ A @ x


@oracle("vectors/cubic_form")
def cubic_form(T: Any, x: Any) -> Any:
    return (T @ x) @ x @ x


@oracle("vectors/log_sum_exp")
def log_sum_exp(A: Any, x: Any, b: Any) -> Any:
    return torch.logsumexp(A @ x + b, 0)


@oracle("vectors/softmax")
def softmax(z: Any) -> Any:
    return torch.softmax(z, 0)


@oracle("vectors/log_softmax")
def log_softmax(z: Any) -> Any:
    return F.log_softmax(z, dim=1)


@oracle("vectors/entropy")
def entropy(z: Any) -> Any:
    return torch.distributions.Categorical(logits=z).entropy()


@oracle("vectors/huber")
def huber(x: Any, y: Any, width: Any) -> Any:
    r = (x - y).abs()
    return torch.where(r <= width, 0.5 * r.square(), width * (r - 0.5 * width)).sum()


@oracle("vectors/smooth_maximum")
def smooth_maximum(x: Any, temperature: Any) -> Any:
    return F.softmax(x / temperature, dim=0) @ x


@oracle("vectors/elementwise_chain")
def elementwise_chain(x: Any) -> Any:
    return torch.exp(torch.sin(x) ** 2) * torch.tanh(x) / (1 + x * x)


@oracle("vectors/declared_function")
def declared_function(W: Any, x: Any, b: Any) -> Any:
    return F.mish(F.linear(x, W, b))


@oracle("vectors/geometric_mean")
def geometric_mean(x: Any) -> Any:
    return torch.prod(x) ** (1 / len(x))


@oracle("vectors/rosenbrock")
def rosenbrock(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
