"""What an import from PyTorch says: names, spaces, notes, and what it refuses."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import indexcalc as ic


def ones(*shapes):
    return tuple(torch.ones(s, dtype=torch.float64) for s in shapes)


# ---- text --------------------------------------------------------------------------------------------------
def test_attention_reads_as_its_equations():
    def attention(q, k, v):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)

    names = {"q": "b h t d", "k": "b h s d", "v": "b h s a"}
    program = ic.from_torch(attention, ones((2, 3, 5, 4), (2, 3, 5, 4), (2, 3, 5, 4)), names=names)
    assert [str(s) for s in program.statements] == [
        "scores[b, h, t, s] = 0.5 (q[b, h, t, d] k[b, h, s, d])",
        "weights[b, h, t, s] = softmax[s](where(s <= t, scores[b, h, t, s], -inf))",
        "attention[b, h, t, a] = weights[b, h, t, s] v[b, h, s, a]",
    ]


def test_a_split_is_an_affine_slot_of_the_weight():
    def heads(x, w):
        return (x @ w.T).view(2, 3, 2, 4).transpose(1, 2).tanh()

    program = ic.from_torch(heads, ones((2, 3, 6), (8, 6)), names={"x": "b t m"})
    assert str(program.statements[0]).endswith("tanh(x[b, t, m] w[4*j + k, m])")


def test_merged_axes_meet_the_next_weight_without_a_statement():
    program = ic.from_torch(lambda x, w: x.flatten(1) @ w, ones((2, 3, 4), (12, 5)))
    assert [str(s) for s in program.statements] == ["matmul[i, m] = x[i, j, k] w[4*j + k, m]"]


def test_padding_is_a_where_in_the_convolution_itself():
    program = ic.from_torch(lambda x, w: F.conv1d(x, w, padding=1), ones((2, 3, 5), (4, 3, 3)))
    (statement,) = program.statements
    assert str(statement).startswith(
        "conv1d[i, l, n] = where(n + m >= 1 and n + m < 6, x[i, j, m + n - 1], 0) w[l, j, m]"
    )


def test_equal_sizes_are_no_one_space():
    program = ic.from_torch(lambda x, w: x @ w, ones((3, 3), (3, 3)))
    x, w = program.tensors
    assert x.spaces[1] == w.spaces[0]
    assert len({*x.spaces, *w.spaces}) == 3
    with pytest.raises(ic.IndexCalcError, match="IX201"):
        i, k = x.indices[0].name, w.indices[1].name
        ic.parse(f"{program}\nz = x[{i}, {k}]\nu = x[{i}, {i}]")


def test_a_residual_pairs_its_two_sides():
    program = ic.from_torch(lambda x, w: x + x @ w, ones((2, 3), (3, 3)))
    assert program.inputs["w"].spaces[0] == program.inputs["w"].spaces[1]


def test_modules_name_what_they_compute():
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).double()
    program = ic.from_torch(module, ones((5, 3)))
    assert list(program.definitions) == ["layer_1", "layer_2"]
    assert list(program.inputs) == ["input", "layer_0_weight", "layer_0_bias", "layer_2_weight", "layer_2_bias"]


def test_the_same_import_gives_the_same_text():
    module = nn.TransformerEncoderLayer(4, 2, 4, batch_first=True).double().eval()
    assert str(ic.from_torch(module, ones((2, 3, 4)))) == str(ic.from_torch(module, ones((2, 3, 4))))


def test_arrays_are_copies_of_parameters_and_inputs():
    module = nn.Linear(3, 2).double()
    program, arrays = ic.from_torch(module, ones((4, 3)), with_arrays=True)
    assert list(arrays) == list(program.inputs) == ["input", "weight", "bias"]
    arrays["weight"][:] = 0
    assert module.weight.abs().sum() > 0
    assert all(isinstance(a, np.ndarray) for a in arrays.values())


def test_several_outputs_and_one_that_is_an_input():
    program, arrays = ic.from_torch(lambda x: (x, x.sum(), x.exp(), x.exp() * 2), ones((3,)), with_arrays=True)
    found = list(ic.compile(program)(**arrays).values())
    np.testing.assert_allclose(found[0], np.ones(3))
    np.testing.assert_allclose(found[1], 3)
    np.testing.assert_allclose(found[3], 2 * np.exp(np.ones(3)))


def test_lists_and_numbers_among_the_arguments():
    def weighted(parts, power, scale=2.0):
        return scale * (parts[0] * parts[1] ** power).sum()

    program, arrays = ic.from_torch(weighted, (list(ones((3,), (3,))), 2), with_arrays=True)
    assert list(program.inputs) == ["parts_0", "parts_1"]
    np.testing.assert_allclose(ic.compile(program)(**arrays)["mul"], 6.0)


# ---- notes -------------------------------------------------------------------------------------------------
def test_notes_say_what_is_left_out():
    module = nn.BatchNorm1d(3).double().train()
    notes = " ".join(ic.from_torch(module, ones((4, 3))).notes)
    assert "update of the buffer `running_mean`" in notes
    assert "`running_mean` is left out: no output depends on it" in notes


def test_an_input_that_nothing_reads_is_left_out():
    program = ic.from_torch(lambda x, y: 2 * x, ones((3,), (3,)))
    assert list(program.inputs) == ["x"]
    assert program.notes == ("`y` is left out: no output depends on it",)


# ---- refusals ----------------------------------------------------------------------------------------------
def _two_unknown(x):
    a = torch.linalg.cholesky(x)
    return a, torch.fft.rfft(x).abs()


def test_every_unknown_operator_is_named_with_its_line():
    with pytest.raises(ic.IndexCalcError) as error:
        ic.from_torch(_two_unknown, ones((3, 3)))
    said = str(error.value)
    assert "aten.linalg_cholesky" in said and "a = torch.linalg.cholesky(x)" in said
    assert "fft" in said and "test_torch_findings.py" in said
    assert {d.code for d in error.value.diagnostics} == {"IX902"}
    assert len(error.value.diagnostics) >= 2


@pytest.mark.parametrize(
    ("call", "shapes", "message"),
    [
        (lambda x: F.dropout(x, 0.5), [(3,)], "(?s)dropout in training mode.*module.eval"),
        (lambda x: x.detach() * x, [(3,)], "(?s)detach of what depends on an input.*detach\\(\\) \\* x"),
        (lambda x: x[x > 0], [(3,)], "size depends on the data"),
        (lambda x: x if x.sum() > 0 else -x, [(3,)], "(?s)torch.export cannot trace.*control flow"),
        (lambda x: x @ x, [(2, 3)], "(?s)torch.export cannot trace.*call it with the example inputs alone"),
        (lambda x: torch.linalg.inv(x), [(2, 3, 3)], "the inverse of a batch of matrices"),
        (lambda x: x.topk(2).values, [(5,)], "the order of topk's values"),
        (lambda x: x.topk(2).indices * 1.0, [(5,)], "the order of topk's values"),
        (lambda x: F.pad(x, (1, 1), mode="reflect"), [(1, 3)], "padding in mode 'reflect'"),
        (lambda x: x.long() * x, [(3,)], "rounding to integers"),
        (lambda x: x * float("nan"), [(3,)], "the number nan"),
        (lambda x: F.max_pool1d(x, 2, ceil_mode=True), [(1, 2, 5)], "ceil_mode"),
        (lambda x: F.adaptive_avg_pool1d(x, 2), [(1, 2, 5)], "2 windows of 5"),
    ],
)
def test_what_cannot_be_said_is_refused(call, shapes, message):
    with pytest.raises(ic.IndexCalcError, match=message):
        ic.from_torch(call, ones(*shapes))


@pytest.mark.parametrize(
    ("names", "code", "message"),
    [
        ({"z": "i j"}, "IX942", "no input `z`.*\n.*x, w"),
        ({"x": "i"}, "IX943", "gives 1 indices for `x`, which has 2 slots"),
        ({"x": "i i"}, "IX944", "sizes 2 and 3 both `i`"),
        ({"x": "i w"}, "IX504", "`w`"),
        ({"x": "i 2"}, "IX902", "no name `2`"),
        ({"x": "i j j"}, "IX943", "3 indices"),
    ],
)
def test_index_names_are_checked(names, code, message):
    with pytest.raises(ic.IndexCalcError, match=message) as error:
        ic.from_torch(lambda x, w: x @ w, ones((2, 3), (3, 4)), names=names)
    assert error.value.diagnostics[0].code == code


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ((torch.ones(2, 0),), "`x` is empty"),
        ((torch.ones(2, dtype=torch.complex128),), "`x` is complex"),
    ],
)
def test_inputs_are_checked(inputs, message):
    with pytest.raises(ic.IndexCalcError, match=message):
        ic.from_torch(lambda x: 2 * x, inputs)


@pytest.mark.parametrize(
    ("call", "inputs", "message"),
    [
        ("relu", ones((3,)), "takes a function or a module, not str"),
        (torch.relu, ones((3,))[0], "a tuple of the call's"),
    ],
)
def test_the_call_is_checked(call, inputs, message):
    with pytest.raises(ic.IndexCalcError, match=message):
        ic.from_torch(call, inputs)


def test_a_missing_torch_names_the_extra():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import indexcalc as ic\n"
        "try:\n    ic.from_torch(abs, ())\n"
        "except ic.IndexCalcError as e:\n    print(e)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "IX903" in done.stdout and "indexcalc[torch]" in done.stdout
