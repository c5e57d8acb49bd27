"""Losses."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch.distributions import Bernoulli, Categorical, Normal, kl_divergence

from .registry import oracle


@oracle("losses/cross_entropy")
def cross_entropy(z: Any, label: Any) -> Any:
    return F.cross_entropy(z, label)


@oracle("losses/cross_entropy_dense")
def cross_entropy_dense(z: Any, y: Any) -> Any:
    return F.cross_entropy(z, y)


@oracle("losses/label_smoothing")
def label_smoothing(z: Any, label: Any) -> Any:
    return F.cross_entropy(z, label, label_smoothing=0.1)


@oracle("losses/temperature")
def temperature(z: Any, label: Any, T: Any) -> Any:
    return F.nll_loss(F.log_softmax(z / T, dim=1), label)


@oracle("losses/focal")
def focal(z: Any, label: Any, gamma: Any) -> Any:
    logp = -F.cross_entropy(z, label, reduction="none")
    return -((1 - logp.exp()) ** gamma * logp).mean()


@oracle("losses/binary_cross_entropy")
def binary_cross_entropy(z: Any, y: Any) -> Any:
    return F.binary_cross_entropy_with_logits(z, y)


@oracle("losses/distillation")
def distillation(teacher: Any, student: Any, T: Any) -> Any:
    return T**2 * kl_divergence(Categorical(logits=teacher / T), Categorical(logits=student / T)).mean()


@oracle("losses/info_nce")
def info_nce(anchor: Any, candidate: Any, tau: Any) -> Any:
    return F.cross_entropy(anchor @ candidate.T / tau, torch.arange(len(anchor)))


@oracle("losses/clip")
def clip(image: Any, text: Any, scale: Any) -> Any:
    logits = scale.exp() * F.normalize(image, dim=1) @ F.normalize(text, dim=1).T
    labels = torch.arange(len(image))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@oracle("losses/siglip")
def siglip(u: Any, v: Any, t: Any, b: Any) -> Any:
    logits = t * u @ v.T + b
    labels = torch.eye(len(u), dtype=u.dtype)
    return F.binary_cross_entropy_with_logits(logits, labels, reduction="sum") / len(u)


@oracle("losses/supervised_contrastive")
def supervised_contrastive(z: Any, y: Any, tau: Any) -> Any:
    n = len(z)
    total = z.new_zeros(())
    for i in range(n):
        others = [j for j in range(n) if j != i]
        logp = F.log_softmax(z[others] @ z[i] / tau, dim=0)
        mates = [k for k, j in enumerate(others) if y[j] == y[i]]
        if mates:
            total = total - logp[mates].mean()
    return total


@oracle("losses/triplet")
def triplet(a: Any, p: Any, q: Any) -> Any:
    near, far = (a - p).square().sum(dim=1), (a - q).square().sum(dim=1)
    return F.relu(near - far + 0.2).mean()


@oracle("losses/dpo")
def dpo(chosen: Any, rejected: Any, chosen_reference: Any, rejected_reference: Any, beta: Any) -> Any:
    return -F.logsigmoid(beta * ((chosen - rejected) - (chosen_reference - rejected_reference))).mean()


@oracle("losses/ppo")
def ppo(logp: Any, logp_old: Any, advantage: Any) -> Any:
    ratio = torch.exp(logp - logp_old)
    return -torch.minimum(ratio * advantage, torch.clamp(ratio, 0.8, 1.2) * advantage).mean()


@oracle("losses/grpo")
def grpo(logp: Any, logp_old: Any, logp_reference: Any, reward: Any) -> Any:
    advantage = ((reward - reward.mean()) / reward.std(correction=0))[:, None]
    ratio = torch.exp(logp - logp_old)
    surrogate = torch.minimum(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage)
    kl = torch.exp(logp_reference - logp) - (logp_reference - logp) - 1
    return -(surrogate - 0.04 * kl).mean()


@oracle("losses/vae_elbo")
def vae_elbo(x: Any, noise: Any, W_mu: Any, W_s: Any, W_x: Any) -> Any:
    mu, scale = x @ W_mu, torch.exp(x @ W_s / 2)
    logits = (mu + scale * noise) @ W_x
    reconstruction = -Bernoulli(logits=logits, validate_args=False).log_prob(x).sum(dim=1)
    kl = kl_divergence(Normal(mu, scale), Normal(torch.zeros_like(mu), torch.ones_like(mu))).sum(dim=1)
    return (reconstruction + kl).mean()


@oracle("losses/score_matching")
def score_matching(x: Any, noise: Any, W: Any, V: Any, sigma: Any) -> Any:
    score = F.linear(torch.tanh(F.linear(x + sigma * noise, W)), V)
    return 0.5 * (score + noise / sigma).square().sum(dim=1).mean()


@oracle("losses/diffusion")
def diffusion(x: Any, noise: Any, log_signal: Any, W: Any, V: Any, embedding: Any, step: Any) -> Any:
    signal = torch.sigmoid(log_signal)[step, None]
    noisy = signal.sqrt() * x + (1 - signal).sqrt() * noise
    predicted = F.linear(F.silu(F.linear(noisy, W) + F.embedding(step, embedding)), V)
    return F.mse_loss(predicted, noise)


@oracle("losses/flow_matching")
def flow_matching(x: Any, noise: Any, t: Any, W: Any, V: Any, u: Any) -> Any:
    velocity = F.linear(torch.tanh(F.linear(torch.lerp(noise, x, t[:, None]), W) + torch.outer(t, u)), V)
    return (x - noise - velocity).square().sum(dim=1).mean()


@oracle("losses/barlow_twins")
def barlow_twins(u: Any, v: Any, lam: Any) -> Any:
    correlation = F.normalize(u, dim=0).T @ F.normalize(v, dim=0)
    off = correlation - torch.diag(torch.diagonal(correlation))
    return (1 - torch.diagonal(correlation)).square().sum() + lam * off.square().sum()


@oracle("losses/vicreg")
def vicreg(x: Any, y: Any) -> Any:
    invariance = (x - y).square().sum(dim=1).mean()
    variance, covariance = x.new_zeros(()), x.new_zeros(())
    for view in (x, y):
        cov = torch.cov(view.T, correction=0)
        variance = variance + F.relu(1 - torch.sqrt(torch.diagonal(cov) + 1e-4)).mean()
        covariance = covariance + (cov - torch.diag(torch.diagonal(cov))).square().sum() / len(cov)
    return 25 * invariance + 25 * variance + covariance


@oracle("losses/z_loss")
def z_loss(z: Any, label: Any) -> Any:
    return F.cross_entropy(z, label) + 1e-4 * torch.logsumexp(z, dim=1).square().mean()
