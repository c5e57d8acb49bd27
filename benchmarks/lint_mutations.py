"""How many mutations of one index the linter sees: `python -m benchmarks.lint_mutations`.

Every statement of the gallery becomes an equation of its own, all of its tensors declared, the left side too, and every
index in a space of its own unless the equation itself puts two in one (x_i A_ij x_j).  Equations of relativity add
upper and lower positions.  A mutation swaps, drops, doubles or renames one index of one reference, or raises or lowers
it.  One that leaves the equation's values as they are, as a swap in a symmetric tensor, is none, and numbers decide
that: both sides' difference is evaluated at random tensors.

A swap or a renaming between two indices of one space may give another well-formed equation, a transpose: no rule about
spaces can see that.  It is counted, in a line of its own.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

import indexcalc as ic
from indexcalc.interpret.run import run
from indexcalc.ir.declarations import tensor_text
from indexcalc.ir.expr import Access, Apply, Delta, Expr, Extent, MatrixApply
from indexcalc.ir.index import Index, Slot, Space
from indexcalc.ir.program import Claim, Define, Program, Statement, Tensor
from indexcalc.ir.walk import indices_in, slots_of, subexpressions, transform
from indexcalc.lint.run import lint
from indexcalc.syntax import tree as t
from indexcalc.syntax.parse import parse_program
from indexcalc.verify.inputs import draw

from . import paper_mutations

GALLERY = Path(__file__).parent.parent / "examples" / "gallery"
KINDS = ("swap", "drop", "double", "rename", "raise or lower")

RELATIVITY_TENSORS = (
    "R4[^k, _l, _m, _n]", "Ric[_m, _n] symmetric", "G[_m, _n] symmetric", "F[_m, _n] antisymmetric",
    "T[_m, _n] symmetric", "Gam[^k, _m, _n]", "p[^m]", "u[^m]", "v[^m]", "w[_m]", "J[^m]", "A[_m]", "dA[_m, _n]",
    "dF[_k, _m, _n]", "K[^m, _n]", "dg[_k, _m, _n]", "R", "q", "rho", "P", "S", "Lam",
)  # fmt: skip
RELATIVITY = (
    "Ric[_m, _n] = R4[^k, _m, _k, _n]",
    "R = g[^m, ^n] Ric[_m, _n]",
    "G[_m, _n] = Ric[_m, _n] - g[_m, _n] R / 2",
    "T[_m, _n] = F[_m, _a] g[^a, ^b] F[_n, _b] - g[_m, _n] F[_c, _d] F[_a, _b] g[^c, ^a] g[^d, ^b] / 4",
    "p[^m] = -Gam[^m, _a, _b] u[^a] u[^b]",
    "Gam[^k, _m, _n] = g[^k, ^l] (dg[_m, _l, _n] + dg[_n, _l, _m] - dg[_l, _m, _n]) / 2",
    "F[_m, _n] = dA[_m, _n] - dA[_n, _m]",
    "p[^m] = q g[^m, ^a] F[_a, _b] u[^b]",
    "S = -F[_m, _n] g[^m, ^a] g[^n, ^b] F[_a, _b] / 4 - A[_c] J[^c]",
    "J[^m] = g[^m, ^a] g[^k, ^b] dF[_k, _b, _a]",
    "K[^m, _n] = u[^m] w[_n] - v[^m] g[_n, _a] p[^a]",
    "T[_m, _n] = (rho + P) w[_m] w[_n] + P g[_m, _n]",
    "v[^m] = K[^m, _a] K[^a, _b] u[^b]",
    "S = R4[^a, _b, _c, _d] u[^b] v[^c] p[^d] w[_a]",
    "G[_m, _n] = Lam g[_m, _n] + T[_m, _n]",
)


@dataclass(frozen=True, slots=True)
class Equation:
    """An equation with its declarations; `head` ends before it."""

    name: str
    head: str
    text: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """`within`: between two indices of one space."""

    kind: str
    name: str
    text: str
    within: bool


# ---- equations -------------------------------------------------------------------------------------------------
@cache
def equations(*, apart: bool = True) -> tuple[Equation, ...]:
    """Those of the gallery, then those of relativity.  `apart`: over as many spaces as an equation allows; else over
    those that the gallery declares."""
    return (*_of_gallery(apart), *(_of_relativity(f"relativity.{n}", e) for n, e in enumerate(RELATIVITY)))


def _of_gallery(apart: bool) -> Iterator[Equation]:
    for path in sorted(GALLERY.rglob("*.idx")):
        program = ic.parse(path.read_text(encoding="utf-8"))
        for statement in program.statements:
            if isinstance(statement, Define):
                yield _equation(f"{path.stem}.{statement.name}", statement, program, apart)


def _of_relativity(name: str, text: str) -> Equation:
    """An equation in upper and lower positions, with the declarations that it uses."""
    words = set(re.findall(r"\w+", text))
    indices = sorted(set(re.findall(r"[\^_](\w)", text)))
    used = [x for x in RELATIVITY_TENSORS if re.split(r"\W", x)[0] in words]
    indices += sorted({i for x in used for i in re.findall(r"[\^_](\w)", x)} - set(indices))
    lines = ["convention einstein", f"index {', '.join(indices)} : spacetime(4)", "metric g : spacetime"]
    lines += [("tensor " if "[" in x else "scalar ") + x for x in used]
    return Equation(name, "\n".join(lines) + "\n", text)


def _equation(name: str, statement: Define, program: Program, apart: bool) -> Equation:
    """The statement with the declarations of all that it uses."""
    known = {**program.inputs, **{d.name: Tensor(d.name, d.indices) for d in program.definitions.values()}}
    used = {p.tensor for p in subexpressions(statement.body) if hasattr(p, "tensor")}
    tensors = [known[n] for n in sorted({*used, statement.name})]
    spaces = _general(statement, tensors)
    mine = {i.name: s if apart else i.space for i, s in spaces.items()}
    lines = [f"index {i} : {s.name}" + (f"({s.extent})" if s.extent else "") for i, s in mine.items()]
    at = _examples(statement, tensors)
    for tensor in tensors:
        slots = tuple(at[tensor.name, n] or i for n, i in enumerate(tensor.indices))
        word = "integer" if tensor.is_integer else "tensor" if slots else "scalar"
        ending = f" : {tensor.values.name}" if tensor.values else ""
        lines.append(f"{word} {tensor_text(Tensor(tensor.name, slots, tensor.attributes))}{ending}")
    lines += [
        f"function {f.name}({', '.join(f.parameters)}) = {f.body}"
        for f in program.functions
        if any(isinstance(p, Apply) and p.function == f.name for p in subexpressions(statement.body))
    ]
    return Equation(name, "\n".join(lines) + "\n", str(statement))


def _accesses(statement: Define) -> Iterator[Expr]:
    yield Access(statement.name, statement.indices)
    yield from (p for p in subexpressions(statement.body) if slots_of(p))


def _examples(statement: Define, tensors: Sequence[Tensor]) -> dict[tuple[str, int], Index | None]:
    """For each slot of each tensor the first index that stands in it."""
    found: dict[tuple[str, int], Index | None] = {(x.name, n): None for x in tensors for n in range(len(x.indices))}
    for part in _accesses(statement):
        for n, slot in enumerate(slots_of(part)):
            key = (getattr(part, "tensor", ""), n)
            if isinstance(slot, Index) and key in found and found[key] is None:
                found[key] = slot
    return found


def _general(statement: Define, tensors: Sequence[Tensor]) -> dict[Index, Space]:
    """Spaces as many as the equation allows: two indices are in one only where one slot holds both."""
    indices = list(dict.fromkeys((*statement.indices, *indices_in(statement.body))))
    at = _examples(statement, tensors)
    lone = [x.indices[n] for x in tensors for n in range(len(x.indices)) if at[x.name, n] is None]
    indices = list(dict.fromkeys((*indices, *lone)))
    group = {i: i for i in indices}

    def join(a: Slot | None, b: Slot | None) -> None:
        if isinstance(a, Index) and isinstance(b, Index):
            old, new = group[b], group[a]
            group.update({i: new for i, g in group.items() if g == old})

    for part in _accesses(statement):
        for n, slot in enumerate(slots_of(part)):
            join(at.get((getattr(part, "tensor", ""), n)), slot)
        if isinstance(part, Delta):
            join(part.left, part.right)
    inverted = {p.tensor for p in subexpressions(statement.body) if isinstance(p, MatrixApply)}
    square = [x for x in tensors if x.name in inverted or any(a.name in _SQUARE for a in x.attributes)]
    for tensor in square:
        own = [at[tensor.name, n] or tensor.indices[n] for n in range(len(tensor.indices))]
        for other in own[1:]:
            join(own[0], other)
    mentioned = {p.space for p in subexpressions(statement.body) if isinstance(p, Extent)}
    kept = mentioned.union(x.values for x in tensors if x.values is not None)
    return {i: i.space if i.space in kept else Space(f"of_{group[i].name}".replace("'", "_")) for i in indices}


_SQUARE = ("symmetric", "antisymmetric", "riemann", "diagonal", "orthogonal")


# ---- mutations -------------------------------------------------------------------------------------------------
def mutants(equation: Equation, rng: random.Random, many: int) -> Iterator[Mutant]:
    """Random mutations of one index of one reference."""
    whole = equation.head + equation.text
    parsed, _ = parse_program(whole)
    places = [r for r in _references(parsed.statements[-1]) if r.slots]
    known = {i.name: i.space for i in ic.parse(whole).indices}
    names = sorted({name for r in places for s in r.slots or () if (name := _name(s)) in known})
    for _ in range(many if places else 0):
        kind = rng.choice(KINDS)
        reference = rng.choice(places)
        slots = list(reference.slots or ())
        texts = [whole[s.span.start : s.span.end] for s in slots]
        n = rng.randrange(len(slots))
        at = _name(slots[n])
        within = False
        if kind == "swap":
            m = rng.randrange(len(slots))
            other = _name(slots[m])
            if not at or not other or at == other:
                continue
            texts[n], texts[m] = texts[n].replace(at, other), texts[m].replace(other, at)
            within = known.get(at) == known.get(other)
        elif kind == "drop":
            del texts[n]
        elif kind == "double":
            texts.insert(n, texts[n])
        elif kind == "rename":
            other = rng.choice(names) if names else ""
            if not at or other in ("", at):
                continue
            texts[n] = texts[n].replace(at, other)
            within = known.get(at) == known.get(other)
        elif isinstance(slots[n], t.Positioned):
            texts[n] = texts[n].translate({ord("^"): "_", ord("_"): "^"})
        else:
            continue
        start, end = slots[0].span.start, slots[-1].span.end
        yield Mutant(kind, equation.name, whole[:start] + ", ".join(texts) + whole[end:], within)


def _name(slot: t.Tree) -> str:
    """The name of a slot that is a plain index, else ""."""
    if isinstance(slot, t.Positioned):
        return _name(slot.body)
    if isinstance(slot, t.Name):
        return slot.text + "'" * slot.primes
    plain = isinstance(slot, t.Reference) and slot.slots is None and not slot.scripts
    return slot.name + "'" * slot.primes if plain else ""  # type: ignore[attr-defined]


def _references(tree: t.Tree) -> Iterator[t.Reference]:
    stack: list[object] = [tree]
    while stack:
        now = stack.pop()
        if isinstance(now, tuple):
            stack += reversed(now)
        elif isinstance(now, t.Tree):
            if isinstance(now, t.Reference):
                yield now
            stack += [getattr(now, f) for f in reversed(type(now).__match_args__) if f != "span"]


# ---- the same meaning ------------------------------------------------------------------------------------------
def same_meaning(original: str, mutated: str) -> bool:
    """Whether the two sides differ by the same amount in both equations, at random tensors."""
    first = _residual(original, 0)
    try:
        second = _residual(mutated, 0)
    except ic.IndexCalcError:  # well-formed to the linter, and cannot be evaluated
        return False
    return first.shape == second.shape and bool(np.allclose(first, second, rtol=1e-9, equal_nan=True))


def _residual(text: str, seed: int) -> np.ndarray:
    """left − right of the one claim, its axes in the order of the indices' names."""
    program = ic.parse(text)
    (claim,) = (s for s in program.statements if isinstance(s, Claim))
    body, tensors = _flat(claim.left - claim.right, program)
    free = tuple(sorted(claim.left.free | claim.right.free, key=lambda i: i.name))
    sizes = {s: 4 if s.name == "spacetime" else 3 + n % 3 for n, s in enumerate(sorted(program.spaces, key=str))}
    sizes = {s: s.extent if isinstance(s.extent, int) else n for s, n in sizes.items()}
    statements: tuple[Statement, ...] = (Define("residual", free, body),)
    whole = Program(program.indices, tensors, program.functions, (), statements, ("residual",))
    arrays = draw(whole, sizes, np.random.default_rng(seed), "positive")
    with np.errstate(all="ignore"):
        return run(whole, arrays, {s.name: n for s, n in sizes.items()})["residual"]


def _flat(e: Expr, program: Program) -> tuple[Expr, tuple[Tensor, ...]]:
    """The expression with a tensor of its own for every way in which positions are written, and all tensors."""
    known = program.inputs
    made: dict[str, Tensor] = {}

    def visit(part: Expr) -> Expr:
        if not isinstance(part, Access) or not part.variance:
            return part
        name = part.tensor + "".join("ud"[c == "_"] for c in part.variance)
        like = known[part.tensor]
        attributes = like.attributes if len(set(part.variance)) == 1 else ()
        made[name] = Tensor(name, like.indices, attributes)
        return Access(name, part.slots)

    flat = transform(e, visit)
    used = {p.tensor for p in subexpressions(flat) if hasattr(p, "tensor")}
    return flat, tuple(x for n, x in {**known, **made}.items() if n in used)


# ---- figures ---------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Figures:
    """Counts by kind: what was flagged, and what was mutated.  `within` are those between indices of one space."""

    flagged: Counter[str]
    total: Counter[str]
    within_flagged: int
    within_total: int
    missed: list[Mutant]
    within_missed: list[Mutant]

    @property
    def share(self) -> float:
        """Of mutations that change a space or the balance, how many are flagged."""
        return sum(self.flagged.values()) / max(1, sum(self.total.values()))


def figures(count: int = 1000, seed: int = 0, *, apart: bool = True) -> Figures:
    """`count` mutations that change a space or the balance, a third of them of relativity's equations."""
    rng = random.Random(seed)
    pool = clean_equations(apart=apart)
    curved = [e for e in pool if e.name.startswith("relativity")]
    flat = [e for e in pool if not e.name.startswith("relativity")]
    found = Figures(Counter(), Counter(), 0, 0, [], [])
    while sum(found.total.values()) < count:
        equation = rng.choice(rng.choice((flat, flat, curved)))
        for mutant in mutants(equation, rng, 1):
            _count(mutant, equation, found)
    return found


@cache
def clean_equations(*, apart: bool = True) -> tuple[Equation, ...]:
    """Those in which nothing is found as they are."""
    return tuple(e for e in equations(apart=apart) if not lint(e.head + e.text))


def _count(mutant: Mutant, equation: Equation, found: Figures) -> None:
    flagged = bool(lint(mutant.text))
    if not flagged and same_meaning(equation.head + equation.text, mutant.text):
        return
    if mutant.within:
        found.within_total += 1
        found.within_flagged += flagged
        found.within_missed += [] if flagged else [mutant]
        return
    found.total[mutant.kind] += 1
    found.flagged[mutant.kind] += flagged
    if not flagged:
        found.missed.append(mutant)


def main() -> None:
    """Print the tables."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for apart, title in ((True, "every index in a space of its own"), (False, "spaces as the gallery declares them")):
        found = figures(count, apart=apart)
        print(f"\n| {title}: mutation | flagged | of |\n|---|---|---|")
        for kind in KINDS:
            print(f"| {kind} | {found.flagged[kind]} | {found.total[kind]} |")
        print(f"| all | {sum(found.flagged.values())} ({found.share:.1%}) | {sum(found.total.values())} |")
        print(f"| between indices of one space | {found.within_flagged} | {found.within_total} |")
        for mutant in found.missed:
            print(f"\nmissed: {mutant.kind} in {mutant.name}: {mutant.text.splitlines()[-1]}")
    flagged, total, missed = paper_mutations.figures(count)
    print("\n| relativity in a paper, with indices and a metric declared: mutation | flagged | of |\n|---|---|---|")
    for kind in KINDS:
        print(f"| {kind} | {flagged[kind]} | {total[kind]} |")
    print(f"| all | {sum(flagged.values())} ({flagged.total() / count:.1%}) | {total.total()} |")
    for line in missed:
        print(f"\nmissed: {line}")


if __name__ == "__main__":
    main()
