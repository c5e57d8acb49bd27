"""Writing to standard output, as text or as JSON."""

from __future__ import annotations

import sys
from typing import Any

import click

from ..present.look import Look, look_of


def look() -> Look:
    """What standard output can show."""
    return look_of(sys.stdout)


def write(text: str) -> None:
    """A text and a newline; its styles are there only if `look()` allowed them."""
    click.echo(text, color=True)


def write_json(data: Any) -> None:
    """One JSON object; in ASCII where the stream is not Unicode, so that it can always be read back."""
    import json

    click.echo(json.dumps(data, indent=2, ensure_ascii=not look().unicode, allow_nan=False))
