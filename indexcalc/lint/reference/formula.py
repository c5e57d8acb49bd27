"""The text of `# ix:` comments as programs; what is wrong in one is told at its place in the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ...diagnostics import Diagnostic, IndexCalcError, Lines, Span, fail
from ...elaborate.read import read_program
from ...ir.expr import Access, Expr, Extent
from ...ir.program import Define, Program, Tensor
from ...ir.walk import subexpressions, transform
from .comments import DECLARATION, Comment

HINT = "a definition as the language writes it: # ix: S[b,h,i,j] = Q[b,h,i,d] K[b,h,j,d]"


@dataclass(frozen=True, slots=True)
class Text:
    """Lines of comments as one text, and where each line stands in the file."""

    text: str
    starts: tuple[tuple[int, int], ...]  # (offset in the text, offset in the file)

    @staticmethod
    def of(comments: Iterable[Comment]) -> Text:
        text, starts = "", []
        for c in comments:
            starts.append((len(text), c.start))
            text += c.text + "\n"
        return Text(text, tuple(starts))

    def span(self, span: Span, lines: Lines) -> Span:
        """A place in the text as a place in the file."""
        last = [(own, there) for own, there in self.starts if own <= span.start]
        own, there = last[-1] if last else self.starts[0]
        return lines.span(there + span.start - own, there + max(span.end, span.start) - own)


def declared(comments: Sequence[Comment], lines: Lines) -> tuple[Sequence[Comment], list[Diagnostic]]:
    """The declarations of a module that can be read, and findings for the others."""
    own = [c for c in comments if c.kind == DECLARATION]
    kept: list[Comment] = []
    found: list[Diagnostic] = []
    for comment in own:
        try:
            read_program(Text.of((*kept, comment)).text)
            kept.append(comment)
        except IndexCalcError as error:
            found += unreadable(error, Text.of((*kept, comment)), comment.span, lines)
    return kept, found


def formula_program(comments: Sequence[Comment], declarations: Sequence[Comment]) -> Program:
    """The program of a formula's lines, of which the last defines what is meant."""
    program = read_program(Text.of((*declarations, *comments)).text)
    definitions = [s for s in program.statements if isinstance(s, Define)]
    if not definitions:
        raise fail("IX431", "this defines nothing that a call could be compared with", hint=HINT)
    return scalars_for_extents(replace(program, outputs=(definitions[-1].name,)))


def scalars_for_extents(program: Program) -> Program:
    """Sizes that a formula names, as scalars: in code they are numbers like any other."""
    names = {
        p.space.extent: p.space
        for d in program.definitions.values()
        for p in subexpressions(d.body)
        if isinstance(p, Extent) and isinstance(p.space.extent, str)
    }
    if not names:
        return program

    def visit(e: Expr) -> Expr:
        return Access(e.space.extent, ()) if isinstance(e, Extent) and e.space.extent in names else e

    statements = tuple(replace(s, body=transform(s.body, visit)) for s in program.definitions.values())
    tensors = program.tensors + tuple(Tensor(str(n)) for n in names if n not in program.inputs)
    return replace(program, statements=statements, tensors=tensors)


def unreadable(error: IndexCalcError, text: Text, span: Span, lines: Lines) -> list[Diagnostic]:
    """Findings that a comment cannot be read, each at what is wrong in it."""
    out = []
    for d in error.diagnostics:
        place = span if d.span is None else text.span(d.span, lines)
        message = d.message if d.code == "IX431" else f"the formula cannot be read: {d.message} ({d.code})"
        out.append(Diagnostic("IX431", message, place, d.hint or HINT, why=d.why))
    return out
