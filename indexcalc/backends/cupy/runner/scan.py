"""CUDA text without what is no code, so that patterns find code only."""

from __future__ import annotations

import re

_NO_CODE = re.compile(
    r"""//(?:[^\\\n]|\\.|\\\n)*          # a comment, which a backslash carries over the end of its line
      | /\*.*?(?:\*/|\Z)
      | R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"
      | "(?:[^"\\\n]|\\.)*"
      | (?<![0-9A-Za-z_])'(?:[^'\\\n]|\\.)*'""",
    re.DOTALL | re.VERBOSE,
)


def blanked(text: str) -> str:
    """The text with spaces for comments and for what stands in quotation marks; offsets and lines stay.

    >>> blanked('f("a;b"); // g();')
    'f("   ");        '
    """
    return _NO_CODE.sub(_blank, text)


def _blank(found: re.Match[str]) -> str:
    whole = found[0]
    if whole[0] in "\"'":
        return whole[0] + re.sub(r"[^\n]", " ", whole[1:-1]) + whole[-1]
    return re.sub(r"[^\n]", " ", whole)


def closing(code: str, opening: int) -> int:
    """The offset of the bracket that closes the one at `opening`, or -1.

    >>> closing("f(a[1], (b))", 1)
    11
    """
    depth = 0
    for at in range(opening, len(code)):
        if code[at] in "([{":
            depth += 1
        elif code[at] in ")]}":
            depth -= 1
            if depth == 0:
                return at
    return -1


def line_of(text: str, offset: int) -> int:
    """The number of the line that holds the offset, from 1."""
    return text.count("\n", 0, offset) + 1


_OPEN = re.compile(r'(?:extern\s*" "|namespace(?:\s+\w+)?)\s*$')


def in_function(code: str, offset: int) -> bool:
    """Whether the place is inside of braces other than those of a namespace or of `extern "C"`.

    >>> in_function("namespace a { int x; }", 15), in_function("void f() { int x; }", 12)
    (False, True)
    """
    open_braces = []
    for at in range(offset):
        if code[at] == "{":
            open_braces.append(_OPEN.search(code[max(0, at - 200) : at]) is None)
        elif code[at] == "}" and open_braces:
            open_braces.pop()
    return any(open_braces)
