"""Convolution and pooling."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from .registry import oracle


@oracle("convolution/conv1d")
def conv1d(x: Any, w: Any, bias: Any) -> Any:
    return F.conv1d(x, w, bias)


@oracle("convolution/conv2d")
def conv2d(x: Any, w: Any, bias: Any) -> Any:
    return F.conv2d(x, w, bias)


@oracle("convolution/strided")
def strided(x: Any, w: Any) -> Any:
    return F.conv2d(x, w, stride=2)


@oracle("convolution/dilated")
def dilated(x: Any, w: Any) -> Any:
    return F.conv1d(x, w, dilation=2)


@oracle("convolution/depthwise_separable")
def depthwise_separable(x: Any, w: Any, W: Any) -> Any:
    return F.conv2d(F.relu(F.conv2d(x, w[:, None], groups=len(w))), W[:, :, None, None])


@oracle("convolution/grouped")
def grouped(x: Any, w: Any) -> Any:
    found = F.conv1d(x.flatten(1, 2), w.flatten(0, 1), groups=len(w))
    return found.unflatten(1, w.shape[:2])


@oracle("convolution/transposed")
def transposed(x: Any, w: Any) -> Any:
    return F.conv_transpose1d(x, w, stride=2)


@oracle("convolution/average_pool")
def average_pool(x: Any) -> Any:
    return F.avg_pool2d(x, 2)


@oracle("convolution/max_pool")
def max_pool(x: Any) -> Any:
    return F.max_pool2d(x, 2)


@oracle("convolution/global_average_pool")
def global_average_pool(x: Any, W: Any) -> Any:
    return F.adaptive_avg_pool2d(x, 1).flatten(1) @ W


@oracle("convolution/patches")
def patches(x: Any, W: Any, position: Any) -> Any:
    return F.conv2d(x, W.permute(3, 0, 1, 2), stride=3).permute(0, 2, 3, 1) + position


@oracle("convolution/gated")
def gated(x: Any, w: Any, v: Any) -> Any:
    return torch.tanh(F.conv1d(x, w, dilation=2)) * torch.sigmoid(F.conv1d(x, v, dilation=2))


@oracle("convolution/same_padding")
def same_padding(x: Any, w: Any, bias: Any) -> Any:
    return F.conv1d(x, w, bias, padding="same")


@oracle("convolution/causal")
def causal(x: Any, w: Any, bias: Any) -> Any:
    width = w.shape[1]
    padded = F.pad(x.transpose(1, 2), (width - 1, 0))
    return F.silu(F.conv1d(padded, w.flip(1)[:, None], bias, groups=len(w))).transpose(1, 2)


@oracle("convolution/padded_strided")
def padded_strided(x: Any, w: Any) -> Any:
    return F.relu(F.conv2d(x, w, stride=2, padding=1))


@oracle("convolution/padded_max_pool")
def padded_max_pool(x: Any) -> Any:
    return F.max_pool1d(x, 3, stride=2, padding=1)
