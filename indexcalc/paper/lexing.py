"""From TeX's tokens to those of grammar/latex.lark: fonts, accents, whole scripts, paired bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..syntax.lalr import Token
from . import symbols as s
from .scripts import letter
from .tex import CLOSE, OPEN, Tex, argument, group_end, written
from .tree import Entry, Place


class Part(Token):
    """A token of the grammar that carries what the builder makes its node from."""

    inner: Any

    @staticmethod
    def of(kind: str, text: str, start: int, end: int, inner: Any = None) -> Part:
        part = Part(kind, text, start, end)
        part.inner = inner
        return part


class Unreadable(Exception):
    """No formula that the grammar could read."""


def lex(tokens: Sequence[Tex]) -> list[Token]:
    """The grammar's tokens; `Unreadable` where a token has no meaning in a formula."""
    lexer = _Lexer(tokens)
    lexer.run()
    return _paired(lexer.out)


class _Lexer:
    def __init__(self, tokens: Sequence[Tex]) -> None:
        self.tokens = tokens
        self.out: list[Token] = []

    def run(self) -> None:
        k = 0
        while k < len(self.tokens):  # `_braced` may split one in two
            k = self._one(k)

    def _put(self, kind: str, text: str, start: int, end: int, inner: Any = None) -> None:
        self.out.append(Part.of(kind, text, start, end, inner))

    def _atom(
        self, name: str, kind: str, start: int, end: int, *, bold: bool = False, letters: tuple[Entry, ...] = ()
    ) -> None:
        self._put("ATOM", name, start, end, (kind, bold, letters))

    def _one(self, k: int) -> int:
        """Reads what begins at k; the position behind it."""
        t = self.tokens[k]
        word = t.text
        if word in ("_", "^"):
            return self._script(k)
        name = letter(word)
        if name is not None:
            end = self._spelt(k)
            if end > k:
                return end
            self._atom(name, "symbol", t.start, t.end)
        elif word in s.SKIPPED or word in s.SIZES:
            pass
        elif word[0].isdigit():
            self._atom(word, "number", t.start, t.end)
        elif word == OPEN:
            return self._braces(k)
        elif word == CLOSE:
            self._put("_RBRACE", word, t.start, t.end)
        elif word in s.RELATIONS:
            return self._relation(k)
        elif word in s.PLUS:
            self._put("PLUS", word, t.start, t.end)
        elif word in s.TIMES:
            self._put("TIMES", word, t.start, t.end)
        elif word == "/":
            self._put("SLASH", word, t.start, t.end)
        elif word in (",", ";", r"\colon"):
            self._put("COMMA", word, t.start, t.end)
        elif word == ":":
            return self._relation(k)
        elif word in s.OPENERS:
            self._put("LPAR", word, t.start, t.end)
        elif word in s.CLOSERS:
            self._put("RPAR", word, t.start, t.end)
        elif word in s.BARS:
            self._put("BAR", word, t.start, t.end)
        elif word in ("'", r"\prime"):
            if self.out and self.out[-1].kind == "SCRIPT":  # D_{ij}': part of the name, not of the script
                self._put("SCRIPT", word, t.start, t.end, (True, [t]))
            else:
                self._put("SCRIPT", word, t.start, t.end, (True, [t]))
        elif word == "." and [x.text for x in self.tokens[k : k + 3]] == [".", ".", "."]:
            self._atom("dots", "opaque", t.start, self.tokens[k + 2].end)
            return k + 3
        elif word in ("!", "?", ".", "`"):
            pass
        else:
            return self._command(k)
        return k + 1

    def _spelt(self, k: int) -> int:
        """Reads `sum_i` and `log(x)`, where a command lacks its backslash; k where no such word begins here."""
        tokens = self.tokens
        if k and tokens[k - 1].end == tokens[k].start and tokens[k - 1].text.isalpha():
            return k
        end = k
        while end < len(tokens) and tokens[end].text.isascii() and tokens[end].text.isalpha() and end - k < 12:
            if end > k and tokens[end].start != tokens[end - 1].end:
                break
            end += 1
        command = "\\" + "".join(t.text for t in tokens[k:end])
        if end - k < 3 or command not in s.SPELT:
            return k
        start, last = tokens[k].start, tokens[end - 1].end
        if command in s.BIG:
            self._put("BIG", command, start, last)
        else:
            greek = s.GREEK.get(command)
            self._atom(greek or command[1:], "symbol" if greek else "function", start, last)
        return end

    def _command(self, k: int) -> int:
        t = self.tokens[k]
        word = t.text
        if word in (r"\partial", r"\nabla", r"\Box", r"\square"):
            self._atom(word[1:], "derivative", t.start, t.end)
        elif word in s.INTEGRALS:
            self._atom(word[1:], "integral", t.start, t.end)
        elif word in s.BIG:
            self._put("BIG", word, t.start, t.end)
        elif word in s.FUNCTIONS:
            self._atom(word[1:], "function", t.start, t.end)
        elif word in s.DOTS or word == r"\opaque":
            self._atom(word[1:], "opaque", t.start, t.end)
        elif word in (r"\frac", r"\binom"):
            self._put("FRAC", word, t.start, t.end)
            return self._braced(self._braced(k + 1))
        elif word == r"\sqrt":
            return self._root(k)
        elif word in (r"\left", r"\right"):
            return self._delimiter(k)
        elif word in s.ACCENTS:
            return self._accent(k)
        elif word in (r"\overset", r"\underset", r"\stackrel"):
            return self._over(k)
        elif (
            word in s.FONTS or word in s.LABELLING or word in (r"\operatorname*", r"\mathop", r"\mathrel", r"\mathbin")
        ):
            return self._font(k)
        elif word in (r"\pdv", r"\dv", r"\pdv*", r"\dv*", r"\pderiv", r"\fdv"):
            return self._physics(k)
        elif word[0] == "\\" and word[1:2].isalpha():
            return self._unknown(k)
        else:
            raise Unreadable(word)
        return k + 1

    def _script(self, k: int) -> int:
        t = self.tokens[k]
        inner, end = argument(self.tokens, k + 1)
        if self.out and self.out[-1].kind in ("TIMES", "PLUS", "REL"):  # \otimes_K
            return end
        if k + 1 < len(self.tokens) and self.tokens[k + 1].text != OPEN:
            inner, end = self._argument(k + 1)
        last = self.tokens[end - 1].end if end > k + 1 else t.end
        self._put("SCRIPT", t.text, t.start, max(last, t.end), (t.text == "^", inner))
        return end

    def _argument(self, k: int) -> tuple[list[Tex], int]:
        """An argument without braces: a digit, a letter, or a command with its own argument (`_\\mathrm{in}`)."""
        word = self.tokens[k].text
        if word in s.FONTS or word in s.LABELLING or word in s.ACCENTS:
            end = group_end(self.tokens, k + 1)
            return list(self.tokens[k:end]), end
        return argument(self.tokens, k)

    def _braces(self, k: int) -> int:
        """A group: dropped where it is empty, else kept."""
        end = group_end(self.tokens, k)
        t = self.tokens[k]
        if end == k + 2:
            return end
        inner, _ = argument(self.tokens, k)
        if len(inner) > 1 and inner[0].text in (r"\rm", r"\sf", r"\tt", r"\it"):
            self._atom(written(inner[1:]), "opaque", t.start, self.tokens[end - 1].end)
            return end
        self._put("LBRACE", t.text, t.start, t.end)
        return k + 1

    def _root(self, k: int) -> int:
        r"""`\sqrt{x}`, `\sqrt[3]{x}`."""
        t = self.tokens[k]
        start = k = k + 1
        if k < len(self.tokens) and self.tokens[k].text == "[":
            while k < len(self.tokens) and self.tokens[k].text != "]":
                k += 1
            k += 1
        self._put("SQRT", t.text, t.start, t.end, written(self.tokens[start + 1 : k - 1]))
        return self._braced(k)

    def _braced(self, k: int) -> int:
        """An argument as a group of the grammar."""
        if k >= len(self.tokens):
            raise Unreadable("argument")
        t = self.tokens[k]
        if t.text[0].isdigit() and len(t.text) > 1:  # \frac12: an argument without braces is one digit
            digits = [Tex(t.text[0], t.start, t.start + 1), Tex(t.text[1:], t.start + 1, t.end)]
            self.tokens = [*self.tokens[:k], *digits, *self.tokens[k + 1 :]]
        end = group_end(self.tokens, k)
        inner, _ = argument(self.tokens, k)
        self._group(inner, t.start, self.tokens[end - 1].end)
        return end

    def _group(self, inner: Sequence[Tex], start: int, end: int) -> None:
        self._put("LBRACE", OPEN, start, start + 1)
        lexer = _Lexer(inner)
        lexer.run()
        self.out.extend(lexer.out)
        self._put("_RBRACE", CLOSE, end - 1, end)

    def _relation(self, k: int) -> int:
        """`=`, and `:=` in two tokens."""
        t = self.tokens[k]
        words = [x.text for x in self.tokens[k : k + 2]]
        if words in ([":", "="], ["=", ":"]):
            self._put("REL", "".join(words), t.start, self.tokens[k + 1].end)
            return k + 2
        self._put("COMMA" if t.text in (":", r"\mid") else "REL", t.text, t.start, t.end)
        return k + 1

    def _delimiter(self, k: int) -> int:
        """`\\left(`: whatever the bracket is, it opens; `.` is one as well."""
        t = self.tokens[k]
        bracket = self.tokens[k + 1] if k + 1 < len(self.tokens) else t
        kind = "LPAR" if t.text == r"\left" else "RPAR"
        self._put(kind, bracket.text, t.start, bracket.end)
        return k + 2

    def _accent(self, k: int) -> int:
        inner, end = argument(self.tokens, k + 1)
        t = self.tokens[k]
        name = _plain_name(inner)
        if name is None:
            self._group(inner, t.start, self.tokens[end - 1].end)
        else:
            accent = t.text[1:].replace("wide", "")
            self._atom(f"{accent} {name}", "symbol", t.start, self.tokens[end - 1].end, bold=t.text in s.BOLD)
        return end

    def _over(self, k: int) -> int:
        over, middle = argument(self.tokens, k + 1)
        base, end = argument(self.tokens, middle)
        t, last = self.tokens[k], self.tokens[end - 1].end
        if self.tokens[k].text == r"\underset":
            over, base = base, over
            over, base = base, over
        if base and base[0].text in s.RELATIONS:
            self._put("REL", base[0].text, t.start, last)
            return end
        name = _plain_name(base)
        if name is None:
            self._group(base, t.start, last)
        else:
            self._atom(f"{written(over)} {name}", "symbol", t.start, last)
        return end

    def _font(self, k: int) -> int:
        t = self.tokens[k]
        inner, end = argument(self.tokens, k + 1)
        last = self.tokens[end - 1].end
        name = _plain_name(inner)
        words = written(inner)
        if t.text.startswith(r"\operatorname") or t.text == r"\mathop":
            self._atom(words, "function", t.start, last)
        elif name is not None and (len(inner) == 1 or inner[0].text[0] == "\\"):
            plain = t.text in (r"\mathrm", r"\mathit", r"\mathnormal", r"\rm", r"\it")
            self._atom(name, "symbol", t.start, last, bold=t.text in s.BOLD) if not plain else self._atom(
                name, "symbol", t.start, last
            )
        elif words.replace(" ", "").isalpha() or (t.text in s.LABELLING and t.text != r"\mathbf"):
            self._atom(words, "opaque", t.start, last, letters=_possible(inner))
        elif not inner:
            pass
        else:
            self._group(inner, t.start, last)
        return end

    def _physics(self, k: int) -> int:
        r"""`\pdv{f}{x}`, `\pdv{x}`, `\pdv[2]{f}{x}{y}`: a fraction of ∂."""
        t = self.tokens[k]
        symbol = Tex("d" if t.text[1:3] == "dv" else r"\partial", t.start, t.end)
        k += 1
        order: list[Tex] = []
        if k < len(self.tokens) and self.tokens[k].text == "[":
            close = next((n for n in range(k, len(self.tokens)) if self.tokens[n].text == "]"), None)
            if close is None:
                raise Unreadable(t.text)
            order, k = list(self.tokens[k + 1 : close]), close + 1
        groups: list[list[Tex]] = []
        while k < len(self.tokens) and self.tokens[k].text == OPEN and len(groups) < 3:
            inner, k = argument(self.tokens, k)
            groups.append(inner)
        if not groups:
            raise Unreadable(t.text)
        end = self.tokens[k - 1].end
        top, bottoms = ([], groups) if len(groups) == 1 else (groups[0], groups[1:])
        self._put("FRAC", r"\frac", t.start, t.end)
        power = (
            [Tex("^", t.start, t.end), Tex(OPEN, t.start, t.end), *order, Tex(CLOSE, t.start, t.end)] if order else []
        )
        self._group([symbol, *power, *top], t.start, end)
        self._group([x for b in bottoms for x in (symbol, *b)], t.start, end)
        return k

    def _unknown(self, k: int) -> int:
        """A command that nothing defines: a symbol, or with arguments something whose letters may be indices."""
        t = self.tokens[k]
        end = k + 1
        while end < len(self.tokens) and self.tokens[end].text == OPEN and end - k < 400:
            end = group_end(self.tokens, end)
        if end == k + 1:
            self._atom(t.text, "symbol", t.start, t.end, bold=True)
        else:
            inner = _possible(self.tokens[k + 1 : end])
            self._atom(t.text, "opaque", t.start, self.tokens[end - 1].end, letters=inner)
        return end


def _possible(tokens: Iterable[Tex]) -> tuple[Entry, ...]:
    found = ((letter(t.text), t) for t in tokens)
    return tuple(Entry(name, "affine", Place(t.start, t.end)) for name, t in found if name is not None)


def _plain_name(tokens: Sequence[Tex]) -> str | None:
    """The name of a letter with fonts and accents; None where there is more."""
    if len(tokens) == 1:
        return letter(tokens[0].text)
    if len(tokens) > 1 and tokens[0].text == OPEN and group_end(tokens, 0) == len(tokens):
        return _plain_name(tokens[1:-1])
    if len(tokens) > 1 and (tokens[0].text in s.ACCENTS or tokens[0].text in s.FONTS):
        inner, end = argument(tokens, 1)
        name = _plain_name(inner) if end == len(tokens) else None
        if name is None:
            return None
        return name if tokens[0].text in s.FONTS else f"{tokens[0].text[1:]} {name}"
    if len(tokens) == 2 and tokens[0].text in s.SWITCHES:
        return letter(tokens[1].text)
    return None


def _paired(tokens: list[Token]) -> list[Token]:
    """Bars as brackets: on one level of brackets they open and close by turns; a single one separates."""
    if not any(t.kind == "BAR" for t in tokens):
        return tokens
    out = list(tokens)
    levels: list[list[int]] = [[]]
    for k, t in enumerate(tokens):
        if t.kind in ("LPAR", "LBRACE"):
            levels.append([])
        elif t.kind in ("RPAR", "_RBRACE"):
            _pair(out, levels.pop())
            if not levels:
                levels.append([])
        elif t.kind == "BAR":
            levels[-1].append(k)
    for level in levels:
        _pair(out, level)
    return out


def _pair(tokens: list[Token], bars: list[int]) -> None:
    for n, k in enumerate(bars):
        t = tokens[k]
        kind = "COMMA" if len(bars) % 2 else "RPAR" if n % 2 else "LPAR"
        tokens[k] = Part.of(kind, t.text, t.start, t.end)
