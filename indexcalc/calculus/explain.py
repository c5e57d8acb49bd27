"""Derivations for readers: each cotangent from the chain rule to its folded statement, one named rule at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations

from ..diagnostics import IndexCalcError, fail
from ..ir import build
from ..ir.expr import Access, Apply, Binder, Derivative, Expr, Index, IndexMap, IndexReduce, IndexSum, Slot, Space
from ..ir.inline import inline_functions
from ..ir.program import Define, Program, Tensor
from ..ir.text import statement_text
from ..ir.trace import Derivation, Section, Step
from ..ir.walk import children, fresh_index, rebuild, subexpressions, substitute, tensors_in, transform
from ..normal.atoms import workspace
from ..normal.definitions import Definitions
from ..normal.enter import Normaliser
from ..rewrite.engine import lines, times_text
from ..rewrite.rules import DERIVE
from .derive import Derived
from .orders import answer
from .question import Question
from .structure import full_name, has_structure, projection

FOLD = r"\textstyle\sum p = T"
FOLDING, REARRANGE, PROJECTION = "folding", "rearrange", "projection"
KNOWN = r"f(x_i) = y_i"
MAX_ROUNDS = 20  # how often a named value may reappear
CHAIN = r"\frac{\partial L}{\partial x_m} = \sum_r \frac{\partial L}{\partial y_r} \frac{\partial y_r}{\partial x_m}"


def derivation(
    program: Program,
    wrt: Sequence[str],
    of: str | None = None,
    with_value: bool = False,
    sizes: Mapping[str, int] | None = None,
) -> Derivation:
    """The derived program with its reasons: one section per new statement, in the order of the derivation."""
    return explained(Question(program, tuple(wrt), of, "gradient", with_value, dict(sizes or {})))


def explained(question: Question) -> Derivation:
    """The answer to the question with its reasons."""
    (stage,) = answer(question)
    return _Explainer(stage.program, stage.derived).run()


class _Explainer:
    def __init__(self, program: Program, derived: Derived) -> None:
        self.program, self.derived = program, derived
        (self.swept,) = derived.sweeps
        (output,) = self.swept.sweep.start
        self.output, self.wrt = program.definitions[output], self.swept.sweep.wanted
        self.final = {s.name: s for s in derived.result.statements if isinstance(s, Define)}
        self.functions = {f.name: f for f in program.functions}
        self.path = self._path()

    def _path(self) -> list[Define]:
        """Definitions between the inputs of interest and the output."""
        felt = set(self.wrt)
        forward = []
        for s in self.program.definitions.values():
            if felt & tensors_in(s.body):
                felt.add(s.name)
                forward.append(s)
        needed = {self.output.name}
        for s in reversed(forward):
            if s.name in needed:
                needed |= tensors_in(s.body)
        return [s for s in forward if s.name in needed]

    def run(self) -> Derivation:
        sections: list[Section] = []
        output = self.output.name
        for define in reversed(self.path):
            if define.name != output:
                sections.append(self._section(define.name, define.indices))
        for name in self.wrt:
            sections += self._gradient(self.program.inputs[name])
        told = {s.target.name for s in sections} | set(self.program.definitions)
        helpers = [self._helper(s) for s in self.final.values() if s.name not in told]
        return Derivation(self.program, self.derived.result, (*sections, *helpers))

    def _cotangent(self, name: str) -> str:
        """The name of the derivative; where it got none, being written into its readers, the name it would have."""
        if name == self.output.name and self.swept.sweep.seeds:
            return self.swept.sweep.seeds[0].name
        return self.swept.names.get(name, self.swept.sweep.named(name))

    # ---- one cotangent ------------------------------------------------------------------------------
    def _gradient(self, tensor: Tensor) -> list[Section]:
        """A wanted gradient; by a structured variable the unconstrained one, unless the two are written alike, and its
        projection."""
        name, target = tensor.name, self._cotangent(tensor.name)
        plain = self._section(name, tensor.indices)
        if not has_structure(tensor) or plain.steps[-1].rule not in (FOLDING, REARRANGE):
            return [plain]
        final = self.final[target]
        known = {*self.program.inputs, *self.program.definitions}
        new = (n for n in sorted(tensors_in(final.body) - known) if n.startswith(full_name(target)))
        full = next(new, full_name(target))
        formula = self._projected(tensor, lambda at: Access(full, at))
        steps = [Step(target, final.indices, PROJECTION, "", None, formula, "onto what the declaration allows")]
        if not self._same(formula, final.body):
            steps.append(self._folded(target, final, formula))
        find = f"∂{self.output.name}/∂{name}{_slots(final.indices)}"
        return [self._section(name, tensor.indices, full), Section(final, find, tuple(steps), f"projected {full}")]

    def _projected(self, tensor: Tensor, gradient: Callable[[tuple[Slot, ...]], Expr]) -> Expr:
        taken = set(tensor.indices)

        def new_index(space: Space) -> Index:
            like = next(i for i in tensor.indices if i.space == space)
            taken.add(found := fresh_index(like, taken))
            return found

        return projection(tensor, tensor.indices, gradient, new_index)

    def _folded(self, target: str, final: Define, before: Expr) -> Step:
        onto = self.derived.folded_onto.get(target, [])
        rule, law = (FOLDING, FOLD) if onto else (REARRANGE, "")
        return Step(target, final.indices, rule, law, before, final.body, self._because(onto))

    def _section(self, name: str, indices: tuple[Index, ...], target: str = "") -> Section:
        target = target or self._cotangent(name)
        readers = [s for s in self.path if name in tensors_in(s.body)]
        find = f"∂{self.output.name}/∂{name}{_slots(indices)}"
        start = build.add(*(self._through(r, name, indices) for r in readers))
        steps = [Step(target, indices, "chain rule", CHAIN, None, start, _reads(name, readers))]
        try:
            self._rewrite(target, indices, readers, steps)
        except IndexCalcError as e:  # no rule for this function: the statement stands, with the reason why no steps do
            return Section(self._target(target, indices, steps), find, tuple(steps), e.diagnostics[0].message)
        final = self._target(target, indices, steps)
        note = f"from {' and '.join(statement_text(r) for r in readers)}"
        if not self._same(steps[-1].after, final.body):
            told = {r.name for r in readers}
            onto = [n for n in self.derived.folded_onto.get(target, []) if n not in told]
            why = self._because(onto)
            rule, law = (FOLDING, FOLD) if onto else (REARRANGE, "")
            steps.append(Step(target, final.indices, rule, law, steps[-1].after, final.body, why))
            note += f"; {why}" if onto else ""
        return Section(final, find, tuple(steps), note)

    def _rewrite(self, target: str, indices: tuple[Index, ...], readers: list[Define], steps: list[Step]) -> None:
        """Rules to the end, and a named value back in the place of its formula as soon as that appears."""
        for _ in range(MAX_ROUNDS):
            rounds = lines(steps[-1].after, DERIVE)
            for rule, before, after, times in rounds:
                note = "; ".join(filter(None, (rule.note, times_text(times) if times > 1 else "")))
                steps.append(Step(target, indices, rule.name, rule.law, before, after, note))
                known = recognise(after, readers)
                if known != after:
                    names = " and ".join(r.name for r in readers)
                    steps.append(Step(target, indices, "known value", KNOWN, after, known, f"{names} is at hand"))
                    break
            else:
                return
        raise fail("IX009", f"the derivation of `{target}` did not end within {MAX_ROUNDS} rounds")

    def _same(self, a: Expr, b: Expr) -> bool:
        """Equal up to the order of factors and the names of dummies."""
        result = self.derived.result
        slots = {n: t.indices for n, t in result.inputs.items()} | {n: d.indices for n, d in result.definitions.items()}
        with workspace():
            enter = Normaliser(Definitions(slots, (), ()))
            return enter.poly(a, {}) == enter.poly(b, {})

    def _target(self, target: str, indices: tuple[Index, ...], steps: list[Step]) -> Define:
        """The finished statement; a cotangent that is written into its readers ends with its last step."""
        return self.final.get(target) or Define(target, indices, steps[-1].after)

    def _because(self, onto: list[str]) -> str:
        told = [statement_text(self.program.definitions[n]) for n in onto if n in self.program.definitions]
        return f"folded, because {' and '.join(told)}" if told else "written with the values at hand"

    def _through(self, reader: Define, name: str, indices: tuple[Index, ...]) -> Expr:
        """Σ_r grad_R[r] ∂R[r]/∂X[m], every index of the reader renamed apart from m."""
        body = _rename_bound(inline_functions(reader.body, self.functions), indices)
        taken = {*indices, *reader.indices, *body.bound_indices, *body.free}
        names: dict[Index, Index] = {}
        for i in reader.indices:
            names[i] = fresh_index(i, taken) if i in indices else i
            taken.add(names[i])
        over = tuple(names[i] for i in reader.indices)
        slope = Derivative(substitute(body, dict(names)), Access(name, indices))
        if reader.name == self.output.name and not over:
            return slope
        return build.index_sum(Access(self._cotangent(reader.name), over) * slope, over)

    def _helper(self, s: Define) -> Section:
        readers = [r.name for r in self.final.values() if s.name in tensors_in(r.body)]
        return Section(s, "", (), f"computed once, read by {' and '.join(readers)}")


def recognise(e: Expr, readers: list[Define]) -> Expr:
    """The expression with softmax, logsumexp and the like that a reader defines replaced by the reader's name."""
    for reader in readers:
        if isinstance(reader.body, (IndexMap, IndexReduce, Apply)):
            e = _recognise_one(e, reader)
    return e


def _recognise_one(e: Expr, reader: Define) -> Expr:
    if isinstance(e, Derivative):
        return e  # what is still to be differentiated has to be seen, or its name would pass for a constant
    parts = children(e)
    new = tuple(_recognise_one(p, reader) for p in parts)
    return _named(rebuild(e, new) if new != parts else e, reader)


def _named(part: Expr, reader: Define) -> Expr:
    """The reader's access, where `part` is its body at other indices."""
    if type(part) is not type(reader.body) or len(part.free) != len(reader.indices):
        return part
    for order in permutations(part.free_indices):
        names = dict(zip(reader.indices, order))
        if all(a.space == b.space for a, b in names.items()) and substitute(reader.body, dict(names)) == part:
            return Access(reader.name, order)
    return part


def _slots(indices: tuple[Index, ...]) -> str:
    return f"[{', '.join(i.name for i in indices)}]" if indices else ""


def _reads(name: str, readers: list[Define]) -> str:
    if not readers:
        return f"the output does not depend on {name}"
    return f"{name} is read by {' and '.join(r.name for r in readers)}"


def _rename_bound(e: Expr, avoid: tuple[Index, ...]) -> Expr:
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
