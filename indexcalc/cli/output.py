"""Writing to standard output and error, as text or as JSON.

Not through `click.echo`, which takes a stream in ASCII for a mistake and writes UTF-8 to it.
"""

from __future__ import annotations

import sys
from typing import Any

from ..present.look import Look, look_of


def look() -> Look:
    """What standard output can show."""
    return look_of(sys.stdout)


def write(text: str) -> None:
    """A text and a newline; its styles are there only if `look()` allowed them."""
    sys.stdout.write(text + "\n")


def write_text(text: str) -> None:
    """A source text as it is, in UTF-8 whatever the terminal is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())


def write_error(text: str) -> None:
    """The same to standard error."""
    sys.stderr.write(text + "\n")


def json_text(data: Any) -> str:
    """One JSON object; in ASCII where the stream is not Unicode, so that it can always be read back."""
    import json

    return json.dumps(data, indent=2, ensure_ascii=not look().unicode, allow_nan=False)


def write_json(data: Any) -> None:
    """The object to standard output."""
    write(json_text(data))
