"""Verdicts beside those of the libraries themselves: recorded ones of the corpus, and the installed ones."""

import string

import numpy as np
import opt_einsum
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from indexcalc.einsum.parse import from_lists, parse
from indexcalc.einsum.spec import SpecError
from indexcalc.einsum.targets import TARGETS
from indexcalc.einsum.verdict import Refused, Valid, verdict

from .corpus import WITH_ORACLE

LIBRARIES = ("numpy", "torch", "jax", "opt_einsum")


@pytest.mark.parametrize("target", LIBRARIES)
def test_the_corpus_is_judged_as_each_library_does(target):
    assert len(WITH_ORACLE) == 835
    for row in WITH_ORACLE:
        said = row["oracle"][target]
        found = verdict(row["spec"], row["oracle"]["shapes_in"], target)
        if isinstance(said, str):
            assert isinstance(found, Refused), row["spec"]
            assert 0 <= found.start <= found.end <= len(row["spec"])
        else:
            assert found == Valid(tuple(said)), row["spec"]


RUN = {
    "numpy": lambda spec, shapes: np.einsum(spec, *map(np.ones, shapes)).shape,
    "torch": lambda spec, shapes: tuple(torch.einsum(spec, *map(torch.ones, shapes)).shape),
    "opt_einsum": lambda spec, shapes: opt_einsum.contract(spec, *map(np.ones, shapes)).shape,
}
LISTS = {
    "numpy": lambda lists, shapes: np.einsum(*lists(map(np.ones, shapes))).shape,
    "torch": lambda lists, shapes: tuple(torch.einsum(*lists(map(torch.ones, shapes))).shape),
    "opt_einsum": lambda lists, shapes: opt_einsum.contract(*lists(map(np.ones, shapes))).shape,
}
# What a library raises to refuse a call; a crash of another kind would be a finding of its own.
REFUSALS = (ValueError, RuntimeError, UnicodeEncodeError, TypeError, KeyError, IndexError)


def asked(run, *arguments):
    try:
        return run(*arguments)
    except REFUSALS:
        return None


def agree(found, said, *context):
    assert found == Valid(said) if said is not None else isinstance(found, Refused), (found, said, *context)


operand = st.lists(st.sampled_from(["i", "j", "k", "A", "b", "...", "...", " "]), max_size=4).map("".join)


@st.composite
def calls(draw):
    """A spec, often a sound one, and shapes that mostly fit it."""
    inputs = draw(st.lists(operand, min_size=1, max_size=3))
    arrow = draw(st.sampled_from(["", "->", "->", "->", " -> "]))
    letters = sorted({c for o in inputs for c in o if c.isalpha()})
    output = "".join(draw(st.permutations(letters))[: draw(st.integers(0, 4))]) if arrow else ""
    output = draw(st.sampled_from(["", "...", "..."])) + output if arrow else ""
    sizes = {c: draw(st.sampled_from([1, 2, 3])) for c in letters}
    # NumPy takes a diagonal of sizes 0 and n for one of size n, and reads past the array's end; not to be followed.
    diagonal = any(o.count(c) > 1 for o in inputs for c in letters)
    wide = draw(st.lists(st.sampled_from([1, 2]), max_size=2))
    shapes = []
    for text in inputs:
        shape: list[int] = []
        rest = text.replace(" ", "")
        while rest:
            if rest.startswith("..."):
                cut = draw(st.integers(0, len(wide)))
                shape += [n if draw(st.booleans()) else 1 for n in wide[cut:]]
                rest = rest[3:]
            else:
                n = sizes[rest[0]]
                shape.append(draw(st.sampled_from([n] * 9 + [1, 4 if diagonal else 0])))
                rest = rest[1:]
        shapes.append(tuple(shape + [2] * draw(st.sampled_from([0] * 9 + [1]))))
    if draw(st.integers(0, 12)) == 0:
        shapes = shapes[:-1] or [(), ()]
    noise = draw(st.sampled_from([""] * 12 + ["1", "δ", ".", "-", "zz", "\t", "_", "("]))
    return ",".join(inputs) + arrow + output + noise, shapes


@pytest.mark.parametrize("target", sorted(RUN))
@given(calls())
@settings(max_examples=200, deadline=None)
def test_random_calls_are_judged_as_the_library_does(target, call):
    spec, shapes = call
    agree(verdict(spec, shapes, target), asked(RUN[target], spec, shapes), spec, shapes)


label = st.sampled_from([0, 1, 2, 25, 26, 51, 52, -1, ...])


@pytest.mark.parametrize("target", sorted(LISTS))
@given(st.lists(st.lists(label, max_size=3), min_size=1, max_size=2), st.none() | st.lists(label, max_size=3))
@settings(max_examples=100, deadline=None)
def test_random_lists_are_judged_as_the_library_does(target, inputs, output):
    shapes = [(2,) * len(labels) for labels in inputs]

    def lists(arrays):
        pairs = [x for pair in zip(arrays, inputs) for x in pair]
        return pairs if output is None else [*pairs, output]

    found = verdict(from_lists(inputs, output), shapes, target)
    agree(found, asked(LISTS[target], lists, shapes), inputs, output)


L = string.ascii_letters


@pytest.mark.parametrize("target", sorted(RUN))
@pytest.mark.parametrize(
    ("spec", "shapes"),
    [
        ("", [()]),
        ("->", [()]),
        (",", [(), ()]),
        ("i- >i", [(2,)]),
        (". ..i->i", [(2,)]),
        ("...,...->...", [(4, 2), (2,)]),  # ellipses align on the right
        ("i...,...->...i", [(5, 4, 2), (2,)]),
        ("...,...", [(4, 2), (4,)]),
        ("ii", [(1, 3)]),
        ("ii,i->i", [(3, 3), (1,)]),
        ("i->......", [(2,)]),
        ("...i->...i...", [(2,)]),
        ("...i->...i...", [(2, 3)]),
        ("βi->β", [(2, 3)]),
        (f"{L}->{L}", [(1,) * 52]),
        (f"{L}...->...", [(1,) * 64]),
        (f"{L}...,...->...", [(1,) * 60, (1,) * 20]),
        ("...a,...b->...ab", [(1,) * 64, (1,) * 64]),
        (",".join("a" * 63) + "->a", [(2,)] * 63),
        (",".join("a" * 64) + "->a", [(2,)] * 64),
        ("".join(chr(0x3B1 + k) for k in range(20)) + L[:20], [(1,) * 40]),
        ("ij,jk,kl->il", [(2, 3), (1, 4), (4, 5)]),
    ],
)
def test_corners_are_judged_as_the_library_does(target, spec, shapes):
    agree(verdict(spec, shapes, target), asked(RUN[target], spec, shapes))


@pytest.mark.parametrize(
    ("spec", "shapes", "target", "expected"),
    [
        ("βγ->γ", [(2, 3)], "jax", (3,)),
        ("i- >i", [(2,)], "jax", (2,)),
        ("...i->i", [(2, 3)], "jax", (3,)),
        ("...i->i", [(2, 3)], "cupy", None),
        ("ij,jk", [(2, 1), (3, 4)], "cupy", (2, 4)),
        ("βγ->γ", [(2, 3)], "cupy", None),
        ("i,i->i", [(1,), (3,)], "tensorflow", None),
        ("...i,...i->...", [(1, 3), (2, 3)], "tensorflow", (2,)),
        ("...ij,...jk", [(5, 2, 3), (5, 3, 4)], "tensorflow", None),  # it leaves the ellipsis out, and may not sum it
        ("...ij,...jk", [(2, 3), (3, 4)], "tensorflow", (2, 4)),
        ("...ij,jk", [(5, 2, 3), (3, 4)], "tensorflow", (5, 2, 4)),
        ("ij,jk->ik", [(2, None), (3, None)], "numpy", (2, None)),
        ("ij,jk->ik", [(2, 3), None], "torch", (2, None)),
        ("ij,jk->ik", [(2, 3), (4, None)], "torch", None),
        ("...ij->ij", None, "numpy", None),
        ("...ij->iz", None, "torch", None),
    ],
)
def test_what_is_documented_or_partly_known(spec, shapes, target, expected):
    found = verdict(spec, shapes, target)
    assert found == Valid(expected) if expected is not None else isinstance(found, Refused)


def test_the_shape_of_an_uneven_diagonal_is_left_open_in_jax():
    assert verdict("ii->i", [(1, 3)], "jax") == Valid(None)
    assert isinstance(verdict("ii->i", [(2, 3)], "jax"), Refused)


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_without_shapes_the_string_alone_is_judged(target):
    assert isinstance(verdict("ij,jk->iz", None, target), Refused)
    assert isinstance(verdict("ij,jk->ii", None, target), Refused)
    assert isinstance(verdict("...ij,...jk->...ik", None, target), Valid)


def test_the_place_of_a_refusal():
    text = "ij,jk->ik"
    found = verdict(text, [(2, 3), (4, 5)])
    assert isinstance(found, Refused)
    assert text[found.start : found.end] == "j"
    assert found.start == 3
    assert found.message == "`j` has size 4 in operand 2, but 3 before"


# ---- einops ------------------------------------------------------------------------------------------------
einops = pytest.importorskip("einops")
ITEMS = ["a", "b", "c", "1", "2", "(a b)", "(b c)", "(a 2)", "...", "(a 1)", "(...)", "()", "(c ...)"]


@st.composite
def patterns(draw):
    """A pattern, an array's shape, and sizes by name, which mostly fit each other."""
    sides = [draw(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=3)) for _ in range(2)]
    if draw(st.integers(0, 3)):
        names = list(dict.fromkeys(x.strip("()") for item in sides[0] for x in item.split()))
        sides[1] = [x for x in draw(st.permutations(names)) if x]
        if draw(st.booleans()) and len(sides[1]) > 1:
            sides[1] = [f"({' '.join(sides[1][:2])})", *sides[1][2:]]
    own = {name: draw(st.sampled_from([1, 2, 3])) for name in "abc"}
    shape: list[int] = []
    for item in sides[0]:
        size = 1
        for name in item.strip("()").split():
            size *= 1 if name == "..." else int(name) if name.isdigit() else own[name]
        shape += [2, 3] if item == "..." else [draw(st.sampled_from([size] * 9 + [size + 1]))]
    known = draw(st.sets(st.sampled_from("abc")))
    sizes = {name: own[name] for name in sorted(known) if any(name in item for side in sides for item in side)}
    return " -> ".join(" ".join(side) for side in sides), tuple(shape), sizes


@pytest.mark.parametrize("function", ["rearrange", "reduce", "repeat"])
@given(patterns())
@settings(max_examples=200, deadline=None)
def test_random_patterns_are_judged_as_einops_does(function, call):
    pattern, shape, sizes = call
    extra = ["sum"] if function == "reduce" else []
    try:
        said = getattr(einops, function)(np.ones(shape), pattern, *extra, **sizes).shape
    except einops.EinopsError:
        said = None
    found = verdict(pattern, [shape], dialect=f"einops.{function}", sizes=sizes)
    agree(found, said, pattern, shape, sizes)


@pytest.mark.parametrize(
    "pattern", ["a b c, c b d -> a b d", "i i ->", "_ a, a -> _", "_a, b -> b", "a, b -> a", "1 a -> a"]
)
def test_einops_einsum(pattern):
    count = pattern.split("->")[0].count(",") + 1
    try:
        shapes = [(2,) * len(o.items) for o in parse(pattern, "einops.einsum").inputs]
    except SpecError:
        shapes = [(2, 2)] * count
    try:
        said = einops.einsum(*map(np.ones, shapes), pattern).shape
    except (einops.EinopsError, NotImplementedError):
        said = None
    agree(verdict(pattern, shapes, dialect="einops.einsum"), said)
