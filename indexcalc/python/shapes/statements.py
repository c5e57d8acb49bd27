"""Statements: what is known of variables behind each, through branches, loops, classes and functions."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence

from ...limits import MAX_DEPTH
from ..module import Dim, Shape
from .annotations import annotated_shape
from .binding import bind, forget, said_shape
from .comments import docstring_shapes
from .conflicts import order_conflict, swapped
from .infer import Env, Inference
from .names import normal
from .reshape import Relations
from .targets import Function, Stores, asked_rank, dotted, plain, source_of_shape, targets
from .values import Symbol, Value, joined

LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
FIRST_METHODS = ("__init__", "setup", "__post_init__", "build", "__attrs_post_init__")


class Walker:
    """Goes through the statements of a file once, in the order of the source."""

    def __init__(self, inference: Inference, stores: Stores) -> None:
        self.inference = inference
        self._stores = stores
        self._deferred: list[Function | ast.ClassDef] = []
        self._depth = 0
        self._inside = 0  # functions and classes around the statement
        self._line = 1
        self._returned: Shape | None = None  # what the function that is gone through says that it returns

    # ---- files, functions, classes -----------------------------------------------------------------------------
    def module(self, tree: ast.Module) -> None:
        """The statements of the file, then its functions and classes, which see all constants."""
        inference = self.inference
        inference.stores = self._stores(tree.body)
        for statement in tree.body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._note_return(statement, statement.name)
        self.block(tree.body)
        constants = {k: v for k, v in inference.env.items() if inference.stores.get(k, 0) == 1}
        deferred, self._deferred = self._deferred, []
        for item in deferred:
            self._definition(item, constants)

    def _definition(self, item: Function | ast.ClassDef, outer: Env) -> None:
        if isinstance(item, ast.ClassDef):
            self._class(item, outer)
        else:
            self._function(item, dict(outer), self._stores(item.body, item))

    def _note_return(self, function: Function, key: str) -> None:
        shape = annotated_shape(function.returns, None)
        if shape is not None:
            self.inference.returns[key] = (function.args, shape)

    def _function(self, function: Function, env: Env, counts: Counter[str]) -> tuple[Env, Relations]:
        """Go through a function's body; what its variables are at its end, and which sizes are products."""
        inference = self.inference
        together = inference.together
        kept = inference.env, inference.stores, self._returned, inference.relations, self._line, together.signature
        inference.env, inference.stores = env, counts
        inference.forget_values()
        for name in counts:
            env.pop(name, None)
        self._parameters(function)
        place = inference.positions.span(function.returns) if function.returns is not None else None
        self._returned = annotated_shape(function.returns, place)
        told = [v for v in env.values() if isinstance(v, Shape)]
        inference.together.signature = frozenset(
            normal(d.name) for s in told for d in s.dims if d.name and d.evidence == "annotation"
        )
        if self._returned is not None:
            inference.together.add(self._returned)
        self._line = function.lineno
        self._inside += 1
        self.block(function.body)
        self._inside -= 1
        after = inference.env, inference.relations
        inference.env, inference.stores, self._returned, inference.relations, self._line, together.signature = kept
        return after

    def _parameters(self, function: Function) -> None:
        """Shapes of parameters: from annotations, the docstring, and comments behind them."""
        inference, arguments = self.inference, function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        names = frozenset(a.arg for a in every)
        text = ast.get_docstring(function, clean=False) or ""
        written = docstring_shapes(text, names) if "(" in text or "[" in text else {}
        lines = Counter(a.lineno for a in every)
        for argument in every:
            place = inference.positions.span(argument.annotation) if argument.annotation is not None else None
            shape = annotated_shape(argument.annotation, place)
            if shape is None and lines[argument.lineno] == 1 and argument.lineno != function.lineno:
                behind = inference.comments.behind(argument.lineno)
                shape = next((w.shape for w in behind if w.name in ("", argument.arg)), None)
            if shape is None:
                shape = written.get(argument.arg)
            if shape is not None:
                inference.together.add(shape)
                inference.env[argument.arg] = shape
        for line in range(function.lineno, function.body[0].lineno):  # def f(x, W):  # x: (b, n), W: (n, m)
            for found in inference.comments.behind(line):
                if found.name in names and found.name not in inference.env:
                    inference.declare(found.name, found.shape, function, judge=False)

    def _class(self, node: ast.ClassDef, outer: Env) -> None:
        """Methods that set attributes first; the others see what is set once."""
        inference = self.inference
        methods = [s for s in node.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))]
        counts = {id(m): self._stores(m.body, m) for m in methods}
        sets = Counter(k for m in methods for k, n in counts[id(m)].items() for _ in range(n) if k.startswith("self."))
        env = dict(outer)
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                shape = annotated_shape(statement.annotation, inference.positions.span(statement.annotation))
                if shape is not None:
                    env[f"self.{statement.target.id}"] = shape
        kept = dict(inference.returns), inference.relations
        for method in methods:
            self._note_return(method, f"self.{method.name}")
        first = [m for m in methods if m.name in FIRST_METHODS]
        for method in first:
            own = counts[id(method)]
            after, inference.relations = self._function(method, dict(env), own)
            env.update((k, v) for k, v in after.items() if k.startswith("self.") and sets[k] <= 1)
        inside = Counter({k: n for k, n in sets.items() if n > 1})
        for method in methods:
            if method not in first:
                self._function(method, dict(env), counts[id(method)] + inside)
        for statement in node.body:
            if isinstance(statement, ast.ClassDef) and self._depth < MAX_DEPTH:
                self._depth += 1
                self._class(statement, outer)
                self._depth -= 1
        inference.returns, inference.relations = kept

    # ---- blocks ------------------------------------------------------------------------------------------------
    def block(self, statements: Sequence[ast.stmt]) -> bool:
        """Go through statements; whether the end of the block is reached."""
        if self._depth >= MAX_DEPTH:
            forget(self.inference, self._stores(statements))
            return True
        self._depth += 1
        try:
            return all(self._one(statement) for statement in statements)
        finally:
            self._depth -= 1

    def _one(self, statement: ast.stmt) -> bool:
        inference = self.inference
        inference.forget_values()
        first = statement.lineno
        decorators = getattr(statement, "decorator_list", None)
        if decorators:
            first = min(first, decorators[0].lineno)
        pending = self._above(first, statement)
        reached = self._rule(statement)
        for name, shape in pending.items():
            if inference.env.get(name) is None or isinstance(inference.env.get(name), Symbol):
                inference.env[name] = shape
        return reached

    def _above(self, line: int, statement: ast.stmt) -> dict[str, Shape]:
        """Comments in lines of their own.  Of a variable that the next statement binds, they tell what it will be."""
        inference, pending = self.inference, dict[str, Shape]()
        found = inference.comments.above(self._line, line)
        self._line = line
        simple = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.With, ast.For)
        bound = self._stores([statement]) if found and isinstance(statement, simple) else ()
        for one in found:
            if one.name in bound:
                pending[one.name] = one.shape
            elif one.name in inference.stores or one.name in inference.env or one.name.startswith("self."):
                inference.declare(one.name, one.shape, statement, judge=False)
        return pending

    def _rule(self, statement: ast.stmt) -> bool:
        inference = self.inference
        if isinstance(statement, ast.Assign):
            self._assign(statement)
        elif isinstance(statement, ast.AnnAssign):
            self._annotated(statement)
        elif isinstance(statement, ast.AugAssign):
            self._augmented(statement)
        elif isinstance(statement, ast.Expr):
            self._expression(statement)
        elif isinstance(statement, ast.Return):
            self._return(statement)
        elif isinstance(statement, ast.If):
            return self._if(statement)
        elif isinstance(statement, (ast.For, ast.AsyncFor, ast.While)):
            self._loop(statement)
        elif isinstance(statement, (ast.With, ast.AsyncWith)):
            return self._with(statement)
        elif isinstance(statement, (ast.Try, ast.TryStar)):
            return self._try(statement)
        elif isinstance(statement, ast.Match):
            inference.evaluate(statement.subject)
            return self._branches([*(c.body for c in statement.cases), []])
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self._define(statement)
        elif isinstance(statement, ast.Assert):
            self._assert(statement)
        elif isinstance(statement, ast.Delete):
            forget(self.inference, [dotted(t) for t in statement.targets])
        else:
            for child in ast.iter_child_nodes(statement):
                if isinstance(child, ast.expr):
                    inference.evaluate(child)
        return not isinstance(statement, LEAVING)

    def _define(self, statement: Function | ast.ClassDef) -> None:
        if not self._inside:
            self._deferred.append(statement)
            return
        inference = self.inference
        once = {k: v for k, v in inference.env.items() if inference.stores.get(k, 0) <= 1}
        line = self._line
        self._definition(statement, once)
        self._line = line
        inference.env.pop(statement.name, None)

    def _if(self, statement: ast.If) -> bool:
        """Branches.  An array whose rank is asked for has not the one shape that was known; but where the other ranks
        raise an error, it has."""
        inference = self.inference
        inference.evaluate(statement.test)
        asked = asked_rank(statement.test)
        kept = {name: inference.env.get(name) for name in asked}
        forget(inference, asked)
        reached = self._branches([statement.body, statement.orelse])
        if asked and not statement.orelse and isinstance(statement.body[-1], ast.Raise):
            inference.env.update(kept)
        return reached

    def _branches(self, blocks: Sequence[Sequence[ast.stmt]]) -> bool:
        """Go through each from the same start; afterwards what all that reach their end agree on."""
        inference, start = self.inference, self.inference.env
        relations = inference.relations
        ends: list[Env] = []
        for block in blocks:
            inference.env = dict(start)
            if self.block(block):
                ends.append(inference.env)
        inference.relations = relations
        inference.env = agreed_env(ends) if ends else start
        return bool(ends)

    def _loop(self, statement: ast.For | ast.AsyncFor | ast.While) -> None:
        """What the body changes is unknown in it and behind it."""
        inference = self.inference
        changed = self._stores([statement])
        if isinstance(statement, ast.While):
            forget(self.inference, changed)
            inference.evaluate(statement.test)
        else:
            value = inference.evaluate(statement.iter)
            forget(self.inference, changed)
            self._loop_target(statement.target, statement.iter, value, changed)
        before = dict(inference.env)
        self.block(statement.body)
        inference.env = before
        forget(self.inference, changed)
        self.block(statement.orelse)

    def _loop_target(self, target: ast.expr, source: ast.expr, value: Value, changed: Counter[str]) -> None:
        """`for i in range(n)` counts; `for x in xs` takes entries of the first axis."""
        if not isinstance(target, ast.Name) or changed[target.id] > 1:
            return
        name = source.func.id if isinstance(source, ast.Call) and isinstance(source.func, ast.Name) else ""
        if name == "range":
            self.inference.env[target.id] = Dim()
        elif isinstance(value, Shape) and value.dims and value.open_at != 0:
            open_at = None if value.open_at is None else value.open_at - 1
            self.inference.env[target.id] = Shape(value.dims[1:], open_at)

    def _with(self, statement: ast.With | ast.AsyncWith) -> bool:
        for item in statement.items:
            self.inference.evaluate(item.context_expr)
            if item.optional_vars is not None:
                forget(self.inference, targets(item.optional_vars))
        return self.block(statement.body)

    def _try(self, statement: ast.Try | ast.TryStar) -> bool:
        """Where an exception may have come from anywhere in the body, what the body changes is unknown."""
        inference = self.inference
        start = dict(inference.env)
        reached = self.block(statement.body) and self.block(statement.orelse)
        ends = [inference.env] if reached else []
        changed = self._stores([*statement.body, *statement.orelse])
        for handler in statement.handlers:
            inference.env = dict(start)
            forget(self.inference, [*changed, handler.name or ""])
            if self.block(handler.body):
                ends.append(inference.env)
        inference.env = agreed_env(ends) if ends else start
        return self.block(statement.finalbody) and bool(ends)

    # ---- assignments -------------------------------------------------------------------------------------------
    def _assign(self, statement: ast.Assign) -> None:
        inference = self.inference
        value = inference.evaluate(statement.value)
        for target in statement.targets:
            bind(self.inference, target, value, statement.value)
        source = source_of_shape(statement.value)
        for found in inference.comments.behind(statement.end_lineno or statement.lineno):
            names = [found.name] if found.name else [source] if source else plain(statement.targets)
            if found.name and found.name not in inference.stores and found.name not in inference.env:
                continue
            for name in names:
                inference.declare(name, found.shape, statement)

    def _annotated(self, statement: ast.AnnAssign) -> None:
        inference = self.inference
        value = inference.evaluate(statement.value) if statement.value is not None else None
        if statement.value is not None:
            bind(self.inference, statement.target, value, statement.value)
        shape = annotated_shape(statement.annotation, inference.positions.span(statement.annotation))
        name = dotted(statement.target)
        if shape is not None and name:
            inference.declare(name, shape, statement)

    def _augmented(self, statement: ast.AugAssign) -> None:
        """x += y keeps the shape of an array; of a number nothing is known afterwards."""
        inference, name = self.inference, dotted(statement.target)
        both = ast.BinOp(statement.target, statement.op, statement.value)
        ast.copy_location(both, statement)
        now = inference.env.get(name)
        inference.evaluate(statement.value)
        if isinstance(now, Shape):
            inference.evaluate(_loaded(both))
        elif name:
            inference.env[name] = None

    def _expression(self, statement: ast.Expr) -> None:
        """Calls for their effect; `self.register_buffer("name", x)` sets an attribute."""
        inference, call = self.inference, statement.value
        inference.evaluate(call)
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or len(call.args) < 2:
            return
        name = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
        if call.func.attr in ("register_buffer", "register_parameter") and isinstance(name, str):
            inference.env[f"{dotted(call.func.value)}.{name}"] = inference.evaluate(call.args[1])
        elif call.func.attr == "assert_shape" and isinstance(call.args[0], ast.Name):
            said_shape(self.inference, call.args[0].id, call.args[1], statement)

    def _return(self, statement: ast.Return) -> None:
        """What is returned, against the annotation of the function."""
        inference = self.inference
        value = inference.evaluate(statement.value) if statement.value is not None else None
        said = self._returned
        if statement.value is None or said is None or not isinstance(value, Shape) or said.open_at is not None:
            return
        if value.open_at is not None:
            return
        at = swapped([d.name for d in said.dims], value.dims)
        if at is not None:
            labels = [d.name for d in said.dims]
            inference.tell(order_conflict(inference.span(statement.value), "the result", labels, value, at))

    def _assert(self, statement: ast.Assert) -> None:
        """`assert x.shape == (b, n, d)`."""
        inference, test = self.inference, statement.test
        inference.evaluate(test)
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
            name = source_of_shape(test.left)
            if name:
                said_shape(self.inference, name, test.comparators[0], statement)


def _loaded(node: ast.BinOp) -> ast.BinOp:
    """The operation with its left side as something that is read."""
    left = node.left
    if isinstance(left, ast.Name):
        read = ast.copy_location(ast.Name(left.id, ast.Load()), left)
        return ast.copy_location(ast.BinOp(read, node.op, node.right), node)
    return node


def agreed_env(ends: Sequence[Env]) -> Env:
    """What holds at the ends of all branches."""
    if len(ends) == 1:
        return ends[0]
    first, *others = ends
    out: Env = {}
    for name, value in first.items():
        for other in others:
            if value is not None and other.get(name) is not value:
                value = joined(value, other.get(name))
        out[name] = value
    for other in others:
        for name in other:
            if name not in out:
                out[name] = None
    return out
