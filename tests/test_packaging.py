"""What pyproject.toml says about the package agrees with the folders."""

import importlib
import re
import tomllib
from pathlib import Path

import indexcalc

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_is_listed():
    inside = {".".join(p.parent.relative_to(ROOT).parts) for p in (ROOT / "indexcalc").rglob("__init__.py")}
    folders = {".".join(p.parent.relative_to(ROOT).parts) for p in (ROOT / "indexcalc").rglob("*.py")}
    assert folders == inside, "a folder without __init__.py is not installed"
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == inside | {"indexcalc.grammar", "indexcalc.examples"}


def test_mapped_folders_exist_and_hold_what_is_packaged():
    mapping = PYPROJECT["tool"]["setuptools"]["package-dir"]
    for package, patterns in PYPROJECT["tool"]["setuptools"]["package-data"].items():
        for pattern in patterns:
            assert list((ROOT / mapping[package]).glob(pattern)), f"{package}: nothing matches {pattern}"


def test_the_version_is_the_packages():
    assert PYPROJECT["project"]["version"] == indexcalc.__version__


def test_the_command_exists():
    module, function = PYPROJECT["project"]["scripts"]["indexcalc"].split(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_pinned_versions_are_allowed_ones():
    names = {re.split(r"[<>=~! ]", line)[0] for group in PYPROJECT["project"]["optional-dependencies"].values()
             for line in (*group, *PYPROJECT["project"]["dependencies"])}  # fmt: skip
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
              if line and not line.startswith("#")}  # fmt: skip
    assert pinned == {n for n in names if not n.startswith("cupy")}
