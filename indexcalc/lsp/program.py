"""A program as an editor asks about it: what stands at a place, where it comes from, where else it stands."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import takewhile

from ..diagnostics import Lines, fail, listed
from ..einsum.describe import describe
from ..einsum.parse import parse
from ..einsum.spec import SpecError
from ..elaborate.names import Survey
from ..elaborate.program import elaborate
from ..ir.expr import Expr, IndexMap, IndexReduce, IndexSum
from ..ir.index import Index, Space
from ..ir.program import Define, Program, Statement, Tensor
from ..ir.walk import free_in_order, subexpressions
from ..syntax.lalr import Token
from ..syntax.lexing import keyword_of, statements, tokenise
from ..syntax.naming import survey
from ..syntax.parse import parse_program
from ..syntax.tables import load
from .hover import Hover, code
from .mentions import Mention, mentions

MAX_ATTEMPTS = 3  # to read a program without its faulty statements


class ProgramReading:
    """One text in the language, in which statements may be faulty."""

    def __init__(self, text: str) -> None:
        self.text = text

    # ---- what is asked ----
    def hover(self, offset: int) -> Hover | None:
        """What is to be said of the place."""
        k = self._statement_at(offset)
        if k is None:
            return None
        string = next((t for t in self._statements[k] if t.kind == "STRING" and t.start <= offset <= t.end), None)
        if string is not None:
            return _einsum(self._statements[k], string)
        mention = self.mention(offset)
        if mention is None:
            return self._whole(k)
        told = self._index(mention, k) if mention.kind == "index" else self._tensor(mention, k)
        return Hover(mention.start, mention.end, told) if told else self._whole(k)

    def mention(self, offset: int) -> Mention | None:
        """The name that stands at a place."""
        k = self._statement_at(offset)
        here = self._mentions[k] if k is not None else []
        touching = [m for m in here if m.start <= offset <= m.end]
        return next((m for m in touching if offset < m.end), touching[0] if touching else None)

    def definition(self, offset: int) -> Mention | None:
        """Where the name at a place is declared or defined, or else first stands."""
        mention = self.mention(offset)
        same = self._same(mention) if mention is not None else []
        told = (m for k, m in same if self._declares(k, m) or (m.kind == "tensor" and self._defines(k, m)))
        return next(told, same[0][1] if same else None)

    def _declares(self, k: int, mention: Mention) -> bool:
        keyword = keyword_of(self._statements[k])
        wanted = ("index",) if mention.kind in ("index", "space") else ("tensor", "scalar", "integer", "metric")
        return keyword in wanted

    def _defines(self, k: int, mention: Mention) -> bool:
        return mention is self._mentions[k][0] and any(t.kind == "EQUAL" for t in self._statements[k])

    def occurrences(self, offset: int) -> list[Mention]:
        """Where the name at a place stands: an index in its statement, unless it is declared; a tensor everywhere."""
        mention = self.mention(offset)
        if mention is None:
            return []
        k = self._statement_at(offset)
        same = self._same(mention)
        if mention.kind == "index" and not any(self._declares(n, m) for n, m in same):
            same = [(n, m) for n, m in same if n == k]
        return [m for _, m in same]

    def _same(self, mention: Mention) -> list[tuple[int, Mention]]:
        every = ((k, m) for k, found in enumerate(self._mentions) for m in found)
        return [(k, m) for k, m in every if (m.kind, m.name) == (mention.kind, mention.name)]

    def renamed(self, offset: int, name: str) -> list[Mention]:
        """The stretches that a new name for the name at a place replaces.

        Refused where the new name is no name, or where the program would then say something else: names are read again
        from the changed text, and every other one has to be what and where it was.
        """
        here = self.occurrences(offset)
        if not here or here[0].kind == "function":
            raise fail("IX901", "nothing here has a name that can be changed")
        after, at = [], 0
        for m in here:
            after += [self.text[at : m.start], name]
            at = m.end
        reading = ProgramReading("".join([*after, self.text[at:]]))
        expected = [(m.kind, name if m in here else m.name) for found in self._mentions for m in found]
        now = [(m.kind, m.name) for found in reading._mentions for m in found]
        statements = {k for k, found in enumerate(self._mentions) for m in found if m in here}
        taken = any((here[0].kind, name) == (m.kind, m.name) for k in statements for m in self._mentions[k])
        taken = taken or (here[0].kind != "index" and any(m.name == name for found in self._mentions for m in found))
        if taken:
            raise fail("IX901", f"`{name}` is in use here already")
        if now != expected:
            hint = "in a compact reference such as A_ij an index is one letter"
            raise fail("IX901", f"with `{name}` the program would be read in another way", hint=hint)
        return here

    # ---- what is read, each once ----
    @cached_property
    def _statements(self) -> list[list[Token]]:
        return statements(tokenise(self.text, load()))

    @cached_property
    def _mentions(self) -> list[list[Mention]]:
        names = Survey()
        names.look(parse_program(self.text)[0].statements)
        spelling = survey(self._statements).spelling
        return [mentions(s, names, spelling) for s in self._statements]

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)

    @cached_property
    def program(self) -> Program | None:
        """The program without the statements in which something is wrong."""
        parsed, _ = parse_program(self.text)
        for _ in range(MAX_ATTEMPTS):
            program, found = elaborate(parsed, source=self.text)
            if program is not None:
                return program
            wrong = [d.span for d in found if d.severity == "error" and d.span is not None]
            kept = tuple(s for s in parsed.statements if not any(s.span.start <= w.start <= s.span.end for w in wrong))
            parsed = replace(parsed, statements=kept)
        return None

    def _statement_at(self, offset: int) -> int | None:
        found = (k for k, s in enumerate(self._statements) if s[0].start <= offset <= s[-1].end)
        return next(found, None)

    def _read(self, k: int) -> Statement | None:
        """The statement as it was understood."""
        tokens = self._statements[k]
        for s in self.program.statements if self.program else ():
            if s.span is not None and tokens[0].start <= s.span.start <= tokens[-1].end:
                return s
        return None

    # ---- what is said ----
    def _index(self, mention: Mention, k: int) -> str | None:
        program = self.program
        statement = self._read(k)
        free, bound = _indices(statement) if statement is not None else ([], {})
        index = next((i for i in (*free, *bound) if i.name == mention.name), None)
        index = index or next((i for i in program.indices if i.name == mention.name), None) if program else index
        if index is None or program is None:
            return None
        parts = [f"index **`{mention.name}`**: {_space(index.space, program)}"]
        if index in free:
            parts.append("free in this statement")
        parts += [f"{how} in this statement" for how in bound.get(index, ())]
        return "  \n".join(parts)

    def _tensor(self, mention: Mention, k: int) -> str | None:
        program = self.program
        if program is None:
            return None
        define = program.definitions.get(mention.name)
        if define is not None:
            line = self._lines.line(define.span.start) if define.span else 0
            return f"{code(str(define))}\n{_shape(define.indices, program)}, defined in line {line}"
        tensor = program.inputs.get(mention.name)
        return f"{code(_declared(tensor))}\n{_shape(tensor.indices, program)}, input" if tensor is not None else None

    def _whole(self, k: int) -> Hover | None:
        """A statement with its sums."""
        statement = self._read(k)
        if statement is None:
            return None
        free, bound = _indices(statement)
        rows = [f"free: {_names(free)}"] if free else []
        by_kind: dict[str, list[Index]] = {}
        for index, hows in bound.items():
            for how in hows:
                by_kind.setdefault(how, []).append(index)
        rows += [f"{how}: {_names(found)}" for how, found in by_kind.items()]
        tokens = self._statements[k]
        return Hover(tokens[0].start, tokens[-1].end, "  \n".join([code(str(statement)), *rows]))


def _indices(statement: Statement) -> tuple[list[Index], dict[Index, list[str]]]:
    """The free indices of a statement, and of each bound one how it is bound."""
    sides: tuple[Expr, ...]
    if isinstance(statement, Define):
        free, sides = list(statement.indices), (statement.body,)
    else:
        sides = (statement.left, statement.right)
        free = list(dict.fromkeys(i for side in sides for i in free_in_order(side)))
    bound: dict[Index, list[str]] = {}
    for side in sides:
        for e in subexpressions(side):
            if isinstance(e, (IndexSum, IndexReduce, IndexMap)):
                how = "summed" if isinstance(e, IndexSum) else f"reduced by `{e.operation}`"
                how = f"run along by `{e.operation}`" if isinstance(e, IndexMap) else how
                for index in e.indices:
                    if how not in bound.setdefault(index, []):
                        bound[index].append(how)
    return free, bound


def _space(space: Space, program: Program) -> str:
    """A space in words: its name and size, and who else runs over it."""
    made = space.name.startswith("space_")  # by unification, of indices that nothing declares
    size = f", size `{space.extent}`" if space.extent is not None else ""
    others = [i for i in program.indices if i.space == space]
    who = f", of {_names(others)}" if len(others) > 1 else ""
    return (f"a space of its own{size}" if made and not who else f"space `{space.name}`{size}") + who


def _shape(indices: tuple[Index, ...], program: Program) -> str:
    if not indices:
        return "a scalar"
    sizes = [f"{i.space.name}({i.space.extent})" if i.space.extent is not None else i.space.name for i in indices]
    return f"rank {len(indices)}: `{' × '.join(sizes)}`"


def _declared(tensor: Tensor) -> str:
    slots = f"[{', '.join(i.name for i in tensor.indices)}]" if tensor.indices else ""
    attributes = "".join(
        f" {a.name}" + (f"({', '.join(map(str, a.slots))})" if a.slots else "") for a in tensor.attributes
    )
    word = "integer" if tensor.is_integer else "tensor" if slots else "scalar"
    values = f" : {tensor.values.name}" if tensor.values is not None else ""
    return f"{word} {tensor.name}{slots}{attributes}{values}"


def _names(indices: list[Index]) -> str:
    return listed([f"`{i.name}`" for i in indices])


def _einsum(tokens: list[Token], string: Token) -> Hover | None:
    """What an einsum string means, with the names of its operands and its result where they are names."""
    behind = tokens[tokens.index(string) + 1 :]
    given = list(takewhile(lambda t: t.kind in ("COMMA", "NAME"), behind))
    names = [t.text for t in given[1::2]]
    names += [tokens[0].text] if tokens[1].kind == "EQUAL" else []
    try:
        spec = parse(string.text.strip('"'), "language")
        found = describe(spec, names=names if len(names) >= len(spec.inputs) else ())
    except SpecError:
        return None  # of which the linter tells
    return Hover(string.start, string.end, f"{code(found.equation)}\n{found.sentence}")
