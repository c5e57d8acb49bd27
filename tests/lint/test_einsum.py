"""Rules over einsum strings: what is flagged, where, with which fix, and what is left alone."""

import numpy as np
import pytest

from indexcalc.lint.run import lint_source
from indexcalc.lint.settings import Settings
from indexcalc.lint.source import Source

HEAD = "import numpy as np\nimport torch\nimport jax.numpy as jnp\nimport einops\n"


def lint(call, profile="ml"):
    return lint_source(Source(HEAD + call, kind="python"), Settings(profile=profile))


def codes(call, profile="ml"):
    return [(d.code, d.severity) for d in lint(call, profile)]


def marked(call):
    (found,) = lint(call)
    text = HEAD + call
    return text[found.span.start : found.span.end]


def fixed(call):
    (found,) = lint(call)
    text = HEAD + call
    span = found.fix_span or found.span
    return (text[: span.start] + found.fix + text[span.end :]).removeprefix(HEAD)


@pytest.mark.parametrize(
    ("call", "code", "severity", "place"),
    [
        ("np.einsum('ij->i->j', A)", "IX401", "error", "->"),
        ("np.einsum('i.j->i', A)", "IX401", "error", ".j"),
        ("torch.einsum('...a...->a', A)", "IX401", "error", "..."),
        ("np.einsum('ij,jk->il', A, B)", "IX402", "error", "l"),
        ("np.einsum('ij->ik', A)", "IX402", "error", "k"),
        ("np.einsum(A, [0, 1], [0, 2])", "IX402", "error", "2"),
        ("einops.einsum(A, B, 'a b, b c -> a d')", "IX402", "error", "d"),
        ("np.einsum('ij,jk->ik', A)", "IX403", "error", "ij,jk"),
        ("np.einsum('ij->i', A, B)", "IX403", "error", "ij"),
        ("jnp.einsum('...MN,...NC->...NC', attention, values)", "IX404", "error", "M"),
        ("torch.einsum('nls,ncs->nls', attention, feat)", "IX404", "error", "c"),
        ("np.einsum('cij,qjk->qik', A, B)", "IX404", "warning", "c"),
        ("np.einsum('zu,zvj->zvj', A, B)", "IX404", "warning", "u"),
        ("np.einsum('ab,acd->ab', A, B)", "IX404", "warning", "c"),
        ("np.einsum('kj,j->j', A, x)", "IX404", "warning", "k"),
        ("np.einsum('...ij,...i->...', A, x)", "IX404", "warning", "j"),
        ("np.einsum('ab,cd->abc', A, B)", "IX404", "warning", "d"),
        ("np.einsum('ij,i->i', A, x)", "IX404", "warning", "j"),
        ("np.einsum('ij,jk->ij', A, B)", "IX410", "error", "j"),
        ("np.einsum('bij,bjk->bij', A, B)", "IX410", "error", "j"),
        ("torch.einsum('...ij,...j->i', A, x)", "IX405", "warning", "i"),
        ("np.einsum('i->ii', x)", "IX412", "error", "i"),
        ("np.einsum('kij', A)", "IX407", "warning", "kij"),
        ("np.einsum('jb,ba', A, B)", "IX407", "warning", "jb,ba"),
        ("np.einsum('...i,...i', A, B)", "IX407", "warning", "...i,...i"),
        ("np.einsum('aB,Bc,cD', A, B, C)", "IX408", "warning", "aB,Bc,cD"),
        ("np.einsum('i,j', x, y)", "IX411", "note", "i,j"),
    ],
)  # fmt: skip
def test_each_rule_marks_its_place(call, code, severity, place):
    assert codes(call) == [(code, severity)]
    assert marked(call) == place


@pytest.mark.parametrize(
    "call",
    [
        "np.einsum('ij,jk->ik', A, B)", "np.einsum('ij->', A)", "np.einsum(',ij->', 2, A)", "np.einsum('ij,->i', A, 3)",
        "np.einsum('ij->i', A)", "np.einsum('ij,ij->ij', A, B)", "np.einsum('ii->i', A)", "np.einsum('ij,jk', A, B)",
        "np.einsum('ij,ij', A, B)", "torch.einsum('i...->i', A)", "np.einsum('...ij,...jk->...ik', A, B)",
        "np.einsum(f'{n}ij,jk->ij', A, B)", "self.einsum('ij,jk->ik', A)", "torch.einsum('ij,jk->ik', operands)",
        "self.e_einsum('i.j', x)", "np.einsum('ijk,jl,kl->il', A, B, C)", "np.einsum('i,ij,j->', x, A, y)",
        "np.einsum('ij,i->', A, x)", "np.einsum('ij->i', [x, y])",
        "np.einsum('zri,z->izr', A, x)",
        "np.einsum('ij,jk->ik', *pair)", "einops.einsum(A, B, 'a b, b c -> a c')",
    ],
)  # fmt: skip
def test_right_calls_are_left_alone(call):
    assert codes(call) == []


@pytest.mark.parametrize(
    ("call", "after"),
    [
        ("einops.einsum(a, b, 'o dim_in, dim_inn -> o')", "einops.einsum(a, b, 'o dim_in, dim_in -> o')"),
        ("jnp.einsum('...MN,...NC->...NC', a, v)", "jnp.einsum('...MN,...NC->...MC', a, v)"),
        ("torch.einsum('nls,ncs->nls', a, v)", "torch.einsum('nls,ncs->nlc', a, v)"),
        ("np.einsum('ij,jk->ij', A, B)", "np.einsum('ij,jk->ik', A, B)"),
        ("np.einsum('ij,jk->il', A, B)", "np.einsum('ij,jk->ik', A, B)"),
        ("torch.einsum('...ij,...j->i', A, x)", "torch.einsum('...ij,...j->...i', A, x)"),
        ("np.einsum('kij', A)", "np.einsum('kij->ijk', A)"),
        ("np.einsum('...i,...i', A, B)", "np.einsum('...i,...i->...', A, B)"),
        ("np.einsum('aB,Bc,cD', A, B, C)", "np.einsum('aB,Bc,cD->Da', A, B, C)"),
    ],
)
def test_fixes_are_edits_of_the_string(call, after):
    assert fixed(call) == after
    assert codes(after) == []


def test_a_string_in_pieces_has_no_fix_and_still_a_hint():
    (found,) = lint("np.einsum('ij,' 'jk->ij', A, B)")
    assert found.fix is None
    assert found.hint == "`ij,jk->ik`"


@pytest.mark.parametrize("text", ["kij", "jb,ba", "aB,Bc,cD", "i,j", "...i,...i"])
def test_safe_fixes_compute_the_same(text):
    """Oracle: NumPy, on the string before and after."""
    (found,) = lint(f"np.einsum({text!r}, {', '.join('xyz'[: text.count(',') + 1])})")
    assert found.safe
    draw = np.random.default_rng(0)
    sizes = {c: n for n, c in enumerate("aBcDijkb", 2)}
    arrays = [draw.standard_normal([5] * part.count("...") + [sizes[c] for c in part.replace("...", "")])
              for part in text.split(",")]  # fmt: skip
    before, after = np.einsum(text, *arrays), np.einsum(found.fix, *arrays)
    assert before.shape == after.shape
    assert np.array_equal(before, after)


@pytest.mark.parametrize("call", ["np.einsum('kij', A)", "np.einsum('i,j', x, y)", "np.einsum('aB,Bc,cD', A, B, C)"])
def test_implicit_mode_is_usual_in_chemistry(call):
    assert codes(call, "chemistry") == []


def test_how_a_finding_reads():
    (found,) = lint("output = jnp.einsum('...MN,...NC->...NC', attention, values)")
    assert str(found) == (
        "<input>:5:25: error IX404: index `M` is summed in one operand only\n"
        "   |\n"
        " 5 | output = jnp.einsum('...MN,...NC->...NC', attention, values)\n"
        "   |                         ^~    ~\n"
        "   |                         summed here; the result keeps `N` instead\n"
        "  why: `values` is only scaled by sums of `attention` over `M`; nothing is contracted.\n"
        "  help: `...MN,...NC->...MC`   [unsafe fix]"
    )


def test_layers_that_take_the_sizes_as_a_dictionary():
    text = "from einops.layers.flax import Rearrange\n\ny = Rearrange('b (h c) -> b h c', sizes=dict(c=5))(x)"
    assert lint_source(Source(text, kind="python")) == []


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ("np.einsum('ij jk->ik', A, B)", "blanks mean nothing between letters, commas part operands: `ij,jk`"),
        ("np.einsum('ij,jk->ik', A)", "one part between commas for each operand"),
        ("np.einsum('ij,jk-ik', A, B)", "write `->` before the labels of the result"),
        ("np.einsum('ij,jk>ik', A, B)", "write `->` before the labels of the result"),
        ("np.einsum('..ij->ij', A)", "three dots stand for all axes without a label"),
        ("np.einsum('BHTD,BHSD->BHTT', A, B)", "did you mean `S`, which the result lacks?"),
    ],
)
def test_slips_of_punctuation_are_told_once_and_how_to_mend_them(call: str, hint: str) -> None:
    (told,) = lint_source(Source(f"import numpy as np\n{call}", kind="python"))
    assert told.hint == hint
