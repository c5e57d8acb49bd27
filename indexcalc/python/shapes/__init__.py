"""What a Python file shows of the shapes of its arrays, carried through its statements, and where that clashes.

Facts come from annotations, comments, docstrings, constructors, unpacked shapes and patterns.  Each statement is gone
through once; what a branch or a loop may change is forgotten.  What is not sure is unknown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import replace

from ..module import Call, Module, Shape
from ..positions import Positions
from .comments import Comments
from .expressions import evaluate
from .infer import Inference
from .statements import Walker
from .targets import Stores

# Nothing is inferred of a file that names none of these.
_TRIGGER = re.compile(
    r"einsum|einops|einx|rearrange|contract|\.view\(|reshape\(|\.bmm\(|matmul\(|expand|nn\.|\s@\s|jaxtyping|torchtyping"
)
LIBRARIES = {
    "numpy": "numpy", "torch": "torch", "jax": "jax", "tensorflow": "tensorflow", "cupy": "numpy", "flax": "jax",
    "autograd": "numpy", "mlx": "jax", "scipy": "numpy", "torchtyping": "torch",
}  # fmt: skip
CUSTOMARY = {
    "np": "numpy",
    "numpy": "numpy",
    "torch": "torch",
    "jnp": "jax",
    "jax": "jax",
    "tf": "tensorflow",
    "cp": "numpy",
}
CUSTOMARY |= {"F": "torch", "nn": "torch"}


def with_shapes(module: Module) -> Module:
    """The module with the shapes of its calls' operands, as far as the file shows them, and its conflicts.

    >>> from ..read import read_module
    >>> text = "import numpy as np\\nA = np.zeros((2, 3))\\nC = np.einsum('ij,jk->ik', A.T, B)"
    >>> module = with_shapes(read_module(text))
    >>> [d.size for d in module.calls[0].operands[0].shape.dims]
    [3, 2]
    """
    if not module.calls and not _TRIGGER.search(module.text):
        return module
    libraries: dict[str, str] = {}
    stores = Stores(module.tree)
    for node in stores.imports:
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = LIBRARIES.get(alias.name.partition(".")[0])
                if root:
                    libraries[alias.asname or alias.name.partition(".")[0]] = root
        elif not node.level:
            root = LIBRARIES.get((node.module or "").partition(".")[0])
            if root:
                libraries.update((alias.asname or alias.name, root) for alias in node.names)
    strings = [(n.lineno, n.end_lineno or n.lineno) for n in stores.strings]
    comments = Comments(module.text, module.lines, strings)
    inference = Inference(module, comments, Positions(module.text, module.lines), evaluate)
    own = set(libraries.values())
    inference.method_library = own.pop() if len(own) == 1 else ""
    inference.libraries = {**CUSTOMARY, **libraries}
    Walker(inference, stores).module(module.tree)
    calls = tuple(_with_operands(c, inference.shapes) for c in module.calls)
    return replace(module, calls=calls, conflicts=tuple(inference.conflicts))


def _with_operands(call: Call, shapes: Mapping[int, Shape | None]) -> Call:
    """The call with the shapes of its operands, by the identity of their nodes; itself where none is known."""
    if all(shapes.get(id(a.node)) is None for a in call.operands):
        return call
    return replace(call, operands=tuple(replace(a, shape=shapes.get(id(a.node))) for a in call.operands))
