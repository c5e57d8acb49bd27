"""Large and deep input: read in linear time, or refused with IX009, never a RecursionError."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from indexcalc import limits
from indexcalc.syntax import tree as t
from indexcalc.syntax.parse import parse_expression, parse_program

N = 30_000


def refusal(text: str) -> tuple[str, int]:
    """Message and column of the one IX009 finding."""
    tree, (finding,) = parse_expression(text)
    assert tree is None
    assert finding.code == "IX009"
    assert finding.hint
    assert finding.span is not None
    return finding.message, finding.span.column


def test_a_long_sum_is_flat() -> None:
    tree, findings = parse_expression(" + ".join(["x[i]"] * 100_000))
    assert findings == []
    assert isinstance(tree, t.Sum)
    assert len(tree.terms) == 100_000


@pytest.mark.parametrize(
    ("text", "kind", "field"),
    [
        ("x" + " - x" * N, t.Sum, "terms"),
        ("x" + " x" * N, t.Product, "factors"),
        ("x" + " / x" * N, t.Product, "factors"),
        ("x" + " or x" * N, t.Logic, "arguments"),
        ("x" + " and x" * N, t.Logic, "arguments"),
        ("x" + " < x" * N, t.Compare, "rest"),
        ("f(" + ", ".join(["x"] * (N + 1)) + ")", t.Call, "arguments"),
        ("x[" + ", ".join(["i"] * (N + 1)) + "]", t.Reference, "slots"),
        ("x" + "_{i}" * (N + 1), t.Reference, "scripts"),
    ],
)
def test_chains_are_flat(text: str, kind: type[t.Tree], field: str) -> None:
    tree, findings = parse_expression(text)
    assert findings == []
    assert type(tree) is kind
    assert len(getattr(tree, field)) in (N, N + 1)


def test_work_is_linear_in_the_length_of_a_sum(calls: Callable[[Callable[[], object]], int]) -> None:
    def work(n: int) -> int:
        text = " + ".join(["x[i]"] * n)
        return calls(lambda: parse_expression(text))

    work(10)  # tables are loaded once
    assert work(4_000) < 8.2 * work(500)  # quadratic would be 64


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("(" * N + "x" + ")" * N, limits.MAX_DEPTH + 1),
        ("(" * N, limits.MAX_DEPTH + 1),
        ("exp(" * N + "x" + ")" * N, 4 * (limits.MAX_DEPTH + 1)),
        ("x[" * N + "i" + "]" * N, 2 * (limits.MAX_DEPTH + 1)),
        ("x_{" + "(" * N + "i" + ")" * N + "}", 3 + limits.MAX_DEPTH),
        ("-" * N + "x", N - limits.MAX_DEPTH),
        ("x" + "**x" * N, 3 * (N - limits.MAX_DEPTH - 1) + 1),
        ("2" + "**-2" * N, None),
        ("not " * N + "x", 4 * (N - limits.MAX_DEPTH - 1) + 1),
        ("∂_i " * N + "f", 4 * (N - limits.MAX_DEPTH - 1) + 1),
        ("y = " + "(1 + " * N + "x" + ")" * N, None),
    ],
    ids=lambda x: x[:12] if isinstance(x, str) else "",
)
def test_deep_nesting_is_refused_where_it_is_too_deep(text: str, column: int | None) -> None:
    message, at = refusal(text) if not text.startswith("y") else _program_refusal(text)
    assert message == f"nested more than {limits.MAX_DEPTH} levels deep here"
    assert column in (None, at)


def _program_refusal(text: str) -> tuple[str, int]:
    parsed, findings = parse_program(text + "\nz = 1")
    assert len(parsed.statements) == 1
    assert [f.code for f in findings] == ["IX009"]
    assert findings[0].span is not None
    return findings[0].message, findings[0].span.column


def _depth(tree: object) -> int:
    """Composite nodes on the longest way down, counted from the tree itself."""
    below = 0
    for name in getattr(tree, "__dataclass_fields__", {}):
        stack = [getattr(tree, name)]
        while stack:
            x = stack.pop()
            if isinstance(x, tuple):
                stack.extend(x)
            elif isinstance(x, t.Tree):
                below = max(below, _depth(x))
    leaf = isinstance(tree, t.Number | t.Name | t.Script | t.Positioned | t.Positions | t.Text)
    leaf = leaf or (isinstance(tree, t.Reference) and not tree.scripts and tree.slots is None)
    return below + (0 if leaf else 1)


@pytest.mark.parametrize("open_, close, levels", [("(", ")", 1), ("exp(", ")", 1), ("(1 + ", ")", 2), ("2 (", ")", 2)])
def test_the_greatest_depth_is_read(open_: str, close: str, levels: int) -> None:
    n = limits.MAX_DEPTH // levels
    tree, findings = parse_expression(open_ * n + "x" + close * n)
    assert findings == []
    assert _depth(tree) == levels * n
    assert refusal(open_ * (n + 1) + "x" + close * (n + 1))[0].startswith("nested more than")


def test_depth_counts_the_later_parts_of_a_chain() -> None:
    n = limits.MAX_DEPTH - 1
    assert parse_expression("a + b + " + "(" * n + "x" + ")" * n)[1] == []
    assert refusal("a + b + " + "-" * (n + 1) + "x")[0].startswith("nested more than")


def test_numbers() -> None:
    n = limits.MAX_DIGITS
    assert parse_expression("1" * n + " x")[1] == []
    assert parse_expression(f"1e-{n}")[1] == []
    assert parse_expression("1." + "1" * (n - 1) + "e0001")[1] == []
    for text in ("1" * (n + 1), f"1e{n + 1}", "2.5e-" + "9" * 50_000, "x" + "²" * (n + 1)):
        assert refusal(text)[0] == f"this number has more than {n} digits"


def test_terms_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_TERMS", 50)
    for joint, what in ((" + ", "sum"), (" ", "product"), (" and ", "chain of `and`")):
        assert parse_expression(joint.join(["x"] * 50))[1] == []
        message, column = refusal(joint.join(["x"] * 51))
        assert message == f"this {what} has more than 50 parts; part 51 stands here"
        assert column == 50 * (1 + len(joint)) + 1


def test_characters_are_counted() -> None:
    parsed, (finding,) = parse_program("#" * (limits.MAX_CHARACTERS + 1))
    assert parsed.statements == ()
    assert (finding.code, finding.span) == ("IX009", None)
    assert (
        finding.message
        == f"the text has {limits.MAX_CHARACTERS + 1} characters; at most {limits.MAX_CHARACTERS} are read"
    )
    assert parse_program("#" * limits.MAX_CHARACTERS)[1] == []


@pytest.mark.parametrize(
    "text", ["$" * 300_000, "'" * 300_000, '"' * 300_000, "_" * 300_000, "^ " * 150_000, "\\" * 300_000]
)
def test_hostile_characters_are_refused(text: str) -> None:
    assert len(parse_program(text)[1]) >= 1


@pytest.mark.parametrize("line", ["(\n", "a = (\n", "x[\n", "(a = \n", "f(x\n"])
def test_open_brackets_over_many_lines_take_linear_work(
    line: str, calls: Callable[[Callable[[], object]], int]
) -> None:
    assert parse_program(line * 20_000)[1]
    assert calls(lambda: parse_program(line * 1_600)) < 8.2 * calls(lambda: parse_program(line * 200)) + 2_000
