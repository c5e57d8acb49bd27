"""The Python blocks of docs/importers.md print what stands behind them."""

import contextlib
import io
import re
import warnings
from pathlib import Path

import torch

PAGE = Path(__file__).resolve().parents[2] / "docs" / "importers.md"
BLOCK = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_block_prints_what_stands_behind_it():
    page = PAGE.read_text("utf-8")
    blocks = [(m[1], m[2], page[: m.start(1)].count("\n")) for m in BLOCK.finditer(page)]
    assert len(blocks) == page.count("```python") >= 6
    before, seed = torch.get_default_dtype(), torch.random.get_rng_state()
    namespace = {"__name__": "page"}
    try:
        for source, printed, line in blocks:
            out = io.StringIO()
            with contextlib.redirect_stdout(out), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(compile("\n" * line + source, str(PAGE), "exec"), namespace)
            assert out.getvalue() == printed, source
    finally:
        torch.set_default_dtype(before)
        torch.random.set_rng_state(seed)
