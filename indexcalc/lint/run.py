"""Linting of files, folders and texts: all findings, in the order of the source; never an exception for bad input."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from ..diagnostics import Diagnostic, IndexCalcError
from .settings import DEFAULT, Settings
from .source import KINDS, LINTED_KINDS, Source, is_path, read_source
from .suppress import suppress


def lint(text_or_path: str | Path, *, kind: str | None = None) -> list[Diagnostic]:
    """What is wrong with a file or a text.  A missing or unreadable file is a finding too.

    A `Path`, or one line that names a file, is read; any other string is the source itself.

    >>> [d.code for d in lint("y[i] = A[i, k] x[j]")][:1]
    ['IX102']
    >>> [d.message for d in lint("missing.idx")]
    ['no such file']
    """
    if not isinstance(text_or_path, (str, os.PathLike)):
        return [Diagnostic("IX901", f"text or a path is linted, not {type(text_or_path).__name__}")]
    if isinstance(text_or_path, str) and not is_path(text_or_path):
        return lint_source(Source(text_or_path, kind=kind or "idx"))
    return lint_file(text_or_path, kind=kind)


def lint_source(source: Source, settings: Settings = DEFAULT) -> list[Diagnostic]:
    """The findings in one source, its suppressions applied."""
    if source.kind not in LINTED_KINDS:
        known = ", ".join(LINTED_KINDS)
        message = f"cannot lint this kind of source: {source.kind}"
        hint = f"kinds that can be linted: {known}"
        return [Diagnostic("IX010", message, None, hint, file=source.name)]
    reader = import_module(f"{__package__}.kinds.{source.kind}")  # a run loads only what its kinds need
    findings = [d for d in reader.findings(source, settings) if settings.wants(d.code)]
    located = [d if d.source is not None else replace(d, file=source.name, source=source.text) for d in findings]
    located.sort(key=lambda d: (d.cell or 0, d.span.start if d.span else -1))
    return suppress(source.text, located, source.name)


def lint_folder(folder: str, settings: Settings = DEFAULT) -> Iterator[list[Diagnostic]]:
    """The findings of each lintable file in the folder and below, in sorted order."""
    files = _files_in(folder)
    if not files:
        endings = ", ".join(e for e, k in KINDS.items() if k in LINTED_KINDS)
        hint = f"files that end in {endings} are linted"
        yield [Diagnostic("IX011", "no file here that can be linted", None, hint, file=folder)]
    for file in files:
        yield lint_file(file, settings)


def lint_file(path: str | Path, settings: Settings = DEFAULT, *, kind: str | None = None) -> list[Diagnostic]:
    """The findings in one file; that it cannot be read is one."""
    try:
        source = read_source(path, kind)
    except IndexCalcError as error:
        return error.diagnostics
    return lint_source(source, settings)


def _files_in(folder: str) -> list[str]:
    """Files below the folder that can be linted; hidden folders are skipped."""
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for file in sorted(files):
            if KINDS.get(os.path.splitext(file)[1].lower()) in LINTED_KINDS:
                found.append(os.path.join(root, file))
    return found
