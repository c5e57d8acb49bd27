"""Builds the parsers' tables beside the package; everything else about the build is in pyproject.toml."""

import compileall
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildTables(build_py):
    """Writes the tables of indexcalc/syntax: into the wheel, or into the source tree of an editable install."""

    def run(self):
        super().run()
        sys.path.insert(0, str(ROOT))
        try:
            from indexcalc.syntax import tables
        finally:
            sys.path.remove(str(ROOT))
        target = ROOT if self.editable_mode else Path(self.build_lib)
        tables.write(target / "indexcalc" / "syntax")
        if self.editable_mode:  # as pip does with a wheel: where Python may write no bytecode, each start would compile
            compileall.compile_dir(str(ROOT / "indexcalc"), quiet=1)


setup(cmdclass={"build_py": BuildTables})
