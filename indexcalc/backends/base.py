"""What a backend is, and the registry of those there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol, cast

from ..diagnostics import fail
from .spelling import Spelling


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

    def bounds(self, x: Any) -> tuple[int, int]:
        """Least and greatest value of an integer array that is not empty."""

    @property
    def complex_ok(self) -> bool:
        """Whether complex arrays are taken."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What the library raises for a singular matrix."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a backend's parts are.  `library` is what must be installed, `extra` what installs it."""

    name: str
    spelling: str
    runtime: str
    library: str
    extra: str = ""

    def load_spelling(self) -> Spelling:
        """The table of the emitter; needs no array library."""
        module, _, attribute = self.spelling.partition(":")
        return cast(Spelling, getattr(import_module(module), attribute))

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


_HERE = "indexcalc.backends"
BACKENDS: Mapping[str, Backend] = {
    "numpy": Backend("numpy", f"{_HERE}.numpy.emit:NUMPY", f"{_HERE}.numpy.runtime", "numpy"),
    "torch": Backend("torch", f"{_HERE}.torch.emit:TORCH", f"{_HERE}.torch.runtime", "torch", "torch"),
    "cupy": Backend("cupy", f"{_HERE}.cupy.emit:CUPY", f"{_HERE}.cupy.runtime", "cupy", "cupy"),
}


def backend_named(name: str) -> Backend:
    """The backend of this name, or an error that lists those there are.

    >>> backend_named("torch").extra
    'torch'
    """
    if name not in BACKENDS:
        close = get_close_matches(str(name), list(BACKENDS), 1)
        offered = f"did you mean {close[0]!r}? " if close else ""
        raise fail("IX904", f"no backend {name!r}", hint=f"{offered}available: {', '.join(BACKENDS)}")
    return BACKENDS[name]
