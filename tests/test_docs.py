"""The documentation says what is so: its programs read, its links lead somewhere, its generated pages are fresh."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import indexcalc as ic
from docs.generate import pages

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")])
FENCE = re.compile(r"^```idx\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")
PROGRAMS = [(page.name, n, text) for page in PAGES for n, text in enumerate(FENCE.findall(page.read_text("utf-8")))]
GENERATED = pages()


@pytest.mark.parametrize(("page", "number", "text"), PROGRAMS, ids=[f"{p}-{n}" for p, n, _ in PROGRAMS])
def test_a_program_gives_exactly_the_codes_that_its_comments_name(page, number, text):
    said = set(re.findall(r"#(?! ix: ignore).*?(IX\d{3})", text))
    assert {d.code for d in ic.lint(text, kind="idx") if d.severity == "error"} == said, page


def test_programs_are_seen():
    assert len(PROGRAMS) > 8


@pytest.mark.parametrize("page", [*PAGES, *(ROOT / "docs").glob("*/*.md")], ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_to_files(page):
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    broken = [link for link in LINK.findall(prose) if not (page.parent / link).exists()]
    assert broken == []


def test_files_that_the_architecture_names_are_there():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = re.findall(r"`([a-z_/]+(?:/|\.py))`", page)
    assert len(named) > 40
    assert [n for n in named if not (ROOT / n).exists() and not (ROOT / "indexcalc" / n).exists()] == []


@pytest.mark.parametrize("name", GENERATED)
def test_generated_pages_are_fresh(name):
    assert (ROOT / "docs" / name).read_text("utf-8") == GENERATED[name](), "run `make docs`"


@pytest.mark.parametrize("folder", ["gallery", "lint"])
def test_no_generated_page_is_left_over(folder):
    written = {f"{folder}/{path.name}" for path in (ROOT / "docs" / folder).iterdir()}
    assert written == {name for name in GENERATED if name.startswith(f"{folder}/")}


def test_the_tour_runs():
    tour, imported, fast = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len([line for line in tour.splitlines() if line and "import" not in line]) <= 10
    done = subprocess.run([sys.executable, "-c", tour], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "grad_W[m, f] = " in done.stdout
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", imported], cwd=ROOT, capture_output=True, text=True)
    assert f"```python\n{imported}```\n\n```text\n{done.stdout}```\n" in (ROOT / "README.md").read_text("utf-8")
    fast = fast.replace('"cpp"', '"numpy"')  # tests of the C++ backend ask for a compiler themselves
    done = subprocess.run([sys.executable, "-c", fast], cwd=ROOT, capture_output=True, text=True)
    assert "'grad_V': (1000, 64)" in done.stdout, done.stderr


def sessions():
    """Commands with what the pages say that they print; the size of a rounding error depends on the machine."""
    for page in ("README.md", "docs/cli.md"):
        for block in re.findall(r"^```text\n(\$ .*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                yield command.partition("\n")[::2]


@pytest.mark.parametrize(("command", "printed"), list(sessions()))
def test_what_the_pages_print_is_what_the_commands_print(command, printed):
    arguments = [sys.executable, "-m", *shlex.split(command)]
    done = subprocess.run(
        arguments,
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "100", "PYTHONUTF8": "1"},
    )
    rounding = re.compile(r"\d+e-1[56]")
    assert rounding.sub("ε", done.stdout).rstrip() == rounding.sub("ε", printed).rstrip()


def shell_commands():
    for block in re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL):
        yield from (line for line in block.splitlines() if line.startswith("indexcalc "))


@pytest.mark.parametrize("command", list(shell_commands()))
def test_the_readmes_commands_run(command):
    arguments = [sys.executable, "-m", *shlex.split(command)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "COLUMNS": "116"})
    assert done.returncode == ("broken" in command), done.stderr
    assert done.stdout


def test_the_example_attention_in_the_language_page_is_the_example():
    page = (ROOT / "docs" / "language.md").read_text("utf-8")
    code = [line.split("#")[0].strip() for line in FENCE.findall(page)[0].splitlines()]
    example = (ROOT / "examples" / "attention.idx").read_text("utf-8").splitlines()
    assert [line for line in code if line] == [line for line in example if line and not line.startswith("#")]


def test_the_pre_commit_hook_takes_every_kind_of_file():
    from indexcalc.lint.source import KINDS

    hook = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    pattern = re.compile(re.search(r"files: (.*)", hook)[1])
    assert all(pattern.search(f"a/b{ending}") for ending in KINDS)
    assert not pattern.search("a.pyc")
    arguments = re.search(r"entry: indexcalc (.*)", hook)[1].split() + re.search(r"args: \[(.*)\]", hook)[1].split(", ")
    done = subprocess.run(
        [sys.executable, "-m", "indexcalc", *arguments, "examples/attention.idx"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_settings_that_the_page_shows_are_understood(tmp_path):
    from indexcalc.lint.config import _KEYS, read_config

    (text,) = re.findall(
        r"^```toml\n(.*?)^```$", (ROOT / "docs" / "cli.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    assert read_config(str(tmp_path / "pyproject.toml")).findings == ()
    assert all(re.search(rf"^(\[tool\.indexcalc\.)?{key}\b", text, re.MULTILINE) for key in _KEYS)
