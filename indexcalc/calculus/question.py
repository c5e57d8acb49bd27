"""What is asked: which output by which inputs, refused with a reason where it makes no sense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..diagnostics import IndexCalcError, Span, did_you_mean, fail
from ..ir.program import Define, Program

Kind: TypeAlias = Literal["gradient", "jacobian", "jvp", "hessian", "hvp"]


@dataclass(frozen=True, slots=True)
class Question:
    """Which derivative, of which output, by which inputs.  `sizes` decide what is cheaper, by the name of an extent, a
    space or an index; `with_value` returns the forward's outputs as well."""

    program: Program
    wrt: tuple[str, ...]
    of: str | None = None
    kind: Kind = "gradient"
    with_value: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict)

    def output(self) -> Define:
        """The definition to differentiate; refuses a question that makes no sense."""
        output = chosen_output(self.program, self.of)
        check_inputs(self.program, self.wrt, output)
        return output

    def check_scalar(self) -> None:
        """Refuse a second derivative of what is no scalar."""
        output = self.output()
        if output.indices:
            slots = f"[{', '.join(i.name for i in output.indices)}]"
            scalars = [d.name for d in self.program.definitions.values() if not d.indices]
            hint = f"of={' or of='.join(scalars[:3])}" if scalars else f"add L = sum{slots}({output.name}{slots}**2)"
            message = f"second derivatives are of a scalar, and `{output.name}` has the slots {slots}"
            raise _refusal(self.program, message, f"choose a scalar: {hint}", output.span)


def chosen_output(program: Program, of: str | None) -> Define:
    """The definition to differentiate."""
    defined = program.definitions
    if of is None:
        if not program.outputs:
            span = program.statements[0].span if program.statements else None
            hint = "give the formula a name: L = …"
            raise _refusal(program, "the program has no output to differentiate", hint, span)
        if len(program.outputs) > 1:
            listed, first = ", ".join(program.outputs), program.outputs[0]
            hint = f'choose one of {listed}: of="{first}" (--of {first})'
            span = next((defined[n].span for n in reversed(program.outputs) if n in defined), None)
            raise _refusal(program, f"the program has {len(program.outputs)} outputs", hint, span)
        of = program.outputs[0]
    if not isinstance(of, str):
        raise fail("IX901", f"an output's name is text, not {type(of).__name__}", hint='such as of="L"; one at a time')
    found = defined.get(of)
    if found is None:
        tensor = program.inputs.get(of)
        what = "is an input: it does not depend on anything" if tensor else "is not defined by the program"
        raise _refusal(program, f"`{of}` {what}", _near(of, defined), tensor.span if tensor else _last(program))
    return found


def check_inputs(program: Program, wrt: Sequence[str], output: Define) -> None:
    """Refuse names that are no real-valued inputs.  What is in no place of the text is told at the output."""
    inputs = f"inputs: {', '.join(n for n, t in program.inputs.items() if not t.is_integer) or 'none'}"
    if not wrt:
        raise _refusal(program, "nothing to differentiate with respect to", inputs, output.span)
    for name in wrt:
        tensor, defined = program.inputs.get(name), program.definitions.get(name)
        if defined is not None:
            hint = f"write it as an input, without its definition, or differentiate by what it is made of; {inputs}"
            raise _refusal(program, f"`{name}` is defined by the program, not an input", hint, defined.span)
        if tensor is None:
            raise _refusal(
                program, f"`{name}` is not an input", did_you_mean(name, program.inputs) or inputs, output.span
            )
        if tensor.is_integer:
            message = f"`{name}` holds integers: there is no derivative with respect to it"
            raise _refusal(program, message, f"differentiate by the tensor that it picks from; {inputs}", tensor.span)
    twice = next((n for k, n in enumerate(wrt) if n in wrt[:k]), None)
    if twice:
        span = program.inputs[twice].span
        raise _refusal(program, f"`{twice}` is given twice in {', '.join(wrt)}", "name each input once", span)


def _refusal(program: Program, message: str, hint: str, span: Span | None) -> IndexCalcError:
    return fail("IX905", message, hint=hint).located(span, program.filename, program.source)


def _last(program: Program) -> Span | None:
    return program.statements[-1].span if program.statements else None


def _near(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, known) or f"defined: {', '.join(known) or 'nothing'}"
