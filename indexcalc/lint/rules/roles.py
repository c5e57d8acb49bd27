"""What the names of operands say against the string: queries, keys, values, attention weights, scales."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...diagnostics import Diagnostic
from ...python.contraction import Contraction, contractions
from ...python.module import Call
from ..registry import lint_rule
from ..roles import roles

_IMPORT = "import torch\n\n"
_HEADS = frozenset(("h", "H", "heads", "head", "n_heads", "num_heads"))
_TRANSPOSES = re.compile(r"\.(?:[mt]?T|transpose|permute|swapaxes|swapdims|movedim|moveaxis|t)\b")
_BATCH = frozenset(("b", "batch", "bs", "B"))
_POSITIONS = frozenset(
    ("t", "s", "l", "n", "i", "j", "T", "S", "L", "N", "seq", "pos", "time", "length", "token", "tokens", "seq_len")
)


@lint_rule(
    "IX420",
    name="einsum-scaling-reorders",
    summary="a product with a vector that also exchanges the last two axes",
    why="Each number is only scaled, so that the result is expected to be laid out as the operand is. Axes of the same "
    "or of compatible sizes then go unnoticed in a later reshape.",
    bad=_IMPORT + "y = torch.einsum('tbhd,h->tbdh', x, head_scale)",
    good=_IMPORT + "y = torch.einsum('tbhd,h->tbhd', x, head_scale)",
    subject="call",
    language="python",
    right="Where the transpose is meant: as a step of its own it says so.",
    fix="The result gets the operand's order (unsafe: it changes what is computed).",
)
def scaling_reorders(call: Call) -> Iterator[Diagnostic]:
    """Two operands, one a vector along an axis of the other, nothing summed, and the last two axes exchanged."""
    for c in contractions(call):
        if len(c.inputs) != 2 or c.output is None or c.summed:
            continue
        for scale, array in ((0, 1), (1, 0)):
            vector, labels = c.inputs[scale].labels, c.inputs[array].labels
            if len(vector) != 1 or len(labels) < 3 or vector[0] not in labels or len(c.inputs[scale].axes) != 1:
                continue
            if c.result == (*labels[:-2], labels[-1], labels[-2]) and len(set(labels)) == len(labels):
                written = c.spec.text[c.inputs[array].start : c.inputs[array].end].strip()
                moved = [a for a, b in zip(c.output.axes, c.inputs[array].axes) if a.name != b.name]
                fix = c.rewritten(c.output, (" " if c.spec.text[c.output.start :].startswith(" ") else "") + written)
                message = f"{c.name(array)} is only scaled by {c.name(scale)}, but its last two axes come out exchanged"
                yield c.finding("IX420", message, moved[0], others=[(a, "") for a in moved[1:]], fix=fix)
                break


@lint_rule(
    "IX421",
    name="einsum-one-letter-two-positions",
    summary="a query and a key share the label of a position, and only one of them has the batch axis",
    why="One letter for the query's position and for the key's pairs each query with the key at the same position, in "
    "every element of the batch. Scores need a label for each: `bqhd,bkhd->bhqk`.",
    bad=_IMPORT + "S = torch.einsum('thd,btd->bht', q, dense_kv)",
    good=_IMPORT + "S = torch.einsum('thd,bsd->bhts', q, dense_kv)",
    subject="call",
    language="python",
)
def one_letter(call: Call) -> Iterator[Diagnostic]:
    """Queries and keys, by their names, that keep a position in common while one lacks the batch axis."""
    for c in _pairs(call, "query", "key"):
        sides = [set(o.labels) for o in c.inputs]
        shared = [x for x in c.inputs[0].labels if x in sides[1] and x in c.result and x in _POSITIONS]
        batch = sorted(x for x in sides[0] ^ sides[1] if x in _BATCH and x in c.result)
        if shared and batch and any(x not in c.result for x in sides[0] & sides[1]):
            first, second = (next(a for a in o.axes if a.name == shared[0]) for o in c.inputs)
            owner = next(k for k in (0, 1) if batch[0] in sides[k])
            both = f"`{shared[0]}` is a position of {c.name(0)} and of {c.name(1)}"
            yield c.finding(
                "IX421", f"{both}, but only {c.name(owner)} has the batch axis `{batch[0]}`", second,
                others=[(first, "")], hint="give the position of the queries and that of the keys a label each",
            )  # fmt: skip


@lint_rule(
    "IX422",
    name="einsum-attention-over-queries",
    summary="attention weights are summed over the queries instead of the keys",
    why="Weights are laid out (…, query, key), and each row, over the keys, sums to 1. The product with the values "
    "sums the last of the two; summing the first one mixes the values with the transposed weights, whose rows sum "
    "to anything.",
    bad=_IMPORT + "out = torch.einsum('bhqk,bhqd->bhkd', attn, v)",
    good=_IMPORT + "out = torch.einsum('bhqk,bhkd->bhqd', attn, v)",
    subject="call",
    language="python",
    right="Where the weights are laid out (…, key, query), or for a gradient by the values.",
)
def over_queries(call: Call) -> Iterator[Diagnostic]:
    """A product of weights and values, by their names, that sums an axis before one that only the weights have."""
    for c in _pairs(call, "attention", "value"):
        weights = 0 if "attention" in roles(call.operands[0].name) else 1
        labels, values = c.inputs[weights].labels, c.inputs[1 - weights].labels
        summed = [x for x in labels if x in c.summed and x in values]
        own = [x for x in labels if x not in values and x in c.result]
        if len(summed) == 1 and len(own) == 1 and labels[-2:] == (summed[0], own[0]):
            axis = next(a for a in c.inputs[weights].axes if a.name == summed[0])
            other = next(a for a in c.inputs[weights].axes if a.name == own[0])
            yield c.finding(
                "IX422", f"{c.name(weights)} is summed over `{summed[0]}`, its queries", axis,
                others=[(other, "the last axis, over which each row sums to 1")],
                hint=f"name the axes of {c.name(1 - weights)} so that `{own[0]}` is summed",
            )  # fmt: skip


@lint_rule(
    "IX423",
    name="einsum-scores-transposed",
    summary="scores of queries and keys come out with the keys first",
    why="A softmax over the last axis then normalises over the queries. Scores are laid out (…, query, key).",
    bad=_IMPORT + "S = torch.einsum('bhqd,bhkd->bhkq', q, k)",
    good=_IMPORT + "S = torch.einsum('bhqd,bhkd->bhqk', q, k)",
    subject="call",
    language="python",
    right="Where the kernel works on transposed scores: giving the keys as the first operand says so.",
)
def scores_transposed(call: Call) -> Iterator[Diagnostic]:
    """Queries first and keys second, by their names, and a result with the keys' own axis among the last three, but a
    position of the queries behind it."""
    for c in _pairs(call, "query", "key", relative=True):
        query, key = (roles(a.name) for a in call.operands)
        if "query" not in query or "key" not in key or c.output is None:
            continue
        queries, keys = c.inputs
        of_queries = [x for x in c.result if x in queries.labels and x not in keys.labels and x not in _HEADS]
        of_keys = [x for x in c.result if x in keys.labels and x not in queries.labels]
        if len(of_keys) == 1 and of_queries and c.result[-1] == of_queries[-1] and of_keys[0] in c.result[-3:-1]:
            axis = next(a for a in c.output.axes if a.name == of_keys[0])
            yield c.finding(
                "IX423", f"the scores have the keys' `{of_keys[0]}` before the queries' `{of_queries[-1]}`", axis,
                hint=f"end the result in {of_queries[-1]}, {of_keys[0]}, if a softmax over the last axis follows",
            )  # fmt: skip


@lint_rule(
    "IX424",
    name="einsum-operands-exchanged",
    summary="the labels q and k stand on the keys and on the queries",
    why="The operands are in another order than the string has them. The result is then the transposed scores under "
    "the labels of the right ones, and where there are as many queries as keys no shape check fails.",
    bad=_IMPORT + "S = torch.einsum('bhqd,bhkd->bhqk', k, q)",
    good=_IMPORT + "S = torch.einsum('bhqd,bhkd->bhqk', q, k)",
    subject="call",
    language="python",
    right="Never, where the names of the operands are true.",
)
def operands_exchanged(call: Call) -> Iterator[Diagnostic]:
    """Queries and keys, by their names, each with the label of the other."""
    for c in _pairs(call, "query", "key"):
        query = 0 if "query" in roles(call.operands[0].name) else 1
        of_queries, of_keys = ([a for a in c.inputs[k].axes if a.is_label] for k in (query, 1 - query))
        sides = [frozenset[str]().union(*(_sides(a.name) for a in axes)) for axes in (of_queries, of_keys)]
        if sides == [{"key"}, {"query"}]:
            first, second = (next(a for a in axes if _sides(a.name)) for axes in (of_queries, of_keys))
            yield c.finding(
                "IX424", f"`{first.name}` is an axis of {c.name(query)}, and `{second.name}` one of "
                f"{c.name(1 - query)}", first, others=[(second, "")],
                hint=f"give {c.name(query)} and {c.name(1 - query)} in the other order, or exchange the two labels",
            )  # fmt: skip


def _sides(label: str) -> frozenset[str]:
    return roles(label) & {"query", "key"}


@lint_rule(
    "IX425",
    name="einsum-attention-over-keys",
    summary="attention weights are multiplied with the keys instead of the values",
    why="Keys have the shape of the values, so that nothing fails where one is given for the other.",
    bad=_IMPORT + "out = torch.einsum('bhqk,bhkd->bhqd', attn, k)",
    good=_IMPORT + "out = torch.einsum('bhqk,bhkd->bhqd', attn, v)",
    subject="call",
    language="python",
    right="Where the keys are the values, or for a gradient by the queries.",
)
def attention_over_keys(call: Call) -> Iterator[Diagnostic]:
    """A product of weights and keys, by their names, that sums the last axis of the weights."""
    for c in _pairs(call, "attention", "key"):
        weights = 0 if "attention" in roles(call.operands[0].name) else 1
        if "value" in roles(call.operands[1 - weights].name):
            continue
        labels, keys = c.inputs[weights].labels, c.inputs[1 - weights].labels
        features = [x for x in keys if x not in labels and x in c.result]
        if labels and labels[-1] in c.summed and labels[-1] in keys and features:
            part = c.inputs[1 - weights]
            hint = "give the values"
            yield c.finding("IX425", f"{c.name(weights)} weighs {c.name(1 - weights)}, not the values", part, hint=hint)


def _pairs(call: Call, first: str, second: str, relative: bool = False) -> Iterator[Contraction]:
    """The contraction of two operands whose names give them these roles, in either order.  `relative` says that an
    operand by relative position, which has axes of both, is one of them too."""
    if len(call.operands) != 2:
        return
    if any(_TRANSPOSES.search(a.text) for a in call.operands):
        return  # laid out in an order that the name does not tell
    found = [roles(a.name) for a in call.operands]
    if not any(first in found[k] and second in found[1 - k] for k in (0, 1)) or found[0] == found[1]:
        return
    if not relative and any("relative" in each for each in found):
        return
    yield from (c for c in contractions(call) if len(c.inputs) == 2)


RULES = (scaling_reorders, one_letter, over_queries, scores_transposed, operands_exchanged, attention_over_keys)
