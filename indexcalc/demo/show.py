"""The demo in five acts: a mistake found, a backward pass derived, its source, its verification, training with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from .. import api
from ..calculus.explain import derivation
from ..present.derive_text import derivation_text, section_lines
from ..present.findings import finding_text
from ..present.look import Look
from ..present.verification import verification_lines
from . import train
from .files import example_path
from .source import core_of
from .sparkline import sparkline

if TYPE_CHECKING:
    from ..ir.program import Program

WRT = ("Q", "K", "V")
STEPS, QUICK_STEPS = 600, 120
MARGIN = 0.1  # nats below the unigram entropy that count as having learned more than letter counts


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo has found out; `failures` is empty when all went well."""

    failures: tuple[str, ...]
    seconds: float


def show(console: Console, steps: int) -> Outcome:
    """Run all acts on the console."""
    start = perf_counter()
    attention = _example("attention.idx")
    _lint(console)
    _derive(console, attention)
    _sources(console, attention)
    failures = [*_verify(console, attention), *_train(console, steps)]
    return Outcome(tuple(failures), perf_counter() - start)


def _example(name: str) -> Program:
    path = example_path(name)
    return api.parse(path.read_text(encoding="utf-8"), filename=name)


def look_of_console(console: Console) -> Look:
    """What our own renderers may use there."""
    unicode = console.encoding.lower().startswith("utf")
    return Look(unicode, console.is_terminal and not console.no_color, min(console.width, 120))


def _act(console: Console, number: int, title: str, command: str = "") -> None:
    console.print()
    console.rule(Text(f"{number}  {title}", style="bold"), align="left")
    if command:
        console.print(Text(f"$ {command}", style="dim"), soft_wrap=True)
    console.print()


def _write(console: Console, text: str) -> None:
    """Text that is laid out already."""
    console.print(Text.from_ansi(text), soft_wrap=True)


def _lint(console: Console) -> None:
    _act(console, 1, "A mistake that NumPy would run", "indexcalc lint examples/broken_attention.idx")
    path = example_path("broken_attention.idx")
    findings = api.lint(path)
    for finding in findings:
        local = finding.in_file(f"examples/{path.name}", finding.source)
        _write(console, finding_text(local, look_of_console(console)) + "\n")


def _derive(console: Console, attention: Program) -> None:
    _act(console, 2, "The backward pass of attention, derived", "indexcalc derive examples/attention.idx --wrt Q,K,V")
    look = look_of_console(console)
    found = derivation(attention, WRT)
    _write(console, derivation_text(found, look, steps=False))
    told = next((s for s in found.sections if s.target.name == "grad_Q" and s.steps), None)
    if told is not None:
        console.print(Text("\nHow grad_Q came about (--steps shows all of them):\n", style="bold"))
        _write(console, "\n".join(section_lines(told, look)))


def _sources(console: Console, attention: Program) -> None:
    _act(
        console, 3, "The same as source text, for NumPy and for CuPy",
        "indexcalc emit examples/attention.idx --grad Q,K,V --backend cupy",
    )  # fmt: skip
    gradient = api.grad(attention, WRT)
    numpy_source, cupy_source = (api.emit(gradient, backend) for backend in ("numpy", "cupy"))
    console.print(_listing("NumPy", core_of(numpy_source, 32), numpy_source))
    console.print(_listing("CuPy", core_of(cupy_source, 16), cupy_source))


def _listing(title: str, shown: str, whole: str) -> Panel:
    code = Syntax(shown, "python", theme="ansi_dark", background_color="default", word_wrap=True)
    total = whole.count("\n")
    return Panel(code, title=title, title_align="left", subtitle=f"{total} lines in all", subtitle_align="right")


def _verify(console: Console, attention: Program) -> list[str]:
    _act(console, 4, "Every number checked", "indexcalc verify examples/attention.idx --wrt Q,K,V")
    with console.status("differences, interpreter, backends"):
        result = api.verify(attention, wrt=WRT)
    _write(console, "\n".join(verification_lines(result, look_of_console(console))))
    return [] if result else ["the verification of attention's gradients failed", *result.failures]


def _train(console: Console, steps: int) -> list[str]:
    _act(console, 5, "A language model written as equations, trained with its derived gradients")
    with console.status("deriving and compiling examples/language_model.idx"):
        start = perf_counter()
        model = train.language_model()
        prepared = perf_counter() - start
    count = sum(p.size for p in model.parameters.values())
    lines = len(model.program.statements), len(model.gradient.statements)
    console.print(
        f"examples/language_model.idx: {lines[0]} equations, {lines[1]} with their gradients, "
        f"{count:,} parameters; derived and compiled in {prepared:.1f} s"
    )
    losses = []
    with _progress(console) as progress:
        task = progress.add_task("training", total=steps, loss="")
        for _, loss in model.train(steps):
            losses.append(loss)
            progress.update(task, advance=1, loss=f"loss {loss:.3f}")
    held_out, entropy = model.held_out_loss(), model.held_out.unigram_entropy
    console.print(_result(console, losses, held_out, entropy, model.sample("Alice ", 160)))
    if held_out < entropy - MARGIN:
        return []
    return [f"the loss after {steps} steps, {held_out:.3f}, is not well below the unigram entropy, {entropy:.3f}"]


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[loss]}"),
        TimeElapsedColumn(), console=console,
    )  # fmt: skip


def _result(console: Console, losses: Sequence[float], held_out: float, entropy: float, sample: str) -> Group:
    """The curve, both figures side by side, and what the model writes."""
    table = Table(show_header=True, header_style="bold")
    for title in ("unigram entropy of the held-out text", "the model's loss on it"):
        table.add_column(title, justify="right")
    style = "bold green" if held_out < entropy - MARGIN else "bold red"
    table.add_row(f"{entropy:.3f} nats", Text(f"{held_out:.3f} nats", style=style))
    curve = sparkline(losses, min(console.width - 24, 60), unicode=look_of_console(console).unicode)
    first, last = (losses[0], losses[-1]) if losses else (float("nan"), float("nan"))
    flat = " ".join(sample.split())
    written = Text("it writes: ", style="bold").append(flat, style="not bold italic")
    return Group(Text(f"loss {first:.2f} {curve} {last:.2f}"), table, written)
