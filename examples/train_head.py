"""Trains a causal attention head, written in three index equations, to repeat what it saw before: python train_head.py

`--backend cpp` or `--backend numpy` runs fused kernels on the CPU, forward and backward.
"""

import argparse

import torch

import indexcalc as ic

ATTENTION = """
index i, j : seq(L)
index d, a : width(D)
S[b, i, j] = Q[b, i, d] K[b, j, d] / sqrt(D)
P[b, i, j] = softmax[j](where(j <= i, S[b, i, j], -inf))
O[b, i, a] = P[b, i, j] V[b, j, a]
output O
"""


class Head(torch.nn.Module):
    """Causal attention with projections."""

    def __init__(self, width: int, backend: str) -> None:
        super().__init__()
        self.projections = torch.nn.Linear(width, 3 * width)
        self.attend = ic.as_torch_function(ATTENTION, backend=backend)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attend(*self.projections(x).chunk(3, dim=-1))


def train(backend: str, steps: int) -> tuple[float, float]:
    """The loss before and after."""
    torch.manual_seed(0)
    head = Head(16, backend)
    optimiser = torch.optim.Adam(head.parameters(), lr=0.02)
    losses = []
    for _ in range(steps):
        x = torch.randn(8, 12, 16)
        mean = x.cumsum(1) / torch.arange(1, 13)[:, None]  # of all positions so far
        loss = (head(x) - mean).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses[0], losses[-1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="torch", choices=["torch", "cpp", "numpy"])
    parser.add_argument("--steps", type=int, default=200)
    given = parser.parse_args()
    first, last = train(given.backend, given.steps)
    print(f"mean squared error {first:.3f} before, {last:.3f} after {given.steps} steps")
