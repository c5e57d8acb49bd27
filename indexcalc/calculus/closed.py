"""Closed form: each result of a derived program as one equation in the inputs and the user's own definitions.

What the derivation introduced is written into its readers; the result is simplified, and common factors stand in front.
A definition that is long and read more than once, or whose reader would grow beyond the bound, stays a line of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..ir.declarations import all_indices
from ..ir.expr import Access, Binder, Expr, Index, IndexMap, IndexReduce, IndexSum, MatrixApply, Slot, Space
from ..ir.program import Define, Program, Statement
from ..ir.trace import Derivation
from ..ir.walk import children, rebuild, slot_indices, subexpressions, substitute, tensors_in, transform
from ..rewrite.engine import simplify_expression
from ..rewrite.measure import nodes
from ..rewrite.rule import Rule
from ..rewrite.rules import FACTOR, SIMPLIFY, SPREAD, UNCOLLECTED
from ..rewrite.tidy import flattened, positive_first, tidy
from .letters import fresh_letter
from .vanish import without_vanishing_sums

SHORT = 10  # nodes up to which a definition is written into several readers
LONGEST = 160  # nodes of an equation beyond which nothing more is written into it


def closed(program: Program, forward: Program) -> Program:
    """The derived program in closed form; `forward` is what it was derived from, whose definitions stay as they were
    written.  Its outputs, inputs and values are the same.

    >>> import indexcalc as ic
    >>> p = ic.parse("L = sum[n]((X[n,i] w[i] - y[n])**2)")
    >>> print(closed(ic.grad(p, "w"), p).statements[-1])
    grad_w[i] = 2 X[n, i] (X[n, j] w[j] - y[n])
    """
    own = forward.definitions
    derived = _without_copies(
        [s for s in program.statements if isinstance(s, Define) and s.name not in own], program.outputs
    )
    kept = _Writer(program, forward).lines(derived)
    statements = _needed([*forward.statements, *kept], program)
    result = replace(program, statements=tuple(statements), recomputed=())
    return replace(result, indices=all_indices(result))


def closed_derivation(derivation: Derivation) -> Derivation:
    """The derivation with its result in closed form; how it was found stays."""
    return replace(derivation, result=closed(derivation.result, derivation.forward))


class _Writer:
    """Writes definitions into their readers."""

    def __init__(self, program: Program, forward: Program) -> None:
        self.program, self.forward = program, forward
        self.names = {i.name for i in program.indices} | set(program.inputs) | set(program.definitions)
        self.introduced: dict[str, Space] = {}

    def lines(self, derived: list[Define]) -> list[Define]:
        """The statements that stay, simplified."""
        whole = {p.tensor for s in derived for p in subexpressions(s.body) if isinstance(p, MatrixApply)}
        kept = {s.name: replace(s, body=self.simplest(s.body)) for s in self.written_in(derived, whole)}
        reads = {name: tensors_in(s.body) for name, s in kept.items()}
        for name in [n for n in kept if n not in self.program.outputs and n not in whole]:
            now, readers = kept[name], [kept[r] for r in kept if name in reads[r]]
            if len(readers) == 1 and _fits(now, readers):  # it reads it more than once; together they may cancel
                (reader,) = readers
                body = self.simplest(self.substituted(reader.body, {name: now}, frozenset(reader.indices)))
                if nodes(body) <= nodes(reader.body) + nodes(now.body):
                    kept[reader.name], reads[reader.name] = replace(reader, body=body), tensors_in(body)
                    del kept[name]
        return [replace(s, body=self.apart(s.body, {i.name for i in s.indices})) for s in kept.values()]

    def written_in(self, derived: list[Define], whole: set[str]) -> list[Define]:
        """The statements with the short ones, and those that one place reads, written in.  `whole`: matrices that are
        named in an inverse or determinant, and so need their names."""
        readers = Counter(name for s in derived for name in _reads(s.body))
        gone: dict[str, Define] = {}
        kept: list[Define] = []
        for s in derived:
            now = replace(s, body=self.substituted(s.body, gone, frozenset(s.indices)))
            size = nodes(now.body)
            short = size <= SHORT or (readers[s.name] == 1 and size <= LONGEST)
            if short and s.name not in whole and _fits(now, derived):
                gone[s.name] = now
                if s.name not in self.program.outputs:
                    continue
            kept.append(now)
        return kept

    def substituted(self, e: Expr, gone: Mapping[str, Define], taken: frozenset[Index]) -> Expr:
        """The expression with definitions written in; their summed indices are named apart from `taken`."""
        if isinstance(e, Access) and e.tensor in gone:
            s = gone[e.tensor]
            body = self.apart(s.body, {i.name for i in taken | e.free})
            return substitute(body, dict(zip(s.indices, e.slots)))
        inside = taken | frozenset(e.indices) if isinstance(e, Binder) else taken
        parts = children(e)
        new = tuple(self.substituted(p, gone, inside) for p in parts)
        return rebuild(e, new) if any(a is not b for a, b in zip(new, parts)) else e

    def apart(self, e: Expr, taken: set[str]) -> Expr:
        """Its sums over indices of other names than those taken, and than those of the sums around them."""
        if not isinstance(e, (IndexSum, IndexReduce)):
            parts = children(e)
            new = tuple(self.apart(p, taken) for p in parts)
            return rebuild(e, new) if any(a is not b for a, b in zip(new, parts)) else e
        names: dict[Index, Index] = {}
        used = taken | {i.name for i in e.body.free} | {i.name for i in e.body.bound_indices}
        for i in e.indices:
            names[i] = self.letter(i, used) if i.name in taken else i
            used.add(names[i].name)
        body = self.apart(substitute(e.body, dict(names)), taken | {i.name for i in names.values()})
        over = tuple(names.values())
        return IndexSum(body, over) if isinstance(e, IndexSum) else IndexReduce(e.operation, body, over)

    def letter(self, like: Index, used: set[str]) -> Index:
        """A new index, under a name that no index of another space has."""
        elsewhere = {name for name, space in self.introduced.items() if space != like.space}
        found = fresh_letter(like, used | self.names | elsewhere)
        self.introduced[found.name] = found.space
        return found

    def simplest(self, e: Expr) -> Expr:
        """The expression simplified, with common factors in front; terms of equal sums are joined where shorter."""
        spread = without_vanishing_sums(simplify_expression(e, UNCOLLECTED)[0], self.forward)
        return min((_finished(spread, rules) for rules in (SIMPLIFY, SPREAD)), key=nodes)


def _finished(e: Expr, rules: Sequence[Rule]) -> Expr:
    plain, _ = simplify_expression(e, rules)
    factored, _ = simplify_expression(plain, FACTOR)
    return positive_first(tidy(flattened(factored)))


def _without_copies(derived: list[Define], outputs: tuple[str, ...]) -> list[Define]:
    """Where a result only copies a definition, that definition gets the result's name."""
    names: dict[str, str] = {}
    for s in derived:
        copied = s.body.tensor if isinstance(s.body, Access) and s.body.slots == s.indices else ""
        if s.name in outputs and copied in {d.name for d in derived} - set(outputs):
            names.setdefault(copied, s.name)

    def renamed(e: Expr) -> Expr:
        return Access(names[e.tensor], e.slots) if isinstance(e, Access) and e.tensor in names else e

    copies = set(names.values())
    return [
        replace(s, name=names.get(s.name, s.name), body=transform(s.body, renamed))
        for s in derived
        if s.name not in copies
    ]


def _reads(e: Expr) -> list[str]:
    """Every tensor that is read, as often as it is."""
    return [part.tensor for part in subexpressions(e) if isinstance(part, Access)]


def _fits(s: Define, readers: Iterable[Define]) -> bool:
    """Whether the definition can be written in wherever it is read: softmax[j](z[i, j]) has no spelling at j = 0 or at
    j = i."""
    along = {i for p in subexpressions(s.body) if isinstance(p, IndexMap) for i in p.indices} & set(s.indices)
    places = [s.indices.index(i) for i in along]
    reads = (p.slots for r in readers for p in subexpressions(r.body) if isinstance(p, Access) and p.tensor == s.name)
    return not places or all(_stands_once(at[n], at) for at in reads for n in places)


def _stands_once(slot: Slot, slots: Sequence[Slot]) -> bool:
    """Whether a slot is a plain index that no other slot holds."""
    return isinstance(slot, Index) and slot_indices(slots).count(slot) == 1


def _needed(statements: list[Statement], program: Program) -> list[Statement]:
    """The definitions that the outputs need, in order."""
    needed = set(program.outputs)
    found: list[Statement] = []
    for s in reversed(statements):
        if isinstance(s, Define) and s.name in needed:
            needed |= tensors_in(s.body) | {p.tensor for p in subexpressions(s.body) if isinstance(p, MatrixApply)}
            found.append(s)
    return found[::-1]
