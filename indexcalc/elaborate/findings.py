"""Collects findings while a program is read, so that one mistake hides no other."""

from __future__ import annotations

from collections.abc import Iterable

from ..diagnostics import Diagnostic, Label, Span, listed


class Findings:
    """The findings of one text, in the order found, without repeats."""

    def __init__(self, source: str, filename: str) -> None:
        self.source = source
        self.filename = filename
        self.all: list[Diagnostic] = []
        self._seen: set[tuple[str, str, Span | None]] = set()
        self.errors = 0

    def error(
        self,
        code: str,
        message: str,
        span: Span | None,
        hint: str = "",
        *,
        why: str = "",
        label: str = "",
        labels: Iterable[Label] = (),
    ) -> None:
        self.errors += 1
        self._add(Diagnostic(code, message, span, hint, "error", why, None, label=label, labels=tuple(labels)))

    def warning(
        self, code: str, message: str, span: Span | None, hint: str = "", *, why: str = "", fix: str | None = None
    ) -> None:
        self._add(Diagnostic(code, message, span, hint, "warning", why, fix))

    def _add(self, found: Diagnostic) -> None:
        key = (found.code, found.message, found.span)
        if key not in self._seen:
            self._seen.add(key)
            self.all.append(found.in_file(self.filename, self.source or None))

    def text(self, span: Span) -> str:
        """What is written there, on one line."""
        return " ".join(self.source[span.start : span.end].split()) if self.source else "…"


MAX_NAMES = 6  # names listed in one message


def quoted(names: Iterable[str]) -> str:
    """`a`, `b` and `c`.

    >>> quoted(["i", "j"])
    '`i` and `j`'
    """
    marked = [f"`{n}`" for n in names]
    if len(marked) > MAX_NAMES:
        marked[MAX_NAMES - 1 :] = [f"{len(marked) - MAX_NAMES + 1} more"]
    return listed(marked)
