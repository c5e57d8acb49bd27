"""Many files at once: each job in a process of its own pool, results in the order of the jobs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..diagnostics import Diagnostic, IndexCalcError
from .run import failure, lint_source
from .settings import Settings
from .source import Source, read_source

ENOUGH = 50  # files; below that, starting processes takes longer than the work
CHUNK = 8  # files in one task: few enough that all cores end together, many enough that sending them costs nothing


@dataclass(frozen=True, slots=True)
class Job:
    """One file, or a text that is at hand, and how it is linted; `fix` as in `batch.Request`."""

    path: str
    settings: Settings
    kind: str | None = None
    fix: str = ""
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one job: the findings that are left, how many were fixed, and the text before and after that."""

    findings: list[Diagnostic]
    fixed: int = 0
    before: str = ""
    after: str = ""


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_jobs(jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    """What came of each job, in order."""
    if workers < 2 or len(jobs) < ENOUGH:
        yield from map(run_job, jobs)
        return
    chunks = [jobs[k : k + CHUNK] for k in range(0, len(jobs), CHUNK)]
    done = 0
    while done < len(chunks):
        for results in _in_pool(chunks[done:], workers):
            done += 1
            yield from results
        if done < len(chunks):  # a worker died: its files one by one, so that only the one that kills it is lost
            yield from (_alone(job) for job in chunks[done])
            done += 1


def run_job(job: Job) -> Outcome:
    """What comes of one job.  Nothing is written: that is for the process that was asked."""
    try:
        source = job.source or read_source(job.path, job.kind)
    except IndexCalcError as error:
        return Outcome([d for d in error.diagnostics if job.settings.wants(d.code)])
    if not job.fix:
        return Outcome(lint_source(source, job.settings))
    from .fix import fix_source
    from .mark import mark_source

    if job.fix == "marks":
        text, count = mark_source(source, job.settings)
        return Outcome(lint_source(replace(source, text=text), job.settings), count, source.text, text)
    fixed = fix_source(source, job.settings, unsafe=job.fix == "all")
    changed = (source.text, fixed.text) if fixed.text != source.text else ("", "")
    return Outcome(fixed.findings, fixed.count, *changed)


def _run_chunk(chunk: Sequence[Job]) -> list[Outcome]:
    return [run_job(job) for job in chunk]


def _in_pool(chunks: Sequence[Sequence[Job]], workers: int) -> Iterator[list[Outcome]]:
    """Results of the chunks in order; ends early where a worker died."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    pool = ProcessPoolExecutor(min(workers, len(chunks)), initializer=_quiet)
    try:
        for future in [pool.submit(_run_chunk, chunk) for chunk in chunks]:
            try:
                results = future.result()
            except BrokenProcessPool:
                return
            yield results
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _alone(job: Job) -> Outcome:
    """One job in a process of its own."""
    return next(_in_pool([[job]], 1), [Outcome([failure(job.path, "its process died")])])[0]


def _quiet() -> None:
    """An interrupt is for the parent, which tells of it once."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
