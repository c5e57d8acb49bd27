"""Kernels that lack one thing each: a test of a kernel has to notice that it is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .scan import blanked, closing, line_of

_WAIT = re.compile(
    r"\b(?:__syncthreads|__syncwarp|__barrier_sync(?:_count)?|__pipeline_wait_prior|ix_\w*(?:wait|sync|barrier)\w*)"
    r"\s*(?:<[^;(){}<>]*>\s*)?\("
)
_MASK = re.compile(r"/\*\s*mask\s*\*/\s*(?=\()")


@dataclass(frozen=True, slots=True)
class Mutation:
    """A text without one barrier, wait or mask: the line that it stood in, what it was, and the text."""

    line: int
    removed: str
    source: str


def mutations(source: str) -> Iterator[Mutation]:
    """The text without each barrier and wait in turn, and with each marked mask true.

    Barriers and waits are statements that call `__syncthreads`, `__syncwarp`, `__barrier_sync`, `__barrier_sync_count`,
    `__pipeline_wait_prior`, or a name that begins with `ix_` and has "wait", "sync" or "barrier" in it.  A mask is a
    condition in parentheses behind the comment `/* mask */`.

    >>> [(m.line, m.removed) for m in mutations("__syncthreads();\\nif /*mask*/ (i < n) f();")]
    [(1, '__syncthreads()'), (2, '(i < n)')]
    """
    code = blanked(source)
    for found in _WAIT.finditer(code):
        end = closing(code, found.end() - 1) + 1
        if end and re.match(r"\s*;", code[end:]) and _is_statement(code, found.start()):
            yield _without(source, found.start(), end, "")
    for found in _MASK.finditer(source):
        if code[found.start() : found.end()].strip():
            continue  # inside of a string
        end = closing(code, found.end()) + 1
        if end:
            yield _without(source, found.end(), end, "(true)")


def _is_statement(code: str, start: int) -> bool:
    """Whether a call at this place stands by itself, and is no declaration, nor part of an expression."""
    before = code[:start].rstrip()
    return not before or before[-1] in ";{}):" or before.endswith("else")


def _without(source: str, start: int, end: int, replacement: str) -> Mutation:
    lines = "\n" * source.count("\n", start, end)
    return Mutation(line_of(source, start), source[start:end], source[:start] + replacement + lines + source[end:])
