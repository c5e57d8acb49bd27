"""What the library that is called, or another one that is asked for, refuses."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ...diagnostics import Diagnostic
from ...einsum.spec import Spec
from ...einsum.targets import TARGETS
from ...einsum.verdict import Refused, Valid, Verdict, verdict
from ...python.module import Call
from ..registry import lint_rule
from ..settings import Settings


@lint_rule(
    "IX409",
    name="einsum-library-refuses",
    summary="a string that one library takes and another refuses",
    why="The libraries differ in the letters they take, in blanks, in lists of labels, and in whether the axes of an "
    "ellipsis may be summed. A call that its own library refuses is an error; with `--target`, what another one would "
    "refuse is a warning.",
    bad="import numpy as np\n\ny = np.einsum('...i,...i->i', A, B)",
    good="import numpy as np\n\ny = np.einsum('bi,bi->i', A, B)",
    severity="error",
    subject="call",
    language="python",
    right="Without `--target`, only the library that is called counts.",
    asks=True,
)
def refused(call: Call, settings: Settings) -> Iterator[Diagnostic]:
    """Verdicts of the library called and of the targets, for strings that at least one library takes."""
    spec = call.spec
    if spec is None or call.contraction is None or call.dialect not in ("einsum", "sublist"):
        return
    asked = [call.library, *(t for t in settings.targets if t != call.library)]
    for target in asked:
        said = _said(spec, target) if target in TARGETS else None
        if isinstance(said, Refused):
            taken = next((t for t in TARGETS if isinstance(_said(spec, t), Valid)), None)
            if taken is None:
                return  # no library takes it: another rule says why
            span = call.place(said.start, max(said.end, said.start))
            severity = "error" if target == call.library else "warning"
            why = f"{taken} takes this string, {target} raises an error."
            yield Diagnostic("IX409", said.message, span, said.hint, severity, why=why)


@lru_cache(maxsize=4096)  # a file says the same string many times
def _said(spec: Spec, target: str) -> Verdict:
    return verdict(spec, None, target)


RULES = (refused,)
