"""A baseline: the findings that a project already has and does not want to hear of again.

A finding is known by its file, its code and the text of its lines, not by their numbers, so that it is known again
after lines were put in above it.  What is not in the baseline is new.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from ..diagnostics import Diagnostic, fail
from .source import not_waiting
from .write import replace_file

VERSION = 1
MAX_BASELINE = 100_000_000  # bytes
MAX_CONTEXT = 2000  # characters of a line that are looked at on each side of the place

Key = tuple[str, str, str]


def fingerprints(findings: Iterable[Diagnostic], folder: str = ".") -> list[str]:
    """For each finding a text that stays the same when lines move; equal findings are counted through."""
    seen: Counter[Key] = Counter()
    found = []
    for d in findings:
        key = _key(d, folder)
        seen[key] += 1
        found.append(sha256("\0".join((*key, str(seen[key]))).encode()).hexdigest()[:16])
    return found


def _key(d: Diagnostic, folder: str) -> Key:
    path = os.path.relpath(d.file, folder).replace(os.sep, "/") if not d.file.startswith("<") else d.file
    return path, d.code, sha256(_context(d).encode("utf-8", "replace")).hexdigest()[:16]


def _context(d: Diagnostic) -> str:
    """The lines of the finding without their spacing; where it has no place, its message."""
    if d.span is None or d.source is None:
        return d.message
    first = max(d.source.rfind("\n", 0, d.span.start) + 1, d.span.start - MAX_CONTEXT)
    last = d.source.find("\n", d.span.end, d.span.end + MAX_CONTEXT)
    return " ".join(d.source[first : last if last >= 0 else d.span.end + MAX_CONTEXT].split())


def read_baseline(path: str) -> Counter[Key]:
    """How often the baseline knows each finding."""
    hint = "write it with `indexcalc lint --baseline FILE --write-baseline SOURCE...`"
    try:
        with open(path, "rb", opener=not_waiting) as stream:
            data = json.loads(stream.read(MAX_BASELINE).decode())
        known: Counter[Key] = Counter()
        if data["version"] != VERSION:
            raise fail("IX017", f"{path} has version {data['version']!r} instead of {VERSION}", hint=hint)
        for row in data["findings"]:
            known[str(row["file"]), str(row["code"]), str(row["context"])] += int(row["count"])
    except OSError as error:
        raise fail("IX017", f"{path} cannot be read: {error.strerror}", hint=hint) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise fail("IX017", f"{path} is no baseline", hint=hint) from None
    return known


def without_known(findings: Iterable[Diagnostic], known: Mapping[Key, int], folder: str) -> list[Diagnostic]:
    """The findings that the baseline does not know; of n equal ones as many as are more than it knows."""
    left = Counter(known)
    new = []
    for d in findings:
        key = _key(d, folder)
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(d)
    return new


def write_baseline(path: str, findings: Iterable[Diagnostic]) -> int:
    """Write the baseline that knows these findings, and say how many."""
    folder = os.path.dirname(os.path.abspath(path))
    known = Counter(_key(d, folder) for d in findings)
    rows: list[dict[str, Any]] = [
        {"file": file, "code": code, "context": context, "count": count}
        for (file, code, context), count in sorted(known.items())
    ]
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    replace_file(path, f'{{"version": {VERSION}, "findings": [\n{lines}\n]}}\n'.encode())
    return sum(known.values())
