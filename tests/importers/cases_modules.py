"""Modules of PyTorch: layers, cells, blocks, and models made of them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .cases import Case


class Attention(nn.Module):
    """Multi-head attention as people write it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, t, c = x.shape
        q, k, v = (y.view(b, t, self.heads, c // self.heads).transpose(1, 2) for y in self.qkv(x).split(c, 2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.proj(y.transpose(1, 2).contiguous().view(b, t, c))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):
    """A language model with its loss."""

    def __init__(self, vocab: int = 7, width: int = 4, layers: int = 1) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab, width), nn.Embedding(8, width)
        self.blocks = nn.ModuleList(Block(width, 2) for _ in range(layers))
        self.head = nn.Linear(width, vocab, bias=False)

    def forward(self, tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        logits = self.head(x)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.view(-1))


class Lora(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(4, 3)
        self.A, self.B = nn.Parameter(torch.randn(2, 4)), nn.Parameter(torch.randn(3, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.base(x) + (x @ self.A.T @ self.B.T) * 0.5


class Tied(nn.Module):
    """One weight, used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 4)
        self.head = nn.Linear(4, 5, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(torch.tanh(self.embed(tokens)))


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attn(x, x, x, need_weights=False)[0]


class Cell(nn.Module):
    """A cell over three time steps."""

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        state = (h, h) if isinstance(self.cell, nn.LSTMCell) else h
        for t in range(x.shape[1]):
            state = self.cell(x[:, t], state)
        return state[0] if isinstance(state, tuple) else state


def _eval(module: nn.Module) -> nn.Module:
    return module.double().eval()


def modules() -> list[Case]:
    torch.manual_seed(0)
    encoder = nn.TransformerEncoderLayer(4, 2, 6, batch_first=True, activation="gelu")
    return [
        Case("Linear", _eval(nn.Linear(3, 4)), "x:2,3"),
        Case("MLP", _eval(nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Dropout(), nn.Linear(5, 2))), "x:4,3"),
        Case("LayerNorm", _eval(nn.LayerNorm(4)), "x:2,3,4"),
        Case("LayerNorm over two", _eval(nn.LayerNorm((3, 4))), "x:2,3,4"),
        Case("RMSNorm", _eval(nn.RMSNorm(4)), "x:2,3,4"),
        Case("BatchNorm, eval", _eval(nn.BatchNorm1d(3)), "x:4,3"),
        Case("BatchNorm, training", nn.BatchNorm2d(3).double().train(), "x:2,3,2,2"),
        Case("GroupNorm", _eval(nn.GroupNorm(2, 4)), "x:2,4,3"),
        Case("Conv, pool, linear", _eval(nn.Sequential(
            nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3))), "x:2,1,4,4"),
        Case("LSTMCell", Cell(_eval(nn.LSTMCell(2, 3))), "x:2,3,2 h:2,3"),
        Case("GRUCell", Cell(_eval(nn.GRUCell(2, 3))), "x:2,3,2 h:2,3"),
        Case("MultiheadAttention", _eval(SelfAttention()), "x:2,3,4"),
        Case("TransformerEncoderLayer", _eval(encoder), "x:2,3,4", 1e-11),
        Case("attention, qkv in one", _eval(Attention(4, 2)), "x:2,3,4"),
        Case("transformer block", _eval(Block(4, 2)), "x:2,3,4", 1e-11),
        Case("language model", _eval(Gpt()), "tokens:2,3<7 targets:2,3<7", 1e-11),
        Case("LoRA", _eval(Lora()), "x:3,4"),
        Case("tied weights", _eval(Tied()), "tokens:2,3<5"),
        Case("Bilinear, PReLU", _eval(nn.Sequential(nn.Linear(3, 4), nn.PReLU(4))), "x:2,3"),
    ]  # fmt: skip
