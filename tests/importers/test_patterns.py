"""Patterns of einops and einx as programs, beside einops itself."""

import numpy as np
import pytest
from hypothesis import given, settings

import indexcalc as ic
from indexcalc.einsum.parse import parse
from indexcalc.einsum.verdict import Valid, verdict
from tests.einsum.corpus import LITERAL
from tests.einsum.test_verdict import patterns

einops = pytest.importorskip("einops")


def computed(program, *arrays):
    (output,) = program.outputs
    return ic.compile(program)(**dict(zip(program.inputs, arrays)))[output]


def check(function, pattern, shape, sizes, reduction="sum"):
    array = np.random.default_rng(0).standard_normal(shape)
    extra = [reduction] if function == "reduce" else []
    expected = getattr(einops, function)(array, pattern, *extra, **sizes)
    program = ic.from_einsum(pattern, ("x", shape), dialect=f"einops.{function}", reduction=reduction, sizes=sizes)
    assert ic.parse(str(program)) == program
    np.testing.assert_allclose(computed(program, array), expected, rtol=1e-12, atol=1e-12)


def cases():
    """The corpus' patterns with small sizes: every named axis that einops needs gets a size."""
    for row in LITERAL:
        function = row["dialect"].partition(".")[2].lower()
        if row["dialect"].startswith("einops.") and function in ("rearrange", "repeat", "reduce"):
            spec = parse(row["spec"], row["dialect"])
            yield function, row["spec"], spec


def test_the_corpus():
    count = 0
    for function, pattern, spec in cases():
        sizes = {label: 2 + n % 2 for n, label in enumerate(dict.fromkeys(a for o in spec.operands for a in o.labels))}
        shape = []
        for item in spec.inputs[0].items:
            axes = getattr(item, "parts", (item,))
            size = 1
            for axis in axes:
                size *= 1 if axis.is_number or axis.is_ellipsis else sizes[axis.name]
            shape += [2, 3] if any(axis.is_ellipsis for axis in axes) else [size]
        if isinstance(verdict(pattern, [shape], dialect=f"einops.{function}", sizes=sizes), Valid) and count < 80:
            count += 1
            check(function, pattern, tuple(shape), sizes, "mean")
    assert count == 80


@given(patterns())
@settings(max_examples=25, deadline=None)
def test_random_patterns(call):
    pattern, shape, sizes = call
    for function in ("rearrange", "reduce", "repeat"):
        found = verdict(pattern, [shape], dialect=f"einops.{function}", sizes=sizes)
        if (
            isinstance(found, Valid)
            and not set("23") & set(pattern)
            and "(..." not in pattern
            and "...)" not in pattern
        ):
            check(function, pattern, shape, sizes)


@pytest.mark.parametrize(
    ("dialect", "pattern", "shapes", "expected"),
    [
        ("einx.dot", "b [s], [s] c -> b c", [(2, 3), (3, 4)], lambda x, y: x @ y),
        ("einx.sum", "b [s]", [(2, 3)], lambda x: x.sum(1)),
        ("einx.mean", "b [s c]", [(2, 3, 4)], lambda x: x.mean((1, 2))),
        ("einx.max", "b s -> s", [(2, 3)], lambda x: x.max(0)),
        ("einx.var", "[b] s", [(2, 3)], lambda x: x.var(0)),
        ("einx.id", "a b -> b a", [(2, 3)], lambda x: x.T),
    ],
)
def test_einx(dialect, pattern, shapes, expected):
    arrays = [np.random.default_rng(k).standard_normal(shape) for k, shape in enumerate(shapes)]
    program = ic.from_einsum(pattern, *shapes, dialect=dialect)
    np.testing.assert_allclose(computed(program, *arrays), expected(*arrays), rtol=1e-12)


@pytest.mark.parametrize(
    ("pattern", "options", "message"),
    [
        ("b (h d) -> b h d", {"dialect": "einops.rearrange"}, "the size of `d` is not known"),
        ("b ... -> ... b", {"dialect": "einops.rearrange"}, "`...` stands for is not known"),
        ("b c -> b", {"dialect": "einops.rearrange"}, "`c` is lost on the right"),
        ("b c -> b", {"dialect": "einops.reduce", "reduction": "median"}, "no reduction `median`"),
        ("b c -> b", {"dialect": "einops.shuffle"}, "no dialect 'einops.shuffle'"),
        ("a b", {"dialect": "einx.softmax"}, "einx.softmax with this pattern is not imported"),
        ("(a + b) -> a", {"dialect": "einx.id"}, "`[+]` and repeated groups are not imported"),
        ("b -> b 3", {"dialect": "einops.repeat"}, "a fixed size is not imported"),
    ],
)
def test_refusals(pattern, options, message):
    with pytest.raises(ic.IndexCalcError, match=message):
        ic.from_einsum(pattern, "x", **options)
