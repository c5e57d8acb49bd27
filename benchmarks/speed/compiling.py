"""How the time of `ic.compile` grows, and what a call costs when there is next to nothing to compute."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

import indexcalc as ic
from benchmarks.table import Line, faster, within
from benchmarks.timing import interleaved

STATEMENTS = (100, 200, 400)
GROWTH = 1.35  # what four times as many statements may take beyond four times as long
OPERANDS = 200
SEARCH = 1000.0  # milliseconds


def long_program(statements: int) -> str:
    """A chain of layers, two statements each."""
    lines = ["index i, j : width(N)", "tensor x_0[i]"]
    for n in range(1, statements // 2 + 1):
        lines += [f"z_{n}[i] = W_{n}[i, j] x_{n - 1}[j] + b_{n}[i]", f"x_{n}[i] = tanh(z_{n}[i]) + x_{n - 1}[i]"]
    return "\n".join([*lines, f"output x_{statements // 2}", ""])


def statements_lines() -> list[Line]:
    """Linear in the number of statements: from the least to the most, per statement."""
    calls: dict[str, Callable[[], object]] = {}
    for count in STATEMENTS:
        program = ic.parse(long_program(count))
        calls[str(count)] = lambda program=program: ic.compile(program, sizes={"N": 64})  # type: ignore[misc]
    times = interleaved(calls, 3)
    few, many = STATEMENTS[0], STATEMENTS[-1]
    shown = ", ".join(f"{n}: {times[str(n)]:.0f} ms" for n in STATEMENTS)
    linear = times[str(few)] * many / few
    return [faster(Line(f"compile {many} statements ({shown})", times[str(many)], "if linear", linear), 1 / GROWTH)]


def network(operands: int, seed: int = 0) -> str:
    """A closed network of three-slotted tensors of extent 2: a ring with random chords, as a product."""
    order = np.random.default_rng(seed).permutation(operands)
    edges = [(n, (n + 1) % operands) for n in range(operands)]
    edges += [(int(a), int(b)) for a, b in zip(order[::2], order[1::2])]
    slots: list[list[str]] = [[] for _ in range(operands)]
    for number, edge in enumerate(edges):
        for end in edge:
            slots[end].append(f"e{number}")
    return " ".join(f"T{n}[{', '.join(s)}]" for n, s in enumerate(slots))


def search_lines() -> list[Line]:
    """`ic.compile` of one product of many operands, which is nearly all search for an order."""
    edges = ", ".join(f"e{n}" for n in range(OPERANDS + OPERANDS // 2))
    program = ic.parse(f"index {edges} : bond(2)\ny = {network(OPERANDS)}")
    times = interleaved({"compile": lambda: ic.compile(program)}, 3)
    return [within(Line(f"order of {OPERANDS} operands", times["compile"]), SEARCH)]


def call_lines() -> list[Line]:
    """Calls on 4 × 4 numbers: the checks and the Python between the operations."""
    a, x = np.eye(4), np.ones(4)
    product = ic.compile("y[i] = A[i, j] x[j]")
    layer = ic.compile("y[i] = tanh(A[i, j] x[j] + b[i])")
    calls: dict[str, Callable[[], object]] = {
        "ours": lambda: product(A=a, x=x),
        "np.einsum": lambda: np.einsum("ij,j->i", a, x),
        "layer": lambda: layer(A=a, x=x, b=x),
        "np layer": lambda: np.tanh(a @ x + x),
    }
    if find_spec("torch"):
        import torch

        s, t = torch.from_numpy(a), torch.from_numpy(x)
        calls["torch.einsum"] = lambda: torch.einsum("ij,j->i", s, t)
        calls["torch layer"] = lambda: torch.tanh(s @ t + t)
    times = interleaved(calls, 7)
    found = []
    for what, mine, peers in (
        ("call of A x, 4 × 4", "ours", ("np.einsum", "torch.einsum")),
        ("call of tanh(A x + b), 4 × 4", "layer", ("np layer", "torch layer")),
    ):
        found += [Line(what, times[mine], peer, times.get(peer)) for peer in peers]
    return found
