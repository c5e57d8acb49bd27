"""The side that asks: starts a worker's process, sends a request, waits no longer than allowed."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any

from .workload import Sizes

ROOT = Path(__file__).resolve().parents[2]


class WorkerFailedError(Exception):
    """A contender could not do what was asked; the text says why."""


class Process:
    """A worker's process; to be closed."""

    def __init__(self, workload: str, sizes: Sizes, contender: str, folder: Path, patience: float) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.speed.worker", workload, json.dumps(sizes), contender, str(folder)],
            cwd=ROOT,
            env={**os.environ, "TORCHINDUCTOR_COMPILE_THREADS": "1", "JAX_PLATFORMS": "cpu"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
        )
        try:
            self._answer(patience)
        except BaseException:
            self.close()
            raise

    def ask(self, what: str, patience: float) -> dict[str, Any]:
        """The answer to a request; raises `WorkerFailedError`, also where it takes more than `patience` seconds."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": what}).encode() + b"\n")
        except BrokenPipeError:
            raise WorkerFailedError(self._last_words()) from None
        return self._answer(patience)

    def _answer(self, patience: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        end, line = monotonic() + patience, b""
        while not line.endswith(b"\n"):
            if not select.select([self._process.stdout], [], [], max(0.0, end - monotonic()))[0]:
                raise WorkerFailedError(f"took more than {patience:.0f} s")
            part = os.read(self._process.stdout.fileno(), 1 << 16)
            if not part:
                raise WorkerFailedError(self._last_words())
            line += part
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise WorkerFailedError(found["error"].splitlines()[0][:200])
        return found

    def _last_words(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f"the process ended with {self._process.returncode}: {lines[-1][:200] if lines else 'no word'}"

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._errors.close()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
