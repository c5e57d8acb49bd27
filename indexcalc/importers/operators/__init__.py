"""What ATen's operators mean, by name."""

from . import (
    attention,
    contraction,
    convolution,
    elementwise,
    gather,
    losses,
    normalisation,
    recurrent,
    reduction,
    shape,
)
from .registry import OPERATORS

__all__ = [
    "OPERATORS",
    "attention",
    "contraction",
    "convolution",
    "elementwise",
    "gather",
    "losses",
    "normalisation",
    "recurrent",
    "reduction",
    "shape",
]
