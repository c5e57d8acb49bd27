"""Arrays for `indexcalc run`: read from files without pickle, drawn at random, saved."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

import click
import numpy as np
from numpy.typing import NDArray

from ..diagnostics import Diagnostic, IndexCalcError, fail
from ..ir.index import Space
from ..ir.program import Program
from ..syntax.greek import spelt

Array: TypeAlias = NDArray[Any]
MAX_COMPONENTS = 2**28  # of one array at random sizes: 2 GiB


def load_arrays(inputs: Sequence[str], program: Program) -> dict[str, Array]:
    """The arrays that `NAME=FILE.npy` and `FILE.npz` name."""
    found: dict[str, Array] = {}
    for text in inputs:
        name, equals, path = text.partition("=")
        if (equals and not path) or not name:
            raise click.BadParameter(f"{text!r} names no array; give NAME=FILE.npy or FILE.npz", param_hint="'--input'")
        (name,) = spelt([name], program.inputs)
        for key, array in (_from_one(name, path) if equals else _from_many(text, program)).items():
            if key in found:
                raise _refusal(f"`{key}` is given twice", text, "give each input once")
            found[key] = array
    return found


def _from_one(name: str, path: str) -> dict[str, Array]:
    loaded = _load(path)
    if not isinstance(loaded, np.ndarray):
        names = list(loaded)
        if name not in names:
            raise _refusal(f"the archive has no array `{name}`", path, f"it has {', '.join(names) or 'none'}")
        return {name: loaded[name]}
    return {name: loaded}


def _from_many(path: str, program: Program) -> dict[str, Array]:
    """An archive may hold more than this program takes (the forward's arrays and the cotangent, say)."""
    loaded = _load(path)
    if isinstance(loaded, np.ndarray):
        raise _refusal("one array has no name of its own", path, f"write --input NAME={path}")
    known = program.inputs
    found = {name: array for name, array in loaded.items() if name in known}
    if not found:
        hint = f"it has {', '.join(loaded) or 'none'}; the program takes {', '.join(known) or 'none'}"
        raise _refusal("the archive has no array that the program takes", path, hint)
    return found


def _load(path: str) -> Array | dict[str, Array]:
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            return {name: loaded[name] for name in loaded.files}
    except FileNotFoundError:
        raise _refusal("no such file", path, "arrays are read from .npy and .npz files") from None
    except OSError as error:
        raise _refusal(f"cannot be read: {error.strerror or error}", path, "") from None
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile):
        raise _refusal("no .npy or .npz file of numbers", path, "save it with numpy.save or numpy.savez") from None


def _refusal(message: str, path: str, hint: str) -> IndexCalcError:
    return IndexCalcError(Diagnostic("IX955", message, None, hint, file=path))


def fill_at_random(
    program: Program, given: Mapping[str, Array], sizes: Mapping[str, int], seed: int
) -> tuple[dict[str, Array], dict[str, int]]:
    """The given arrays with random ones for the other inputs, and the sizes chosen for all of them."""
    from ..ir.default_sizes import choose_sizes
    from ..verify.inputs import RANGES, draw

    chosen = choose_sizes(program, _sizes_of(program, given, sizes))
    _check_volume(program, chosen)
    drawn = draw(program, chosen, np.random.default_rng(seed), RANGES[0])
    names = {i.space: i.space.extent if isinstance(i.space.extent, str) else i.name for i in program.indices}
    named = {names[space]: size for space, size in chosen.items() if space in names}
    return {**drawn, **given}, {**named, **sizes}


def _sizes_of(program: Program, given: Mapping[str, Array], sizes: Mapping[str, int]) -> dict[str, int]:
    """What the arrays' shapes say beside `--sizes`."""
    found = dict(sizes)
    for name, array in given.items():
        tensor = program.inputs.get(name)
        if tensor is not None and len(tensor.indices) == array.ndim:
            for index, size in zip(tensor.indices, array.shape):
                found.setdefault(index.name, size)
    return found


def check_sizes(program: Program, sizes: Mapping[str, int]) -> None:
    """Refuse sizes at which an array of the program is too large to be made here."""
    from ..ir.default_sizes import choose_sizes

    _check_volume(program, choose_sizes(program, sizes))


def _check_volume(program: Program, sizes: Mapping[Space, int]) -> None:
    arrays = {t.name: t.indices for t in program.tensors} | {s.name: s.indices for s in program.definitions.values()}
    for name, indices in arrays.items():
        count = prod(sizes.get(i.space, 1) for i in indices)
        if count > MAX_COMPONENTS:
            shown = " × ".join(f"{i}={sizes.get(i.space, 1)}" for i in indices)
            message = f"`{name}` would have {count:_} components ({shown})"
            raise fail("IX009", message, hint=f"at most {MAX_COMPONENTS:_}; choose smaller sizes")


def on_backend(arrays: Mapping[str, Array], backend: str) -> dict[str, Any]:
    """The arrays as the backend's own."""
    if backend == "torch":
        import torch

        return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    if backend == "cupy":
        import cupy

        return {name: cupy.asarray(array) for name, array in arrays.items()}
    return dict(arrays)


def as_numpy(array: Any) -> Array:
    """A result of any backend as a NumPy array."""
    if hasattr(array, "detach"):
        array = array.detach().cpu()
    elif hasattr(array, "get"):
        array = array.get()
    return np.asarray(array)


def save_arrays(path: str, arrays: Mapping[str, Array]) -> None:
    """One .npz file."""
    # numpy.savez takes names as keywords, and so refuses an array that is called `file`.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)
