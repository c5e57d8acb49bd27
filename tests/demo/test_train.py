"""The demo's training, on a small scale: sizes and gradients come from the program, and the loss falls."""

import numpy as np
import pytest

from indexcalc.demo.text import Text
from indexcalc.demo.train import RATE, Adam, language_model, learning_rate

SIZES = {"B": 4, "T": 8, "M": 8, "H": 2, "D": 4, "F": 8}
TEXT = Text.of("the cat sat on the mat. " * 40)


@pytest.fixture(scope="module")
def model():
    return language_model(TEXT, SIZES)


def test_initial_weights_keep_the_variance(model):
    shapes = {name: array.shape for name, array in model.parameters.items()}
    assert shapes["W_o1"] == (2, 4, 8)
    assert shapes["embedding"] == (len(TEXT.alphabet), 8)
    assert (model.parameters["gain_a1"] == 1).all()
    assert {array.dtype for array in model.parameters.values()} == {np.dtype("float32")}
    large = language_model(TEXT, {**SIZES, "F": 2000, "M": 8}).parameters
    assert large["W_down2"].std() == pytest.approx(2000**-0.5, rel=0.05)


def test_the_first_loss_is_that_of_a_guess_and_training_lowers_it(model):
    losses = [loss for _, loss in model.train(150)]
    assert losses[0] == pytest.approx(np.log(len(TEXT.alphabet)), abs=0.7)
    assert losses[-1] < TEXT.unigram_entropy - 0.5
    assert model.held_out_loss() < TEXT.unigram_entropy - 0.5


def test_a_sample_continues_the_prompt(model):
    sample = model.sample("the ", 10)
    assert sample.startswith("the ")
    assert len(sample) == 14
    assert set(sample) <= set(TEXT.alphabet)


def test_the_future_does_not_matter(model):
    tok, target = TEXT.windows(np.array([0]), 8)
    changed = tok.copy()
    changed[0, 5:] = 0
    logits = [model.forward_function(tok=t, target=target, **model.parameters)["z"] for t in (tok, changed)]
    np.testing.assert_array_equal(logits[0][0, :5], logits[1][0, :5])
    assert (logits[0][0, 5:] != logits[1][0, 5:]).any()


def test_adam_agrees_with_torch():
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(0)
    ours = {"w": random.standard_normal((3, 2))}
    theirs = torch.tensor(ours["w"].copy(), requires_grad=True)
    optimiser = torch.optim.Adam([theirs], lr=0.1, betas=(0.9, 0.99), eps=0.0)
    adam = Adam(epsilon=0.0)
    for _ in range(5):
        gradient = random.standard_normal((3, 2))
        theirs.grad = torch.tensor(gradient)
        optimiser.step()
        adam.update(ours, {"w": gradient}, 0.1)
    np.testing.assert_allclose(ours["w"], theirs.detach().numpy(), rtol=1e-12)


def test_the_rate_warms_up_and_falls():
    rates = [learning_rate(step, 400) for step in range(1, 401)]
    assert rates[0] < rates[10] < max(rates) <= RATE
    assert rates[-1] == pytest.approx(RATE / 10)
