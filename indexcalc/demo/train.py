"""Training the language model of `examples/language_model.idx`, in NumPy, with the gradients that indexcalc derives.

    model = language_model()
    for step, loss in model.train(600):
        ...
    model.held_out_loss(), model.held_out.unigram_entropy, model.sample("Alice ", 200)

Nothing here knows the model's equations: parameters, their shapes and their initial sizes are read off the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import cos, pi, prod, sqrt
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import api
from ..ir.expr import Access, Index
from ..ir.program import Program, Tensor
from ..ir.walk import subexpressions
from .files import example_path
from .text import Text

if TYPE_CHECKING:
    from ..backends.function import Function

Array: TypeAlias = NDArray[np.floating[Any]]
Parameters: TypeAlias = dict[str, Array]

# The extents that the equations leave open.  A few hundred steps of this size take seconds on two cores.
SIZES = {"B": 32, "T": 32, "M": 64, "H": 4, "D": 16, "F": 128}
RATE, WARM_UP = 1e-2, 20
HELD_OUT = 0.1


@dataclass
class Adam:
    """Adam (Kingma and Ba, 2015), with its usual decay of the second moment shortened for short runs."""

    first_decay: float = 0.9
    second_decay: float = 0.99
    epsilon: float = 1e-8
    steps: int = 0
    first: Parameters = field(default_factory=dict)
    second: Parameters = field(default_factory=dict)

    def update(self, parameters: Parameters, gradients: Mapping[str, Array], rate: float) -> None:
        """One step, in place."""
        self.steps += 1
        scale = rate * sqrt(1 - self.second_decay**self.steps) / (1 - self.first_decay**self.steps)
        for name, gradient in gradients.items():
            first = self.first.setdefault(name, np.zeros_like(gradient))
            second = self.second.setdefault(name, np.zeros_like(gradient))
            first += (1 - self.first_decay) * (gradient - first)
            second += (1 - self.second_decay) * (gradient * gradient - second)
            parameters[name] -= scale * first / (np.sqrt(second) + self.epsilon)


@dataclass
class LanguageModel:
    """A program with integer inputs `tok` and `target` and outputs `loss` and `z`, its parameters, and its text."""

    program: Program
    gradient: Program
    step_function: Function
    forward_function: Function
    training: Text
    held_out: Text
    sizes: Mapping[str, int]
    parameters: Parameters
    random: np.random.Generator

    def train(self, steps: int) -> Iterator[tuple[int, float]]:
        """After each step its number, from 1, and the loss on the batch that it used."""
        optimiser = Adam()
        batches = self.training.random_batches(self.sizes["B"], self.sizes["T"], self.random)
        for step, (tok, target) in zip(range(1, steps + 1), batches):
            result = self.step_function(tok=tok, target=target, **self.parameters)
            gradients = {name: result[f"grad_{name}"] for name in self.parameters}
            optimiser.update(self.parameters, gradients, learning_rate(step, steps))
            yield step, float(result["loss"])

    def held_out_loss(self) -> float:
        """Mean loss over the part of the text that training never sees."""
        batches = self.held_out.whole(self.sizes["B"], self.sizes["T"])
        results = [self.forward_function(tok=tok, target=target, **self.parameters) for tok, target in batches]
        return float(np.mean([result["loss"] for result in results]))

    def sample(self, prompt: str, length: int) -> str:
        """The prompt, continued by `length` characters drawn from the model one by one."""
        codes = list(self.training.encode(prompt))
        window = self.sizes["T"]
        for _ in range(length):
            recent = codes[-window:]
            tok = np.zeros((1, window), dtype=np.int64)  # what stands behind the last character is masked anyway
            tok[0, : len(recent)] = recent
            result = self.forward_function(tok=tok, target=np.zeros_like(tok), **self.parameters)
            logits = result["z"][0, len(recent) - 1].astype(np.float64)
            weights = np.exp(logits - logits.max())
            codes.append(self.random.choice(weights.size, p=weights / weights.sum()))
        return self.training.decode(np.array(codes))


def language_model(text: Text | None = None, sizes: Mapping[str, int] = SIZES, seed: int = 0) -> LanguageModel:
    """The example's model on the example's text, with its gradient derived and compiled."""
    path = example_path("language_model.idx")
    program = api.parse(path.read_text(encoding="utf-8"), filename=str(path))
    text = Text.read(example_path("data/alice.txt")) if text is None else text
    sizes = {**sizes, "V": len(text.alphabet)}
    random = np.random.default_rng(seed)
    parameters = initial_parameters(program, sizes, random)
    gradient = api.grad(program, tuple(parameters), with_value=True)
    forward = replace(program, outputs=("loss", "z"))
    training, held_out = text.split(HELD_OUT)
    return LanguageModel(
        program=program,
        gradient=gradient,
        step_function=api.compile(gradient),
        forward_function=api.compile(forward),
        training=training,
        held_out=held_out,
        sizes=sizes,
        parameters=parameters,
        random=random,
    )


def learning_rate(step: int, steps: int) -> float:
    """A linear warm-up, then half a cosine down to a tenth.

    >>> [round(learning_rate(step, 10**6) / RATE, 6) for step in (1, WARM_UP, 10**6)]
    [0.05, 1.0, 0.1]
    """
    return RATE * min(1.0, step / WARM_UP) * (0.55 + 0.45 * cos(pi * step / steps))


def initial_parameters(program: Program, sizes: Mapping[str, int], random: np.random.Generator) -> Parameters:
    """Weights of variance 1 / fan-in, small embeddings, gains of one; 32-bit."""
    return {name: _initial(program, tensor, sizes, random)
            for name, tensor in program.inputs.items() if not tensor.is_integer}  # fmt: skip


def _initial(program: Program, tensor: Tensor, sizes: Mapping[str, int], random: np.random.Generator) -> Array:
    shape = tuple(_extent(index, sizes) for index in tensor.indices)
    summed = _summed_slots(program, tensor.name)
    if not summed and len(shape) == 1:
        return np.ones(shape, dtype=np.float32)
    deviation = 1 / sqrt(prod(shape[slot] for slot in summed)) if summed else 0.1
    return (deviation * random.standard_normal(shape)).astype(np.float32)


def _summed_slots(program: Program, tensor: str) -> list[int]:
    """The slots that are summed where the tensor is read: their sizes' product is its fan-in."""
    for definition in program.definitions.values():
        for part in subexpressions(definition.body):
            if isinstance(part, Access) and part.tensor == tensor:
                return [n for n, slot in enumerate(part.slots)
                        if isinstance(slot, Index) and slot not in definition.indices]  # fmt: skip
    return []


def _extent(index: Index, sizes: Mapping[str, int]) -> int:
    extent = index.space.extent
    if isinstance(extent, int):
        return extent
    assert extent is not None, f"the space of index {index} has no extent"
    return sizes[extent]
