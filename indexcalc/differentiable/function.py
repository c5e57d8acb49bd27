"""`ic.as_torch_function`: a program as a differentiable function of tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import Any
from weakref import ref

import torch
from torch import Tensor

from ..backends import compile_program
from ..backends.base import backend_named
from ..backends.function import MAX_SHAPES, Function
from ..backends.torch.runtime import is_autocast
from ..diagnostics import fail
from ..ir.index import Space
from ..ir.program import Program
from ..ir.signature import SizeTable, bind_sizes, check_names
from ..ir.slots import unknown_of
from ..lower.sizes import representative_sizes
from ..syntax.greek import spelt
from .operator import registered, run
from .split import Derivation, Keeping, Split, check_wrt, gradient_only


@dataclass(frozen=True)
class Options:
    """What holds for all programs of one function."""

    backend: str
    keeping: Keeping
    sizes: Mapping[str, int]
    without: tuple[str, ...]


class Step:
    """A compiled program as tensors in, tensors out: the whole, its forward part, or its backward part."""

    def __init__(self, program: Program, options: Options, whole: Program, training: Training | None = None) -> None:
        self.program = program
        self.training = training
        self.names = tuple(program.inputs)
        self.sizes = _told(program, whole, options.sizes)
        self.compiled: Function = compile_program(
            program, options.backend, sizes=options.sizes if program is whole else self.sizes, without=options.without
        )
        self.is_native = options.backend == "torch"
        self.number = registered(self)

    def run(self, arrays: Sequence[Tensor]) -> list[Tensor]:
        """The results, in tensors of their own."""
        with torch.no_grad():
            if self.is_native:
                results = self.compiled(sizes=self.sizes or None, **dict(zip(self.names, arrays)))
                return [results[n] for n in self.program.outputs]
            views = {name: _as_numpy(name, x, self.compiled.backend) for name, x in zip(self.names, arrays)}
            results = self.compiled(sizes=self.sizes or None, **views)
            return [torch.as_tensor(results[n]) for n in self.program.outputs]

    def shapes(self, given: Sequence[Sequence[int]]) -> list[list[int]]:
        """The results' shapes, for inputs of these shapes."""
        if self._places is not None:
            return [[given[p[0]][p[1]] if isinstance(p, tuple) else p for p in places] for places in self._places]
        known = bind_sizes(self.program, {n: tuple(map(int, s)) for n, s in zip(self.names, given)}, self.sizes)
        return [[known[s] for s in spaces] for spaces in self._spaces]

    @cached_property
    def _spaces(self) -> list[list[Space]]:
        inputs, defined = self.program.inputs, self.program.definitions
        return [[i.space for i in (defined.get(n) or inputs[n]).indices] for n in self.program.outputs]

    @cached_property
    def _places(self) -> list[list[tuple[int, int] | int]] | None:
        """For each output's axes the input and axis of that size, or the size; None where it takes more to tell."""
        first: dict[object, tuple[int, int] | int] = {}
        for k, tensor in enumerate(self.program.tensors):
            for axis, space in enumerate(tensor.spaces):
                first.setdefault(unknown_of(space), (k, axis))
        for space in (s for spaces in self._spaces for s in spaces):
            if isinstance(space.extent, int):
                first[unknown_of(space)] = space.extent
            elif unknown_of(space) not in first:
                return None
        return [[first[unknown_of(s)] for s in spaces] for spaces in self._spaces]


class Training:
    """The backward part of a split: what it finds again, and how it gives gradients."""

    def __init__(self, parts: Split, whole: Program, wanted: tuple[str, ...], options: Options, twice: bool) -> None:
        self.wanted, self.options, self.whole = wanted, options, whole
        self.inputs = tuple(whole.inputs)
        outputs = parts.forward.outputs
        self.step = Step(parts.backward, options, whole)
        kept_inputs = [n for n in self.inputs if twice or n in parts.backward.inputs]
        self.from_inputs = tuple(self.inputs.index(n) for n in kept_inputs)
        self.from_outputs = tuple(outputs.index(n) for n in parts.kept)
        self.found = (*kept_inputs, *parts.kept)
        self.cotangents, self.results = parts.cotangents, parts.results
        self._again: TorchFunction | None = None

    def pull_back(self, saved: Sequence[Tensor], cotangents: Sequence[Tensor]) -> list[Tensor | None]:
        """One gradient for each input of the whole; None for those that want none."""
        known = dict(zip(self.found, saved)) | dict(zip(self.cotangents, cotangents))
        if torch.is_grad_enabled():
            found = self._again_differentiable(known)
        else:
            found = dict(zip(self.results, run([known[n] for n in self.step.names], self.step.number)))
        named = dict(zip(self.wanted, self.results))
        return [found[named[n]] if n in named else None for n in self.inputs]

    def _again_differentiable(self, known: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The gradients as functions of inputs and cotangents, so that they can be differentiated again."""
        if self._again is None:
            program = gradient_only(self.whole, self.wanted, self.options.sizes)
            self._again = TorchFunction(program, None, self.options, True)
        lacking = [n for n in self._again.program.inputs if n not in known]
        if lacking:
            message = f"a second derivative needs {', '.join(f'`{n}`' for n in lacking)}, which were not kept"
            raise fail("IX962", message, hint="ic.as_torch_function(…, twice=True) keeps all inputs")
        results = self._again.results({n: known[n] for n in self._again.program.inputs})
        return dict(zip(self._again.program.outputs, results))


class TorchFunction:
    """A program as a function that PyTorch's autograd differentiates.

    Call it with tensors in the order of the program's inputs, by keyword, or both.  One output comes as a tensor,
    several as a dict by name.  It is no module: give it a module's parameters.
    """

    def __init__(self, program: Program, wrt: Sequence[str] | None, options: Options, twice: bool) -> None:
        self.program = program
        self.wrt = check_wrt(program, wrt)
        self.options, self.twice = options, twice
        self._told = _told(program, program, options.sizes)
        self._lock = RLock()
        self._derivations: dict[tuple[str, ...], Derivation] = {}
        self._steps: dict[tuple[tuple[str, ...], frozenset[str]], Step] = {}
        self._chosen: dict[object, Step] = {}
        self._number_of = _asked_once(self)
        self._step((), None)  # what cannot be compiled is told at once

    def __call__(self, /, *positional: Any, **named: Any) -> Any:
        """The outputs, with a gradient where an input in `wrt` wants one."""
        results = self.results(self._arrays(positional, named))
        names = self.program.outputs
        return results[0] if len(names) == 1 else dict(zip(names, results))

    @property
    def source(self) -> str:
        """The emitted text of the program without gradients."""
        return self._step((), None).compiled.source

    def backward_programs(self, *wrt: str) -> tuple[Program, Program]:
        """What runs when these inputs (all of `wrt` without) want gradients: the forward and the backward program."""
        step = self._step(wrt or self.wrt, None)
        assert step.training is not None
        return step.program, step.training.step.program

    def results(self, arrays: Mapping[str, Tensor]) -> list[Tensor]:
        """The outputs in order, for tensors by name, none of which is missing."""
        wanted = tuple(n for n in self.wrt if arrays[n].requires_grad) if torch.is_grad_enabled() else ()
        given = [arrays[n] for n in self.program.inputs]
        if torch.compiler.is_compiling():  # for which sizes are unknowns
            results = run(given, self._number_of(wanted))
        else:
            shapes = tuple(x.shape for x in given) if wanted and self.options.keeping.is_open else None
            step = self._step(wanted, shapes)
            results = run(given, step.number) if wanted else step.run(given)
        mine: list[Tensor] = results[: len(self.program.outputs)]
        return mine

    def _step(self, wanted: tuple[str, ...], shapes: tuple[tuple[int, ...], ...] | None) -> Step:
        """The program for these gradients, split as tensors of these shapes want it."""
        found = self._chosen.get((wanted, shapes))
        if found is not None:
            return found
        with self._lock:
            found = self._split_step(wanted, shapes) if wanted else Step(self.program, self.options, self.program)
            if len(self._chosen) >= MAX_SHAPES:
                self._chosen.clear()
            self._chosen[wanted, shapes] = found
            return found

    def _split_step(self, wanted: tuple[str, ...], shapes: tuple[tuple[int, ...], ...] | None) -> Step:
        if wanted not in self._derivations:
            options = self.options
            self._derivations[wanted] = Derivation(self.program, wanted, options.keeping, options.sizes)
        derivation = self._derivations[wanted]
        if shapes is None:
            sizes = representative_sizes(self.program, self.options.sizes)
        else:
            table = bind_sizes(self.program, dict(zip(self.program.inputs, shapes)), self._told)
            sizes = {s: max(1, n) for s, n in table.items()}
        lost = derivation.lost(sizes)
        if (wanted, lost) not in self._steps:
            parts = derivation.split(lost)
            training = Training(parts, self.program, wanted, self.options, self.twice)
            self._steps[wanted, lost] = Step(parts.forward, self.options, self.program, training)
        return self._steps[wanted, lost]

    def _arrays(self, positional: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Tensor]:
        """Tensors by name, in the order of the inputs; numbers become tensors like the others."""
        names = list(self.program.inputs)
        if len(positional) > len(names):
            message = f"{len(positional)} arrays are given, but the program has {len(names)} inputs"
            raise fail("IX901", message, hint=f"inputs: {', '.join(names) or 'none'}")
        given = dict(zip(names, positional))
        if not named.keys() <= self.program.inputs.keys():
            named = dict(zip(spelt(named, names), named.values()))
        for name in named:
            if name in given:
                raise fail("IX901", f"`{name}` is given twice, by its place and by its name", hint="give it once")
        given.update(named)
        check_names(self.program, given)
        like = next((x for x in given.values() if isinstance(x, Tensor) and x.is_floating_point()), None)
        arrays = {n: self._tensor(n, given[n], like) for n in names}
        if like is not None and is_autocast(like.device.type):
            return _widened(arrays)
        return arrays

    def _tensor(self, name: str, value: Any, like: Tensor | None) -> Tensor:
        tensor = self.program.inputs[name]
        if isinstance(value, Tensor):
            if not torch.compiler.is_compiling() and torch._C._functorch.is_functorch_wrapped_tensor(value):
                hint = "write the batch index into the program, which costs nothing: y[b, i] = …"
                raise fail("IX962", "torch.vmap and torch.func do not go through an indexcalc function", hint=hint)
            if value.is_complex():
                hint = "give real and imaginary parts as two inputs"
                raise fail("IX949", f"`{name}` is complex, which has no gradient here", hint=hint)
            if value.layout is not torch.strided:
                raise fail("IX953", f"`{name}` is {value.layout}, not a dense tensor", hint="x.to_dense()")
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool) and not tensor.indices:
            if tensor.is_integer:
                return torch.tensor(value, device=_device(like))
            return torch.tensor(value, dtype=torch.float64 if like is None else like.dtype, device=_device(like))
        message = f"`{name}` is given as {type(value).__name__}, not as a PyTorch tensor"
        raise fail("IX953", message, hint="torch.as_tensor(…)")

    def __reduce__(self) -> tuple[Any, ...]:
        return TorchFunction, (self.program, self.wrt, self.options, self.twice)

    def __repr__(self) -> str:
        names = self.program
        return f"<indexcalc torch function ({', '.join(names.inputs)}) -> {', '.join(names.outputs)}>"


def _asked_once(function: TorchFunction) -> Callable[[tuple[str, ...]], int]:
    """The number of the function's step for these gradients; torch.compile asks when it traces a call."""
    weak = ref(function)

    def number_of(wanted: tuple[str, ...]) -> int:
        function = weak()
        assert function is not None
        return function._step(wanted, None).number

    asked: Callable[[tuple[str, ...]], int] = torch.compiler.assume_constant_result(number_of)
    return asked


def _device(like: Tensor | None) -> Any:
    return None if like is None else like.device


def _widened(arrays: dict[str, Tensor]) -> dict[str, Tensor]:
    """Under autocast, where layers give half precision and parameters have single: all as the widest there is."""
    floating = [x.dtype for x in arrays.values() if x.is_floating_point()]
    widest = floating[0]
    for dtype in floating[1:]:
        widest = torch.promote_types(widest, dtype)
    return {n: x.to(widest) if x.is_floating_point() else x for n, x in arrays.items()}


def _as_numpy(name: str, x: Tensor, backend: str) -> Any:
    """The tensor's memory as an array."""
    if x.device.type != "cpu":
        message = f"`{name}` is on {x.device}, but the {backend} backend computes on the CPU"
        raise fail("IX954", message, hint='backend="torch", or x.cpu()')
    if x.dtype is torch.bfloat16:
        message = f"`{name}` is of type bfloat16, which the {backend} backend does not take"
        raise fail("IX949", message, hint='backend="torch", or x.float()')
    return x.detach().resolve_neg().numpy()


def _told(program: Program, whole: Program, sizes: Mapping[str, int]) -> dict[str, int]:
    """Of the sizes given for the whole program those that no array of this one tells, by its own names."""
    table, asked = SizeTable(program), SizeTable(whole)
    shown = {unknown_of(s) for t in program.tensors for s in t.spaces}
    mine = {unknown_of(s): s for s in table.needed}
    told = {}
    for name, size in sizes.items():
        space = mine.get(unknown_of(asked.named(name)))
        if space is not None and unknown_of(space) not in shown and not isinstance(space.extent, int):
            told[table.key(space)] = size
    return told


def torch_function(
    program: Program,
    wrt: Sequence[str] | None,
    *,
    backend: str,
    save: Sequence[str] | None,
    recompute: Sequence[str] | None,
    memory: int | None,
    sizes: Mapping[str, int] | None,
    without: Sequence[str],
    twice: bool,
) -> TorchFunction:
    """The program as a function of tensors; the arguments are those of `ic.as_torch_function`."""
    known = backend_named(backend)
    if backend not in ("torch", "numpy", "cpp"):
        hint = "torch, numpy, or cpp; on a GPU it is torch"
        raise fail("IX904", f"tensors are no arrays of the {backend} backend", hint=hint)
    keeping = Keeping(_tuple(save), _tuple(recompute), memory, known.load_spelling().target.machine)
    return TorchFunction(program, wrt, Options(backend, keeping, dict(sizes or {}), tuple(without)), twice)


def _tuple(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)
