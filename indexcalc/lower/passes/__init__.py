"""The passes over graphs, by name, in the order in which they run.

A pass is a module of this folder with a `PASS`; a new one is a file here and its name in `ORDER`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import cast

from ...diagnostics import did_you_mean, fail
from ...ir.graph import Graph
from ...ir.index import Space
from ..target import ARRAYS, Target

ORDER: tuple[str, ...] = (
    "common",
    "fold",
    "stable",
    "distribute",
    "small-factors",
    "sink-gathers",
    "one-hot-apart",
    "normalise-last",
    "log-sum",
    "contraction-order",
    "fuse",
    "fuse-rows",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a pass decided, and why, in one line for a reader."""

    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Stage:
    """How many operations the graph had after a pass; the first stage is before all passes."""

    name: str
    operations: int
    left_out: bool = False


@dataclass
class Context:
    """What passes know beside the graph: representative extents, the target.  They tell their decisions to `decide`.

    `stages` are the passes so far, kept by the pipeline.
    """

    sizes: Mapping[Space, int]
    target: Target = ARRAYS
    decisions: list[Decision] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    current: str = ""

    def decide(self, text: str) -> None:
        self.decisions.append(Decision(self.current, text))


@dataclass(frozen=True, slots=True)
class Pass:
    """A rewriting of graphs that keeps what they compute.

    name      as one writes it: "contraction-order"
    summary   what it does, one sentence
    why       what it is good for, with a figure or a source
    example   a program that it changes
    run       the new graph
    """

    name: str
    summary: str
    why: str
    example: str
    run: Callable[[Graph, Context], Graph]


def known_passes(names: Iterable[str]) -> frozenset[str]:
    """The names, all of which are passes; IX901 where one is not."""
    for name in names:
        if name not in ORDER:
            raise fail("IX901", f"no pass `{name}`", hint=did_you_mean(name, ORDER) or f"passes: {', '.join(ORDER)}")
    return frozenset(names)


def passes() -> Iterator[Pass]:
    """All passes, in order."""
    for name in ORDER:
        yield cast(Pass, import_module(f"{__name__}.{name.replace('-', '_')}").PASS)
