"""Random expressions through SymPy and back: the formula is the same, however SymPy has arranged it."""

from hypothesis import given, settings
from hypothesis import strategies as st

import indexcalc as ic
from indexcalc.ir.wellformed import check_expression

from . import strategies

TENSORS = {t.name: t.spaces for t in strategies.TENSORS if t.name != "max"}
SPACES = {i.name: i.space for i in strategies.INDICES}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_same_formula_comes_back(data):
    e = data.draw(strategies.expressions(strategies.Scope((strategies.I, strategies.D), TENSORS)))
    try:
        formula = e.to_sympy()
    except ic.IndexCalcError as error:
        assert error.diagnostics[0].code in ("IX902", "IX204")
        return
    back = ic.from_sympy(formula, spaces=SPACES)
    check_expression(back)
    assert back.free <= e.free  # SymPy may cancel
    assert back.to_sympy() == formula
