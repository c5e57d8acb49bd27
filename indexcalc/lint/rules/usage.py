"""Calls that ask for what does not exist, and what is not supported."""

from __future__ import annotations

from ..registry import LintRule, page


def _page(code: str, name: str, summary: str, why: str, bad: str, good: str) -> LintRule:
    return page(code, name=name, summary=summary, why=why, bad=bad, good=good, source="usage")


RULES = (
    _page(
        "IX901",
        "no-such-thing",
        "what is asked for does not exist or does not fit",
        "The message names what was asked for and what there is to choose from.",
        "ic.emit('y[i] = 2 x[i]', backend='fortran')",
        "ic.emit('y[i] = 2 x[i]', backend='numpy')",
    ),
    _page(
        "IX902",
        "not-supported",
        "a form that this operation does not support",
        "What cannot be done right is refused; the hint says which form can be.",
        "ic.grad('index i, j : s(4)\\nmetric g : s\\nL = A[^i] A[_i]', 'A')",
        "ic.grad('L = A[i] A[i]', 'A')",
    ),
    _page(
        "IX903",
        "reduction-of-constant",
        "a reduction over an index that its body lacks cannot be normalised",
        "A sum over such an index multiplies by its extent, but a maximum or a softmax along it would have to treat "
        "an empty extent apart.",
        "ic.grad('index i : n(N)\\nL = max[i](a)', 'a')",
        "ic.grad('L = a', 'a')",
    ),
    _page(
        "IX904",
        "unexpanded-derivative",
        "a derivative inside a program cannot be normalised",
        "`partial[i](…)` and `diff(…)` are carried out by `simplify` and `ic.diff` first.",
        "ic.grad('y[k] = diff(x[i] x[i], x[k])\\nL = y[k] y[k]', 'x')",
        "ic.diff('x[i] x[i]', 'x[k]')",
    ),
    _page(
        "IX905",
        "cannot-differentiate",
        "what to differentiate, or with respect to what, is not in the program",
        "A gradient is of one output, with respect to inputs that hold real numbers.",
        "indexcalc derive 'L = x[i] x[i]' --wrt z",
        "indexcalc derive 'L = x[i] x[i]' --wrt x",
    ),
    _page(
        "IX910",
        "number-too-large",
        "a number of a formula is too large for floating point",
        "Symbolic work is exact, arrays are not: beyond 1e308 there is only infinity.",
        "ic.emit('y = 10**400 x')",
        "ic.emit('y = 10**40 x')",
    ),
    _page(
        "IX911",
        "ill-formed-program",
        "a program built by hand reads what it does not have",
        "Programs that were read from text are checked; one put together from nodes may read an unknown tensor, or "
        "one with another number of slots.",
        "ic.emit(Program(statements=(Define('y', (), Access('x', ())),), outputs=('y',)))",
        "ic.emit(ic.parse('y = x'))",
    ),
    _page(
        "IX912",
        "cannot-compile",
        "an expression has no numbers",
        "A derivative that has not been carried out, or the derivative of a field, is a statement about functions.",
        "ic.emit('y[i] = partial[i](f)')",
        "ic.emit('y[i] = f[i + 1] - f[i]')",
    ),
    _page(
        "IX913",
        "no-backend-function",
        "no backend knows a function",
        "A program built by hand applies a function that is neither built in nor defined in the program.",
        "Apply('swish', (x,))  # without a FunctionDefinition",
        "function swish(t) = t / (1 + exp(-t))",
    ),
    _page(
        "IX930",
        "no-derivative-rule",
        "no rule differentiates an expression with respect to that component",
        "Better no answer than a wrong one: the expression and the component are named.",
        "ic.diff('partial[i](f)', 'f')",
        "ic.diff('f[i] f[i]', 'f[k]')",
    ),
    _page(
        "IX990",
        "internal-error",
        "indexcalc has made an ill-formed term",
        "Every pass checks what it is given. This finding is a mistake of indexcalc itself: please report the program.",
        "(no input should give it)",
        "(any input)",
    ),
)
