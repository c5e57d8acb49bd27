"""Rows of the corpus of real calls."""

import json
from pathlib import Path

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "corpus" / "einsum_calls.jsonl"
ROWS = [json.loads(line) for line in PATH.read_text(encoding="utf-8").splitlines()]
LITERAL = [row for row in ROWS if row["kind"] == "literal"]
WITH_ORACLE = [row for row in ROWS if row.get("oracle")]
