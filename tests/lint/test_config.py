"""`[tool.indexcalc]`: what each key does, and what is said of one that means nothing."""

from pathlib import Path

import pytest

from indexcalc.diagnostics import Diagnostic
from indexcalc.lint.batch import Batch, Request
from indexcalc.lint.config import Configs, read_config
from indexcalc.lint.settings import Settings

BAD = "S[i, j] = Q[i, d] K[k, d]\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")


def found(*sources: str, **asked: object) -> list[Diagnostic]:
    batch = Batch(sources, Request(**asked))  # type: ignore[arg-type]
    return [*batch.findings, *(d for _, outcome in batch.run() for d in outcome.findings)]


def test_every_key(here: Path) -> None:
    config(
        here,
        '[project]\nname = "x"\n[tool.indexcalc]\nprofile = "chemistry"\ntarget = ["numpy", "torch"]\n'
        'select = ["IX1", "ix404"]\n'
        'ignore = "IX105"\nstrict = true\nexclude = ["old/"]\nrespect-gitignore = false\nbaseline = "known.json"\n'
        '[tool.indexcalc.per-file-ignores]\n"tests/**" = ["IX101"]\n',
    )
    read = Configs().of(".")
    assert read.findings == ()
    expected = Settings("chemistry", ("numpy", "torch"), ("IX1", "IX404"), ("IX105",), True)
    assert read.settings("a.py", {}) == expected
    assert read.settings("tests/deep/a.py", {}).ignore == ("IX105", "IX101")
    assert read.settings(None, {"profile": "ml", "ignore": ("IX9",)}) == Settings(
        "ml", ("numpy", "torch"), ("IX1", "IX404"), ("IX9",), True
    ), "the command line comes first"
    assert (read.exclude, read.gitignore, read.baseline) == (("old/",), False, "known.json")


def test_the_profile_strict_is_strict(here: Path) -> None:
    config(here, '[tool.indexcalc]\nprofile = "strict"\n')
    assert Configs().of(".").settings("a.idx", {}).strict


def test_the_nearest_file_that_names_indexcalc_holds(here: Path) -> None:
    config(here, '[tool.indexcalc]\nignore = ["IX101"]\n')
    config(here / "sub", "[tool.other]\nx = 1\n")
    config(here / "own", "[tool.indexcalc]\n")
    for name in ("a.idx", "sub/b.idx", "own/c.idx"):
        (here / name).write_text(BAD)
    assert [d.file for d in found(".")] == ["own/c.idx"]
    assert [d.file for d in found("sub/b.idx")] == []
    assert len(found(".", isolated=True)) == 3


def test_a_text_has_the_settings_of_the_working_folder(here: Path) -> None:
    from indexcalc.lint.source import Source

    config(here, '[tool.indexcalc]\nignore = ["IX101"]\n')
    assert found(Source(BAD)) == []  # type: ignore[arg-type]


def test_folders_are_walked_as_configured(here: Path) -> None:
    config(here / "p", '[tool.indexcalc]\nexclude = ["/old"]\nper-file-ignores = {"x.idx" = ["IX101"]}\n')
    for name in ("a.idx", "x.idx", "old/b.idx", "sub/old/c.idx"):
        (here / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (here / "p" / name).write_text(BAD)
    assert [d.file for d in found("p")] == ["p/a.idx", "p/sub/old/c.idx"]


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ('profil = "ml"', "no such setting: `profil`", "did you mean `profile`?"),
        ("respect_gitignore = true", "no such setting: `respect_gitignore`", "did you mean `respect-gitignore`?"),
        ('profile = "chemisty"', "`profile` cannot be `chemisty`", "did you mean `chemistry`?"),
        ("profile = 3", "`profile` cannot be this value", "one of ml"),
        ('target = ["numpi"]', "`target` cannot be `numpi`", "did you mean `numpy`?"),
        ('ignore = ["E501"]', "`E501` is no code", "codes look like"),
        ('ignore = ["IX999"]', "no code is or begins with `IX999`", ""),
        ("select = 4", "`select` has to be a list", "select = ["),
        ('strict = "yes"', "`strict` has to be true or false", "strict = true"),
        ("baseline = 1", "`baseline` has to be a text", "baseline = "),
        ("per-file-ignores = 1", "`per-file-ignores` has to be a table", "[tool.indexcalc.per-file-ignores]"),
        ('"per-file-ignores" = {"a.py" = ["X"]}', "`X` is no code", ""),
    ],
)
def test_what_means_nothing_is_told_at_its_place(here: Path, line: str, message: str, hint: str) -> None:
    config(here, f"[tool.x]\nprofil = 1\n\n[tool.indexcalc]\n\n{line}\n")
    (here / "a.idx").write_text("")
    (finding,) = found("a.idx")
    assert (finding.code, finding.severity, finding.file) == ("IX015", "error", "pyproject.toml")
    assert finding.message.startswith(message)
    assert hint in finding.hint
    assert finding.span is not None and finding.span.line == 6
    assert finding.source is not None
    key = line.split("=")[0].strip().strip('"')
    assert finding.source[finding.span.start : finding.span.end] == key


def test_the_other_settings_hold(here: Path) -> None:
    config(here, '[tool.indexcalc]\nnonsense = 1\nignore = ["IX101"]\n')
    (here / "a.idx").write_text(BAD)
    assert [d.code for d in found(".")] == ["IX015"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[tool.indexcalc\nx = 1", "IX014", 1),
        ('[tool.indexcalc]\nselect = ["IX4"', "IX014", None),
        ("tool = 3 # indexcalc", "IX014", None),
        ("[tool]\nindexcalc = 3", "IX015", None),
    ],
)
def test_a_broken_file_is_told_once(here: Path, text: str, code: str, line: int | None) -> None:
    config(here, text)
    for name in ("a.idx", "b.idx"):
        (here / name).write_text(BAD)
    told = found(".")
    assert [d.code for d in told] == [code, "IX101", "IX101"]
    assert line is None or (told[0].span is not None and told[0].span.line == line)


def test_a_file_in_another_encoding_is_told(here: Path) -> None:
    (here / "pyproject.toml").write_bytes("[tool.indexcalc]\n# é\n".encode("latin-1"))
    read = read_config("pyproject.toml")
    assert read is not None and [d.code for d in read.findings] == ["IX012"]


def test_no_file_says_nothing(here: Path) -> None:
    assert read_config("pyproject.toml") is None
    config(here, "[tool.other]\n")
    assert read_config("pyproject.toml") is None


def test_a_profile_changes_what_the_rules_say() -> None:
    """Also of findings that the reader makes, whose rules are pages only."""
    from indexcalc.lint.registry import rules

    changed = [(code, profile, told) for code, r in rules().items() for profile, told in r.profiles.items()]
    assert changed
    for code, profile, severity in changed:
        found = Settings(profile).told(Diagnostic(code, "m", severity="note" if severity != "note" else "error"))
        assert (found.severity if found is not None else "off") == severity
    assert Settings("ml", ignore=("IX1",)).told(Diagnostic("IX101", "m")) is None
