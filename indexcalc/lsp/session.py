"""What the server knows of its open documents, and when it looks at them.

Everything that takes time runs in one other thread, so that the server goes on reading what the editor reports.  A
document is linted at once; one whose lint is long, when it has been left alone for as long as the last one took.  A
lint that has not begun when the next change comes is left out, and what is found is told only if the document is still
the one that was linted.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import thread_time
from typing import TypeVar

from .snapshot import Snapshot

_T = TypeVar("_T")
MAX_PAUSE = 1.0  # seconds
SHORT = 0.15  # seconds of work: a lint that takes no longer needs no pause before it
STACK = 64 << 20  # bytes: a thread's own is smaller than the main thread's, and Python's parser is deep

Tell = Callable[[str, Snapshot], None]


class Session:
    """The latest snapshot of each document by its URI, and the lint that is to come."""

    def __init__(self, tell: Tell, failed: Callable[[Exception], None]) -> None:
        """`tell` is called with a snapshot that has been linted, `failed` with a mistake of the server."""
        self._tell, self._failed = tell, failed
        self._snapshots: dict[str, Snapshot] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._pauses: dict[str, float] = {}
        threading.stack_size(STACK)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="indexcalc")

    @property
    def documents(self) -> list[str]:
        """The URIs of the open documents."""
        return list(self._snapshots)

    def snapshot(self, uri: str) -> Snapshot | None:
        """The latest version of a document."""
        return self._snapshots.get(uri)

    def changed(self, uri: str, snapshot: Snapshot) -> None:
        """A document was opened, or is another now."""
        self._snapshots[uri] = snapshot
        self._cancel(uri)
        self._waiting[uri] = asyncio.get_running_loop().create_task(self._lint(uri, snapshot))

    def closed(self, uri: str) -> Snapshot | None:
        """A document is open no more; its last version."""
        self._cancel(uri)
        self._pauses.pop(uri, None)
        return self._snapshots.pop(uri, None)

    async def run(self, work: Callable[[], _T]) -> _T:
        """What the work gives, done in the other thread."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    def end(self) -> None:
        """Nothing more is wanted."""
        for uri in list(self._waiting):
            self._cancel(uri)
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _cancel(self, uri: str) -> None:
        waiting = self._waiting.pop(uri, None)
        if waiting is not None:
            waiting.cancel()

    async def _lint(self, uri: str, snapshot: Snapshot) -> None:
        await asyncio.sleep(self._pauses.get(uri, 0.0))
        try:
            took = await self.run(lambda: _time(snapshot))
            self._pauses[uri] = min(took, MAX_PAUSE) if took > SHORT else 0.0
            if self._snapshots.get(uri) is snapshot:
                self._tell(uri, snapshot)
        except Exception as error:  # told to the reader as what it is: a task's own would be lost
            self._failed(error)


def _time(snapshot: Snapshot) -> float:
    """The seconds of work in which the findings are found, whatever else the machine does."""
    start = thread_time()
    _ = snapshot.findings
    return thread_time() - start
