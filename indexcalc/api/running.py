"""Programs as text and as functions of arrays, compared with numeric derivatives, and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..diagnostics import fail
from ..ir.program import Program
from .arguments import input_names, known_options, program_of, separated, spelt_names

if TYPE_CHECKING:
    from ..backends.function import Function
    from ..cost.formulas import Formulas
    from ..cost.report import Cost
    from ..differentiable.function import TorchFunction
    from ..lower.target import Machine
    from ..verify.report import Verification

EMITTING = ("sizes", "without")
COMPILING = (*EMITTING, "adapt")


def emit(program: str | Program, backend: str = "numpy", **options: Any) -> str:
    """Stand-alone source text whose `run(inputs)` maps a dict of arrays to a dict of arrays.

    sizes    representative extents, by which equal forms are compared; the text takes arrays of any size
    without  passes of lowering to leave out, by name: "fuse", "fuse,fold" or several texts

    >>> import indexcalc as ic
    >>> "import numpy" in ic.emit("C_ij = A_ik B_kj")
    True
    """
    from ..backends import emit_program

    return emit_program(program_of(program), backend, **known_options(options, EMITTING))


def compile(program: str | Program, backend: str = "numpy", **options: Any) -> Function:
    """A function of the program: called with arrays by keyword, it returns a dict from output name to array.

    Options are those of `emit`, and

    adapt  False: calls of all sizes run the text that was emitted for `sizes`.  Otherwise a call with much work whose
           sizes differ from those that decided, by a factor of 2 and more where `sizes` gives none, is lowered again
           for its own, at most a few times; what a call gives does not depend on it.

    >>> import indexcalc as ic, numpy as np
    >>> ic.compile("y[i] = A[i,j] x[j]")(A=np.eye(2), x=np.array([3.0, 4.0]))["y"]
    array([3., 4.])
    """
    from ..backends import compile_program

    return compile_program(program_of(program), backend, **known_options(options, COMPILING))


def as_torch_function(
    program: str | Program,
    wrt: str | Iterable[str] | None = None,
    *,
    backend: str = "torch",
    sizes: Mapping[str, int] | None = None,
    save: str | Iterable[str] | None = None,
    recompute: str | Iterable[str] | None = None,
    memory: int | None = None,
    without: str | Iterable[str] = (),
    twice: bool = False,
) -> TorchFunction:
    """The program as a function of PyTorch tensors whose gradients are the program's own, so that `loss.backward()`
    works and a module can call it.

    It takes tensors in the order of the inputs or by keyword, and numbers for inputs without slots.  One output comes
    as a tensor, several as a dict by name.  All outputs are differentiated together, by the inputs that want it.

    wrt      the inputs by which it is differentiable: names, or all that hold real numbers
    backend  "torch" on any device; "cpp" and "numpy" read and write the memory of CPU tensors
    sizes    extents that decide what is cheaper, and those that no tensor tells, by name
    save, recompute, memory
             what is kept for the backward part, as in `ic.grad`.  Otherwise all that it reads with torch, and with
             numpy and cpp what is no larger than an input or an output: their kernels compute the rest again
    without  passes of lowering to leave out
    twice    keep all inputs, so that a gradient can be differentiated again whatever the program; without it only
             where the backward part reads what that takes

    A program computes in the type of its tensors, also under torch.autocast, where mixed ones are widened first.
    torch.compile takes a call as one operator.  torch.vmap and torch.func are refused.

    >>> import indexcalc as ic, torch
    >>> f = ic.as_torch_function("y[i] = A[i,j] x[j]")
    >>> A, x = torch.eye(2), torch.tensor([3.0, 4.0], requires_grad=True)
    >>> f(A, x).sum().backward()
    >>> x.grad
    tensor([1., 1.])
    """
    from ..backends.base import backend_named

    program = program_of(program)
    backend_named("torch").load_library()
    from ..differentiable.function import torch_function

    kept, lost = (None if x is None else spelt_names(x, program.definitions) for x in (save, recompute))
    return torch_function(
        program,
        None if wrt is None else input_names(wrt, program),
        backend=backend,
        sizes=sizes,
        save=kept,
        recompute=lost,
        memory=memory,
        without=separated(without),
        twice=twice,
    )


def verify(
    program: str | Program,
    *,
    wrt: str | Iterable[str] | None = None,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
    backend: str = "numpy",
) -> Verification:
    """Derive the gradients and compare them with finite differences, the interpreter and a second backend.

    Truthy when everything agrees.

    >>> import indexcalc as ic
    >>> bool(ic.verify("L = x[i] A[i,j] x[j]"))
    True
    """
    from ..verify import verify as run

    program = program_of(program)
    if not isinstance(seed, int) or seed < 0:
        raise fail("IX901", f"a seed is an integer from 0, not {seed!r}", hint="seed=0")
    names = None if wrt is None else input_names(wrt, program)
    return run(program, wrt=names, sizes=sizes, seed=seed, backend=backend)


def cost(
    program: str | Program,
    sizes: Mapping[str, int],
    *,
    dtype: str = "float64",
    backend: str = "numpy",
    without: str | Iterable[str] = (),
    machine: str | Machine | None = None,
    alternatives: bool = False,
) -> Cost | Formulas:
    """What the emitted program takes: FLOPs, multiplications, bytes moved, peak memory, in all and per statement.

    sizes         extents, by the name of an extent, space or index; where one is missing, figures are formulas
    dtype         of the floating-point inputs
    backend       for which it is emitted: with the kernels that this one has
    without       passes of lowering that are left out, as for `emit`
    machine       "laptop", figures such as "matmul=1.6e11,bandwidth=2e10", or a .json file of them: gives the least
                  time that the operations take there, and whether arithmetic or memory bounds it
    alternatives  True: also what is saved by kernels, orders of contraction, gathers and shared axes

    `str()` of the result is a table.

    >>> import indexcalc as ic
    >>> found = ic.cost("C[i,j] = A[i,k] B[k,j]", {"i": 10, "j": 20, "k": 30})
    >>> found.flops, found.multiplications, found.peak_bytes
    (12000, 6000, 8800)
    >>> print(ic.cost("C[i,j] = A[i,k] B[k,j]", {"k": 30}).flops)
    60 i j
    """
    from ..backends.base import backend_named
    from ..cost.measure import cost_or_formulas as run

    target = backend_named(backend).load_spelling().target
    return run(
        program_of(program), sizes, dtype=dtype, target=target, without=separated(without), machine=machine,
        alternatives=alternatives,
    )  # fmt: skip
