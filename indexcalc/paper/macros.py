"""Macros of a document: definitions as they are met, and the expansion of formulas, bounded in steps and in size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .tex import MAX_TOKENS, OPEN, Tex, argument, group_end, tokenise, written

MAX_EXPANSIONS = 5_000  # macro calls in one formula; a macro that calls itself ends here
MAX_DEFINITION = 20_000  # characters
MAX_MACROS = 20_000
_WIDTHS = (250, 2_000, MAX_DEFINITION)  # most definitions are short: what lies behind them is not read for each

DEFINING = re.compile(
    r"\\(?:(?:re|provide)?newcommand|providecommand|renewcommand|DeclareRobustCommand|DeclareMathOperator"
    r"|[gex]?def|let|NewDocumentCommand|RenewDocumentCommand|DeclareDocumentCommand)\*?(?![A-Za-z@])"
)


@dataclass(frozen=True, slots=True)
class Macro:
    """`count` arguments, the first of them with a default where `default` is not None, and the body."""

    count: int
    body: tuple[Tex, ...]
    default: tuple[Tex, ...] | None = None


class TooLarge(Exception):
    """A formula whose macros do not end, or write more than a formula can be."""


@dataclass(slots=True)
class Macros:
    """The macros that are known at one point of a document."""

    table: dict[str, Macro] = field(default_factory=dict)

    def read(self, text: str, start: int) -> int:
        """Learns the definition that begins at `start`; the position behind it."""
        match = DEFINING.match(text, start)
        if match is None:
            return start + 1
        kind = match[0][1:].rstrip("*")
        reader = _let if kind == "let" else _def if kind.endswith("def") else _newcommand
        made, tokens = None, []
        for width in _WIDTHS:
            tokens = tokenise(text, match.end(), min(len(text), match.end() + width))
            made = reader(tokens, kind)
            if (made is not None and made[2] < len(tokens)) or match.end() + width >= len(text):
                break
        if made is None:
            return match.end()
        name, macro, used = made
        if macro is not None and len(self.table) < MAX_MACROS and not (kind == "providecommand" and name in self.table):
            self.table[name] = macro
        return max(tokens[used - 1].end, match.end())

    def let(self, name: str, other: str) -> None:
        """`\\let\\name\\other`: the macro as it is now, or the command itself."""
        self.table[name] = self.table.get(other) or Macro(0, (Tex(other, 0, 0),))

    def expand(self, tokens: Sequence[Tex]) -> list[Tex]:
        """The tokens with every macro written out; `TooLarge` where that does not end.

        >>> macros = Macros()
        >>> _ = macros.read(r"\\newcommand{\\pd}[2][x]{\\partial #2/#1}", 0)
        >>> written(macros.expand(tokenise(r"\\pd{y} + \\pd[t]{z}")))
        '\\\\partial y/x+\\\\partial z/t'
        """
        table = self.table
        if not any(t.text in table or t.text in BUILT_IN for t in tokens):
            return list(tokens)
        todo = list(reversed(tokens))
        out: list[Tex] = []
        calls = 0
        while todo:
            token = todo.pop()
            macro = table.get(token.text) or BUILT_IN.get(token.text)
            if macro is None:
                out.append(token)
                continue
            calls += 1
            if calls > MAX_EXPANSIONS or len(todo) + len(out) > MAX_TOKENS:
                raise TooLarge
            todo.extend(reversed(_call(token, macro, todo)))
        return out


def _call(name: Tex, macro: Macro, todo: list[Tex]) -> list[Tex]:
    """The body with the arguments, which are taken off the reversed list, in their places."""
    arguments: list[list[Tex]] = []
    end = name.end
    count = macro.count
    if macro.default is not None:
        given = _optional(todo)
        arguments.append(list(macro.default) if given is None else given)
        count -= 1
    for _ in range(count):
        inner, last = _take(todo)
        arguments.append(inner)
        end = max(end, last)
    out: list[Tex] = []
    for t in macro.body:
        if t.text[0] == "#" and len(t.text) == 2:
            k = int(t.text[1]) - 1
            if k < len(arguments):
                out.extend(arguments[k])
                if len(out) > MAX_TOKENS:  # a long argument that is repeated many times
                    raise TooLarge
        else:
            out.append(Tex(t.text, name.start, end))
    return out


def _take(todo: list[Tex]) -> tuple[list[Tex], int]:
    """One argument off the reversed list, without braces, and where it ends in the file."""
    if not todo:
        return [], 0
    first = todo.pop()
    if first.text[0].isdigit() and len(first.text) > 1:  # \tfrac12: an argument without braces is one digit
        middle = min(first.start + 1, first.end)
        todo.append(Tex(first.text[1:], middle, first.end))
        return [Tex(first.text[0], first.start, middle)], middle
    if first.text != OPEN:
        return [first], first.end
    depth = 1
    inner: list[Tex] = []
    while todo:
        t = todo.pop()
        depth += (t.text == OPEN) - (t.text == "}")
        if depth == 0:
            return inner, t.end
        inner.append(t)
    return inner, inner[-1].end if inner else first.end


def _optional(todo: list[Tex]) -> list[Tex] | None:
    if not todo or todo[-1].text != "[":
        return None
    todo.pop()
    depth = 0
    inner: list[Tex] = []
    while todo:
        t = todo.pop()
        if t.text == "]" and depth == 0:
            break
        depth += (t.text == OPEN) - (t.text == "}")
        inner.append(t)
    return inner


Made = tuple[str, Macro | None, int]


def _newcommand(tokens: list[Tex], kind: str) -> Made | None:
    r"""`{\name}[count][default]{body}`, and the signatures of xparse as far as they say a count."""
    name, k = argument(tokens, 0)
    if len(name) != 1 or name[0].text[0] != "\\":
        return None
    count = 0
    default: tuple[Tex, ...] | None = None
    if "Document" in kind:
        signature, k = argument(tokens, k)
        letters = [t.text for t in signature if t.text in ("m", "o", "O")]
        count = len(letters)
        default = () if letters[:1] in (["o"], ["O"]) else None
    options: list[list[Tex]] = []
    while k < len(tokens) and tokens[k].text == "[" and len(options) < 2:
        close = next((n for n in range(k, min(len(tokens), k + 200)) if tokens[n].text == "]"), None)
        if close is None:
            return None
        options.append(tokens[k + 1 : close])
        k = close + 1
    if options and options[0] and options[0][0].text.isdigit():
        count = min(int(options[0][0].text), 9)
        default = tuple(options[1]) if len(options) > 1 else None
    if k >= len(tokens):
        return None
    body, k = argument(tokens, k)
    if kind == "DeclareMathOperator":
        at = name[0]
        body = [Tex(r"\operatorname", at.start, at.end), Tex("{", at.start, at.end), *body, Tex("}", at.start, at.end)]
    return name[0].text, Macro(count, tuple(body), default), k


def _def(tokens: list[Tex], kind: str) -> Made | None:
    r"""`\name#1#2{body}`; a definition with delimited parameters is known to exist, and not used."""
    if not tokens or tokens[0].text[0] != "\\":
        return None
    k = 1
    while k < len(tokens) and tokens[k].text != OPEN:
        k += 1
    if k >= len(tokens) or k > 40:
        return None
    plain = all(t.text == f"#{n}" for n, t in enumerate(tokens[1:k], 1))
    body, end = argument(tokens, k)
    return tokens[0].text, Macro(k - 1, tuple(body)) if plain else None, end


def _let(tokens: list[Tex], kind: str) -> Made | None:
    used = 3 if len(tokens) > 2 and tokens[1].text == "=" else 2
    if len(tokens) < used or tokens[0].text[0] != "\\":
        return None
    return tokens[0].text, Macro(0, (tokens[used - 1],)), used


def _built_in() -> dict[str, Macro]:
    table: dict[str, Macro] = {}
    for line in PACKAGES.strip().splitlines():
        name, count, body = line.split(None, 2)
        table[name] = Macro(int(count), tuple(tokenise(body)))
    return table


# physics, braket, tensor, mathtools and what many preambles define alike.  \pdv and \dv, whose second argument is
# optional, are read where formulas are (lexing.py).
PACKAGES = r"""
\qty        0 {}
\abs        1 |#1|
\norm       1 \|#1\|
\Tr         0 \operatorname{tr}
\tr         0 \operatorname{tr}
\Trace      0 \operatorname{tr}
\rank       0 \operatorname{rank}
\indices    1 {}#1
\tensor     2 {#1}#2
\mathrlap   1 #1
\mathllap   1 #1
\smash      1 #1
\ensuremath 1 #1
\bra        1 \langle{#1}|
\ket        1 |{#1}\rangle
\braket     1 \langle{#1}\rangle
\coloneq    0 \coloneqq
\mathcolor  2 #2
\textcolor  2 #2
\color      1 {}
\colorbox   2 #2
\boxed      1 #1
\fbox       1 #1
\phantom    1 {}
\hphantom   1 {}
\vphantom   1 {}
\hspace     1 {}
\vspace     1 {}
\label      1 {}
\tag        1 {}
\cref       1 {}
\ref        1 {}
\eqref      1 {}
\cite       1 {}
\footnote   1 {}
\mbox       1 \text{#1}
\SI         2 {}
\si         1 {}
\unit       1 {}
\qq         1 \text{ #1 }
\overbrace  1 #1
\underbrace 1 #1
\cancel     1 #1
\dd         0 {d}
\flatfrac   2 \frac{#1}{#2}
\dfrac      2 \frac{#1}{#2}
\tfrac      2 \frac{#1}{#2}
\cfrac      2 \frac{#1}{#2}
\nicefrac   2 \frac{#1}{#2}
\sfrac      2 \frac{#1}{#2}
\substack   1 #1
"""
BUILT_IN = _built_in()


__all__ = ["DEFINING", "MAX_EXPANSIONS", "Macro", "Macros", "TooLarge", "group_end", "written"]
