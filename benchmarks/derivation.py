"""Rows about deriving and about starting: against tensorgrad, a deep GPT, a cold process."""

from __future__ import annotations

from importlib.util import find_spec

from . import cold_start
from .derive_cases import CASES, Case
from .gpt import derive_gpt
from .table import Line, faster, within
from .timing import interleaved


def derivation_lines() -> list[Line]:
    """Ours against tensorgrad; SymPy's figure is part of the name, since its answers are mostly unsimplified."""
    return [_case(case) for case in CASES]


def _case(case: Case) -> Line:
    contenders = {"ours": case.ours()}
    if case.tensorgrad is not None and find_spec("tensorgrad"):
        contenders["tensorgrad"] = case.tensorgrad()
    if case.sympy is not None:
        contenders["sympy"] = case.sympy()
    times = interleaved(contenders, 7)
    also = f" (SymPy {times['sympy']:.1f} ms)" if "sympy" in times else ""
    theirs = times.get("tensorgrad")
    note = "" if theirs else "not installed"
    return faster(Line(f"derive {case.name}{also}", times["ours"], "tensorgrad", theirs, note=note), 10)


def gpt_lines() -> list[Line]:
    """Linear in layers: twice the layers in at most about twice the time."""
    times = interleaved({"12": derive_gpt(12), "6": derive_gpt(6)}, 3)
    return [within(Line("derive a 12-layer GPT", times["12"], "6 layers", times["6"]), 2000)]


def cold_start_lines() -> list[Line]:
    times = interleaved({"lint": cold_start.lint, "python": cold_start.nothing}, 9)
    return [within(Line("lint a file, cold process", times["lint"], "python -c pass", times["python"]), 200)]
