"""Which functions take an einsum string or a pattern, and where among their arguments it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMPY_LIKE = (
    "numpy", "torch", "jax", "tensorflow", "cupy", "opt_einsum", "autograd", "autoray", "dask", "keras", "mxnet",
    "paddle", "mlx", "cotengra", "sparse", "theano", "pytensor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Function:
    """A function that takes a string.  `layout` says where that stands:

    "first" (then operands), "last" (behind the operands), "second" (behind the one operand), "third" (unpack), or
    "layer" (alone: the operand comes later).  `complete` says that the call shows every operand.
    """

    name: str
    library: str
    dialect: str
    layout: str = "first"
    complete: bool = True

    @property
    def sublists(self) -> bool:
        """Whether operands and lists of labels in turn are taken as well."""
        return self.dialect == "einsum" and self.library in ("numpy", "torch", "jax", "cupy", "opt_einsum", "dask")


_EINOPS = {"rearrange": "second", "reduce": "second", "repeat": "second", "parse_shape": "second", "pack": "second",
           "unpack": "third", "einsum": "last"}  # fmt: skip
_LAYERS = ("Rearrange", "Reduce", "EinMix")
_EINSUM = re.compile(r"(?:\w*_)?einsum(?:_path)?|[A-Za-z]*Einsum|EinsumDense")
_CONTRACT = ("contract", "contract_path", "contract_expression")
_EINX = re.compile(r"[a-z]\w*")


def function_named(dotted: str, local: bool = False) -> Function | None:
    """The function of this full name, or None.  A name that no import explains is taken by its looks, its library "".

    `local` says that the file itself defines the name.

    >>> function_named("jax.numpy.einsum")
    Function(name='jax.numpy.einsum', library='jax', dialect='einsum', layout='first', complete=True)
    >>> function_named("einops.layers.torch.Rearrange").layout, function_named("self.q_einsum").complete
    ('layer', False)
    """
    first, _, _ = dotted.partition(".")
    last = dotted.rpartition(".")[2]
    if first == "einops":
        return _of_einops(dotted, last)
    if first == "einx":
        known = _EINX.fullmatch(last) and last not in ("einx", "jit")
        return Function(dotted, "einx", "einx." + last) if known else None
    if first == "fancy_einsum" and last == "einsum":
        return Function(dotted, "fancy_einsum", "fancy_einsum")
    if last in _CONTRACT:
        return Function(dotted, "opt_einsum", "einsum") if first == "opt_einsum" else None
    if _EINSUM.fullmatch(last):
        if first in NUMPY_LIKE and last in ("einsum", "einsum_path"):
            return Function(dotted, first, "einsum")
        return Function(dotted, "", "einsum", complete=dotted == "einsum" and not local)
    if last in _LAYERS:
        return Function(dotted, "", f"einops.{last}", "layer", complete=False)
    if last in ("rearrange", "repeat", "reduce") and first != "functools":
        return Function(dotted, "", f"einops.{last}", "second" if dotted == last else "any", complete=False)
    return None


def _of_einops(dotted: str, last: str) -> Function | None:
    if last in _LAYERS:
        return Function(dotted, "einops", f"einops.{last}", "layer", complete=False)
    if last in _EINOPS:
        return Function(dotted, "einops", f"einops.{last}", _EINOPS[last])
    return None
