"""Derivations that this library, tensorgrad and SymPy can all be asked for: the same formula, three spellings.

A peer's entry is None where it has no spelling for the formula.  tensorgrad: `grad` and `full_simplify`.  SymPy:
`diff(…).doit()` of `Indexed` sums, one component, which it often leaves unsimplified.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import indexcalc as ic

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    program: str
    wrt: tuple[str, ...]
    tensorgrad: Callable[[], Work] | None = None
    sympy: Callable[[], Work] | None = None
    hessian: bool = False

    def ours(self) -> Work:
        program = ic.parse(self.program)
        if self.hessian:
            return lambda: ic.hessian(program, self.wrt)
        return lambda: ic.grad(program, self.wrt)


# ---- tensorgrad -------------------------------------------------------------------------------------
def _derive(build: Callable[[], tuple[object, list[object]]]) -> Callable[[], Work]:
    """The loss is built once, as our program is parsed once: what is timed is the derivation."""

    def prepare() -> Work:
        loss, variables = build()
        return lambda: [loss.grad(x).full_simplify() for x in variables]  # type: ignore[attr-defined]

    return prepare


def _quadratic() -> tuple[object, list[object]]:
    from sympy import symbols
    from tensorgrad import Variable

    (n,) = symbols("n,")
    x, a = Variable("x", i=n), Variable("A", i=n, j=n)
    return x @ a @ x.rename(i="j"), [x]


def _least_squares() -> tuple[object, list[object]]:
    import tensorgrad.functions as functions
    from sympy import symbols
    from tensorgrad import Variable

    b, x, y = symbols("b x y")
    data, weights, target = Variable("X", b=b, x=x), Variable("W", x=x, y=y), Variable("Y", b=b, y=y)
    return functions.frobenius2(data @ weights - target), [weights]


def _negative_log_softmax() -> tuple[object, list[object]]:
    import tensorgrad.functions as functions
    from sympy import symbols
    from tensorgrad import Variable

    (v,) = symbols("v,")
    logits, target = Variable("z", v=v), Variable("y", v=v)
    return -functions.sum(target * functions.log(functions.softmax(logits, dim="v"))), [logits]


def _cross_entropy() -> tuple[object, list[object]]:
    import tensorgrad.functions as functions
    from sympy import symbols
    from tensorgrad import Variable

    (v,) = symbols("v,")
    logits, target = Variable("z", v=v), Variable("y", v=v)
    return functions.cross_entropy(logits, target, dim="v"), [logits]


def _cross_entropy_hessian() -> Work:
    loss, (logits,) = _cross_entropy()
    return lambda: loss.grad(logits).grad(logits).full_simplify()  # type: ignore[attr-defined]


def _layer_norm() -> tuple[object, list[object]]:
    import tensorgrad.functions as functions
    from sympy import symbols
    from tensorgrad import Variable

    b, d = symbols("b d")
    x, g, up = Variable("x", b=b, d=d), Variable("g", d=d), Variable("u", b=b, d=d)
    centred = x - functions.mean(x, dim="d")
    deviation = functions.sqrt(functions.mean(functions.pow(centred, 2), dim="d") + 1e-5)
    return functions.sum(centred / deviation * g * up), [x]


def _trace_product() -> tuple[object, list[object]]:
    from sympy import symbols
    from tensorgrad import Variable

    n, m, k = symbols("n m k")
    a, x, b = Variable("A", i=n, j=m), Variable("X", j=m, k=k), Variable("B", k=k, i=n)
    return a @ x @ b, [x]


def _cube() -> tuple[object, list[object]]:
    from sympy import symbols
    from tensorgrad import Variable

    (n,) = symbols("n,")
    x = Variable("X", i=n, j=n)
    return x @ x.rename(i="j", j="k") @ x.rename(i="k", j="i"), [x]


def _two_layers() -> tuple[object, list[object]]:
    import tensorgrad.functions as functions
    from sympy import symbols
    from tensorgrad import Variable

    b, d, h, o = symbols("b d h o")
    x, y = Variable("x", b=b, d=d), Variable("y", b=b, o=o)
    first, second = Variable("W1", d=d, h=h), Variable("W2", h=h, o=o)
    return functions.frobenius2(functions.tanh(x @ first) @ second - y), [first, second]


def _attention() -> tuple[object, list[object]]:
    import tensorgrad.functions as functions
    from sympy import symbols
    from tensorgrad import Variable

    rows, keys, width, values = symbols("s k d e")
    q, k = Variable("Q", s=rows, d=width), Variable("K", k=keys, d=width)
    v, g = Variable("V", k=keys, e=values), Variable("G", s=rows, e=values)
    return functions.sum((functions.softmax(q @ k, dim="k") @ v) * g), [q, k, v]


# ---- SymPy ------------------------------------------------------------------------------------------
def _sympy_quadratic() -> Work:
    from sympy import IndexedBase, Sum, symbols

    i, j, k, n = symbols("i j k n", integer=True)
    x, a = IndexedBase("x"), IndexedBase("A")
    loss = Sum(Sum(x[i] * a[i, j] * x[j], (i, 0, n - 1)), (j, 0, n - 1))
    return lambda: loss.diff(x[k]).doit()


def _sympy_least_squares() -> Work:
    from sympy import IndexedBase, Sum, symbols

    b, i, o, k, m, n, p, q = symbols("b i o k m n p q", integer=True)
    x, w, y = IndexedBase("X"), IndexedBase("W"), IndexedBase("Y")
    residual = Sum(x[b, i] * w[i, o], (i, 0, p - 1)) - y[b, o]
    loss = Sum(Sum(residual**2, (b, 0, n - 1)), (o, 0, q - 1))
    return lambda: loss.diff(w[k, m]).doit()


def _sympy_cross_entropy() -> Work:
    from sympy import IndexedBase, Sum, exp, log, symbols

    v, u, k, n = symbols("v u k n", integer=True)
    z, y = IndexedBase("z"), IndexedBase("y")
    loss = Sum(y[v] * (log(Sum(exp(z[u]), (u, 0, n - 1))) - z[v]), (v, 0, n - 1))
    return lambda: loss.diff(z[k]).doit()


ATTENTION = """
index i, j : seq(L)
index d, a : head_dim(D)
tensor Q[i, d], K[j, d], V[j, a]
S[i, j] = Q[i, d] K[j, d]
P[i, j] = softmax[j](S[i, j])
O[i, a] = P[i, j] V[j, a]
output O
"""
CASES = (
    Case("x A x", "L = x[i] A[i,j] x[j]", ("x",), _derive(_quadratic), _sympy_quadratic),
    Case("tr(A X B)", "L = A[i,j] X[j,k] B[k,i]", ("X",), _derive(_trace_product)),
    Case("tr(X X X)", "L = X[i,j] X[j,k] X[k,i]", ("X",), _derive(_cube)),
    Case(
        "|X W - Y|²",
        "R[b,o] = X[b,i] W[i,o] - Y[b,o]\nL = sum[b,o](R[b,o]**2)",
        ("W",),
        _derive(_least_squares),
        _sympy_least_squares,
    ),
    Case(
        "two layers, tanh",
        "H[b,h] = tanh(x[b,d] W1[d,h])\nR[b,o] = H[b,h] W2[h,o] - y[b,o]\nL = sum[b,o](R[b,o]**2)",
        ("W1", "W2"),
        _derive(_two_layers),
    ),
    Case(
        "-y log softmax(z)",
        "p[v] = softmax[v](z[v])\nL = -sum[v](y[v] log(p[v]))",
        ("z",),
        _derive(_negative_log_softmax),
    ),
    Case(
        "y (logsumexp(z) - z)",
        "l = logsumexp[v](z[v])\nL = sum[v](y[v] (l - z[v]))",
        ("z",),
        _derive(_cross_entropy),
        _sympy_cross_entropy,
    ),
    Case(
        "its Hessian",
        "l = logsumexp[v](z[v])\nL = sum[v](y[v] (l - z[v]))",
        ("z",),
        _cross_entropy_hessian,
        hessian=True,
    ),
    Case(
        "layer norm",
        "m[b] = mean[d](x[b,d])\ns[b] = sqrt(mean[d]((x[b,d] - m[b])**2) + 1e-5)\n"
        "xhat[b,d] = (x[b,d] - m[b]) / s[b]\ny[b,d] = xhat[b,d] g[d]\noutput y",
        ("x",),
        _derive(_layer_norm),
    ),
    Case("attention wrt Q, K, V", ATTENTION, ("Q", "K", "V"), _derive(_attention)),
)
