"""From a LaTeX document to its equations: where mathematics begins and ends, definitions, labels, declarations."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ..diagnostics import Lines
from .declared import NOTHING, Declarations
from .equation import Equation
from .macros import DEFINING, Macros
from .rows import split_math
from .symbols import words

DISPLAYS = words(
    "equation align gather multline eqnarray alignat flalign displaymath math dmath dgroup IEEEeqnarray subequations"
)
VERBATIM = words("verbatim Verbatim lstlisting minted comment filecontents tikzpicture")
_MARK = re.compile(
    r"%(?P<comment>[^\n]*)"
    r"|\\(?P<what>begin|end|input|include|usepackage|verb|lstinline)\b\*?"
    r"|\\(?P<open>[\[(])"
    r"|(?P<command>\\[A-Za-z@]+)"
    r"|\\."
    r"|(?P<dollar>\$\$?)",
    re.DOTALL,
)
_NAME = re.compile(r"\s*\{\s*([^{}\n]{1,200}?)\s*\}")
_INLINE_END = re.compile(r"\\.|\$|\n[ \t]*\n", re.DOTALL)
MAX_FORMULA = 200_000  # characters
MAX_INPUTS, MAX_INPUT_DEPTH = 50, 5


def equations(text: str, *, folder: str | Path | None = None) -> list[Equation]:
    """The equations of a LaTeX text, in order.  A text without any mathematics is itself taken as a formula.

    `folder` is where `\\input` looks for files; only their macros are used.

    >>> [e.text for e in equations(r"\\begin{align} a &= b \\\\ &= c \\\\ d &= e \\end{align}")]
    ['a &= b \\\\\\\\ &= c', 'd &= e']
    >>> [e.text for e in equations(r"y_i = A_{ij} x_j")]
    ['y_i = A_{ij} x_j']
    """
    reader = _Document(text, Lines(text), None if folder is None else os.path.realpath(folder))
    found = list(reader.read())
    if not found and not reader.met_mathematics and not re.search(r"\\(?:begin|documentclass|section)\b", text):
        found = list(split_math(text, 0, len(text), "", reader.macros, reader.lines, reader.declared))
    return found


def formula(text: str, start: int, end: int, environment: str, context: Context) -> list[Equation]:
    """The equations in text[start:end], which some other reader (Markdown) knows to be mathematics."""
    for match in DEFINING.finditer(text, start, end):
        context.macros.read(text, match.start())
    return list(split_math(text, start, end, environment, context.macros, context.lines, context.declared))


@dataclass(slots=True)
class Context:
    """What formulas of one text share: lines, macros, and what is declared."""

    lines: Lines
    macros: Macros = field(default_factory=Macros)
    declared: Declarations = NOTHING

    def declare(self, comment: str) -> None:
        """Learns what a comment declares, such as `ix: index i, j : seq`."""
        self.declared = self.declared.after(comment)


@dataclass(slots=True)
class _Document:
    text: str
    lines: Lines
    folder: str | None
    macros: Macros = field(default_factory=Macros)
    declared: Declarations = NOTHING
    met_mathematics: bool = False
    inputs: int = 0
    open: set[str] = field(default_factory=set)  # environments that do not end from here on: they are searched for once

    def read(self) -> Iterator[Equation]:
        position, text = 0, self.text
        while True:
            match = _MARK.search(text, position)
            if match is None:
                return
            position = match.end()
            if match["comment"] is not None:
                self.declared = self.declared.after(match["comment"])
            elif match["what"] is not None:
                zone = self._environment(match)
                if isinstance(zone, int):
                    position = zone
                else:
                    name, start, end, position = zone
                    yield from self._formula(start, end, name)
            elif match["open"] is not None:
                close = r"\]" if match["open"] == "[" else r"\)"
                end = text.find(close, position, position + MAX_FORMULA)
                if end >= 0:
                    yield from self._formula(position, end, "\\" + match["open"])
                    position = end + 2
            elif match["dollar"] is not None:
                close_at = self._dollar_end(match)
                if close_at is not None:
                    yield from self._formula(position, close_at, match["dollar"])
                    position = close_at + len(match["dollar"])
            elif match["command"] is not None:
                position = yield from self._command(match)

    def _formula(self, start: int, end: int, environment: str) -> Iterator[Equation]:
        self.met_mathematics = True
        if end - start <= MAX_FORMULA:
            yield from split_math(self.text, start, end, environment, self.macros, self.lines, self.declared)

    def _command(self, match: re.Match[str]) -> Generator[Equation, None, int]:
        """A definition, or a macro that stands for `\\begin{equation}`; gives the position behind it."""
        text, word = self.text, match["command"]
        if DEFINING.match(text, match.start()):
            return self.macros.read(text, match.start())
        name = self._wraps(word, r"\begin")
        if name is None:
            return match.end()
        for end in re.compile(r"\\[A-Za-z@]+").finditer(text, match.end(), match.end() + MAX_FORMULA):
            if self._wraps(end[0], r"\end") == name:
                yield from self._formula(match.end(), end.start(), name)
                return end.end()
        return match.end()

    def _wraps(self, command: str, what: str) -> str | None:
        macro = self.macros.table.get(command)
        if macro is None or not macro.body or macro.body[0].text != what:
            return None
        name = "".join(t.text for t in macro.body[1:]).strip("{}").rstrip("*")
        return name if name in DISPLAYS else None

    def _environment(self, match: re.Match[str]) -> int | tuple[str, int, int, int]:
        """Where an environment of mathematics stands, or where to read on."""
        text, what = self.text, match["what"]
        if what in ("verb", "lstinline"):
            mark = text[match.end() : match.end() + 1]
            end = text.find(mark, match.end() + 1, match.end() + 1000) if mark.strip() else -1
            return end + 1 if end >= 0 else match.end()
        name = _NAME.match(text, match.end())
        if name is None or what == "end":
            return match.end()
        if what in ("input", "include", "usepackage"):
            self._learn(name[1], 0)
            return name.end()
        plain = name[1].rstrip("*")
        if plain not in DISPLAYS and plain not in VERBATIM:
            return name.end()
        close = None if name[1] in self.open else _end_of(name[1]).search(text, name.end())
        if close is None:
            self.open.add(name[1])
            return name.end()
        if plain in VERBATIM or plain == "subequations":
            return close.end() if plain in VERBATIM else name.end()
        return plain, name.end(), close.start(), close.end()

    def _dollar_end(self, match: re.Match[str]) -> int | None:
        """Where `$` or `$$` ends; None where a blank line comes first."""
        double = len(match[0]) == 2
        for end in _INLINE_END.finditer(self.text, match.end(), match.end() + MAX_FORMULA):
            if end[0] == "$":
                if not double:
                    return end.start()
                if self.text.startswith("$$", end.start()):
                    return end.start()
            elif end[0][0] == "\n" and not double:
                return None
        return None

    def _learn(self, name: str, depth: int) -> None:
        """The macros of a neighbouring file, never of one outside of the folder."""
        if self.folder is None or depth > MAX_INPUT_DEPTH or self.inputs >= MAX_INPUTS:
            return
        for ending in ("", ".tex", ".sty"):
            path = os.path.realpath(os.path.join(self.folder, name + ending)) if "\0" not in name else ""
            if path and os.path.commonpath([path, self.folder]) == self.folder and os.path.isfile(path):
                break
        else:
            return
        self.inputs += 1
        try:
            with open(path, "rb") as stream:
                text = stream.read(MAX_FORMULA * 5).decode("utf-8", "replace")
        except OSError:  # it is told of where it is itself linted
            return
        for match in re.finditer(r"%[^\n]*|\\(?:input|include)\s*\{([^{}\n]+)\}|\\[A-Za-z@]+", text):
            if match[1]:
                self._learn(match[1].strip(), depth + 1)
            elif DEFINING.match(text, match.start()):
                self.macros.read(text, match.start())


@lru_cache(64)
def _end_of(name: str) -> re.Pattern[str]:
    return re.compile(r"\\end\s*\{\s*" + re.escape(name) + r"\s*\}")
