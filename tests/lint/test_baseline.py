"""A baseline knows findings again by their lines, and counts equal ones."""

from pathlib import Path

from indexcalc.diagnostics import Diagnostic, Span
from indexcalc.lint.baseline import read_baseline, without_known, write_baseline


def finding(text: str, word: str, file: str = "a.py", code: str = "IX404") -> Diagnostic:
    at = text.rindex(word)
    return Diagnostic(code, "m", Span.of(text, at, at + len(word)), file=file, source=text)


def test_equal_findings_are_counted(tmp_path: Path) -> None:
    path = str(tmp_path / "known.json")
    one = finding("f(x)", "x", str(tmp_path / "a.py"))
    assert write_baseline(path, [one, one]) == 2
    known = read_baseline(path)
    assert without_known([one] * 2, known, str(tmp_path)) == []
    assert without_known([one] * 3, known, str(tmp_path)) == [one]


def test_what_makes_a_finding_another_one(tmp_path: Path) -> None:
    path = str(tmp_path / "known.json")
    here = str(tmp_path / "a.py")
    write_baseline(path, [finding("f(x)", "x", here)])
    known = read_baseline(path)

    def new(*told: Diagnostic) -> int:
        return len(without_known(told, known, str(tmp_path)))

    assert new(finding("import f\n\n   f(x)  \n", "x", here)) == 0, "moved and indented"
    assert new(finding("f(y) + 1", "y", here)) == 1
    assert new(finding("f(x)", "x", here, code="IX405")) == 1
    assert new(finding("f(x)", "x", str(tmp_path / "b.py"))) == 1


def test_the_file_is_the_same_text_for_the_same_findings(tmp_path: Path) -> None:
    told = [finding("f(x)", "x", f"{name}.py") for name in "cab"]
    one, other = tmp_path / "one", tmp_path / "other"
    write_baseline(str(one), told)
    write_baseline(str(other), reversed(told))
    assert one.read_bytes() == other.read_bytes()


def test_a_finding_without_a_place_is_known_by_its_message(tmp_path: Path) -> None:
    path = str(tmp_path / "known.json")
    told = Diagnostic("IX012", "no text", file=str(tmp_path / "a.py"))
    write_baseline(path, [told])
    assert without_known([told], read_baseline(path), str(tmp_path)) == []


def test_a_very_long_line_is_compared_by_the_part_around_the_place(tmp_path: Path) -> None:
    path = str(tmp_path / "known.json")
    text = "y" * 100_000 + "x" + "z" * 100_000
    write_baseline(path, [finding(text, "x", str(tmp_path / "a.py"))])
    changed = finding("w" * 50_000 + text, "x", str(tmp_path / "a.py"))
    assert without_known([changed], read_baseline(path), str(tmp_path)) == []
