"""`# ix:` comments that tie code to a formula."""

from __future__ import annotations

from ..registry import page

_CODE = 'import numpy as np\n# ix: C[n,i,k] = A[n,i,j] B[n,j,k]\nC = np.einsum("{}", A, B)\n'

RULES = (
    page(
        "IX430",
        name="not-the-formula",
        summary="a statement does not compute the formula in its `# ix:` comment",
        why="The string, the order of operands or a transpose says something else than the formula. Shapes seldom show "
        "it: both have the same. Names of indices and tensors may differ; arrays are paired by what their names say, "
        "then by position.",
        bad=_CODE.format("nij,nkj->nik"),
        good=_CODE.format("bxy,byz->bxz"),
        language="python",
        right="The comment is out of date: correct it, for it misleads the next reader too.",
        fix="Puts the string that computes the formula in place of the call's (unsafe).",
    ),
    page(
        "IX431",
        name="unreadable-reference",
        summary="the formula or the spec in an `# ix:` comment cannot be read",
        why="What stands behind `ix:` is a definition in the language of `.idx` files, a declaration, a spec such as "
        "`ij,jk->ik`, or `see file#name`. A formula that cannot be read checks nothing.",
        bad=_CODE.format("nij,njk->nik").replace("B[n,j,k]", "B[n,j,k"),
        good=_CODE.format("nij,njk->nik"),
        language="python",
    ),
    page(
        "IX432",
        name="reference-without-code",
        summary="no statement belongs to an `# ix:` comment",
        why="A comment belongs to the statement that it stands in, at the end of, or directly before. One before a "
        "`def`, a blank line or the end of the file checks nothing.",
        bad="import numpy as np\n# ix: y[i] = A[i,j] x[j]\n\ny = np.einsum('ij,j->i', A, x)\n",
        good="import numpy as np\n# ix: y[i] = A[i,j] x[j]\ny = np.einsum('ij,j->i', A, x)\n",
        severity="warning",
        language="python",
    ),
    page(
        "IX433",
        name="reference-not-found",
        summary="an `# ix: see` comment names a file or a formula that is not there",
        why="The path is relative to the folder of the Python file, and behind `#` stands the name of a definition or "
        "the label of an equation.",
        bad="import numpy as np\n# ix: see missing.idx#y\ny = np.einsum('ij,j->i', A, x)\n",
        good="import numpy as np\n# ix: y[i] = A[i,j] x[j]\ny = np.einsum('ij,j->i', A, x)\n",
        language="python",
    ),
    page(
        "IX434",
        name="reference-not-checked",
        summary="a statement could not be compared with the formula in its `# ix:` comment",
        why="Matrix products, einsum, einops, transposes, sums and elementwise functions are read; a function of your "
        "own is not, since nothing is run. The comment then documents and does not check.",
        bad="# ix: y[i] = A[i,j] x[j]\ny = my_function(A, x)\n",
        good="# ix: y[i] = A[i,j] x[j]\ny = A @ x\n",
        severity="note",
        language="python",
        right="The statement does what no formula says; then a plain comment serves as well.",
    ),
)
