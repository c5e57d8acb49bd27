"""What the name of an operand says that it holds: queries, keys, values, attention weights."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PART = re.compile(r"(?<![^\W\d_])[^\W\d_](?:(?![^\W\d_])|(?=[A-Z][a-z]{2}))")  # one letter: v, q_1, vAvg
_ROLES = {
    "query": frozenset(("q", "query", "queries", "qs")),
    "key": frozenset(("k", "key", "keys", "ks", "kv", "kvs")),
    "value": frozenset(("v", "value", "values", "vs", "val", "vals", "kv", "kvs")),
    "attention": frozenset(("attn", "attention", "attentions", "probs", "prob", "softmax")),
    "relative": frozenset(("rel", "relative")),
}
# Words that make it something else: a parameter, a gradient, a statistic, an embedding.
_OTHER = frozenset(
    (
        "weight", "weights", "w", "proj", "projection", "bias", "emb", "embed", "embedding", "embeddings", "pos",
        "grad", "grads", "d", "dout", "norm", "sum", "cumsum", "mean", "scale", "mask", "gate", "in", "index", "idx",
        "token", "tokens", "matrix", "head", "len", "length", "cache", "inv", "bank", "state", "decay",
    )
)  # fmt: skip


def words(name: str) -> tuple[str, ...]:
    """The words of a name, in small letters.

    >>> words("self_attnWeights2"), words("Q")
    (('self', 'attn', 'weights'), ('q',))
    """
    return tuple(w.lower() for w in _WORD.findall(name))


@lru_cache(maxsize=4096)
def roles(name: str) -> frozenset[str]:
    """The roles in attention that a name gives its operand; none where a word of it says otherwise.

    >>> sorted(roles("dense_kv")), sorted(roles("key_gate_weight")), sorted(roles("attn_weights")), sorted(roles("kPQ"))
    (['key', 'value'], [], ['attention'], [])
    """
    alone = {letter.lower() for letter in _PART.findall(name)}
    found = tuple(w for w in words(name) if len(w) > 1 or w in alone)  # the k of kPQ is one index of many
    if "attn" in found or "attention" in found:
        found = tuple(w for w in found if w not in ("weight", "weights"))
    if any(w in _OTHER for w in found):
        return frozenset()
    return frozenset(role for role, known in _ROLES.items() if any(w in known for w in found))
