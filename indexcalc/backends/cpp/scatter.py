"""Sums into places that data or forms give.  A place of the result is one thread's, so that sums keep their order."""

from __future__ import annotations

from ...ir.graph import Scatter, ScatterWindows, Value
from ...ir.index import Index
from .layout import affine, times
from .loops import Bound
from .writer import Writer


def scatter(w: Writer, value: Value) -> None:
    """Each thread has a part of the result's first scattered axis and walks over all positions."""
    operation = value.operation
    assert isinstance(operation, Scatter)
    count = len(operation.indices)
    source, positions = value.operands[0], value.operands[1 : 1 + count]
    rest = [x for x in value.axes if x not in operation.indices]
    along = [x for x in dict.fromkeys(x for o in (source, *positions) for x in o.labels) if x not in rest]
    at: dict[Index, str] = {x: f"i{n}" for n, x in enumerate([*along, *rest])}
    if operation.has_base:
        _start_from_base(w, value)
    else:
        w.target(value, zero=True)
    walked = [Bound(at[x], w.names.size(x.space)) for x in along]
    inner = [Bound(at[x], w.names.size(x.space)) for x in rest]
    extents = w.names.extents(operation.indices)
    work = times(*(b.end for b in (*walked, *inner))) if rest else "0"  # without an axis behind, nothing is to be won
    parts = f"parts_{w.names.text(value)}"
    w.lines.add(f"const int64_t {parts} = {work} > PARALLEL ? thread_count() : 1;")
    w.lines.add(f"#pragma omp parallel for if ({parts} > 1)")
    with w.lines.loops([Bound("part", parts)]):
        first, end = (f"{times(extents[0], part)} / {parts}" for part in ("part", "(part + 1)"))
        w.lines.add(f"const int64_t first = {first}, end = {end};")
        _walk(w, value, at, walked, inner)
    w.lines.add("if (code) return code;")


def _walk(w: Writer, value: Value, at: dict[Index, str], walked: list[Bound], inner: list[Bound]) -> None:
    """The loops of one part."""
    operation, out = value.operation, w.layouts[value.number]
    assert isinstance(operation, Scatter)
    source, positions = value.operands[0], value.operands[1 : 1 + len(operation.indices)]
    extents = w.names.extents(operation.indices)
    place = {**at, **{x: f"p{n}" for n, x in enumerate(operation.indices)}}
    with w.lines.loops(walked):
        for n, (position, extent) in enumerate(zip(positions, extents)):
            found = w.scalars()
            text = found.operand(position, at)
            w.lines.add(*found.lines.text, f"const int64_t p{n} = {text};")
            low, high = ("first", "end") if n == 0 else ("0", extent)
            if operation.has_base:
                w.lines.add(f"if (uint64_t(p{n}) >= uint64_t({extent})) ix::stopped(RUN_OUTSIDE, &code);")
            w.lines.add(f"if (p{n} < {low} || p{n} >= {high}) continue;")
        body = w.scalars()
        text = body.operand(source, at)
        with w.lines.loops(inner[:-1]):
            if inner and not body.checks:
                w.lines.add("#pragma omp simd")
            with w.lines.loops(inner[-1:]):
                w.lines.add(*body.lines.text, f"{out.element([place[x] for x in value.axes])} += {text};")


def _start_from_base(w: Writer, value: Value) -> None:
    """The base's memory where that is free from here on, else a copy of it."""
    base = value.operands[-1]
    if w.is_in_place(value, base.value):
        w.target(value)
        return
    at = tuple(f"i{n}" for n in range(len(value.axes)))
    layout = w.layouts[base.value.number]
    element = layout.element([at[value.axes.index(x)] for x in base.labels])
    root = w.plan.root[base.value.number]
    others = frozenset(w.plan.root[o.value.number] for o in value.operands[:-1] if o.value.number in w.plan.root)
    if base.labels == value.axes and root not in others and w.taken_over(value, {root: {element}}, at):
        return
    out = w.target(value)
    body = w.scalars()
    bounds = [Bound(at[n], w.names.size(value.axes[n].space)) for n in out.order]
    w.nest(bounds, body, f"{out.element(at)} = {element};")


def scatter_windows(w: Writer, value: Value) -> None:
    """The source added where the forms point, if that is inside."""
    operation = value.operation
    assert isinstance(operation, ScatterWindows)
    (source,) = value.operands
    heads, rest = value.axes[: len(operation.forms)], value.axes[len(operation.forms) :]
    at: dict[Index, str] = {x: f"i{n}" for n, x in enumerate([*rest, *operation.indices])}
    out = w.target(value, zero=True)
    body = w.scalars()
    text = body.operand(source, at)
    outer = [Bound(at[x], w.names.size(x.space)) for x in rest]
    inner = [Bound(at[x], w.names.size(x.space)) for x in operation.indices]
    if outer:
        w.lines.parallel(outer, len(outer), more=[b.end for b in inner])
    with w.lines.loops([*outer, *inner]):
        places = [f"p{n}" for n in range(len(heads))]
        for name, form in zip(places, operation.forms):
            w.lines.add(f"const int64_t {name} = {affine(form, [at[x] for x in operation.indices])};")
        inside = [f"uint64_t({p}) < uint64_t({n})" for p, n in zip(places, w.names.extents(heads))]
        with w.lines.block(f"if ({' && '.join(inside)})"):
            element = out.element([*places, *(at[x] for x in rest)])
            w.lines.add(*body.lines.text, f"{element} += {text};")
