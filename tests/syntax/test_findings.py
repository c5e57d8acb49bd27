"""Faulty programs: the exact code, place, message and hint of every finding, and how many statements stay good."""

from __future__ import annotations

import pytest

from indexcalc.diagnostics import Span
from indexcalc.syntax.parse import MAX_FINDINGS, parse_expression, parse_program

HIDDEN = "a character that does not show: remove it"
OPERAND = "expected a name, a number or `(`"
END_HERE = "`)` is missing before the end of the statement"
AFTER_VALUE = "expected an operator or the end of the statement"

# text, good statements, then for each finding: code, line, column, end column, message, hint
COMMAND = r"names may be Greek letters: \alpha, alpha or α; LaTeX is linted with --kind latex"
DOLLAR = "a formula in LaTeX is of the kind latex: `indexcalc lint --kind latex`, or a file that ends in .tex"
FAULTS = [
    ("y = (a + b", 0, [("IX001", 1, 5, 6, "this `(` is never closed", END_HERE)]),
    (
        "y[i] = sum[k](A[i,k] x[k]\nz = a b\nw[i = c[i]\nv = 1",
        2,
        [
            ("IX001", 1, 14, 15, "this `(` is never closed", END_HERE),
            ("IX001", 3, 2, 3, "this `[` is never closed", "`]` is missing before `=`"),
        ],
    ),
    (
        "y = a + b)\nz = (a]",
        0,
        [
            ("IX001", 1, 10, 11, "`)` closes nothing", "remove it, or open the bracket before it"),
            ("IX001", 2, 5, 6, "this `(` is never closed", "`)` is missing before `]`"),
        ],
    ),
    ("y = (a\n(b = c)\nz = 1", 1, [("IX001", 2, 1, 2, "this `(` is never closed", "`)` is missing before `=`")]),
    ("y = a; * b", 1, [("IX001", 1, 8, 9, "unexpected `*`", OPERAND)]),
    ("y = a +\nz = b", 1, [("IX001", 1, 7, 8, "nothing follows `+`", OPERAND)]),
    ("y = a and\nindex i : s", 1, [("IX001", 1, 7, 10, "nothing follows `and`", OPERAND)]),
    (
        "y[i] = a[i]\r\n\t- b[i]\r\n* c",
        1,
        [
            (
                "IX001",
                2,
                2,
                3,
                "a line cannot start with `-`",
                "end the line before with `-`, or open a bracket there",
            ),
            (
                "IX001",
                3,
                1,
                2,
                "a line cannot start with `*`",
                "end the line before with `*`, or open a bracket there",
            ),
        ],
    ),
    (
        "y = x 2\ny = 2 3\ny = x[i] 2",
        0,
        [
            ("IX001", 1, 7, 8, "a number cannot follow `x` without an operator", "write * 2"),
            ("IX001", 2, 7, 8, "a number cannot follow `2` without an operator", "write * 3"),
            ("IX001", 3, 10, 11, "a number cannot follow `]` without an operator", "write * 2"),
        ],
    ),
    (
        "y[i] = x[i]^n\ny[i] = x[i]^{2}\ny = (a)^i",
        0,
        [
            ("IX001", 1, 12, 13, "an upper index needs a bare name before it", "for a power write ** or ^( )"),
            ("IX001", 2, 12, 14, "an upper index needs a bare name before it", "for a power write ** or ^( )"),
            ("IX001", 3, 8, 9, "an upper index needs a bare name before it", "for a power write ** or ^( )"),
        ],
    ),
    ("y = sum[k] x[k]", 0, [("IX001", 1, 12, 13, "`sum[k]` needs its body in brackets", "write sum[k](…)")]),
    ("y = sum_{k} x_k", 0, [("IX001", 1, 13, 16, "`sum_{k}` needs its body in brackets", "write sum_{k}(…)")]),
    ("a = b = c", 0, [("IX001", 1, 7, 8, "a statement has one `=`", "for equality in a condition write ==")]),
    (
        "y = a $ b; z = x_; w = 1",
        1,
        [
            ("IX002", 1, 7, 8, "unexpected character `$` (U+0024)", DOLLAR),
            ("IX002", 1, 17, 18, "unexpected character `_` (U+005F)", "an underscore joins letters: x_i or x_{i j}"),
        ],
    ),
    (
        "y = a * / b\nz = f(a,, b)\nindex : seq\nok = 1",
        1,
        [
            ("IX001", 1, 9, 10, "unexpected `/`", OPERAND),
            ("IX001", 2, 9, 10, "unexpected `,`", OPERAND),
            ("IX001", 3, 7, 8, "unexpected `:`", "expected a name"),
        ],
    ),
    (
        'y = "a"\ny = (a)[i]\ny = x[i][j]\nT_{ij}[k] = 1',
        0,
        [
            ("IX001", 1, 5, 8, 'unexpected `"a"`', OPERAND),
            ("IX001", 2, 8, 9, "slots need a bare name before them", "give the expression a name first: t[i] = …"),
            ("IX001", 3, 9, 10, "slots need a bare name before them", "give the expression a name first: t[i] = …"),
            ("IX001", 4, 7, 8, "slots need a bare name before them", "give the expression a name first: t[i] = …"),
        ],
    ),
    (
        "y = x[i]'\nindex i : a(3), j",
        0,
        [
            (
                "IX001",
                1,
                9,
                10,
                "a prime goes on a name",
                "write A'[i, j] for the transpose; give a product a name first",
            ),
            ("IX001", 2, 15, 16, "unexpected `,`", "expected the end of the statement"),
        ],
    ),
    ("tensor A[i,j] symmetric(x)", 0, [("IX001", 1, 25, 26, "unexpected `x`", "expected a number")]),
    ("y = \x1b x", 0, [("IX002", 1, 5, 6, "unexpected character U+001B", HIDDEN)]),
    ("y = \u202e x", 0, [("IX002", 1, 5, 6, "unexpected character U+202E", HIDDEN)]),
    ("index", 0, [("IX001", 1, 6, 6, "the statement ends too early", "expected a name")]),
    ("metric g", 0, [("IX001", 1, 9, 9, "the statement ends too early", "expected `:`")]),
    ("tensor A[i], ", 0, [("IX001", 1, 12, 13, "nothing follows `,`", "expected a name")]),
    ("function 3", 0, [("IX001", 1, 10, 11, "unexpected `3`", "expected a function's name")]),
    (
        r"y = \foo x",
        0,
        [("IX002", 1, 5, 9, r"unknown command `\foo`", COMMAND)],
    ),
    ("y = ∑ x", 0, [("IX002", 1, 5, 6, "unexpected character `∑` (U+2211)", "write sum[k](…)")]),
    ("y = ½ x", 0, [("IX002", 1, 5, 6, "unexpected character `½` (U+00BD)", "write 1/2")]),
    (
        "y = Aᵀ",
        0,
        [
            (
                "IX002",
                1,
                6,
                7,
                "unexpected character `ᵀ` (U+1D40)",
                "write the indices: xᵀ A x is x[i] A[i,j] x[j], and A'[i,j] the transpose",
            )
        ],
    ),
    ('y = "ab', 0, [("IX002", 1, 5, 6, 'unexpected character `"` (U+0022)', "this string is never closed")]),
    (
        "y = a if b else c",
        0,
        [("IX001", 1, 7, 9, "`if` is not a word of the language", "write where(condition, a, b)")],
    ),
    ("y = +a", 0, [("IX001", 1, 5, 6, "unexpected `+`", OPERAND)]),
    ("y = a not b", 0, [("IX001", 1, 7, 10, "unexpected `not`", AFTER_VALUE)]),
    (
        "y = x_{2i}",
        0,
        [
            (
                "IX001",
                1,
                8,
                10,
                "`2i` in braces may mean one slot or two",
                "write 2*i for a multiple, 2 i for two slots",
            )
        ],
    ),
    (
        "∂^i_j f\n∂f/∂inv(A)[i,j]",
        0,
        [
            ("IX001", 1, 1, 6, "∂ takes one script", "write one ∂ for each index: ∂_i ∂_j f"),
            (
                "IX001",
                2,
                5,
                16,
                "∂ differentiates with respect to a tensor's component",
                "write ∂f/∂x_k, or diff(f, x[k])",
            ),
        ],
    ),
    ("\ufeffy = )", 0, [("IX001", 1, 5, 6, "`)` closes nothing", "remove it, or open the bracket before it")]),
]


@pytest.mark.parametrize(("text", "good", "wanted"), FAULTS, ids=[repr(f[0]) for f in FAULTS])
def test_fault(text: str, good: int, wanted: list[tuple[str, int, int, int, str, str]]) -> None:
    parsed, findings = parse_program(text, "a.idx")
    told = []
    for f in findings:
        assert f.span is not None
        assert (f.file, f.source, f.severity) == ("a.idx", text, "error")
        told.append((f.code, f.span.line, f.span.column, f.span.end_column, f.message, f.hint))
    assert told == wanted
    assert len(parsed.statements) == good


def test_a_finding_shows_its_line() -> None:
    _, (finding,) = parse_program("a = 1\r\ny[i] = sum[k](A[i,k] x[k]\r\nb = 2\r\n", "m.idx")
    assert str(finding) == (
        "m.idx:2:14: error IX001: this `(` is never closed\n"
        "   |\n"
        " 2 | y[i] = sum[k](A[i,k] x[k]\n"
        "   |              ^\n"
        "  help: `)` is missing before the end of the statement"
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_and_columns_do_not_depend_on_line_ends(newline: str) -> None:
    text = newline.join(["a = 1", "\x0cb = 2", "c = (", "", "d = 3"])
    parsed, (finding,) = parse_program(text)
    assert [s.span.line for s in parsed.statements] == [1, 2, 5]
    assert parsed.statements[1].span.column == 2
    assert finding.span == Span(text.index("("), text.index("(") + 1, 3, 5, 3, 6)
    assert " 3 | c = (" in str(finding)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an expression is expected here"),
        ("# nothing\n", "an expression is expected here"),
        ("a\nb", "the expression has ended before `b`"),
        ("a; b", "the expression has ended before `b`"),
        ("a\n+ b", r"a line cannot start with `+`"),
        ("a = b", "unexpected `=`"),
        ("index i : s", "unexpected `index`"),
        ("f(x) = 1", "unexpected `=`"),
    ],
)
def test_expression_faults(text: str, message: str) -> None:
    tree, (finding,) = parse_expression(text)
    assert tree is None
    assert (finding.code, finding.message, finding.source) == ("IX001", message, text)


def test_every_broken_statement_is_told_up_to_a_limit() -> None:
    n = MAX_FINDINGS
    _, findings = parse_program("\n".join(["y = a * / b"] * n))
    assert [(f.code, f.span.line) for f in findings if f.span] == [("IX001", k + 1) for k in range(n)]
    parsed, findings = parse_program("\n".join(["x = 1", *["y = a * / b"] * (n + 5)]))
    assert len(parsed.statements) == 1
    assert findings[-1].code == "IX009"
    assert findings[-1].message == f"more than {n} statements cannot be read; reading stops here"
