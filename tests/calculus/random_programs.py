"""Programs by a seeded generator: nested reductions, hyperedges, diagonals, deltas, gathers, windows, shared values."""

from __future__ import annotations

from random import Random

SPACES = {"n": 3, "m": 2, "q": 4}
LONG = 9  # of the tensor that is read through affine slots
FUNCTIONS = (
    "exp(0.3 {})", "tanh({})", "sigmoid({})", "sin({})", "log(({})**2 + 1)", "sqrt(({})**2 + 0.5)", "abs({})",
    "relu({})", "softplus({})", "gelu({})", "silu({})", "({})**2", "1 / (({})**2 + 1)", "(({})**2 + 1)**-1.5", "-({})",
    "erf({})", "max({}, 0.1)", "own({})",
)  # fmt: skip
REDUCTIONS = ("sum", "sum", "sum", "mean", "max", "min", "logsumexp", "norm", "var", "prod")


def random_program(seed: int) -> str:
    """The same text for the same seed.  Its last definition is its output."""
    return _Generator(Random(seed)).program()


class _Generator:
    """`scope` is the list of index names that may be used; n0, n1, … are of space n, and so on."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.inputs = {f"T{k}": self._spaces(random.choice([0, 1, 1, 2, 2, 3])) for k in range(random.randint(2, 4))}
        self.inputs |= {"Square": ["n", "n"], "Long": ["long"]} if random.random() < 0.5 else {}
        self.defined: dict[str, list[str]] = {}

    def _spaces(self, rank: int) -> list[str]:
        return [self.random.choice(list(SPACES)) for _ in range(rank)]

    # ---- programs -------------------------------------------------------------------------------------
    def program(self) -> str:
        lines = [self.definition(f"D{k}") for k in range(self.random.randint(1, 4))]
        indices = [f"index {', '.join(f'{s}{k}' for k in range(4))} : {s}({n})" for s, n in SPACES.items()]
        tensors = [self.declaration(name, spaces) for name, spaces in self.inputs.items()]
        functions = ["function own(x) = x / (1 + exp(-x))"]
        given = [*indices, f"index a : long({LONG})", *functions, "integer tok[m0] : n", *tensors]
        return "\n".join([*given, *lines, f"output {list(self.defined)[-1]}"])

    def declaration(self, name: str, spaces: list[str]) -> str:
        slots = ["a" if s == "long" else f"{s}{spaces[:k].count(s)}" for k, s in enumerate(spaces)]
        return f"tensor {name}[{', '.join(slots)}]" if slots else f"scalar {name}"

    def definition(self, name: str) -> str:
        free: list[str] = []
        for _ in range(self.random.choice([0, 1, 1, 2, 2, 3])):
            free.append(self.new_index(free))
        body = self.expression(free, self.random.randint(1, 4))
        if free:  # every free index stands on the right
            body += self.random.choice([" + ", " * "]) + " ".join(self.vector(i) for i in free)
        self.defined[name] = [i[0] for i in free]
        return f"{name}[{', '.join(free)}] = {body}" if free else f"{name} = {body}"

    # ---- expressions ----------------------------------------------------------------------------------
    def new_index(self, scope: list[str]) -> str:
        return self.random.choice([i for s in SPACES for k in range(4) if (i := f"{s}{k}") not in scope])

    def vector(self, index: str) -> str:
        self.inputs.setdefault(f"V{index[0]}", [index[0]])
        return f"V{index[0]}[{index}]"

    def expression(self, scope: list[str], depth: int) -> str:
        if depth <= 0:
            return self.access(scope)
        shapes = (
            self.product,
            self.sum,
            self.reduction,
            self.reduction,
            self.along,
            self.function,
            self.where,
            self.delta,
        )
        return self.random.choice(shapes)(scope, depth - 1)

    def product(self, scope: list[str], depth: int) -> str:
        parts = [self.access(scope) for _ in range(self.random.randint(1, 3))]
        return " ".join([f"({self.expression(scope, depth)})", *parts])

    def sum(self, scope: list[str], depth: int) -> str:
        sign = self.random.choice([" + ", " - "])
        return f"({sign.join(self.expression(scope, depth) for _ in range(self.random.randint(2, 3)))})"

    def reduction(self, scope: list[str], depth: int) -> str:
        over = [self.new_index(scope)]
        if self.random.random() < 0.2:
            over.append(self.new_index(scope + over))
        operation = self.random.choice(REDUCTIONS)
        vectors = " ".join(self.vector(i) for i in over)
        shift = {"sum": "", "mean": " ", "norm": " + 2 + "}.get(operation, " + ")  # a norm of 0 has no gradient
        return f"{operation}[{', '.join(over)}](({self.expression(scope + over, depth)}){shift}{vectors})"

    def along(self, scope: list[str], depth: int) -> str:
        if not scope:
            return self.access(scope)
        index, operation = self.random.choice(scope), self.random.choice(["softmax", "softmax", "cumsum"])
        return f"{operation}[{index}]({self.expression(scope, depth)} + {self.vector(index)})"

    def function(self, scope: list[str], depth: int) -> str:
        return self.random.choice(FUNCTIONS).format(self.expression(scope, depth))

    def where(self, scope: list[str], depth: int) -> str:
        other = self.random.choice([self.expression(scope, depth), "0", "1"])
        return f"where({self.condition(scope)}, {self.expression(scope, depth)}, {other})"

    def delta(self, scope: list[str], depth: int) -> str:
        if not scope:
            return self.access(scope)
        index = self.random.choice(scope)
        others = [i for i in scope if i[0] == index[0] and i != index]
        return f"(delta[{index}, {self.random.choice(others) if others else 1}] ({self.expression(scope, depth)}))"

    def condition(self, scope: list[str]) -> str:
        if scope and self.random.random() < 0.5:
            return (
                f"{self.random.choice(scope)} {self.random.choice(['<=', '<', '==', '!='])} {self.random.choice(scope)}"
            )
        plain = f"{self.access(scope)} {self.random.choice(['<', '>'])} {self.random.choice(['0', '0.3'])}"
        return self.random.choice(["{}", "not ({})", "{} and 0 < 1"]).format(plain)

    # ---- references -----------------------------------------------------------------------------------
    def access(self, scope: list[str]) -> str:
        known = self.defined if self.defined and self.random.random() < 0.5 else {**self.inputs, **self.defined}
        name, spaces = self.random.choice(list(known.items()))
        slots = ", ".join(self.slot(s, scope) for s in spaces)
        if name == "Square" and self.random.random() < 0.4:
            return self.random.choice([f"inv(Square)[{slots}]", "det(Square)", f"Square'[{slots}]"])
        return f"{name}[{slots}]" if spaces else name

    def slot(self, space: str, scope: list[str]) -> str:
        own = {s: [i for i in scope if i[0] == s] for s in SPACES}
        if space == "long":
            if own["n"] and own["q"]:
                return f"{self.random.choice(own['n'])} + {self.random.choice(own['q'])}"
            return f"2*{self.random.choice(own['n'])} + 1" if own["n"] else "2"
        if space == "n" and own["m"] and self.random.random() < 0.1:
            return f"tok[{self.random.choice(own['m'])}]"
        return self.random.choice(own[space]) if own[space] and self.random.random() < 0.9 else "1"
