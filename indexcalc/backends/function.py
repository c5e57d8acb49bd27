"""A compiled program: a callable that checks its arrays and runs the emitted text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..diagnostics import fail
from ..ir.index import Space
from ..ir.program import Program
from .base import Backend, Library
from .check import bound_sizes, check_values, checked_arrays
from .emitter import Emitted
from .spelling import Spelling

Run = Callable[[Mapping[str, Any], Mapping[str, int]], dict[str, Any]]
Sizes = tuple[dict[Space, int], dict[str, int]]
MAX_SHAPES = 64  # signatures whose sizes are remembered


class Function:
    """Call it with arrays by keyword; it gives a dict of arrays by output name.

    `.source` is the emitted text, which runs without indexcalc.  `sizes=` gives extents that no array tells.
    """

    def __init__(self, program: Program, backend: Backend, spelling: Spelling, emitted: Emitted) -> None:
        self.program = program
        self.backend = backend.name
        self.source = emitted.source
        self._title = spelling.title
        self._library: Library = backend.load_library()
        self._reads = emitted.sizes
        self._run = load(emitted.source, f"<indexcalc {backend.name}>")
        self._known: dict[object, Sizes] = {}

    def __call__(self, *, sizes: Mapping[str, int] | None = None, **arrays: Any) -> dict[str, Any]:
        given = checked_arrays(self.program, arrays, self._library, self._title)
        bound, passed = self._sizes(given, sizes)
        check_values(self.program, given, bound, self._library)
        try:
            return self._run(given, passed)
        except self._library.failures as error:
            raise fail("IX812", f"a matrix has no inverse: {error}") from error
        except IndexError as error:
            hint = "an integer tensor's value leads outside of a tensor's slot"
            raise fail("IX808", str(error), hint=hint) from error

    def _sizes(
        self, arrays: Mapping[str, Any], sizes: Mapping[str, int] | None
    ) -> tuple[dict[Any, int], dict[str, int]]:
        """(sizes by space, sizes that the text reads), remembered by the shapes."""
        key = (
            tuple(self._library.shape(arrays[n]) for n in self.program.inputs),
            tuple(sorted(sizes.items())) if sizes else (),
        )
        found = self._known.get(key)
        if found is None:
            bound = bound_sizes(self.program, arrays, sizes, self._library)
            found = bound, {name: bound[space] for name, space in self._reads.items()}
            if len(self._known) >= MAX_SHAPES:
                self._known.clear()
            self._known[key] = found
        return found

    def __repr__(self) -> str:
        return f"<indexcalc function ({', '.join(self.program.inputs)}) -> {', '.join(self.program.outputs)}>"


def load(source: str, filename: str) -> Run:
    """The `run` of an emitted text.

    This is the one place where text becomes code.  It is safe because the text is ours alone: every name in it is
    generated, and what a user wrote stands in it only as an ASCII string literal or, with everything that is not
    printable escaped, behind a `#`.
    """
    namespace: dict[str, Any] = {"__name__": "indexcalc_emitted"}
    exec(compile(source, filename, "exec"), namespace)
    run: Run = namespace["run"]
    return run
