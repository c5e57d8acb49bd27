"""The results that are kept: `benchmarks/results/cpu.json`, and the page that shows them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .run import Row

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "cpu.json"
LIBRARIES = (
    "numpy",
    "torch",
    "jax",
    "opt_einsum",
    "cotengra",
    "pykeops",
    "tensorgrad",
    "scipy-openblas32",
    "mkl",
    "ziglang",
)


def read() -> dict[str, Any]:
    """What was measured; without rows where nothing was."""
    if not RESULTS.exists():
        return {"machine": {}, "rows": {}}
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def write(rows: Mapping[str, Row], rates: Mapping[str, float], order: Sequence[str]) -> None:
    """Replace the rows that were measured, keep the others, and write the page anew."""
    from docs.performance import page

    kept = read()["rows"] | {name: _data(row) for name, row in rows.items()}
    data = {"machine": machine() | {"rates": dict(rates)}, "rows": {n: kept[n] for n in order if n in kept}}
    text = json.dumps(_rounded(data), indent=1, ensure_ascii=False) + "\n"
    RESULTS.write_text(text, encoding="utf-8", newline="\n")
    (ROOT / "docs" / "performance.md").write_text(page(), encoding="utf-8", newline="\n")


def _data(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {"lines": [asdict(line) for line in row.lines]}
    if row.contenders is not None:
        found["title"] = row.title
        found["contenders"] = dict(row.contenders)
    if row.product_rate is not None:
        found["product_rate"] = row.product_rate
    return found


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": versions,
    }


def _processor() -> str:
    """The processor's name and the widest vectors that it has, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.processor() or "unknown"
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = facts.get("flags", "").split()
    vectors = next((name for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if flag in flags), "")
    return " ".join(part for part in (facts.get("model name", "unknown"), vectors) if part)


def _rounded(value: Any) -> Any:
    """Four digits are more than a timing has."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
