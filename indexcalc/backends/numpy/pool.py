"""Memory for large results, which serves again once nobody has the array any more.

The first touch of fresh pages costs as much as a pass over them, and allocators return large pieces to the system.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from threading import Lock
from typing import Any

import numpy as np

LEAST = 1 << 20  # bytes below which an allocator keeps pieces itself
MOST = 1 << 28  # bytes of pieces that wait for a new user
_ALIGNMENT = 64


class Pool:
    """Pieces of memory that arrays gave back, the longest waiting first.

    >>> pool = Pool()
    >>> array = pool.empty((1024, 1024), "float32")
    >>> place = array.ctypes.data
    >>> row = array[0]
    >>> del array, row
    >>> pool.empty((1024, 1024), "float32").ctypes.data == place
    True
    """

    def __init__(self) -> None:
        self._free: list[np.ndarray[Any, Any]] = []
        self._lock = Lock()

    def empty(self, shape: Sequence[int], dtype: Any) -> Any:
        """An array with any values, contiguous; as `numpy.empty` makes one where it is small."""
        bytes = prod(shape) * np.dtype(dtype).itemsize
        if bytes < LEAST:
            return np.empty(shape, dtype)
        piece = self._piece(bytes)
        owner = piece.view(_Owned)
        owner.pool, owner.piece = self, piece
        return owner[:bytes].view(np.ndarray).view(dtype).reshape(shape)

    def _piece(self, bytes: int) -> np.ndarray[Any, Any]:
        """One that waits, or a new one; new also where the pool is in use just now.

        The thread that uses it may never go on: in a forked process it is not there, and a signal interrupts it.
        """
        if self._lock.acquire(blocking=False):
            try:
                pieces = enumerate(self._free)
                fitting = [n for n, piece in pieces if piece.nbytes >= bytes and piece.nbytes // 2 <= bytes]
                if fitting:
                    return self._free.pop(min(fitting, key=lambda n: self._free[n].nbytes))
            finally:
                self._lock.release()
        room = np.empty(bytes + _ALIGNMENT, np.uint8)
        start = -room.ctypes.data % _ALIGNMENT
        return room[start : start + bytes]

    @property
    def waiting(self) -> int:
        """Bytes of the pieces that wait for a new user."""
        return sum(piece.nbytes for piece in self._free)

    def give(self, piece: np.ndarray[Any, Any]) -> None:
        """Takes a piece back that no array uses any more; it goes where the pool is being looked through just now.

        An array may go at any moment, in the middle of the pool's own work too, so that nobody waits here.
        """
        if self._lock.acquire(blocking=False):
            try:
                self._free.append(piece)
                while self.waiting > MOST:
                    del self._free[0]
            finally:
                self._lock.release()


class _Owned(np.ndarray[Any, Any]):
    """What arrays of a pool have as their base, so that it goes when the last of them goes."""

    pool: Pool | None = None
    piece: np.ndarray[Any, Any]

    def __del__(self) -> None:
        if self.pool is not None:
            self.pool.give(self.piece)


POOL = Pool()
"""For results of compiled functions: the one thing that all of them share, as they share the process's memory."""
