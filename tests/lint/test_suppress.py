"""`# ix: ignore[…]`: what it hides, what it does not, and that an idle one is told."""

import pytest

from indexcalc.lint.run import lint

BAD = "S[i, j] = Q[i, d] K[k, d]"


def codes(text):
    return [d.code for d in lint(text)]


@pytest.mark.parametrize(
    "mark",
    ["# ix: ignore[IX101]", "#ix:ignore[IX101]", "# scores; ix: ignore[IX101]", "# ix: ignore[IX101] on purpose"],
)
def test_a_mark_hides_its_code_on_its_line(mark):
    assert codes(f"{BAD}  {mark}") == []


def test_other_lines_and_codes_are_told():
    other = BAD.replace("S", "T")
    assert codes(f"{BAD}  # ix: ignore[IX101]\n{other}") == ["IX101"]
    assert codes(f"{BAD}  # ix: ignore[IX102]") == ["IX101", "IX013"]


def test_several_codes():
    assert codes("a / b c  # ix: ignore[IX107, IX506]") == []
    found = lint("a / b c  # ix: ignore[IX107, IX506, IX301]")
    assert [d.code for d in found] == ["IX013"]
    assert "IX301" in found[0].message
    assert "IX107" not in found[0].message


def test_a_mark_without_codes_does_nothing_and_says_so():
    found = lint(f"{BAD}  # ix: ignore")
    assert [d.code for d in found] == ["IX101", "IX013"]
    assert found[1].severity == "warning"
    assert "name the codes" in found[1].hint


def test_what_cannot_be_read_is_never_hidden():
    assert "IX001" in codes("y[i] = (x[i]  # ix: ignore[IX001]")
    assert codes("y[i] = (x[i]  # ix: ignore[IX101]\nz = w") == ["IX001"]  # what else is there was not looked for


def test_the_linters_own_findings_can_be_hidden():
    assert codes("index q : n(N)\ny[i] = 2 x[i]") == ["IX591"]
    assert codes("index q : n(N)  # ix: ignore[IX591]\ny[i] = 2 x[i]") == []


def test_words_outside_comments_are_no_marks():
    assert codes("y[i] = 2 x[i]  # fix: ignore[IX101]") == []


@pytest.mark.parametrize("blanks", ["", " ", "  ", "\t"])
def test_a_mark_is_no_formula_that_code_is_held_against(blanks: str) -> None:
    text = (
        f"import numpy as np\ny = np.einsum('ij->k', x)  # ix:{blanks}ignore[IX402]\n# ix:{blanks}ignore[IX402]\n{{}}\n"
    )
    found = lint(text.format("y = np.einsum('ij->k', x)"), kind="python")
    assert {d.code for d in found} <= {"IX404"}
