"""A text as numbers: its alphabet, its unigram entropy, and batches of consecutive characters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Text:
    """`codes[n]` is the place of the n-th character in `alphabet`.

    >>> Text.of("abca").codes.tolist()
    [0, 1, 2, 0]
    """

    alphabet: str
    codes: Codes

    @staticmethod
    def of(characters: str) -> Text:
        alphabet = "".join(sorted(set(characters)))
        place = {c: n for n, c in enumerate(alphabet)}
        return Text(alphabet, np.array([place[c] for c in characters], dtype=np.int64))

    @staticmethod
    def read(path: Path) -> Text:
        return Text.of(path.read_text(encoding="utf-8"))

    @property
    def unigram_entropy(self) -> float:
        """The best mean loss, in nats, of a model that knows how often each character occurs and nothing else.

        >>> Text.of("aabbccdd").unigram_entropy == float(np.log(4))
        True
        """
        counts = np.bincount(self.codes)
        share = counts[counts > 0] / self.codes.size
        return float(-(share * np.log(share)).sum())

    def split(self, held_out: float) -> tuple[Text, Text]:
        """The text's beginning, and its last part, over the same alphabet."""
        cut = int(self.codes.size * (1 - held_out))
        return Text(self.alphabet, self.codes[:cut]), Text(self.alphabet, self.codes[cut:])

    def encode(self, characters: str) -> Codes:
        """The codes of characters of the alphabet."""
        place = {c: n for n, c in enumerate(self.alphabet)}
        return np.array([place[c] for c in characters], dtype=np.int64)

    def decode(self, codes: Codes) -> str:
        return "".join(self.alphabet[code] for code in codes)

    def windows(self, starts: Codes, length: int) -> tuple[Codes, Codes]:
        """The `length` characters from each start, and for each of them the character that follows.

        >>> Text.of("abcabc").windows(np.array([0, 2]), 3)[1].tolist()
        [[1, 2, 0], [0, 1, 2]]
        """
        places = starts[:, None] + np.arange(length)
        return self.codes[places], self.codes[places + 1]

    def random_batches(self, batch: int, length: int, random: np.random.Generator) -> Iterator[tuple[Codes, Codes]]:
        """Windows from random places, for ever."""
        while True:
            yield self.windows(random.integers(0, self.codes.size - length, batch), length)

    def whole(self, batch: int, length: int) -> Iterator[tuple[Codes, Codes]]:
        """Windows side by side that cover the text once, but for what does not fill a batch at its end."""
        starts = np.arange(0, self.codes.size - length, length)
        for first in range(0, starts.size - batch + 1, batch):
            yield self.windows(starts[first : first + batch], length)
