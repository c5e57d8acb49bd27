"""`ic.einsum` beside numpy.einsum and torch.einsum."""

import sys

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings

import indexcalc as ic

from .test_verdict import calls


def arrays_of(shapes, seed=0):
    draw = np.random.default_rng(seed)
    return [draw.standard_normal(shape) for shape in shapes]


@given(calls())
@settings(max_examples=250, deadline=None)
def test_random_calls_are_as_torch_or_numpy_computes_them(call):
    spec, shapes = call
    spec = spec.replace(" ", "")  # a blank parts names here, and means nothing in torch
    assume(set(spec) <= set("ijkAb.,->"))
    arrays = arrays_of(shapes)
    try:
        expected = torch.einsum(spec, *map(torch.from_numpy, arrays)).numpy()
    except (RuntimeError, ValueError):
        with pytest.raises(ic.IndexCalcError):
            ic.einsum(spec, *arrays)
        return
    found = ic.einsum(spec, *arrays)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
    try:
        again = np.einsum(spec, *arrays)
    except ValueError:
        return  # an ellipsis that the output lacks
    np.testing.assert_allclose(found, again, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("spec", "shapes", "as_numpy"),
    [
        ("b seq_q h d, b seq_k h d -> b h seq_q seq_k", [(2, 3, 4, 5), (2, 6, 4, 5)], "bqhd,bkhd->bhqk"),
        ("βγ,γδ->βδ", [(2, 3), (3, 4)], "ij,jk->ik"),
        ("[0, 60], [60, 7] -> [0, 7]", [(2, 3), (3, 4)], "ij,jk->ik"),
        ("...ij,...jk->...ik", [(2, 3, 4), (4, 5)], "xij,jk->xik"),
        ("...i,...i->...", [(2, 5, 3), (5, 3)], "xyi,yi->xy"),
        ("... d, d e", [(2, 3, 4), (4, 5)], "...d,de->...e"),
        ("ij,jk,kl,lm->im", [(2, 3), (3, 4), (4, 5), (5, 6)], "ij,jk,kl,lm->im"),
        ("a,a,a,a->", [(3,)] * 4, "a,a,a,a->"),
        ("ii,i,jj->ij", [(3, 3), (3,), (2, 2)], "ii,i,jj->ij"),
        ("ij,jk,kl->il", [(2, 3), (1, 4), (4, 1)], "ij,jk,kl->il"),
    ],
)
def test_spellings(spec, shapes, as_numpy):
    arrays = arrays_of(shapes)
    np.testing.assert_allclose(ic.einsum(spec, *arrays), np.einsum(as_numpy, *arrays), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("pattern", "shapes", "parted", "plain", "shape"),
    [
        ("b (h d), h d e -> b e", [(2, 12), (3, 4, 5)], [(2, 3, 4), (3, 4, 5)], "bhd,hde->be", (2, 5)),
        ("b n h d, h d e -> b (n e)", [(2, 6, 3, 4), (3, 4, 5)], None, "bnhd,hde->bne", (2, 30)),
        ("... (h d), h -> h ... d", [(7, 2, 12), (3,)], [(7, 2, 3, 4), (3,)], "xyhd,h->hxyd", (3, 7, 2, 4)),
        ("(a b) (b c), c a -> a b c", [(6, 12), (4, 2)], [(2, 3, 3, 4), (4, 2)], "abbc,ca->abc", (2, 3, 4)),
        ("1 a (b 1), a -> 1 (b a) ()", [(1, 2, 3), (2,)], [(2, 3), (2,)], "ab,a->ba", (1, 6, 1)),
        ("x ... 1, x -> x ... 1", [(2, 3, 4, 1), (2,)], [(2, 3, 4), (2,)], "x...,x->x...", (2, 3, 4, 1)),
    ],
)
def test_groups(pattern, shapes, parted, plain, shape):
    arrays = arrays_of(shapes)
    expected = np.einsum(plain, *(x.reshape(s) for x, s in zip(arrays, parted or shapes))).reshape(shape)
    np.testing.assert_allclose(ic.einsum(pattern, *arrays), expected, rtol=1e-12, atol=1e-12)


def test_more_labels_than_letters_over_a_network():
    """60 matrices in a chain: each step has few labels."""
    arrays = arrays_of([(2, 2)] * 60)
    lists = [x for k, a in enumerate(arrays) for x in (a, [k, k + 1])]
    expected = arrays[0]
    for a in arrays[1:]:
        expected = expected @ a
    np.testing.assert_allclose(ic.einsum(*lists, [0, 60]), expected, rtol=1e-10)


@pytest.mark.parametrize("library", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_more_labels_than_letters_in_one_pair(library):
    x, y = arrays_of([(2, 3) + (1,) * 29, (3, 4) + (1,) * 27])
    left, right = [0, 1, *range(10, 39)], [1, 2, *range(40, 67)]
    found = ic.einsum(library(x), left, library(y), right, [2, 66, 0, 10])
    expected = np.einsum("ij,jk->ki", x.reshape(2, 3), y.reshape(3, 4)).reshape(4, 1, 2, 1)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-12)


@pytest.mark.parametrize("one", [False, True])
@pytest.mark.parametrize(
    ("left", "right", "output"),
    [
        ("ij", "jk", "ik"),
        ("iji", "jk", "k"),
        ("bij", "bjk", "kbi"),
        ("ij", "ij", ""),
        ("i", "j", "ji"),
        ("ai", "b", "b"),
    ],
)
def test_the_way_for_many_labels_agrees(left, right, output, one, monkeypatch):
    monkeypatch.setattr(sys.modules["indexcalc.einsum.run"], "LETTERS", 0)
    sizes = {"i": 2, "j": 3, "k": 4, "b": 5, "a": 6}
    shapes = [tuple(sizes[c] for c in part) for part in (left, right)]
    if one and len(set(right)) == len(right):
        shapes[1] = tuple(1 if c in left else n for c, n in zip(right, shapes[1]))
    x, y = arrays_of(shapes)
    for library in (np.asarray, torch.from_numpy):
        found = ic.einsum(f"{left},{right}->{output}", library(x), library(y))
        np.testing.assert_allclose(found, np.einsum(f"{left},{right}->{output}", x, y), rtol=1e-12)


def test_torch_keeps_its_gradients():
    a, b, c = (torch.from_numpy(x).requires_grad_() for x in arrays_of([(2, 3), (3, 4), (4, 5)]))
    ic.einsum("ij,jk,kl->", a, b, c).backward()
    expected = torch.autograd.grad((a @ b @ c).sum(), [a, b, c])
    for x, g in zip((a, b, c), expected):
        torch.testing.assert_close(x.grad, g, rtol=1e-12, atol=1e-12)


def test_types_stay_as_the_library_has_them():
    assert ic.einsum("i,i->", np.ones(3, np.int8), np.ones(3, np.int8)).dtype == np.int8
    assert ic.einsum("ij,jk->ik", np.ones((2, 3), np.float32), np.ones((3, 2), np.float32)).dtype == np.float32
    assert isinstance(ic.einsum("i->", torch.nn.Parameter(torch.ones(3))), torch.Tensor)
    assert ic.einsum("i,->i", torch.ones(3, dtype=torch.float64), 2.0).tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("ij,jk->ik", np.ones((2, 3)), np.ones((4, 5))), "IX944", "size 3 in operand 1, but size 4 in operand 2"),
        (("ii->i", np.ones((2, 3))), "IX944", "the axis `i` has size 2 in operand 1, but size 3 in operand 1"),
        (("...i,...i->i", np.ones((2, 3)), np.ones((5, 3))), "IX944", "an axis of `...` has size 2"),
        (("ij->ik", np.ones((2, 3))), "IX505", "`k` is in no operand"),
        (("ij->i", np.ones(2)), "IX505", "an operand of rank 1 has the labels ij"),
        (("ij,jk->ik", np.ones((2, 3))), "IX505", "2 operands, but 1 are given"),
        (("(a b) c -> a b c", np.ones((6, 2))), "IX505", "the sizes of `a` and `b` do not follow"),
        (("(a b) a -> a b", np.ones((6, 4))), "IX505", "an axis of size 6 has no parts of 4"),
        (("1 a -> a", np.ones((2, 4))), "IX505", "this axis has size 2, not 1"),
        (("i,i->", np.ones(2), torch.ones(2)), "IX953", "arrays of numpy and torch"),
        (("i,i->", torch.ones(2), torch.ones(2, dtype=torch.float64)), "IX949", "dtype torch.float32"),
        (("i->", "text"), "IX953", "not str"),
        (("i->", [[1], [1, 2]]), "IX953", "is no array"),
        (("i->",), "IX505", "no operands"),
        ((np.ones(2),), "IX505", "comes its list of labels, not ndarray"),
        ((np.ones(2), [0], np.ones(2), 3), "IX505", "comes its list of labels, not int"),
    ],
)  # fmt: skip
def test_refusals(arguments, code, message):
    with pytest.raises(ic.IndexCalcError, match=message.replace("(", r"\(").replace(".", r"\.")) as error:
        ic.einsum(*arguments)
    assert error.value.diagnostics[0].code == code


def test_a_mismatch_shows_both_places():
    with pytest.raises(ic.IndexCalcError) as error:
        ic.einsum("i seq, seq k -> i k", np.ones((2, 3)), np.ones((4, 5)))
    assert str(error.value) == (
        "<input>:1:8: error IX944: the axis `seq` has size 3 in operand 1, but size 4 in operand 2\n"
        "   |\n"
        " 1 | i seq, seq k -> i k\n"
        "   |   ~~~  ^^^\n"
        "   |   3 here\n"
        "   |        4 here\n"
        "  help: one label has one size"
    )


@pytest.mark.parametrize("shapes", [((1, 4), (3, 4)), ((3, 4), (1, 4)), ((1, 4), (1, 4)), ((3, 1), (3, 4))])
def test_an_axis_of_size_one_is_stretched(shapes):
    """In either operand, as NumPy stretches it, also where it comes first."""
    a, b = (np.random.default_rng(0).normal(size=shape) for shape in shapes)
    for spec in ("ij,ij->ij", "ij,ij->j", "ij,ij->"):
        np.testing.assert_allclose(ic.einsum(spec, a, b), np.einsum(spec, a, b), rtol=1e-13, atol=1e-13)
