"""The syntax tree: what was written, with spans, before any name is understood.

Sums and products are flat.  Names are normalised already: `\\alpha` and α are both "α", or both "alpha" where the file
writes that word anywhere (so a name is spelt as its author types it; `greek.fold` compares spellings); xᵢⱼ is "x_ij".
Primes are kept apart.
Nothing here knows declarations; `elaborate` reads compact references, resolves names and makes sums explicit.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..diagnostics import Span


# Not frozen, and compared and shown by the base alone: Python writes and compiles the methods of every dataclass when
# the module is imported, which for these classes took a tenth of the time in which a small file is linted.
@dataclass(slots=True, eq=False, repr=False)
class Tree:
    """A stretch of source.  Nothing changes a tree once it is made."""

    span: Span

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__match_args__)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.__match_args__)))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({fields})"


# ---- expressions ---------------------------------------------------------------------------------
@dataclass(slots=True, eq=False, repr=False)
class Number(Tree):
    text: str


@dataclass(slots=True, eq=False, repr=False)
class Text(Tree):
    """A quoted string, without its quotes (only in einsum's arguments)."""

    value: str


@dataclass(slots=True, eq=False, repr=False)
class Name(Tree):
    """A bare name that is a whole slot, a script's part or a binder: `i`, `i'`.

    Inside an affine slot (`p + k`, `2*i + 1`) names are References, in braces as in brackets.
    """

    text: str
    primes: int = 0


@dataclass(slots=True, eq=False, repr=False)
class Script(Tree):
    """One `_…` or `^…` behind a reference.  `parts` are slot trees; a letters-only part that was not in braces or not
    separated (`_ij`, `_{ij}`) is one Name whose text the resolver may split.  `braced`: it stood in { }.  In braces
    `k[ij]` is Reference("k", slots=(Name("ij"),)): a gather, or k and [ij] antisymmetrised."""

    upper: bool
    parts: tuple[Tree, ...]
    braced: bool


@dataclass(slots=True, eq=False, repr=False)
class Reference(Tree):
    """`x`, `A[i, j]`, `A_ij`, `T^i_{jk}`, `A'[i, j]`.

    `name` may hold underscores (`W_q`, and also `A_ij` in compact form: then `scripts` is empty and the resolver
    decides; `A_i'` has primes=1, the index's or the tensor's).  `slots` is None without brackets.
    """

    name: str
    primes: int = 0
    scripts: tuple[Script, ...] = ()
    slots: tuple[Tree, ...] | None = None


@dataclass(slots=True, eq=False, repr=False)
class Call(Tree):
    """`exp(x)`, `inv(A)[i, j]`, `inv(A)'[i, j]`, `einsum("ij,jk->ik", A, B)[b, c]`, `diff(f, x[k])`.

    Also an unknown name touching its bracket (`foo(x)`), and a reduction without binders (`sum(x)`): to be refused.
    """

    function: str
    arguments: tuple[Tree, ...]
    primes: int = 0
    scripts: tuple[Script, ...] = ()
    slots: tuple[Tree, ...] | None = None


@dataclass(slots=True, eq=False, repr=False)
class Reduce(Tree):
    """`sum[k](…)`, `sum_{k}(…)`, `sum_k(…)`, `softmax[j](…)`, `topk[e, 2](…)`, `partial[i](…)`.

    `operation` is the bare word; for `sum_k(…)` the script text is one Name that the resolver may split.
    """

    operation: str
    binders: tuple[Tree, ...]
    arguments: tuple[Tree, ...]


@dataclass(slots=True, eq=False, repr=False)
class Sum(Tree):
    """(sign, term) pairs, sign ±1."""

    terms: tuple[tuple[int, Tree], ...]


@dataclass(slots=True, eq=False, repr=False)
class Product(Tree):
    """(operator, factor) pairs, left to right; operator "*" (written), "" (juxtaposed) or "/"; the first is ""."""

    factors: tuple[tuple[str, Tree], ...]


@dataclass(slots=True, eq=False, repr=False)
class Negate(Tree):
    body: Tree


@dataclass(slots=True, eq=False, repr=False)
class Power(Tree):
    """`x**2`, `x^2`, `x²`, `x⁻¹`; a bracket around base or exponent is a Group."""

    base: Tree
    exponent: Tree


@dataclass(slots=True, eq=False, repr=False)
class Group(Tree):
    """( body ): a sub-expression of its own for the summation rules."""

    body: Tree


@dataclass(slots=True, eq=False, repr=False)
class Compare(Tree):
    """first op second op third …: a chain means `and`.  Operators are normalised: < <= > >= == !=."""

    first: Tree
    rest: tuple[tuple[str, Tree], ...]


@dataclass(slots=True, eq=False, repr=False)
class Logic(Tree):
    """operator "and", "or" (n-ary) or "not" (one argument)."""

    operator: str
    arguments: tuple[Tree, ...]


@dataclass(slots=True, eq=False, repr=False)
class Field(Tree):
    """`∂_i f`, `∂_{i}(f)`, `∂^i f`, `∂[i] f`: `wrt` are slot trees."""

    wrt: tuple[Tree, ...]
    upper: bool
    body: Tree


@dataclass(slots=True, eq=False, repr=False)
class Leibniz(Tree):
    """`∂f/∂x_k` and `∂/∂x_k f`: `wrt` is a Reference."""

    body: Tree
    wrt: Tree


# ---- only in slots and arguments -----------------------------------------------------------------
@dataclass(slots=True, eq=False, repr=False)
class Positioned(Tree):
    """`^i`, `_j` or `^0` inside brackets."""

    upper: bool
    body: Tree


@dataclass(slots=True, eq=False, repr=False)
class Positions(Tree):
    """Several positioned names in one slot, `^i ^j`: only in delta[^i ^j, _k _l]."""

    parts: tuple[Positioned, ...]


@dataclass(slots=True, eq=False, repr=False)
class Symmetrise(Tree):
    """`(i, j)` in brackets or braces; `sign` −1 for `[i, j]` (antisymmetrise)."""

    parts: tuple[Tree, ...]
    sign: int


@dataclass(slots=True, eq=False, repr=False)
class Sublist(Tree):
    """`[0, 1, ...]` among einsum's arguments."""

    entries: tuple[Tree, ...]


@dataclass(slots=True, eq=False, repr=False)
class Ellipsis(Tree):
    pass


# ---- statements ----------------------------------------------------------------------------------
@dataclass(slots=True, eq=False, repr=False)
class IndexDeclaration(Tree):
    """`space` is None for an anonymous space; `extent` a Name, a Number or None."""

    names: tuple[Name, ...]
    space: Name | None
    extent: Name | Number | None


@dataclass(slots=True, eq=False, repr=False)
class AttributeTree(Tree):
    name: str
    slots: tuple[Number, ...]


@dataclass(slots=True, eq=False, repr=False)
class Item(Tree):
    """One declared tensor or scalar: its reference, slots by example, and attributes."""

    reference: Reference
    attributes: tuple[AttributeTree, ...]


@dataclass(slots=True, eq=False, repr=False)
class TensorDeclaration(Tree):
    items: tuple[Item, ...]


@dataclass(slots=True, eq=False, repr=False)
class ScalarDeclaration(Tree):
    items: tuple[Item, ...]


@dataclass(slots=True, eq=False, repr=False)
class IntegerDeclaration(Tree):
    """The space of the values; `extent` a Name, a Number or None."""

    items: tuple[Item, ...]
    space: Name
    extent: Name | Number | None


@dataclass(slots=True, eq=False, repr=False)
class FunctionDeclaration(Tree):
    """Also `f(x) = …` without the word `function`."""

    name: Name
    parameters: tuple[Name, ...]
    body: Tree


@dataclass(slots=True, eq=False, repr=False)
class MetricDeclaration(Tree):
    name: Name
    space: Name


@dataclass(slots=True, eq=False, repr=False)
class OutputDeclaration(Tree):
    references: tuple[Reference, ...]


@dataclass(slots=True, eq=False, repr=False)
class RecomputeDeclaration(Tree):
    """`recompute P, S`: definitions that share no value with what was computed before them."""

    references: tuple[Reference, ...]


@dataclass(slots=True, eq=False, repr=False)
class Convention(Tree):
    name: Name


@dataclass(slots=True, eq=False, repr=False)
class Equation(Tree):
    """`left = right`: a definition, or a claim where the left side is not fresh."""

    left: Tree
    right: Tree


@dataclass(slots=True, eq=False, repr=False)
class Bare(Tree):
    """An expression alone; `a == b` on top (a Compare) is a claim."""

    body: Tree


@dataclass(frozen=True, slots=True)
class Parsed:
    """All statements that could be read, in order."""

    statements: tuple[Tree, ...]
