"""One run of the linter over everything that a command names: what is linted how, fixed, and told in which order."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..diagnostics import Diagnostic, IndexCalcError
from .config import Configs
from .parallel import ENOUGH, Job, Outcome, cores, run_jobs
from .run import nothing_below
from .source import Source, is_path


@dataclass(frozen=True, slots=True)
class Request:
    """What a command asks for.  `asked` are fields of `Settings`, before those of any pyproject.toml.

    `fix` is "", "safe" or "all"; "marks" adds comments that take findings back.
    """

    asked: Mapping[str, Any] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    gitignore: bool = True
    isolated: bool = False
    workers: int = 0
    fix: str = ""
    kind: str | None = None


class Batch:
    """The jobs of a request, planned at once and run in order."""

    def __init__(self, sources: Sequence[str | Source | IndexCalcError], request: Request) -> None:
        self._request, self._configs = request, Configs(isolated=request.isolated)
        self.findings: list[Diagnostic] = []  # what there is to say before any file is read
        self._jobs: list[Job] = []
        seen: set[str] = set()
        for source in sources:
            if isinstance(source, IndexCalcError):
                self.findings += source.diagnostics
            elif isinstance(source, Source):
                folder = os.path.dirname(source.name) if is_path(source.name) else "."
                settings = self._configs.of(folder or ".").settings(source.name, request.asked)
                self._jobs.append(Job(source.name, settings, request.kind, request.fix, source))
            else:
                self._jobs += [job for job in self._path(source) if _new(job.path, seen)]
        self.findings[:0] = self._configs.findings

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def baseline(self) -> str | None:
        """The baseline that the configuration of the working folder names."""
        config = self._configs.of(".")
        return os.path.join(config.folder, config.baseline) if config.baseline is not None else None

    def run(self) -> Iterator[tuple[Job, Outcome]]:
        """Every job with what came of it."""
        few = len(self._jobs) < ENOUGH
        workers = 1 if few else self._request.workers or cores()
        yield from zip(self._jobs, run_jobs(self._jobs, workers))

    def _path(self, path: str) -> Iterator[Job]:
        """The jobs of a file, or of a folder."""
        if not os.path.isdir(path):
            yield self._job(path)
            return
        from .files import files_below

        config = self._configs.of(path)
        files = files_below(path, config.walk(self._request.exclude, self._request.gitignore))
        if not files:
            self.findings.append(nothing_below(path))
        for file in files:
            yield self._job(file)

    def _job(self, path: str) -> Job:
        config = self._configs.of(os.path.dirname(path) or ".")
        return Job(path, config.settings(path, self._request.asked), self._request.kind, self._request.fix)


def _new(path: str, seen: set[str]) -> bool:
    """Whether the path was not named before."""
    place = os.path.abspath(path)
    if place in seen:
        return False
    seen.add(place)
    return True
