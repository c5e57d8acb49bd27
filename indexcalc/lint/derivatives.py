"""Derivatives that a paper states, compared with those that follow from its definitions.

∂L/∂W is derived where L and all that it needs are defined, and by the chain rule where the statement has ∂L/∂y of a
defined y.  Whatever has no certain reading is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from ..diagnostics import Diagnostic, IndexCalcError
from ..elaborate.read import read_program
from ..paper.definitions import Definitions, Said, Stated, derivative_in, merge, name_of, stated_derivatives
from ..paper.matrix_form import MatrixWriter
from ..paper.paper import Paper
from ..paper.to_language import Unsaid, Writer
from ..paper.tree import Atom, Fraction, Sum
from .agreement import Formulas, agree_in_words, compared, spoken_of

if TYPE_CHECKING:
    from ..compare.result import Comparison
    from ..ir.program import Program

MAX_DERIVED = 60  # statements of one document that are derived
_SLOTS = re.compile(r"\[([^\[\]]*)\]")
_SENTENCE = re.compile(r"(?<=[.;:!?])\s|\n\s*\n")
_MATHEMATICS = re.compile(r"\$|\\\(|\\\[|\\begin")
_COTANGENT = re.compile(r"\bgrad_(\w+)")


def wrong_derivatives(paper: Paper) -> Iterator[Diagnostic]:
    """A finding for each stated derivative that the definitions contradict."""
    statements = list(stated_derivatives(paper.equations))[:MAX_DERIVED]
    if not statements:
        return
    definitions = Definitions(paper.equations, paper.ranks)
    for stated in statements:
        if _may_be_symmetric(stated.derivative.by, paper.text):
            continue  # by a symmetric matrix, a derivative has several conventions
        for side in stated.sides:
            try:
                finding = _Question(paper, definitions, stated, side).finding()
            except (Unsaid, IndexCalcError):  # it cannot be said, or not be derived
                continue
            if finding is not None:
                yield finding
                break


def _may_be_symmetric(atom: Atom, text: str) -> bool:
    """Whether a sentence calls a matrix symmetric, by its name or without one."""
    slots = [e for s in atom.scripts if not s.upper for e in s.entries if e.kind != "mark"]
    if len(slots) == 1 or "symmetric" not in text:
        return False
    said = (sentence for sentence in _SENTENCE.split(text) if "symmetric" in sentence)
    return any(
        not _MATHEMATICS.search(x) or re.search(rf"(?<![A-Za-z]){re.escape(atom.name)}(?![A-Za-z])", x) for x in said
    )


@dataclass(slots=True)
class _Question:
    """One right side of a stated derivative ∂of/∂by."""

    paper: Paper
    definitions: Definitions
    stated: Stated
    side: Sum
    cotangents: dict[str, int] = field(default_factory=dict)  # the y of each ∂L/∂y on the right, and its rank

    def finding(self) -> Diagnostic | None:
        sides, ranks, of, by = self._read()
        root = self._root(ranks, _name(of), _name(by))
        said = Said()
        self.definitions.write(said, [root], frozenset((_name(by),)), lambda node, suffix: None)
        core, known = "\n".join(said.lines), set(said.ranks)
        self.definitions.write(said, ranks, frozenset((_name(by), _name(of))), self._cotangent)
        merge(said.ranks, ranks)
        merge(said.ranks, {_name(by): len(_letters(by)), root: self.cotangents.get(root, len(_letters(of)))})
        if _name(by) not in known or any(n not in known | said.done and not self._is_cotangent(n) for n in said.ranks):
            raise Unsaid  # a name of which nothing is known, or nothing to be derived
        program = read_program(core)
        derived = _derived(program, root, _name(by), scalar=bool(self.cotangents) or "[" not in of)
        lines = [*said.lines, *(str(s) for n, s in derived.definitions.items() if n not in said.done)]
        value, free = self._value(derived, root, of, by), tuple(_letters(of, by))
        every = [Formulas(tuple(lines), free, value, side) for side in sides]
        found = [compared(formulas) for formulas in every]
        if any(x.verdict != "different" for x in found) or any(self._agrees_in_words(f, program) for f in every):
            return None
        return self._told(found[0], derived, said, of, by)

    def _read(self) -> tuple[list[str], dict[str, int], str, str]:
        """The ways in which the side may be meant, the ranks of its names, and the references ∂of/∂by."""
        derivative = self.stated.derivative
        of, by = (self._writer().atom(x) for x in (derivative.of, derivative.by))
        rank = 0 if "[" in by else self.definitions.ranks.get(_name(by), 0)
        if rank and "[" not in of and not self.definitions.ranks.get(of, 0):
            return self._read_matrices(of, by, rank)
        if self.stated.gradient or not self.stated.equation.has_scripts:
            raise Unsaid
        writer = self._writer()
        return [writer.sum(self.side)], writer.ranks, of, by

    def _read_matrices(self, of: str, by: str, rank: int) -> tuple[list[str], dict[str, int], str, str]:
        """The same for matrix notation: ∂L/∂W may be laid out like W or like its transpose, a gradient only like W."""
        letters = [f"{c}0" for c in "ij"[:rank]]
        writer = MatrixWriter(self.definitions.ranks, "0", self._matrix_cotangent)
        value = writer.sum(self.side)
        if value.rank != rank or rank > 2:
            raise Unsaid
        ways = [letters] if rank == 1 or self.stated.gradient else [letters, letters[::-1]]
        return [value.at(*way) for way in ways], writer.ranks, of, f"{by}[{', '.join(letters)}]"

    def _matrix_cotangent(self, node: Fraction) -> str | None:
        """∂L/∂y on the right, whose y is a vector or a matrix."""
        name = self._cotangent(node, "0")
        if name is not None:
            if "[" in name:
                raise Unsaid
            y = name.removeprefix("grad_")
            self.cotangents[y] = self.definitions.ranks.get(y, 0)
        return name

    def _agrees_in_words(self, formulas: Formulas, program: Program) -> bool:
        slots = {name: tensor.indices for name, tensor in program.inputs.items()}
        ranks = {n: len(x) for n, x in slots.items() if len({i.space for i in x}) == 1}
        derivative = self.stated.derivative
        scripts = [[e.name for s in x.scripts for e in s.entries] for x in (derivative.of, derivative.by)]
        pairs = [(f"{a}0", f"{b}0") for a, b in spoken_of(self.paper.text, *scripts)]
        return agree_in_words(formulas, ranks, pairs)

    def _writer(self) -> Writer:
        return Writer("0", self.definitions.symbols, self._cotangent)

    def _cotangent(self, node: Fraction, suffix: str) -> str | None:
        """∂L/∂y_k on the right, as the component of a tensor `grad_y`."""
        found = derivative_in(node)
        if found is None:
            return None
        of = self.stated.derivative.of
        if of.scripts or name_of(found.of) != name_of(of) or found.of.scripts:
            raise Unsaid
        reference = Writer(suffix, self.definitions.symbols).atom(found.by)
        merge(self.cotangents, {_name(reference): len(_letters(reference))})
        return f"grad_{reference}"

    def _is_cotangent(self, name: str) -> bool:
        return name.removeprefix("grad_") in self.cotangents

    def _root(self, names: Mapping[str, int], of: str, by: str) -> str:
        """What is differentiated: `of`, or the one y whose ∂L/∂y the right side reads."""
        self.definitions.write(Said(), names, frozenset((by, of)), self._cotangent)
        root = next(iter(self.cotangents), of)
        if len(self.cotangents) > 1 or root == by or root not in self.definitions:
            raise Unsaid
        return root

    def _value(self, derived: Program, root: str, of: str, by: str) -> str:
        """The derived component that the statement is about."""
        name = derived.outputs[-1]
        slots = _letters(by) if self.cotangents else [*_letters(of), *_letters(by)]
        text = f"{name}[{', '.join(slots)}]" if slots else name
        return f"grad_{root} * {text}" if self.cotangents and not self.cotangents[root] else text

    def _told(self, found: Comparison, derived: Program, said: Said, of: str, by: str) -> Diagnostic:
        paper, derivative = self.paper, self.stated.derivative
        symbols = (paper.text[x.place.start : x.place.end] for x in (derivative.of, derivative.by))
        name = "∂{}/∂{}".format(*symbols)
        places = [(d.left.place, f"`{d.left.name}` is defined here") for d in said.used]
        given = found.counterexample
        why = "The definitions of this paper give another derivative."
        if given is not None:
            component = ", ".join(str(k + 1) for k in given.component)
            at = f"the component ({component}) is" if component else "it is"
            why += f" At random inputs {at} {given.left:.6g} by the definitions, and {given.right:.6g} by this formula."
        return paper.finding(
            "IX253",
            f"{name} is stated wrongly",
            self.side.place,
            label="not what the definitions give",
            others=places,
            why=why,
            hint=self._hint(derived, said, name, of, by),
            severity="error",
        )

    def _hint(self, derived: Program, said: Said, name: str, of: str, by: str) -> str:
        """The derived formula with the letters of the statement, where all in it is the paper's."""
        from ..ir.walk import tensors_in

        last = derived.definitions[derived.outputs[-1]]
        if any(n not in said.ranks and n not in said.done and not self._is_cotangent(n) for n in tensors_in(last.body)):
            return "check signs, factors and the order of the indices"
        slots = _letters(by) if self.cotangents else [*_letters(of), *_letters(by)]
        letters = dict(zip((i.name for i in last.indices), slots))
        text = _SLOTS.sub(lambda m: f"[{', '.join(_renamed(m[1].split(', '), letters))}]", str(last.body))
        scalar = next((y for y, rank in self.cotangents.items() if not rank), None)
        text = f"grad_{scalar} ({text})" if scalar else text
        return f"the definitions give {name} = " + _COTANGENT.sub(lambda m: f"∂{_name(of)}/∂{m[1]}", text)


def _name(reference: str) -> str:
    return reference.partition("[")[0]


def _letters(*references: str) -> list[str]:
    """The slots of references as they are written, each once.

    >>> _letters("y[i0]", "W[i0, j0]")
    ['i0', 'j0']
    """
    found = (r.partition("[")[2].rstrip("]").split(", ") for r in references if "[" in r)
    return list(dict.fromkeys(chain.from_iterable(found)))


def _renamed(slots: Sequence[str], letters: dict[str, str]) -> Iterator[str]:
    """Slots with the letters of the paper: those known, else the slot's own without its number, or a free one."""
    for slot in slots:
        if slot not in letters:
            taken = {x.rstrip("0123456789") for x in letters.values()}
            bare = slot.rstrip("0123456789")
            letters[slot] = next(x for x in chain([bare], "ijklmnpqrstuvw", [slot]) if x not in taken)
        yield letters[slot].rstrip("0123456789")


def _derived(program: Program, root: str, by: str, *, scalar: bool) -> Program:
    """The derivative in closed form: by reverse mode, or a Jacobian where ∂of is no scalar's."""
    from ..calculus.closed import closed
    from ..calculus.grad import grad, jacobian

    return closed(grad(program, (by,), of=root) if scalar else jacobian(program, (by,), of=root), program)
