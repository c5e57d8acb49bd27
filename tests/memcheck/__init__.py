"""Emitted C++ in a program of its own, for tools that watch every access to memory: `python -m tests.memcheck`."""
