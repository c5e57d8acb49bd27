"""The spec that would make a call compute a formula, in the call's own letters as far as they can stay."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence

from ...einsum.dialects import DIALECTS
from ...einsum.expand import output_items
from ...einsum.spec import Axis
from ...ir.expr import Access, Index, IndexSum, Product
from ...ir.program import Program
from ...python.module import Call
from .axes import NotReadable
from .code import Reading
from .contraction import readable

LETTERS = "ijklmnpqrstuvwxyzabcdefghoABCDEFGHIJKLMNOPQRSTUVWXYZ"
Slots = tuple["Index | str", ...]  # a text is a label of a batch, which stays


def proposed(formula: Program, reading: Reading, call: Call) -> str | None:
    """The string, or None where the call is no einsum with plain labels, or the formula no product of components."""
    try:
        spec = readable(call)
    except NotReadable:
        return None
    plain = all(not o.groups and all(a.is_label for a in o.axes) for o in spec.operands)
    factors = _factors(formula)
    if DIALECTS[call.dialect].operation != "contract" or factors is None or not plain:
        return None
    slots = _operands(factors, reading, call)
    if slots is None:
        return None
    (d,) = formula.definitions.values()
    now = [*(o.labels for o in spec.inputs), tuple(a.name for a in output_items(spec) if isinstance(a, Axis))]
    whole = [_with_batch(own, labels, reading.comparison.each) for own, labels in zip([*slots, d.indices], now)]
    if any(own is None for own in whole):
        return None
    wanted = [own for own in whole if own is not None]
    names = _names(wanted, now, DIALECTS[call.dialect].reader)
    return _written([[names[i] for i in own] for own in wanted], call)


def _with_batch(own: Sequence[Index], labels: Sequence[str], each: Sequence[str]) -> Slots | None:
    """The formula's indices in the places of the labels that are no batch; None where the numbers differ."""
    if len(own) != sum(x not in each for x in labels):
        return None
    rest = iter(own)
    return tuple(x if x in each else next(rest) for x in labels)


def _factors(formula: Program) -> list[Access] | None:
    """The factors of a sum of products of components."""
    if len(formula.definitions) != 1:
        return None
    (d,) = formula.definitions.values()
    body = d.body.body if isinstance(d.body, IndexSum) else d.body
    parts = body.factors if isinstance(body, Product) else (body,)
    if not all(isinstance(p, Access) and all(isinstance(s, Index) for s in p.slots) for p in parts):
        return None
    return [p for p in parts if isinstance(p, Access)]


def _operands(factors: list[Access], reading: Reading, call: Call) -> list[tuple[Index, ...]] | None:
    """The formula's indices for each operand of the call, in the operand's own order of axes."""
    mapping = reading.comparison.mapping
    left = list(factors)
    out: list[tuple[Index, ...]] = []
    for argument in call.operands:
        name = reading.leaves.get(ast.unparse(argument.node))
        wanted = next((a for a, b in mapping.items() if b == name), None)
        found = next((f for f in left if f.tensor == wanted), None)
        if found is None:
            return None  # a transposed operand, or one that the formula does not have
        left.remove(found)
        out.append(tuple(s for s in found.slots if isinstance(s, Index)))
    return None if left else out


def _names(new: Sequence[Slots], now: Sequence[Sequence[str]], reader: str) -> dict[Index | str, str]:
    """A label for each index: the one that stands in its places now most often, else its own name, else a letter."""
    found: dict[Index | str, str] = {x: x for slots in new for x in slots if isinstance(x, str)}
    pairs = reversed(list(zip(new, now)))  # where votes are equal, the result keeps its labels
    votes = Counter((i, x) for slots, labels in pairs for i, x in zip(slots, labels))
    for (i, x), _ in sorted(votes.items(), key=lambda v: -v[1]):
        if i not in found and x not in found.values():
            found[i] = x
    for i in dict.fromkeys(i for slots in new for i in slots if isinstance(i, Index)):
        if i not in found:
            one_letter = len(i.name) == 1 and i.name.isascii() and i.name.isalpha()
            own = i.name if one_letter or reader == "names" else ""
            taken = found.values()
            found[i] = own if own and own not in taken else next(x for x in LETTERS if x not in taken)
    return found


def _written(words: list[list[str]], call: Call) -> str:
    """The spec, with blanks and commas as the call writes them."""
    text = call.string.text
    between = " " if DIALECTS[call.dialect].reader == "names" else ""
    comma = ", " if ", " in text else ","
    arrow = " -> " if " ->" in text or "-> " in text else "->"
    inputs = comma.join(between.join(w) for w in words[:-1])
    return f"{inputs}{arrow}{between.join(words[-1])}"
