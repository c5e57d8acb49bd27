"""Which formulas and fences a Markdown text holds, and where."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexcalc.paper.inline import formulas
from indexcalc.paper.markdown import read_markdown


def formulas_in(text: str) -> list[str]:
    return [text[f.start : f.end] for f in formulas(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("let $x_i = y_i$ and $z$.", ["$x_i = y_i$", "$z$"]),
        ("`$x$` and ``a ` $y$`` but $z$", ["$z$"]),
        ("an open ` tick and $z$", ["$z$"]),
        (r"\$5 and $x\$y$", [r"$x\$y$"]),
        ("it costs $5 or $6, not $x$", ["$x$"]),
        ("from $5 to 6$2 each", []),
        ("$ x_i $ with spaces, $x $ is none", ["$ x_i $"]),
        (r"\(a\) \\(b\\) \[c\] \\[d\\]", [r"\(a\)", r"\\(b\\)", r"\[c\]", r"\\[d\\]"]),
        (r"\(never closed, $x$", ["$x$"]),
        ("$`a_i`$ and $$b\nc$$", ["$`a_i`$", "$$b\nc$$"]),
        (r"so \begin{align*}a&=b\end{align*} and \begin{itemize}", [r"\begin{align*}a&=b\end{align*}"]),
        ("<!-- $x$ --> $y$", ["$y$"]),
    ],
)
def test_formulas_of_a_paragraph(text, expected):
    assert formulas_in(text) == expected


BLOCKS = r"""
> quoted
> $$
> a_i = b_i
> - c_i
> $$

1. item
   ```math
   x_i
   = y_j
   ```

$$
a
= b
$$ {#eq:one}

\begin{align}
a &= b \\
+ c
\end{align}

    $indented code$

~~~text
$fenced$
~~~
# heading $h$
"""
SEEN = r"""

  $$
  a_i = b_i
  - c_i
  $$


   \[
   x_i
   = y_j
   \]

$$
a
= b
$$

\begin{align}
a &= b \\
+ c
\end{align}






          $h$
"""


def test_formulas_stay_at_their_places():
    latex = read_markdown(BLOCKS).latex
    assert [line.rstrip() for line in latex.split("\n")] == SEEN.split("\n")
    assert len(latex) == len(BLOCKS)


def test_line_ends_stay_as_they_are():
    assert read_markdown("a\r\n$x$\rb\n\f$y$").latex == " \r\n$x$\r \n $y$"


def test_a_mark_for_the_linter_is_a_comment_of_latex():
    assert read_markdown("<!-- ix: ignore[IX101] -->").latex == "%    ix: ignore[IX101]    "
    assert read_markdown("<!-- ix: index i : n --> $x$").latex.strip() == "$x$"  # a comment would swallow the formula
    assert read_markdown("<!-- other -->").latex.strip() == ""


def test_fences_keep_their_indentation():
    text = "- list\n  ```python\n  if x:\n      y\n  ```\n```idx\na = b\n```\n```math\nx\n```\n"
    python, idx = read_markdown(text).fences
    assert (python.language, python.text) == ("python", "if x:\n    y")
    assert (idx.language, idx.text) == ("idx", "a = b")
    for piece in (*python.pieces, *idx.pieces):
        assert text[piece.offset :].startswith(piece.text)


@pytest.mark.parametrize(
    ("info", "language"), [("Python title=x", "python"), ("{code-cell} ipython3", "code-cell"), ("", "")]
)
def test_languages_of_fences(info, language):
    assert read_markdown(f"```{info}\nx\n```").fences[0].language == language


def test_a_fence_that_is_never_closed_is_no_formula():
    assert read_markdown("```math\nx_i = y_j").latex.strip() == ""


PARTS = ["$", "$$", "\\(", "\\)", "\\[", "\\]", "`", "```", "\n", "\r\n", "> ", "- ", "    ", "\t", "a_i", "é", "\\"]
PARTS += ["\\begin{align}", "\\end{align}", "<!--", "-->", "<div>", "math", "# ", "\0", "\f", "ix:", "---", "=="]


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join))
@example("$$\n\n$$")
@example("> ```math\n> x\n```")
def test_any_text_is_markdown(text):
    """The LaTeX text has the length and the line ends of the source, and what it keeps stands in the source."""
    markdown = read_markdown(text)
    assert len(markdown.latex) == len(text)
    ends = [(k, c) for k, c in enumerate(text) if c in "\r\n"]
    assert [(k, c) for k, c in enumerate(markdown.latex) if c in "\r\n"] == ends
    for there, seen in zip(text, markdown.latex):
        assert seen in (there, " ", "\\", "[", "]", "$", "%", "\ufffd")
    for fence in markdown.fences:
        assert all(text.replace("\0", "\ufffd").startswith(p.text, p.offset) for p in fence.pieces if "\t" not in text)


@pytest.mark.parametrize(
    "unit",
    ["$", "$$\n", "`", "\\[\n", "\\begin{align}\n", "$x$ ", "> ", "<!--", "- $$\n", "``` ", "\\(", "$`", "`` ` "],
)
def test_the_time_is_linear(unit):
    """Doubling such a text does not make each character dearer: no mark is searched for again and again."""
    calls = {n: _steps(unit * n) for n in (400, 1600)}
    assert calls[1600] < 4.6 * calls[400] + 2000


def _steps(text: str) -> int:
    """Lines of Python that reading executes: a measure of time that no other load disturbs."""
    import sys

    count = 0

    def trace(frame, event, arg):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        read_markdown(text)
    finally:
        sys.settrace(before)
    return count
