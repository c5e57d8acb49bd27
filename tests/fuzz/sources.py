"""Sources of every kind that are almost right, for random tests of the linter."""

from __future__ import annotations

import json
import random

from indexcalc.lint.source import LINTED_KINDS

KINDS = LINTED_KINDS

PROGRAMS = (
    """index i, j : n(N), d : D(64)
S[i,j] = Q[i,d] K[j,d] / sqrt(64)  # ix: ignore[IX101]
P = softmax[j](S)
T[i,j] = Q[i,d] K[k,d]
output P
""",
    """C_ij = A_ik B^k_j + where(k <= t, x[t - k], 0)
function f(x) = x**2
tensor R[a,b,c,d] : riemann
""",
    """y[i] = einsum("ij,j->i", A, x)
convention einstein
R^a_b_c_d = ∂_c Γ^a_{bd}
""",
)
MODULES = (
    """import numpy as np
from torch import einsum as E
S = 'bqhd,bkhd->bhqk'
y = np.einsum(S, q, k)  # noqa: IX404
z = E(f'b{S}...,...j->ij', a, b)
np.einsum(A, [0, 1], B, [1, 2], [0, 2])
np.einsum('ij,jk->iz', a, b)
""",
    """from einops import rearrange
import jax.numpy as jnp
def f(x: 'Float[Tensor, "b n d"]'):
    # ix: S[b,h,i,j] = Q[b,h,i,d] K[b,h,j,d]
    y = rearrange(x, 'b n (h d) -> b h n d', h=8)
    return jnp.einsum('...MN,...NC->...NC', y,
        y.transpose(1, 2))
""",
)
PAPERS = (
    r"""\newcommand{\R}[1]{\mathbb{R}^{#1}}
\begin{align}
 S_{ij} &= \sum_{d=1}^{D} Q_{id} K_{jd} \label{eq:s} \\
 S_{ij} &= \sum_{d=1}^{D} Q_{id} K_{kd} \\
 \frac{\partial L}{\partial W_{ij}} &= \delta_{ij} x^{(n)}_k
\end{align}
% ix: ignore[IX101]
$T^{\mu}{}_{\nu;\rho}$
""",
    r"""\def\a#1{#1_{#1}} \[ \Gamma^i_{jk} = \tfrac12 g^{il}(\partial_j g_{lk} - \partial_l g_{jk}) \]
\(x_{\rm in}\) \begin{tikzpicture} \end{verbatim}
""",
)
DOCUMENTS = (
    """# Title

$$S_{ij} = Q_{id} K_{jd}$$

<!-- ix: ignore[IX101] -->
```idx
S[i,j] = Q[i,d] K[k,d]
```

Text $x_i$.

```python
import numpy as np
np.einsum('ij,jk->iz', a, b)
```
""",
    r"""> - ```math
>   a_i = b_j
>   ```

\[ x_i \]

~~~indexcalc
y[i] = (x[i]
~~~
""",
)
NOTEBOOKS = tuple(
    json.dumps(
        {
            "cells": [
                {"cell_type": "code", "source": python.splitlines(keepends=True), "outputs": [], "metadata": {}},
                {"cell_type": "markdown", "source": markdown, "metadata": {}},
            ],
            "metadata": {"language_info": {"name": "python"}},
            "nbformat": 4,
        },
        indent=1,
    )
    for python, markdown in zip(MODULES, DOCUMENTS)
)
SEEDS = {"idx": PROGRAMS, "python": MODULES, "latex": PAPERS, "markdown": DOCUMENTS, "notebook": NOTEBOOKS}
PIECES = (
    *"[](){}'\"\\$%#`,_^&=+\n\t\0\u202e\ufeff𝔸é中\ud800",
    '"""', "$$", "```", "->", "...", "\r\n", "\\begin{align}", "\\end{align}", "\\frac", "\\sum_", "ix: ", "# noqa",
    "einsum", "ij,jk->ik", "[i,j]", "9" * 30, "(" * 50, "-" * 50,
)  # fmt: skip


def mutated(text: str, draw: random.Random, steps: int) -> str:
    """The text with some stretches taken out, doubled, exchanged, or replaced by pieces that matter to a reader."""
    for _ in range(steps):
        a, b = sorted((draw.randrange(len(text) + 1), draw.randrange(len(text) + 1)))
        b = min(b, a + draw.choice((0, 1, 1, 3, 20)))
        part = draw.choice((draw.choice(PIECES), text[a:b] * 2, "", text[b : b + 5]))
        text = text[:a] + part + text[b:]
    return text
