"""Normalisation."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from .registry import oracle


@oracle("normalisation/layer_norm")
def layer_norm(x: Any, gain: Any, bias: Any) -> Any:
    return F.layer_norm(x, x.shape[1:], gain, bias)


@oracle("normalisation/rms_norm")
def rms_norm(x: Any, gain: Any) -> Any:
    return F.rms_norm(x, x.shape[1:], gain, 1e-6)


@oracle("normalisation/batch_norm")
def batch_norm(x: Any, gain: Any, bias: Any) -> Any:
    return F.batch_norm(x, None, None, gain, bias, training=True)


@oracle("normalisation/group_norm")
def group_norm(x: Any, gain: Any, bias: Any) -> Any:
    found = F.group_norm(x.flatten(1, 2), x.shape[1], gain.flatten(), bias.flatten())
    return found.reshape(x.shape)


@oracle("normalisation/instance_norm")
def instance_norm(x: Any, gain: Any, bias: Any) -> Any:
    return F.instance_norm(x, weight=gain, bias=bias)


@oracle("normalisation/weight_norm")
def weight_norm(x: Any, v: Any, g: Any, bias: Any) -> Any:
    return F.linear(x, g[:, None] * F.normalize(v, dim=1), bias)


@oracle("normalisation/l2_normalise")
def l2_normalise(x: Any) -> Any:
    return F.normalize(x, dim=1)


@oracle("normalisation/response_norm")
def response_norm(x: Any, gamma: Any, beta: Any) -> Any:
    length = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    return gamma * (x * (length / (length.mean(dim=-1, keepdim=True) + 1e-6))) + beta + x
