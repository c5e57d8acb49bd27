"""Tensor decompositions."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from .registry import oracle


def cp(A: Any, B: Any, C: Any) -> Any:
    """The tensor of a CP model as a sum of outer products."""
    return sum(torch.tensordot(torch.outer(a, b), c, dims=0) for a, b, c in zip(A.T, B.T, C.T))


@oracle("tensors/cp_decomposition")
def cp_decomposition(T: Any, A: Any, B: Any, C: Any) -> Any:
    return F.mse_loss(cp(A, B, C), T, reduction="sum") / 2


@oracle("tensors/weighted_cp")
def weighted_cp(A: Any, B: Any, C: Any, weight: Any) -> Any:
    return cp(A * weight, B, C)


@oracle("tensors/symmetric_cp")
def symmetric_cp(T: Any, A: Any) -> Any:
    return F.mse_loss(cp(A, A, A), T, reduction="sum") / 6


@oracle("tensors/tucker")
def tucker(T: Any, G: Any, A: Any, B: Any, C: Any) -> Any:
    Y = torch.tensordot(A, G, dims=([1], [0]))  # ijk = A_ip G_pqr, then the other slots
    Y = torch.tensordot(Y, B, dims=([1], [1]))
    Y = torch.tensordot(Y, C, dims=([1], [1]))
    return F.mse_loss(Y, T, reduction="sum") / 2


@oracle("tensors/tensor_train")
def tensor_train(A: Any, B: Any, C: Any, D: Any) -> Any:
    return torch.tensordot(torch.tensordot(torch.tensordot(A, B, 1), C, 1), D, 1)


@oracle("tensors/tensor_ring")
def tensor_ring(A: Any, B: Any, C: Any) -> Any:
    chain = torch.tensordot(torch.tensordot(A, B, 1), C, 1)  # a i j k a
    return torch.diagonal(chain, dim1=0, dim2=4).sum(-1)


@oracle("tensors/block_term")
def block_term(G: Any, A: Any, B: Any, C: Any) -> Any:
    return torch.einsum("spqr,sip,sjq,skr->ijk", G, A, B, C)


@oracle("tensors/completion")
def completion(T: Any, known: Any, A: Any, B: Any, C: Any) -> Any:
    return ((known * (cp(A, B, C) - T)) ** 2).sum() / 2


@oracle("tensors/khatri_rao_normal_equations")
def khatri_rao_normal_equations(T: Any, A: Any, B: Any, C: Any) -> Any:
    V = (B.T @ B) * (C.T @ C)
    khatri_rao = (B[:, None] * C[None]).reshape(-1, B.shape[1])
    return F.mse_loss(A @ V, T.reshape(len(T), -1) @ khatri_rao, reduction="sum") / 2


@oracle("tensors/nonnegative_factorisation")
def nonnegative_factorisation(V: Any, W: Any, H: Any) -> Any:
    Y = W @ H
    return F.kl_div(Y.log(), V, reduction="sum") - V.sum() + Y.sum()
