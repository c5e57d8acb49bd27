"""Sources that are made to be slow or to need much memory.  Each was chosen so that time that grows with the square of
its size would be minutes: that the test ends is part of what it says.
"""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexcalc.cli.main import cli
from indexcalc.diagnostics import Diagnostic
from indexcalc.lint.run import lint
from indexcalc.paper import document
from indexcalc.paper.macros import Macros, TooLarge
from indexcalc.paper.tex import tokenise

NUMPY = "import numpy as np\n"
EINOPS = "from einops import rearrange\n"
MANY = 10_000


def codes(text: str, kind: str = "python") -> set[str]:
    return {d.code for d in found(text, kind)}


def found(text: str, kind: str = "python") -> list[Diagnostic]:
    return lint(text + "\n", kind=kind)


def test_long_einsum_strings() -> None:
    assert codes(f"{NUMPY}np.einsum('{'i' * MANY}->i', a)") == set()
    assert codes(f"{NUMPY}np.einsum('{'ij,' * MANY}jk', *a)") == {"IX409"}
    letters = "".join(chr(0x4E00 + k) for k in range(MANY))
    assert codes(f"{NUMPY}np.einsum('{letters}->{letters[::-1]}', a)") == {"IX409"}
    assert codes(f"{NUMPY}np.einsum('{'i' * 200_000}', a)") == {"IX401"}  # beyond the limit


def test_long_patterns() -> None:
    names = [f"a{k}" for k in range(MANY // 4)]
    assert codes(f"{EINOPS}rearrange(x, '{' '.join(names)} -> {' '.join(names[::-1])}')") == set()
    assert codes(f"{EINOPS}rearrange(x, '{'(' * MANY}a{')' * MANY} -> a')") == {"IX401"}


def test_constants_of_constants_that_double() -> None:
    lines = ["s0 = 'ij,'", *(f"s{k + 1} = f'{f'{{s{k}}}' * 8}'" for k in range(9)), "np.einsum(s9, a)"]
    assert codes(NUMPY + "\n".join(lines)) == set()  # a string of 10**8 characters is not put together
    assert codes(f"{NUMPY}s = 'ij->k'\nt = f'{{s}}'\nnp.einsum(t, a)") == {"IX402"}
    assert codes(f"{NUMPY}s = s + 'ij->k'\nnp.einsum(s, a)") == set()


def test_one_name_bound_and_called_many_times() -> None:
    text = "x = np.einsum('ij->k', x)\n" * 1000
    assert len([d for d in found(NUMPY + text) if d.code == "IX402"]) >= 1000
    others = "import m as np\nimport n as np\n"
    assert codes(others + NUMPY + text) == codes(NUMPY + text)  # the last one counts


@pytest.mark.parametrize(
    ("quote", "expected"), [("'", {"IX013"}), ('"', {"IX013"}), ("'''", set()), ('"""', set())], ids=repr
)
def test_a_string_that_nothing_closes(quote: str, expected: set[str]) -> None:
    text = f"x = {quote}" + f"\\{quote[0]}" * MANY + "\n# ix: ignore[IX404]"  # a mark, if the string has ended
    assert codes(text) == {"IX020", *expected}


def test_marks_behind_an_open_string_count() -> None:
    assert "IX013" in codes("it's  \n# ix: ignore[IX404]")


def test_many_marks_in_one_statement() -> None:
    lines = "1,  # ix: ignore[IX402]\n" * 1000
    assert [d.code for d in found(f"x = (\n{lines})") if d.code == "IX013"] == ["IX013"] * 1000
    assert "IX013" not in codes(f"{NUMPY}x = (np.einsum('ij->k', a),\n{lines})")  # each of them takes it back


def test_macros_that_write_too_much() -> None:
    macros = Macros()
    macros.read(r"\def\a#1{" + "#1" * 5000 + "}", 0)
    with pytest.raises(TooLarge):
        macros.expand(tokenise(r"\a{" + "x" * 5000 + "}"))
    assert len(macros.expand(tokenise(r"\a{x}"))) == 5000


@pytest.mark.parametrize("length", [10, 240, 260, 1990, 2010, 19_000])
def test_the_length_of_a_definition_changes_nothing(length: int) -> None:
    text = r"\newcommand{\a}[1]{" + "x" * length + "#1} y"
    macros = Macros()
    assert macros.read(text, 0) == text.index(" y")
    assert len(macros.expand(tokenise(r"\a{z}"))) == length + 1


def test_many_definitions() -> None:
    names = [chr(97 + k // 676) + chr(97 + k // 26 % 26) + chr(97 + k % 26) for k in range(5000)]
    text = "".join(rf"\newcommand{{\{name}}}{{x_{{i}}}}" + "\n" for name in names)
    assert codes(rf"{text}\[ A_{{ij}} = B_{{ik}} C_{{kl}} \]", "latex") == {"IX101"}


def test_environments_that_do_not_end() -> None:
    text = r"\begin{equation} a_i = b_j " * MANY
    assert codes(text, "latex") == set()
    assert codes(text + r"\end{equation} \begin{align} A_{ij} = B_{ik} C_{kl} \end{align}", "latex") != set()


def test_a_script_of_many_letters() -> None:
    assert codes(f"$a_{{{'ij' * 5000}}} = b_i$", "latex") == set()


def test_many_paragraphs_and_fences() -> None:
    assert codes("$a\n\n" * 10_000, "markdown") == set()
    fence = "```python\nimport numpy as np\nnp.einsum('ij->k', a)\n```\n\n"
    assert len(found(fence * 500, "markdown")) == 500


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.py")
    assert lint(tmp_path / "a.py") == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("name", ["pyproject.toml", ".gitignore", "base.json"])
def test_pipes_in_the_place_of_settings_are_not_waited_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    os.mkfifo(name)
    Path("a.py").write_text(f"{NUMPY}np.einsum('ij->k', a)\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["lint", "--baseline", "base.json", "--format", "concise", "."])
    assert result.exit_code == 2  # there is no baseline
    assert "a.py:2:16: error IX402" in result.stdout


def test_patterns_that_are_none_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    Path("a.py").write_text(f"{NUMPY}np.einsum('ij->k', a)\n", encoding="utf-8")
    Path(".gitignore").write_text("[z-a]\n", encoding="utf-8")
    settings = '[tool.indexcalc]\nexclude = ["[z-a]"]\nper-file-ignores = {"[z-a]" = ["IX4"]}\n'
    Path("pyproject.toml").write_text(settings, encoding="utf-8")
    result = CliRunner().invoke(cli, ["lint", "--exclude", "[z-a]", "--format", "concise", "."])
    assert result.exit_code == 1 and "a.py:2:16: error IX402" in result.stdout


def test_a_baseline_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["lint", "--baseline", str(tmp_path / "no" / "b.json"), "--write-baseline", "x=1"])
    assert result.exit_code == 2 and "b.json: error: No such file" in result.stderr


def test_files_that_a_paper_cannot_read_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper = tmp_path / "paper.tex"
    paper.write_text(r"\input{other} $A_{ij} = B_{ik} C_{kl}$", encoding="utf-8")
    (tmp_path / "other.tex").write_text(r"\def\a{}", encoding="utf-8")
    (tmp_path / "other.tex").chmod(0)
    monkeypatch.setattr(document, "open", _no_permission, raising=False)
    assert [d.code for d in lint(paper)] == ["IX101"]
    paper.write_bytes(b"\xff\xfe" + "\\input{a\0b} $A_{ij} = B_{ik} C_{kl}$".encode("utf-16-le"))
    assert [d.code for d in lint(paper)] == ["IX101"]


def _no_permission(*given: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_comment_with_many_blanks() -> None:
    assert codes(f"# ix: S[i] = a[i]{' ' * 200_000}b") == {"IX432"}
