"""einsum calls as programs, beside NumPy's."""

import numpy as np
import pytest

import indexcalc as ic

A, B, C = np.random.default_rng(0).standard_normal((3, 4, 4, 4))
CASES = [
    ("ij,jk->ik", (3, 4), (4, 2)),
    ("ij,jk", (3, 4), (4, 2)),
    ("ba", (3, 4)),
    ("ii", (3, 3)),
    ("ii->i", (3, 3)),
    ("ij->", (3, 4)),
    ("i,i,i->i", (3,), (3,), (3,)),
    ("i,i,i->", (3,), (3,), (3,)),
    ("...ij,jk", (2, 3, 4), (4, 5)),
    ("...i,...i->...", (3, 1, 4), (2, 4)),
    ("i...,j...->...ij", (2, 3), (4, 5, 3)),
    ("bhid,bhjd->bhij", (2, 2, 3, 4), (2, 2, 3, 4)),
    ("->", ()),
    ("AB,BC->AC", (2, 3), (3, 2)),
    ("ij,kj->ik", (2, 1), (3, 4)),
    ([0, 1], (2, 3), [1, 2], (3, 2), [0, 2]),
    ([1, 0], (2, 3)),
    ([..., 0], (2, 3), [0], (3,), [...]),
]


def call(case):
    """(arguments of from_einsum, arguments of NumPy's einsum, arrays)"""
    draw = np.random.default_rng(0)
    shapes = [x for x in case if isinstance(x, tuple)]
    arrays = [draw.standard_normal(shape) for shape in shapes]
    if isinstance(case[0], str):
        return case, (case[0], *arrays), arrays
    own = iter(arrays)
    labels = [x for x in case if isinstance(x, list)]
    pairs = [[next(own), labels[k]] for k in range(len(shapes))]
    rest = labels[len(shapes) :]
    ours = [x for shape, label in zip(shapes, labels) for x in (shape, label)] + rest
    return ours, (*(x for pair in pairs for x in pair), *rest), arrays


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_as_numpys(case):
    ours, theirs, arrays = call(case)
    program = ic.from_einsum(*ours)
    assert ic.parse(str(program)) == program
    assert ic.lint(str(program), kind="idx") == []
    found = ic.compile(program)(**dict(zip(program.inputs, arrays)))
    (output,) = program.outputs
    np.testing.assert_allclose(found[output], np.einsum(*theirs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "statement"),
    [
        (("b seq_q d, b seq_k d -> b seq_q seq_k", "Q", "K"), "C[b, seq_q, seq_k] = Q[b, seq_q, d] K[b, seq_k, d]"),
        (("A", [0, 1], "x", [1]), "C[i] = A[i, j] x[j]"),
        (("ij,kj->ik", "X", "X"), "C[i, k] = X[i, j] X[k, j]"),
        (("ij,jk", ("W", (2, 3)), "x"), "C[i, k] = W[i, j] x[j, k]"),
        (("ij", "B"), "C[i, j] = B[i, j]"),
        (("[0, 1], [1, 2] -> [0, 2]", "A", "B"), "C[i, k] = A[i, j] B[j, k]"),
        (("A", [7, -1]), "B[j, i] = A[i, j]"),  # JAX takes any whole number
        (("3k,k->3", "A", "x"), "C[i] = A[i, k] x[k]"),  # and any character
        (("βγ->γβ", "A"), "B[γ, β] = A[β, γ]"),
    ],
)  # fmt: skip
def test_text(arguments, statement):
    assert str(ic.from_einsum(*arguments).statements[0]) == statement


def test_an_ellipsis_that_the_output_lacks_is_summed_as_torch_does():
    torch = pytest.importorskip("torch")
    program = ic.from_einsum("...n,n->n", ("A", (2, 3, 4)), ("b", (4,)))
    a, b = np.arange(24.0).reshape(2, 3, 4), np.arange(4.0)
    expected = torch.einsum("...n,n->n", torch.tensor(a), torch.tensor(b))
    np.testing.assert_allclose(ic.compile(program)(A=a, b=b)[program.outputs[0]], expected, rtol=1e-14)


def test_equal_labels_are_of_one_space_and_others_are_not():
    (w, x) = ic.from_einsum("ij,jk", (3, 3), (3, 3)).tensors
    assert w.spaces[1] == x.spaces[0]
    assert len({*w.spaces, *x.spaces}) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("ij->k", "A"), "IX505", "`k` is in no operand"),
        (("ij->ii", "A"), "IX505", "repeats a label"),
        (("ij,jk", "A"), "IX505", "2 operands, but 1"),
        (("...i", "A"), "IX505", "`...` stands for is not known"),
        (("ij", (2, 3, 4)), "IX505", "rank 3"),
        (("ij,ij", (2, 3), (2, 4)), "IX944", "`j` has the sizes 3 and 4"),
        (("i(jk)", "A"), "IX505", "does not join"),
        (("i1", "A"), "IX505", "reads as two labels"),
        (("ij", "softmax"), "IX501", "no name `softmax`"),
        (("ij", "x; y = 1"), "IX501", "no name"),
        (("ij", 3.5), "IX505", "a name, a shape or an array"),
        (("ij", (2, 0)), "IX505", "is empty"),
        (("A", [0, 1], "B"), "IX505", "after each operand|list of labels"),
        (("A", [0, 1.5]), "IX505", "is no label"),
    ],
)
def test_refusals(arguments, code, message):
    with pytest.raises(ic.IndexCalcError, match=message) as error:
        ic.from_einsum(*arguments)
    assert error.value.diagnostics[0].code == code
