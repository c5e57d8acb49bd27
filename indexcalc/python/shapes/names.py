"""Names of axes: which two can mean one axis, and which surely do not.

One table of what people call the axes of tensors.  Two names clash only where both are informative: `n`, `i` or `x`
say nothing by themselves.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .written import words

# Role: the words for it.  A word may have several roles; then nothing clashes that shares one.
ROLES = {
    "batch": "batch batches bs bsz b nbatch batchsize minibatch",
    "heads": "head heads nhead nheads nh h",
    "sequence": "seq sequence seqlen time t timestep timesteps step steps frame frames token tokens ntoken length len "
    "l pos position positions ctx context tgtlen srclen qlen klen kvlen slen tlen",
    "feature": "dim feature features feat channel channels chan ch hidden embed embedding emb embd model ff ffn mlp "
    "inner latent width d h dmodel dhead headdim dff dk dv hdim",
    "vocabulary": "vocab vocabulary",
    "experts": "expert experts",
    "height": "height h",
    "width": "width w",
    "layers": "layer layers l",
    "classes": "class classes nclass",
}
FILLERS = frozenset(words("num n number size dim d max total the of"))
KINDS = {  # kinds of features that one model keeps apart
    "in": "in input inp",
    "out": "out output",
    "model": "model embed embedding emb embd",
    "ff": "ff ffn mlp intermediate",
    "head": "head heads h",
    "query and key": "q k qk query key",
    "value": "v value",
}
SIDES = {"query": "q query queries tgt target dst", "key": "k kv key keys src source mem memory"}
JOINED = {  # words written as one, and what they are made of
    "dmodel": "d model", "dhead": "d head", "headdim": "head dim", "dff": "d ff", "dk": "d k", "dv": "d v",
    "din": "d in", "dout": "d out", "nheads": "n heads", "nhead": "n head", "seqlen": "seq len",
    "tgtlen": "tgt len", "srclen": "src len", "qlen": "q len", "klen": "k len", "kvlen": "kv len",
    "batchsize": "batch size", "cin": "channels in", "cout": "channels out", "hdim": "head dim",
}  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
FEATURE_WORDS = frozenset(words("d dim dims size features feature channels channel ch c features"))


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case.

    >>> words_of("self.numHeads"), words_of("d_model"), words_of("seqlen_q"), words_of("d2")
    (('num', 'heads'), ('d', 'model'), ('seq', 'len', 'q'), ('d', '2'))
    """
    out: list[str] = []
    for word in _WORD.findall(name.rpartition(".")[2]):
        low = word.lower()
        out += JOINED.get(low, low).split()
    return tuple(out)


@lru_cache(maxsize=4096)
def roles(name: str) -> frozenset[str]:
    """What the axis may be; empty where the name does not say.

    >>> sorted(roles("batch_size")), sorted(roles("h")), sorted(roles("n")), sorted(roles("head_dim"))
    (['batch'], ['feature', 'heads', 'height'], [], ['feature'])
    """
    words = words_of(name)
    if len(words) > 1 and set(words) & FEATURE_WORDS and kind(name):
        return frozenset(("feature",))
    if {"in", "out"} & set(words) and {"features", "channels"} & set(words):
        return frozenset(("feature",))
    bare = [w for w in words if w not in FILLERS and not w.isdigit()] or [w for w in words if not w.isdigit()]
    bare = [w for w in bare if not (len(words) > 1 and (_side_of(w) or len(w) == 1))]
    found = [r for r in (_roles_of_word(w) for w in bare) if r]
    if len(found) != len(bare) or not found:
        return frozenset()
    return found[0].intersection(*found[1:])


@lru_cache(maxsize=1024)
def _roles_of_word(word: str) -> frozenset[str]:
    return frozenset(role for role, text in ROLES.items() if word in text.split())


def _side_of(word: str) -> str:
    return next((side for side, text in SIDES.items() if word in text.split()), "")


@lru_cache(maxsize=4096)
def kind(name: str) -> str:
    """Which of a model's features, "" where the name does not say.

    >>> kind("d_in"), kind("head_dim"), kind("embed_dim"), kind("d"), kind("num_heads")
    ('in', 'head', 'model', '', '')
    """
    words = words_of(name)
    if len(words) < 2 or not set(words) & FEATURE_WORDS:
        return ""
    if {"num", "n", "number"} & set(words) and {"head", "heads"} & set(words):
        return ""
    told = [k for k, text in KINDS.items() if set(words) & set(text.split())]
    return told[0] if len(told) == 1 else ""


@lru_cache(maxsize=4096)
def normal(name: str) -> tuple[str, ...]:
    """The name without what people add or leave out: `num_heads`, `n_head` and `heads` are one.

    >>> normal("num_heads") == normal("heads"), normal("B") == normal("b"), normal("d_in") == normal("d_out")
    (True, True, False)
    """
    words = words_of(name)
    kept = [w for w in words if w not in FILLERS] or list(words)
    return tuple(w[:-1] if len(w) > 3 and w.endswith("s") else w for w in kept)


@lru_cache(maxsize=4096)
def initials(name: str) -> frozenset[str]:
    """The letters by which people call the axis: the first of each word, but not of those that only say "number of".

    >>> sorted(initials("num_heads")), sorted(initials("out_features")), sorted(initials("head_dim"))
    (['h'], ['f', 'o'], ['d', 'h'])
    """
    return frozenset(w[0] for w in words_of(name) if w[0].isalpha() and (w not in FILLERS or w in ("dim", "d")))


@lru_cache(maxsize=8192)
def clash(a: str, b: str) -> str:
    """Why two names cannot mean one axis, or "".

    >>> clash("d_in", "d_out"), clash("batch", "num_heads"), clash("n", "m"), clash("dim", "d_model")
    ('one counts what goes in, the other what comes out', 'one is a batch axis, the other a heads axis', '', '')
    """
    if normal(a) == normal(b):
        return ""
    left, right = kind(a), kind(b)
    if left and right:
        if left == right:
            return ""
        if {left, right} == {"in", "out"}:
            return "one counts what goes in, the other what comes out"
        if "in" in (left, right) or "out" in (left, right):
            return ""  # what goes in or comes out of a layer may well be the model's or a head's features
        return f"one counts {left} features, the other {right} features"
    first, second = roles(a), roles(b)
    if first and second and not first & second:
        return f"one is a {_shown(a, first)} axis, the other a {_shown(b, second)} axis"
    return _other_side(a, b)


def _shown(name: str, found: frozenset[str]) -> str:
    return next(role for role in ROLES if role in found) if len(found) == 1 else f"`{name}`"


def _other_side(a: str, b: str) -> str:
    """`seq_q` against `seq_k`, `len_tgt` against `len_src`; `n1` against `n2`."""
    left, right = words_of(a), words_of(b)
    sides = [{s for w in words if (s := _side_of(w))} for words in (left, right)]
    bases = [[w for w in words if not _side_of(w)] for words in (left, right)]
    wordy = min(len(w) for w in (*left, *right)) > 2  # `query` and `key` tell, `q` and `k` may be any indices
    if (
        (
            bases[0] == bases[1]
            and (bases[0] or wordy)
            and not set(bases[0]) & {"d", "dim", "c", "h", "head", "heads", "channels"}
        )
        and all(len(s) == 1 for s in sides)
        and sides[0] != sides[1]
    ):
        return "one counts queries, the other keys"
    return ""


def informative(name: str) -> bool:
    """Whether the name says what the axis is: a word, or a letter that everyone reads alike.

    >>> informative("cells"), informative("b"), informative("i"), informative("N")
    (True, True, False, False)
    """
    return bool(roles(name)) or any(len(w) > 1 for w in words_of(name)) or len(words_of(name)) > 1
