"""Programs and expressions of other libraries: SymPy, einsum strings, PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from ..diagnostics import fail
from ..ir.expr import Expr
from ..ir.program import Program

if TYPE_CHECKING:
    from ..ir.index import Space


def from_sympy(expr: Any, *, spaces: Mapping[str, Space] | None = None) -> Expr:
    """The expression that a SymPy expression stands for; `Expr.to_sympy` leads back.

    A symbol in a slot or summed over is an index, the n of a sum from 0 to n - 1 an extent, any other symbol a scalar.
    `spaces` gives the spaces of indices by name; else they follow from use.

    >>> import indexcalc as ic, sympy
    >>> i, n = sympy.symbols("i n", integer=True)
    >>> x = sympy.IndexedBase(sympy.Symbol("x"))
    >>> print(ic.from_sympy(sympy.Sum(x[i] ** 2, (i, 0, n - 1))))
    sum[i](x[i]**2)
    """
    from ..scalar.from_sympy import from_sympy as run

    return run(expr, spaces=spaces or {})


def einsum(spec: Any, *operands: Any) -> Any:
    """The array that an einsum says, computed by the operands' own library: NumPy, PyTorch or CuPy.

    spec      letters "ij,jk->ik", names "b seq h, h d -> b seq d", an ellipsis "...ij,jk", implicit "ij,jk",
              joined axes "b (h d), h d e -> b e" where their sizes follow; or operands and lists of labels in turn:
              einsum(A, [0, 1], B, [1, 2], [0, 2]).  There may be more labels than letters.
    operands  arrays of one library; numbers and nested lists go with them

    A size of 1 goes with any other, as in NumPy.  Axes of an ellipsis that the result lacks are summed, as in PyTorch.
    Three operands and more are contracted in the order that costs least.  PyTorch's autograd goes through.

    >>> import indexcalc as ic
    >>> print(ic.einsum("row col, col -> row", [[1, 2], [3, 4]], [1, 10]))
    [21 43]
    """
    from ..einsum.run import einsum as run

    return run(spec, *operands)


def from_einsum(
    spec: Any, *operands: Any, dialect: str = "language", reduction: str = "sum", sizes: Mapping[str, int] | None = None
) -> Program:
    """The program of an einsum, in the spellings of NumPy, PyTorch, JAX and einops, or of a pattern of einops or einx.

    spec       "ij,jk->ik", "b seq h, h d -> b seq d", implicit "ij,jk", with an ellipsis "...ij,jk"; or operands and
               lists of labels in turn: from_einsum("A", [0, 1], "B", [1, 2], [0, 2])
    operands   a name for each, or a shape, or a pair of both, or an array; without them A, B, C…
    dialect    which function's string it is: "einops.rearrange", "einops.reduce", "einops.repeat", "einx.dot", …
    reduction  what einops.reduce does: sum, mean, max, min, prod
    sizes      the sizes of axes that a pattern is given by name

    Equal labels are of one space.  An ellipsis needs its operand's shape.

    >>> import indexcalc as ic
    >>> print(ic.from_einsum("ij,jk->ik", "W", "x").statements[0])
    C[i, k] = W[i, j] x[j, k]
    >>> heads = ic.from_einsum("b (h d) -> b h d", (2, 12), dialect="einops.rearrange", sizes={"h": 3})
    >>> print(heads.statements[0])
    y[b, h, d] = x[b, d + 4*h]
    """
    from ..importers.einsum import from_einsum as run

    return run(spec, *operands, dialect=dialect, reduction=reduction, sizes=sizes)


@overload
def from_torch(
    fn_or_module: Callable[..., Any],
    example_inputs: Sequence[Any],
    *,
    names: Mapping[str, str | Sequence[str]] | None = None,
    with_arrays: Literal[False] = False,
) -> Program: ...
@overload
def from_torch(
    fn_or_module: Callable[..., Any],
    example_inputs: Sequence[Any],
    *,
    names: Mapping[str, str | Sequence[str]] | None = None,
    with_arrays: Literal[True],
) -> tuple[Program, dict[str, Any]]: ...
def from_torch(
    fn_or_module: Callable[..., Any],
    example_inputs: Sequence[Any],
    *,
    names: Mapping[str, str | Sequence[str]] | None = None,
    with_arrays: bool = False,
) -> Program | tuple[Program, dict[str, Any]]:
    """The program of a function or module of PyTorch, at the shapes of its example inputs, traced by torch.export.

    example_inputs  the arguments of the call, a tuple
    names           index names for slots of inputs: {"x": "b t m", "weight": "o m"}; slots named alike are of one space
    with_arrays     also give every input as a NumPy array, parameters and buffers included: (program, arrays), so that
                    `ic.compile(program)(**arrays)` does what the call does

    Parameters and buffers are inputs, named by their qualified name.  Dimensions are of one space only where the
    computation pairs them, whatever their sizes.  Raises `IndexCalcError` that names every operator without a
    counterpart, and where it is used.

    >>> import indexcalc as ic, torch
    >>> print(ic.from_torch(lambda x, w: torch.relu(x @ w), (torch.ones(2, 3), torch.ones(3, 4))).statements[0])
    relu_1[i, k] = relu(x[i, j] w[j, k])
    """
    from ..importers import load_from_torch

    if names is not None and not isinstance(names, Mapping):
        message = f"names maps inputs to their indices, and is no {type(names).__name__}"
        raise fail("IX901", message, hint='names={"x": "b t m"}')
    program, arrays = load_from_torch()(fn_or_module, example_inputs, names or {})
    return (program, arrays) if with_arrays else program
