"""Specs of every dialect: what is read, where it stands, and what is refused where."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexcalc.einsum.dialects import DIALECTS
from indexcalc.einsum.parse import from_lists, parse
from indexcalc.einsum.spec import Axis, Group, Spec, SpecError

from .corpus import LITERAL, ROWS

# Rows of the corpus that their own library refuses to read; einx tests its messages with them.
UNREADABLE = {"a b c -> a c b -> b c a", "([x)] -> x", "a, -> (a +)"}


def shown(spec: Spec) -> str:
    """The spec written again from its parts, without blanks that mean nothing."""
    sides = [spec.inputs] + ([] if spec.output is None else [(spec.output, *spec.more_outputs)])
    return " -> ".join(", ".join(" ".join(map(item_shown, o.items)) for o in side) for side in sides)


def item_shown(item: Axis | Group) -> str:
    if isinstance(item, Axis):
        return item.name + "..." * item.repeated
    inner = (" + " if item.concatenated else " ").join(map(item_shown, item.parts))
    return (f"[{inner}]" if item.bracketed else f"({inner})") + "..." * item.repeated


def test_every_dialect_of_the_corpus_has_a_row():
    assert {row["dialect"] for row in ROWS} <= set(DIALECTS)


@pytest.mark.parametrize("dialect", sorted({row["dialect"] for row in LITERAL}))
def test_the_corpus_is_read_with_places(dialect):
    for row in LITERAL:
        text = row["spec"]
        if row["dialect"] != dialect or text in UNREADABLE:
            continue
        spec = parse(text, dialect)
        for operand in spec.operands:
            assert operand.start <= operand.end
            for axis in operand.axes:
                assert text[axis.start : axis.end] == axis.name + "..." * axis.repeated, text
        if not re.search(r"\[[^]]*(,|->)", text):  # what brackets with commas and arrows are short for has a test below
            assert shown(spec).replace(" ", "") == text.replace(" ", ""), text


@pytest.mark.parametrize("text", sorted(UNREADABLE))
def test_what_einx_cannot_read(text):
    with pytest.raises(SpecError):
        parse(text, "einx.id")


@pytest.mark.parametrize(
    ("text", "dialect", "expected"),
    [
        ("ij , jk -> ik", "einsum", "i j, j k -> i k"),
        ("...ij", "einsum", "... i j"),
        ("->", "einsum", " -> "),
        (",a->a", "einsum", ", a -> a"),
        ("βδ,δγ->βγ", "einsum", "β δ, δ γ -> β γ"),
        ("BSD,3KDH->3BSKH", "einsum", "B S D, 3 K D H -> 3 B S K H"),
        ("batch pos d_model -> batch", "fancy_einsum", "batch pos d_model -> batch"),
        ("b seq_q, seq_q d", "language", "b seq_q, seq_q d"),
        ("ij, jk", "language", "i j, j k"),
        ("ij k, k", "language", "ij k, k"),
        ("i...i, ... ij", "language", "i ... i, ... i j"),
        ("[0, 1], [1, 2] -> [0, 2]", "language", "0 1, 1 2 -> 0 2"),
        ("A, [0, ...], B, [..., 1], [0, 1]", "sublist", "0 ..., ... 1 -> 0 1"),
        ("x, [i, j]", "sublist", "i j"),
        ("b … (h 1 w)->b (h w) ...", "einops.rearrange", "b ... (h 1 w) -> b (h w) ..."),
        ("h * d", "einops.pack", "h * d"),
        ("b _ c", "einops.parse_shape", "b _ c"),
        ("a [b->1] c", "einx.sum", "a [b] c -> a [1] c"),
        ("a [b->] c", "einx.sum", "a [b] c -> a [] c"),
        ("b p [i,,->i]", "einx.set_at", "b p [i], b p [], b p [] -> b p [i]"),
        ("b p [,], x", "einx.get_at", "b p [], b p [], x"),
        ("(a + (b c)) -> a, b c", "einx.id", "(a + (b c)) -> a, b c"),
        ("(s s2)... [c]... -> s...", "einx.sum", "(s s2)... [c]... -> s..."),
        ("b (q+k) -> b q, b k", "einx.id", "b (q + k) -> b q, b k"),
    ],
)
def test_what_is_read(text, dialect, expected):
    assert shown(parse(text, dialect)) == expected


@pytest.mark.parametrize(
    ("text", "dialect", "message", "part"),
    [
        ("ij->jk->k", "einsum", "a second `->`", "->"),
        ("i-j", "einsum", "`-` stands only in `->`", "-j"),
        ("i>j", "einsum", "`>` stands only in", ">"),
        ("i.j", "einsum", "dots stand only in", ".j"),
        ("i..", "einsum", "dots stand only in", ".."),
        ("ij->i,j", "einsum", "comma", ","),
        ("b (h d) -> b", "einops.einsum", "does not join or part axes", "("),
        ("b (h (c d)) -> b", "einops.rearrange", "brackets inside brackets", "("),
        ("b (h d -> b h d", "einops.rearrange", "stands inside brackets", "->"),
        ("b h) -> b h", "einops.rearrange", "`)` closes nothing", ")"),
        ("b c (h", "einops.parse_shape", "`(` is not closed", "("),
        ("b [h] -> b h", "einops.reduce", "has no `[`", "["),
        ("b h", "einops.rearrange", "needs `->`", ""),
        ("b * -> b", "einops.pack", "without `->`", "->"),
        ("a, b -> a b", "einops.rearrange", "takes 1 operand, but the pattern describes 2", "b"),
        ("a 2d -> a", "einops.reduce", "`2d` is no name", "2d"),
        ("a b_ -> a", "einops.reduce", "ends with `_`", "b_"),
        ("a 0 -> a", "einops.reduce", "size 0", "0"),
        ("a... b -> a b", "einops.reduce", "touches", "..."),
        ("a + b -> a", "einx.id", "`+` joins axes inside round brackets", "+"),
        ("(a b + c) -> a", "einx.id", "each `+` stands between", "(a b + c)"),
        ("a [b->] [c->d->e]", "einx.sum", "different levels", "a [b->] [c->d->e]"),
        ("a [b, c] [c, d, e]", "einx.sum", "different numbers of commas", "a [b, c] [c, d, e]"),
        ("a $b -> a", "einops.reduce", "`$` is no name", "$"),
        ("[0, 1", "sublist", "not closed", "["),
        ("[0, 1.5]", "sublist", "`.` is no label", "."),
        ("A, B, [0]", "sublist", "after each operand comes its list", "A, B, [0]"),
        ("[0] -> [1] -> [2]", "sublist", "outside of the lists", "->"),
        ("[0] ->", "sublist", "behind `->`", ""),
        ("[0], 1", "sublist", "`1` stands outside", "1"),
    ],
)
def test_what_is_refused_and_where(text, dialect, message, part):
    with pytest.raises(SpecError, match=re.escape(message)) as error:
        parse(text, dialect)
    assert text[error.value.start : error.value.end] == part


def test_deep_brackets_are_refused():
    with pytest.raises(SpecError, match="nested more than"):
        parse("(" * 5000 + ")" * 5000 + " -> a", "einx.id")


def test_brackets_cannot_ask_for_endless_operands():
    with pytest.raises(SpecError, match="too many operands"):
        parse("a " * 5000 + "[" + "," * 5000 + "]", "einx.id")
    with pytest.raises(SpecError, match="too many sides"):
        parse("a " * 5000 + "[" + "->" * 5000 + "]", "einx.id")


def test_lists_of_python():
    spec = from_lists([[0, 27], [27, ..., "k"]], [0])
    assert [o.labels for o in spec.operands] == [("0", "27"), ("27", "k"), ("0",)]
    assert not any(axis.is_number for o in spec.operands for axis in o.axes)
    with pytest.raises(SpecError, match="is no label"):
        from_lists([[0.5]], None)


@given(st.text(alphabet="ab1_.,->()[]+* \n…é", max_size=20), st.sampled_from(sorted(DIALECTS)))
def test_any_text_is_read_or_refused_inside_of_it(text, dialect):
    try:
        spec = parse(text, dialect)
    except SpecError as error:
        assert 0 <= error.start <= error.end <= len(text)
        assert str(error)
        return
    for operand in spec.operands:
        for axis in operand.axes:
            assert 0 <= axis.start < axis.end <= len(text)
