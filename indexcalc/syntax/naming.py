"""What a NAME is, from its context: a keyword, a function, a reduction, an attribute, or a name.

`f (x)` is a call where f is built in or declared, else a product; an unknown name touching its bracket stays a call,
for the elaborator to refuse.  `name[…](` is a reduction.  This is decided on tokens, so that the grammar stays LALR(1).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from .greek import Spelling
from .lalr import Token
from .lexing import CLOSE, OPEN, brackets, keyword_of

_FUNCTIONS = (
    "exp log sqrt abs sign sin cos tan tanh sinh cosh sigmoid relu gelu silu softplus erf max min where "
    "inv det logdet tr diff einsum"
)
_REDUCTIONS = "sum mean prod max min logsumexp norm var argmax softmax cumsum topk partial"
FUNCTIONS = frozenset(_FUNCTIONS.split())
REDUCTIONS = frozenset(_REDUCTIONS.split())
# Words of other languages that would read as a product of names, without a word.
FOREIGN = dict.fromkeys(("if", "else", "elif"), "write where(condition, a, b)") | {"for": "write sum[k](…)"}
_ITEMS = frozenset(("tensor", "scalar", "integer"))
_OPERAND = frozenset(["NAME", "NUMBER", "LPAR", "FUNC", "REDUCE", "REDUCE_LOW", "_D"])


@dataclass(frozen=True, slots=True)
class Survey:
    """What a whole text says about its names.

    `functions`: declared in it.  `own`: tensors and scalars declared or defined in it.  `known`: these, its indices and
    extents, and every name that has slots somewhere.  `short`: which statements declare a function as `f(x) = …`.
    """

    functions: frozenset[str]
    own: frozenset[str]
    known: frozenset[str]
    short: frozenset[int]
    spelling: Spelling

    def knows(self, name: str) -> bool:
        """Whether the name, or what stands before one of its underscores, is known."""
        if name in self.known:
            return True
        cut = name.rfind("_")
        while cut > 0:
            if name[:cut] in self.known:
                return True
            cut = name.rfind("_", 0, cut)
        return False


def survey(
    statements: list[list[Token]],
    known: Iterable[str] = (),
    functions: Iterable[str] = (),
) -> Survey:
    """Reads all statements once.  `known` and `functions` come from the program that an expression is read beside."""
    given = [*known, *functions]
    raw = (t.text for s in statements for t in s if t.kind in ("NAME", "LOW") and _may_be_greek(t.text))
    spelling = Spelling(raw, given)
    declared = {spelling.of(f) for f in functions}
    own = {spelling.of(n) for n in known}
    used: set[str] = set()
    short: set[int] = set()
    candidates: list[tuple[int, str]] = []
    for number, s in enumerate(statements):
        keyword = keyword_of(s)
        if keyword == "function":
            declared.update(spelling.of(t.text) for t in s[1:2])
        elif keyword in _ITEMS:
            own.update(spelling.of(t.text) for p, t in itertools.pairwise(s) if t.kind == "NAME" and _begins_item(p, s))
        elif keyword == "index":
            used.update(spelling.of(n) for n in _values(s))
        elif keyword == "metric":
            used.update(spelling.of(t.text) for t in s[1:2])
        elif not keyword:
            name, is_function = _defined(s)
            if is_function:
                candidates.append((number, spelling.of(name)))
            elif name:
                own.add(spelling.of(name))
        for p, t in itertools.pairwise(s):
            if t.kind == "LSQB" and p.kind == "NAME":
                used.add(spelling.of(p.text))
    used -= REDUCTIONS - own  # `sum[k]` is no use of a tensor
    for number, name in candidates:  # the first `f(x) = …` declares f; where f is something already it is a claim
        if name not in FUNCTIONS and name not in declared and name not in own and name not in used:
            declared.add(name)
            short.add(number)
    return Survey(frozenset(declared), frozenset(own), frozenset(own | used), frozenset(short), spelling)


def _may_be_greek(text: str) -> bool:
    return len(text) > 1 or not text.isascii()


def _begins_item(before: Token, statement: list[Token]) -> bool:
    return before is statement[0] or before.kind == "COMMA"


def _values(statement: list[Token]) -> list[str]:
    """The names of an index declaration that formulas may use: indices and the extent, not the space."""
    colon = next((k for k, t in enumerate(statement) if t.kind == "COLON"), len(statement))
    return [t.text for k, t in enumerate(statement) if k and t.kind == "NAME" and k != colon + 1]


def _defined(s: list[Token]) -> tuple[str, bool]:
    """What `name = …`, `name[…] = …`, `name_{…} = …` or `name(x, y) = …` defines, and whether it is a function."""
    if s[0].kind != "NAME":
        return "", False
    k = 1
    while k < len(s) and s[k].kind == "PRIME":
        k += 1
    if k < len(s) and s[k].kind == "EQUAL":
        return s[0].text, False
    close = brackets(s[: _equals(s)])
    plain = k
    while k < len(s) and s[k].kind in ("LSQB", "_LOWB", "_UPB", "UP", "LOW"):
        k = close.get(k, k) + (2 if s[k].kind == "UP" else 1)
    if k < len(s) and s[k].kind == "EQUAL" and k > plain:
        return s[0].text, False
    if k == 1 and k < len(s) and s[k].kind == "LPAR" and k in close:
        end = close[k]
        inside = s[k + 1 : end]
        names = len(inside) % 2 and all(t.kind == ("NAME", "COMMA")[j % 2] for j, t in enumerate(inside))
        if names and end + 1 < len(s) and s[end + 1].kind == "EQUAL" and s[k].start == s[0].end:
            return s[0].text, True
    return "", False


def _equals(s: list[Token]) -> int:
    return next((k + 1 for k, t in enumerate(s) if t.kind == "EQUAL"), 0)


def classify(s: list[Token], names: Survey, *, short: bool = False) -> list[Token]:
    """The statement with every NAME that is more than a name given its kind.

    `short`: the statement is `f(x) = …`; it gets the word `function` that it leaves out.
    """
    if short:
        s = [Token("NAME", "function", s[0].start, s[0].start), *s]
    keyword = keyword_of(s)
    if keyword:
        head = Token(f"_{keyword.upper()}", s[0].text, s[0].start, s[0].end)
        if keyword != "function":
            rest = _attributes(s) if keyword in _ITEMS else s[1:]
            return _antisymmetrised([head, *rest])
        if len(s) == 1 or s[1].kind != "NAME":
            return [head, *s[1:]]
        parameters = frozenset(names.spelling.of(t.text) for t in _parameters(s))
        inner = Survey(names.functions, names.own | parameters, names.known | parameters, names.short, names.spelling)
        return [head, Token("FUNC", *s[1][1:]), *_antisymmetrised(_values_and_calls(s, inner, 2))]
    return _antisymmetrised(_values_and_calls(s, names, 0))


def _parameters(s: list[Token]) -> list[Token]:
    end = next((k for k, t in enumerate(s) if t.kind == "RPAR"), 0)
    return [t for t in s[2:end] if t.kind == "NAME"]


def _attributes(s: list[Token]) -> list[Token]:
    """The declared items: a name outside brackets that does not begin an item is an attribute."""
    out: list[Token] = []
    depth = 0
    for p, t in itertools.pairwise(s):
        depth += (t.kind in OPEN) - (t.kind in CLOSE)
        attribute = t.kind == "NAME" and not depth and p is not s[0] and p.kind not in ("COMMA", "COLON", "UP")
        out.append(Token("ATTR", t.text, t.start, t.end) if attribute else t)
    return out


def _values_and_calls(s: list[Token], names: Survey, first: int) -> list[Token]:
    out = s[first:]
    pairs: dict[int, int] | None = None
    braces = 0
    for k in range(first, len(s) - 1):
        t, after = s[k], s[k + 1]
        if t.kind == "_LOWB" or t.kind == "_UPB":
            braces += 1
        elif t.kind == "RBRACE":
            braces -= 1
        elif t.kind == "NAME" and braces <= 0 and t.text in FOREIGN:
            out[k - first] = Token("BAD", t.text, t.start, t.end)
        elif t.kind == "NAME" and braces <= 0 and after.kind in ("LPAR", "LSQB", "_LOWB"):
            if after.kind == "LPAR":
                kind = _called(names.spelling.of(t.text), t.end == after.start, names)
            elif t.text in REDUCTIONS:
                pairs = brackets(s) if pairs is None else pairs
                kind = _reduced(t.text, s, pairs.get(k + 1, len(s)), names)
            else:
                continue
            out[k - first] = Token(kind, t.text, t.start, t.end)
    return out


def _called(name: str, touching: bool, names: Survey) -> str:
    """The kind of a name before `(`."""
    base, low, _ = name.partition("_")
    if low and base in REDUCTIONS and name not in names.functions and not names.knows(name):
        return "REDUCE_LOW"
    if name in names.functions or name in FUNCTIONS:
        return "FUNC" if touching or name not in names.own else "NAME"
    if name in REDUCTIONS:
        return "NAME" if names.knows(name) else "FUNC"
    return "FUNC" if touching and not names.knows(name) else "NAME"


def _reduced(name: str, s: list[Token], close: int, names: Survey) -> str:
    """The kind of a reduction's name before `[…]` or `_{…}`; without a call it may be the user's tensor."""
    after = s[close + 1].kind if close + 1 < len(s) else ""
    if after == "LPAR" and (s[close].kind == "RSQB" or name not in names.own):
        return "REDUCE"
    return "REDUCE" if after in _OPERAND and name not in names.own else "NAME"


def _antisymmetrised(s: list[Token]) -> list[Token]:
    """Inside braces, `[` behind a name stays a bracket of that name; any other `[` antisymmetrises."""
    if not any(t.kind == "LSQB" for t in s) or not any(t.kind in ("_LOWB", "_UPB") for t in s):
        return s
    out: list[Token] = []
    braces = 0
    for k, t in enumerate(s):
        braces += (t.kind in ("_LOWB", "_UPB")) - (t.kind == "RBRACE")
        anti = t.kind == "LSQB" and braces > 0 and s[k - 1].kind != "NAME"
        out.append(Token("_ANTI", t.text, t.start, t.end) if anti else t)
    return out
