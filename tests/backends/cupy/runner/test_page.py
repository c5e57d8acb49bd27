"""The example of docs/runner.md runs and prints what the page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends.cpp.batch import has_compiler

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")
def test_the_example_prints_what_the_page_says():
    page = (ROOT / "docs" / "runner.md").read_text("utf-8")
    found = re.search(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    done = subprocess.run([sys.executable, "-c", found[1]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == found[2]
