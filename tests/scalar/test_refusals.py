"""What has no counterpart on the other side is refused, with what to do."""

import itertools
from fractions import Fraction

import pytest
import sympy
from sympy import Idx, IndexedBase, KroneckerDelta, Piecewise, Rational, Sum, Symbol, symbols

import indexcalc as ic
from indexcalc.elaborate.read import read_expression
from indexcalc.ir.expr import Access, Index, IndexSum, Literal, Space
from indexcalc.ir.text import KEYWORDS, OPERATORS
from indexcalc.scalar.from_sympy import from_sympy
from indexcalc.scalar.to_sympy import to_sympy
from indexcalc.syntax.naming import FOREIGN

i, j, k, n, m = symbols("i j k n m", integer=True)
x, y, z = symbols("x y z")
A, B, v = (IndexedBase(Symbol(name)) for name in ("A", "B", "v"))


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("argmax[i](x[i])", "IX902", "argmax.* cannot be written.*\n.*reduction"),
        ("max[i](x[i])", "IX902", "no reduction"),
        ("cumsum[i](x[i])", "IX902", "no map"),
        ("topk[i, 2](x[i])", "IX902", "no map"),
        ("inv(A)[i, j]", "IX902", "tensor of its own"),
        ("det(A)", "IX902", "tensor of its own"),
        ("diff(x[i] x[i], x[k])", "IX902", "ic.diff"),
        ("partial[i](f)", "IX902", "ic.simplify"),
        ("sqrt(-1) x[i]", "IX902", "no real value"),
        ("x[i] / 0", "IX902", "no real value"),
        ("log(-2)", "IX902", "no real value"),
    ],
)
def test_what_sympy_cannot_say(text, code, message):
    with pytest.raises(ic.IndexCalcError, match=message) as error:
        read_expression(text).to_sympy()
    assert error.value.diagnostics[0].code == code


def test_a_declared_function_has_to_be_written_out():
    program = ic.parse("function f(x) = x + 1\ny[i] = f(a[i])")
    with pytest.raises(ic.IndexCalcError, match=r"write the formula of a declared function"):
        program.statements[0].body.to_sympy()


def test_an_ill_formed_expression_is_refused():
    i = Index("i", Space("n"))
    with pytest.raises(ic.IndexCalcError, match="hides an index"):
        to_sympy(IndexSum(Literal(2) * IndexSum(Access("x", (i,)), (i,)), (i,)))


@pytest.mark.parametrize(
    ("e", "code", "message"),
    [
        ("x + 1", "IX901", "not str.*\n.*ic.parse"),
        (3, "IX901", "sympy.Integer"),
        (sympy.Integral(x, x), "IX902", r"Integral\) has no counterpart.*\n.*doit"),
        (sympy.gamma(x), "IX902", "gamma"),
        (sympy.Function("f")(x), "IX902", r"f\(x\)"),
        (sympy.I * x, "IX902", "ImaginaryUnit"),
        (sympy.nan, "IX902", "NaN"),
        (sympy.zoo, "IX902", "ComplexInfinity"),
        (sympy.EulerGamma, "IX902", "EulerGamma"),
        (Symbol("x", commutative=False), "IX902", "commut"),
        (x + Symbol("x", positive=True), "IX902", "two different symbols are called `x`"),
        (v[sympy.Dummy("i")] + v[i], "IX902", "two different symbols are called `i`"),
        (Sum(v[i], (i, 1, n)), "IX902", "runs from 1.*\n.*count from 0"),
        (Sum(v[i], (i, 0, n)), "IX902", "the limit n of index `i`"),
        (Sum(v[i], (i, 0, 2 * n)), "IX902", "limit"),
        (Sum(v[i], (i, 0, -3)), "IX902", "limit"),
        (Sum(v[j], (j, 0, i - 1), (i, 0, n - 1)), "IX504", "`i` is used as two kinds"),
        (v[n - 1] + Sum(v[i], (i, 0, n - 1)), "IX504", "`n` is used as two kinds"),
        (v[i * j], "IX902", "cannot stand in a slot"),
        (v[Rational(1, 2) * i], "IX902", "cannot stand in a slot"),
        (v[sympy.exp(i)], "IX902", "cannot stand in a slot"),
        (A[i] + A[i, j], "IX203", "2 slots|1"),
        (A[i] + Symbol("A"), "IX504", "`A` is used as two kinds: tensor and scalar"),
        (A[Symbol("A")], "IX504", "`A`"),
        (i * Sum(v[i], (i, 0, n - 1)), "IX504", "`i`"),
        (v[i] ** Symbol("p", integer=True), "IX902", "neither in a slot nor summed"),
        (Piecewise((x, x > 0)), "IX902", r"end it with \(value, True\)"),
        (Sum(A[i, j], (i, 0, 2)) + Sum(B[i, j] * A[i, j], (i, 0, 3)), "IX202", "extents 3 and 4|4 and 3"),
        (v[Idx("i", 3)] + Sum(v[j], (j, 0, n - 1)), "IX202", "extent"),
        (IndexedBase(Symbol("T"), shape=(3,))[i] + v[Idx("i", 4)], "IX202", "index `i`|slot 1 of T"),
        (Symbol("alpha") + Symbol("α"), "IX902", "one name"),
        (sympy.Integer(10) ** 500 * x, "IX009", "400 digits"),
        (sympy.Float("1e5000") * x, "IX009", "400 digits"),
        (sympy.MatrixSymbol("M", 2, 2), "IX902", "MatrixSymbol"),
        (KroneckerDelta(i, j, (1, 3)), "IX902", "runs from 1"),
        (KroneckerDelta(i, j, (0, 3)) * Sum(v[k] * A[k, i], (k, 0, 2)) * A[j, k], "IX202", "extents"),
        (sympy.Xor(x > 0, y > 0), "IX902", "Xor|no counterpart"),
        (sympy.Derivative(v[i], x, evaluate=False), "IX902", "doit"),
        (v[tuple([i] * 40)], "IX009", "slots"),
    ],
)
def test_what_the_language_cannot_say(e, code, message):
    with pytest.raises(ic.IndexCalcError, match=message) as error:
        from_sympy(e)
    assert error.value.diagnostics[0].code in code.split("|")
    assert error.value.diagnostics[0].hint


def test_deep_expressions_are_refused_before_python_gives_up():
    e = x
    for _ in range(150):
        e = sympy.sin(e, evaluate=False)
    with pytest.raises(ic.IndexCalcError, match="nested more than"):
        from_sympy(e)


HOSTILE = [
    "__import__('os')",
    "x y",
    "x;y",
    "x\ny",
    "2x",
    "",
    "_x",
    "x_",
    "x'",
    "x²",
    "x₀",
    r"\alpha",
    "a.b",
    "Σ(",
    "if",
    "δ",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_no_program_can_write(name):
    for e in (Symbol(name), IndexedBase(Symbol(name))[i], Sum(v[i], (i, 0, Symbol(name, integer=True) - 1))):
        with pytest.raises(ic.IndexCalcError, match=r"no name|word of the language"):
            from_sympy(e)
    if name != "x'":  # an index may carry primes
        with pytest.raises(ic.IndexCalcError, match=r"no name|word of the language"):
            from_sympy(v[Symbol(name)])


@pytest.mark.parametrize(
    "name", sorted({*OPERATORS, *KEYWORDS, *FOREIGN, "and", "or", "not", "e", "eps", "delta", "ones"})
)
def test_a_name_that_is_taken_reads_back(name):
    """Every word of the language is refused, or its text says the same thing."""
    for e in (Symbol(name), IndexedBase(Symbol(name))[i], v[Symbol(name, integer=True)]):
        try:
            found = from_sympy(e)
        except ic.IndexCalcError as error:
            assert "word of the language" in str(error) or "no name" in str(error)
            continue
        assert str(read_expression(f"{found} + 1")) == f"{found} + 1"


def test_spaces_that_are_given():
    seq, head = Space("seq", "L"), Space("head", 3)
    L = Symbol("L", integer=True)
    found = from_sympy(L * Sum(A[i, j], (j, 0, 2)) * i, spaces={"i": seq, "j": head})
    assert str(found) == "L i sum[j](A[i, j])"
    assert [s.space for s in (*found.free_indices, *found.bound_indices)] == [seq, head]
    with pytest.raises(ic.IndexCalcError, match="is given the space") as error:
        from_sympy(A[i, 0] * A[j, 0], spaces={"i": seq, "j": head})
    assert error.value.diagnostics[0].code == "IX201"
    with pytest.raises(ic.IndexCalcError, match="its space has extent 3") as error:
        from_sympy(Sum(v[j], (j, 0, 4)), spaces={"j": head})
    assert error.value.diagnostics[0].code == "IX202"


def test_one_name_over_two_extents_is_two_indices():
    found = from_sympy(Sum(v[i], (i, 0, n - 1)) * Sum(A[i, i], (i, 0, m - 1)))
    assert {str(s.space.extent) for s in found.bound_indices} == {"n", "m"}
    assert sorted(s.name for s in found.bound_indices) == ["i", "i'"]


def test_the_innermost_sum_binds():
    shadowed = Sum(v[i] * Sum(v[i], (i, 0, 2)), (i, 0, 2))
    found = from_sympy(shadowed)
    assert sorted(s.name for s in found.bound_indices) == ["i", "i'"]
    assert sympy.simplify((found.to_sympy() - shadowed).doit()) == 0
    twice = from_sympy(Sum(v[i], (i, 0, 2), (i, 0, 4)))
    assert sympy.expand(twice.to_sympy().doit() - 5 * (v[0] + v[1] + v[2])) == 0


def test_decimals_are_read_as_written():
    assert from_sympy(sympy.Float(0.1)) == Literal(Fraction(1, 10))
    assert from_sympy(sympy.Float(1, 60) / 3) != Literal(Fraction(1, 3))  # the binary value, exactly
    assert str(from_sympy(sympy.Float(1e-6) * x)) == "1e-6 x"


def test_more_than_two_branches():
    e = Piecewise((x, x > 1), (y, x > 0), (z, True))
    assert str(from_sympy(e)) == "where(x > 1, x, where(x > 0, y, z))"


def test_idx_and_shapes_tell_extents():
    T = IndexedBase(Symbol("T"), shape=(n, 3))
    assert [s.space.extent for s in from_sympy(T[i, j]).free_indices] == ["n", 3]
    assert from_sympy(v[Idx("i", 4)]).shape == (4,)
    assert str(from_sympy(Sum(v[Idx("i", 4)], (Idx("i", 4), 0, 3)))) == "sum[i](v[i])"


def test_nothing_is_parsed(monkeypatch):
    """No text reaches SymPy's parser, whatever the names are."""

    def parse(*_, **__):
        raise AssertionError("text reached SymPy's parser")

    monkeypatch.setattr("sympy.parsing.sympy_parser.parse_expr", parse)
    monkeypatch.setattr("sympy.parsing.sympy_parser.eval_expr", parse)
    name, index = Index("i", Space("__import__('os')")), "lambda"
    for tensor, slots in itertools.product((index, "E", "N", "S"), ((), (name,))):
        e = Access(tensor, slots)
        assert from_sympy(e.to_sympy(), spaces={"i": name.space}) == e
