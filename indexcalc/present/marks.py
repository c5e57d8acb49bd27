"""What a step changed: the parts of its line that were not there before, and printers that mark them."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.expr import Derivative, Expr, IndexSum, Product, Sum
from ..ir.latex import LatexPrinter
from ..ir.pretty import pretty_printer
from ..ir.text import CLOSE, OPEN, Printer
from ..ir.trace import Step
from ..ir.walk import children, subexpressions


def changed(before: Expr | None, after: Expr) -> frozenset[Expr]:
    """The largest parts of `after` that are new.  Of a sum or product only the new members; where nothing but the
    grouping is new, the smallest new group; nothing where there was no line before."""
    if before is None:
        return frozenset()
    old = frozenset(subexpressions(before))
    new, groups = set[Expr](), list[Expr]()
    stack: list[tuple[Expr, bool]] = [(after, True)]
    while stack:
        e, top = stack.pop()
        if e in old:
            continue
        fresh = [p for p in children(e) if p not in old]
        if isinstance(e, Derivative) or not isinstance(e, (Sum, Product, IndexSum)):
            inside = [p for p in fresh if not isinstance(e, Derivative)]
            if inside and any(p in old for q in inside for p in subexpressions(q)):
                stack += [(p, False) for p in inside]
            else:
                new.add(e)
        elif isinstance(e, Sum) and not top and len(fresh) < len(e.terms) and not _was_a_sum(e, old):
            new.add(e)  # a new bracket
        elif fresh:
            stack += [(p, top and isinstance(e, Sum)) for p in fresh]
        else:
            groups.append(e)
    if not new and groups:
        new.add(groups[-1])
    return frozenset(new)


def _was_a_sum(e: Sum, old: frozenset[Expr]) -> bool:
    """Whether some sum of the line before had most of these terms."""
    mine = set(e.terms)
    return any(isinstance(p, Sum) and 2 * len(mine & set(p.terms)) >= len(mine) for p in old)


def marked_text(e: Expr, marks: frozenset[Expr], *, unicode: bool) -> str:
    """The line for a terminal with the characters OPEN and CLOSE around marked parts."""
    return marking(pretty_printer(e, unicode), marks).side(e, tuple(e.free))


def marked_latex(e: Expr, marks: frozenset[Expr]) -> str:
    r"""LaTeX with `\underline` around marked parts.

    >>> from indexcalc.ir.expr import Access
    >>> print(marked_latex(Access("x", ()) + Access("y", ()), frozenset({Access("y", ())})))
    x + \underline{y}
    """
    text = marking(LatexPrinter(), marks).side(e, ())
    return text.replace(OPEN, r"\underline{").replace(CLOSE, "}")


def changed_spans(step: Step) -> list[list[int]]:
    """Where in the canonical text of a step's line the changed parts stand: offsets, the end exclusive."""
    text = marking(Printer(), changed(step.before, step.after)).side(step.after, tuple(step.after.free))
    return [[start, end] for start, end in spans(text)]


def spans(text: str) -> Iterator[tuple[int, int]]:
    """The marked stretches of a text, counted without the marks.

    >>> list(spans(f"a {OPEN}b{CLOSE} c"))
    [(2, 3)]
    """
    start, at, depth = 0, 0, 0
    for character in text:
        if character == OPEN:
            start = at if depth == 0 else start
            depth += 1
        elif character == CLOSE:
            depth -= 1
            if depth == 0 and at > start:
                yield start, at
        else:
            at += 1


def marking(printer: Printer, marks: frozenset[Expr]) -> Printer:
    """The printer, made to put OPEN and CLOSE around the marked parts."""
    kind = type(printer)

    class Marking(kind):  # type: ignore[misc,valid-type]
        def at(self, e: Expr, level: int) -> str:
            return _marked(e, super().at(e, level))

        def signed(self, e: Expr) -> tuple[bool, str]:
            negative, text = super().signed(e)
            return negative, _marked(e, text)

        def denominator(self, e: Expr) -> str:
            return _marked(e, super().denominator(e))

    def _marked(e: Expr, text: str) -> str:
        return f"{OPEN}{text}{CLOSE}" if e in marks else text

    found = Marking.__new__(Marking)
    found.__dict__.update(printer.__dict__)
    return found
