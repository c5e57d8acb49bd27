"""Names that are almost another name, and einsum strings inside of programs."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexcalc.lint.rules.near import _is_slip, near_pairs
from indexcalc.lint.run import lint


def codes(text):
    return [d.code for d in lint(text)]


@pytest.mark.parametrize(
    ("one", "two", "slip"),
    [
        ("scores", "scroes", True), ("scores", "score_s", True), ("weight", "weigth", True), ("weight", "wight", True),
        ("hidden", "hiddem", True), ("scores", "score", False), ("key_1", "key_2", False),
        ("x_query", "y_query", False),
        ("grad_Q", "grad_K", False), ("layer1", "layer2", False), ("weight", "height", True), ("first", "third", False),
        ("in_dim", "in_dimm", True), ("abcde", "abdce", True), ("abcde", "bacde", True), ("abcde", "axyde", False),
        ("abccbaab", "abcbaabb", False), ("abc11x", "abc1x", False),
    ],
)  # fmt: skip
def test_slips_and_names_that_differ_on_purpose(one, two, slip):
    assert near_pairs([one], [two]) == ({one: [two]} if slip else {})
    assert near_pairs([two], [one]) == ({two: [one]} if slip else {})


NAMES = st.text("abc_1", min_size=3, max_size=9)


@example("abc_bca", [(3, 1, "")])
@given(NAMES, st.lists(st.tuples(st.integers(0, 8), st.integers(0, 2), st.text("abc_1", max_size=2)), max_size=6))
def test_what_is_not_compared_is_no_slip(name, changes):
    """Names are looked up by what is left of them; comparing each with each finds the same."""
    names = list(dict.fromkeys([name, *(name[:at] + put + name[at + n :] for at, n, put in changes)]))
    every = {one: [two for two in names if two != one and _is_slip(one, two)] for one in names}
    assert all(one_slip(one, two) for one, found in every.items() for two in found)
    assert {k: sorted(v) for k, v in near_pairs(names, names).items()} == {k: sorted(v) for k, v in every.items() if v}


def one_slip(one, two):
    """One letter lost, added or changed, or two neighbours exchanged."""
    lost = {one[:n] + one[n + 1 :] for n in range(len(one))}
    added = {two[:n] + two[n + 1 :] for n in range(len(two))}
    changed = len(one) == len(two) and sum(a != b for a, b in zip(one, two)) == 1
    return changed or two in lost or one in added or any(
        two == one[:n] + one[n + 1] + one[n] + one[n + 2 :] for n in range(len(one) - 1)
    )  # fmt: skip


HEAD = "tensor weight[o, i], inputs[b, i]\nhidden[b, o] = weight[o, i] inputs[b, i]\n"


def test_a_misspelt_tensor_is_told_at_its_place():
    text = HEAD + "y[b, o] = relu(hiden[b, o])\noutput y, hidden"
    (found,) = lint(text)
    assert found.code == "IX510"
    assert text[found.span.start : found.span.end].startswith("hiden")
    assert "`hidden`" in found.hint


@pytest.mark.parametrize(
    "text",
    [
        HEAD.replace("tensor ", "tensor hiden[b, o], ") + "y[b, o] = relu(hiden[b, o])\noutput y, hidden",  # declared
        HEAD + "y[b, o] = hiden[b, o] + hiden[b, o]**2\noutput y, hidden",  # read twice: no slip
        "y[i] = weight[i, j] height[j]",  # neither is declared
        HEAD + "y[b, o] = relu(hidden[b, o]) + hiddens[b, o]",
        "index i : source(N)\nindex j : sources(M)\ntensor x[i], z[j]\ny[i, j] = x[i] z[j]",
        "index i : rows_1(N)\nindex j : rows_2(N)\ntensor x[i], z[j]\ny[i, j] = x[i] z[j]",
    ],
)
def test_left_alone(text):
    assert codes(text) == []


def test_an_einsum_string_in_a_program_is_judged_as_one_in_python():
    text = 'C[i, j] = einsum("ij,jk->ij", A, B)'
    (found,) = lint(text)
    assert found.code == "IX410"
    assert found.span.start == text.index("->ij") + 3, "the j that the result keeps"
    assert [x.span.start for x in found.labels] == [text.index("jk") + 1], "the k that is summed"
    assert found.file == "<input>"
    assert codes('C[i, k] = einsum("ij,jk->ik", A, B)') == []
    assert codes('S[b, h, q, k] = einsum("b q h d, b k h d -> b h q k", Q, K)') == []


def test_the_place_is_right_in_a_later_line_and_behind_other_scripts():
    text = 'α[i] = 2 β[i]  # ä\nC[i, j] = α[i] einsum("ij,jk->ij", A, B)[i, j]\n'
    found = [d for d in lint(text) if d.code == "IX410"]
    assert [d.span.start for d in found] == [text.index("->ij") + 3]
    assert found[0].span.line == 2
