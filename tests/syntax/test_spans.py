"""Properties of any text: reading never raises, and every span is the text that its tree was read from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexcalc.diagnostics import Span, render
from indexcalc.syntax import tree as t
from indexcalc.syntax.parse import parse_expression, parse_program
from tests.syntax.show import show

_WORDS = r"""
( ) [ ] { } _ ^ _{ ^{ _i _ij ^i ^2 ** * / + - · ' '' ² ⁻¹ " 'ij' ... . 2 0 1.5 1e9 ∂ ∂_i \partial , : = == <= != ≤ < ; #
a b c i j k x y z A T sum[k]( sum_k( max( softmax[j]( exp( f( f(x)= einsum( where( partial[i]( topk[e,2]( diff( inv(A)
and or not index tensor scalar integer function metric output convention symmetric(1,2)
\alpha alpha α A_ij A[i,j] A_{ij} T^i_j δ $ ½ ᵀ \foo \ xᵢ if é 𝛼 ⅷ ٣
"""
WORDS = [*_WORDS.split(), "\n", "\r\n", "\r", " ", "  ", "\t", "\ufeff"]


def walk(tree: t.Tree) -> Iterator[tuple[t.Tree, list[t.Tree]]]:
    """Every tree with its children, from the root down."""
    todo = [tree]
    while todo:
        node = todo.pop()
        below = list(_children([getattr(node, f.name) for f in dataclasses.fields(node)]))
        yield node, below
        todo.extend(below)


def _children(values: Any) -> Iterator[t.Tree]:
    for x in values:
        if isinstance(x, t.Tree):
            yield x
        elif isinstance(x, tuple | list):
            yield from _children(x)


def check_spans(text: str, root: t.Tree) -> None:
    for node, below in walk(root):
        span = node.span
        assert 0 <= span.start < span.end <= len(text)
        assert span == Span.of(text, span.start, span.end)
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        at = span.start
        # ∂f/∂x_k keeps f before x_k however it was written; all else stands in the order of its fields
        for child in below if not isinstance(node, t.Leibniz) else sorted(below, key=lambda c: c.span.start):
            assert at <= child.span.start <= child.span.end <= span.end
            at = child.span.end


# ---- any text ------------------------------------------------------------------------------------------------------
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=40).map("".join)))
def test_any_text_is_read_or_told(text: str) -> None:
    parsed, findings = parse_program(text, "f.idx")
    for statement in parsed.statements:
        check_spans(text, statement)
    for f in findings:
        assert f.code in ("IX001", "IX002", "IX009")
        assert f.message
        assert f.span is not None
        assert 0 <= f.span.start <= f.span.end <= len(text)
        assert f.span == Span.of(text, f.span.start, f.span.end)
        assert render(f).startswith(f"f.idx:{f.span.line}:{f.span.column}: error {f.code}: ")
    assert parse_program(text, "f.idx") == (parsed, findings)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=30).map("".join))
def test_an_expression_is_a_tree_or_one_finding(text: str) -> None:
    tree, findings = parse_expression(text)
    assert (tree is None) == (len(findings) == 1)
    assert len(findings) <= 1
    if tree is not None:
        check_spans(text, tree)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25).map("".join))
def test_a_broken_statement_costs_no_good_one(text: str) -> None:
    """What is wrong inside one line, with every bracket in it, leaves the declarations around it readable."""
    broken = " ".join(text.replace(";", " ").split()) or "x"
    before, after = "index i : s", "tensor A[i]"
    parsed, _ = parse_program(f"{before}\n{broken}\n{after}")
    shown = [show(s) for s in parsed.statements]
    assert shown[0] == before
    assert shown[-1] == after


# ---- generated expressions -----------------------------------------------------------------------------------------
INDICES = st.sampled_from(["i", "j", "k", "α", "seq_q"])
LEAVES = st.one_of(
    st.sampled_from(["2", "1e-5", ".5", "x", "lam", "A_ij", "T^i_j", "B_{ij}", "C^{i j}_{k}", "A'_ij", "W_q[d, h]"]),
    st.lists(INDICES, min_size=1, max_size=3).map(lambda xs: f"A[{','.join(xs)}]"),
    st.tuples(INDICES, INDICES).map(lambda p: f"x[2*{p[0]} + {p[1]} - 1]"),
    INDICES.map(lambda i: f"E[tok[{i}, 0], (p, q)]"),
)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    gap = st.sampled_from(["", " ", "  "])
    return st.one_of(
        inner.map(lambda a: f"({a})"),
        inner.map(lambda a: f"(-{a})"),
        st.tuples(inner, gap, st.sampled_from("+-*/−·"), gap, inner).map("".join).map(lambda a: f"( {a} )"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}) ({p[1]})"),
        st.tuples(st.sampled_from(["exp", "sqrt", "tanh"]), gap, inner).map(lambda p: f"{p[0]}{p[1]}({p[2]})"),
        st.tuples(INDICES, gap, inner).map(lambda p: f"sum[{p[0]}]{p[1]}({p[2]})"),
        st.tuples(inner, inner).map(lambda p: f"where(j <= i and not ({p[0]}) == 1, {p[0]}, {p[1]})"),
        st.tuples(inner, st.sampled_from(["²", "^2", "**-0.5", " ** 2"])).map(lambda p: f"({p[0]}){p[1]}"),
        inner.map(lambda a: f"∂_i ({a})"),
        inner.map(lambda a: f"∂({a})/∂x_k"),
        inner.map(lambda a: f"∂/∂x[k] exp({a})"),
    )


EXPRESSIONS = st.recursive(LEAVES, _larger, max_leaves=8)
_STANDS_ALONE = (
    *(t.Number, t.Reference, t.Call, t.Reduce, t.Sum, t.Product, t.Negate, t.Power, t.Group, t.Compare, t.Logic),
    *(t.Field, t.Leibniz),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EXPRESSIONS)
def test_the_text_of_a_span_reads_as_its_tree(text: str) -> None:
    tree, findings = parse_expression(text)
    assert findings == []
    assert tree is not None
    check_spans(text, tree)
    assert (tree.span.start, tree.span.end) == (0, len(text))
    for node, _ in walk(tree):
        part = text[node.span.start : node.span.end]
        if isinstance(node, _STANDS_ALONE) and not part.startswith("²"):  # a superscript cannot stand alone
            again, findings = parse_expression(part)
            assert findings == []
            assert show(again) == show(node)
        elif isinstance(node, t.Name):
            assert part == show(node)
        elif isinstance(node, t.Script):
            assert part[0] == "_^"[node.upper]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("T^i_jk", ["T^i_jk", "^i", "i", "_jk", "jk"]),
        (r"T^\mu_\nu'", [r"T^\mu_\nu'", r"^\mu", r"\mu", r"_\nu'", r"\nu'"]),
        ("Tᵢ^iⱼ", ["Tᵢ^iⱼ", "^i", "i", "ⱼ", "ⱼ"]),
        ("sum_kl (x)", ["sum_kl (x)", "kl", "x"]),
        ("x⁻¹²", ["x⁻¹²", "x", "⁻¹²", "¹²"]),
        ("d[^i ^j, _k]", ["d[^i ^j, _k]", "^i ^j", "^i", "i", "^j", "j", "_k", "k"]),
        ("T_{k[ij] (ab)}", ["T_{k[ij] (ab)}", "_{k[ij] (ab)}", "k[ij]", "ij", "(ab)", "ab"]),
        ("a - b c", ["a - b c", "a", "b c", "b", "c"]),
        ("∂f/∂x_k", ["∂f/∂x_k", "f", "x_k"]),
        (" ∂_i (f) ", ["∂_i (f)", "i", "f"]),
    ],
)
def test_spans_of_parts(text: str, spans: list[str]) -> None:
    tree, findings = parse_expression(text)
    assert findings == []
    assert tree is not None
    parts = [node.span for node, _ in walk(tree)]
    assert sorted(text[s.start : s.end] for s in parts) == sorted(spans)


def test_spans_of_statements() -> None:
    text = "index i : s(L)  # c\r\n  tensor A[i] positive ; f(x) = x\rfunction g(x) = x"
    parsed, findings = parse_program(text)
    assert findings == []
    found = [text[s.span.start : s.span.end] for s in parsed.statements]
    assert found == ["index i : s(L)", "tensor A[i] positive", "f(x) = x", "function g(x) = x"]
    for s in parsed.statements:
        check_spans(text, s)
