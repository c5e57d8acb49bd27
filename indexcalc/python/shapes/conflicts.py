"""When what a file shows of shapes contradicts itself: the judgements, each with its text for the reader.

Kinds: "rank" (labels against dimensions), "extent" (two sizes for one index), "axes" (two differently named axes under
one index), "order" (the names of a shape written in another order), "reshape" (axes torn apart), "ellipsis" (a spec of
fixed rank for operands of any rank), "layout" (a batch axis where a layer expects the sequence).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ...diagnostics import Span
from ..module import Conflict, Dim, Shape
from .dims import DECLARED, show, show_shape
from .names import clash, informative, initials, normal, roles, words_of

SWAP = "Where both axes happen to have one size, every shape check passes and the numbers are wrong."
Places = tuple[tuple[Span, str], ...]


@dataclass(slots=True)
class Together:
    """Pairs of names that some declared shape has side by side: two axes, whatever their names."""

    pairs: set[frozenset[tuple[str, ...]]] = field(default_factory=set)
    signature: frozenset[tuple[str, ...]] = frozenset()  # names in the annotations of the function's parameters

    def add(self, shape: Shape) -> None:
        """Enter the names of a shape that a person wrote."""
        names = sorted({normal(d.name) for d in shape.dims if d.name and d.evidence in DECLARED[:3] and not d.parts})
        for k, one in enumerate(names):
            self.pairs.update(frozenset((one, other)) for other in names[k + 1 :])

    def has(self, a: str, b: str) -> bool:
        """Whether the two names were seen as two axes of one array."""
        return frozenset((normal(a), normal(b))) in self.pairs

    def tells_apart(self, a: str, b: str) -> bool:
        """Whether the annotations of one function use both names."""
        return {normal(a), normal(b)} <= self.signature


def differ(a: Dim, b: Dim, together: Together, summed: bool) -> str:
    """Why two axes cannot be one, or "".  `summed` says that they are contracted with each other.

    Letters from patterns are the author's choice and prove nothing.
    """
    if a.parts or b.parts or a.name is None or b.name is None or normal(a.name) == normal(b.name):
        return ""
    if a.evidence not in DECLARED or b.evidence not in DECLARED:
        return ""
    reason = clash(a.name, b.name)
    if reason:
        return reason
    if "constructor" in (a.evidence, b.evidence):
        return ""  # sizes that are called differently may be equal
    if informative(a.name) and informative(b.name) and together.has(a.name, b.name):
        return "another array has both, as two axes"
    if a.evidence == b.evidence == "annotation" and together.tells_apart(a.name, b.name):
        return "the annotations of one function tell them apart"
    return ""


def sizes_clash(a: Dim, b: Dim, broadcast: bool) -> bool:
    """Whether two known sizes exclude each other."""
    if a.size is None or b.size is None or a.size == b.size or min(a.size, b.size) < 0:
        return False
    return not broadcast or 1 not in (a.size, b.size)


def swapped(labels: Sequence[str | None], dims: Sequence[Dim]) -> tuple[int, ...] | None:
    """The positions whose names are exchanged among each other: the first label is the second dimension's name and the
    other way, or each is the next one's.  The first two are enough to show where.

    Names are compared up to synonyms (`t` and `seq_len`) and initials (`h` and `heads`); two letters such as i and j
    are no evidence.

    >>> swapped(["b", "n", "d"], [Dim("b"), Dim("d"), Dim("n")])
    (1, 2)
    >>> swapped(["batch", "time"], [Dim("T"), Dim("B")])
    (0, 1)
    >>> swapped(["b", "c", "h", "w"], [Dim("b"), Dim("h"), Dim("w"), Dim("c")])
    (1, 2, 3)
    >>> swapped(["i", "j"], [Dim("j"), Dim("i")]) is None
    True
    """
    if len(labels) != len(dims):
        return None
    names = [None if d.parts else d.name for d in dims]
    odd = [k for k, (x, own) in enumerate(zip(labels, names)) if x and own and not alike(x, own)]
    if len(odd) < 2:
        return None
    meant = {k: [j for j in odd if alike(labels[k] or "", names[j] or "")] for k in odd}
    for start in odd:  # follow the names until they come back
        cycle = [start]
        while len(found := meant[cycle[-1]]) == 1 and found[0] not in cycle:
            cycle.append(found[0])
        if len(cycle) > 1 and len(found) == 1 and found[0] == start and _tells(labels, names, cycle):
            return tuple(sorted(cycle))
    return None


def displaced(labels: Sequence[str | None], dims: Sequence[Dim]) -> tuple[int, ...] | None:
    """The positions of a letter and of the one axis that it names, which has a letter that names nothing.

    That is no proof as an exchange is, but nobody writes `bihd` for (batch, heads, seq, dim) on purpose.  The customary
    letters of indices (i to n) name nothing, and neither do the letters of words such as `k_len`.

    >>> displaced(["b", "i", "h", "d"], [Dim("batch"), Dim("heads"), Dim("seq"), Dim("dim")])
    (1, 2)
    """
    names = [None if d.parts or d.name is None or len(d.name) < 3 else d.name for d in dims]
    if len(labels) != len(dims) or None in labels:
        return None
    letters = [x or "" for x in labels]
    for k, letter in enumerate(letters):
        named = [j for j, name in enumerate(names) if name and alike(letter, name)]
        if len(named) == 1 and k not in named and names[k] and _calls(letter, names[named[0]] or ""):
            j = named[0]
            if not any(name and alike(letters[j], name) for name in names):
                return (k, j) if k < j else (j, k)
    return None


def _calls(letter: str, name: str) -> bool:
    """Whether the letter is chosen for the name: the initial of a word, or of a dimension."""
    return letter.lower() not in "ijklmn" and any(
        w[0] == letter.lower() and (len(w) > 2 or w == "d") for w in words_of(name)
    )


def _tells(labels: Sequence[str | None], names: Sequence[str | None], cycle: Sequence[int]) -> bool:
    """Whether some label of the cycle says what it is, and no two of its labels or names may be one axis."""
    for some in (labels, names):
        found = [some[k] or "" for k in cycle]
        if any(alike(x, y) for n, x in enumerate(found) for y in found[:n]):
            return False
    return any(informative(labels[k] or "") for k in cycle) or all(len(names[k] or "") > 2 for k in cycle)


@lru_cache(maxsize=8192)
def alike(a: str, b: str) -> bool:
    """Whether two names may mean one axis: one name, one role that neither shares with another, or the initial of one.

    >>> alike("t", "seq_len"), alike("i", "in_features"), alike("n", "num_heads"), alike("h", "w")
    (True, True, False, False)
    """
    if normal(a) == normal(b):
        return True
    if min(len(a), len(b)) == 1 and max(len(a), len(b)) > 2:
        letter, word = (a, b) if len(a) == 1 else (b, a)
        if letter.lower() in initials(word):
            return True
    left, right = roles(a), roles(b)
    return len(left) == 1 and left == right and not clash(a, b)


# ---- texts -------------------------------------------------------------------------------------------------
def _places(*found: tuple[Span | None, str]) -> Places:
    """Second places, each line once; those without a place in the file are left out."""
    out: list[tuple[Span, str]] = []
    for span, text in found:
        if span is not None and all(span != s for s, _ in out):
            out.append((span, text))
    return tuple(out)


def rank_conflict(span: Span, labels: int, open_spec: bool, shape: Shape, what: str) -> Conflict:
    """A spec that gives an operand more or fewer labels than it has dimensions."""
    has, count = len(shape.dims), f"{labels} label{'' if labels == 1 else 's'}"
    least = "at least " if open_spec else ""
    message = f"{count} for `{what}`, which has {has} dimension{'' if has == 1 else 's'}"
    shown = next((d for d in shape.dims if d.span is not None), None)
    return Conflict(
        "rank", span, message, f"{least}{count}", "A label stands for one dimension, so that this call fails.",
        f"`{what}` is {show_shape(shape)} here: write a label for each, or `...` for leading ones",
        _places((shown.span, f"{what} is {show_shape(shape)}") if shown else (None, "")),
    )  # fmt: skip


def extent_conflict(span: Span, label: str, a: Dim, b: Dim, of: tuple[str, str], places: Places) -> Conflict:
    """One index with two sizes."""
    index = f"index `{label}`" if label else "one axis"
    message = f"{index} has size {a.size} in `{of[0]}` and {b.size} in `{of[1]}`"
    return Conflict(
        "extent", span, message, "", "An index runs over the same values wherever it stands.",
        "use another index for one of them, or check the sizes", _merged(places, _places(
            (a.span, f"{show(a)} = {a.size}" if a.name else f"size {a.size}"),
            (b.span, f"{show(b)} = {b.size}" if b.name else f"size {b.size}"))),
    )  # fmt: skip


def _merged(a: Places, b: Places) -> Places:
    return a + tuple(p for p in b if all(p[0] != q[0] for q in a))


def axes_conflict(
    span: Span, label: str, a: Dim, b: Dim, of: tuple[str, str], reason: str, summed: bool, places: Places = ()
) -> Conflict:
    """One index for two differently named axes."""
    index = f"index `{label}`" if label else "one axis"
    verb = "sums" if summed else "pairs"
    message = f"{index} {verb} axis `{a.name}` of `{of[0]}` with axis `{b.name}` of `{of[1]}`"
    hint = f"check the order of the axes of `{of[0]}` and `{of[1]}`"
    if label:
        hint = f"give `{a.name}` and `{b.name}` each an index of its own, or exchange the labels of one operand"
    shown = _places((a.span, f"`{a.name}` is said here"), (b.span, f"`{b.name}` is said here"))
    return Conflict("axes", span, message, "", f"{_sentence(reason)} {SWAP}", hint, _merged(places, shown))


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}." if reason else ""


def order_conflict(span: Span, what: str, labels: Sequence[str | None], shape: Shape, at: Sequence[int]) -> Conflict:
    """Names in another order than the array has them."""
    written = [x or "?" for x in labels]
    first, second = at[:2]
    fixed = list(written)
    if len(at) == 2:
        fixed[first], fixed[second] = written[second], written[first]
        said = f"`{written[first]}` and `{written[second]}` are exchanged"
    else:
        for k in at:
            fixed[k] = next(written[j] for j in at if alike(written[j], shape.dims[k].name or ""))
        said = f"{', '.join(f'`{written[k]}`' for k in at)} stand in another order"
    shown = shape.dims[first]
    return Conflict(
        "order", span, f"{said}: `{what}` has its axes in the order {show_shape(shape)}", "",
        f"The names say other axes than the values have. {SWAP}",
        f"write {' '.join(fixed)}, or move the axes first",
        _places((shown.span, f"`{show(shown)}` is axis {first} here")),
    )  # fmt: skip


def reshape_conflict(span: Span, what: str, before: Shape, target: Sequence[Dim], torn: Dim) -> Conflict:
    """A reshape that mixes the entries of two axes."""
    after = ", ".join("-1" if d.size == -1 else show(d) for d in target)
    message = f"reshaping {show_shape(before)} to ({after}) tears axis `{torn.name}` apart"
    return Conflict(
        "reshape", span, message, "",
        "A reshape keeps the order of the entries and moves no axis: one survives only behind the same axes as before. "
        "The sizes multiply to the same number, so that nothing fails.",
        f"bring the axes of `{what}` into the new order first (permute, transpose or rearrange), then reshape",
        _places(*((d.span, f"`{what}` is {show_shape(before)}") for d in before.dims[:1])),
    )  # fmt: skip


def entries_conflict(span: Span, what: str, before: Shape, target: Sequence[Dim], counts: tuple[int, int]) -> Conflict:
    """A reshape to another number of entries."""
    after = ", ".join(show(d) if d.size != -1 else "-1" for d in target)
    relation = "is not a multiple of" if any(d.size == -1 for d in target) else "is not"
    message = f"{show_shape(before)} cannot be reshaped to ({after}): {counts[0]} {relation} {counts[1]}"
    return Conflict(
        "extent", span, message, "", "A reshape keeps the number of entries.", f"check the sizes of `{what}`"
    )


def ellipsis_conflict(span: Span, what: str, shape: Shape, labels: Sequence[str]) -> Conflict:
    """A spec without `...` for an operand of any rank."""
    tail = labels[len(labels) - len(shape.dims) :] if len(labels) >= len(shape.dims) else labels
    message = (
        f"`{what}` may have any number of leading axes, {show_shape(shape)}, and the labels have room for {len(labels)}"
    )
    return Conflict(
        "ellipsis", span, message, "no `...` here",
        "With another number of axes than the labels have, the call fails.",
        f"write '...{''.join(tail)}' for this operand, and `...` in the result",
        _places(*((d.span, "`...` is said here") for d in shape.dims[:1])),
    )  # fmt: skip


def layout_conflict(span: Span, what: str, layer: str, shape: Shape, name: str) -> Conflict:
    """A batch axis where a layer reads the sequence."""
    message = f"`{what}` has its batch axis `{name}` first, and this {layer} reads the first axis as the sequence"
    return Conflict(
        "layout", span, message, "",
        f"{layer} is sequence first unless it is made with batch_first=True: entries of different examples are mixed "
        "along the batch, and no shape check fails.",
        f"make the {layer} with batch_first=True, or put the sequence first: {show_shape(_exchanged(shape))}",
    )  # fmt: skip


def _exchanged(shape: Shape) -> Shape:
    first, second, *rest = shape.dims
    return Shape((second, first, *rest))
