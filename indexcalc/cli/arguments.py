"""What commands take: a source, names, sizes; each refused with a message that says what would be right."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ..diagnostics import Diagnostic, IndexCalcError
from ..lint.source import MAX_BYTES, Source, decode, is_path, read_source

if TYPE_CHECKING:
    from ..ir.program import Program

_NAME = re.compile(r"[^\W\d]\w*'*")
MAX_EXTENT = 2**31


def source_of(argument: str) -> Source:
    """The source that an argument means: standard input for `-`, a file, or the text itself."""
    if argument == "-":
        return Source(_standard_input(), "<stdin>")
    if is_path(argument):
        return read_source(argument)
    # Where the locale is not UTF-8, Python hands over what it could not decode as surrogates.
    return Source(argument if argument.isascii() else decode(os.fsencode(argument), "<input>"))


def _standard_input() -> str:
    if sys.stdin is None:
        raise IndexCalcError(Diagnostic("IX011", "standard input is closed", file="<stdin>"))
    return decode(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>")


def program_of(argument: str, *, strict: bool = False) -> Program:
    """The checked program that an argument means."""
    from ..elaborate.read import read_program

    source = source_of(argument)
    if source.kind != "idx":
        message, hint = f"cannot read programs from this kind of source: {source.kind}", "give an .idx file or text"
        raise IndexCalcError(Diagnostic("IX010", message, None, hint, file=source.name))
    return read_program(source.text, filename=source.name, strict=strict)


class Names(click.ParamType[tuple[str, ...]]):
    """Names separated by commas."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(n.strip() for n in value.split(",") if n.strip())
        wrong = [n for n in names if not _NAME.fullmatch(n)]
        if wrong or not names:
            bare = wrong[0].partition("[")[0] if wrong else ""
            hint = f"give the name alone, {bare}" if _NAME.fullmatch(bare) else "give names such as Q,K,V"
            self.fail(f"{wrong[0] if wrong else value!r} is no name; {hint}", param, ctx)
        twice = [n for k, n in enumerate(names) if n in names[:k]]
        if twice:
            self.fail(f"{twice[0]} is named twice", param, ctx)
        return names


class Sizes(click.ParamType[dict[str, int]]):
    """Extents by name: of an extent, an index or a space."""

    name = "sizes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, int]:
        if isinstance(value, dict):
            return value
        sizes: dict[str, int] = {}
        for part in filter(None, (p.strip() for p in value.split(","))):
            name, _, text = (p.strip() for p in part.partition("="))
            number = text.replace("_", "")
            if not _NAME.fullmatch(name) or not (number.isascii() and number.isdigit()) or len(number) > 12:
                self.fail(f"{part!r} is no size; give sizes such as i=64,j=64", param, ctx)
            if int(number) > MAX_EXTENT:
                self.fail(f"{part!r}: extents go up to {MAX_EXTENT}", param, ctx)
            if name in sizes:
                self.fail(f"{name} is given twice", param, ctx)
            sizes[name] = int(number)
        return sizes


class Bytes(click.ParamType[int]):
    """A number of bytes, also as 512MiB or 1.5GB."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        from ..cost.report import bytes_of

        found = bytes_of(value)
        if found is None:
            self.fail(f"{value!r} is no amount of memory; give bytes, or an amount such as 512MiB", param, ctx)
        return found


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

source_argument: Decorator = click.argument("source", metavar="SOURCE")
sizes_option: Decorator = click.option(
    "--sizes", type=Sizes(), default="", metavar="i=64,j=64", help="Extents, by the name of an extent, index or space."
)
of_option: Decorator = click.option("--of", metavar="NAME", help="The output to differentiate, if there are several.")
strict_option: Decorator = click.option("--strict", is_flag=True, help="Ask for a declaration of every name.")
grad_option: Decorator = click.option(
    "--grad", type=Names(), metavar="Q,K,V", help="Work on the gradient with respect to these inputs."
)
value_option: Decorator = click.option("--with-value", is_flag=True, help="With --grad: return forward outputs too.")
save_option: Decorator = click.option(
    "--save", type=Names(), metavar="P,O", help="Keep only these definitions for the backward part."
)
recompute_option: Decorator = click.option(
    "--recompute", type=Names(), metavar="P,S", help="Compute these definitions again in the backward part."
)
memory_option: Decorator = click.option(
    "--memory", type=Bytes(), metavar="2GiB", help="Choose what is computed again so that this suffices; needs --sizes."
)


def memory_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--save`, `--recompute` and `--memory`."""
    return save_option(recompute_option(memory_option(command)))


backend_option: Decorator = click.option(
    "--backend", default="numpy", show_default=True, metavar="NAME", help="numpy, torch, cpp or cupy."
)
seed_option: Decorator = click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Random seed."
)


def format_option(*formats: str) -> Decorator:
    """`--format`, the first one being the default."""
    return click.option("--format", "shape", type=click.Choice(formats), default=formats[0], show_default=True)


@dataclass(frozen=True)
class Asked:
    """What `--grad` and the options beside it ask for."""

    grad: tuple[str, ...] | None
    of: str | None
    with_value: bool
    save: tuple[str, ...] | None = None
    recompute: tuple[str, ...] | None = None
    memory: int | None = None


def derived(program: Program, asked: Asked, sizes: Mapping[str, int] | None = None) -> Program:
    """The program itself, or its gradient where `--grad` asks for it, folded for these sizes."""
    options = {name: value for name, value in vars(asked).items() if name != "grad" and value not in (None, False)}
    if asked.grad is None:
        if options:
            raise click.UsageError(f"--{next(iter(options)).replace('_', '-')} needs --grad.")
        return program
    from .. import api

    return api.grad(program, asked.grad, sizes=sizes, **options)
