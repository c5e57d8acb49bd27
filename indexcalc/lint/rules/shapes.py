"""What a Python file shows of shapes, against its einsum strings, reshapes, products and layers."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics import Diagnostic, Label
from ...python.module import Module
from ..registry import lint_rule

_TYPES = "from jaxtyping import Float\nfrom torch import Tensor, einsum\n\n\n"


def _told(module: Module, kind: str, code: str, severity: str) -> Iterator[Diagnostic]:
    """The conflicts of one kind as findings; those that rest on a comment alone are warnings."""
    for conflict in module.conflicts:
        if conflict.kind == kind:
            labels = tuple(Label(span, text) for span, text in conflict.places)
            yield Diagnostic(
                code, conflict.message, conflict.span, conflict.hint, "warning" if conflict.weak else severity,
                conflict.why, label=conflict.label, labels=labels,
            )  # fmt: skip


@lint_rule(
    "IX220",
    name="operand-rank",
    summary="an operand has another number of dimensions than its labels",
    why="Each label stands for one dimension, so that the call fails as soon as it runs.",
    bad=_TYPES + 'def scores(q: Float[Tensor, "b n d"], k: Float[Tensor, "b n d"]):\n'
    '    return einsum("bhid,bjd->bhij", q, k)',
    good=_TYPES + 'def scores(q: Float[Tensor, "b h n d"], k: Float[Tensor, "b n d"]):\n'
    '    return einsum("bhid,bjd->bhij", q, k)',
    severity="error",
    subject="module",
    language="python",
    right="Never, where the shape that the file shows is true.",
)
def operand_rank(module: Module) -> Iterator[Diagnostic]:
    """Labels against dimensions."""
    yield from _told(module, "rank", "IX220", "error")


@lint_rule(
    "IX221",
    name="shape-extents",
    summary="one index has two sizes, or a reshape changes the number of entries",
    why="An index runs over the same values wherever it stands, and a reshape keeps all entries. Such a call fails.",
    bad="import numpy as np\n\nA = np.zeros((3, 4))\nB = np.ones((5, 6))\nC = np.einsum('ij,jk->ik', A, B)",
    good="import numpy as np\n\nA = np.zeros((3, 4))\nB = np.ones((4, 6))\nC = np.einsum('ij,jk->ik', A, B)",
    severity="error",
    subject="module",
    language="python",
    right="Never, where the sizes that the file shows are true.",
)
def shape_extents(module: Module) -> Iterator[Diagnostic]:
    """Sizes that exclude each other."""
    yield from _told(module, "extent", "IX221", "error")


@lint_rule(
    "IX222",
    name="axes-of-two-spaces",
    summary="one index is used for two differently named axes",
    why="Sizes may be equal where meanings are not: as many heads as examples, d_in as long as d_out, as many queries "
    "as keys. Every shape check then passes, and the numbers are wrong. The names that the file gives its axes tell.",
    bad=_TYPES + 'def project(x: Float[Tensor, "b n d_in"], W: Float[Tensor, "d_out d_in"]):\n'
    '    return einsum("bnd,di->bni", x, W)',
    good=_TYPES + 'def project(x: Float[Tensor, "b n d_in"], W: Float[Tensor, "d_out d_in"]):\n'
    '    return einsum("bnd,od->bno", x, W)',
    subject="module",
    language="python",
    right="Where both names are for one axis. Calling it by one name in both places says so.",
)
def axes_of_two_spaces(module: Module) -> Iterator[Diagnostic]:
    """Axes that one index identifies and that are two by their names."""
    yield from _told(module, "axes", "IX222", "warning")


@lint_rule(
    "IX223",
    name="axes-mislabelled",
    summary="axes are named in another order than the array has them",
    why="A pattern, a comment or an unpacked shape that exchanges two names passes as long as nothing depends on them; "
    "whoever reads it next believes them.",
    bad="from einops import rearrange\nfrom jaxtyping import Float\nfrom torch import Tensor\n\n\n"
    'def swap(x: Float[Tensor, "b d n"]):\n    return rearrange(x, "b n d -> b d n")',
    good="from einops import rearrange\nfrom jaxtyping import Float\nfrom torch import Tensor\n\n\n"
    'def swap(x: Float[Tensor, "b d n"]):\n    return rearrange(x, "b d n -> b n d")',
    subject="module",
    language="python",
    right="Where the names of the array are out of date: then they are to be changed.",
)
def axes_mislabelled(module: Module) -> Iterator[Diagnostic]:
    """Names in another order."""
    yield from _told(module, "order", "IX223", "warning")


@lint_rule(
    "IX224",
    name="reshape-tears-axes",
    summary="a reshape mixes the entries of two axes",
    why="A reshape keeps the order of the entries and moves no axis. To bring heads behind positions, the axes have to "
    "be permuted first; without it the result has the right shape and the wrong entries.",
    bad="from jaxtyping import Float\nfrom torch import Tensor\n\n\n"
    'def merge(x: Float[Tensor, "h b l d"]):\n    h, b, l, d = x.shape\n    return x.view(b, l, -1)',
    good="from jaxtyping import Float\nfrom torch import Tensor\n\n\n"
    'def merge(x: Float[Tensor, "h b l d"]):\n    h, b, l, d = x.shape\n'
    "    return x.permute(1, 2, 0, 3).reshape(b, l, -1)",
    severity="error",
    subject="module",
    language="python",
    right="Where the entries are shuffled on purpose, or a name stands for two sizes.",
)
def reshape_tears_axes(module: Module) -> Iterator[Diagnostic]:
    """Reshapes behind which an axis is no axis any more."""
    yield from _told(module, "reshape", "IX224", "error")


@lint_rule(
    "IX225",
    name="ellipsis-missing",
    summary="a string of fixed rank for an operand of any rank",
    why="The annotation lets the operand have any number of leading axes, and the string only one number of them.",
    bad=_TYPES + 'def matmul(A: Float[Tensor, "... i j"], B: Float[Tensor, "... j k"]):\n'
    '    return einsum("mij,mjk->mik", A, B)',
    good=_TYPES + 'def matmul(A: Float[Tensor, "... i j"], B: Float[Tensor, "... j k"]):\n'
    '    return einsum("...ij,...jk->...ik", A, B)',
    subject="module",
    language="python",
    right="Where the rank is checked before the call.",
)
def ellipsis_missing(module: Module) -> Iterator[Diagnostic]:
    """Operands of any rank without an ellipsis."""
    yield from _told(module, "ellipsis", "IX225", "warning")


@lint_rule(
    "IX226",
    name="batch-as-sequence",
    summary="a layer that reads the sequence first is given the batch first",
    why="Attention and recurrent layers of torch take (sequence, batch, features) unless they are made with "
    "batch_first=True. Given the batch first, they mix examples, and no shape check fails.",
    bad="from jaxtyping import Float\nfrom torch import Tensor, nn\n\nlayer = nn.MultiheadAttention(64, 8)\n\n\n"
    'def attend(x: Float[Tensor, "batch seq dim"]):\n    return layer(x, x, x)[0]',
    good="from jaxtyping import Float\nfrom torch import Tensor, nn\n\n"
    "layer = nn.MultiheadAttention(64, 8, batch_first=True)\n\n\n"
    'def attend(x: Float[Tensor, "batch seq dim"]):\n    return layer(x, x, x)[0]',
    subject="module",
    language="python",
    right="Where attention across examples is meant.",
)
def batch_as_sequence(module: Module) -> Iterator[Diagnostic]:
    """A batch axis in front of a layer that reads the sequence first."""
    yield from _told(module, "layout", "IX226", "warning")


RULES = (
    operand_rank, shape_extents, axes_of_two_spaces, axes_mislabelled, reshape_tears_axes, ellipsis_missing,
    batch_as_sequence,
)  # fmt: skip
