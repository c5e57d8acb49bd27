"""Which names a program uses as what: a first look over all statements, and the reading of compact references.

`A_ij` is one name to the parser.  Whether it is A with slots i and j, or a scalar, depends on the names that the
whole program declares or uses in brackets, so those are collected first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..syntax import tree as t
from ..syntax.greek import fold

SYMBOLS = {"δ": "delta", "ε": "eps", "eps": "eps", "ones": "ones"}
_DECLARED_ITEMS = (t.TensorDeclaration, t.ScalarDeclaration, t.IntegerDeclaration)


def symbol(name: str) -> str:
    """delta, eps or ones where the name is one of their spellings, else "".

    >>> symbol("δ"), symbol("varepsilon"), symbol("A")
    ('delta', 'eps', '')
    """
    return SYMBOLS.get(name) or SYMBOLS.get(fold(name), "")


def plain_name(tree: t.Tree) -> str | None:
    """The text of a tree that is a bare name with its primes, else None."""
    if isinstance(tree, t.Name):
        return tree.text + "'" * tree.primes
    if isinstance(tree, t.Reference) and tree.slots is None and not tree.scripts:
        return tree.name + "'" * tree.primes
    return None


@dataclass(slots=True)
class Survey:
    """What the first look found.  `indices`: names in slots and binders; `tensors`: names with brackets or declared."""

    indices: set[str] = field(default_factory=set)
    tensors: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)  # tensors, scalars, integers and metrics
    avoid: set[str] = field(default_factory=set)  # letters that as new indices would change how a name is read
    declares_indices: bool = False
    _words: list[str] = field(default_factory=list)
    _compact: list[tuple[str, list[str]]] = field(default_factory=list)  # (left side or "", names on the right)
    _slot_names: set[str] = field(default_factory=set)
    _defined: set[str] = field(default_factory=set)  # compact names on left sides

    def look(self, statements: Iterable[t.Tree]) -> None:
        """Read every statement, then settle which letters are indices."""
        for statement in statements:
            self._statement(statement)
        self.tensors |= self.declared
        self.indices |= self._slot_names - self.declared
        self._read_words()
        self._defined = {left for left, _ in self._compact}
        for left, right in self._compact:
            self._support(left, right)
        for left, right in self._compact:
            if left and self.split(left) is None:
                self.tensors.add(left)
            for name in (left, *right):
                if self.split(name) is None:
                    self.avoid.update(name)

    def _statement(self, statement: t.Tree) -> None:
        if isinstance(statement, t.IndexDeclaration):
            self.indices |= {n.text + "'" * n.primes for n in statement.names}
            self.declares_indices = True
        elif isinstance(statement, _DECLARED_ITEMS):
            for item in statement.items:
                name, scripts = item.reference.name, item.reference.scripts
                self.declared.add(name)
                self._walk([(part, True) for s in scripts for part in self._script(s)], [])
                self._walk([(slot, True) for slot in item.reference.slots or ()], [])
        elif isinstance(statement, t.MetricDeclaration):
            self.declared.add(statement.name.text)
        elif isinstance(statement, (t.Equation, t.Bare)):
            self._formula(statement)

    def _formula(self, statement: t.Equation | t.Bare) -> None:
        left, names = "", list[str]()
        if isinstance(statement, t.Bare):
            self._walk([(statement.body, False)], names)
        else:
            name = plain_name(statement.left)
            if name is None:
                self._walk([(statement.left, False)], names)
            elif "_" in name:
                left = name
            else:
                self.tensors.add(name)
            self._walk([(statement.right, False)], names)
        if left or names:
            self._compact.append((left, names))

    def _walk(self, stack: list[tuple[t.Tree, bool]], names: list[str]) -> None:
        """Collect from trees; the flag says whether a bare name there is an index."""
        while stack:
            tree, in_slot = stack.pop()
            if isinstance(tree, t.Reference):
                self._reference(tree, in_slot, stack, names)
            elif isinstance(tree, t.Name):
                self._slot_names.add(tree.text + "'" * tree.primes)
            elif isinstance(tree, t.Call):
                stack += [(s, True) for s in tree.slots or ()]
                stack += [(part, True) for s in tree.scripts for part in self._script(s)]
                bare = [a for a in tree.arguments if isinstance(a, t.Reference) and plain_name(a)]
                if tree.function in ("einsum", "inv", "det", "logdet", "tr"):
                    self.tensors |= {a.name for a in bare}
                else:
                    stack += [(a, False) for a in tree.arguments]
            elif isinstance(tree, (t.Reduce, t.Field)):
                binders = tree.binders if isinstance(tree, t.Reduce) else tree.wrt
                stack += [(b, True) for b in binders if not self._joined(b)]
                stack += [(a, False) for a in (tree.arguments if isinstance(tree, t.Reduce) else (tree.body,))]
            else:
                stack += [(child, in_slot) for child in children(tree)]

    def _reference(self, tree: t.Reference, in_slot: bool, stack: list[tuple[t.Tree, bool]], names: list[str]) -> None:
        if tree.slots is not None:
            self.tensors.add(tree.name)
            stack += [(s, True) for s in tree.slots]
        elif tree.scripts:
            if "_" in tree.name:
                names.append(tree.name)
            else:
                self.tensors.add(tree.name)
            stack += [(part, True) for s in tree.scripts for part in self._script(s)]
        elif in_slot:
            self._slot_names.add(tree.name + "'" * tree.primes)
        elif "_" in tree.name:
            if tree.primes and len(tree.name.rpartition("_")[2]) == 1:
                self._slot_names.add(tree.name[-1] + "'" * tree.primes)  # y_j' is y[j']
            else:
                names.append(tree.name)

    def _script(self, script: t.Script) -> Iterator[t.Tree]:
        """The parts whose names are whole; joined letters are kept for later."""
        for part in script.parts:
            inner = part.parts if isinstance(part, t.Symmetrise) else (part,)
            for tree in inner:
                if isinstance(tree, t.Reference) and tree.slots is not None and tree.name not in self.declared:
                    self._words.append(tree.name)  # T_{k[ij]}: letters around an antisymmetriser
                    self._words += [s.text for s in tree.slots if isinstance(s, t.Name)]
                elif not (self._separate(tree) if len(script.parts) > 1 else self._word(tree)):
                    yield tree

    def _separate(self, part: t.Tree) -> bool:
        """Between blanks stand whole names, `{seq head}`; only an alphabetical run is letters, `{ij k}`."""
        name = plain_name(part)
        return name is not None and _consecutive(name) and self._word(part)

    def _word(self, tree: t.Tree) -> bool:
        name = plain_name(tree)
        if name is None or len(name.rstrip("'")) == 1 or not name.isalpha():
            return False
        self._words.append(name)
        return True

    def _joined(self, binder: t.Tree) -> bool:
        """`sum_ij` and `sum[ij]` are one tree: a short or alphabetical run is letters, another word is one index."""
        name = plain_name(binder)
        return name is not None and (len(name) <= 3 or _consecutive(name)) and self._word(binder)

    def _read_words(self) -> None:
        """Joined letters are one name where brackets or declarations know it, else letters."""
        for word in self._words:
            if word not in self.indices and word not in self.declared:
                self.indices.update(word)

    def _support(self, left: str, right: list[str]) -> None:
        """Letters that one statement's compact references show to be indices.

        Beside declarations a name that another statement defines shows nothing: `hvp_mean = 2 grad_mean` has no index.
        """
        own = self._candidates(left) if left else ""
        if self.declares_indices or self.declared:
            right = [n for n in right if n not in self._defined]
        others = [(n, self._candidates(n)) for n in right]
        seen: dict[str, set[str]] = {}
        repeated: set[str] = set()
        for name, letters in others:
            for letter in letters:
                if name in seen.setdefault(letter, set()) and (len(letters) < 4 or _consecutive(letters)):
                    repeated.add(letter)
                seen[letter].add(name)
        if own:
            known = [c in self.indices or c in seen for c in own]
            if all(known) or (_consecutive(own) and self._free_style(right)):
                self.indices.update(own)
        for _, letters in others:
            wanted = [c for c in letters if c not in self.indices]
            if all(len(seen[c]) > 1 or c in repeated for c in wanted):
                self.indices.update(wanted)

    def _free_style(self, right: list[str]) -> bool:
        """Nothing is declared, or the statement reads compact names that are neither declared nor defined: a letter on
        the left alone is then an index.  Else `tangent_L = x[i] v[i]` defines a name that is whole."""
        if not self.declares_indices and not self.declared:
            return True
        return any(self._candidates(name) and name not in self._defined for name in right)

    def _candidates(self, name: str) -> str:
        """The letters of a compact name's suffix, "" where one of them is known as a tensor (`grad_Z` beside `Z`)."""
        letters = _letters(self._suffix(name))
        return "" if any(c in self.tensors and c not in self.indices for c in letters) else letters

    def _suffix(self, name: str) -> str:
        """What stands behind the longest known prefix, or behind the first underscore; "" where all is known."""
        if name in self.tensors or name in self.declared:
            return ""
        pieces = name.split("_")
        for n in range(len(pieces) - 1, 0, -1):
            prefix = "_".join(pieces[:n])
            if prefix in self.tensors or prefix in self.declared or symbol(prefix):
                return "_".join(pieces[n:])
        return "_".join(pieces[1:])

    def split(self, name: str) -> tuple[str, tuple[str, ...]] | None:
        """A compact name as tensor and indices: the longest known prefix, else the longest whose rest is indices."""
        if "_" not in name or name in self.tensors:
            return None
        pieces = name.split("_")
        fallback: tuple[str, tuple[str, ...]] | None = None
        for n in range(len(pieces) - 1, 0, -1):
            rest = self._suffix_indices("_".join(pieces[n:]))
            if rest is None:
                continue
            prefix = "_".join(pieces[:n])
            if prefix in self.tensors or symbol(prefix):
                return prefix, rest
            fallback = fallback or (prefix, rest)
        return fallback

    def _suffix_indices(self, text: str) -> tuple[str, ...] | None:
        if text in self.indices:
            return (text,)
        out: list[str] = []
        for piece in text.split("_"):
            letters = self.letters(piece)
            if letters is None:
                return None
            out += letters
        return tuple(out)

    def letters(self, word: str) -> tuple[str, ...] | None:
        """A word as one index, or as letters each of which is an index."""
        if word in self.indices:
            return (word,)
        return tuple(word) if all(c in self.indices for c in word) else None


def _letters(suffix: str) -> str:
    joined = suffix.replace("_", "")
    return joined if joined.isalpha() else ""


def _consecutive(letters: str) -> bool:
    return all(ord(b) - ord(a) == 1 for a, b in itertools.pairwise(letters))


def children(tree: t.Tree) -> list[t.Tree]:
    """The trees directly inside a tree, in order.

    >>> from ..diagnostics import Span
    >>> at = Span.of("-1", 0, 2)
    >>> children(t.Negate(at, t.Number(at, "1")))[0].text
    '1'
    """
    out: list[t.Tree] = []
    for name in tree.__slots__:  # the class's own fields, so without the span
        value = getattr(tree, name)
        if isinstance(value, t.Tree):
            out.append(value)
        elif isinstance(value, tuple):
            for entry in value:
                if isinstance(entry, t.Tree):
                    out.append(entry)
                elif isinstance(entry, tuple):
                    out += [x for x in entry if isinstance(x, t.Tree)]
    return out
