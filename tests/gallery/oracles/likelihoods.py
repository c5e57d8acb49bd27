"""Regression and likelihoods."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.distributions as dist
import torch.nn.functional as F

from .registry import oracle


@oracle("likelihoods/least_squares")
def least_squares(X: Any, y: Any, w: Any) -> Any:
    return 0.5 * F.mse_loss(X @ w, y, reduction="sum")


@oracle("likelihoods/ridge")
def ridge(X: Any, y: Any, w: Any, penalty: Any) -> Any:
    return F.mse_loss(X @ w, y, reduction="sum") + penalty * w.square().sum()


@oracle("likelihoods/ridge_in_sample_error")
def ridge_in_sample_error(X: Any, y: Any, penalty: Any) -> Any:
    w = torch.linalg.solve(X.T @ X + penalty * torch.eye(X.shape[1], dtype=X.dtype), X.T @ y)
    return F.mse_loss(X @ w, y)


@oracle("likelihoods/weighted_least_squares")
def weighted_least_squares(X: Any, y: Any, w: Any, weight: Any) -> Any:
    r = X @ w - y
    return 0.5 * r @ torch.diag(weight) @ r


@oracle("likelihoods/multi_task_regression")
def multi_task_regression(X: Any, W: Any, Y: Any) -> Any:
    return 0.5 * torch.linalg.matrix_norm(X @ W - Y) ** 2 / len(X)


@oracle("likelihoods/logistic_regression")
def logistic_regression(X: Any, w: Any, y: Any, bias: Any) -> Any:
    return F.binary_cross_entropy_with_logits(X @ w + bias, y, reduction="sum")


@oracle("likelihoods/softmax_regression_integer")
def softmax_regression_integer(X: Any, W: Any, bias: Any, target: Any) -> Any:
    return F.cross_entropy(X @ W + bias, target)


@oracle("likelihoods/softmax_regression_one_hot")
def softmax_regression_one_hot(X: Any, W: Any, Y: Any) -> Any:
    return F.cross_entropy(X @ W, Y, reduction="sum")


@oracle("likelihoods/poisson_regression")
def poisson_regression(X: Any, w: Any, count: Any) -> Any:
    return F.poisson_nll_loss(X @ w, count, reduction="sum")


@oracle("likelihoods/probit_regression")
def probit_regression(X: Any, w: Any, y: Any) -> Any:
    p = torch.special.ndtr(X @ w)
    return -(y * p.log() + (1 - y) * (1 - p).log()).sum()


@oracle("likelihoods/gaussian_likelihood")
def gaussian_likelihood(x: Any, mu: Any, Sigma: Any) -> Any:
    return dist.MultivariateNormal(mu, Sigma).log_prob(x).sum()


@oracle("likelihoods/gaussian_precision")
def gaussian_precision(x: Any, mu: Any, Lambda: Any) -> Any:
    constant = x.numel() / 2 * math.log(2 * math.pi)
    return dist.MultivariateNormal(mu, precision_matrix=Lambda).log_prob(x).sum() + constant


@oracle("likelihoods/gaussian_kl")
def gaussian_kl(m: Any, n: Any, A: Any, B: Any) -> Any:
    return dist.kl_divergence(dist.MultivariateNormal(m, A), dist.MultivariateNormal(n, B))


@oracle("likelihoods/gaussian_mixture")
def gaussian_mixture(x: Any, mu: Any, w: Any, sigma: Any) -> Any:
    components = dist.Independent(dist.Normal(mu, sigma[:, None].expand_as(mu)), 1)
    return -dist.MixtureSameFamily(dist.Categorical(logits=w), components).log_prob(x).sum()


@oracle("likelihoods/gp_marginal_likelihood")
def gp_marginal_likelihood(X: Any, y: Any, signal: Any, length: Any, noise: Any) -> Any:
    distance = (X[:, None] - X[None]).square().sum(-1)
    K = signal * torch.exp(-distance / (2 * length**2)) + noise * torch.eye(len(y), dtype=y.dtype)
    return -dist.MultivariateNormal(torch.zeros_like(y), K).log_prob(y)


@oracle("likelihoods/factor_analysis")
def factor_analysis(W: Any, S: Any, psi: Any) -> Any:
    C = W @ W.T + torch.diag(psi)
    return -0.5 * (torch.logdet(C) + torch.trace(torch.linalg.solve(C, S)))


@oracle("likelihoods/hinge_loss")
def hinge_loss(X: Any, w: Any, y: Any, b: Any, penalty: Any) -> Any:
    return torch.clamp(1 - y * (X @ w + b), min=0).mean() + 0.5 * penalty * w @ w


@oracle("likelihoods/fisher_discriminant")
def fisher_discriminant(w: Any, m1: Any, m2: Any, R: Any) -> Any:
    d = m1 - m2
    return (w @ torch.outer(d, d) @ w) / (w @ (R.T @ R) @ w)


@oracle("likelihoods/student_t")
def student_t(x: Any, mu: Any, s: Any, nu: Any) -> Any:
    constant = torch.lgamma((nu + 1) / 2) - torch.lgamma(nu / 2) - 0.5 * torch.log(nu * math.pi)
    return dist.StudentT(nu, mu, s).log_prob(x).sum() - len(x) * constant


@oracle("likelihoods/quantile_loss")
def quantile_loss(X: Any, w: Any, y: Any, q: Any) -> Any:
    r = y - X @ w
    return torch.where(r > 0, q * r, (q - 1) * r).mean()
