"""What is said of files before their first character is read, and of the linter's own marks."""

from __future__ import annotations

from ..registry import page

RULES = (
    page(
        "IX010",
        name="kind-not-linted",
        summary="a kind of source that the command cannot read",
        why="The kind follows from the file's ending. A file of a kind that is not understood is refused rather than "
        "read as if it were a program.",
        bad="indexcalc derive paper.tex --wrt W",
        good="indexcalc derive model.idx --wrt W",
        source="files",
    ),
    page(
        "IX011",
        name="unreadable-file",
        summary="a file is missing, is a folder, or may not be read",
        why="A name that is no readable file is told as a finding, so that a list of files is linted to its end.",
        bad="indexcalc lint no_such_file.idx",
        good="indexcalc lint model.idx",
        source="files",
    ),
    page(
        "IX012",
        name="not-text",
        summary="a file's bytes are no UTF-8 text (nor UTF-16 with a byte order mark)",
        why="Guessing an encoding would change names without a word. The place of the first bad byte is told.",
        bad="printf '\\xff\\xfe\\xff' > bytes.idx; indexcalc lint bytes.idx",
        good="iconv -f latin1 -t utf-8 old.idx > model.idx; indexcalc lint model.idx",
        source="files",
    ),
    page(
        "IX013",
        name="idle-ignore",
        summary="a `# ix: ignore[…]` mark that suppresses nothing",
        why="A mark that outlives its finding would hide the next one of its kind. A mark always names its codes.",
        bad="y[i] = A[i, j] x[j]  # ix: ignore[IX101]",
        good="y[i] = A[i, j] x[j]",
        source="linter",
        severity="warning",
    ),
    page(
        "IX014",
        name="broken-settings",
        summary="a pyproject.toml that names indexcalc is no TOML",
        why="Settings that cannot be read would silently be others. The files are linted without them, and the exit "
        "code is 2.",
        bad='[tool.indexcalc]\nselect = ["IX4"',
        good='[tool.indexcalc]\nselect = ["IX4"]',
        source="files",
    ),
    page(
        "IX015",
        name="unknown-setting",
        summary="a key or a value under [tool.indexcalc] that means nothing",
        why="A misspelt key would leave the default in place without a word. The other settings hold, and the "
        "exit code is 2.",
        bad='[tool.indexcalc]\nprofil = "chemistry"',
        good='[tool.indexcalc]\nprofile = "chemistry"',
        source="files",
    ),
    page(
        "IX016",
        name="linter-failed",
        summary="the linter itself failed on a file",
        why="A mistake of indexcalc, not of the file. The other files are linted to their end. Please report it with "
        "the file that shows it.",
        bad="indexcalc lint strange.py   # internal error",
        good="indexcalc lint --exclude strange.py .",
        source="files",
    ),
    page(
        "IX017",
        name="unreadable-baseline",
        summary="the file of `--baseline` is missing, or was not written by `--write-baseline`",
        why="Without its baseline a run would tell every old finding as new, or none at all.",
        bad="indexcalc lint --baseline missing.json .",
        good="indexcalc lint --baseline old.json --write-baseline .",
        source="files",
    ),
    page(
        "IX020",
        name="not-python",
        summary="a Python file that Python cannot parse",
        why="Calls are found in the syntax tree, so that nothing is taken for a call that is none. A file of Python 2, "
        "a template, or one that is nested too deep has no tree, and nothing else in it is checked.",
        bad="print 'scores'",
        good="print('scores')",
        source="files",
        language="python",
    ),
    page(
        "IX029",
        name="broken-notebook",
        summary="a file is no Jupyter notebook: broken JSON, or no cells in it",
        why="A notebook is JSON with a list of cells. One that was cut off, or in which a merge left its marks, "
        "opens in no editor, and none of its cells can be linted.",
        bad="printf '{' > cut.ipynb; indexcalc lint cut.ipynb",
        good="indexcalc lint analysis.ipynb",
        source="files",
    ),
)
