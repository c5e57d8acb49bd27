"""Steps of a derivation, as data: what was done, by which law, from what to what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .expr import Expr
from .index import Index

if TYPE_CHECKING:
    from .program import Define, Program


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `target[indices]` was `before` and is now `after`, by `rule` (its name), whose `law` is LaTeX.

    `orders`: where the derivative is by a value that stays the same, up to a sign, when its slots are exchanged, all
    orders of the target's slots that this allows, with their signs.  The step then holds for the mean over these
    orders, which is all that matters of such a derivative.
    """

    target: str
    indices: tuple[Index, ...]
    rule: str
    law: str
    before: Expr | None
    after: Expr
    note: str = ""
    orders: tuple[tuple[tuple[int, ...], int], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """How one statement of a derived program was found.

    `target` is the finished statement (`grad_V[j, a] = …`), `find` says in text what it is (`∂L/∂V[m, n]`), `steps`
    lead from the raw derivative to the target's body, `note` names its origin in a word or two for the reader ("from
    O = P V", "folded: …"), and `given` are the statements that are differentiated.
    """

    target: Define
    find: str = ""
    steps: tuple[Step, ...] = ()
    note: str = ""
    given: tuple[Define, ...] = ()


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derived program with its reasons: the `forward` program, the `result`, and one section per new statement."""

    forward: Program
    result: Program
    sections: tuple[Section, ...] = ()
