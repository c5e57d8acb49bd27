"""Where names stand in a program: each with its place, and whether it is an index or a tensor there.

Tokens are read, not trees, so that a statement which cannot be parsed has names as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..elaborate.names import Survey
from ..syntax.greek import Spelling, letters
from ..syntax.lalr import Token
from ..syntax.lexing import CLOSE, OPEN, keyword_of
from ..syntax.naming import FUNCTIONS, REDUCTIONS

Kind = Literal["index", "tensor", "function", "space"]


@dataclass(frozen=True, slots=True)
class Mention:
    """text[start:end] names an index or something else; `name` as the program spells it, with an index's primes."""

    kind: Kind
    name: str
    start: int
    end: int


def mentions(statement: Sequence[Token], survey: Survey, spelling: Spelling) -> list[Mention]:
    """The names of a statement, from left to right."""
    return list(_Reader(list(statement), survey, spelling).read())


class _Reader:
    def __init__(self, tokens: list[Token], survey: Survey, spelling: Spelling) -> None:
        self._tokens, self._survey, self._spelling = tokens, survey, spelling

    def read(self) -> Iterator[Mention]:
        keyword = keyword_of(self._tokens)
        open_brackets: list[str] = []
        behind_colon = False
        for k, token in enumerate(self._tokens):
            behind_colon = behind_colon or token.kind == "COLON"
            if token.kind in OPEN:
                open_brackets.append(token.kind)
            elif (token.kind in CLOSE and open_brackets) or token.kind == "RPAR":
                open_brackets = open_brackets[:-1]
            elif token.kind == "LOW":
                yield from self._script(token, 1, k)
            elif token.kind == "NAME" and (k > 0 or not keyword):
                in_slots = any(bracket != "LPAR" for bracket in open_brackets)
                if keyword == "index" and not behind_colon:
                    yield self._index(token, k)
                elif keyword in ("index", "integer", "metric") and behind_colon:
                    yield Mention("space", self._spelling.of(token.text), token.start, token.end)
                else:
                    yield from self._name(token, k, in_slots)

    def _kind(self, k: int) -> str:
        return self._tokens[k].kind if 0 <= k < len(self._tokens) else ""

    def _primes(self, k: int) -> int:
        """How many primes stand behind token k."""
        count = 0
        while self._kind(k + 1 + count) == "PRIME":
            count += 1
        return count

    def _index(self, token: Token, k: int) -> Mention:
        primes = self._primes(k)
        return Mention("index", self._spelling.of(token.text) + "'" * primes, token.start, token.end + primes)

    def _script(self, token: Token, skip: int, k: int) -> Iterator[Mention]:
        """The indices of `_ij`, or of the `ij` in `^{ij}`, one or several."""
        name = self._spelling.of(token.text[skip:])
        found = self._survey.letters(name)
        if found is not None and len(found) > 1:
            yield from self._suffix(token, found, k)
        else:
            primes = self._primes(k)
            yield Mention("index", name + "'" * primes, token.start + skip, token.end + primes)

    def _name(self, token: Token, k: int, in_slots: bool) -> Iterator[Mention]:
        name = self._spelling.of(token.text)
        following = self._kind(k + 1)
        if self._kind(k - 1) == "UP" or (in_slots and following not in ("LSQB", "_ANTI")):
            known = name in self._survey.indices or name not in self._survey.tensors
            if known:
                yield from self._script(token, 0, k)
                return
        base = name.partition("_")[0]
        if (
            following in ("LPAR", "LSQB", "_LOWB")
            and (name in FUNCTIONS | REDUCTIONS)
            and name not in self._survey.tensors
        ):
            yield Mention("function", name, token.start, token.end)
        elif following == "LPAR" and base in REDUCTIONS and "_" in name:
            yield Mention("function", base, token.start, token.start + len(base))
            yield from self._suffix(token, self._survey.letters(name[len(base) + 1 :]) or (name[len(base) + 1 :],), k)
        else:
            yield from self._tensor(token, name, k)

    def _tensor(self, token: Token, name: str, k: int) -> Iterator[Mention]:
        split = self._survey.split(name)
        if split is None:
            is_index = name in self._survey.indices and name not in self._survey.tensors
            yield self._index(token, k) if is_index else Mention("tensor", name, token.start, token.end)
            return
        suffix = list(self._suffix(token, split[1], k))
        end = suffix[0].start if suffix else token.end
        while suffix and token.text[end - 1 - token.start] == "_":
            end -= 1
        yield Mention("tensor", split[0], token.start, end)
        yield from suffix

    def _suffix(self, token: Token, names: Sequence[str], k: int) -> Iterator[Mention]:
        """The indices at a name's end, each one character as it was typed; none where they are longer."""
        at, found = len(token.text), list[Mention]()
        for n, name in enumerate(reversed(names)):
            at -= 1
            while at > 0 and token.text[at] == "_":
                at -= 1
            typed = letters("x" + token.text[at]).removeprefix("x").removeprefix("_")
            if at < 0 or self._spelling.of(typed) != name:
                return
            primes = self._primes(k) if n == 0 else 0
            place = token.start + at
            found.append(Mention("index", name + "'" * primes, place, place + 1 + primes))
        yield from reversed(found)
