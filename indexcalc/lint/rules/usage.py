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
        "f(q, k, v)  # f = ic.compile(…)",
        "f(Q=q, K=k, V=v)",
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
        "library-missing",
        "a backend's library is not installed",
        "Emitting source needs no library; running it does. The message names the extra that installs it.",
        "ic.compile('y[i] = 2 x[i]', backend='cupy')  # without CuPy",
        "ic.emit('y[i] = 2 x[i]', backend='cupy')",
    ),
    _page(
        "IX904",
        "no-such-backend",
        "a backend that there is not",
        "The message lists those there are.",
        "ic.emit('y[i] = 2 x[i]', backend='fortran')",
        "ic.emit('y[i] = 2 x[i]', backend='numpy')",
    ),
    _page(
        "IX905",
        "cannot-differentiate",
        "a derivative is asked for that there is not",
        "A gradient is of one output, with respect to inputs that hold real numbers. A derivative that has not been "
        "carried out has no numbers.",
        "indexcalc derive 'L = x[i] x[i]' --wrt z",
        "indexcalc derive 'L = x[i] x[i]' --wrt x",
    ),
    _page(
        "IX906",
        "no-finite-inputs",
        "a verification finds no inputs whose outputs and gradients are finite",
        "NaN agrees with nothing. Inputs are drawn from normal, positive and unit ranges in turn; a declaration such "
        "as `positive` says which fits.",
        "ic.verify('L = log(-x**2)')",
        "ic.verify('L = log(x**2)')",
    ),
    _page(
        "IX907",
        "reduction-of-constant",
        "a reduction over an index that its body lacks cannot be normalised",
        "A sum over such an index multiplies by its extent, but a maximum or a softmax along it would have to treat "
        "an empty extent apart.",
        "ic.grad('index i : n(N)\\nL = max[i](a)', 'a')",
        "ic.grad('L = a', 'a')",
    ),
    _page(
        "IX908",
        "unexpanded-derivative",
        "a derivative inside a program cannot be normalised",
        "`partial[i](…)` and `diff(…)` are carried out by `simplify` and `ic.diff` first.",
        "ic.grad('y[k] = diff(x[i] x[i], x[k])\\nL = y[k] y[k]', 'x')",
        "ic.diff('x[i] x[i]', 'x[k]')",
    ),
    _page(
        "IX909",
        "budget-too-small",
        "no choice of what to keep and what to compute again fits into the memory",
        "Inputs and results are there all along, and so are the operands of one statement while it runs. The message "
        "says the smallest peak that was found: of all choices where there are few, else of a search.",
        "ic.grad('L = tanh(W[i,j] x[j]) y[i]', 'W', sizes={'i': 9, 'j': 9}, memory=100)",
        "ic.grad('L = tanh(W[i,j] x[j]) y[i]', 'W', sizes={'i': 9, 'j': 9}, memory=4096)",
    ),
    _page(
        "IX930",
        "no-rule",
        "no rule carries out this derivative or substitution",
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
