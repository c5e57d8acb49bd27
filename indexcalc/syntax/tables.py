"""From grammar/index.lark to LALR tables, ahead of time: Lark compiles them, a module of literals keeps them.

    python -m indexcalc.syntax.tables        writes indexcalc/syntax/_tables.py (the build does it by itself)

Without that module, or when the grammar has changed since, the tables are built at start: the same, 0.2 s slower.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from .lalr import Rule, Tables

START_RULES = ("statement", "expression")
FORMAT = 1  # of the module below: raise it when Tables changes
_HERE = Path(__file__).resolve()


def grammar_file() -> Path:
    """grammar/index.lark: inside the installed package, or beside it in a checkout."""
    for folder in (_HERE.parents[1], _HERE.parents[2]):
        path = folder / "grammar" / "index.lark"
        if path.is_file():
            return path
    raise FileNotFoundError(f"indexcalc's grammar/index.lark is neither in {_HERE.parents[1]} nor beside it: reinstall")


@lru_cache(1)
def load() -> Tables:
    """The tables: the module's where it is fresh, else built now."""
    source = grammar_file().read_text("utf-8")
    try:
        made: Any = import_module("._tables", __package__)
    except ModuleNotFoundError as e:
        if e.name != f"{__package__}._tables":
            raise
        return build(source)
    # The text itself, not a digest: hashlib costs 9 ms at start.
    if getattr(made, "FORMAT", 0) != FORMAT or source != made.SOURCE:
        return build(source)
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

    always_accept = ("NEWLINE", "SEMICOLON", "BAD")

    @staticmethod
    def process(stream: Any) -> Any:
        return stream


def compile_grammar(source: str, *, strict: bool = False) -> Any:
    """Lark's own parser of the grammar.  `strict` turns any conflict into an exception and needs `interegular`."""
    from lark import Lark

    return Lark(
        source,
        parser="lalr",
        lexer="basic",
        start=list(START_RULES),
        postlex=_Keep(),
        maybe_placeholders=False,
        strict=strict,
    )


def build(source: str) -> Tables:
    """The tables of a grammar's text.

    >>> sorted(build(grammar_file().read_text("utf-8")).starts)
    ['expression', 'statement']
    """
    lark = compile_grammar(source)
    table = lark.parser.parser._parse_table
    rules = sorted(lark.rules, key=lambda r: (r.origin.name, [s.name for s in r.expansion], r.alias or ""))
    numbers = {rule: k for k, rule in enumerate(rules)}
    order = _visited(table)
    states: list[dict[str, int]] = []
    for state in order:
        row = sorted(table.states[state].items())
        states.append({str(s): order[to] if act.name == "Shift" else ~numbers[to] for s, (act, to) in row})
    scanner, words = _scanner(lark.terminals)
    return Tables(
        scanner,
        words,
        frozenset(lark.ignore_tokens),
        {name: order[table.start_states[name]] for name in START_RULES},
        {name: order[table.end_states[name]] for name in START_RULES},
        tuple(states),
        tuple(_rule(rule) for rule in rules),
    )


def _visited(table: Any) -> dict[Any, int]:
    """The states numbered as they are met from the start rules: Lark's numbers change from run to run."""
    order: dict[Any, int] = {}
    todo = [table.start_states[name] for name in reversed(START_RULES)]
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
    name = next(re.compile(t.pattern.to_regexp()) for t in terminals if t.name == "NAME")
    words = {t.pattern.value: t.name for t in terminals if t.pattern.type == "str" and name.fullmatch(t.pattern.value)}
    rest = [t for t in terminals if t.name not in words.values()]
    rest.sort(key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))
    return "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in rest), words


def write(path: Path) -> None:
    """Writes the tables of the grammar to `path`, as Python literals."""
    import lark

    source = grammar_file().read_text("utf-8")
    t = build(source)
    rows = {
        "FORMAT": FORMAT,
        "LARK": lark.__version__,
        "SOURCE": source,
        "SCANNER": t.scanner,
        "WORDS": dict(t.words),
        "IGNORED": tuple(sorted(t.ignored)),
        "STARTS": dict(t.starts),
        "ENDS": dict(t.ends),
        "RULES": tuple(tuple(rule) for rule in t.rules),
        "STATES": tuple(t.states),
    }
    lines = ["# mypy: ignore-errors", '"""Made from grammar/index.lark by indexcalc/syntax/tables.py.  Do not edit."""']
    lines += [f"{name} = {value!r}" for name, value in rows.items()]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def main(arguments: list[str]) -> None:
    """Writes the module, to the path given or to its place in the package."""
    path = Path(arguments[0]) if arguments else _HERE.parent / "_tables.py"
    write(path)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
