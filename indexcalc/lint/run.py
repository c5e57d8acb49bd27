"""Linting of files and texts: all findings, in the order of the source; never an exception for bad input."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from ..diagnostics import Diagnostic, IndexCalcError
from .settings import DEFAULT, Settings
from .source import KINDS, LINTED_KINDS, Source, is_path, read_source
from .suppress import suppress, suppress_cells


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
    """The findings in one source at the severities of the profile, its suppressions applied."""
    if source.kind not in LINTED_KINDS:
        known = ", ".join(LINTED_KINDS)
        message = f"cannot lint this kind of source: {source.kind}"
        hint = f"kinds that can be linted: {known}"
        return [Diagnostic("IX010", message, None, hint, file=source.name)]
    with _no_collection():
        found = _findings(source, settings)
    located = [d if d.source is not None else d.in_file(source.name, source.text) for d in found]
    told = [d for d in map(settings.told, located) if d is not None]
    told.sort(key=lambda d: (d.cell or 0, d.span.start if d.span else -1))
    if source.kind == "notebook":
        from ..paper.notebook import read_notebook

        whole = all(d.cell is not None for d in told)  # else it is no notebook, and that was the finding
        return suppress_cells(read_notebook(source.text).cells, told, source.name, settings) if whole else told
    return suppress(source.text, told, source.name, source.kind, settings)


@contextmanager
def _no_collection() -> Iterator[None]:
    """The cyclic garbage collector waits: syntax trees are many objects that all live on, and looking through them
    again and again takes a third of the time.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _findings(source: Source, settings: Settings) -> list[Diagnostic]:
    """What the reader of this kind finds.  A mistake of the linter itself is told as one: the other files go on."""
    reader = import_module(f"{__package__}.kinds.{source.kind}")  # a run loads only what its kinds need
    try:
        return list(reader.findings(source, settings))
    except IndexCalcError as error:
        return error.diagnostics
    except RecursionError:
        message, hint = "nested too deeply to be linted", "split the file, or write it in a simpler way"
        return [Diagnostic("IX009", message, None, hint, file=source.name, source=source.text)]
    except Exception as error:
        return [failure(source.name, f"{type(error).__name__}: {error}"[:200])]


def failure(file: str, what: str) -> Diagnostic:
    """The linter itself failed on a file."""
    hint = "this is a mistake in indexcalc; please report it with the file"
    return Diagnostic("IX016", f"the linter failed on this file ({what})", None, hint, file=file)


def nothing_below(folder: str) -> Diagnostic:
    """That a folder has no file to lint."""
    endings = ", ".join(e for e, k in KINDS.items() if k in LINTED_KINDS)
    hint = f"files that end in {endings} are linted, unless they are excluded or ignored by git"
    return Diagnostic("IX011", "no file here that can be linted", None, hint, file=folder)


def lint_file(path: str | Path, settings: Settings = DEFAULT, *, kind: str | None = None) -> list[Diagnostic]:
    """The findings in one file; that it cannot be read is one."""
    try:
        source = read_source(path, kind)
    except IndexCalcError as error:
        return [d for d in error.diagnostics if settings.wants(d.code)]
    return lint_source(source, settings)
