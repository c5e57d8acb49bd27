"""Fresh index names as a person would choose them: another declared index, the next letter, then primes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from ..ir.expr import Index

_SUBSCRIPTED = "aehijklmnoprstuvx"  # letters that Unicode has as subscripts
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def fresh_letter(like: Index, taken: Container[str], declared: Iterable[Index] = ()) -> Index:
    """An index over the same space with a name that is not taken.

    >>> from indexcalc.ir.expr import Space
    >>> fresh_letter(Index("i", Space("n")), {"i", "j"}).name
    'k'
    >>> fresh_letter(Index("row", Space("n")), {"row", "row'"}).name
    "row''"
    """
    for index in declared:
        if index.space == like.space and index.name not in taken:
            return index
    for name in _next_letters(like.name.rstrip("'")):
        if name not in taken:
            return Index(name, like.space)
    primed = like.name
    while primed in taken:
        primed += "'"
    return Index(primed, like.space)


def _next_letters(name: str) -> Iterator[str]:
    """The letters behind a one-letter name, of those that have a subscript where it has one."""
    letters = _SUBSCRIPTED if name in _SUBSCRIPTED else _LETTERS
    at = letters.find(name) if len(name) == 1 else -1
    if at >= 0:
        yield from letters[at + 1 :]
