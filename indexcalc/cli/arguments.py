"""What commands take: a source, names, sizes; each refused with a message that says what would be right."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
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
            self.fail(f"{wrong[0] if wrong else value!r} is no name; give names such as Q,K,V", param, ctx)
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
backend_option: Decorator = click.option(
    "--backend", default="numpy", show_default=True, metavar="NAME", help="numpy, torch or cupy."
)
seed_option: Decorator = click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Random seed."
)


def format_option(*formats: str) -> Decorator:
    """`--format`, the first one being the default."""
    return click.option("--format", "shape", type=click.Choice(formats), default=formats[0], show_default=True)


def derived(
    program: Program,
    grad: tuple[str, ...] | None,
    of: str | None,
    with_value: bool,
    sizes: Mapping[str, int] | None = None,
) -> Program:
    """The program itself, or its gradient where `--grad` asks for it, folded for these sizes."""
    if grad is None:
        if with_value or of:
            option = "--with-value" if with_value else "--of"
            raise click.UsageError(f"{option} needs --grad.")
        return program
    from .. import api

    return api.grad(program, grad, of=of, with_value=with_value, sizes=sizes)
