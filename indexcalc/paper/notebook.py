"""Jupyter notebooks: their cells, from the JSON of the formats 3 and 4.

Read with `json` alone: importing nbformat takes longer than linting most notebooks, and its validator refuses files
that Jupyter opens.  The tests compare with nbformat.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..diagnostics import Span, fail


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's number, counted from 1 over all cells, its kind ("code", "markdown" or "raw"), and its text."""

    number: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Notebook:
    """All cells of a notebook, and the language of its code cells, in lower case ("python" where it is not said)."""

    cells: tuple[Cell, ...]
    language: str


def read_notebook(text: str) -> Notebook:
    """The cells of a notebook; `IndexCalcError` (IX029) says why there are none.

    >>> read_notebook('{"nbformat": 4, "cells": [{"cell_type": "markdown", "source": ["a\\\\n", "b"]}]}').cells
    (Cell(number=1, kind='markdown', text='a\\nb'),)
    """
    data = _json(text)
    if not isinstance(data, dict):
        raise fail("IX029", "no notebook: not a JSON object", span=Span.of(text, 0, 1), hint=_HINT)
    cells = tuple(Cell(k, kind, source) for k, (kind, source) in enumerate(_cells(data), 1))
    return Notebook(cells, _language(_dict(data.get("metadata"))))


_HINT = "a notebook as Jupyter saves it (format 3 or 4) is expected"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        span = Span.of(text, error.pos, error.pos)
        raise fail("IX029", f"no notebook: broken JSON ({error.msg})", span=span, hint=_HINT) from None
    except (RecursionError, ValueError):  # nested without end; an integer of too many digits
        message = "no notebook: JSON that is nested too deep, or holds too long a number"
        raise fail("IX029", message, span=Span.of(text, 0, 1), hint=_HINT) from None


def _cells(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and text of each cell.  Format 3 has worksheets, and headings that are Markdown with a level."""
    if isinstance(data.get("cells"), list):
        sheets = [data]
    elif isinstance(data.get("worksheets"), list):
        sheets = [_dict(sheet) for sheet in data["worksheets"]]
    else:
        raise fail("IX029", "no notebook: it has no list of cells", hint=_HINT)
    for sheet in sheets:
        cells = sheet.get("cells")
        for number, cell in enumerate(cells if isinstance(cells, list) else [], 1):
            kind = _dict(cell).get("cell_type")
            source = _dict(cell).get("input" if kind == "code" and "input" in cell else "source", "")
            if isinstance(source, list):
                source = "".join(line for line in source if isinstance(line, str))
            if not isinstance(kind, str) or not isinstance(source, str):
                raise fail("IX029", f"no notebook: its cell {number} has no type or no text", hint=_HINT)
            yield ("markdown" if kind == "heading" else kind), source


def _language(metadata: dict[str, Any]) -> str:
    told = (
        _dict(metadata.get("language_info")).get("name"),
        _dict(metadata.get("kernelspec")).get("language"),
        metadata.get("language"),
    )
    return next((x.lower() for x in told if isinstance(x, str) and x), "python")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
