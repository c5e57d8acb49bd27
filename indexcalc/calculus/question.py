"""What is asked: which output by which inputs, refused with a reason where it makes no sense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..diagnostics import did_you_mean, fail
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
        check_inputs(self.program, self.wrt)
        return output

    def check_scalar(self) -> None:
        """Refuse a second derivative of what is no scalar."""
        output = self.output()
        if output.indices:
            slots = ", ".join(i.name for i in output.indices)
            raise fail(
                "IX905",
                f"second derivatives are of a scalar, and `{output.name}[{slots}]` is none",
                span=output.span,
                hint=f"choose a scalar: of=…, or define one, such as L = sum[{slots}]({output.name}[{slots}]**2)",
            )


def chosen_output(program: Program, of: str | None) -> Define:
    """The definition to differentiate."""
    if of is None:
        if not program.outputs:
            raise fail("IX905", "the program has no output to differentiate", hint="give the formula a name: L = …")
        if len(program.outputs) > 1:
            hint = f'choose one of {", ".join(program.outputs)}: of="{program.outputs[0]}" (--of {program.outputs[0]})'
            raise fail("IX905", f"the program has {len(program.outputs)} outputs", hint=hint)
        of = program.outputs[0]
    found = program.definitions.get(of)
    if found is None:
        raise fail("IX905", f"`{of}` is not defined by the program", hint=_near(of, program.definitions))
    return found


def check_inputs(program: Program, wrt: Sequence[str]) -> None:
    """Refuse names that are no real-valued inputs."""
    if not wrt:
        raise fail("IX905", "nothing to differentiate with respect to", hint=f"inputs: {', '.join(program.inputs)}")
    for name in wrt:
        tensor = program.inputs.get(name)
        if tensor is None:
            what = "is defined by the program, not an input" if name in program.definitions else "is not an input"
            raise fail("IX905", f"`{name}` {what}", hint=_near(name, program.inputs))
        if tensor.is_integer:
            raise fail("IX905", f"`{name}` holds integers: there is no derivative with respect to it")
    if len(set(wrt)) != len(wrt):
        raise fail("IX905", f"a name is given twice in {', '.join(wrt)}")


def _near(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, known) or f"known: {', '.join(known)}"
