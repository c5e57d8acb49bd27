"""`indexcalc run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..diagnostics import fail
from .arguments import (
    Asked,
    backend_option,
    derived,
    format_option,
    grad_option,
    memory_options,
    of_option,
    program_of,
    seed_option,
    sizes_option,
    source_argument,
    strict_option,
    value_option,
)
from .output import write, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..ir.program import Program


@click.command("run")
@source_argument
@click.option(
    "--input", "inputs", multiple=True, metavar="Q=q.npy", help="An array by name, or an .npz file of many. Repeatable."
)
@click.option("--random", "draw", is_flag=True, help="Draw inputs that no --input gives at random.")
@seed_option
@sizes_option
@backend_option
@grad_option
@of_option
@value_option
@memory_options
@strict_option
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE.npz", help="Save the outputs here.")
@format_option("text", "json")
def command(
    source: str,
    inputs: tuple[str, ...],
    draw: bool,
    seed: int,
    sizes: dict[str, int],
    backend: str,
    grad: tuple[str, ...] | None,
    of: str | None,
    with_value: bool,
    save: tuple[str, ...] | None,
    recompute: tuple[str, ...] | None,
    memory: int | None,
    strict: bool,
    output: str | None,
    shape: str,
) -> None:
    """Run a program, or its gradient with --grad, on arrays from files or on random ones.

    Random inputs are drawn from the seed and keep to what the program declares (symmetric, positive, integer …);
    extents that --sizes does not give are small.

    \b
    indexcalc run examples/attention.idx --random --sizes L=4,D=2
    indexcalc run examples/attention.idx --input Q=q.npy --input K=k.npy --input V=v.npy -o o.npz
    indexcalc run examples/attention.idx --input qkv.npz --random --grad Q,K,V
    """
    from .. import api
    from .arrays import as_numpy, fill_at_random, load_arrays, on_backend, save_arrays

    program = derived(program_of(source, strict=strict), Asked(grad, of, with_value, save, recompute, memory), sizes)
    arrays = load_arrays(inputs, program)
    if draw:
        arrays, sizes = fill_at_random(program, arrays, sizes, seed)
    _check_given(program, arrays)
    function = api.compile(program, backend)
    found = function(sizes=sizes or None, **on_backend(arrays, backend))
    results = {name: as_numpy(array) for name, array in found.items()}
    if output is not None:
        save_arrays(output, results)
    if shape == "json":
        write_json({"outputs": {name: _data(array) for name, array in results.items()}})
    else:
        write("\n\n".join(_shown(program, results)))


def _check_given(program: Program, arrays: Mapping[str, Any]) -> None:
    """Say of a missing input what the command line can do about it."""
    missing = [name for name in program.inputs if name not in arrays]
    if missing:
        what = f"inputs {', '.join(f'`{n}`' for n in missing)} are" if len(missing) > 1 else f"input `{missing[0]}` is"
        raise fail("IX941", f"{what} missing", hint=f"give --input {missing[0]}=FILE.npy, or --random to draw it")


def _shown(program: Program, results: Mapping[str, Any]) -> list[str]:
    """Each output: its slots with their sizes, and its numbers (the corners of large ones)."""
    import numpy as np

    from ..ir.program import Define

    lines = []
    indices = {s.name: s.indices for s in program.statements if isinstance(s, Define)}
    for name, array in results.items():
        slots = ", ".join(f"{i}={n}" for i, n in zip(indices.get(name, ()), array.shape))
        head = f"{name}[{slots}]" if slots else name
        numbers = np.array2string(array, precision=6, threshold=200, edgeitems=3, separator=" ", max_line_width=100)
        lines.append(f"{head} {array.dtype}\n{numbers}")
    return lines


def _data(array: Any) -> dict[str, Any]:
    return {"shape": list(array.shape), "dtype": str(array.dtype), "values": _plain(array.tolist())}


def _plain(values: Any) -> Any:
    """NaN, ±inf and complex numbers as text, which JSON lacks."""
    if isinstance(values, list):
        return [_plain(v) for v in values]
    if isinstance(values, complex) or (isinstance(values, float) and values - values != 0):
        return str(values)
    return values
