"""Numbers suggest: which backward sums vanish on random inputs.  The folder then has to prove it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..diagnostics import IndexCalcError
from ..ir.index import Affine, Index, Space
from ..ir.program import Tensor
from ..normal.atoms import Atom
from ..normal.definitions import Definitions
from ..normal.leave import Leaver, Names
from ..normal.poly import Poly, magnitude

if TYPE_CHECKING:
    import numpy as np

SIZE = 3  # of every space in the trial, but for declared extents up to SMALL
SMALL = 8
TRIED_RANK = 10  # of a definition in the trial: 3^10 entries
TOLERANCE = 1e-12


def numerically_zero(
    store: Definitions, tensors: Collection[Tensor], spaces: Iterable[Space], names: Collection[str]
) -> set[str]:
    """Names of the polynomials that are zero on one random draw; empty where the draw cannot be evaluated.

    Zero is what is small beside its own terms, and not beside 1: a cotangent that fades over a hundred layers is none.
    """
    import numpy as np

    from ..interpret.evaluate import value

    wanted = [d for d in store.live(names) if not d.virtual]
    if max((len(d.free) for d in wanted), default=0) > TRIED_RANK:
        return set()
    sizes = _sizes(store, spaces)
    arrays = _inputs(tensors, sizes, np.random.default_rng(1))
    leaver = Leaver(Names((), ()), {})
    found = set()
    try:
        with np.errstate(all="ignore"):
            for d in wanted:
                body = leaver.right_side(d, {}, d.free)
                read = {name: arrays[name] for name in d.reads()}  # not all of them: programs are long
                arrays[d.name] = value(body, d.free, read, sizes)
                if d.kind != "poly" or d.name not in names:
                    continue
                if np.abs(arrays[d.name]).max(initial=0) <= TOLERANCE * _scale(d.poly, arrays) < np.inf:
                    found.add(d.name)
                    arrays[d.name] = np.zeros_like(arrays[d.name])  # its rounding error is no scale for its readers
    except IndexCalcError:
        return set()  # an extent that the trial cannot meet (ε of another rank, a fixed slot): nothing is suggested
    return found


def _scale(poly: Poly, arrays: Mapping[str, Any]) -> float:
    """The most that a term can come to, by the largest entries of its factors."""
    most = 0.0
    for mono, c in poly.items():
        term = float(magnitude(c))
        for atom, e in mono.factors:
            if atom.kind == "access":
                term *= _largest(arrays[atom.name] ** float(e))
        most = max(most, term)
    return most


def _largest(array: Any) -> float:
    """The largest size of a finite entry: what is infinite, as a mask's −∞, says nothing about the others."""
    import numpy as np

    sizes = np.abs(array)
    return float(sizes[np.isfinite(sizes)].max(initial=0))


def _sizes(store: Definitions, spaces: Iterable[Space]) -> dict[Space, int]:
    sizes = dict.fromkeys(spaces, SIZE)
    for free in [*store.inputs.values(), *(d.free for d in store.table.values())]:
        sizes.update({i.space: SIZE for i in free})
    for d in store.table.values():
        for atom in d.atoms():
            own = store.inputs.get(atom.name) or (store.table[atom.name].free if atom.name in store.table else ())
            if atom.kind == "access":
                for index, hole in zip(own, atom.holes):
                    sizes[index.space] = max(sizes[index.space], _reach(hole))
    return {s: s.extent if isinstance(s.extent, int) and s.extent <= SMALL else n for s, n in sizes.items()}


def _reach(hole: Any) -> int:
    """The extent that a slot needs, with every index below SIZE."""
    if isinstance(hole, int):
        return hole + 1
    if isinstance(hole, Affine):
        return hole.offset + 1 + sum(max(c, 0) * (SIZE - 1) for c, p in hole.terms if isinstance(p, (Index, Atom)))
    return 1


def _inputs(tensors: Iterable[Tensor], sizes: dict[Space, int], rng: np.random.Generator) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for t in tensors:
        shape = [sizes[s] for s in t.spaces]
        arrays[t.name] = rng.normal(size=shape) if t.values is None else rng.integers(0, sizes[t.values], shape)
    return arrays
