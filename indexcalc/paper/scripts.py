"""What stands in a script: letters, a label, a power, a range of a sum.  What is an index is decided later."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .symbols import ACCENTS, DOTS, FONTS, GREEK, LABELLING, LETTERS, RELATIONS, STARS
from .tex import CLOSE, OPEN, Tex, argument, group_end, written
from .tree import Entry, Place, Range, Relation, Script

_BLANK = frozenset((r"\,", r"\ ", r"\;", r"\!", r"\:", r"~", r"\>", "&", r"\displaystyle", r"\scriptstyle"))
_EXPRESSION = frozenset((r"\frac", r"\sqrt", "/", r"\cdot", r"\times", r"\sum", r"\log", r"\ln", r"\left", "|", r"\|"))
MAX_ENTRIES = 100  # in one script; what is longer is no list of indices
_BRACKETS = frozenset("()[]|")
_SIGNS = frozenset(("+", "-", r"\pm", r"\mp"))


def letter(word: str) -> str | None:
    """The name of the letter that a token is, if it is one.

    >>> letter(r"\\mu"), letter("i"), letter(r"\\sum")
    ('mu', 'i', None)
    """
    if len(word) == 1:
        return word if word.isalpha() else None
    return GREEK.get(word) or LETTERS.get(word)


def read_script(inner: Sequence[Tex], upper: bool, place: Place) -> Script:
    """The script that holds these tokens."""
    tokens = [t for t in inner if t.text not in _BLANK]
    text = written(tokens)
    if not tokens:
        return Script(upper, "label", text, (), place)
    words = [t.text for t in tokens]
    if _is_label(words, upper):
        return Script(upper, "label", text, _letters(tokens) if words[0] == "(" else (), place)
    entries = _entries(tokens)
    arithmetic = any(w in _EXPRESSION or w in _SIGNS or w in ("_", "^") for w in words)
    if upper and (arithmetic or entries is None):
        body = _expression(tokens)
        return Script(upper, "opaque" if body is None else "exponent", text, entries or (), place, body)
    if entries is None or len(entries) > MAX_ENTRIES:
        return Script(upper, "opaque", text, _letters(tokens), place)
    if upper and all(e.kind == "number" for e in entries):
        return Script(upper, "power", text, entries, place)
    return Script(upper, "entries", text, entries, place)


def _is_label(words: list[str], upper: bool) -> bool:
    if len(words) == 1:
        return words[0] in STARS or words[0] == "'" or (upper and words[0] in ("T", "H", "c"))
    if all(w in STARS or w == "'" for w in words):
        return True
    if upper and words in (["t", "h"], ["-", "1"], ["-", "T"], [r"\mathsf", OPEN, "T", CLOSE]):
        return True
    # (n), (1): a step, a layer, a component's number
    return words[0] == "(" and words[-1] == ")" and (len(words) == 3 or all(w.isdigit() for w in words[1:-1]))


def _entries(tokens: Sequence[Tex]) -> tuple[Entry, ...] | None:
    """The things in a script one by one; None where it is no list of letters, numbers and labels."""
    out: list[Entry] = []
    affine = _reckoned(tokens)
    k = 0
    while k < len(tokens):
        t = tokens[k]
        word, place = t.text, Place(t.start, t.end)
        name = letter(word)
        if name is not None:
            out.append(Entry(name, "affine" if k in affine else "letter", place))
        elif word.isdigit() or word[0].isdigit():
            out.append(Entry(word, "number", place))
        elif word in (",", ";"):
            out.append(Entry(word, "mark", place))
        elif word in _BRACKETS:
            out.append(Entry(word, "bracket", place))
        elif word in ("'", r"\prime") and out and out[-1].kind in ("letter", "compound"):
            last = out.pop()
            out.append(Entry(last.name + "'", "compound", Place(last.place.start, t.end)))
        elif word == "_" and out and out[-1].kind in ("letter", "compound"):
            inner, k = argument(tokens, k + 1)
            last = out.pop()
            end = tokens[k - 1].end
            out.append(Entry(f"{last.name}_{written(inner)}", "compound", Place(last.place.start, end)))
            out.extend(Entry(e.name, "affine", e.place) for e in _letters(inner))
            continue
        elif word in (r"\rm", r"\it", r"\bf", r"\sf", r"\tt"):
            out.append(Entry(written(tokens[k + 1 :]), "label", Place(t.start, tokens[-1].end)))
            break
        elif word in LABELLING:
            inner, end = argument(tokens, k + 1)
            single = letter(inner[0].text) if len(inner) == 1 else None
            kind = "letter" if single and word in (r"\mathbf", r"\mathit", r"\mathnormal") else "label"
            out.append(Entry(single or written(inner), kind, Place(t.start, tokens[end - 1].end)))
            k = end
            continue
        elif word in ACCENTS or word in FONTS:
            inner, end = argument(tokens, k + 1)
            out.append(Entry(f"{word[1:]} {written(inner)}", "compound", Place(t.start, tokens[end - 1].end)))
            k = end
            continue
        elif word == OPEN:
            inner, end = argument(tokens, k)
            nested = _entries(inner)
            if nested is None:
                return None
            out.extend(nested)
            k = end
            continue
        elif word not in _SIGNS and word not in STARS and word != ":":
            return None
        k += 1
    return tuple(out)


def _reckoned(tokens: Sequence[Tex]) -> frozenset[int]:
    """Where letters stand that are reckoned with: those of `n+1` in `i, n+1`, and the arguments in `p(y, x)`."""
    words = [t.text for t in tokens]
    called = any(b == "(" and letter(a) is not None for a, b in pairwise(words))
    if called and any(w in (",", "|", r"\mid") for w in words):
        return frozenset(range(len(words)))
    out: set[int] = set()
    start = 0
    for k, word in enumerate([*words, ","]):
        if word in (",", ";"):
            if any(w in _SIGNS or w == ":" for w in words[start:k]):
                out.update(range(start, k))
            start = k + 1
    return frozenset(out)


def _letters(tokens: Sequence[Tex]) -> tuple[Entry, ...]:
    """Every letter of a script that cannot be read, as what may be an index."""
    found = ((letter(t.text), t) for t in tokens)
    return tuple(Entry(name, "affine", Place(t.start, t.end)) for name, t in found if name is not None)


def _expression(tokens: Sequence[Tex]) -> Relation | None:
    from .parse import parse  # an exponent is a formula in a formula

    return None if any(t.text in DOTS for t in tokens) else parse(tokens, nested=True)


def read_range(lower: Sequence[Tex], upper: Sequence[Tex]) -> Range | None:
    """What `\\sum_{lower}^{upper}` runs over; None where that cannot be read.

    >>> from .tex import tokenise
    >>> r = read_range(tokenise(r"k \\in N(i)"), [])
    >>> [e.name for e in r.names], [e.name for e in r.others]
    (['k'], ['i', 'N'])
    """
    tokens = [t for t in lower if t.text not in _BLANK]
    if tokens and tokens[0].text == OPEN and group_end(tokens, 0) == len(tokens):
        tokens = tokens[1:-1]
    at = next((k for k, t in enumerate(tokens) if t.text in RELATIONS), len(tokens))
    head, tail = tokens[:at], tokens[at + 1 :]
    relation = tokens[at].text if at < len(tokens) else ""
    names = _entries(head)
    if names is None:
        return None
    told = next((k for k, e in enumerate(names) if e.kind == "label"), len(names))  # T \text{ a tree of } G
    bound = [e for e in names[:told] if e.kind in ("letter", "compound")]
    others = {e.name: e for e in (*_letters(tail), *_letters(upper), *names[told + 1 :])}
    if relation in ("<", r"\le", r"\leq", r"\ne", r"\neq") and relation != "":
        # \sum_{i<j} runs over both where nothing else gives j; which of the two it is does not matter here
        others |= {e.name: e for e in _letters(tail)}
    if any(e.kind == "number" for e in names) and tail:  # 1 \le i \le n
        bound += _letters(tail)[:1]
    if not bound:
        return None
    kept = tuple(sorted((e for e in others.values()), key=lambda e: e.name))[::-1]
    kept = tuple(sorted(kept, key=lambda e: (not e.name.islower(), e.name)))
    return Range(tuple(bound), kept, written(tail) if relation == "=" else relation, written(upper))
