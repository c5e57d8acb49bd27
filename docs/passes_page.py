"""docs/passes.md: every pass of lowering, with what it does to its example."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import indexcalc as ic
from indexcalc.ir.graph_text import graph_text
from indexcalc.lower.passes import Decision, Pass, passes
from indexcalc.lower.program import lower_program
from indexcalc.lower.target import LAPTOP, Target

HEAD = (Path(__file__).resolve().parent / "source" / "passes.md").read_text("utf-8")
NOTICE = "<!-- Written by docs/generate.py (`make docs`) from docs/source/passes.md and indexcalc/lower/passes. -->"
TARGET = Target(machine=LAPTOP)
MAX_LINES = 45  # of one graph


def passes_page() -> str:
    """The introduction, then the passes in the order in which they run."""
    title, rest = HEAD.split("\n", 1)
    return "\n".join([title, "", NOTICE, rest.rstrip(), "", "## The passes, in order", "", *_entries()])


def _entries() -> Iterator[str]:
    for each in passes():
        before, after, told = shown(each)
        yield from (f"### {each.name}", "", f"{each.summary} {each.why}", "")
        yield from (*_block("idx", each.example.strip()), "before:", "", *_block("text", before))
        yield from ("after:", "", *_block("text", after))
        yield from ("`indexcalc emit --explain` says:", "", *(f"- {text}" for text in told), "")


def _block(language: str, text: str) -> list[str]:
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], f"… {len(lines) - MAX_LINES} more lines"]
    return [f"```{language}", *lines, "```", ""]


def shown(each: Pass) -> tuple[str, str, list[str]]:
    """The graph of the pass's example without and with it, and what it decides."""
    program = ic.parse(each.example)
    decisions: list[Decision] = []
    without = lower_program(program, target=TARGET, without=[each.name], stop_after=each.name)
    result = lower_program(program, target=TARGET, stop_after=each.name, decisions=decisions, check=True)
    return graph_text(without), graph_text(result), [d.text for d in decisions if d.by == each.name]
