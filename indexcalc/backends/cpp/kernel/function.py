"""One C++ function for a kernel: its grid over threads, loops within, and the memory of each thread."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ....ir.index import Index
from ....ir.kernel import Array, Carry, Condition, Kernel, Load, Loop, Step, Store, Tile
from ....ir.kernel_spaces import kernel_spaces
from ....ir.slots import unknown_of
from ..layout import times as product
from ..names import comment
from .names import Lines, Names, times, total
from .nest import NestPrinter
from .order import Order, Region
from .product import print_product
from .reducing import fill, neutral
from .steps import is_product, is_view, plain
from .storage import Memory
from .view import print_view, reserve

_WORD = re.compile(r"\w+")
_DEFINITION = re.compile(r" *(?:const )?\w+(?: ?\*)?(?: const)? (\w+) = [^;]*;(?: //.*)?$")
HEADERS = ("core", "product", "vmath", "tiles")


@dataclass(frozen=True)
class KernelText:
    """The text of a kernel's function, and the support headers that stand before it, in order."""

    text: str
    headers: tuple[str, ...]


def kernel_text(kernel: Kernel, name: str, real: str) -> KernelText:
    """`static int NAME(const Extents& n, const ArrayRef* in, ArrayRef* out)`, which runs the kernel; it gives a status.

    `real` is "float" or "double".  n[k] is the extent of `kernel_spaces(kernel)[k]`.  Integers are int64_t, masks
    uint8_t.  Inputs may have any strides; outputs are contiguous along their last axis, and do not overlap inputs.
    """
    return KernelText(_Function(plain(kernel), name, real).text(), HEADERS)


class _Function:
    def __init__(self, kernel: Kernel, name: str, real: str) -> None:
        self.kernel, self.name, self.real = kernel, name, real
        self.order = Order(kernel)
        self.names = Names(kernel, self.order, real)
        self.memory = Memory(self.names, self.order)
        for step in kernel.steps():
            if isinstance(step, Load) and is_view(step):
                reserve(self.names, self.memory, step)
        self.out = Lines()

    def text(self) -> str:
        out = self.out
        note = " ".join(self.kernel.note.split())
        if note:
            out.add(comment(note))
        out.open(f"static int {self.name}(const Extents& n, const ArrayRef* in, ArrayRef* out)")
        self._head()
        self._threads()
        out.close()
        return "\n".join(_needed(out.lines)) + "\n"

    # -- extents, arrays, scratch --------------------------------------------------------------------------------------

    def _head(self) -> None:
        out, names = self.out, self.names
        for k, space in enumerate(kernel_spaces(self.kernel)):
            out.add(f"const int64_t {names.sizes[unknown_of(space)]} = n[{k}];")
        for word, arrays in (("in", self.kernel.inputs), ("out", self.kernel.outputs)):
            for k, array in enumerate(arrays):
                self._array(word, k, array)
        for axis, tile in sorted(self.names.walked.items(), key=lambda item: names.number(item[0])):
            if tile.size:
                extent = names.extent(axis.space)
                out.add(f"const int64_t m{names.number(axis)} = ix::smaller({tile.size}, {extent});")
        out.add("int64_t scratch_size = 0;")
        out.add(*(line.strip() for line in self.memory.setup.lines))
        for k, array in enumerate(self.kernel.outputs):
            if array.accumulated:
                self._zero(k, array)

    def _array(self, word: str, k: int, array: Array) -> None:
        type = self.names.type(array.kind)
        const = "const " if word == "in" else ""
        self.out.add(f"{const}{type}* const {word}{k} = static_cast<{const}{type}*>({word}[{k}].data);")
        for n in range(len(array.axes) - (word == "out")):  # the last axis of an output is contiguous
            self.out.add(f"const int64_t {word}{k}_{n} = {word}[{k}].strides[{n}];")

    def _strides(self, k: int) -> list[str]:
        """Of an output."""
        rank = len(self.kernel.outputs[k].axes)
        return [f"out{k}_{n}" for n in range(rank - 1)] + ["1"][:rank]

    def _zero(self, k: int, array: Array) -> None:
        out, names = self.out, self.names
        for n, axis in enumerate(array.axes):
            out.open(f"for (int64_t i{n} = 0; i{n} < {names.extent(axis.space)}; ++i{n})")
        place = total(times(f"i{n}", stride) for n, stride in enumerate(self._strides(k)))
        out.add(f"out{k}[{place}] = {neutral('sum', names.type(array.kind))};")
        out.close(len(array.axes))

    # -- the grid ------------------------------------------------------------------------------------------------------

    def _threads(self) -> None:
        out = self.out
        parallel = [t for t in self.kernel.grid if t.parallel]
        serial = [t for t in self.kernel.grid if not t.parallel]
        private = self._private([t.axis for t in parallel])
        counts = [self._tiles(t) for t in parallel]
        out.add(f"const int64_t jobs = {product(*counts)};")
        out.add("int status = RUN_OK;")
        if private:
            self._copies(private)
        out.add("#pragma omp parallel if (jobs > 1)")
        out.open("")
        out.add("const Scratch<char> scratch(scratch_size);")
        out.add("int outside = 0;")
        for k in private:
            self._own_copy(k)
        out.add("#pragma omp for schedule(static)" if private else "#pragma omp for schedule(dynamic, 1)")
        out.open("for (int64_t job = 0; job < jobs; ++job)")
        out.open("if (scratch.data == nullptr)")
        out.add("outside = RUN_MEMORY;", "continue;")
        out.close()
        out.add(*self.memory.pointers)
        self._job(parallel, counts)
        for tile in serial:
            self._walk(tile, (), ())
        self._body(self.kernel.body)
        out.close(len(serial) + 1)
        out.open("if (outside)")
        out.add("#pragma omp atomic write", "status = outside == RUN_MEMORY ? RUN_MEMORY : RUN_OUTSIDE;")
        out.close(2)
        for k in private:
            self._gather_copies(k)
        out.add("return status;")

    def _tiles(self, tile: Tile) -> str:
        extent = self.names.extent(tile.axis.space)
        return f"ix::ceiling({extent}, {tile.size})" if tile.size else extent

    def _job(self, parallel: Sequence[Tile], counts: Sequence[str]) -> None:
        """Which tiles a job is.  Where later tiles of an axis have more to do they come first."""
        out, names = self.out, self.names
        if parallel:
            out.add("int64_t left = job;")
        for tile, count in reversed(list(zip(parallel, counts))):
            axis, number = tile.axis, names.number(tile.axis)
            at = f"left % ({count})"
            if self._grows(axis):
                at = f"{count} - 1 - {at}"
            if tile.size:
                out.add(f"const int64_t s{number} = ({at}) * {tile.size};")
                out.add(f"const int64_t c{number} = ix::smaller({tile.size}, {names.extent(axis.space)} - s{number});")
            else:
                out.add(f"const int64_t p{number} = {at};")
            out.add(f"left /= {count};")
        if parallel:
            out.lines.pop()

    def _grows(self, axis: Index) -> bool:
        """Whether more of some loop is left to do at later positions of the axis."""
        skips = [c.form for step in self.kernel.steps() if isinstance(step, Loop) for c in step.skip]
        return any(f > 0 for form in skips for f, x in form.terms if x == axis)

    # -- outputs that several threads add to --------------------------------------------------------------------------

    def _private(self, parallel: Sequence[Index]) -> list[int]:
        """Accumulated outputs that some parallel axis does not divide among the threads."""
        found: dict[int, None] = {}
        for step in self.kernel.steps():
            if isinstance(step, Store) and self.kernel.outputs[step.array].accumulated:
                own = {s for s in step.slots if isinstance(s, Index)}
                found |= {} if set(parallel) <= own else {step.array: None}
        return sorted(found)

    def _extents(self, k: int) -> list[str]:
        return [self.names.extent(x.space) for x in self.kernel.outputs[k].axes]

    def _copies(self, private: Sequence[int]) -> None:
        out = self.out
        out.add("const int threads = jobs > 1 && !inside_parallel() ? thread_count() : 1;")
        for k in private:
            type = self.names.type(self.kernel.outputs[k].kind)
            out.add(f"const int64_t z{k} = {product(*self._extents(k))};  // of each thread's output {k}")
            out.add(f"const Scratch<{type}> own{k}(z{k} * threads);")
            out.add(f"if (own{k}.data == nullptr) return RUN_MEMORY;")
            out.add(f"std::memset(own{k}.data, 0, z{k} * threads * sizeof({type}));")

    def _own_copy(self, k: int) -> None:
        type = self.names.type(self.kernel.outputs[k].kind)
        extents = self._extents(k)
        self.out.add(f"{type}* const out{k} = own{k}.data + z{k} * (threads > 1 ? thread_number() : 0);")
        for n in range(len(extents) - 1):
            self.out.add(f"const int64_t out{k}_{n} = {product(*extents[n + 1 :])};")

    def _gather_copies(self, k: int) -> None:
        """The threads' outputs are added in their order, so that a sum does not depend on which was faster."""
        out, extents = self.out, self._extents(k)
        out.open("for (int thread = 0; thread < threads; ++thread)")
        size = ", ".join(extents) or "1"
        source = ", ".join(product(*extents[n + 1 :]) for n in range(len(extents))) or "0"
        target = ", ".join(self._strides(k)) or "0"
        out.add(f"const int64_t size[] = {{{size}}}, from[] = {{{source}}}, to[] = {{{target}}};")
        out.add(f"ix::add({len(extents)}, size, own{k}.data + z{k} * thread, from, out{k}, to);")
        out.close()

    # -- bodies --------------------------------------------------------------------------------------------------------

    def _body(self, steps: Sequence[Step]) -> None:
        names, order, memory = self.names, self.order, self.memory
        for step in steps:
            if isinstance(step, Load) and is_view(step):
                print_view(names, order, memory, step, self.out)
        for step in steps:
            if isinstance(step, Carry):
                storage = memory.blocks[step.block.number]
                start = neutral(step.operation, names.type(step.block.kind))
                fill(names, storage, storage.strides, start, self.out)
        for piece in order.bodies[id(steps)].pieces:
            if isinstance(piece, Region):
                for nest in piece.nests:
                    NestPrinter(names, order, memory, nest, self.out).print()
            elif isinstance(piece.step, Loop):
                self._loop(piece.step)
            else:
                assert is_product(piece.step)
                print_product(names, order, memory, piece, self.out)

    def _loop(self, loop: Loop) -> None:
        self._walk(loop.tile, loop.skip, loop.body)
        self._body(loop.body)
        self.out.close(2 if loop.skip else 1)

    def _walk(self, tile: Tile, skip: Sequence[Condition], body: Sequence[Step]) -> None:
        """The head of a loop over the tiles of an axis, from the first to the last that the conditions leave."""
        out, names, axis = self.out, self.names, tile.axis
        number, extent = names.number(axis), names.extent(axis.space)
        begin, end = "0", extent
        if skip:
            out.open("")
            begin, end = "begin", "end"
            out.add(f"int64_t begin = 0, end = {extent};")
            for condition in skip:
                out.add(self._bound(condition, axis))
            if tile.size:
                out.add(f"begin = begin / {tile.size} * {tile.size};")
        if not tile.size:
            out.open(f"for (int64_t p{number} = {begin}; p{number} < {end}; ++p{number})")
            return
        out.open(f"for (int64_t s{number} = {begin}; s{number} < {end}; s{number} += {tile.size})")
        out.add(f"const int64_t c{number} = ix::smaller({tile.size}, {end} - s{number});")

    def _bound(self, condition: Condition, axis: Index) -> str:
        """Where along the axis the condition holds for some position of every other axis."""
        factor = sum(f for f, x in condition.form.terms if x == axis)
        terms = []
        for f, x in condition.form.terms:
            if x == axis:
                continue
            first = self.names.position(x) if x in self.order.single else self.names.start(x)
            last = first if x in self.order.single else total((first, self.names.count(x), "-1"))
            extreme = last if f > 0 else first
            terms.append(times(extreme, str(f)))
        most = total((*terms, str(condition.form.offset)))
        if factor == 0:
            return f"if ({most} < 0) end = 0;"
        if factor > 0:
            text = f"-({most})" if factor == 1 else f"ix::ceiling(-({most}), {factor})"
            return f"begin = ix::larger(begin, {text});"
        text = most if factor == -1 else f"ix::floor({most}, {-factor})"
        return f"end = ix::smaller(end, {text} + 1);"


def _needed(lines: list[str]) -> list[str]:
    """The lines without definitions of numbers and pointers that no other line reads."""
    while True:
        words = Counter(word for line in lines for word in set(_WORD.findall(line.split("//")[0])))
        kept = [line for line in lines if not (found := _DEFINITION.match(line)) or words[found[1]] > 1]
        if len(kept) == len(lines):
            return kept
        lines = kept
