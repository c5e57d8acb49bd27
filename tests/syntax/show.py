"""Trees on one line with every grouping visible: ( ) for sums and products, { } for written brackets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from indexcalc.syntax import tree as t


def show(x: Any) -> str:
    return _SHOW[type(x)](x)


def _list(parts: Iterable[Any]) -> str:
    return ", ".join(map(show, parts))


def _reference(head: str, x: t.Reference | t.Call) -> str:
    scripts = "".join(map(show, x.scripts))
    return head + "'" * x.primes + scripts + ("" if x.slots is None else f"[{_list(x.slots)}]")


def _script(x: t.Script) -> str:
    inside = " ".join(map(show, x.parts))
    return "_^"[x.upper] + (f"{{{inside}}}" if x.braced else inside)


def _sum(x: t.Sum) -> str:
    first = ("-" if x.terms[0][0] < 0 else "") + show(x.terms[0][1])
    return "(" + first + "".join(f" {'+' if sign > 0 else '-'} {show(a)}" for sign, a in x.terms[1:]) + ")"


def _product(x: t.Product) -> str:
    assert x.factors[0][0] == ""
    return "(" + show(x.factors[0][1]) + "".join(f" {op or '.'} {show(a)}" for op, a in x.factors[1:]) + ")"


def _logic(x: t.Logic) -> str:
    return (
        f"<not {show(x.arguments[0])}>"
        if x.operator == "not"
        else f"<{f' {x.operator} '.join(map(show, x.arguments))}>"
    )


def _items(word: str) -> Callable[[Any], str]:
    return lambda x: f"{word} {_list(x.items)}" + (f" : {show(x.space)}" if word == "integer" else "")


def _item(x: t.Item) -> str:
    return " ".join([show(x.reference), *map(show, x.attributes)])


def _index(x: t.IndexDeclaration) -> str:
    extent = f"({show(x.extent)})" if x.extent else ""
    return f"index {_list(x.names)}" + (f" : {show(x.space)}{extent}" if x.space else "")


_SHOW: dict[type, Callable[[Any], str]] = {
    t.Number: lambda x: x.text,
    t.Text: lambda x: f"«{x.value}»",
    t.Name: lambda x: x.text + "'" * x.primes,
    t.Script: _script,
    t.Reference: lambda x: _reference(x.name, x),
    t.Call: lambda x: _reference(f"{x.function}({_list(x.arguments)})", x),
    t.Reduce: lambda x: f"<{x.operation} {_list(x.binders)}: {_list(x.arguments)}>",
    t.Sum: _sum,
    t.Product: _product,
    t.Negate: lambda x: f"(-{show(x.body)})",
    t.Power: lambda x: f"({show(x.base)} ** {show(x.exponent)})",
    t.Group: lambda x: f"{{{show(x.body)}}}",
    t.Compare: lambda x: "<" + show(x.first) + "".join(f" {op} {show(a)}" for op, a in x.rest) + ">",
    t.Logic: _logic,
    t.Field: lambda x: f"<∂{'_^'[x.upper]} {_list(x.wrt)}: {show(x.body)}>",
    t.Leibniz: lambda x: f"<∂/∂ {show(x.wrt)}: {show(x.body)}>",
    t.Positioned: lambda x: "_^"[x.upper] + show(x.body),
    t.Positions: lambda x: "".join(map(show, x.parts)),
    t.Symmetrise: lambda x: f"<{'sym' if x.sign > 0 else 'anti'} {_list(x.parts)}>",
    t.Sublist: lambda x: f"[{_list(x.entries)}]",
    t.Ellipsis: lambda x: "...",
    t.IndexDeclaration: _index,
    t.AttributeTree: lambda x: x.name + (f"({_list(x.slots)})" if x.slots else ""),
    t.Item: _item,
    t.TensorDeclaration: _items("tensor"),
    t.ScalarDeclaration: _items("scalar"),
    t.IntegerDeclaration: _items("integer"),
    t.FunctionDeclaration: lambda x: f"function {x.name.text}({_list(x.parameters)}) = {show(x.body)}",
    t.MetricDeclaration: lambda x: f"metric {show(x.name)} : {show(x.space)}",
    t.OutputDeclaration: lambda x: f"output {_list(x.references)}",
    t.Convention: lambda x: f"convention {show(x.name)}",
    t.Equation: lambda x: f"{show(x.left)} = {show(x.right)}",
    t.Bare: lambda x: f"bare {show(x.body)}",
}
