"""A kernel as a function of NumPy arrays: tiles handed out to threads, each step one call that writes into scratch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ...ir.index import Index
from ...ir.kernel import Affine, Contract, Fold, Keep, Kernel, Loop, Shift, Step, Store, Tile, block_made
from ...ir.kernel_bounds import limits
from ...lower.lazy import Lazy, arranged
from ...lower.scratch import Plan, plan_of
from ..names import tuple_text
from ..spelling import KernelText
from .kernel_lazy import indented, lazy_lines
from .kernel_names import KernelNames
from .kernel_slots import matrix_axes
from .kernel_steps import Steps


def kernel_text(kernel: Kernel, name: str, maps: Mapping[str, str]) -> KernelText:
    """The function.  `maps`: elementwise functions as the emitted text writes them."""
    names = KernelNames(kernel)
    found = arranged(kernel)
    kernel = found.kernel
    plan = plan_of(kernel)
    steps = Steps(names, plan, maps, found.joined, kernel)
    loops = _Loops(names, steps, found.lazy)
    parallel = [t for t in kernel.grid if t.parallel]
    body = loops.body(kernel.body)
    for tile in reversed([t for t in kernel.grid if not t.parallel]):
        body = loops.walk(tile, "0", names.extent(tile.axis.space), body)
    sums = [f"y_{n}" for n, o in enumerate(kernel.outputs) if o.accumulated]
    work = [
        '@np.errstate(all="ignore")',
        f"def work({', '.join(['tiles', *sums])}):",
        *indented(_scratch(names, plan, steps, "\n".join(body))),
        *indented(_tiles(names, parallel, body)),
    ]
    arguments = [f"x_{n}" for n in range(len(kernel.inputs))] + [f"n_{n}" for n in range(len(names.spaces))]
    returned = tuple_text(f"y_{n}" for n in range(len(kernel.outputs)))
    inner = [*_arrays(kernel, names), "", *work, "", *_handed_out(kernel, names, parallel, sums), f"return {returned}"]
    if any(re.search(r"(?<!\.)\breal\b", line) for line in inner):
        inner.insert(0, "real = np.zeros((), floating).real.dtype")
    places = [f"y_{n}=None" for n in range(len(kernel.outputs))]
    head = f"def {name}({', '.join([*arguments, 'floating', *places])}):"
    return KernelText((head, *indented(inner)), names.spaces)


def _arrays(kernel: Kernel, names: KernelNames) -> list[str]:
    """Inputs that are made fit for what the body does with them, and the outputs."""
    lines = []
    for number, moving in matrix_axes(kernel, names).items():
        lines.append(f"x_{number} = blas_ready(x_{number}, {tuple_text(map(str, moving))})")
    for number, array in enumerate(kernel.inputs):
        if array.kind == "int" and array.axes:
            lines.append(f"x_{number} = x_{number}.astype(np.int64, copy=False)")
    for number, output in enumerate(kernel.outputs):
        shape, dtype = tuple_text(names.extent(x.space) for x in output.axes), names.dtype(output.kind)
        if output.accumulated:
            lines.append(f"y_{number} = zeros(y_{number}, {shape}, {dtype})")
        else:
            lines.append(f"y_{number} = np.empty({shape}, {dtype}) if y_{number} is None else y_{number}")
    return lines


def _scratch(names: KernelNames, plan: Plan, steps: Steps, body: str) -> list[str]:
    lines = []
    for n, (axes, kind) in enumerate(plan.buffers):
        lines.append(f"w_{n} = np.empty({' * '.join(names.most(x) for x in axes)}, {names.dtype(kind)})")
    lines += [f"{name} = np.ones({size}, {dtype})" for (size, dtype), name in steps.ones.items()]
    for n, (rows, columns) in enumerate(steps.operands.buffers):
        lines.append(f"u_{n} = np.ones(({rows}, {columns}), floating)")
    return [*lines, *(["found = {}"] if "negative(found, " in body else [])]


def _tiles(names: KernelNames, parallel: Sequence[Tile], body: list[str]) -> list[str]:
    """The walk over the tiles that this call was given."""
    if not parallel:
        return ["for _ in tiles:", *indented(body)]
    lines = []
    for tile in parallel:
        if tile.size:
            lines.append(_end(names, tile, names.extent(tile.axis.space)))
            lines.append(f"{names.count(tile.axis)} = {names.end(tile.axis)} - {names.first(tile.axis)}")
    target = ", ".join(names.first(t.axis) for t in parallel)
    return [f"for {target}{',' if len(parallel) == 1 else ''} in tiles:", *indented([*lines, *body])]


def _end(names: KernelNames, tile: Tile, stop: str) -> str:
    return f"{names.end(tile.axis)} = min({names.first(tile.axis)} + {tile.size}, {stop})"


class _Loops:
    """Bodies with their loops, whose bounds follow from the conditions under which tiles are left out."""

    def __init__(self, names: KernelNames, steps: Steps, lazy: Mapping[int, Lazy]) -> None:
        self.names = names
        self.steps = steps
        self.lazy = lazy

    def body(self, steps: Sequence[Step]) -> list[str]:
        lines: list[str] = []
        written: set[int] = set()
        for step in steps:
            if isinstance(step, Contract) and step.block.number in self.lazy:
                whole = self.lazy[step.block.number]
                lines += lazy_lines(self.steps, whole)
                written |= {id(s) for s in whole.whole}
            elif not isinstance(step, Loop):
                lines += self.steps.lines(step) if id(step) not in written else []
            if not isinstance(step, Loop):
                continue
            self.steps.operands.loops.append((_changed(step.body), []))
            start, stop = bounds(self.names, step)
            self.steps.starts[step.tile.axis] = start
            inner = self.body(step.body)
            lines += self.steps.operands.loops.pop()[1]
            stop_name = self.names.stop(step.tile.axis)
            if stop != self.names.extent(step.tile.axis.space):
                lines.append(f"{stop_name} = {stop}")
                stop = stop_name
            lines += self.walk(step.tile, start, stop, inner)
        return lines or ["pass"]

    def walk(self, tile: Tile, start: str, stop: str, body: list[str]) -> list[str]:
        names, axis = self.names, tile.axis
        first = names.first(axis)
        if not tile.size:
            return [f"for {first} in range({f'{start}, ' if start != '0' else ''}{stop}):", *indented(body)]
        inner = [_end(names, tile, stop), f"{names.count(axis)} = {names.end(axis)} - {first}", *body]
        return [f"for {first} in range({start}, {stop}, {tile.size}):", *indented(inner)]


def _changed(body: Sequence[Step]) -> frozenset[int]:
    """Numbers of the blocks that the steps make or change."""
    found: set[int] = set()
    for step in body:
        made = block_made(step)
        if made is not None:
            found.add(made.number)
        elif isinstance(step, Loop):
            found |= _changed(step.body)
        elif isinstance(step, (Fold, Shift, Keep)):
            found |= {step.carry.number, *(b.number for b, _ in (step.rescaled if isinstance(step, Shift) else ()))}
    return frozenset(found)


def bounds(names: KernelNames, loop: Loop) -> tuple[str, str]:
    """Where the walk begins and ends: at the first and behind the last position for which all conditions can hold.

    Positions outside change nothing, as tiles of them alone would be left out.
    """
    axis = loop.tile.axis
    low, high = ["0"], [names.extent(axis.space)]
    for limit in limits(loop.skip, axis):
        own, rest = limit.factor, limit.rest
        most = names.extreme(rest.terms, rest.offset, largest=True)
        if own > 0:  # own * position >= -rest
            low.append(_negated(names, rest) if own == 1 else f"-(({most}) // {own})")
        elif own < 0:
            behind = names.extreme(rest.terms, rest.offset + 1, largest=True)
            high.append(behind if own == -1 else f"({most}) // {-own} + 1")
        else:
            high.append(f"{high[0]} if {most} >= 0 else 0")
    return _of("max", low), _of("min", high)


def _negated(names: KernelNames, rest: Affine) -> str:
    return names.extreme([(-c, x) for c, x in rest.terms], -rest.offset, largest=False)


def _of(function: str, parts: Sequence[str]) -> str:
    found = list(dict.fromkeys(parts))
    return found[0] if len(found) == 1 else f"{function}({', '.join(found)})"


def _handed_out(kernel: Kernel, names: KernelNames, parallel: Sequence[Tile], sums: Sequence[str]) -> list[str]:
    """The groups of tiles, long ones first, and the call that runs them."""
    owners = [t for t in parallel if not sums or all(_keeps(s, t.axis) for s in _additions(kernel))]
    others = [t for t in parallel if t not in owners]
    place = tuple_text(names.first(t.axis) for t in parallel) if parallel else "()"
    inner = f"[{place}{_comprehension(names, others)}]"
    lines = [f"groups = [{inner}{_comprehension(names, owners)}]"]
    length = _length(names, kernel, parallel, owners)
    if length:
        lines = [*length, *lines, "groups.sort(key=lambda group: length(*group[0]) if group else 0, reverse=True)"]
    return [*lines, f"in_threads(work, {', '.join(['groups', _effort(names, kernel), *sums])})"]


def _comprehension(names: KernelNames, tiles: Sequence[Tile]) -> str:
    parts = []
    for tile in tiles:
        stop = names.extent(tile.axis.space)
        walk = f"range(0, {stop}, {tile.size})" if tile.size else f"range({stop})"
        parts.append(f" for {names.first(tile.axis)} in {walk}")
    return "".join(parts)


def _additions(kernel: Kernel) -> list[Store]:
    return [s for s in kernel.steps() if isinstance(s, Store) and s.mode == "+="]


def _keeps(store: Store, axis: Index) -> bool:
    """Whether different positions along the axis store to different places."""
    return axis in store.slots


def _length(names: KernelNames, kernel: Kernel, parallel: Sequence[Tile], owners: Sequence[Tile]) -> list[str]:
    """A function that tells how far the first loop with bounds walks, where that differs between groups."""
    for loop in kernel.body:
        if isinstance(loop, Loop) and loop.skip:
            axes = {x for c in loop.skip for _, x in c.form.terms if x in names.walked} - {loop.tile.axis}
            if axes and axes <= {t.axis for t in owners}:
                start, stop = bounds(names, loop)
                ends = [_end(names, t, names.extent(t.axis.space)) for t in parallel if t.axis in axes and t.size]
                found = f"return {stop}" if start == "0" else f"return {stop} - {start}"
                head = f"def length({', '.join(names.first(t.axis) for t in parallel)}):"
                return [head, *indented([*ends, found]), ""]
    return []


def _effort(names: KernelNames, kernel: Kernel) -> str:
    """The elements of the block that has most axes, over all tiles."""
    most: tuple[Index, ...] = ()
    bodies: list[tuple[Sequence[Step], tuple[Index, ...]]] = [(kernel.body, tuple(t.axis for t in kernel.grid))]
    while bodies:
        body, around = bodies.pop()
        for step in body:
            if isinstance(step, Loop):
                bodies.append((step.body, (*around, step.tile.axis)))
            block = block_made(step)
            axes = tuple(dict.fromkeys((*around, *(block.axes if block else ()))))
            most = max(most, axes, key=len)
    return " * ".join(names.extent(x.space) for x in most) or "1"
