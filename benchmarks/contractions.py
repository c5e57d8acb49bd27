"""Contractions of several operands in float32: compiled for NumPy, and by the expressions that people build once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from math import prod
from typing import Any

import numpy as np
import opt_einsum

import indexcalc as ic

from .table import Line, faster
from .timing import interleaved

Arrays = list[Any]
ROUNDS = 9
REGULAR = (  # a random 3-regular network of 10 operands: the edges of each
    "fgh", "abc", "ade", "ikl", "fij", "lmn", "cdg", "bmo", "ehj", "kno",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contraction:
    """An einsum at its extents."""

    name: str
    spec: str
    sizes: dict[str, int]

    def operands(self) -> list[str]:
        return self.spec.split("->")[0].split(",")

    def arrays(self) -> Arrays:
        """Random operands whose product over all labels is of order one."""
        rng = np.random.default_rng(0)
        summed = prod(n for x, n in self.sizes.items() if x not in self.spec.split("->")[1])
        scale = summed ** (-0.5 / len(self.operands()))
        return [scale * rng.standard_normal([self.sizes[x] for x in own], dtype="f") for own in self.operands()]

    def program(self) -> str:
        """The same as an index equation."""
        out = self.spec.split("->")[1]
        declared = "\n".join(f"index {x} : space_{x}({n})" for x, n in self.sizes.items())
        product = " ".join(f"T{n}[{', '.join(own)}]" for n, own in enumerate(self.operands()))
        summed = ", ".join(x for x in self.sizes if x not in out)
        target = f"y[{', '.join(out)}]" if out else "y"
        return f"{declared}\n{target} = sum[{summed}]({product})"


CONTRACTIONS = (
    Contraction("LoRA, rank 16", "btd,dr,re->bte", {"b": 4, "t": 512, "d": 1024, "r": 16, "e": 1024}),
    Contraction("CP, 40⁴, rank 32", "ar,br,cr,dr->abcd", {"a": 40, "b": 40, "c": 40, "d": 40, "r": 32}),
    Contraction("Tucker, 64³, core 12", "pqr,ap,bq,cr->abc", dict.fromkeys("abc", 64) | dict.fromkeys("pqr", 12)),
    Contraction("tensor train of 6, rank 10", "ar,rbs,sct,tdu,uev,vf->abcdef", dict.fromkeys("abcdefrstuv", 10)),
    Contraction("ring of 8, 128", "ab,bc,cd,de,ef,fg,gh,ha->", dict.fromkeys("abcdefgh", 128)),
    Contraction(
        "linear attention, 8 heads", "bhqd,bhkd,bhkv->bhqv", {"b": 1, "h": 8, "q": 1024, "k": 1024, "d": 64, "v": 64}
    ),
    Contraction("3-regular network of 10, dim 8", f"{','.join(REGULAR)}->", dict.fromkeys("abcdefghijklmno", 8)),
)


def ours(case: Contraction) -> Callable[[], object]:
    function = ic.compile(case.program())
    given = {f"T{n}": x for n, x in enumerate(case.arrays())}
    return lambda: function(**given)["y"]


def peers(case: Contraction) -> Iterator[tuple[str, Callable[[], object]]]:
    """The installed ones, their paths found beforehand where they can be."""
    arrays = case.arrays()
    shapes = [x.shape for x in arrays]
    expression = opt_einsum.contract_expression(case.spec, *shapes)
    yield "opt_einsum expression", lambda: expression(*arrays)
    if find_spec("cotengra"):
        import cotengra

        compiled = cotengra.einsum_expression(case.spec, *shapes)
        yield "cotengra expression", lambda: compiled(*arrays)
    if find_spec("torch"):
        import torch

        tensors = [torch.from_numpy(x) for x in arrays]
        yield "torch.einsum", lambda: torch.einsum(case.spec, *tensors)
    path = np.einsum_path(case.spec, *arrays, optimize=("greedy", 10**9))[0]
    yield "np.einsum on a path", lambda: np.einsum(case.spec, *arrays, optimize=path)


def measured(rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Median milliseconds by contraction and contender, each right to 1e-3 of the result."""
    found = {}
    for case in CONTRACTIONS:
        contenders = {"ours": ours(case), **dict(peers(case))}
        exact = opt_einsum.contract(case.spec, *(x.astype(np.float64) for x in case.arrays()))
        for name, call in contenders.items():
            error = np.linalg.norm(np.asarray(call()) - exact) / np.linalg.norm(exact)
            if not error < 1e-3:
                raise AssertionError(f"{name} gives {case.name} with a relative error of {error:.1g}")
        found[case.name] = interleaved(contenders, rounds)
    return found


def lines() -> list[Line]:
    """Each contraction against the best of the others."""
    found = []
    for name, times in measured().items():
        best, who = min((t, who) for who, t in times.items() if who != "ours")
        found.append(faster(Line(name, times["ours"], who, best), 1.0))
    return found
