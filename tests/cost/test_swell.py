"""No swell: what a gradient adds to its forward program stays within a small multiple of it, for every example.

Counted are multiplications and evaluated functions: of log-softmax the forward program is nothing but functions.  Where
it has hardly any of either (a maximum, a gather), it counts as one for each element of its inputs.
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest

import indexcalc as ic
from indexcalc.ir.program import Program
from indexcalc.ir.signature import SizeTable, all_sizes

FOLDER = Path(__file__).resolve().parents[2] / "examples"
EXAMPLES = sorted(p for p in FOLDER.rglob("*.idx") if p.stem != "broken_attention")
SIZE = 16
MOST_ADDED = 5  # times the forward's
MOST_STATEMENTS = 8  # times the forward's: a statement such as |x|_p holds many operations


def representative(program: Program) -> dict[str, int]:
    """A size for each extent that nothing tells: first those of the inputs, then what no window follows from."""
    table = SizeTable(program)
    sizes: dict[str, int] = {}
    for space in [*(s for t in program.tensors for s in t.spaces), *table.needed]:
        table = SizeTable(program)
        table.take_sizes(sizes)
        table.solve_affine()
        if table.size(space) is None:
            sizes[table.key(space)] = SIZE
    return sizes


def real_inputs(program: Program) -> list[str]:
    return [name for name, tensor in program.inputs.items() if not tensor.is_integer]


def work(program: Program, sizes: dict[str, int]) -> int:
    found = ic.cost(program, sizes)
    return found.multiplications + found.functions


def elements(program: Program, sizes: dict[str, int]) -> int:
    known = all_sizes(program, sizes)
    return sum(math.prod(known[s] for s in t.spaces) for t in program.tensors)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_a_gradient_adds_at_most_five_times_the_forward(path: Path) -> None:
    program = ic.parse(path.read_text(encoding="utf-8"))
    sizes = representative(program)
    for output in program.outputs:
        gradient = ic.grad(program, real_inputs(program), of=output, sizes=sizes)
        forward = work(program, sizes)
        assert work(gradient, sizes) - forward <= MOST_ADDED * max(forward, elements(program, sizes))
        assert len(gradient.statements) <= MOST_STATEMENTS * len(program.statements)


def layers(count: int) -> str:
    """A network of attention, normalisation and a gated layer, repeated."""
    lines = ["index t, s : time(T)", "index m, n : model(M)", "index f : hidden(F)", "tensor x0[t, m]"]
    for k in range(1, count + 1):
        x, y = f"x{k - 1}", f"x{k}"
        lines += [
            f"tensor Q{k}[m, n], K{k}[m, n], V{k}[m, n], G{k}[m, f], U{k}[m, f], D{k}[f, m], g{k}[m]",
            f"h{k}[t, m] = g{k}[m] {x}[t, m] / sqrt(mean[m]({x}[t, m]**2) + 1e-6)",
            f"q{k}[t, n] = h{k}[t, m] Q{k}[m, n]",
            f"k{k}[t, n] = h{k}[t, m] K{k}[m, n]",
            f"v{k}[t, n] = h{k}[t, m] V{k}[m, n]",
            f"P{k}[t, s] = softmax[s](where(s <= t, q{k}[t, n] k{k}[s, n] / sqrt(M), -inf))",
            f"a{k}[t, n] = {x}[t, n] + P{k}[t, s] v{k}[s, n]",
            f"z{k}[t, f] = silu(a{k}[t, m] G{k}[m, f]) (a{k}[t, n] U{k}[n, f])",
            f"{y}[t, m] = a{k}[t, m] + z{k}[t, f] D{k}[f, m]",
        ]
    return "\n".join([*lines, f"L = x{count}[t, m] x{count}[t, m]"])


def test_statements_and_work_are_affine_in_the_number_of_layers() -> None:
    sizes = {"T": 16, "M": 16, "F": 16}
    statements, added = [], []
    for count in (1, 2, 3, 4):
        program = ic.parse(layers(count))
        gradient = ic.grad(program, real_inputs(program))
        statements.append(len(gradient.statements))
        added.append(work(gradient, sizes) - work(program, sizes))
    for found in (statements, added):
        steps = {b - a for a, b in pairwise(found)}
        assert len(steps) == 1, found
    assert added[-1] <= MOST_ADDED * work(ic.parse(layers(4)), sizes)
