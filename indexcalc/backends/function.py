"""A compiled program: a callable that checks its arrays and runs the emitted text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..diagnostics import fail
from ..ir.index import Space
from ..syntax.greek import spelt
from .base import Library, Run
from .check import bound_sizes, check_values, checked_arrays
from .memory import check_memory, threads_of
from .results import checked_places, written

if TYPE_CHECKING:
    from .emitted import Emitted
    from .variants import Variants

MAX_SHAPES = 64  # signatures that are remembered as right


class Known(NamedTuple):
    """What is known of calls of one signature: sizes by space, those that the text reads by name, and its function."""

    sizes: dict[Space, int]
    read: dict[str, int]
    run: Run
    takes_out: bool


class Function:
    """Call it with arrays by keyword; it gives a dict of arrays by output name.

    `.source` is the text that was emitted when it was compiled; it runs without indexcalc.  `sizes=` gives extents that
    no array tells, by name.  `out=` gives arrays by output name to which these results are written, and which are then
    what is returned; they may share no memory with each other or with an input.
    """

    def __init__(self, variants: Variants, library: Library) -> None:
        self.program = variants.program
        self.backend = variants.backend.name
        self.source = variants.made[0].emitted.source
        self._variants = variants
        self._library = library
        self._known: dict[object, Known] = {}

    @property
    def sources(self) -> tuple[str, ...]:
        """All texts in use, `source` first; the others were emitted for calls of very different sizes."""
        return tuple(dict.fromkeys(v.emitted.source for v in self._variants.made))

    def __call__(self, /, *positional: Any, sizes: Any = None, out: Any = None, **arrays: Any) -> dict[str, Any]:
        if positional:
            call = ", ".join(f"{n}=…" for n in self.program.inputs)
            raise fail("IX901", "arrays are given by keyword", hint=f"f({call})")
        if "sizes" in self.program.inputs and sizes is not None:  # an input of that name wins
            arrays["sizes"], sizes = sizes, None
        if "out" in self.program.inputs and out is not None:
            arrays["out"], out = out, None
        if not arrays.keys() <= self.program.inputs.keys():
            arrays = dict(zip(spelt(arrays, self.program.inputs), arrays.values()))
        signature = self._signature(arrays, sizes)
        found = self._known.get(signature) if signature is not None else None
        given: Mapping[str, Any] = arrays
        if found is None:
            given = checked_arrays(self.program, arrays, self._library)
            bound = bound_sizes(self.program, given, sizes, self._library)
            variant = self._variants.choose(bound)
            self._check_memory(variant.emitted, given, bound, out)
            read = {name: bound[space] for name, space in variant.emitted.sizes.items()}
            found = Known(bound, read, variant.run, variant.emitted.takes_out)
            if signature is not None and all(given[n] is arrays[n] for n in given):
                self._remember(signature, found)
        check_values(self.program, given, found.sizes, self._library)
        places = checked_places(self.program, out, given, found.sizes, self._library) if out is not None else {}
        try:
            results = found.run(given, found.read, places) if found.takes_out else found.run(given, found.read)
            return written(places, results, self._library)
        except self._library.failures as error:
            raise fail("IX952", f"a matrix has no inverse: {error}") from error
        except IndexError as error:
            hint = "an integer tensor's value leads outside of a tensor's slot"
            raise fail("IX946", str(error), hint=hint) from error

    def _check_memory(self, emitted: Emitted, given: Mapping[str, Any], sizes: Mapping[Space, int], out: Any) -> None:
        """Refuses a call that does not fit into memory."""
        library, machine = self._library, self._variants.machine
        assert emitted.graph is not None
        check_memory(
            self.program,
            emitted.graph,
            sizes,
            [library.dtype(x) for x in given.values()],
            lambda: library.free_memory(next(iter(given.values()), None)),
            given=tuple(out) if isinstance(out, dict) else (),
            inlines=self._variants.backend.inlines,
            threads=threads_of(machine),
            bound=emitted.bound,
        )

    def _signature(self, arrays: Mapping[str, Any], sizes: Mapping[str, int] | None) -> object | None:
        """What decides whether a call is refused, values of integer tensors apart; None where it is out of order."""
        names = self.program.inputs
        plain = sizes is None or (isinstance(sizes, dict) and all(type(n) is int for n in sizes.values()))
        if len(arrays) != len(names) or not plain:
            return None
        of = self._library.signature
        parts = [of(arrays[n]) if n in arrays else None for n in names]
        return None if None in parts else (*parts, *(sorted(sizes.items()) if sizes else ()))

    def _remember(self, signature: object, found: Known) -> None:
        if len(self._known) >= MAX_SHAPES:
            self._known.clear()
        self._known[signature] = found

    def __repr__(self) -> str:
        return f"<indexcalc function ({', '.join(self.program.inputs)}) -> {', '.join(self.program.outputs)}>"


def load(source: str, filename: str) -> Run:
    """The `run` of an emitted Python text.

    This is the one place where text becomes code.  It is safe because the text is ours alone: every name in it is
    generated, and what a user wrote stands in it only as an ASCII string literal or, with everything that is not
    printable escaped, behind a `#`.
    """
    namespace: dict[str, Any] = {"__name__": "indexcalc_emitted"}
    exec(compile(source, filename, "exec"), namespace)
    run: Run = namespace["run"]
    return run
