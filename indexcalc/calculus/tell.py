"""What the explanations of both directions share: one derivative from the chain rule to its finished statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..diagnostics import IndexCalcError, fail, listed
from ..ir.expr import Binder, Expr, Index, IndexReduce, IndexSum, Slot, Space
from ..ir.inline import inline_functions
from ..ir.program import Define, Tensor
from ..ir.text import statement_text
from ..ir.trace import Section, Step
from ..ir.walk import fresh_index, subexpressions, substitute, transform
from ..normal.atoms import workspace
from ..normal.definitions import Definitions
from ..normal.enter import Normaliser
from ..rewrite.engine import lines, times_text
from ..rewrite.rules import DERIVE
from ..rewrite.rules.sums import sum_split
from .letters import fresh_letter
from .orders import Stage
from .path import path
from .recognise import recognise
from .structure import projection
from .sweep import Swept
from .telling import told

FOLD = r"\textstyle\sum p = T"
FOLDING, REARRANGE, PROJECTION = "folding", "rearrange", "projection"
KNOWN = r"f(x_i) = y_i"
RULES = (sum_split, *DERIVE)  # the terms of a product rule stand apart from the start
MAX_ROUNDS = 20  # how often a named value may reappear


class Teller:
    """One sweep of a derivation, told section by section."""

    law: str  # the chain rule as this direction uses it

    def __init__(self, stage: Stage, swept: Swept) -> None:
        self.program, self.derived, self.swept, self.sweep = stage.program, stage.derived, swept, swept.sweep
        self.final = self.derived.result.definitions
        self.names = frozenset((*self.program.inputs, *self.program.definitions))
        self.functions = {f.name: f for f in self.program.functions}
        self.path = path(self.program, self.sweep.wrt, self.sweep.of)
        (start,) = self.sweep.start[:1] if self.sweep.batched else ("",)
        self.batch_like = self.own(start) if start else ()

    def own(self, name: str) -> tuple[Index, ...]:
        """The slots of an input or a definition, by example."""
        found = self.program.inputs.get(name)
        return found.indices if found is not None else self.program.definitions[name].indices

    def derivative(self, name: str) -> str:
        """The name of the derivative; where it got none, being written into its readers, the name it would have."""
        return self.swept.names.get(name, self.sweep.named(name))

    def frame(self, name: str, target: str) -> tuple[tuple[Index, ...], tuple[Index, ...]]:
        """The derivative's indices, as the finished statement calls them: the batch and the name's own."""
        own = self.own(name)
        if target in self.final:
            found = self.final[target].indices
            n = len(found) - len(own)
            return (
                (found[:n], found[n:]) if self.sweep.direction == "reverse" else (found[len(own) :], found[: len(own)])
            )
        return apart(self.batch_like, own, self.names), own

    def section(
        self, target: str, indices: tuple[Index, ...], find: str, start: Expr, why: str, about: Sequence[Define]
    ) -> Section:
        """From the chain rule's `start` to the finished statement; `about` are the definitions differentiated."""
        steps = [Step(target, indices, "chain rule", self.law, None, start, why)]
        try:
            self._rewrite(target, indices, about, steps)
        except IndexCalcError as e:  # no rule for this function: the statement stands, with the reason why no steps do
            reason = e.diagnostics[0].message
            return Section(self._target(target, indices, steps), find, told(steps), reason, tuple(about))
        final = self._target(target, indices, steps)
        note = f"from {' and '.join(statement_text(r) for r in about)}" if about else why
        shown = Define(target, indices, substitute(final.body, dict(zip(final.indices, indices))))
        if not self.same(steps[-1].after, shown.body):
            read = {r.name for r in about}
            onto = [n for n in self.derived.folded_onto.get(target, []) if n not in read]
            steps.append(self.folded(shown, steps[-1].after, onto))
            note += f"; {self._because(onto)}" if onto else ""
        return Section(final, find, told(steps), note, tuple(about))

    def folded(self, final: Define, before: Expr, onto: list[str]) -> Step:
        """The last step, to the form in which the statement stands."""
        rule, law = (FOLDING, FOLD) if onto else (REARRANGE, "")
        return Step(final.name, final.indices, rule, law, before, final.body, self._because(onto))

    def projected(
        self,
        tensor: Tensor,
        own: tuple[Index, ...],
        avoid: Iterable[Index],
        gradient: Callable[[tuple[Slot, ...]], Expr],
    ) -> Expr:
        """The projection of a gradient by a structured variable, at the variable's `own` indices; the new ones that it
        sums over differ from those to `avoid`."""
        taken = set(avoid)

        def new_index(space: Space) -> Index:
            like = next(i for i in own if i.space == space)
            taken.add(found := fresh_index(like, taken))
            return found

        return projection(tensor, own, gradient, new_index)

    def untold(self, target: str, find: str) -> Section:
        """A second derivative by an orthogonal variable: the statement without its steps."""
        why = (
            "the gradient's derivative, projected back onto the tangents of its orthogonal variable; no steps are shown"
        )
        return Section(self.final[target], find, (), why)

    def body_at(self, d: Define, names: dict[Index, Index], avoid: Iterable[Index]) -> Expr:
        """The definition's body with declared functions written out, at other indices, and none to avoid bound."""
        return substitute(rename_bound(inline_functions(d.body, self.functions), tuple(avoid)), dict(names))

    def _rewrite(self, target: str, indices: tuple[Index, ...], readers: Sequence[Define], steps: list[Step]) -> None:
        """Rules to the end, and a named value back in the place of its formula as soon as that appears."""
        for _ in range(MAX_ROUNDS):
            rounds = lines(steps[-1].after, RULES)
            for rule, before, after, times in rounds:
                note = "; ".join(filter(None, (rule.note, times_text(times) if times > 1 else "")))
                steps.append(Step(target, indices, rule.name, rule.law, before, after, note))
                known = recognise(after, readers)
                if known != after:
                    names = listed([r.name for r in readers])
                    steps.append(Step(target, indices, "known value", KNOWN, after, known, f"{names} is at hand"))
                    break
            else:
                return
        raise fail("IX009", f"the derivation of `{target}` did not end within {MAX_ROUNDS} rounds")

    def same(self, a: Expr, b: Expr) -> bool:
        """Equal up to the order of factors and the names of dummies."""
        result = self.derived.result
        slots = {n: t.indices for n, t in result.inputs.items()} | {n: d.indices for n, d in result.definitions.items()}
        with workspace():
            enter = Normaliser(Definitions(slots, (), slots))  # temporaries are named apart from the program's own
            return enter.poly(a, {}) == enter.poly(b, {})

    def _target(self, target: str, indices: tuple[Index, ...], steps: list[Step]) -> Define:
        """The finished statement; a cotangent that is written into its readers ends with its last step."""
        return self.final.get(target) or Define(target, indices, steps[-1].after)

    def _because(self, onto: list[str]) -> str:
        told = [statement_text(self.program.definitions[n]) for n in onto if n in self.program.definitions]
        return f"folded, because {' and '.join(told)}" if told else "written with the values at hand"


def apart(like: Iterable[Index], taken: Iterable[Index], names: frozenset[str] = frozenset()) -> tuple[Index, ...]:
    """Indices like these: where one is taken, another letter that none of the `names` is."""
    busy = {i.name for i in taken}
    found: list[Index] = []
    for index in like:
        letter = index if index.name not in busy else fresh_letter(index, busy | names)
        found.append(letter)
        busy.add(letter.name)
    return tuple(found)


def slots_text(indices: tuple[Index, ...]) -> str:
    return f"[{', '.join(i.name for i in indices)}]" if indices else ""


def rename_bound(e: Expr, avoid: tuple[Index, ...]) -> Expr:
    """Sums and reductions with none of the indices to avoid bound in them."""
    taken = {*avoid, *e.free, *(i for part in subexpressions(e) if isinstance(part, Binder) for i in part.indices)}

    def visit(part: Expr) -> Expr:
        if not isinstance(part, (IndexSum, IndexReduce)) or not set(part.indices) & set(avoid):
            return part
        names: dict[Index, Index] = {}
        for i in part.indices:
            names[i] = fresh_index(i, taken) if i in avoid else i
            taken.add(names[i])
        body = substitute(part.body, dict(names))
        over = tuple(names[i] for i in part.indices)
        return IndexSum(body, over) if isinstance(part, IndexSum) else IndexReduce(part.operation, body, over)

    return transform(e, visit)
