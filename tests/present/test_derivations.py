"""Derivations as text, LaTeX, Markdown and data: whole, in order, and well formed."""

import re
from pathlib import Path

import pytest

import indexcalc as ic
from indexcalc.calculus.closed import closed_derivation
from indexcalc.calculus.explain import derivation
from indexcalc.present.derive_json import derivation_data
from indexcalc.present.derive_latex import derivation_latex, derivation_markdown, find_latex, text_latex
from indexcalc.present.derive_text import derivation_text
from indexcalc.present.figures import multiplication_ratio
from indexcalc.present.look import Look

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
NAMES = ["attention", "layer_norm", "softmax_cross_entropy", "lora"]
LOOKS = {"unicode": Look(True, False, 100), "ascii": Look(False, False, 80), "colour": Look(True, True, 80)}


def derived(name):
    program = ic.parse((EXAMPLES / f"{name}.idx").read_text(encoding="utf-8"))
    return derivation(program, [t.name for t in program.tensors if not t.is_integer])


@pytest.fixture(scope="module", params=NAMES)
def found(request):
    return derived(request.param)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_text_has_every_statement_and_step(found, look):
    shown = derivation_text(found, look, steps=True)
    assert ("\x1b[" in shown) is look.colour
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    for name in found.result.outputs:
        assert re.search(rf"^{name}[\[ ]", plain, re.MULTILINE)
    told = sum(len(s.steps) for s in found.sections)
    assert len(re.findall(r"^ {1,2}\d+   ", plain, re.MULTILINE)) == told
    if not look.unicode:
        assert plain.isascii()
    too_wide = [line for line in plain.split("\n") if len(line) > look.width + 20]
    assert too_wide == []


def test_without_steps_only_the_program_is_shown(found):
    shown = derivation_text(found, LOOKS["ascii"], steps=False)
    assert "chain rule" not in shown
    assert len(shown.split("\n")) < 40


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_closed_form_has_results_first_and_what_they_share_below(look):
    found = derived("attention")
    lines = derivation_text(found, look, steps=False, closed=closed_derivation(found)).split("\n")
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    assert plain[0] == "grad_Q[i,d] = K[j,d] grad_S[i,j] / sqrt(D)"
    assert plain[3].startswith("matrix form   grad_Q = grad_S K / ")
    assert plain[plain.index("where") + 1].startswith("grad_S[i,j] = P[i,j] (V[j,a] grad_O[i,a]")
    assert "O[i,a] = P[i,j] V[j,a]" in plain[plain.index("from the forward program") :]
    if not look.unicode:
        assert "\n".join(plain).isascii()


def test_a_one_liner_shows_its_matrix_form():
    found = derivation(ic.parse("L = x[i] A[i,j] x[j]"), ("x",))
    shown = derivation_text(found, LOOKS["unicode"], steps=False).split("\n")
    assert shown[1] == "matrix form   grad_x = (A + Aᵀ) x"
    (entry,) = derivation_data(found, steps=False, sizes={})["statements"]
    assert entry["matrix_form"]["latex"] == r"\mathrm{grad}_{x} = \left(A + A^{\top}\right) x"
    assert r"\left(A + A^{\top}\right) x" in derivation_markdown(found, steps=False)


def test_the_shown_statements_read_back():
    found = derived("attention")
    shown = derivation_text(found, LOOKS["ascii"], steps=False).split("\n")
    lines = [re.split(r" {3,}", line)[0] for line in shown if re.match(r"\w+\[.*\] = ", line)]
    assert len(lines) >= 4
    for line in lines:
        assert ic.lint(line + "\n") == []


def balanced(latex):
    opened = []
    for mark, name in re.findall(r"\\(begin|end)\{([a-z*]+)\}", latex):
        if mark == "begin":
            opened.append(name)
        elif not opened or opened.pop() != name:
            return False
    bare = re.sub(r"\\[{}\\]", "", latex)
    return not opened and bare.count("{") == bare.count("}") and latex.count(r"\left") == latex.count(r"\right")


def test_the_latex_is_a_whole_document(found):
    latex = derivation_latex(found, steps=True)
    assert latex.startswith(r"\documentclass")
    assert latex.endswith("\\end{document}\n")
    assert balanced(latex)
    assert re.findall(r"\\usepackage(?:\[[^]]*\])?\{(\w+)\}", latex) == ["geometry", "amsmath"]
    assert latex.isascii()
    for block in re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", latex, re.DOTALL):
        for row in block.split(" \\\\\n"):
            inner = re.sub(r"\\begin\{cases\}.*?\\end\{cases\}", "", row).replace(r"\&", "")
            assert inner.count("&") == 1, row
    text = re.sub(r"\$[^$]*\$|\\begin\{align\*\}.*?\\end\{align\*\}", "", latex, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)[_^#%<>]", text.split(r"\begin{document}")[1])


def test_the_markdown_has_balanced_mathematics(found):
    page = derivation_markdown(found, steps=True)
    assert page.count("$$") % 2 == 0
    assert balanced(page.split("```")[0])
    assert page.count("```") == 2
    assert ic.parse(page.split("```")[1]).outputs == found.result.outputs


def test_data_says_the_same_as_the_program(found):
    data = derivation_data(found, steps=True, sizes={})
    assert [s["name"] for s in data["statements"]] == list(found.result.definitions)
    assert ic.parse(data["program"]) == found.result
    steps = [step for s in data["statements"] for step in s["steps"]]
    assert steps
    for step in steps:
        assert step["title"] and step["after"]


def test_attentions_backward_costs_twice_its_forward():
    assert multiplication_ratio(derived("attention"), {}) == pytest.approx(2.0, abs=0.05)
    # with all extents n: forward two products of n³ and scale and softmax of n²; backward four products and three of n²
    n = 64
    found = multiplication_ratio(derived("attention"), {"L": n, "D": n})
    assert found == pytest.approx((4 * n + 3) / (2 * n + 2), abs=1e-5)


@pytest.mark.parametrize("name", ["attention/causal_linear", "models/word2vec", "convolution/conv2d"])
def test_sums_up_to_an_index_gathers_and_windows_are_counted_as_they_are_emitted(name):
    text = (EXAMPLES / "gallery" / f"{name}.idx").read_text(encoding="utf-8")
    program = ic.parse(text)
    found = derivation(program, tuple(n for n, tensor in program.inputs.items() if not tensor.is_integer))
    assert multiplication_ratio(found, {}) == pytest.approx(2.0, abs=0.1)


def test_a_ratio_without_multiplications_is_none():
    assert multiplication_ratio(derivation(ic.parse("L = exp(x)"), ("x",)), {}) is None


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("∂L/∂x[k]", r"\frac{\partial L}{\partial x_{k}}"),
        ("∂loss/∂W_q[i, j]", r"\frac{\partial \mathrm{loss}}{\partial \mathrm{W\_q}_{i j}}"),
        ("∂O/∂α", r"\frac{\partial O}{\partial \alpha}"),
    ],
)
def test_what_is_sought(text, latex):
    assert find_latex(text) == latex


def test_text_for_latex():
    assert text_latex("a_b < c & Σ") == r"a\_b \textless{} c \& $\Sigma $"


def test_where_a_line_came_from_tells_a_matrix_from_its_transpose():
    found = derivation(ic.parse("L = x[i] A[i,j] x[j]"), ("x",), kind="hessian")
    shown = derivation_text(found, LOOKS["unicode"], steps=False)
    assert "from grad_x[i] = (A[j,i] + A[i,j]) x[j]" in shown
    assert "forward mode: reverse mode takes as many multiplications" in shown


def test_large_ratios_are_whole_numbers_and_readers_are_listed():
    assert "\n512 × the forward's multiplications" in derivation_text(
        derivation(ic.parse("p[v] = softmax[v](z[v])"), ("z",), kind="jacobian"), LOOKS["unicode"], steps=False
    )
    program = ic.parse((EXAMPLES / "softmax_cross_entropy.idx").read_text(encoding="utf-8"))
    shown = derivation_text(derivation(program, ("x", "W"), kind="hvp"), LOOKS["unicode"], steps=False)
    assert re.search(r"read by \w+, \w+ and \w+$", shown, re.MULTILINE)
