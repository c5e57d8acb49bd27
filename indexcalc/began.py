"""When this process began to load the package.  Imports nothing of ours, and is the first that is loaded."""

from __future__ import annotations

from time import time

BEGAN = time()
"""Seconds since 1970.  A source that is younger may not be the one that runs."""
