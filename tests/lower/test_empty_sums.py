"""Sums without terms: a share of each term is 0 then, as every sum, and what divides the sum behind it makes 0/0."""

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.interpret.run import run_outputs

DECLARED = "index i, j : rows(N)\nindex d, e : feat(D)\ntensor x[i, d], y[j, e], w[i], g[d]\n"
BODIES = {
    "a": ("sum[i](w[i] / N)", "sum[i](w[i] / N**2)", "sum[i](1 / N)", "mean[i](1)", "mean[i](w[i])", "sum[i](w[i]) / N",
          "sum[i, d](x[i, d]) / N / D", "mean[i](tanh(w[i]))", "mean[i, d](x[i, d] g[d])", "mean[i](mean[d](x[i, d]))"),
    "a[d]": ("sum[i](x[i, d] w[i] / N)", "mean[i](x[i, d] w[i])", "sum[i](x[i, d] w[i]) / sqrt(N)", "var[i](x[i, d])",
             "mean[i](x[i, d]) g[d] / D", "sum[i](x[i, d] / N) / D"),
    "a[d, e]": ("x[i, d] y[i, e] / N", "mean[i](x[i, d] y[i, e])", "x[i, d] y[i, e] / sqrt(N)"),
    "a[i]": ("sum[d](x[i, d] g[d] / D)", "mean[j](w[j] / N) w[i]", "softmax[i](w[i]) / N"),
}  # fmt: skip


@pytest.mark.parametrize("derived", [False, True])
@pytest.mark.parametrize(("name", "body"), [(n, b) for n, bodies in BODIES.items() for b in bodies])
def test_sums_over_nothing_are_those_of_the_interpreter(name, body, derived):
    text = f"{DECLARED}{name} = {body}\n"
    program = ic.parse(text + "output a")
    if derived:
        slots = name[1:]
        loss = f"sum{slots}(sin(a{slots}))" if slots else "sin(a)"
        read = [n for n in ("x", "w") if f"{n}[" in body]
        if not read:
            pytest.skip("a constant has no gradient")
        program = ic.grad(ic.parse(f"{text}loss = {loss}\noutput loss"), read, with_value=True)
    for sizes in ({}, {"N": 4096, "D": 64}):
        known = {n: size for n, size in sizes.items() if any(s.extent == n for s in program.spaces)}
        run = ic.compile(program, sizes=known)
        for rows in (0, 3):
            told = {s.name: rows if s.name == "rows" else 2 for s in program.spaces}
            arrays = {n: np.ones([told[s.name] for s in t.spaces]) for n, t in program.inputs.items()}
            wanted = run_outputs(program, arrays, told)
            with np.errstate(all="ignore"):
                found = run(**arrays, sizes={s.extent: told[s.name] for s in program.spaces})
            for output, value in wanted.items():
                np.testing.assert_allclose(found[output], value, rtol=1e-12, atol=1e-12, err_msg=output)


@pytest.mark.parametrize("body", ["mean[i](tanh(w[i]))", "exp(mean[i](tanh(w[i])))", "var[i](sin(w[i]))"])
def test_a_mean_of_nothing_is_nan_beside_its_gradient_too(body):
    """The value of a derived program is the one of the program as it was written, and says so in its text."""
    program = ic.parse(f"index i : rows(N)\nloss = {body}\noutput loss")
    derived = ic.grad(program, "w", with_value=True)
    for rows in (0, 3):
        arrays = {"w": np.linspace(0, 1, rows)}
        np.testing.assert_allclose(run_outputs(derived, arrays)["loss"], run_outputs(program, arrays)["loss"])
        assert np.isnan(run_outputs(derived, arrays)["loss"]) == (rows == 0)
