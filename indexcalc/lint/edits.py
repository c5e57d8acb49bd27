"""Edits of a source's text as splices, so that everything else stays byte for byte as it was.

An edit of a notebook is one of its cell's text, and is carried over to the JSON string that holds it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .source import Source


@dataclass(frozen=True, slots=True)
class Edit:
    """text[start:end] of the source, or of its cell, becomes `text`."""

    start: int
    end: int
    text: str
    cell: int | None = None


def apply(source: Source, edits: Sequence[Edit]) -> str:
    """The text after the edits, which do not overlap; one that has no place in it is left out."""
    if source.kind == "notebook":
        edits = _in_json(source.text, edits)
    text, out, at = source.text, [], 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if at <= edit.start <= edit.end <= len(text):
            out += [text[at : edit.start], with_line_ends(edit.text, text)]
            at = edit.end
    return "".join([*out, text[at:]])


def without_overlaps(edits: Iterable[Edit]) -> list[Edit]:
    """The edits from the front that leave each other alone; the same edit counts once."""
    chosen: list[Edit] = []
    for edit in sorted(set(edits), key=lambda e: (e.cell or 0, e.start, e.end, e.text)):
        last = chosen[-1] if chosen else None
        if last is None or last.cell != edit.cell or (edit.start >= last.end and edit.start > last.start):
            chosen.append(edit)
    return chosen


def with_line_ends(new: str, text: str) -> str:
    """New lines end as those of the file do."""
    return new.replace("\r\n", "\n").replace("\n", "\r\n") if "\n" in new and "\r\n" in text else new


# ---- notebooks ------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r'(?P<string>"(?:[^"\\]|\\[\s\S])*")|(?P<sign>[\[\]{}:,])|[^\s\[\]{}:,"]+')
_CHARACTER = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[\s\S]|[\s\S]")


def cell_strings(text: str) -> list[list[tuple[int, int]]]:
    """For each cell of a notebook's JSON, where the strings of its source stand, quotes included.

    >>> cell_strings('{"cells": [{"source": ["a\\\\n", "b"]}, {"source": "c"}]}')
    [[(23, 28), (30, 33)], [(48, 51)]]
    """
    cells: list[list[tuple[int, int]]] = []
    path: list[str | int] = []  # keys and positions from the outside in
    key_next = False
    for token in _TOKEN.finditer(text):
        sign = token["sign"]
        if sign in ("{", "["):
            if _is_cell(path) and sign == "{":
                cells.append([])
            path.append("" if sign == "{" else 0)
            key_next = sign == "{"
        elif sign in ("}", "]"):
            path = path[:-1]
            key_next = False
        elif sign == "," and path:
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else ""
            key_next = isinstance(last, str)
        elif sign == ":":
            key_next = False
        elif token["string"] is not None and path:
            if key_next:
                path[-1] = json.loads(token["string"], strict=False)
            elif _is_source(path) and cells:
                cells[-1].append(token.span())
    return cells


def _is_cell(path: Sequence[str | int]) -> bool:
    """`cells` of the notebook, or of a worksheet in the format before 4."""
    return len(path) in (2, 4) and path[-2] == "cells" and isinstance(path[-1], int)


def _is_source(path: Sequence[str | int]) -> bool:
    whole = path[:-1] if path and isinstance(path[-1], int) else path
    return bool(whole) and whole[-1] in ("source", "input") and _is_cell(whole[:-1])


class CellTexts:
    """Where the texts of a notebook's cells stand in its JSON.

    >>> text = '{"cells": [{"source": ["a\\\\n", "b"]}]}'
    >>> CellTexts(text).place(1, 2, 3)
    (31, 32)
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._cells = cell_strings(text)

    def place(self, cell: int | None, start: int, end: int) -> tuple[int, int] | None:
        """The place in the JSON of a stretch of a cell's text, if one string holds it whole."""
        if cell is None or not 1 <= cell <= len(self._cells):
            return None
        strings, at = self._cells[cell - 1], 0
        for first, last in strings:
            raw = self._text[first + 1 : last - 1]
            length = len(json.loads(self._text[first:last], strict=False))
            if at <= start and end <= at + length and (start < at + length or (first, last) == strings[-1]):
                places = [m.start() for m in _CHARACTER.finditer(raw)] + [len(raw)]
                return first + 1 + places[start - at], first + 1 + places[end - at]
            at += length
        return None


def _in_json(text: str, edits: Iterable[Edit]) -> list[Edit]:
    """The same edits, in the notebook's JSON.  One that goes over several of its strings is left out."""
    here = CellTexts(text)
    placed = ((edit, here.place(edit.cell, edit.start, edit.end)) for edit in edits)
    return [Edit(*place, in_string(edit.text, text)) for edit, place in placed if place is not None]


def in_string(new: str, text: str) -> str:
    """What is written inside of a JSON string of the notebook."""
    return json.dumps(new, ensure_ascii=text.isascii())[1:-1]
