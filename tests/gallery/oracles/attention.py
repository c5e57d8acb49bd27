"""Attention."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F

from .registry import oracle


def attend(q: Any, k: Any, v: Any, mask: Any = None, bias: Any = 0.0) -> Any:
    """softmax(q kᵀ / √d + bias) v over the last two axes; where `mask` is false, keys get no weight."""
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1) @ v


def causal_mask(n: int) -> Any:
    return torch.ones(n, n, dtype=torch.bool).tril()


def distances(n: int) -> Any:
    return torch.arange(n)[:, None] - torch.arange(n)[None, :]


def rotate(x: Any) -> Any:
    """The halves of x, on its last axis but one, as real and imaginary part, turned by position times frequency."""
    positions, frequencies = x.shape[-3], x.shape[-1]
    theta = 10000.0 ** (-torch.arange(frequencies, dtype=x.dtype) / frequencies)
    angle = torch.arange(positions, dtype=x.dtype)[:, None] * theta
    turned = torch.complex(x[..., 0, :], x[..., 1, :]) * torch.polar(torch.ones_like(angle), angle)
    return torch.stack([turned.real, turned.imag], dim=-2)


@oracle("attention/scaled_dot_product")
def scaled_dot_product(Q: Any, K: Any, V: Any) -> Any:
    return F.scaled_dot_product_attention(Q, K, V)


@oracle("attention/causal")
def causal(Q: Any, K: Any, V: Any) -> Any:
    return F.scaled_dot_product_attention(Q, K, V, is_causal=True)


@oracle("attention/padding_mask")
def padding_mask(Q: Any, K: Any, V: Any, last: Any) -> Any:
    valid = torch.arange(K.shape[1])[None, :] <= last[:, None]
    return F.scaled_dot_product_attention(Q, K, V, attn_mask=valid[:, None, :])


@oracle("attention/document_mask")
def document_mask(Q: Any, K: Any, V: Any, doc: Any) -> Any:
    return attend(Q, K, V, causal_mask(len(doc)) & (doc[:, None] == doc[None, :]))


@oracle("attention/alibi")
def alibi(Q: Any, K: Any, V: Any, slope: Any) -> Any:
    n = Q.shape[1]
    return attend(Q, K, V, causal_mask(n), -slope[:, None, None] * distances(n))


@oracle("attention/soft_cap")
def soft_cap(Q: Any, K: Any, V: Any, cap: Any) -> Any:
    scores = cap * torch.tanh(Q @ K.T / math.sqrt(Q.shape[1]) / cap)
    return torch.softmax(scores.masked_fill(~causal_mask(len(Q)), -math.inf), dim=1) @ V


@oracle("attention/relative_bias")
def relative_bias(Q: Any, K: Any, V: Any, bias: Any) -> Any:
    n = Q.shape[1]
    return attend(Q, K, V, bias=bias[:, distances(n) + n - 1])


@oracle("attention/bucketed_bias")
def bucketed_bias(Q: Any, K: Any, V: Any, bias: Any, bucket: Any) -> Any:
    return attend(Q, K, V, bias=F.embedding(bucket, bias.T).permute(2, 0, 1))


@oracle("attention/sliding_window")
def sliding_window(Q: Any, K: Any, V: Any) -> Any:
    n = len(Q)
    return attend(Q, K, V, causal_mask(n) & ~torch.ones(n, n, dtype=torch.bool).tril(-3))


@oracle("attention/grouped_query")
def grouped_query(Q: Any, K: Any, V: Any) -> Any:
    b, g, r, n, d = Q.shape
    q = Q.reshape(b, g * r, n, d)
    k, v = K.repeat_interleave(r, dim=1), V.repeat_interleave(r, dim=1)
    return F.scaled_dot_product_attention(q, k, v, is_causal=True).reshape(b, g, r, n, -1)


@oracle("attention/multi_query")
def multi_query(x: Any, W_q: Any, W_k: Any, W_v: Any) -> Any:
    q = torch.einsum("im,mhd->hid", x, W_q)
    return attend(q, x @ W_k, x @ W_v, causal_mask(len(x)))


@oracle("attention/multi_head")
def multi_head(x: Any, W_q: Any, W_k: Any, W_v: Any, W_o: Any) -> Any:
    def heads(W: Any) -> Any:
        return (x @ W.flatten(1)).unflatten(1, W.shape[1:]).transpose(0, 1)

    out = F.scaled_dot_product_attention(heads(W_q), heads(W_k), heads(W_v))
    return out.transpose(0, 1).flatten(1) @ W_o.flatten(0, 1)


@oracle("attention/multi_head_latent")
def multi_head_latent(
    x: Any, W_dq: Any, W_uq: Any, W_qr: Any, W_dkv: Any, W_uk: Any, W_uv: Any, W_kr: Any, W_o: Any
) -> Any:
    n, heads = len(x), W_uq.shape[1]
    latent_q, latent_kv = x @ W_dq, x @ W_dkv
    q_r = rotate(torch.einsum("iq,qhcf->hicf", latent_q, W_qr)).flatten(-2)
    k_r = rotate(torch.einsum("jm,mcf->jcf", x, W_kr)).flatten(-2).expand(heads, -1, -1)
    q = torch.cat([torch.einsum("iq,qhd->hid", latent_q, W_uq), q_r], dim=-1)
    k = torch.cat([torch.einsum("jr,rhd->hjd", latent_kv, W_uk), k_r], dim=-1)
    v = torch.einsum("jr,rhd->hjd", latent_kv, W_uv)
    return torch.einsum("hid,hdn->in", attend(q, k, v, causal_mask(n)), W_o)


@oracle("attention/rope")
def rope(Q: Any, K: Any, V: Any) -> Any:
    return attend(rotate(Q).flatten(-2), rotate(K).flatten(-2), V)


@oracle("attention/linear")
def linear(Q: Any, K: Any, V: Any) -> Any:
    weights = (F.elu(Q) + 1) @ (F.elu(K) + 1).T
    return weights @ V / weights.sum(dim=1, keepdim=True)


@oracle("attention/causal_linear")
def causal_linear(Q: Any, K: Any, V: Any) -> Any:
    weights = torch.tril((F.elu(Q) + 1) @ (F.elu(K) + 1).T)
    return weights @ V / weights.sum(dim=1, keepdim=True)


@oracle("attention/performer")
def performer(Q: Any, K: Any, V: Any, omega: Any) -> Any:
    def features(x: Any) -> Any:
        return torch.exp(x @ omega.T - x.square().sum(dim=1, keepdim=True) / 2) / math.sqrt(len(omega))

    weights = features(Q) @ features(K).T
    return weights @ V / weights.sum(dim=1, keepdim=True)


@oracle("attention/cross")
def cross(x: Any, y: Any, W_q: Any, W_k: Any, W_v: Any) -> Any:
    return F.scaled_dot_product_attention(x @ W_q, y @ W_k, y @ W_v)


@oracle("attention/sink")
def sink(Q: Any, K: Any, V: Any, sink: Any) -> Any:
    heads, n, _ = Q.shape
    scores = (Q @ K.transpose(1, 2) / math.sqrt(Q.shape[2])).masked_fill(~causal_mask(n), -math.inf)
    with_sink = torch.cat([scores, sink[:, None, None].expand(heads, n, 1)], dim=2)
    return torch.softmax(with_sink, dim=2)[:, :, :-1] @ V


@oracle("attention/sigmoid")
def sigmoid(Q: Any, K: Any, V: Any) -> Any:
    return torch.sigmoid(Q @ K.T / math.sqrt(Q.shape[1]) - math.log(len(K))) @ V


@oracle("attention/differential")
def differential(Q: Any, K: Any, V: Any, lam: Any) -> Any:
    mask = causal_mask(len(V))
    return attend(Q[0], K[0], V, mask) - lam * attend(Q[1], K[1], V, mask)


@oracle("attention/retention")
def retention(Q: Any, K: Any, V: Any, gamma: Any) -> Any:
    n = Q.shape[1]
    state = torch.zeros(Q.shape[0], Q.shape[2], V.shape[2], dtype=Q.dtype)
    outputs = []
    for t in range(n):
        state = gamma[:, None, None] * state + K[:, t, :, None] * V[:, t, None, :]
        outputs.append(torch.einsum("hd,hda->ha", Q[:, t], state))
    return torch.stack(outputs, dim=1)


@oracle("attention/cosine")
def cosine(Q: Any, K: Any, V: Any, bias: Any, tau: Any) -> Any:
    similarity = F.cosine_similarity(Q[:, None], K[None], dim=2)
    return torch.softmax(similarity / tau + bias, dim=1) @ V


@oracle("attention/talking_heads")
def talking_heads(Q: Any, K: Any, V: Any, mix_scores: Any, mix_weights: Any) -> Any:
    scores = Q @ K.transpose(1, 2) / math.sqrt(Q.shape[2])
    weights = torch.softmax(torch.einsum("hij,hg->gij", scores, mix_scores), dim=2)
    return torch.einsum("gij,gf->fij", weights, mix_weights) @ V


@oracle("attention/additive")
def additive(q: Any, k: Any, W: Any, U: Any, v: Any) -> Any:
    hidden = torch.tanh(F.linear(q, W)[:, None] + F.linear(k, U)[None])
    return torch.softmax(hidden @ v, dim=1) @ k


@oracle("attention/pooling")
def pooling(x: Any, W_k: Any, W_v: Any, query: Any) -> Any:
    return F.scaled_dot_product_attention(query.expand(len(x), 1, -1), x @ W_k, x @ W_v)[:, 0]


@oracle("attention/qk_norm")
def qk_norm(Q: Any, K: Any, V: Any, gain_q: Any, gain_k: Any) -> Any:
    d = Q.shape[1:]
    return attend(F.rms_norm(Q, d, gain_q, 1e-6), F.rms_norm(K, d, gain_k, 1e-6), V, causal_mask(len(Q)))
