"""Attention that runs, with two mistakes that no shape shows."""

import torch


def attention(q, k, v):
    """Arrays (batch, heads, positions, features)."""
    scores = torch.einsum("bhid,bhjd->bhij", q, k) / q.shape[-1] ** 0.5
    attn = scores.softmax(dim=-1)
    return torch.einsum("bhij,bhid->bhjd", attn, v)


def project(x, w):
    """For x (batch, positions, inputs) and w (inputs, outputs)."""
    # ix: y[b,n,o] = x[b,n,i] w[i,o]
    return torch.einsum("bni,oi->bno", x, w)
