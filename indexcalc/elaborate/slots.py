"""What may stand in a slot: an index, a whole number, an affine form, a gather, or a symmetriser over several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .. import limits
from ..diagnostics import Span
from ..syntax import tree as t
from .names import plain_name
from .scope import Scope
from .terms import AffineSlot, GatherSlot, IndexSlot, LiteralSlot, SlotTerm


@dataclass(frozen=True, slots=True)
class Symmetriser:
    """`(i, j)` (sign 1) or `[i, j]` (sign −1) in a bracket."""

    slots: tuple[SlotTerm, ...]
    sign: int
    span: Span


class NotASlot(Exception):
    """The tree cannot stand in a slot; the finding has been reported."""


SlotOrGroup = SlotTerm | Symmetriser


def read_slots(reference: t.Reference | t.Call, scope: Scope) -> list[SlotOrGroup]:
    """Every slot of a reference, from its bracket or its scripts.  Raises NotASlot."""
    trees = reference.slots if reference.slots is not None else [p for s in reference.scripts for p in s.parts]
    if len(trees) > limits.MAX_RANK:
        message = f"a tensor has at most {limits.MAX_RANK} slots, but {len(trees)} here"
        scope.bad("IX009", message, reference.span, "join indices that always go together into one")
        raise NotASlot
    if reference.slots is not None:
        return [s for tree in reference.slots for s in _bracket_slot(tree, scope)]
    return [s for script in reference.scripts for s in read_script(script, scope)]


def read_script(script: t.Script, scope: Scope) -> list[SlotOrGroup]:
    mark = "^" if script.upper else "_"
    if script.upper and len(script.parts) == 1:
        _refuse_power(script, script.parts[0], scope)
    return [s for part in script.parts for s in _script_part(part, mark, scope)]


def _refuse_power(script: t.Script, part: t.Tree, scope: Scope) -> None:
    """`x^{2}`, and `x^n` where n is declared as a number: powers have another spelling.  Raises NotASlot."""
    name = plain_name(part)
    shown = name or scope.findings.text(part.span)
    if name is None and not any(c.isalpha() for c in shown):
        exponent = shown if shown.isdigit() else f"({shown})"
        hint = f"for a power write x**{exponent}; for a component write brackets, x[^{shown}]"
        scope.bad("IX205", f"`^{{{shown}}}` is read as an upper index, and is a number", script.span, hint)
        raise NotASlot
    if name is not None and _names_a_number(name, scope):
        message = f"`^{name}` is read as an upper index, but `{name}` is a number"
        scope.bad("IX205", message, script.span, f"for a power write x**{name}")
        raise NotASlot


def _names_a_number(name: str, scope: Scope) -> bool:
    """Whether the name is an extent, or declared or defined as a scalar."""
    known = scope.tensors.get(name)
    if known is None or known.integer:
        return name in scope.extents
    return (known.declared or known.defined) and not known.rank


def _script_part(part: t.Tree, mark: str, scope: Scope) -> list[SlotOrGroup]:
    """A part of `_{…}`; joined letters are told apart."""
    name = plain_name(part)
    if name is not None and not scope.survey.declared & {name}:
        return list(_word(name, part.span, mark, scope))
    if isinstance(part, t.Symmetrise):
        inner = [s for p in part.parts for s in _script_part(p, mark, scope)]
        return [_group(part, inner, scope)]
    if isinstance(part, t.Reference) and part.slots is not None and part.name not in scope.survey.declared:
        before = _word(part.name, part.span, mark, scope)  # T_{k[ij]}: no integer tensor k
        inner = [s for p in part.slots for s in _script_part(p, mark, scope)]
        return [*before, _group(t.Symmetrise(part.span, part.slots, -1), inner, scope)]
    return [one_slot(part, scope, mark)]


def _word(name: str, span: Span, mark: str, scope: Scope) -> list[SlotTerm]:
    if name in scope.survey.declared:
        return [_gather(t.Reference(span, name), scope, mark)]
    base, _, suffix = name.rpartition("_")
    letters = scope.survey.letters(suffix) if base in scope.tensors and scope.tensors[base].integer else None
    if letters:  # z_{n y_n}
        inner = tuple(t.Name(span, i.rstrip("'"), i.count("'")) for i in letters)
        return [_gather(t.Reference(span, base, 0, (), inner), scope, mark)]
    return [scope.use_index(n, span, mark) for n in scope.survey.letters(name) or (name,)]


def _bracket_slot(tree: t.Tree, scope: Scope) -> list[SlotOrGroup]:
    if isinstance(tree, t.Symmetrise):
        return [_group(tree, [s for p in tree.parts for s in _bracket_slot(p, scope)], scope)]
    if isinstance(tree, t.Positions):
        return [s for p in tree.parts for s in _bracket_slot(p, scope)]
    if isinstance(tree, t.Positioned):
        return [one_slot(tree.body, scope, "^" if tree.upper else "_")]
    return [one_slot(tree, scope)]


def _group(tree: t.Symmetrise, inner: Iterable[SlotOrGroup], scope: Scope) -> Symmetriser:
    plain: list[SlotTerm] = []
    for slot in inner:
        if isinstance(slot, Symmetriser):
            scope.bad("IX104", "symmetrisers do not nest", tree.span, "write the terms out")
            raise NotASlot
        plain.append(slot)
    if len(plain) > limits.MAX_SYMMETRISED:
        message = f"{len(plain)} slots are symmetrised; at most {limits.MAX_SYMMETRISED} can be"
        scope.bad("IX009", message, tree.span, "n slots give n! terms: name a part in a line of its own")
        raise NotASlot
    return Symmetriser(tuple(plain), tree.sign, tree.span)


def one_slot(tree: t.Tree, scope: Scope, mark: str = "") -> SlotTerm:
    """An index, literal, gather or affine form.  Raises NotASlot."""
    name = plain_name(tree)
    if name is not None:
        return _named(name, tree, scope, mark)
    if isinstance(tree, t.Reference):
        return _gather(tree, scope, mark)
    terms, offset = _linear(tree, scope)
    merged: dict[tuple[object, ...], tuple[int, IndexSlot | GatherSlot]] = {}
    for factor, part in terms:
        same = merged.get(_identity(part), (0, part))
        merged[_identity(part)] = (same[0] + factor, same[1])
    kept = tuple((factor, part) for factor, part in merged.values() if factor)
    if not kept:
        return LiteralSlot(offset, tree.span, mark)
    if len(kept) == 1 and kept[0][0] == 1 and offset == 0:
        part = kept[0][1]
        if not isinstance(part, IndexSlot):
            return part
        if not isinstance(tree, t.Sum):  # `p + 0` is a window: p may range over another space than the slot
            return IndexSlot(part.key, tree.span, mark)
    return AffineSlot(kept, offset, tree.span, mark)


def _identity(slot: SlotTerm) -> tuple[object, ...]:
    """Equal for slots that are the same, wherever they stand."""
    if isinstance(slot, IndexSlot):
        return ("index", slot.key)
    if isinstance(slot, LiteralSlot):
        return ("literal", slot.value)
    if isinstance(slot, GatherSlot):
        return ("gather", slot.tensor, *map(_identity, slot.slots))
    return ("affine", slot.offset, *((c, _identity(p)) for c, p in slot.terms))


def _named(name: str, tree: t.Tree, scope: Scope, mark: str) -> SlotTerm:
    if name in scope.order:
        return scope.use_index(name, tree.span, mark)
    if name in scope.survey.declared or (name in scope.tensors and name not in scope.survey.indices):
        return _gather(t.Reference(tree.span, name), scope, mark)
    found = scope.survey.split(name) if name not in scope.survey.indices else None
    if found is None and "_" in name:
        pieces = name.rpartition("_")
        letters = scope.survey.letters(pieces[2])
        found = (pieces[0], letters) if letters and pieces[0] in scope.survey.declared else None
    if found is not None and found[0] in scope.survey.declared:
        inner = tuple(t.Name(tree.span, i.rstrip("'"), i.count("'")) for i in found[1])
        return _gather(t.Reference(tree.span, found[0], 0, (), inner), scope, mark)
    if name in scope.extents:
        scope.bad("IX504", f"`{name}` is an extent, and cannot stand in a slot", tree.span, "a slot takes an index")
        raise NotASlot
    return scope.use_index(name, tree.span, mark)


def _gather(tree: t.Reference, scope: Scope, mark: str) -> GatherSlot:
    """An integer tensor's component.  One that is not declared becomes an integer tensor by this use."""
    inner = [] if plain_name(tree) is not None else read_slots(tree, scope)
    plain = tuple(s for s in inner if not isinstance(s, Symmetriser))
    if len(plain) < len(inner) or tree.primes:
        scope.bad("IX205", "a gather's slots are plain", tree.span, "name the symmetrised tensor first")
        raise NotASlot
    info = scope.use_tensor(tree.name, len(plain), tree.span)
    if info is None:
        raise NotASlot
    if not info.integer and (info.declared or info.defined):
        message = f"`{tree.name}` stands in a slot, but is no integer tensor"
        scope.bad("IX205", message, tree.span, f"declare it: integer {scope.example(info)} : the_space_it_indexes")
        raise NotASlot
    info.integer = True
    info.example = info.example or plain
    scope.unify_slots(tree.name, plain)
    return GatherSlot(tree.name, plain, tree.span, mark)


Linear = tuple[list[tuple[int, IndexSlot | GatherSlot]], int]


def _linear(tree: t.Tree, scope: Scope) -> Linear:
    """Integer coefficients and an offset.  Raises NotASlot."""
    if isinstance(tree, t.Group):
        return _linear(tree.body, scope)
    if isinstance(tree, t.Number) and tree.text.isdigit():
        if len(tree.text) > 18:
            _refuse(tree, scope)
        return [], int(tree.text)
    if isinstance(tree, t.Negate):
        return _scale(_linear(tree.body, scope), -1)
    if isinstance(tree, t.Sum):
        terms: list[tuple[int, IndexSlot | GatherSlot]] = []
        offset = 0
        for sign, term in tree.terms:
            more, shift = _scale(_linear(term, scope), sign)
            terms += more
            offset += shift
        return terms, offset
    if isinstance(tree, t.Product) and all(op != "/" for op, _ in tree.factors):
        whole: Linear = ([], 1)
        for _, factor in tree.factors:
            part = _linear(factor, scope)
            if part[0] and whole[0]:
                _refuse(tree, scope)
            whole = _scale(part, whole[1]) if part[0] else _scale(whole, part[1])
        return whole
    if isinstance(tree, (t.Name, t.Reference)):
        slot = one_slot(tree, scope)
        if isinstance(slot, (IndexSlot, GatherSlot)):
            return [(1, slot)], 0
    return _refuse(tree, scope)


def _scale(linear: Linear, factor: int) -> Linear:
    return [(factor * c, p) for c, p in linear[0]], factor * linear[1]


def _refuse(tree: t.Tree, scope: Scope) -> Linear:
    message = f"`{scope.findings.text(tree.span)}` cannot stand in a slot"
    hint = "a slot takes an index, a whole number, an integer tensor's component, or a form such as 2*i + k - 1"
    scope.bad("IX205", message, tree.span, hint)
    raise NotASlot
