"""Names that are almost another name of the program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...diagnostics import Diagnostic
from ...syntax import tree as t
from ..registry import Checked, lint_rule

FEW = 2  # letters in a part of a name: too few to tell a slip from another name
SHORT = 5  # shorter names differ by one letter on purpose: W_q and W_k, beta and zeta


@lint_rule(
    "IX510",
    name="near-miss-name",
    summary="an undeclared tensor is read once, under almost the name of a declared or defined one",
    why="An unknown name is a new input, so that a misspelt one is no error: the program then asks its caller for a "
    "tensor that nobody has, and the one that was meant goes unread.",
    bad="tensor weight[o, i], x[b, i]\nscores[b, o] = weight[o, i] x[b, i]\np[b, o] = softmax[o](scoers[b, o])",
    good="tensor weight[o, i], x[b, i]\nscores[b, o] = weight[o, i] x[b, i]\np[b, o] = softmax[o](scores[b, o])",
    right="Both tensors exist: declaring the second, `tensor …`, says so.",
)
def near_miss_name(checked: Checked) -> Iterator[Diagnostic]:
    """Inputs without a declaration that differ by one slip from another name."""
    program, reads, defined = checked.program, checked.facts.reads, checked.facts.definitions
    once = [x for x in program.tensors if len(x.name) >= SHORT and reads[x.name] == 1]
    pairs = near_pairs((x.name for x in once), (*program.inputs, *defined)) if once else {}
    if not pairs:
        return
    declared = {r.name for s in checked.tree.statements for r in _declared(s)}
    for tensor in once:
        if tensor.name in declared:
            continue
        known = [n for n in pairs.get(tensor.name, ()) if n in declared or n in defined]
        if known:
            message = f"`{tensor.name}` is a new input, and almost `{known[0]}`"
            hint = f"did you mean `{known[0]}`? If both exist, declare `{tensor.name}`"
            yield checked.warning("IX510", message, tensor.span, hint)


@lint_rule(
    "IX511",
    name="near-miss-space",
    summary="two spaces have almost the same name",
    why="Two spaces never meet, so that a misspelt one makes an index that fits nothing, or one that is accepted "
    "where it should not be.",
    bad="index i : sequence(L)\nindex j : seqeunce(L)\ntensor Q[i, d], K[j, d]\nS[i, j] = Q[i, d] K[j, d]",
    good="index i : sequence(L)\nindex j : sequence(L)\ntensor Q[i, d], K[j, d]\nS[i, j] = Q[i, d] K[j, d]",
    right="There are two kinds, as `sources` and `source`; a name that tells them apart helps the reader too.",
)
def near_miss_space(checked: Checked) -> Iterator[Diagnostic]:
    """Spaces of one extent whose names differ by one slip."""
    spaces = {s.name: s for s in checked.program.spaces if len(s.name) >= SHORT and not s.name.startswith("space_")}
    for name, others in near_pairs(spaces, spaces).items():
        same = [o for o in others if spaces[o].extent == spaces[name].extent]
        if same and list(spaces).index(same[0]) < list(spaces).index(name):
            place = next((p for s in checked.tree.statements if (p := _space(s)) and p.text == name), None)
            message = f"space `{name}` is almost `{same[0]}`"
            hint = f"did you mean `{same[0]}`? Indices of different spaces never meet"
            yield checked.warning("IX511", message, place.span if place else None, hint)


def near_pairs(names: Iterable[str], known: Iterable[str]) -> dict[str, list[str]]:
    """For each name the known ones that one slip makes of it: a letter lost, added, changed, or two exchanged.

    Names that have two letters or less in the part with the slip, or differ in a digit, are told apart on purpose.

    >>> near_pairs(["scoers", "key_1", "grad_Q", "Q1024"], ["scores", "key_2", "grad_K", "K1024"])
    {'scoers': ['scores']}
    """
    table: dict[str, list[str]] = {}
    for name in filter(_is_word, dict.fromkeys(known)):
        for form in _shortened(name):
            table.setdefault(form, []).append(name)
    found: dict[str, list[str]] = {}
    for name in filter(_is_word, dict.fromkeys(names)):
        near = dict.fromkeys(k for form in _shortened(name) for k in table.get(form, ()))
        near_names = [k for k in near if k != name and _is_slip(name, k)]
        if near_names:
            found[name] = near_names
    return found


def _is_word(name: str) -> bool:
    """Whether some part of the name has letters enough for a slip."""
    return any(sum(map(str.isalpha, part)) > FEW for part in name.split("_"))


def _shortened(name: str) -> set[str]:
    """The name, and the name without one of its letters: two names with one slip between them have one in common.

    No digit is left out: of a thousand names that are numbered, each would be near all others.
    """
    return {name, *(name[:n] + name[n + 1 :] for n, c in enumerate(name) if not c.isdigit())}


def _is_slip(one: str, two: str) -> bool:
    """Whether two names differ by one slip, and not in a digit, a short part or a plural."""
    start = _alike(one, two)
    end = _alike(one[start:][::-1], two[start:][::-1])
    here, there = one[start : len(one) - end], two[start : len(two) - end]
    if max(len(here), len(there)) > 1 and not (len(here) == 2 and here == there[::-1]):
        return False
    if any(c.isdigit() for c in here + there) or {one, two} == {one.rstrip("s"), one.rstrip("s") + "s"}:
        return False
    return min(sum(c.isalpha() for c in _part_at(name, start)) for name in (one, two)) > FEW


def _alike(one: str, two: str) -> int:
    """How many first letters are the same."""
    return next((n for n, (a, b) in enumerate(zip(one, two)) if a != b), min(len(one), len(two)))


def _part_at(name: str, at: int) -> str:
    """The part between underscores that holds a position."""
    first = name.rfind("_", 0, at) + 1
    last = name.find("_", at)
    return name[first : last if last >= 0 else len(name)]


def _declared(statement: t.Tree) -> list[t.Reference]:
    if isinstance(statement, (t.TensorDeclaration, t.ScalarDeclaration, t.IntegerDeclaration)):
        return [item.reference for item in statement.items]
    return []


def _space(statement: t.Tree) -> t.Name | None:
    return statement.space if isinstance(statement, (t.IndexDeclaration, t.IntegerDeclaration)) else None


RULES = (near_miss_name, near_miss_space)
