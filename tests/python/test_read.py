"""Calls of Python files: which are found, their strings with places, their operands."""

import ast
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexcalc.diagnostics import IndexCalcError
from indexcalc.python.read import mask_magics, read_module

HEAD = "import numpy as np\nimport torch\nimport einops\nfrom einops import rearrange as R\n"


def calls(source):
    return read_module(source).calls


def only(source):
    (call,) = calls(source)
    return call


@pytest.mark.parametrize(
    ("source", "function", "dialect"),
    [
        ("import numpy as np\nnp.einsum('ij->i', A)", "numpy.einsum", "einsum"),
        ("import numpy\nnumpy.einsum('ij->i', A)", "numpy.einsum", "einsum"),
        ("import jax.numpy as jnp\njnp.einsum('ij->i', A)", "jax.numpy.einsum", "einsum"),
        ("import jax\njax.numpy.einsum('ij->i', A)", "jax.numpy.einsum", "einsum"),
        ("import tensorflow as tf\ntf.einsum('ij->i', A)", "tensorflow.einsum", "einsum"),
        ("from torch import einsum\neinsum('ij->i', A)", "torch.einsum", "einsum"),
        ("from torch import einsum as E\nE('ij->i', A)", "torch.einsum", "einsum"),
        ("import torch\neinsum = torch.einsum\neinsum('ij->i', A)", "torch.einsum", "einsum"),
        ("import torch\nt = torch\nf = t.einsum\nf('ij->i', A)", "torch.einsum", "einsum"),
        ("import numpy as np\nfrom functools import partial\nE = partial(np.einsum, optimize=True)\nE('ij->i', A)",
         "numpy.einsum", "einsum"),
        ("from opt_einsum import contract\ncontract('ij->i', A)", "opt_einsum.contract", "einsum"),
        ("import opt_einsum as oe\noe.contract_path('ij->i', A)", "opt_einsum.contract_path", "einsum"),
        ("from fancy_einsum import einsum\neinsum('pos d -> pos', A)", "fancy_einsum.einsum", "fancy_einsum"),
        ("from einops import einsum\neinsum(A, 'a b -> a')", "einops.einsum", "einops.einsum"),
        ("from einops import rearrange as R\nR(x, 'a b -> b a')", "einops.rearrange", "einops.rearrange"),
        ("import einops\neinops.reduce(x, 'a b -> b', 'max')", "einops.reduce", "einops.reduce"),
        ("import einops\neinops.unpack(x, ps, 'b *')", "einops.unpack", "einops.unpack"),
        ("from einops.layers.torch import Rearrange\nRearrange('a b -> b a')", "einops.layers.torch.Rearrange",
         "einops.Rearrange"),
        ("import einx\neinx.sum('a [b]', x)", "einx.sum", "einx.sum"),
        ("class A:\n def __init__(self): self.e = torch.einsum\n def f(self, x): return self.e('ij->i', x)",
         "torch.einsum", "einsum"),
        ("np.einsum('ij->i', A)", "numpy.einsum", "einsum"),  # an excerpt without its imports
        ("self.b.einsum('ij,jk->ik', x, y)", "self.b.einsum", "einsum"),
        ("self.q_einsum('BTD,NDH->BTNH', x)", "self.q_einsum", "einsum"),
        ("einsum('b pos d, d e -> b pos e', x, y)", "einsum", "fancy_einsum"),
        ("x.rearrange('a b -> b a')", "x.rearrange", "einops.rearrange"),
    ],
)  # fmt: skip
def test_calls_are_found_behind_their_aliases(source, function, dialect):
    call = only(source)
    assert (call.function, call.dialect) == (function, dialect)
    assert call.problem is None
    assert call.spec is not None


@pytest.mark.parametrize(
    "source",
    [
        "from functools import reduce\nreduce(lambda a, b: a + b, 'a -> b')",
        "x.contract('ij,jk->ik')",
        "x.repeat('a, b')",
        "np.einsum(spec, A)",
        "np.einsum(*args)",
        "einsum_cache('clear')",
        "my_einsum('some text, which is no spec!')",
        "# np.einsum('ij->i', A)\nx = \"np.einsum('ij->i', A)\"",
        "np.einsum(A, labels, B, [0, 1])",
        "einx.jit('a b')",
        "import pytest\nwith pytest.raises(ValueError):\n    np.einsum('ij->k', A)",
        "assert_raises(ValueError, lambda: np.einsum('ij->k', A))",
        "def t(self):\n    with self.assertRaisesRegex(ValueError, 'x'), f():\n        np.einsum('ij->k', A)",
    ],
)
def test_other_calls_are_left_alone(source):
    assert calls(HEAD + source) == ()


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ("'ij,jk->ik'", "ij,jk->ik"),
        ("'ij,' 'jk->ik'", "ij,jk->ik"),
        ("('ij,'  # rows\n   'jk->ik')", "ij,jk->ik"),
        ("r'ij,jk->ik'", "ij,jk->ik"),
        ("'''ij,jk->ik'''", "ij,jk->ik"),
        (r"'i\x6a,\u006ak->i\N{LATIN SMALL LETTER K}'", "ij,jk->ik"),
        ("'ij,\\\njk->ik'", "ij,jk->ik"),
        (r"'\151j,jk->ik'", "ij,jk->ik"),
        ("'ij' + ',jk' + '->ik'", "ij,jk->ik"),
        ("'i%s,jk->%sk' % (J, 'i')", "ij,jk->ik"),
        ("'i{},{x}k->ik'.format('j', x=J)", "ij,jk->ik"),
        ("f'i{J},{J}k->ik'", "ij,jk->ik"),
        ("f'i{\"j\"},jk->ik'", "ij,jk->ik"),
        ("WHOLE", "ij,jk->ik"),
        ("LEFT + 'ik'", "ij,jk->ik"),
    ],
)
def test_strings_are_read_as_python_reads_them(argument, text):
    source = HEAD + f"J = 'j'\nWHOLE = 'ij,jk->ik'\nLEFT = 'ij,jk->'\nnp.einsum({argument}, A, B)"
    call = only(source)
    assert call.string.text == text
    assert call.string.whole
    assert call.spec is not None
    assert len(call.string.offsets) == len(text) + 1


@pytest.mark.parametrize(
    "argument",
    ["f'i{n},jk->ik'", "f'i{J!r},jk->ik'", "'i%s,jk' % n", "'i%d' % 3", "'i{0.x},j'.format(n)", "'ij,' + n",
     "f'{J:>3},j'", "'{}{}'.format('i')"],
)  # fmt: skip
def test_unknown_parts_are_holes(argument):
    call = only(HEAD + f"J = 'j'\nnp.einsum({argument}, A, B)")
    assert "{…}" in call.string.text
    assert not call.string.whole
    assert call.spec is None and call.problem is None


@pytest.mark.parametrize(
    "binding",
    ["S = 'ij->i'\nS = 'ij->j'", "for S in x: pass", "S = 'ij->i'\nS += 'k'", "def S(): pass", "with f() as S: pass",
     "S = 'ij->i' if x else 'ij->j'", "S = 'ij->i'\ndef g():\n    global S\n    S = 'ij->j'"],
)  # fmt: skip
def test_a_name_that_may_be_something_else_is_not_followed(binding):
    assert calls(HEAD + binding + "\nnp.einsum(S, A)") == ()


def test_names_are_those_of_their_scope():
    source = HEAD + (
        "S = 'ij->i'\n"
        "class A:\n"
        "    S = 'ij->j'\n"
        "    def f(self): return np.einsum(S, x), np.einsum(self.S, x)\n"
        "    def g(self, S): return np.einsum(S, x)\n"
        "def h():\n"
        "    S = 'ij->ji'\n"
        "    return np.einsum(S, x)\n"
    )
    assert [c.string.text for c in calls(source)] == ["ij->i", "ij->j", "ij->ji"]


@pytest.mark.parametrize(
    ("arguments", "text", "operands"),
    [
        ("A, [0, 1], B, [1, 2], [0, 2]", "[0, 1], [1, 2] -> [0, 2]", ["A", "B"]),
        ("A, [0, 1], B, [1, 2]", "[0, 1], [1, 2]", ["A", "B"]),
        ("A, [..., 0], [Ellipsis]", "[..., 0] -> [...]", ["A"]),
        ("A, (i, j), [j, i]", "[i, j] -> [j, i]", ["A"]),
    ],
)
def test_lists_of_labels(arguments, text, operands):
    call = only(HEAD + f"np.einsum({arguments})")
    assert call.string.text == text
    assert [a.name for a in call.operands] == operands
    assert call.spec is not None and call.dialect == "sublist"


def test_the_place_of_each_character():
    source = HEAD + "é = np.einsum('αβ,'\n\t\t'\\x62β->α', é)  # ∂\r\nR(é, '''(h d) é\r\n->h d é''')"
    first, second = calls(source)
    assert first.string.text == "αβ,bβ->α"
    assert [source[o] for o in first.string.offsets] == ["α", "β", ",", "\\", "β", "-", ">", "α", "'"]
    module = read_module(source)
    span = first.string.span(module.lines, 3, 4)
    assert (span.line, span.column) == (6, 4)
    assert second.string.text == "(h d) é\n->h d é"
    assert second.string.span(module.lines, 6, 7).line == 7
    assert [source[a.span.start : a.span.end] for c in (first, second) for a in c.operands] == ["é", "é"]


def test_a_byte_order_mark_shifts_nothing():
    source = "\ufeffnp.einsum('ij->i', A)"
    span = only(source).place(0, 2)
    assert source[span.start : span.end] == "ij"
    assert (span.line, span.column) == (1, 12)


@given(st.text(st.sampled_from("aij,->.\\'\"\n\té{}λ"), max_size=12), st.sampled_from(["'", '"', "'''", '"""']),
       st.sampled_from(["", "r", "R", "u", "f", "rf", "Fr"]))  # fmt: skip
def test_literals_mean_what_python_says(body, quote, prefix):
    """Oracle: Python's own reading of the literal."""
    literal = f"{prefix}{quote}{body}{quote}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(f"np.einsum({literal}, A)", mode="eval").body
    except SyntaxError:
        return
    assert isinstance(tree, ast.Call)
    if not isinstance(tree.args[0], ast.Constant) and not isinstance(tree.args[0], ast.JoinedStr):
        return
    if isinstance(tree.args[0], ast.JoinedStr):
        if any(not isinstance(v, ast.Constant) for v in tree.args[0].values):
            return
        value = "".join(v.value for v in tree.args[0].values)
    else:
        value = tree.args[0].value
    source = f"np.einsum({literal}, A)"
    (call,) = calls(source)
    assert call.string.text == value
    for k, character in enumerate(value):
        written = source[call.string.offsets[k]]
        assert written == character or written == "\\" or (written, character) == ("\n", "\n")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("np.einsum('a,b,c', self.W_query[0].T, -x.transpose(1, 2), f(y))", ["W_query", "x", ""]),
        ("torch.einsum('a,b', [q / 2, k.to(v)])", ["q", "k"]),
        ("torch.einsum('a', einops.rearrange(q, 'a b -> b a'))", ["q"]),
    ],
)
def test_names_of_operands(source, names):
    assert [a.name for a in calls(HEAD + source)[0].operands] == names


@pytest.mark.parametrize(
    ("source", "complete"),
    [
        ("np.einsum('a,b', x, y)", True), ("np.einsum('a,b', *x)", False), ("self.einsum('a,b', x)", False),
        ("einsum('a,b', x, y)", True), ("def einsum(a, b): pass\neinsum('a,b', x, y)", False),
        ("flax.einsum('a,b', x)", False),
    ],
)  # fmt: skip
def test_whether_all_operands_are_seen(source, complete):
    assert only(HEAD + source).complete is complete


@pytest.mark.parametrize(
    "source",
    ["print 'x'", "def f(:", "x = '", "a\0b", "-" * 100_000 + "x", "x" + ".a" * 100_000, "(" * 1000, "x = \xa0 1",
     "    x", "if 1:\n" + "".join(" " * i + "if 1:\n" for i in range(1, 120)), "einsum(" * 500],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_python_is_one_finding(source):
    with pytest.raises(IndexCalcError) as caught:
        read_module(source + "\n# einsum")
    (found,) = caught.value.diagnostics
    assert found.code == "IX020"
    assert found.span is not None
    assert found.span.start <= len(source) + 10


@pytest.mark.parametrize(
    "line",
    ["%matplotlib inline", "!pip install x", "?np.einsum", "np.einsum?", "%time x = 1", "files = !ls", "a, b = %f x"],
)
def test_magics_are_masked(line):
    cell = f"if x:\n    {line}\n    y = np.einsum('ij->i', é)"
    masked = mask_magics(cell)
    assert len(masked) == len(cell)
    assert masked.splitlines()[2] == cell.splitlines()[2]
    assert len(calls(masked)) == 1


@pytest.mark.parametrize(
    "cell", ["x = (a\n  % 3)", "x = 5 % y", "x = a != b", "y = x\\\n  != 3", "@decorate\ndef f(): pass"]
)
def test_python_is_not_masked(cell):
    assert mask_magics(cell) == cell


def test_cells_in_other_languages_are_blank():
    assert mask_magics("%%bash\nls ?\n").strip() == ""
    assert "x = 1" in mask_magics("%%time\nx = 1")


@pytest.mark.parametrize("unit", ["a", "aB", "ab,", "a, ", "->", "a ", "_1", "  "])
@pytest.mark.parametrize("call", ["torch.einsum", "einsum", "self.einsum"])
def test_long_strings_take_linear_work(call, unit):
    """Expressions that read a long word to its end from each of its letters would take minutes here."""
    text = unit * (90_000 // len(unit)) + "!"
    assert len(read_module(f"import torch\ny = {call}('{text}', x)\n").calls) <= 1
