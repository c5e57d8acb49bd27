"""Programs of derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..diagnostics import fail
from ..ir.program import Program
from .arguments import input_names, program_of, spelt_names


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
    from ..calculus.grad import grad as run

    program = program_of(program)
    kept, lost = (None if x is None else spelt_names(x, program.definitions) for x in (save, recompute))
    return run(
        program,
        input_names(wrt, program),
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
    from ..calculus.grad import jvp as run

    program = program_of(program)
    return run(program, input_names(wrt, program), of=of, sizes=sizes)


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
    from ..calculus.grad import jacobian as run

    program = program_of(program)
    return run(program, input_names(wrt, program), of=of, sizes=sizes)


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
    from ..calculus.grad import hessian as run

    program = program_of(program)
    return run(program, input_names(wrt, program), of=of, sizes=sizes)


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
    from ..calculus.grad import hvp as run

    program = program_of(program)
    return run(program, input_names(wrt, program), of=of, sizes=sizes)


def closed(program: Program) -> Program:
    """A derived program (of `ic.grad` and the like) in closed form: each result one equation in the inputs and in the
    definitions of the program that was differentiated, simplified.

    What would be long and is read more than once stays a line of its own.  Inputs, outputs and values are the same.

    >>> import indexcalc as ic
    >>> print(ic.closed(ic.grad("L = sum[n,k]((X[n,i] W[i,k] - Y[n,k])**2)", "W")).statements[-1])
    grad_W[i, k] = 2 X[n, i] (W[j, k] X[n, j] - Y[n, k])
    """
    from ..calculus.closed import closed as run
    from ..calculus.trace import LazyTrace

    if not isinstance(program, Program) or not isinstance(program.trace, LazyTrace):
        hint = 'for example ic.closed(ic.grad("L = x[i] A[i,j] x[j]", "x"))'
        raise fail("IX901", "`closed` takes a program that was derived by ic.grad and the like", hint=hint)
    return run(program, program.trace.forward)
