"""Steps of a derivation, as data: what was done, by which law, from what to what."""

from __future__ import annotations

from dataclasses import dataclass

from .expr import Expr
from .index import Index


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `target[indices]` was `before` and is now `after`, by `rule` (its name), whose `law` is LaTeX."""

    target: str
    indices: tuple[Index, ...]
    rule: str
    law: str
    before: Expr | None
    after: Expr
    note: str = ""
