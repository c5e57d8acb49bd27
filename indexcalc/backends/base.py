"""What a backend is, and the registry of those there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol, TypeAlias, cast

from ..diagnostics import fail
from .emitted import Emitted
from .recipe import Recipe
from .spelling import Spelling

Run: TypeAlias = Callable[..., dict[str, Any]]
"""run(inputs, sizes), and where the text takes places for results (`Emitted.takes_out`), run(inputs, sizes, places)."""


class Library(Protocol):
    """The few questions that a call asks of an array library; each backend's `runtime.py` answers them."""

    def is_array(self, x: object) -> bool:
        """Whether x is an array of this library."""

    def plain(self, x: Any) -> Any:
        """The array without a subclass that gives operators another meaning."""

    def signature(self, x: Any) -> object | None:
        """Shape, dtype and device, to be compared; None for what is not plainly an array."""

    def shape(self, x: Any) -> tuple[int, ...]: ...

    def dtype(self, x: Any) -> str:
        """The dtype's name, like "float32"."""

    def device(self, x: Any) -> str:
        """Where the array lies, like "cuda:0"."""

    def of_number(self, value: complex, like: Any | None) -> Any:
        """A rank-0 array with the dtype and device of `like`; float64 where there is none."""

    def widened(self, x: Any, dtype: str) -> Any:
        """The array with another dtype."""

    def free_memory(self, like: Any | None) -> int | None:
        """Bytes that new arrays beside `like` can take; None where nobody can tell."""

    def bounds(self, x: Any) -> tuple[int, int]:
        """Least and greatest value of an integer array that is not empty."""

    def unwritable(self, x: Any) -> str:
        """Why nothing can be written to the array ("is read-only"); "" where it can."""

    def overlap(self, x: Any, y: Any) -> bool:
        """Whether two arrays share memory, or that is hard to tell."""

    def write(self, x: Any, value: Any) -> None:
        """Writes the value to the array x of its shape."""

    @property
    def title(self) -> str:
        """The library's name in words, and how something else becomes its array."""

    @property
    def convert(self) -> str: ...

    @property
    def floating(self) -> frozenset[str]:
        """The floating and complex dtypes that are taken."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What the library raises for a singular matrix."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a backend's parts are.  `library` is what must be installed, `extra` what installs it.

    `emitter` writes the text for a recipe, Recipe -> Emitted; `loader` makes a function of the text.  Without them the
    text is Python that calls the library.  `inlines`: whether elementwise values may be computed where they are read
    instead of lying in memory.
    """

    name: str
    spelling: str
    runtime: str
    library: str
    extra: str = ""
    emitter: str = ""
    loader: str = ""
    inlines: bool = False

    def load_spelling(self) -> Spelling:
        """The table of the emitter; needs no array library."""
        return cast(Spelling, _attribute(self.spelling))

    def emit(self, recipe: Recipe) -> Emitted:
        """The text for a program; needs no array library."""
        if self.emitter:
            return cast(Emitted, _attribute(self.emitter)(recipe))
        from .emitter import emit

        return emit(recipe.program, recipe.graph(), self.load_spelling())

    def load(self, emitted: Emitted) -> Run:
        """The text's function."""
        from .function import load

        if self.loader:
            return cast(Run, _attribute(self.loader)(emitted))
        return load(emitted.source, f"<indexcalc {self.name}>")

    def load_library(self) -> Library:
        """The array library, or an error that says how to install it."""
        try:
            found: ModuleType = import_module(self.runtime)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] != self.library:
                raise
            package = f"indexcalc[{self.extra}]"
            raise fail(
                "IX903",
                f"the {self.name} backend needs the library `{self.library}`, which is not installed",
                hint=f"pip install '{package}'",
            ) from None
        return cast(Library, found.LIBRARY)


def _attribute(path: str) -> Any:
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)


_HERE = "indexcalc.backends"
BACKENDS: Mapping[str, Backend] = {
    "numpy": Backend("numpy", f"{_HERE}.numpy.emit:NUMPY", f"{_HERE}.numpy.runtime", "numpy"),
    "torch": Backend(
        "torch",
        f"{_HERE}.torch.emit:TORCH",
        f"{_HERE}.torch.runtime",
        "torch",
        "torch",
        loader=f"{_HERE}.torch.runtime:load",
    ),
    "cpp": Backend(
        "cpp",
        f"{_HERE}.cpp.spelling:CPP",
        f"{_HERE}.cpp.runtime",
        "numpy",
        emitter=f"{_HERE}.cpp.emitted:emit",
        loader=f"{_HERE}.cpp.runtime:load",
        inlines=True,
    ),
    "cupy": Backend("cupy", f"{_HERE}.cupy.emit:CUPY", f"{_HERE}.cupy.runtime", "cupy", "cupy"),
}


def backend_named(name: str) -> Backend:
    """The backend of this name, or an error that lists those there are.

    >>> backend_named("torch").extra
    'torch'
    """
    if name not in BACKENDS:
        from difflib import get_close_matches  # 2 ms, and most names are right

        close = get_close_matches(str(name), list(BACKENDS), 1)
        offered = f"did you mean {close[0]!r}? " if close else ""
        raise fail("IX904", f"no backend {name!r}", hint=f"{offered}available: {', '.join(BACKENDS)}")
    return BACKENDS[name]
