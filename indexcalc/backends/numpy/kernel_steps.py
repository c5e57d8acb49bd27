"""The lines for each step of a kernel's body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...ir.elementwise import COMPARING
from ...ir.graph import Kind
from ...ir.index import Index
from ...ir.kernel import (
    Argument,
    Block,
    Carry,
    Condition,
    Constant,
    Contract,
    Extent,
    Fold,
    Keep,
    Kernel,
    Load,
    Map,
    Mask,
    Position,
    Recall,
    Reduce,
    Shift,
    Step,
    Store,
    block_made,
    kept_axis,
)
from ...lower.joined import Joined
from ...lower.scratch import Plan
from ..names import number_text, tuple_text
from .kernel_joined import Operands
from .kernel_kept import carry_line, panel, recall_line, rescaled_lines
from .kernel_names import KernelNames, aligned
from .kernel_products import added_text, product_text
from .kernel_slots import load_lines, store_lines, view

UFUNCS = {
    name: f"np.{name}"
    for name in (
        "add", "subtract", "multiply", "divide", "negative", "exp", "log", "sqrt", "square", "sin", "cos", "tan",
        "tanh", "sinh", "cosh", "maximum", "minimum", "power", "less", "less_equal", "greater", "greater_equal",
        "equal", "not_equal", "logical_and", "logical_or", "logical_not",
    )
}  # fmt: skip
"""Functions that are one call with `out=`."""

_MASKED = {"masked": "np.where({1}, {2}, {0})"}
NEUTRAL = {"sum": "0.0", "prod": "1.0", "max": "-np.inf", "min": "np.inf", "shift": "0.0"}
NEUTRAL_INT = {**NEUTRAL, "max": "np.iinfo(np.int64).min", "min": "np.iinfo(np.int64).max"}
FOLDS = {"sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum"}


class Steps:
    """Writes steps.

    `ones`: (elements, dtype) of the vectors of ones with which rows and columns are summed; `starts`: where the walk
    along the axis of each loop around begins; `sums`: sums of tiles that folds find there; `keeps`: what is kept in
    each carry, by its number.
    """

    def __init__(
        self, names: KernelNames, plan: Plan, maps: Mapping[str, str], joined: Mapping[int, Joined], kernel: Kernel
    ) -> None:
        self.names = names
        self.plan = plan
        self.maps = maps
        self.ones: dict[tuple[str, str], str] = {}
        self.joined = joined
        self.starts: dict[Index, str] = {}
        self.sums: dict[int, str] = {}
        self.keeps = {s.carry.number: s for s in kernel.steps() if isinstance(s, Keep)}
        self.operands = Operands(names)

    def lines(self, step: Step) -> list[str]:
        block = block_made(step)
        if block is not None and block.number in self.joined:
            both = self.joined[block.number]
            return self.together(both) if both.block == block else []
        found: list[str] = _LINES[type(step)](self, step)
        return found

    def together(self, found: Joined) -> list[str]:
        """The lines for a product and its links, made where the first of them lies."""
        block = found.block
        while block.number in self.plan.taken:
            block = self.plan.taken[block.number]
        return self.operands.lines(found, self.place(block), self.filled_where)

    def filled_where(self, mask: Mask, block: Block, fill: str) -> list[str]:
        out = self.names.block(block)
        return [line for c in mask.conditions for line in _masked(self, c, block, out, fill)]

    def place(self, block: Block) -> str:
        """Where the block lies; "" for one that a call makes by itself."""
        if block.number in self.plan.taken:
            return self.names.block(self.plan.taken[block.number])
        if block.number in self.plan.direct:
            store = self.plan.direct[block.number]
            return view(self.names, f"y_{store.array}", store.slots)
        if block.number in self.plan.kept:
            return panel(self.names, block, self.plan.kept[block.number].carry)
        if block.number in self.plan.scratch:
            size, shape = self.names.elements(block.axes), ", ".join(self.names.count(x) for x in block.axes)
            return f"w_{self.plan.scratch[block.number]}[: {size}].reshape({shape})"
        return ""

    def made(self, block: Block, call: str) -> list[str]:
        """The line for a call that takes `out=`, written with `{}` where that goes, and gives what it wrote into."""
        place = self.place(block)
        return [f"{self.names.block(block)} = {call.format(f', out={place}' if place else '')}"]

    def filled(self, block: Block, *calls: str) -> list[str]:
        """Lines that name the block's place, and then write into it."""
        return [f"{self.names.block(block)} = {self.place(block)}", *calls]

    def argument(self, argument: Argument, axes: tuple[Index, ...]) -> str:
        if isinstance(argument, Constant):
            return number_text(argument.value)
        if isinstance(argument, Extent):
            return self.names.extent(argument.space)
        return aligned(self.names.block(argument), argument.axes, axes)

    def summed(self, source: Block, kept: tuple[Index, ...]) -> str | None:
        """The sum over the last or the first axis as a matrix product with ones; None where it is neither."""
        if source.kind not in ("float", "real") or len(source.axes) - len(kept) != 1:
            return None
        if source.axes[:-1] == kept:
            return f"np.matmul({self.names.block(source)}, {self.vector(source.axes[-1], source.kind)}{{}})"
        if len(source.axes) == 2 and source.axes[1:] == kept:
            return f"np.matmul({self.vector(source.axes[0], source.kind)}, {self.names.block(source)}{{}})"
        return None

    def reduced(self, operation: str, source: Block, kept: tuple[Index, ...], text: str = "") -> str:
        """The reduction as a call that takes `out=`, written with `{}`; maxima of nothing are infinite."""
        gone = tuple_text(str(n) for n, x in enumerate(source.axes) if x not in kept)
        whole = any(not self.names.tiled(x) for x in source.axes if x not in kept)
        empty = f", initial={neutral(operation, source.kind)}" if whole and operation in ("max", "min") else ""
        return f"np.{FOLDS[operation]}.reduce({text or self.names.block(source)}, {gone}{{}}{empty})"

    def vector(self, axis: Index, kind: Kind) -> str:
        """As many ones as the axis has positions."""
        key = self.names.most(axis), self.names.dtype(kind)
        name = self.ones.setdefault(key, f"o_{len(self.ones)}")
        return f"{name}[:{self.names.count(axis)}]" if self.names.tiled(axis) else name


def neutral(operation: str, kind: Kind) -> str:
    """What a reduction of nothing gives."""
    return (NEUTRAL_INT if kind == "int" else NEUTRAL)[operation]


def _position(s: Steps, step: Position) -> list[str]:
    names, axis = s.names, step.axis
    single = axis in names.walked and not names.tiled(axis)
    text = names.first(axis) if single else f"np.arange({names.first(axis)}, {names.end(axis)})"
    return [f"{names.block(step.block)} = {text}"]


def _map(s: Steps, step: Map) -> list[str]:
    block, function = step.block, step.function
    parts = [s.argument(a, block.axes) for a in step.arguments]
    if function in COMPARING:
        kinds = [a.kind if isinstance(a, Block) else "number" for a in step.arguments]
        parts = [f"{p}.real" if kind == "float" else p for p, kind in zip(parts, kinds)]
    if not block.axes and block.kind in ("float", "real") and not _floats(step):
        text = parts[0] if function == "as_real" else (_MASKED.get(function) or s.maps[function]).format(*parts)
        return [f"{s.names.block(block)} = np.asarray({text}, {s.names.dtype(block.kind)})"]
    if len(block.axes) == 1 and not any(isinstance(a, Block) and a.axes for a in step.arguments):
        text = "np.asarray({}, real)" if function == "as_real" else _MASKED.get(function) or s.maps[function]
        text = text.format(*parts)
        return [f"{s.names.block(block)} = np.full({s.names.shape(block.axes)}, {text}, {s.names.dtype(block.kind)})"]
    if function in UFUNCS:
        return s.made(block, f"{UFUNCS[function]}({', '.join(parts)}{{}})")
    if function in ("reciprocal", "relu"):
        call = f"np.divide(1.0, {parts[0]}{{}})" if function == "reciprocal" else f"np.maximum({parts[0]}, 0.0{{}})"
        return s.made(block, call)
    name = s.names.block(block)
    if not s.place(block):
        if function == "as_real":
            return [f"{name} = np.asarray({parts[0]}, real)"]
        return [f"{name} = {(_MASKED.get(function) or s.maps[function]).format(*parts)}"]
    return s.filled(block, *_into(s, step, parts, name))


def _floats(step: Map) -> bool:
    """Whether an argument brings the dtype of the result along; plain numbers and integers bring float64."""
    return any(isinstance(a, Block) and a.kind in ("float", "real") for a in step.arguments)


def _into(s: Steps, step: Map, parts: list[str], out: str) -> list[str]:
    """A function that is several calls, or none that writes into a place."""
    if step.function == "sigmoid":
        return [
            f"np.negative({parts[0]}, out={out})",
            f"np.exp({out}, out={out})",
            f"np.add({out}, 1.0, out={out})",
            f"np.divide(1.0, {out}, out={out})",
        ]
    if step.function in ("masked", "where"):
        plain, condition, chosen = parts if step.function == "masked" else (parts[2], parts[0], parts[1])
        copied = [] if step.block.number in s.plan.taken else [f"np.copyto({out}, {plain})"]
        return [*copied, f"np.copyto({out}, {chosen}, where={condition})"]
    text = parts[0] if step.function == "as_real" else s.maps[step.function].format(*parts)
    return [f"np.copyto({out}, {text})"]


def _mask(s: Steps, step: Mask) -> list[str]:
    names, block = s.names, step.block
    out = names.block(block)
    source = aligned(names.block(step.source), step.source.axes, block.axes)
    if s.place(block):
        lines = s.filled(block, *([] if block.number in s.plan.taken else [f"np.copyto({out}, {source})"]))
    else:
        whole = block.axes == step.source.axes
        typed = f"{source}, {names.dtype(block.kind)}" if block.kind != step.source.kind else source
        lines = [f"{out} = np.array({typed})" if whole else f"{out} = np.full({names.shape(block.axes)}, {typed})"]
    fill = number_text(int(step.fill) if block.kind == "int" else step.fill)
    for condition in step.conditions:
        lines += _masked(s, condition, block, out, fill)
    return lines


def _masked(s: Steps, condition: Condition, block: Block, out: str, fill: str) -> list[str]:
    """Overwrites where the condition fails, if it fails anywhere in this tile."""
    names, form = s.names, condition.form
    moving = tuple((c, x) for c, x in form.terms if names.shown(x))
    test = f"if {names.extreme(form.terms, form.offset, largest=False)} < 0:"
    if not moving:
        return [test, f"    {out}[...] = {fill}"]
    axes = "".join(f", ({c}, {names.count(x)})" for c, x in moving)
    where = aligned(f"negative(found, {names.start(form)}{axes})", tuple(x for _, x in moving), block.axes)
    return [test, f"    np.copyto({out}, {fill}, where={where})"]


def _contract(s: Steps, step: Contract) -> list[str]:
    if step.block.number in s.plan.added:
        return [added_text(s.names, step, s.plan.added[step.block.number])]
    return [f"{s.names.block(step.block)} = {product_text(s.names, step, s.place(step.block))}"]


def _reduce(s: Steps, step: Reduce) -> list[str]:
    names, source, kept = s.names, step.source, step.block.axes
    remaining = tuple(x for x in source.axes if x in kept)
    if step.operation == "sum" and remaining == kept:
        product = s.summed(source, kept)
        if product is not None:
            return s.made(step.block, product)
    if step.operation == "shift":
        gone = tuple_text(str(n) for n, x in enumerate(source.axes) if x not in kept)
        text = f"shift_of({names.block(source)}, {gone})"
    else:
        call = s.reduced(step.operation, source, kept)
        if remaining == kept:
            return s.made(step.block, call)
        text = call.format("")
    text, name = aligned(text, remaining, kept), names.block(step.block)
    return s.filled(step.block, f"np.copyto({name}, {text})") if s.place(step.block) else [f"{name} = {text}"]


def _carry(s: Steps, step: Carry) -> list[str]:
    names, block = s.names, step.block
    if step.operation == "kept":
        scratch = s.plan.scratch.get(block.number)
        return [carry_line(names, block, "" if scratch is None else f"w_{scratch}")]
    dtype, shape = names.dtype(block.kind), names.shape(block.axes)
    start = neutral(step.operation, block.kind)
    name = names.block(block)
    lines = [f"{name} = np.full({shape}, {start}, {dtype})"]
    if s.place(block):
        lines = s.filled(block, f"{name}[...] = {start}")
    if step.operation == "shift":
        lines.append(f"{top(block)} = np.full({shape}, -np.inf, {dtype})")
    return lines


def top(carry: Block) -> str:
    """The running maximum itself, of which the block shows what is subtracted."""
    return f"top_{carry.number}"


def _fold(s: Steps, step: Fold) -> list[str]:
    carry, source = step.carry, step.source
    name, function = s.names.block(carry), f"np.{FOLDS[step.operation]}"
    text = s.names.block(source)
    remaining = tuple(x for x in source.axes if x in carry.axes)
    if id(step) in s.sums:
        text = s.sums[id(step)]
    elif remaining != source.axes:
        product = s.summed(source, remaining) if step.operation == "sum" else None
        text = (product or s.reduced(step.operation, source, carry.axes)).format("")
    text = aligned(text, remaining, carry.axes)
    return [f"{function}({name}, {text}, out={name})"]


def _shift(s: Steps, step: Shift) -> list[str]:
    names, carry, source = s.names, step.carry, step.source
    remaining = tuple(x for x in source.axes if x in carry.axes)
    seen = f"{names.block(source)}{'.real' if source.kind == 'float' else ''}"
    if remaining != source.axes:
        seen = s.reduced("max", source, carry.axes, seen).format("")
    largest = aligned(seen, remaining, carry.axes)
    name, gap = names.block(carry), f"gap_{carry.number}"
    lines = [f"{top(carry)}, {name}, {gap} = raised({top(carry)}, {largest})"]
    if step.rescaled:
        lines.append(f"{gap} = np.exp({gap})")
    for block, degree in step.rescaled:
        power = f" ** {degree}" if degree != 1 else ""
        if block.number in s.keeps:
            keep = s.keeps[block.number]
            start = s.starts[kept_axis(keep.source, block)]
            if power:
                lines.append(f"factor = {gap}{power}")
            lines += rescaled_lines(names, keep, start, "factor" if power else gap, carry)
            continue
        factor, into = aligned(gap, carry.axes, block.axes), names.block(block)
        lines.append(f"np.multiply({into}, {factor}{power}, out={into})")
    return lines


def _keep(s: Steps, step: Keep) -> list[str]:
    root = step.source
    while root.number in s.plan.taken:
        root = s.plan.taken[root.number]
    if s.plan.kept.get(root.number) is step:
        return []  # it was made there
    return [f"np.copyto({panel(s.names, step.source, step.carry)}, {s.names.block(step.source)})"]


def _store(s: Steps, step: Store) -> list[str]:
    if s.plan.direct.get(step.source.number) is step or s.plan.added.get(step.source.number) is step:
        return []
    return store_lines(s.names, step)


_LINES: Mapping[type, Callable[[Steps, Any], list[str]]] = {
    Carry: _carry,
    Contract: _contract,
    Fold: _fold,
    Keep: _keep,
    Recall: lambda s, step: [recall_line(s.names, step)],
    Load: lambda s, step: load_lines(s.names, step),
    Map: _map,
    Mask: _mask,
    Position: _position,
    Reduce: _reduce,
    Shift: _shift,
    Store: _store,
}
