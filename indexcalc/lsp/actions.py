"""What can be done about findings: fixes, comments that take them back, and explanations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..diagnostics import MAX_SHOWN_FIX, Diagnostic
from ..lint.fix import edit_of, fix_source
from ..lint.mark import mark_edits
from .snapshot import Place, Snapshot

Change = tuple[Place, str]  # a stretch of a part, and what is written there


@dataclass(frozen=True, slots=True)
class Action:
    """`changes` is empty where the action explains `finding` instead."""

    title: str
    changes: tuple[Change, ...] = ()
    finding: Diagnostic | None = None
    preferred: bool = False


def actions(snapshot: Snapshot, findings: Iterable[Diagnostic]) -> Iterator[Action]:
    """What to do about these findings: first every fix, then what takes them back, then explanations."""
    found = list(findings)
    yield from (a for d in found if (a := _fix(snapshot, d)) is not None)
    yield from (a for d in found if (a := _ignore(snapshot, d)) is not None)
    for d in {d.code: d for d in found}.values():
        yield Action(f"Explain {d.code}", (), d)


def _fix(snapshot: Snapshot, d: Diagnostic) -> Action | None:
    edit = edit_of(d)
    change = snapshot.edit(edit) if edit is not None else None
    if change is None or d.fix is None:
        return None
    shown = d.fix if d.fix.isprintable() and len(d.fix) <= MAX_SHOWN_FIX else ""
    what = f"write `{shown}`" if shown else (d.hint or "rewrite") if d.fix else "remove it"
    return Action(f"{d.code}: {what} ({'safe' if d.safe else 'unsafe'} fix)", (change,), d, preferred=d.safe)


def _ignore(snapshot: Snapshot, d: Diagnostic) -> Action | None:
    changes = [snapshot.edit(edit) for edit in mark_edits(snapshot.source, [d])]
    kept = tuple(c for c in changes if c is not None)
    return Action(f"Ignore {d.code} here", kept, d) if kept and len(kept) == len(changes) else None


def fix_all(snapshot: Snapshot) -> tuple[Change, ...]:
    """Every safe fix, as one change of each part that it changes."""
    fixed = fix_source(snapshot.source, snapshot.settings, unsafe=False)
    if not fixed.count:
        return ()
    after = [fixed.text]
    if snapshot.by_cells:
        from ..paper.notebook import read_notebook

        after = [cell.text for cell in read_notebook(fixed.text).cells]
    pairs = enumerate(zip((p.text for p in snapshot.parts), after))
    return tuple(_difference(k, old, new) for k, (old, new) in pairs if old != new)


def _difference(part: int, old: str, new: str) -> Change:
    """The one stretch in which two texts differ."""
    shorter = min(len(old), len(new))
    first = next((k for k in range(shorter) if old[k] != new[k]), shorter)
    back = next((k for k in range(shorter - first) if old[-1 - k] != new[-1 - k]), shorter - first)
    return Place(part, first, len(old) - back), new[first : len(new) - back]
