"""Scripts that are words or abbreviations, not indices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from .symbols import words
from .tree import Entry, Relation, Script, scripts_in

LABELS = words(
    """in out int ext min max eff ref tot total new old init initial final rel abs reg train test val true pred
  model data mag mech elec kin pot max avg mean std var obs loc glob local global left right top bottom up down
  low high cut crit sat sol liq gas air eq exp iso dev vol vis inv opt best prior post like on off src tgt dst
  key query value head pos neg enc dec emb embed ffn mlp attn hid hidden lin   img txt cls tok seq
   map mle gan rec recon adv aux sup sub reg norm dim dof ini fin inc scat ind dust vac vacuum matter rad
  em grav gr hydro ideal free bound bulk surf wall inlet outlet eff lim diff sum prod tan cot log ln sin cos
  def nom act   xc  dirac pair mol at nuc core val end start next prev last first
  cond conv fluid solid mix ext intern real imag ab tr det inner outer upper lower gate cell forget"""
)


USUAL = words("i j k l m n ell")  # the letters that mostly are indices


def is_word(letters: Sequence[str]) -> bool:
    """Whether the letters of a script spell a known word that labels a symbol.

    >>> is_word(["i", "n"]), is_word(["i", "j"]), is_word(["i"])
    (True, False, False)
    """
    return len(letters) > 1 and "".join(letters).lower() in LABELS


def runs(script: Script) -> Iterator[list[Entry]]:
    """The entries of a script between its commas; brackets are left out."""
    now: list[Entry] = []
    for entry in script.entries:
        if entry.kind == "mark":
            yield now
            now = []
        elif entry.kind != "bracket":
            now.append(entry)
    yield now


def words_in(tree: Relation) -> frozenset[str]:
    """The scripts of a formula that are words, known or not, with their letters joined.

    Three letters and more are a word if most of them stand in no other script: an index stands at two symbols at least.

    >>> from .parse import parse
    >>> from .tex import tokenise
    >>> sorted(words_in(parse(tokenise(r"x_{in} + y_{reheat} = z_{abc} w_{abd}"))))
    ['in', 'reheat']
    """
    found: dict[str, tuple[list[str], bool]] = {}  # the letters of each run, and whether it has nothing else
    scripts = list(scripts_in(tree))
    if all(len(script.entries) < 2 for script in scripts):
        return frozenset()
    for script in scripts:
        for run in runs(script):
            names = [e.name for e in run if e.kind in ("letter", "affine", "compound")]
            if names:
                found.setdefault("".join(names), (names, len(names) == len(run)))
    likely = {text: names for text, (names, whole) in found.items() if whole and (len(names) > 2 or is_word(names))}
    if not likely:
        return frozenset()
    places: Counter[str] = Counter()
    for names, _ in found.values():
        places.update(set(names))
    for script in scripts:
        if script.range is not None:
            places.update({e.name for e in (*script.range.names, *script.range.others)})
    return frozenset(
        text for text, names in likely.items() if _is_label(names, places) or _reads_as_word(names, places)
    )


def _is_label(names: Sequence[str], places: Counter[str]) -> bool:
    return is_word(names) and not all(places[n] > 1 for n in names)


def _reads_as_word(names: Sequence[str], places: Counter[str]) -> bool:
    if len(names) < 3 or USUAL.issuperset(names) or not all(len(n) == 1 and n.isascii() for n in names):
        return False
    if len(names) > 4 and sum(n in "aeiou" for n in names) > 1:
        return True  # posterior, noise
    if all(ord(b) - ord(a) == 1 for a, b in pairwise(names)):
        return False  # abcd, pqrs
    letters = set(names)
    return 2 * sum(places[n] < 2 for n in letters) >= len(letters)
