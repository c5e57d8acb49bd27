"""A program's gradient in two programs: the forward part with what it keeps, and the backward part that reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..calculus.grad import grad
from ..calculus.phases import Phases
from ..calculus.plan import Wishes
from ..calculus.question import check_inputs
from ..calculus.recompute import lost_values
from ..diagnostics import fail
from ..ir.build import MINUS_ONE, add, index_sum, multiply
from ..ir.declarations import all_indices
from ..ir.expr import Access, Apply, IndexMap, IndexReduce
from ..ir.index import Space
from ..ir.program import Define, Program, Tensor
from ..ir.signature import SizeTable
from ..ir.slots import unknown_of
from ..ir.walk import tensors_in
from ..lower.compared import compared
from ..lower.estimate import ITEM, extent
from ..lower.passes import Context
from ..lower.program import plain_graph
from ..lower.target import Machine


@dataclass(frozen=True)
class Keeping:
    """What the backward part finds of the forward part: at most one of the options of `ic.grad`.

    Without them it finds all that it reads; where there is a `machine` that runs kernels, only what a kernel would
    store, and the backward part computes the rest again where it needs it.
    """

    save: tuple[str, ...] | None = None
    recompute: tuple[str, ...] | None = None
    memory: int | None = None
    machine: Machine | None = None

    @property
    def is_open(self) -> bool:
        """Whether sizes decide."""
        return self.machine is not None and all(x is None for x in (self.save, self.recompute, self.memory))


@dataclass(frozen=True)
class Split:
    """Two programs for one gradient.

    forward     its outputs are those of the whole, then the definitions `kept`
    backward    takes inputs of the whole, what is kept, and the cotangents; gives `results`
    cotangents  one input of the backward program for each output of the whole, in their order
    """

    forward: Program
    backward: Program
    kept: tuple[str, ...]
    cotangents: tuple[str, ...]
    results: tuple[str, ...]


class Derivation:
    """The gradient by `wrt` of all outputs together, to be split where sizes say."""

    def __init__(self, program: Program, wrt: Sequence[str], keeping: Keeping, sizes: Mapping[str, int]) -> None:
        self.program, self.keeping, self.sizes = program, keeping, sizes
        paired, of, self.cotangents = _paired(program)
        self.derived = grad(paired, wrt, of=of, with_value=True, sizes=sizes)
        self.phases = Phases(program, self.derived)
        self._same: frozenset[str] | None = None  # definitions that are compared with elements of themselves

    def lost(self, sizes: Mapping[Space, int]) -> frozenset[str]:
        """The definitions that the backward part does not find, where the sizes are these."""
        k = self.keeping
        lost = lost_values(self.phases, self.program, self.derived, k.save, k.recompute, k.memory, self.sizes)
        if lost is None:
            lost = frozenset[str]() if k.machine is None else self.phases.with_inner(self._unstored(sizes, k.machine))
        return lost

    def _unstored(self, sizes: Mapping[Space, int], machine: Machine) -> list[str]:
        """The definitions of the forward part that a kernel would not store.

        What the backward part compares with an element of itself, as with its maximum, it finds as it was.
        """
        defines, outputs = self.phases.defines, self.program.outputs
        if self._same is None:
            graph = plain_graph(self.derived, Context(sizes))
            self._same = frozenset(graph.names[n] for n in compared(graph) if n in graph.names)
        outer = [t.indices for t in self.program.tensors] + [defines[n].indices for n in outputs if n in defines]
        limit = max([machine.cache // ITEM, *(extent(indices, sizes) for indices in outer)])
        mine = [n for n in self.phases.forward if n in self.program.definitions]
        return [n for n in mine if n not in (*outputs, *self._same) and extent(defines[n].indices, sizes) > limit]

    def split(self, lost: frozenset[str]) -> Split:
        """The two programs, where the backward part does not find the values `lost`."""
        phases, derived = self.phases, self.derived
        schedule = phases.schedule(lost)
        late = frozenset(phases.backward)
        first = [phases.defines[line.of] for line in schedule.lines if not line.again and line.of not in late]
        second = [phases.defines[line.of] for line in schedule.lines if line.again or line.of in late]
        statistics, second = _normalised(derived, second, frozenset(schedule.twice))
        kept = (*(phases.defines[n] for n in schedule.kept), *statistics)
        outputs = tuple(dict.fromkeys([*self.program.outputs, *(s.name for s in kept)]))
        results = tuple(n for n in derived.outputs if n in late)
        return Split(
            replace(self.program, statements=(*first, *statistics), outputs=outputs, trace=()),
            _reading_only(derived, [Tensor(s.name, s.indices) for s in kept], second, results),
            tuple(s.name for s in kept),
            tuple(t.name for t in self.cotangents),
            results,
        )


def _normalised(derived: Program, lines: Sequence[Define], twice: frozenset[str]) -> tuple[list[Define], list[Define]]:
    """Softmaxes that are computed again as exp(z - l): their log-sum-exps l, to be kept, and the lines that read these.

    So no sum has to be known before the first value is.
    """
    wishes = Wishes(derived)
    statistics: list[Define] = []
    result = []
    for s in lines:
        body = s.body
        if s.name in twice and isinstance(body, IndexMap) and body.operation == "softmax":
            rest = tuple(i for i in s.indices if i not in body.indices)
            name = wishes.name(f"lse_{s.name}")
            statistics.append(Define(name, rest, IndexReduce("logsumexp", body.body, body.indices)))
            shifted = add(body.body, multiply(MINUS_ONE, Access(name, rest)))
            s = Define(s.name, s.indices, Apply("exp", (shifted,)))
        result.append(s)
    return statistics, result


def gradient_only(program: Program, wrt: Sequence[str], sizes: Mapping[str, int]) -> Program:
    """The gradients of all outputs together, from inputs and cotangents alone."""
    paired, of, cotangents = _paired(program)
    derived = grad(paired, wrt, of=of, sizes=sizes)
    lines = [s for s in derived.statements if isinstance(s, Define)]
    return _reading_only(derived, (), lines, derived.outputs, cotangents)


def _paired(program: Program) -> tuple[Program, str, tuple[Tensor, ...]]:
    """The program with a scalar Σ_O Σ O · grad_O over its outputs O, whose gradient is theirs, pulled back."""
    wishes = Wishes(program)
    terms, cotangents = [], []
    for name in program.outputs:
        indices = (program.definitions.get(name) or program.inputs[name]).indices
        cotangent = Tensor(wishes.name(f"grad_{name}"), indices)
        cotangents.append(cotangent)
        terms.append(index_sum(multiply(Access(name, indices), Access(cotangent.name, indices)), indices))
    of = wishes.name("pairing")
    paired = replace(
        program,
        tensors=(*program.tensors, *cotangents),
        statements=(*program.statements, Define(of, (), add(*terms))),
        recomputed=(),
    )
    return replace(paired, indices=all_indices(paired)), of, tuple(cotangents)


def _reading_only(
    derived: Program,
    kept: Iterable[Tensor],
    statements: Sequence[Define],
    outputs: tuple[str, ...],
    all_of: Iterable[Tensor] = (),
) -> Program:
    """These statements with the inputs that they read, and those that alone tell an extent that they need."""
    made = {s.name for s in statements}
    read = frozenset[str](outputs).union(*(tensors_in(s.body) for s in statements), (t.name for t in all_of)) - made
    candidates = {t.name: t for t in (*derived.tensors, *kept)}
    chosen = {n: t for n, t in candidates.items() if n in read}
    bare = replace(
        derived,
        indices=(),
        tensors=(),
        statements=tuple(statements),
        outputs=outputs,
        recomputed=(),
        trace=(),
        notes=(),
    )
    bare = replace(bare, indices=all_indices(bare))
    missing = {unknown_of(s) for s in SizeTable(bare).needed if not isinstance(s.extent, int)}
    missing |= {unknown_of(t.values) for t in chosen.values() if t.values is not None}
    missing -= {unknown_of(s) for t in chosen.values() for s in t.spaces}
    for name, tensor in candidates.items():
        if missing & {unknown_of(s) for s in tensor.spaces}:
            chosen[name] = tensor
            missing -= {unknown_of(s) for s in tensor.spaces}
    result = replace(bare, tensors=tuple(t for n, t in candidates.items() if n in chosen))
    return replace(result, indices=all_indices(result))


def check_wrt(program: Program, wrt: Sequence[str] | None) -> tuple[str, ...]:
    """The inputs by which the function is differentiable: those named, or all that hold real numbers."""
    if wrt is None:
        return tuple(n for n, t in program.inputs.items() if not t.is_integer)
    for output in program.outputs:
        if output in program.definitions:
            check_inputs(program, wrt, program.definitions[output])
            return tuple(wrt)
    raise fail("IX901", "the program defines nothing", hint="give a result a name: y = …")
