"""Geometry and physics."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from .registry import oracle


def pairs(x: Any) -> Any:
    """Squared distances of all pairs of rows."""
    return (x[:, None] - x[None]).square().sum(-1)


@oracle("physics/cross_product")
def cross_product(a: Any, b: Any) -> Any:
    return torch.linalg.cross(a, b)


@oracle("physics/triple_product")
def triple_product(a: Any, b: Any, c: Any) -> Any:
    return torch.linalg.det(torch.stack([a, b, c]))


@oracle("physics/lorentz_force")
def lorentz_force(E: Any, v: Any, B: Any, q: Any) -> Any:
    force = q * (E + torch.linalg.cross(v, B))
    return {"F": force, "power": q * (E @ v)}


@oracle("physics/moment_of_inertia")
def moment_of_inertia(m: Any, x: Any) -> Any:
    eye = torch.eye(3, dtype=x.dtype)
    return sum(w * (p @ p * eye - torch.outer(p, p)) for w, p in zip(m, x))


@oracle("physics/linear_elasticity")
def linear_elasticity(C: Any, H: Any) -> Any:
    e = (H + H.T) / 2
    return (e * torch.tensordot(C, e, 2)).sum() / 2


@oracle("physics/isotropic_elasticity")
def isotropic_elasticity(e: Any, lame: Any, mu: Any) -> Any:
    return lame / 2 * torch.trace(e) ** 2 + mu * torch.trace(e.T @ e)


@oracle("physics/neo_hookean")
def neo_hookean(F: Any, lame: Any, mu: Any) -> Any:
    log_volume = torch.log(torch.linalg.det(F))
    return mu / 2 * (F.square().sum() - 3) - mu * log_volume + lame / 2 * log_volume**2


@oracle("physics/lennard_jones")
def lennard_jones(x: Any, sigma: Any, epsilon: Any, soft: Any) -> Any:
    upper = torch.triu_indices(len(x), len(x), 1)
    r2 = pairs(x)[upper[0], upper[1]] + soft
    return (4 * epsilon * ((sigma**2 / r2) ** 6 - (sigma**2 / r2) ** 3)).sum()


@oracle("physics/gravity")
def gravity(m: Any, x: Any, soft: Any) -> Any:
    inverse = torch.triu((pairs(x) + soft**2) ** -0.5, 1)
    return -(m @ inverse @ m)


@oracle("physics/spring_network")
def spring_network(x: Any, stiffness: Any, rest: Any, **ends: Any) -> Any:
    d = x.index_select(0, ends["from"]) - x.index_select(0, ends["to"])
    return (stiffness * (torch.sqrt((d * d).sum(1) + 0.01) - rest) ** 2).sum() / 2


@oracle("physics/heat_equation")
def heat_equation(u: Any, kappa: Any, h: Any, dt: Any) -> Any:
    stencil = torch.tensor([[[1.0, -2.0, 1.0]]], dtype=u.dtype)
    curvature = F.conv1d(u[:-1, None], stencil)[:, 0] / h**2
    return (((u[1:, 1:-1] - u[:-1, 1:-1]) / dt - kappa * curvature) ** 2).mean()


@oracle("physics/poisson_residual")
def poisson_residual(u: Any, f: Any, h: Any) -> Any:
    stencil = torch.tensor([[[[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]]], dtype=u.dtype)
    return F.mse_loss(F.conv2d(u[None, None], stencil)[0, 0] / h**2, f, reduction="sum") / 2


@oracle("physics/dirichlet_energy")
def dirichlet_energy(W: Any, f: Any) -> Any:
    laplacian = torch.diag(W.sum(0) + W.sum(1)) - W - W.T
    return f @ laplacian @ f / 2


@oracle("physics/ising_energy")
def ising_energy(J: Any, h: Any, a: Any) -> Any:
    spin = torch.distributions.Bernoulli(logits=2 * a)
    m = 2 * spin.mean - 1
    return -(m @ J @ m) / 2 - h @ m - spin.entropy().sum()
