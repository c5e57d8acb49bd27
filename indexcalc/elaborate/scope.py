"""What is known while a program is read: names, their kinds and ranks, spaces, and the statement at hand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from .. import limits
from ..diagnostics import Label, Span
from ..ir.build import ONE
from ..ir.functions import BUILTIN
from ..ir.program import Attribute, FunctionDefinition, Metric
from .findings import Findings
from .names import Survey
from .spaces import Key, Spaces
from .terms import GatherSlot, IndexSlot, Leaf, LiteralSlot, SlotTerm, base_name, constant

CALLS = frozenset((*BUILTIN, "sqrt", "where", "inv", "det", "logdet", "tr", "diff", "einsum"))
ARTICLE = {"index": "an index", "extent": "an extent", "tensor": "a tensor", "function": "a function"}


@dataclass(slots=True)
class TensorInfo:
    """A tensor as far as it is known.  `defined`: by an equation, so it is no input."""

    name: str
    rank: int | None = None
    span: Span | None = None  # where the rank was first seen
    declared: bool = False
    defined: bool = False
    read: Span | None = None  # first read
    example: tuple[SlotTerm, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    integer: bool = False


@dataclass(slots=True)
class Statement:
    """The statement being read."""

    left: tuple[SlotTerm, ...] | None = None  # the left side's slots, for einsum
    parameters: frozenset[str] | None = None  # of the function being declared
    own: str = ""  # its name
    keys: dict[str, Span] = field(default_factory=dict)  # indices in it
    broken: bool = False  # an error was reported, so its balance is not judged
    whole: dict[str, Span] = field(default_factory=dict)  # compact names read as scalars


@dataclass(slots=True)
class Scope:
    """One program's names.  Everything that reads a tree asks and tells it."""

    findings: Findings
    survey: Survey
    strict: bool = False
    spaces: Spaces = field(init=False)
    kinds: dict[str, tuple[str, Span | None]] = field(default_factory=dict)
    order: dict[str, Span | None] = field(default_factory=dict)  # index names by declaration, then appearance
    tensors: dict[str, TensorInfo] = field(default_factory=dict)
    extents: dict[str, Key] = field(default_factory=dict)
    functions: dict[str, FunctionDefinition] = field(default_factory=dict)
    metrics: dict[str, tuple[Metric | None, Key, Span | None]] = field(default_factory=dict)
    squares: list[tuple[str, Span]] = field(default_factory=list)  # matrix functions' tensors, checked at the end
    convention: str = ""
    here: Statement = field(default_factory=Statement)
    serial: int = 0
    _members: dict[Key, list[str]] = field(default_factory=dict)
    _members_of: tuple[int, int] = (0, 0)  # how many index names and mergers there were when they were listed

    def __post_init__(self) -> None:
        self.spaces = Spaces(self.findings)

    # ---- findings --------------------------------------------------------------------------------
    def bad(self, code: str, message: str, span: Span, hint: str = "", labels: tuple[Label, ...] = ()) -> Leaf:
        """Report, and stand in for what could not be read; the statement's balance is not judged any more."""
        self.findings.error(code, message, span, hint, labels=labels)
        self.here.broken = True
        return constant(span, ONE)

    def bad_here(self, span: Span) -> Leaf:
        """Stand in for what has been reported already."""
        self.here.broken = True
        return constant(span, ONE)

    def claim_kind(self, name: str, kind: str, span: Span | None) -> bool:
        """Note that a name is an index, extent, tensor or function; False (and a finding) where it is another kind."""
        known = self.kinds.get(name)
        if known is None:
            builtin = kind != "function" and name in CALLS and name not in ("max", "min")
            if not builtin:
                self.kinds[name] = (kind, span)
                return True
            known = ("function", None)
        if known[0] == kind:
            return True
        was = known[1]
        hint = "give one of them another name" if was else f"`{name}` is built in; take another name"
        labels = [Label(was, f"`{name}` is {ARTICLE[known[0]]} here")] if was else []
        message = f"`{name}` is {ARTICLE[known[0]]}, and cannot be {ARTICLE[kind]} as well"
        self.findings.error("IX504", message, span, hint, labels=labels)
        self.here.broken = True
        return False

    # ---- indices ---------------------------------------------------------------------------------
    def use_index(self, name: str, span: Span, mark: str = "") -> IndexSlot:
        """An occurrence of an index."""
        if name not in self.order and self.claim_kind(name, "index", span):
            self.order[name] = span
            if self.strict:
                self.bad("IX501", f"index `{name}` is not declared", span, f"index {name} : its_space(N)")
        self.here.keys.setdefault(name, span)
        return IndexSlot(name, span, mark)

    def indices_in(self, root: Key) -> Sequence[str]:
        """The index names of one class of keys, in their order; all classes are listed when one is asked for."""
        now = len(self.order), self.spaces.merged
        if now != self._members_of:
            self._members, self._members_of = {}, now
            for name in self.order:
                self._members.setdefault(self.spaces.find(("index", name)), []).append(name)
        return self._members.get(root, ())

    def private_key(self, letter: str) -> str:
        """A key of an index that only one einsum or trace knows."""
        self.serial += 1
        return f"{letter}\0{self.serial}"

    # ---- tensors ---------------------------------------------------------------------------------
    def use_tensor(self, name: str, rank: int, span: Span) -> TensorInfo | None:
        """Note a read with so many slots; None (and a finding) where that does not fit."""
        if not self.claim_kind(name, "tensor", span):
            return None
        if rank > limits.MAX_RANK:
            hint = "join indices that always go together into one"
            self.bad("IX009", f"a tensor has at most {limits.MAX_RANK} slots, but {rank} here", span, hint)
            return None
        info = self.tensors.get(name)
        if info is None:
            info = self.tensors[name] = TensorInfo(name)
            if self.strict:
                self.bad("IX501", f"tensor `{name}` is not declared", span, f"declare it: tensor {name}[…]")
        if info.rank is None:
            info.rank, info.span = rank, span
        elif info.rank != rank:
            labels = (Label(info.span, f"{info.rank} here"),) if info.span else ()
            message = f"`{name}` has {slots(info.rank)}, but {slots(rank) if rank else 'none'} here"
            self.bad("IX203", message, span, f"write {self.example(info)}", labels)
            return None
        if info.read is None:
            info.read = span
        return info

    def example(self, info: TensorInfo) -> str:
        """How a tensor is written, for a hint."""
        if not info.rank:
            return info.name
        shown = [base_name(s.key) if isinstance(s, IndexSlot) else "…" for s in info.example] or ["…"] * info.rank
        return f"{info.name}[{', '.join(shown)}]"

    # ---- spaces ----------------------------------------------------------------------------------
    def unify_slots(self, name: str, given: tuple[SlotTerm, ...]) -> None:
        """Each slot of a tensor is in the space of what stands in it."""
        for position, slot in enumerate(given):
            key = ("slot", name, str(position))
            if isinstance(slot, IndexSlot):
                self.unify(key, ("index", slot.key), slot.span)
            elif isinstance(slot, GatherSlot):
                self.unify(key, ("value", slot.tensor), slot.span)
            else:
                self.spaces.find(key)

    def unify_alike(self, given: tuple[SlotTerm, ...]) -> None:
        """The slots of δ and ε are in one space."""
        keys = [(slot_key(s), s.span) for s in given if not isinstance(s, LiteralSlot)]
        known = [(k, s) for k, s in keys if k is not None]
        for (first, _), (other, span) in itertools.pairwise(known):
            self.unify(first, other, span)

    def unify(self, a: Key, b: Key, span: Span | None) -> None:
        """One space for both, or IX201 with both declarations."""
        if self.spaces.unify(a, b, span):
            return
        one, two = self.spaces.group(a), self.spaces.group(b)
        labels = [Label(g.span, f"{self.spaces.say(k)} is declared here") for k, g in ((a, one), (b, two)) if g.span]
        message = f"{describe(b)} is in {self.spaces.say(b)}, but {describe(a)} in {self.spaces.say(a)}"
        hint = "different spaces never meet, even where their extents are equal; use an index of the right space"
        self.findings.error("IX201", message, span, hint, labels=labels)
        self.here.broken = True


def slot_key(slot: SlotTerm) -> Key | None:
    """The class that a slot's content belongs to; an affine form has none of its own."""
    if isinstance(slot, IndexSlot):
        return ("index", slot.key)
    return ("value", slot.tensor) if isinstance(slot, GatherSlot) else None


def slots(count: int) -> str:
    """A number of slots in words.

    >>> slots(1), slots(2), slots(0)
    ('1 slot', '2 slots', 'no slots')
    """
    return f"{count or 'no'} slot{'' if count == 1 else 's'}"


def describe(key: Key) -> str:
    """A key in words.

    >>> describe(("slot", "A", "0")), describe(("index", "k"))
    ('slot 1 of `A`', 'index `k`')
    """
    if key[0] == "slot":
        return f"slot {int(key[2]) + 1} of `{key[1]}`"
    if key[0] == "value":
        return f"a value of `{key[1]}`"
    return f"{key[0]} `{base_name(key[-1])}`"
