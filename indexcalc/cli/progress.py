"""How far a long run is, on a terminal: one line on standard error that comes after a second and goes at the end."""

from __future__ import annotations

import sys
from time import monotonic
from types import TracebackType

from ..present.look import look_of

PATIENCE = 1.0  # seconds before the line is shown
EVERY = 0.1  # seconds between its changes


class Progress:
    """Counts steps of `total`; writes nothing where standard error is no terminal."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._active = sys.stderr is not None and sys.stderr.isatty() and look_of(sys.stderr).colour
        self._next = monotonic() + PATIENCE
        self._shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        now = monotonic() if self._active else 0.0
        if self._active and now >= self._next:
            self._next = now + EVERY
            sys.stderr.write(f"\r\x1b[Klinted {self._done} of {self._total} files")
            sys.stderr.flush()
            self._shown = True

    def clear(self) -> None:
        """Take the line away, so that something else can be written."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False
