"""Names: unknown, taken, or of the wrong kind."""

from __future__ import annotations

from ..registry import page

RULES = (
    page(
        "IX501",
        name="undefined-name",
        summary="a name is used that nothing declares or defines there",
        why="A line reads what earlier lines define. Elsewhere an unknown name is an input, but in these places (an "
        "output, an extent, a metric's space) there is nothing that it could be.",
        bad="y[i] = 2 x[i]\noutput z",
        good="y[i] = 2 x[i]\noutput y",
    ),
    page(
        "IX502",
        name="redefinition",
        summary="a name is declared or defined twice",
        why="A name stands for one thing through the whole program, so that a reader, and a derivative, need not know "
        "where in the program they are.",
        bad="y[i] = 2 x[i]\ny[i] = 3 x[i]",
        good="y[i] = 2 x[i]\nz[i] = 3 x[i]",
    ),
    page(
        "IX503",
        name="unknown-function",
        summary="a function is called that is neither built in nor declared",
        why="A name that touches its bracket is a call. If a product is meant, a space or `*` says so.",
        bad="y[i] = swish(x[i])",
        good="function swish(t) = t / (1 + exp(-t))\ny[i] = swish(x[i])",
    ),
    page(
        "IX504",
        name="two-kinds",
        summary="one name is used as two kinds: index, extent, tensor, function",
        why="`i` as an index and `i` as a tensor would make every bare `i` ambiguous.",
        bad="index i : n(N)\ntensor i[j]\ny[j] = i[j]",
        good="index i : n(N)\ntensor a[i]\ny[i] = 2 a[i]",
    ),
    page(
        "IX505",
        name="wrong-arguments",
        summary="a function or reduction is given the wrong number or kind of arguments",
        why="Each function takes what its name promises; `softmax` takes the index that it runs along in brackets.",
        bad="y[i] = where(x[i] > 0, x[i])",
        good="y[i] = where(x[i] > 0, x[i], 0)",
    ),
    page(
        "IX506",
        name="bare-expression",
        summary="an expression stands alone in a program and does nothing",
        why="Nothing is defined and nothing claimed. Usually the left side was forgotten.",
        bad="y[i] = 2 x[i]\ny[i] x[i]",
        good="y[i] = 2 x[i]\nz = y[i] x[i]",
        severity="warning",
    ),
    page(
        "IX507",
        name="read-as-scalar",
        summary="a compact name is read as one scalar, although it looks like a tensor",
        why="`A_ij` is a tensor with two indices where i and j are known as indices, and otherwise one name with an "
        "underscore, such as d_model. Brackets leave no doubt.",
        bad="y[i] = 2 x[i] + A_iq",
        good="y[i] = 2 x[i] + sum[q](A[i, q])",
        severity="warning",
    ),
)
