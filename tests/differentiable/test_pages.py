"""The example and the page of `ic.as_torch_function` run."""

import re
import runpy
from pathlib import Path

import pytest

pytest.importorskip("torch")

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_runs(capsys):
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs" / "pytorch.md").read_text("utf-8"), re.M | re.S)
    assert len(blocks) == 1
    exec(compile(blocks[0], "pytorch.md", "exec"), {"__name__": "page"})
    assert capsys.readouterr().out == "torch.Size([24, 8])\n"


@pytest.mark.parametrize("backend", ["torch", "numpy"])
def test_the_example_learns(backend):
    train = runpy.run_path(str(ROOT / "examples" / "train_head.py"))["train"]
    before, after = train(backend, 60)
    assert after < before / 4
