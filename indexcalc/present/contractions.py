"""A statement as einsum strings, one per term, and its multiplications as a formula in the extents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..ir.build import multiply
from ..ir.einsum_text import einsum_text
from ..ir.expr import Access, Expr, Index, IndexSum, Number, Product, Sum
from ..ir.numbers import magnitude_text
from ..ir.program import Define
from ..rewrite.terms import split_coefficient
from .look import Look

MOST_TERMS = 6  # beyond which the strings say less than the formula
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def einsum_strings(s: Define) -> str | None:
    """`ki,i->k + ik,i->k`; None where a term is no contraction of tensors.

    >>> from indexcalc.ir.expr import Space
    >>> i, j = Index("i", Space("n")), Index("j", Space("m"))
    >>> einsum_strings(Define("y", (i,), IndexSum(Product((Access("A", (i, j)), Access("x", (j,)))), (j,))))
    'ij,j->i'
    """
    found: list[str] = []
    for number, term in _terms(s.body):
        text = einsum_text(term, s.indices)
        if text is None:
            return None
        sign = ("" if not found else "+ ") if number > 0 else "- "
        found.append(f"{sign}{text}" if abs(number) == 1 else f"{sign}{magnitude_text(number)} {text}")
    return " ".join(found) if len(found) <= MOST_TERMS else None


def multiplications(s: Define, look: Look) -> str | None:
    """`4 n² + n`: what the terms multiply, each a contraction of at most two tensors; None where more take part, whose
    order decides.  Numbers in front are not counted.

    A bracket is added up before it is multiplied, so that (A + Aᵀ) x counts once.
    """
    volumes: Counter[tuple[str, ...]] = Counter()
    for _, term in _signed(s.body):
        if not isinstance(term, (IndexSum, Product, Access)):
            return None
        body = term.body if isinstance(term, IndexSum) else term
        factors = body.factors if isinstance(body, Product) else (body,)
        if len(factors) > 2 or not all(_added(f) for f in factors):
            return None
        if len(factors) == 2:
            volumes[tuple(sorted(_extent(i, s) for i in body.free))] += 1
    parts = [_power_product(v, look) for v in volumes]
    counts = [f"{n} {p}".strip() if n > 1 or not p else p for n, p in zip(volumes.values(), parts)]
    return " + ".join(counts) or "0"


def _signed(e: Expr) -> Iterator[tuple[Number, Expr]]:
    """Each term with the number in front of it."""
    for term in e.terms if isinstance(e, Sum) else (e,):
        yield split_coefficient(term)


def _terms(e: Expr) -> Iterator[tuple[Number, Expr]]:
    """The terms with a bracket under their sum multiplied out."""
    for number, term in _signed(e):
        body, bound = (term.body, term.indices) if isinstance(term, IndexSum) else (term, ())
        factors = body.factors if isinstance(body, Product) else (body,)
        at = next((k for k, f in enumerate(factors) if isinstance(f, Sum)), None)
        if at is None:
            yield number, term
            continue
        bracket = factors[at]
        assert isinstance(bracket, Sum)
        for sign, part in _signed(bracket):
            whole = multiply(*factors[:at], part, *factors[at + 1 :])
            yield number * sign, IndexSum(whole, bound) if bound else whole


def _added(e: Expr) -> bool:
    """A tensor, or tensors added up without any product."""
    return isinstance(e, Access) or (isinstance(e, Sum) and all(isinstance(t, Access) for _, t in _signed(e)))


def _extent(i: Index, s: Define) -> str:
    """An extent's name; where it has none, n with the letter of the index."""
    known = i.space.extent
    if known is not None:
        return str(known)
    spaces = {j.space for j in (*s.indices, *s.body.bound_indices)}
    return "n" if len(spaces) == 1 else f"n_{i.name}"


def _power_product(names: tuple[str, ...], look: Look) -> str:
    powers = Counter(names)
    if look.unicode:
        return " ".join(n + (str(k).translate(_SUPERSCRIPTS) if k > 1 else "") for n, k in powers.items())
    return " ".join(n + (f"^{k}" if k > 1 else "") for n, k in powers.items())
