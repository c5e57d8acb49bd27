"""To which power a kernel's values grow where a maximum that is subtracted before exponentials stays behind.

With exp(x − m) up to G in the place of 1, a product of k of them comes to G^k, and so does what it is summed to.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..ir import kernel as k

BOUNDED = frozenset({"log", "tanh", "sigmoid", "sign", "sin", "cos", "erf"})
"""Functions whose results are small for all operands."""


def highest_power(kernel: k.Kernel, exponential: k.Map) -> float:
    """The highest power of the exponential among the kernel's values; infinity where a function has none.

    A quotient of two values has the difference of their powers: both grow alike.
    """
    powers: dict[int, float] = {}
    for step in kernel.steps():
        if isinstance(step, (k.Fold, k.Keep)):
            target = step.carry.number
            powers[target] = max(powers.get(target, 0), powers.get(step.source.number, 0))
        elif not isinstance(step, (k.Carry, k.Shift, k.Store, k.Loop)):
            powers[step.block.number] = 1 if step is exponential else _power(step, powers)
    return max(powers.values(), default=0)


def _power(step: k.Step, powers: Mapping[int, float]) -> float:
    """The power of what the step makes."""
    found = [powers.get(b.number, 0) for b in k.blocks_read(step)]
    if isinstance(step, k.Contract):
        return sum(found)
    if isinstance(step, k.Map):
        return _of_map(step, [powers.get(a.number, 0) if isinstance(a, k.Block) else 0 for a in step.arguments])
    if isinstance(step, k.Reduce) and step.operation == "prod" and any(found):
        return float("inf")
    return max(found, default=0)


def _of_map(step: k.Map, found: list[float]) -> float:
    if not any(found):
        return 0
    function = step.function
    if function == "multiply":
        return sum(found)
    if function == "divide":
        return found[0] - found[1]
    if function in ("square", "sqrt", "reciprocal"):
        return found[0] * {"square": 2, "sqrt": 0.5, "reciprocal": -1}[function]
    if function == "power":
        exponent = step.arguments[1]
        return found[0] * exponent.value if isinstance(exponent, k.Constant) else float("inf")
    if function in ("exp", "sinh", "cosh", "tan"):
        return float("inf")
    return 0 if function in BOUNDED else max(found)
