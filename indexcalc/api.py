"""The public surface: every function of `import indexcalc as ic`.  Text may stand wherever a program or expression is
taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from .diagnostics import Diagnostic, did_you_mean, fail
from .ir.expr import Access, Derivative, Expr
from .ir.index import Index
from .ir.program import Claim, Define, Program, Statement

if TYPE_CHECKING:
    from .backends.function import Function
    from .cost.formulas import Formulas
    from .cost.report import Cost
    from .differentiable.function import TorchFunction
    from .ir.index import Space
    from .lower.target import Machine
    from .matrix.form import MatrixForm
    from .verify.report import Verification

_DEFINES = re.compile(r"(?<![=<>!])=(?!=)")
EMITTING = ("sizes", "without")
COMPILING = (*EMITTING, "adapt")
_FILE_NAME = re.compile(r"[^\s=()\[\]{};]+\.idx")


def parse(text: str, *, filename: str = "<input>", strict: bool = False) -> Program:
    """Read and check a program.  `strict` asks for a declaration of every name.

    Raises `IndexCalcError`, whose `.diagnostics` lists everything that is wrong.

    >>> import indexcalc as ic
    >>> ic.parse("C_ij = A_ik B_kj").inputs.keys()
    dict_keys(['A', 'B'])
    """
    from .elaborate.read import read_program

    return read_program(_text(text, "a program"), filename=filename, strict=strict)


def lint(text_or_path: str | Path, *, kind: str | None = None) -> list[Diagnostic]:
    """Everything that is to be said about a program's text or file.  Never raises on bad input.

    >>> import indexcalc as ic
    >>> [d.code for d in ic.lint("S[i,j] = Q[i,d] K[k,d]")]
    ['IX101']
    """
    from .lint.run import lint as run

    return run(text_or_path, kind=kind)


def simplify(expr: str | Expr, *, given: str = "") -> Expr:
    """The expression with derivatives carried out, deltas contracted, sums split and pulled out, numbers folded, like
    terms collected.

    `given` holds declarations.

    >>> import indexcalc as ic
    >>> print(ic.simplify("sum[j](delta[i,j] x[j])"))
    x[i]
    """
    from .calculus.declared import simplified_as_declared
    from .rewrite.tidy import tidy

    return tidy(simplified_as_declared(_expression(expr, given), parse(given))[0])


def diff(expr: str | Expr, wrt: str | Access, *, given: str = "") -> Expr:
    """∂expr/∂wrt, where `wrt` is a tensor's component such as "x[k]"; its indices stay free in the result (a Jacobian).

    All components of the tensor are independent, unless `given` declares it symmetric, antisymmetric, riemann, diagonal
    or orthogonal: then it is the derivative among such tensors, the projection of the former.

    >>> import indexcalc as ic
    >>> print(ic.diff("a[i] x[i]", "x[k]"))
    a[k]
    """
    from .calculus.declared import simplified_as_declared
    from .rewrite.tidy import tidy

    return tidy(simplified_as_declared(_derivative(expr, wrt, given), parse(given))[0])


def grad(
    program: str | Program,
    wrt: str | Iterable[str],
    *,
    of: str | None = None,
    with_value: bool = False,
    sizes: Mapping[str, int] | None = None,
    save: str | Iterable[str] | None = None,
    recompute: str | Iterable[str] | None = None,
    memory: int | None = None,
) -> Program:
    """The program that computes the gradients `grad_<name>`, by reverse mode, folded onto the forward's definitions.

    wrt         one input's name, names separated by commas, or several names
    of          the output to differentiate; needed where there are several
    with_value  also return the forward outputs
    sizes       extents that decide which of two equal forms is cheaper, by the name of an extent, space or index
    save        the only definitions whose values the backward part may read; it computes the others again
    recompute   definitions that the backward part computes again; it may read all others
    memory      the most bytes at one time, for which what is computed again is chosen; needs all sizes

    At most one of the last three.  The program says what is computed again in a `recompute` line, and `.notes` tell.
    Where the output O is not scalar, the result also takes the cotangent `grad_O`, of O's shape.

    >>> import indexcalc as ic
    >>> print(ic.grad("L = x[i] x[i]", "x").statements[-1].body)
    2 x[i]
    >>> layers = "h[i] = tanh(U[i,j] x[j]); k[i] = tanh(W[i,j] h[j]); L = k[i] k[i]"
    >>> print(*ic.grad(layers, "U", with_value=True, save=["k"]).recomputed)
    h_again
    """
    from .calculus.grad import grad as run

    program = _program(program)
    kept, lost = (None if x is None else _spelt(x, program.definitions) for x in (save, recompute))
    return run(
        program,
        _names(wrt, program),
        of=of,
        with_value=with_value,
        sizes=sizes,
        save=kept,
        recompute=lost,
        memory=memory,
    )


def jvp(
    program: str | Program,
    wrt: str | Iterable[str],
    *,
    of: str | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Program:
    """The program that computes an output's derivative along a direction, by forward mode.

    The result takes a direction `tangent_x` for each x in `wrt`, of x's shape, and returns `tangent_O`, of the output
    O's shape: Σ_x ∂O/∂x · tangent_x.  Arguments are those of `grad`.

    >>> import indexcalc as ic
    >>> print(ic.jvp("y[i] = A[i,j] x[j]", "x").statements[-1])
    tangent_y[i] = A[i, j] tangent_x[j]
    """
    from .calculus.grad import jvp as run

    program = _program(program)
    return run(program, _names(wrt, program), of=of, sizes=sizes)


def jacobian(
    program: str | Program,
    wrt: str | Iterable[str],
    *,
    of: str | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Program:
    """The program that computes `jac_x` for each x in `wrt`: ∂O/∂x, with the slots of the output O and then those of x.

    Forward or reverse mode, whichever takes fewer multiplications at the sizes given (representative ones without); a
    note of the result says which, and both figures.  Arguments are those of `grad`.

    >>> import indexcalc as ic
    >>> print(ic.jacobian("index v, w : n\\n p[v] = softmax[v](z[v])", "z").statements[-1])
    jac_z[v, w] = p[v] (delta[v, w] - p[w])
    """
    from .calculus.grad import jacobian as run

    program = _program(program)
    return run(program, _names(wrt, program), of=of, sizes=sizes)


def hessian(
    program: str | Program,
    wrt: str | Iterable[str],
    *,
    of: str | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Program:
    """The program that computes the second derivatives of a scalar output.

    `hess_x` has the slots of x twice.  For two names x before y in `wrt` there is one mixed block `hess_x_y`, with the
    slots of x and then those of y; the other one is its transpose.  Arguments are those of `grad`.

    >>> import indexcalc as ic
    >>> print(ic.hessian("L = x[i] A[i,j] x[j]", "x").statements[-1])
    hess_x[i, j] = A[i, j] + A[j, i]
    """
    from .calculus.grad import hessian as run

    program = _program(program)
    return run(program, _names(wrt, program), of=of, sizes=sizes)


def hvp(
    program: str | Program,
    wrt: str | Iterable[str],
    *,
    of: str | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Program:
    """The program that computes the product of a scalar output's Hessian with a vector, without the Hessian.

    The result takes a direction `tangent_x` for each x in `wrt` and returns `hvp_x` = Σ_y ∂²L/∂x∂y · tangent_y, of x's
    shape: the gradient's derivative along that direction.  Arguments are those of `grad`.

    >>> import indexcalc as ic
    >>> print(ic.hvp("L = x[i] A[i,j] x[j]", "x").statements[-1])
    hvp_x[i] = tangent_x[j] (A[i, j] + A[j, i])
    """
    from .calculus.grad import hvp as run

    program = _program(program)
    return run(program, _names(wrt, program), of=of, sizes=sizes)


def closed(program: Program) -> Program:
    """A derived program (of `ic.grad` and the like) in closed form: each result one equation in the inputs and in the
    definitions of the program that was differentiated, simplified.

    What would be long and is read more than once stays a line of its own.  Inputs, outputs and values are the same.

    >>> import indexcalc as ic
    >>> print(ic.closed(ic.grad("L = sum[n,k]((X[n,i] W[i,k] - Y[n,k])**2)", "W")).statements[-1])
    grad_W[i, k] = 2 X[n, i] (W[j, k] X[n, j] - Y[n, k])
    """
    from .calculus.closed import closed as run
    from .calculus.trace import LazyTrace

    if not isinstance(program, Program) or not isinstance(program.trace, LazyTrace):
        hint = 'for example ic.closed(ic.grad("L = x[i] A[i,j] x[j]", "x"))'
        raise fail("IX901", "`closed` takes a program that was derived by ic.grad and the like", hint=hint)
    return run(program, program.trace.forward)


def emit(program: str | Program, backend: str = "numpy", **options: Any) -> str:
    """Stand-alone source text whose `run(inputs)` maps a dict of arrays to a dict of arrays.

    sizes    representative extents, by which equal forms are compared; the text takes arrays of any size
    without  passes of lowering to leave out, by name: "fuse", "fuse,fold" or several texts

    >>> import indexcalc as ic
    >>> "import numpy" in ic.emit("C_ij = A_ik B_kj")
    True
    """
    from .backends import emit_program

    return emit_program(_program(program), backend, **_known(options, EMITTING))


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
    from .backends import compile_program

    return compile_program(_program(program), backend, **_known(options, COMPILING))


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
    from .backends.base import backend_named

    program = _program(program)
    backend_named("torch").load_library()
    from .differentiable.function import torch_function

    kept, lost = (None if x is None else _spelt(x, program.definitions) for x in (save, recompute))
    return torch_function(
        program,
        None if wrt is None else _names(wrt, program),
        backend=backend,
        sizes=sizes,
        save=kept,
        recompute=lost,
        memory=memory,
        without=_separated(without),
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
    from .verify import verify as run

    program = _program(program)
    if not isinstance(seed, int) or seed < 0:
        raise fail("IX901", f"a seed is an integer from 0, not {seed!r}", hint="seed=0")
    names = None if wrt is None else _names(wrt, program)
    return run(program, wrt=names, sizes=sizes, seed=seed, backend=backend)


def matrix_form(x: str | Program | Statement | Expr, *, given: str = "") -> MatrixForm | None:
    """The matrix notation of a program, a statement or an expression, the first free index counting rows.

    None where something has none: tensors of rank 3 and more, masks, gathers.  The result's `str` is Unicode; it has
    `.ascii` and `.latex`.  `given` holds declarations for an expression.

    >>> import indexcalc as ic
    >>> print(ic.matrix_form("g[i,k] = 2 X[n,i] (X[n,j] W[j,k] - Y[n,k])"))
    g = 2 Xᵀ (X W − Y)
    """
    from .matrix.form import matrix_form as run

    if isinstance(x, str):
        x = parse(x) if _DEFINES.search(x) else _expression(x, given)
    elif not isinstance(x, (Program, Define, Claim, Expr)):
        message = f"a program, a statement or an expression is asked for, not {type(x).__name__}"
        raise fail("IX901", message, hint='text will do: ic.matrix_form("y[i] = A[i,j] x[j]")')
    return run(x, parse(given).inputs if given else None)


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
    from .backends.base import backend_named
    from .cost.measure import cost_or_formulas as run

    target = backend_named(backend).load_spelling().target
    return run(
        _program(program), sizes, dtype=dtype, target=target, without=_separated(without), machine=machine,
        alternatives=alternatives,
    )  # fmt: skip


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
    from .scalar.from_sympy import from_sympy as run

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
    from .einsum.run import einsum as run

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
    from .importers.einsum import from_einsum as run

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
    from .importers import load_from_torch

    if names is not None and not isinstance(names, Mapping):
        message = f"names maps inputs to their indices, and is no {type(names).__name__}"
        raise fail("IX901", message, hint='names={"x": "b t m"}')
    program, arrays = load_from_torch()(fn_or_module, example_inputs, names or {})
    return (program, arrays) if with_arrays else program


def _program(program: str | Program) -> Program:
    if isinstance(program, Program):
        return program
    return parse(_text(program, "a program"))


def _text(given: object, what: str) -> str:
    if isinstance(given, str):
        if _FILE_NAME.fullmatch(given):
            hint = f"read the file: pathlib.Path({given!r}).read_text(encoding='utf-8')"
            raise fail("IX901", f"{given!r} is a file's name, not {what}", hint=hint)
        return given
    hint = "decode it first" if isinstance(given, (bytes, bytearray)) else "for a file, read its text first"
    raise fail("IX901", f"{what} is given as text, not as {type(given).__name__}", hint=hint)


def _known(options: Mapping[str, Any], known: Sequence[str]) -> Mapping[str, Any]:
    unknown = sorted(set(options) - {*known})
    if unknown:
        offered = did_you_mean(unknown[0], known)
        raise fail("IX901", f"no such option: `{unknown[0]}`", hint=offered or f"options: {', '.join(known)}")
    if not isinstance(options.get("adapt", True), bool):
        raise fail("IX901", f"adapt is True or False, not {options['adapt']!r}")
    if "without" not in options:
        return options
    return {**options, "without": _separated(options["without"])}


def _names(wrt: str | Iterable[str], program: Program) -> Sequence[str]:
    """The inputs meant."""
    return _spelt(wrt, program.inputs)


def _spelt(given: str | Iterable[str], known: Iterable[str]) -> Sequence[str]:
    """The names meant, spelt as the program spells them: `alpha`, `\\alpha` and α are one name."""
    from .syntax.greek import spelt

    return spelt(_separated(given), known)


def _separated(given: str | Iterable[str]) -> list[str]:
    """The names of one text with commas, or of several texts."""
    if not isinstance(given, Iterable):
        raise fail("IX901", f"names are text, or several texts, not {type(given).__name__}", hint='such as "Q,K"')
    parts = given.split(",") if isinstance(given, str) else _texts(given)
    return [p.strip() for p in parts if p.strip()]


def _texts(given: Iterable[object]) -> Iterable[str]:
    """Each of several names, which is a text."""
    for part in given:
        if not isinstance(part, str):
            raise fail("IX901", f"a name is text, not {type(part).__name__}", hint='such as "Q" or ["Q", "K"]')
        yield part


def _expression(expr: str | Expr, given: str) -> Expr:
    from .elaborate.read import read_expression

    declarations = _text(given, "a list of declarations")
    return expr if isinstance(expr, Expr) else read_expression(_text(expr, "an expression"), given=declarations)


def _derivative(expr: str | Expr, wrt: str | Access, given: str) -> Expr:
    """diff(expr, wrt) as a node; text is read together, so that both see the same spaces."""
    if isinstance(expr, str) and isinstance(wrt, str):
        from .elaborate.read import read_derivative

        return read_derivative(expr, wrt, given=_text(given, "a list of declarations"))
    body, component = _expression(expr, given), _expression(wrt, given)
    if not isinstance(component, Access):
        raise fail("IX905", "the second argument of diff is a tensor's component", hint='for example "x[k]"')
    return Derivative(body, _in_spaces_of(body, component))


def _in_spaces_of(body: Expr, component: Access) -> Access:
    """The component with its indices in the spaces that the tensor's slots have in the body."""
    from .ir.walk import subexpressions

    for part in subexpressions(body):
        if isinstance(part, Access) and part.tensor == component.tensor and len(part.slots) == len(component.slots):
            pairs = zip(component.slots, part.slots)
            both = [Index(c.name, b.space) if isinstance(c, Index) and isinstance(b, Index) else c for c, b in pairs]
            return component.with_slots(tuple(both))
    return component
