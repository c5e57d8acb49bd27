"""From the files of grammar/ to LALR tables, ahead of time: Lark compiles them, modules of literals keep them.

    python -m indexcalc.syntax.tables        writes the modules (the build does it by itself)

Without its module, or when a grammar has changed since, its tables are built at start: the same, 0.2 s slower.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from .lalr import Rule, Tables

FORMAT = 1  # of the modules below: raise it when Tables changes
_HERE = Path(__file__).resolve()


@dataclass(frozen=True, slots=True)
class Grammar:
    """A file of grammar/, the module of `syntax/` with its tables, its start rules, and terminals that no rule uses."""

    file: str
    module: str
    starts: tuple[str, ...]
    kept: tuple[str, ...] = ()

    def path(self) -> Path:
        """The grammar's file: inside the installed package, or beside it in a checkout."""
        for folder in (_HERE.parents[1], _HERE.parents[2]):
            path = folder / "grammar" / self.file
            if path.is_file():
                return path
        raise FileNotFoundError(
            f"indexcalc's grammar/{self.file} is neither in {_HERE.parents[1]} nor beside it: reinstall"
        )

    def text(self) -> str:
        return self.path().read_text("utf-8")


INDEX = Grammar("index.lark", "_tables", ("statement", "expression"), ("NEWLINE", "SEMICOLON", "BAD"))
LATEX = Grammar("latex.lark", "_latex_tables", ("relation",))
GRAMMARS = (INDEX, LATEX)


@lru_cache(len(GRAMMARS))
def load(grammar: Grammar = INDEX) -> Tables:
    """The tables: the module's where it is fresh, else built now."""
    source = grammar.text()
    try:
        made: Any = import_module(f".{grammar.module}", __package__)
    except ModuleNotFoundError as e:
        if e.name != f"{__package__}.{grammar.module}":
            raise
        return build(grammar)
    # The text itself, not a digest: hashlib costs 9 ms at start.
    if getattr(made, "FORMAT", 0) != FORMAT or source != made.SOURCE:
        return build(grammar)
    return Tables(
        made.SCANNER,
        made.WORDS,
        frozenset(made.IGNORED),
        made.STARTS,
        made.ENDS,
        made.STATES,
        tuple(Rule(*row) for row in made.RULES),
    )


class _Keep:
    """Tells Lark to keep the terminals that only the statement split reads."""

    def __init__(self, kept: tuple[str, ...]) -> None:
        self.always_accept = kept

    @staticmethod
    def process(stream: Any) -> Any:
        return stream


def compile_grammar(source: str, grammar: Grammar = INDEX, *, strict: bool = False) -> Any:
    """Lark's own parser of a grammar's text.  `strict` turns any conflict into an exception and needs `interegular`."""
    from lark import Lark

    return Lark(
        source,
        parser="lalr",
        lexer="basic",
        start=list(grammar.starts),
        postlex=_Keep(grammar.kept),
        maybe_placeholders=False,
        strict=strict,
    )


def build(grammar: Grammar = INDEX) -> Tables:
    """The tables of a grammar.

    >>> sorted(build(INDEX).starts)
    ['expression', 'statement']
    """
    lark = compile_grammar(grammar.text(), grammar)
    table = lark.parser.parser._parse_table
    rules = sorted(lark.rules, key=lambda r: (r.origin.name, [s.name for s in r.expansion], r.alias or ""))
    numbers = {rule: k for k, rule in enumerate(rules)}
    order = _visited(table, grammar.starts)
    states: list[dict[str, int]] = []
    for state in order:
        row = sorted(table.states[state].items())
        states.append({str(s): order[to] if act.name == "Shift" else ~numbers[to] for s, (act, to) in row})
    scanner, words = _scanner(lark.terminals)
    return Tables(
        scanner,
        words,
        frozenset(lark.ignore_tokens),
        {name: order[table.start_states[name]] for name in grammar.starts},
        {name: order[table.end_states[name]] for name in grammar.starts},
        tuple(states),
        tuple(_rule(rule) for rule in rules),
    )


def _visited(table: Any, starts: tuple[str, ...]) -> dict[Any, int]:
    """The states numbered as they are met from the start rules: Lark's numbers change from run to run."""
    order: dict[Any, int] = {}
    todo = [table.start_states[name] for name in reversed(starts)]
    while todo:
        state = todo.pop()
        if state not in order:
            order[state] = len(order)
            row = sorted(table.states[state].items(), reverse=True)
            todo.extend(to for _, (action, to) in row if action.name == "Shift")
    return order


def _rule(rule: Any) -> Rule:
    take = tuple(k for k, s in enumerate(rule.expansion) if not (s.is_term and s.filter_out))
    splice = tuple(k for k in take if not rule.expansion[k].is_term and rule.expansion[k].name.startswith("_"))
    origin = str(rule.origin.name)
    if origin.startswith("_"):
        action = "*"
    elif rule.options.expand1 and not rule.alias and len(take) == 1 and not splice:
        action = ""
    else:
        action = str(rule.alias or origin)
    return Rule(origin, len(rule.expansion), action, take, splice)


def _scanner(terminals: list[Any]) -> tuple[str, dict[str, str]]:
    """One regular expression of all terminals, in Lark's order, and the keywords that NAME would swallow."""
    if not terminals:  # all of them come from a lexer of their own
        return "", {}
    name = next(re.compile(t.pattern.to_regexp()) for t in terminals if t.name == "NAME")
    words = {t.pattern.value: t.name for t in terminals if t.pattern.type == "str" and name.fullmatch(t.pattern.value)}
    rest = [t for t in terminals if t.name not in words.values()]
    rest.sort(key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))
    return "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in rest), words


def write(folder: Path) -> list[Path]:
    """Writes the tables of every grammar into the folder, as modules of Python literals."""
    return [_write(grammar, folder / f"{grammar.module}.py") for grammar in GRAMMARS]


def _write(grammar: Grammar, path: Path) -> Path:
    import lark

    t = build(grammar)
    rows = {
        "FORMAT": FORMAT,
        "LARK": lark.__version__,
        "SOURCE": grammar.text(),
        "SCANNER": t.scanner,
        "WORDS": dict(t.words),
        "IGNORED": tuple(sorted(t.ignored)),
        "STARTS": dict(t.starts),
        "ENDS": dict(t.ends),
        "RULES": tuple(tuple(rule) for rule in t.rules),
        "STATES": tuple(t.states),
    }
    made = f'"""Made from grammar/{grammar.file} by indexcalc/syntax/tables.py.  Do not edit."""'
    lines = ["# mypy: ignore-errors", made, *(f"{name} = {value!r}" for name, value in rows.items())]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def main(arguments: list[str]) -> None:
    """Writes the modules, to the folder given or to their place in the package."""
    for path in write(Path(arguments[0]) if arguments else _HERE.parent):
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
