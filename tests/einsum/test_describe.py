"""What is said of an einsum: its equation and gradients hold, its kind is the usual name."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import indexcalc as ic
from indexcalc.einsum.describe import describe
from indexcalc.einsum.parse import parse
from indexcalc.einsum.spec import SpecError

SIZES = {"i": 2, "j": 3, "k": 4, "b": 5}


@pytest.mark.parametrize(
    ("spec", "dialect", "said"),
    [
        ("ij,jk->ik", "einsum", "matmul, contracts j"),
        ("bqhd,bkhd->bhqk", "einsum", "batched matmul (b, h), contracts d, transposes q and h, k and h"),
        ("bij,bj->bi", "einsum", "batched matrix-vector product (b), contracts j"),
        ("i,i", "einsum", "inner product, contracts i"),
        ("bi,bi->b", "einsum", "batched inner product (b), contracts i"),
        ("i,j->ji", "einsum", "outer product"),
        ("ij,ij->ij", "einsum", "elementwise product"),
        ("b,bij->bij", "einsum", "elementwise product, A broadcast over i and j"),
        ("nls,ncs->nls", "einsum", "elementwise product, B broadcast over l, sums B over c by itself"),
        ("iij,jk->ik", "einsum", "matmul, contracts j, takes the diagonal over i of A"),
        ("ii", "einsum", "trace over i"),
        ("ii->i", "einsum", "diagonal over i"),
        ("iijk->j", "einsum", "trace over i, sum over k"),
        ("ba", "einsum", "transposes b and a"),
        ("abcd->dabc", "einsum", "transposes A from (a, b, c, d) to (d, a, b, c)"),
        ("ij->ij", "einsum", "copies its operand"),
        ("bij,bjk,bkl->bil", "einsum", "product of 3 operands, batched over b, contracts j and k"),
        ("...ij,...jk", "einsum", "batched matmul (...), contracts j"),
        ("[0, 1], [1, 2]", "sublist", "matmul, contracts j"),
        ("b seq d, d e -> b seq e", "fancy_einsum", "matmul, contracts d"),
        ("b (h d) -> b h d", "einops.rearrange", "parts an axis into h d"),
        ("b h n d -> (b h) d 1 n", "einops.rearrange", "transposes n and d, joins b h, adds 1 axis of size 1"),
        ("a b c -> c a b", "einops.rearrange", "transposes (a b c) to (c a b)"),
        ("b 1 n -> b n", "einops.rearrange", "drops 1 axis of size 1"),
        ("b n -> b (n j) 3", "einops.repeat", "repeats along j and 3, joins n j"),
        ("b n c d -> b n c", "einops.reduce", "reduces over d"),
        ("a b -> a b", "einops.rearrange", "changes nothing"),
        ("a [b]", "einx.sum", ""),
    ],
)
def test_the_kind(spec, dialect, said):
    assert describe(spec, dialect=dialect).sentence == said


@pytest.mark.parametrize(
    ("spec", "equation"),
    [
        ("ij,jk->ik", "C[i,k] = A[i,j] B[j,k]"),
        ("i,i,i->", "D = sum[i](A[i] B[i] C[i])"),
        ("ij->i", "B[i] = sum[j](A[i,j])"),
        ("ii", "B = A[i,i]"),
        (",i->i", "C[i] = A B[i]"),
    ],
)
def test_the_equation(spec, equation):
    assert describe(spec).equation == equation


operands = st.lists(st.text("ijkb", min_size=1, max_size=3), min_size=1, max_size=3)


@st.composite
def sound(draw):
    inputs = draw(operands)
    letters = sorted(set("".join(inputs)))
    output = draw(st.permutations(letters))[: draw(st.integers(0, 3))]
    return f"{','.join(inputs)}->{''.join(output)}"


@given(sound())
@settings(max_examples=100, deadline=None)
def test_the_equation_is_a_program_that_computes_the_einsum(spec):
    inputs = spec.split("->")[0].split(",")
    arrays = [np.random.default_rng(k).standard_normal([SIZES[c] for c in x]) for k, x in enumerate(inputs)]
    program = ic.parse(describe(spec).equation)
    found = ic.compile(program)(**dict(zip("ABC", arrays)))
    np.testing.assert_allclose(*found.values(), np.einsum(spec, *arrays), rtol=1e-12, atol=1e-12)


@given(sound())
@settings(max_examples=100, deadline=None)
def test_gradients_are_autograds(spec):
    inputs = spec.split("->")[0]
    arrays = [torch.rand([SIZES[c] for c in x], dtype=torch.float64, requires_grad=True) for x in inputs.split(",")]
    value = torch.einsum(spec, *arrays)
    cotangent = torch.rand_like(value)
    expected = torch.autograd.grad(value, arrays, cotangent)
    for k, gradient in enumerate(describe(spec).gradients):
        own = inputs.split(",")[k]
        found = ic.einsum(gradient.spec, cotangent, *(a.detach() for n, a in enumerate(arrays) if n != k)).numpy()
        labels = gradient.spec.split("->")[1]
        assert (not gradient.note) == (labels == own)
        full = np.zeros([SIZES[c] for c in own])  # what the note says, by hand
        for at in np.ndindex(full.shape):
            place = dict(zip(own, at))
            if all(place[c] == n for c, n in zip(own, at)):
                full[at] = found[tuple(place[c] for c in labels)]
        np.testing.assert_allclose(full, expected[k], rtol=1e-12, atol=1e-12)


@given(sound())
@settings(max_examples=100, deadline=None)
def test_figures_are_those_of_the_arrays(spec):
    used = {c: n for c, n in SIZES.items() if c in spec}
    figures = describe(spec, used, itemsize=8).figures
    arrays = [np.ones([SIZES[c] for c in x]) for x in spec.split("->")[0].split(",")]
    result = np.einsum(spec, *arrays)
    assert figures.shape == result.shape
    assert figures.written == result.nbytes
    assert figures.read == sum(a.nbytes for a in arrays)


@pytest.mark.parametrize(
    ("spec", "sizes", "flops"),
    [
        ("ij,jk->ik", {"i": 2, "j": 3, "k": 4}, 48),
        ("ij,ij->ij", {"i": 2, "j": 3}, 6),
        ("ij->i", {"i": 2, "j": 3}, 6),
        ("ij->ji", {"i": 2, "j": 3}, 0),
        ("ij,jk,kl->il", {"i": 10, "j": 20, "k": 30, "l": 2}, 2 * 20 * 30 * 2 + 2 * 10 * 20 * 2),
    ],
)
def test_flops(spec, sizes, flops):
    assert describe(spec, sizes).figures.flops == flops


def test_layout():
    (layout,) = describe("bqhd,bhkd->bhqk", {"b": 2, "q": 5, "h": 8, "d": 64, "k": 7}, names="QKS").layout
    assert (layout.operand, layout.inside, layout.bytes_apart) == ("Q", ("h",), 8 * 64 * 4)
    assert layout.order == ("b", "h", "q", "d")
    array = np.empty((2, 5, 8, 64), np.float32)
    assert layout.bytes_apart == array.strides[1]
    assert describe("bhqd,bhkd->bhqk", {"b": 2, "q": 5, "h": 8, "d": 64, "k": 7}).layout == ()


@pytest.mark.parametrize(
    ("sizes", "code", "message"),
    [({"i": 2}, "IX945", "`j` and `k`"), ({"i": 2, "j": 2, "k": 2, "z": 1}, "IX942", "`z`, which is no label")],
)
def test_sizes_that_do_not_fit(sizes, code, message):
    with pytest.raises(ic.IndexCalcError, match=message) as error:
        describe("ij,jk->ik", sizes)
    assert error.value.diagnostics[0].code == code


@given(st.text("ijk.,->[]() 01_", max_size=15))
def test_any_text_is_described_or_refused(text):
    try:
        found = describe(parse(text, "language"))
    except SpecError as error:
        assert 0 <= error.start <= error.end <= len(text)
        return
    assert found.sentence
    assert len(found.gradients) == text.count(",") + 1 or "[" in text
