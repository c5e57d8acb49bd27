"""An LALR(1) machine over tables made ahead of time: shifts, reductions, spans and depths; it never recurses.

Lark compiles the grammar (tables.py); this machine runs the result, so that a process that only parses need not import
Lark (50 ms) or build tables (150 ms).  It keeps the value, the stretch of text and the depth of nesting of each
symbol on its stack, so that trees get their spans from their leaves and a limit on depth holds while parsing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

END = "$END"


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class Rule(NamedTuple):
    """`action` names what builds the value; "" passes the only child on and "*" gathers a repetition in a list.

    `take`: positions of the children that matter; `splice`: those of them that are gathered lists.
    """

    origin: str
    size: int
    action: str
    take: tuple[int, ...]
    splice: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """What tables.py makes of a grammar.  An action ≥ 0 shifts to that state, ~r reduces by rule r."""

    scanner: str
    words: Mapping[str, str]
    ignored: frozenset[str]
    starts: Mapping[str, int]
    ends: Mapping[str, int]
    states: Sequence[Mapping[str, int]]
    rules: Sequence[Rule]


class Unexpected(Exception):
    """Token number `position` cannot follow what came before (the end of the tokens: their count)."""

    def __init__(self, position: int, expected: frozenset[str]) -> None:
        super().__init__(position, expected)
        self.position = position
        self.expected = expected


class TooDeep(Exception):
    """The text from `start` to `end` nests deeper than allowed."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__(start, end)
        self.start = start
        self.end = end


Action = Callable[[list[Any], int, int], Any]
Part = tuple[Any, int, int, int]  # value, start, end, depth


class Machine:
    """Runs the tables with one builder's methods as actions.

    `flat`: actions that nest nothing (lists, names).  An action that returns its first child extended a chain.
    """

    def __init__(self, tables: Tables, builder: object, flat: frozenset[str], max_depth: int) -> None:
        self._tables = tables
        self._max_depth = max_depth
        self._rules: list[tuple[Rule, Action, bool, int]] = []
        for rule in tables.rules:
            named = rule.action not in ("", "*")
            action = getattr(builder, rule.action) if named else _pass if rule.action == "" else _gather
            only = rule.take[0] if len(rule.take) == 1 and not rule.splice else -1
            self._rules.append((rule, action, named and rule.action not in flat, only))
        self._passing = [rule.action == "" and rule.size == 1 for rule in tables.rules]
        self._settled: dict[tuple[int, int, str], int] = {}

    def run(self, tokens: Sequence[Token], start: str) -> Any:
        """The value of the tokens, read as `start`.  Raises Unexpected or TooDeep, or what an action raises."""
        table, passing, settled = self._tables.states, self._passing, self._settled
        states, final = [self._tables.starts[start]], self._tables.ends[start]
        parts: list[Part] = []
        for position, token in enumerate([*tokens, Token(END, "", 0, 0)]):
            kind = token.kind
            while True:
                top = states[-1]
                action = table[top].get(kind)
                if action is None:
                    if kind == END and top == final:
                        return parts[-1][0]
                    raise Unexpected(position, self._acceptable(tokens[:position], start))
                if action >= 0:
                    break
                if passing[~action]:
                    key = (states[-2], top, kind)
                    known = settled.get(key)
                    states[-1] = self._settle(*key) if known is None else known
                else:
                    self._reduce(~action, states, parts)
            states.append(action)
            parts.append((token, token.start, token.end, 0))
        raise AssertionError("the end of the tokens is never shifted")

    def _settle(self, below: int, top: int, kind: str) -> int:
        """The state on top after all reductions by rules that only pass a value on: a walk of ten, made once."""
        rows, now = self._tables.states, top
        action = rows[now].get(kind)
        while action is not None and action < 0 and self._passing[~action]:
            now = rows[below][self._tables.rules[~action].origin]
            action = rows[now].get(kind)
        self._settled[below, top, kind] = now
        return now

    def _reduce(self, number: int, states: list[int], parts: list[Part]) -> None:
        rule, action, nests, only = self._rules[number]
        size = rule.size
        if size:
            taken = parts[-size:]
            del parts[-size:], states[-size:]
            start, end = taken[0][1], taken[-1][2]
        else:
            taken = []
            start = end = parts[-1][2] if parts else 0
        if only >= 0:
            children = [taken[only][0]]
        else:
            children = self._children(rule, taken) if rule.splice else [taken[k][0] for k in rule.take]
        value = action(children, start, end)
        deepest = 0
        for _, _, _, depth in taken:
            if depth > deepest:
                deepest = depth
        if nests and taken:
            if value is taken[0][0]:  # a chain grew: its other parts are one level below it
                deepest = max(taken[0][3], max((p[3] + 1 for p in taken[1:]), default=0))
            else:
                deepest += 1
            if deepest > self._max_depth:
                raise TooDeep(start, end)
        states.append(self._tables.states[states[-1]][rule.origin])
        parts.append((value, start, end, deepest))

    @staticmethod
    def _children(rule: Rule, taken: list[Part]) -> list[Any]:
        first = rule.take[0]
        if rule.action == "*" and first in rule.splice:
            children: list[Any] = taken[first][0]  # the list of this repetition so far: extended, never copied
            rest = rule.take[1:]
        else:
            children, rest = [], rule.take
        for k in rest:
            if k in rule.splice:
                children.extend(taken[k][0])
            else:
                children.append(taken[k][0])
        return children

    def _acceptable(self, tokens: Sequence[Token], start: str) -> frozenset[str]:
        """The kinds of token that could follow.

        The tokens are read again without building anything, because the run reduced for the token that it then refused.
        """
        states = [self._tables.starts[start]]
        for token in tokens:
            self._shift(states, token.kind, start)
        kinds = (k for k in self._tables.states[states[-1]] if _terminal(k))
        return frozenset(k for k in kinds if self._shift(list(states), k, start))

    def _shift(self, states: list[int], kind: str, start: str) -> bool:
        """Reads one token on a stack of states alone; whether it could."""
        while True:
            action = self._tables.states[states[-1]].get(kind)
            if action is None:
                return kind == END and states[-1] == self._tables.ends[start]
            if action >= 0:
                states.append(action)
                return True
            rule = self._tables.rules[~action]
            if rule.size:
                del states[-rule.size :]
            states.append(self._tables.states[states[-1]][rule.origin])


def _terminal(kind: str) -> bool:
    return kind == END or kind.isupper()


def _pass(children: list[Any], start: int, end: int) -> Any:
    return children[0]


def _gather(children: list[Any], start: int, end: int) -> Any:
    return children
