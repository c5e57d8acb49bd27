"""One C++ function for a kernel: its grid over threads, loops within, and the memory of each thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ....ir.index import Index
from ....ir.kernel import Array, Kernel, Load, Loop, Tile
from ....ir.kernel_spaces import kernel_spaces
from ....ir.slots import unknown_of
from ..layout import times as product
from ..names import comment
from .body import BodyPrinter
from .copies import Copies
from .names import Lines, Names, times, total
from .order import Order
from .reducing import neutral
from .steps import is_view, plain
from .storage import Memory
from .team import work
from .view import reserve

_WORD = re.compile(r"\w+")
_DEFINITION = re.compile(r" *(?:const )?\w+(?: ?\*)?(?: const)? (\w+) = [^;]*;(?: //.*)?$")
HEADERS = ("core", "blas", "product", "vmath", "tiles", "team", "large")


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
    function = _Function(plain(kernel), name, real)
    team = ("team",) if function.order.team else ()
    large = ("blas", "large") if function.order.large else ()
    found = {"core", "product", "vmath", "tiles", *team, *large}
    return KernelText(function.text(), tuple(h for h in HEADERS if h in found))


class _Function:
    def __init__(self, kernel: Kernel, name: str, real: str) -> None:
        self.kernel, self.name, self.real = kernel, name, real
        self.order = Order(kernel)
        self.names = Names(kernel, self.order, real)
        self.memory = Memory(self.names, self.order)
        for step in kernel.steps():
            if isinstance(step, Load) and is_view(step):
                reserve(self.names, self.memory, step)
        self.parallel = [t for t in kernel.grid if t.parallel]
        self.copies = Copies(self.names, [t.axis for t in self.parallel])
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
        self._jobs()
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
        if len(array.axes) > 1:
            out.add(f"#pragma omp parallel for if ({product(*(names.extent(x.space) for x in array.axes))} > PARALLEL)")
        for n, axis in enumerate(array.axes):
            out.open(f"for (int64_t i{n} = 0; i{n} < {names.extent(axis.space)}; ++i{n})")
        place = total(times(f"i{n}", stride) for n, stride in enumerate(self._strides(k)))
        out.add(f"out{k}[{place}] = {neutral('sum', names.type(array.kind))};")
        out.close(len(array.axes))

    # -- the grid ------------------------------------------------------------------------------------------------------

    def _jobs(self) -> None:
        """How many tiles can run at the same time; whether threads share the steps of each instead."""
        out = self.out
        if self.parallel or not self.order.team:
            out.add(f"const int64_t jobs = {product(*(self._tiles(t) for t in self.parallel))};")
        if self.order.team:
            few = "2 * jobs <= thread_count()" if self.parallel else "thread_count() > 1"
            out.add("// whether threads share the steps of a tile: there are few at a time, and each is large")
            out.add(f"const int64_t work = {work(self.names, self.order)};")
            out.add(f"const bool together = {few} && !inside_parallel() && work > PARALLEL;")
            out.add("const int crew = together ? thread_count() : 1;")

    def _threads(self) -> None:
        out = self.out
        out.add("int status = RUN_OK;")
        self.copies.make(out, "jobs > 1 && !together" if self.order.team else "jobs > 1")
        depth = out.depth
        if not self.order.team:
            self._apart()
        elif self.parallel:
            self._together_or_apart()
        else:
            self._together()
        out.add(*self.memory.pointers)
        self._job()
        body = BodyPrinter(self.names, self.order, self.memory, out)
        for tile in self.kernel.grid:
            if not tile.parallel:
                body.walk(tile, ())
        body.body(self.kernel.body)
        out.close(out.depth - depth - 1)
        out.open("if (outside)")
        out.add("#pragma omp atomic write", "status = outside == RUN_MEMORY ? RUN_MEMORY : RUN_OUTSIDE;")
        out.close(2)
        self.copies.gather(out, self._strides)
        out.add("return status;")

    def _apart(self) -> None:
        """Each thread takes tiles of its own."""
        out = self.out
        out.add("#pragma omp parallel if (jobs > 1)")
        out.open("")
        out.add("const Scratch<char> scratch(scratch_size);")
        self.copies.choose(out)
        out.add("int outside = 0;")
        out.add("#pragma omp for schedule(static)" if self.copies.arrays else "#pragma omp for schedule(dynamic, 1)")
        out.open("for (int64_t job = 0; job < jobs; ++job)")
        self._no_memory("scratch.data")

    def _together(self) -> None:
        """All threads take their part of each step of one tile after the other."""
        out = self.out
        out.add("const Scratch<char> common(scratch_size);")
        out.add("if (common.data == nullptr) return RUN_MEMORY;")
        out.add("#pragma omp parallel if (together)")
        out.open("")
        out.add("const ix::Team team = {thread_number(), team_size()};")
        out.add("char* const scratch = common.data;")
        out.add("int outside = 0;")
        self._parts()

    def _together_or_apart(self) -> None:
        out, private = self.out, self.copies.arrays
        out.add("const Scratch<char> common(together ? scratch_size : 0);")
        if not private:
            out.add("int64_t begun = 0;  // jobs")
        out.add("#pragma omp parallel if (jobs > 1 || together)")
        out.open("")
        out.add("const ix::Team team = together ? ix::Team{thread_number(), team_size()} : ix::Team{0, 1};")
        out.add("const Scratch<char> own(together ? 0 : scratch_size);")
        out.add("char* const scratch = together ? common.data : own.data;")
        self.copies.choose(out)
        out.add("int outside = 0;")
        self._parts()
        first, end, following = "ix::take(&begun)", "jobs", "ix::take(&begun)"
        if private:  # always the same jobs, so that sums do not depend on which thread was faster
            out.add("const int64_t last = together ? jobs : jobs * (thread_number() + 1) / team_size();")
            first, end, following = "jobs * thread_number() / team_size()", "last", "job + 1"
        out.open(f"for (int64_t job = together ? 0 : {first}; job < {end}; job = together ? job + 1 : {following})")
        self._no_memory("scratch")

    def _no_memory(self, scratch: str) -> None:
        self.out.open(f"if ({scratch} == nullptr)")
        self.out.add("outside = RUN_MEMORY;", "continue;")
        self.out.close()

    def _parts(self) -> None:
        """Of axes without tiles, which places are the thread's."""
        for axis in self.order.ranks:
            if axis not in self.names.walked:
                self.out.add(*self.names.parts(axis))

    def _tiles(self, tile: Tile) -> str:
        extent = self.names.extent(tile.axis.space)
        return f"ix::ceiling({extent}, {tile.size})" if tile.size else extent

    def _job(self) -> None:
        """Which tiles a job is.  Where later tiles of an axis have more to do they come first."""
        out, names = self.out, self.names
        if self.parallel:
            out.add("int64_t left = job;")
        for place, tile in reversed(list(enumerate(self.parallel))):
            axis, number, count = tile.axis, names.number(tile.axis), self._tiles(tile)
            at = f"left % ({count})"
            if self._grows(axis):
                at = f"{count} - 1 - {at}"
            if tile.size:
                out.add(f"const int64_t s{number} = ({at}) * {tile.size};")
                out.add(f"const int64_t c{number} = ix::smaller({tile.size}, {names.extent(axis.space)} - s{number});")
                out.add(*names.parts(axis))
            else:
                out.add(f"const int64_t p{number} = {at};")
            if place:
                out.add(f"left /= {count};")

    def _grows(self, axis: Index) -> bool:
        """Whether more of some loop is left to do at later positions of the axis."""
        skips = [c.form for step in self.kernel.steps() if isinstance(step, Loop) for c in step.skip]
        return any(f > 0 for form in skips for f, x in form.terms if x == axis)


def _needed(lines: list[str]) -> list[str]:
    """The lines without definitions of numbers and pointers that no other line of their scope reads."""
    while True:
        words = [frozenset(_WORD.findall(line.split("//")[0])) for line in lines]
        defined = [_DEFINITION.match(line) for line in lines]
        kept = [line for n, line in enumerate(lines) if not (d := defined[n]) or _is_read(d[1], n, lines, words)]
        if len(kept) == len(lines):
            return kept
        lines = kept


def _is_read(name: str, place: int, lines: Sequence[str], words: Sequence[frozenset[str]]) -> bool:
    """Whether a line behind this one has the name, up to the end of the scope."""
    depth = _depth(lines[place])
    for n in range(place + 1, len(lines)):
        if name in words[n]:
            return True
        if not lines[n].startswith("#") and _depth(lines[n]) < depth:
            return False
    return False


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
