"""Kernels and metric learning."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from .registry import oracle


def squared(x: Any, y: Any) -> Any:
    """Squared distances of every row of x to every row of y, from dot products."""
    return (x * x).sum(1)[:, None] + (y * y).sum(1)[None] - 2 * x @ y.T


@oracle("kernels/rbf_gram")
def rbf_gram(X: Any, length: Any) -> Any:
    return torch.exp(-squared(X, X) / (2 * length**2))


@oracle("kernels/mmd")
def mmd(X: Any, Y: Any, gamma: Any) -> Any:
    def mean(a: Any, b: Any) -> Any:
        return torch.exp(-gamma * squared(a, b)).mean()

    return mean(X, X) + mean(Y, Y) - 2 * mean(X, Y)


@oracle("kernels/hsic")
def hsic(X: Any, Y: Any) -> Any:
    n = len(X)
    H = torch.eye(n, dtype=X.dtype) - 1 / n
    return torch.trace(X @ X.T @ H @ Y @ Y.T @ H) / (n - 1) ** 2


@oracle("kernels/tsne")
def tsne(P: Any, y: Any) -> Any:
    off = ~torch.eye(len(y), dtype=torch.bool)
    affinity = 1 / (1 + squared(y, y)[off])
    return -(P[off] * torch.log(affinity / affinity.sum())).sum()


@oracle("kernels/stein_discrepancy")
def stein_discrepancy(x: Any, score: Any, h: Any) -> Any:
    K = torch.exp(-squared(x, x) / h)
    repulsion = 2 / h * (K.sum(0)[:, None] * x - K.T @ x)
    return (K.T @ score + repulsion) / len(x)


@oracle("kernels/mahalanobis_metric")
def mahalanobis_metric(M: Any, a: Any, p: Any, q: Any) -> Any:
    def distance(u: Any, v: Any) -> Any:
        return ((u - v) @ M.T).square().sum(1)

    return (distance(a, p) + F.relu(1 + distance(a, p) - distance(a, q))).sum()


@oracle("kernels/neighbourhood_components")
def neighbourhood_components(A: Any, X: Any, label: Any) -> Any:
    z = X @ A.T
    P = torch.softmax((-squared(z, z)).masked_fill(torch.eye(len(z), dtype=torch.bool), -torch.inf), 1)
    return P[label[:, None] == label[None]].sum()


@oracle("kernels/kernel_ridge")
def kernel_ridge(X: Any, y: Any, alpha: Any, gamma: Any, penalty: Any) -> Any:
    K = torch.exp(-gamma * squared(X, X))
    return F.mse_loss(K @ alpha, y, reduction="sum") + penalty * alpha @ K @ alpha


@oracle("kernels/canonical_correlation")
def canonical_correlation(X: Any, Y: Any, a: Any, b: Any) -> Any:
    return torch.corrcoef(torch.stack([X @ a, Y @ b]))[0, 1]
