"""Every command, with good input: what it prints and how it exits."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import indexcalc as ic
from indexcalc.calculus import tell
from indexcalc.cli.main import COMMANDS, cli
from indexcalc.lint.registry import rules
from indexcalc.lower.passes import ORDER
from indexcalc.rewrite.rules import collect

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
ATTENTION = str(EXAMPLES / "attention.idx")
BROKEN = str(EXAMPLES / "broken_attention.idx")
QUADRATIC = "L = x[i] A[i,j] x[j]"


def run(*arguments, text=None, code=0):
    done = CliRunner().invoke(cli, list(arguments), input=text, prog_name="indexcalc")
    assert "Traceback" not in done.output + done.stderr
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == code, done.output + done.stderr
    return done


def data(*arguments, text=None, code=0):
    return json.loads(run(*arguments, "--format", "json", text=text, code=code).stdout)


# ---- help -----------------------------------------------------------------------------------------------------------
def test_the_help_names_every_command_and_says_what_it_does():
    shown = run("--help").stdout
    for name in COMMANDS:
        assert re.search(rf"^  {name} +[A-Z].*[.]", shown, re.MULTILINE), name


@pytest.mark.parametrize("name", COMMANDS)
def test_each_help_has_an_example_or_says_how_it_ends(name):
    shown = run(name, "--help").stdout
    assert f"indexcalc {name}" in shown
    assert "\b" not in shown


def test_the_version():
    assert run("--version").stdout.strip() == f"indexcalc {ic.__version__}"


# ---- lint -----------------------------------------------------------------------------------------------------------
def test_lint_shows_the_place():
    shown = run("lint", BROKEN, code=1).stdout
    assert f"{BROKEN}:6:1: error IX101" in shown
    assert "6 | S[i, j] = Q[i, d] K[k, d]" in shown
    assert re.search(r"\| \^+ +~+\n", shown)
    assert shown.rstrip().endswith("Found 1 error in 1 file. Explain: indexcalc explain IX101")


def test_lint_of_a_folder_of_text_and_of_standard_input():
    assert run("lint", str(EXAMPLES), "--exclude", "mistakes", code=1).stdout.count("error IX") == 1
    assert run("lint", QUADRATIC).stdout == "No findings in 1 source.\n"
    assert "<stdin>:1:8" in run("lint", "-", text="y[i] = (x[i]", code=1).stdout
    assert run("lint", "-", text="").stdout == "No findings in 1 source.\n"


def test_lint_counts_over_several_sources():
    shown = run("lint", BROKEN, "a / b c", "y = x[i] y[i] z[i]", code=1).stdout
    assert "Found 2 errors and 2 warnings in 2 sources." in shown


def test_a_warning_is_a_finding():
    assert run("lint", "y = a / b c", code=1)


def test_strict():
    assert "IX501" in run("lint", "--strict", QUADRATIC, code=1).stdout


def test_lint_json_is_as_documented():
    found = data("lint", BROKEN, ATTENTION, code=1)
    (finding,) = found.pop("findings")
    counts = {"errors": 1, "warnings": 0, "notes": 0, "by_code": {"IX101": 1}, "by_file": {str(BROKEN): 1}}
    assert found == {"files": 2, **counts}
    assert set(finding) == {"file", "cell", "code", "severity", "message", "span", "label", "labels", "why", "hint",
                            "fix", "fix_span", "fix_safe"}  # fmt: skip
    assert finding["span"] == {"line": 6, "column": 1, "end_line": 6, "end_column": 8, **between(BROKEN, "S[i, j]")}
    assert finding["labels"][0]["text"] == "has k"


def between(path, text):
    start = Path(path).read_text(encoding="utf-8").index(text)
    return {"start": start, "end": start + len(text)}


# ---- explain --------------------------------------------------------------------------------------------------------
def test_explain():
    shown = run("explain", "ix103").stdout
    assert shown.startswith("IX103 index-thrice (error)")
    assert "y = a[k] b[k] c[k]" in shown
    assert "y = sum[k](a[k] b[k] c[k])" in shown


def test_explain_alone_lists_every_code():
    shown = run("explain").stdout
    assert re.findall(r"^IX\d{3}", shown, re.MULTILINE) == list(rules())
    assert [entry["code"] for entry in data("explain")] == list(rules())


def test_explain_json():
    page = data("explain", "IX101")
    assert set(page) == {"code", "name", "severity", "profiles", "summary", "why", "language", "bad", "good", "right",
                         "fix", "source"}  # fmt: skip


def test_explain_shows_everything_that_a_rule_has():
    every = run("explain", "--list").stdout
    assert every == run("explain").stdout
    for rule in rules().values():
        shown = " ".join(run("explain", rule.code).stdout.split())
        assert rule.code in every
        for text in (rule.right, rule.fix, *(f"{name}: {severity}" for name, severity in rule.profiles.items())):
            assert " ".join(text.split()) in shown, rule.code
    assert "exclude each other" in run("explain", "IX101", "--list", code=2).stderr


@pytest.mark.parametrize(("code", "near"), [("IX104x", "IX104"), ("thrice", "IX103"), ("IX29", "IX2")])
def test_explain_of_an_unknown_code_offers_near_ones(code, near):
    assert near in run("explain", code, code=2).stderr


@pytest.mark.parametrize("family", ["IX9", "ix90"])
def test_explain_of_a_family_lists_it(family):
    codes = [code for code in rules() if code.startswith(family.upper())]
    assert len(codes) > 1
    assert [entry["code"] for entry in data("explain", family)] == codes
    assert re.findall(r"^IX\d{3}", run("explain", family).stdout, re.MULTILINE) == codes


def test_explain_takes_a_rule_by_its_name():
    for rule in rules().values():
        assert data("explain", rule.name)["code"] == rule.code


def test_explain_of_nonsense():
    assert "lists all codes" in run("explain", "zzz", code=2).stderr


# ---- derive ---------------------------------------------------------------------------------------------------------
def test_derive_prints_the_program_and_what_is_given():
    shown = run("derive", ATTENTION, "--wrt", "Q,K,V").stdout
    assert shown.startswith("given   grad_O[i,a] and ")
    for name in ("grad_Q[i,d]", "grad_K[j,d]", "grad_V[j,a]"):
        assert re.search(rf"^{re.escape(name)} = ", shown, re.MULTILINE)
    assert "from O = P V" in shown


def test_derive_with_steps_names_rules_and_laws():
    shown = run("derive", QUADRATIC, "--wrt", "x", "--steps").stdout
    assert re.search(r"^  1   ", shown, re.MULTILINE)
    for told in ("product rule", "component rule", "delta contraction"):
        assert told in shown
    assert shown.index("product rule") < shown.index("delta contraction")


def test_derive_without_wrt_takes_every_real_input():
    text = "index v : vocab(V)\ninteger tok[b] : vocab\nL = E[tok[b], d] w[d] u[b]"
    assert data("derive", text)["outputs"] == ["grad_E", "grad_w", "grad_u"]


def test_derive_json_is_a_program_that_reads_back():
    found = data("derive", ATTENTION, "--wrt", "Q,V", "--steps")
    assert set(found) == {"given", "statements", "outputs", "notes", "program", "multiplication_ratio"}
    assert found["given"] == ["grad_O[i,a]"]
    assert 1 < found["multiplication_ratio"] < 2.5
    assert found["outputs"] == ["grad_Q", "grad_V"]
    assert ic.parse(found["program"]).outputs == ("grad_Q", "grad_V")
    last = found["statements"][-1]
    assert set(last) == {"name", "indices", "text", "latex", "find", "note", "matrix_form", "steps"}
    step = next(s["steps"] for s in found["statements"] if s["steps"])[0]
    assert set(step) == {"target", "rule", "title", "law", "before", "after", "changed", "latex", "note"}


@pytest.mark.parametrize(
    ("kind", "given", "line"),
    [
        ("jacobian", [], "jac_x[i,j] = 2 A[i,j] relu(x[j]) (x[j] > 0)"),
        ("jvp", ["tangent_A[i,j]", "tangent_x[j]"], "tangent_y"),
    ],
)
def test_derive_other_kinds_than_the_gradient(kind: str, given: list[str], line: str):
    text = "y[i] = A[i,j] relu(x[j])**2"
    assert line in run("derive", text, "--kind", kind, "--wrt", "A,x" if given else "x").stdout
    found = data("derive", text, "--kind", kind, "--wrt", "A,x" if given else "x", "--steps")
    assert sorted(found["given"]) == given
    assert all(s["steps"] for s in found["statements"] if s["name"] in found["outputs"])


def test_derive_notes_what_it_chose_in_every_format():
    text = "L = sum[i](relu(x[i])**2)"
    shown = run("derive", text, "--kind", "hessian").stdout
    assert "hess_x[i,i'] = 2 (x[i] > 0) delta[i,i']" in shown
    told = ("relu has no derivative at 0", "the gradient's Jacobian is found in forward mode")
    for shape in ("text", "latex", "markdown", "json"):
        page = run("derive", text, "--kind", "hessian", "--format", shape).stdout
        assert all(note in page for note in told), shape
    assert "note: relu" in shown and data("derive", text, "--kind", "hvp")["given"] == ["tangent_x[i]"]


@pytest.mark.parametrize("kind", ["gradient", "hessian"])
def test_derive_checks_its_steps(kind):
    shown = run("derive", "L = x[i] A[i,j] x[j]", "--wrt", "x", "--check-steps", "--kind", kind).stdout
    assert "product rule" in shown
    assert re.search(r"checked +each line against the one before at 3 random points, ≤ \de-1[5-9]|≤ 0e\+00", shown)
    assert ("complex step" in shown) == (kind == "gradient")
    found = data("derive", "L = x[i] A[i,j] x[j]", "--wrt", "x", "--check-steps")["checked"]
    assert found["passed"] and found["failures"] == []
    assert {s["number"] for s in found["steps"]} == {0, 1, 2, 3, 4}


def test_a_wrong_step_is_shown_and_fails(monkeypatch):
    wrong = replace(collect.collect_factors, apply=lambda node, context: 3 * node.terms[0] if node.terms[1:] else None)
    rules = tuple(wrong if r is collect.collect_factors else r for r in tell.RULES)
    monkeypatch.setattr(tell, "RULES", rules)
    done = run("derive", "L = x[i] A[i,j] x[j]", "--wrt", "x", "--check-steps", code=1)
    assert "DOES NOT HOLD: off by" in done.stdout
    assert "error: step 4 of `grad_x` does not hold" in done.stderr


def test_derive_in_closed_form():
    shown = run("derive", "L = sum[n,k]((X[n,i] W[i,k] - Y[n,k])**2)", "--wrt", "W", "--form", "closed").stdout
    assert shown.startswith("grad_W[i,k] = 2 X[n,i] (W[j,k] X[n,j] - Y[n,k])\nmatrix form   grad_W = 2 X")
    found = data("derive", ATTENTION, "--wrt", "Q", "--form", "closed")
    assert "grad_S" not in found["program"]
    assert ic.parse(found["program"]).outputs == ("grad_Q",)


def test_derive_takes_the_output_to_differentiate():
    text = "y = x[i] x[i]\nz = x[i] w[i]\noutput y, z"
    assert "grad_x[i] = w[i]" in run("derive", text, "--wrt", "x", "--of", "z").stdout
    assert "choose one" in run("derive", text, "--wrt", "x", code=2).stderr


# ---- simplify -------------------------------------------------------------------------------------------------------
def test_simplify():
    assert run("simplify", "sum[j](delta[i,j] x[j])").stdout == "x[i]\n"
    assert run("simplify", "-", text="sum[j](delta[i,j] x[j])\n").stdout == "x[i]\n"
    assert run("simplify", "sum[i](delta[i,i])", "--given", "index i : n(N)").stdout == "N\n"
    assert "delta contraction" in run("simplify", "sum[j](delta[i,j] x[j])", "--steps").stdout
    found = data("simplify", "diff(x[i] x[i], x[k])")
    assert found["result"] == "2 x[k]"
    assert found["steps"][-1]["after"] == "2 x[k]"


# ---- emit -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("backend", "library"), [("numpy", "numpy"), ("torch", "torch"), ("cupy", "cupy")])
def test_emit_prints_source_that_compiles(backend, library):
    shown = run("emit", ATTENTION, "--backend", backend, "--grad", "Q,K,V").stdout
    assert f"import {library}" in shown
    compile(shown, "emitted", "exec")


def test_emit_writes_a_file(tmp_path):
    path = tmp_path / "out.py"
    assert run("emit", "β[i] = 2 α[i]", "-o", str(path)).stdout == ""
    assert path.read_text(encoding="utf-8") == ic.emit("β[i] = 2 α[i]")


def test_emit_with_value():
    shown = run("emit", QUADRATIC, "--grad", "x", "--with-value").stdout
    assert "'L'" in shown
    assert "'grad_x'" in shown
    assert "needs --grad" in run("emit", QUADRATIC, "--with-value", code=2).stderr


# ---- emit: what lowering did ----------------------------------------------------------------------------------------
def test_emit_explains_each_pass_in_order():
    lines = run("emit", ATTENTION, "--sizes", "L=512,D=64", "--explain").stdout.splitlines()
    assert lines[0].startswith("sizes: ") and "L = 512" in lines[0] and "D = 64" in lines[0]
    assert re.fullmatch(r"lowering: \d+ operations", lines[1])
    assert [x.split(":")[0] for x in lines[2:] if not x.startswith("  - ")] == list(ORDER)
    found = data("emit", ATTENTION, "--sizes", "L=512,D=64", "--explain")
    assert found["backend"] == "numpy" and found["sizes"]["L"] == 512 and found["operations"] > 0
    assert [p["name"] for p in found["passes"]] == list(ORDER)
    assert all(not p["left_out"] and p["summary"] for p in found["passes"])


def test_emit_leaves_passes_out_and_says_so():
    name = ORDER[-1]
    assert f"{name}: left out" in run("emit", ATTENTION, "--explain", "--without", name).stdout.splitlines()
    found = data("emit", ATTENTION, "--explain", "--without", f"{name}, {ORDER[0]}")
    assert [p["name"] for p in found["passes"] if p["left_out"]] == list(dict.fromkeys([ORDER[0], name]))
    assert run("emit", QUADRATIC, "--without", name).stdout.rstrip() == ic.emit(QUADRATIC, without=name).rstrip()
    assert "no pass `fuze`" in run("emit", QUADRATIC, "--without", "fuze", code=2).stderr


def test_emit_stops_after_a_pass_and_prints_the_operations():
    program = "y[i] = exp(x[i])"
    shown = run("emit", program, "--stop-after", "lowering").stdout
    assert shown == "v0[i] = input x\nv1[i] = exp(v0[i])  # y\noutput y[i] = v1[i]\n"
    assert data("emit", program, "--stop-after", "lowering")["graph"] == shown.rstrip()
    both = run("emit", program, "--stop-after", ORDER[0], "--explain").stdout
    assert f"\n{ORDER[0]}: " in both and both.endswith(f"\n\n{shown}")
    assert all(f"\n{name}: " not in both for name in ORDER[1:])
    assert "no pass `loweringg`" in run("emit", QUADRATIC, "--stop-after", "loweringg", code=2).stderr


def test_emit_as_json_holds_the_source():
    assert data("emit", QUADRATIC) == {"backend": "numpy", "source": ic.emit(QUADRATIC)}


# ---- run ------------------------------------------------------------------------------------------------------------
def test_run_on_files(tmp_path):
    rng = np.random.default_rng(0)
    a, x = rng.normal(size=(3, 4)), rng.normal(size=4)
    np.save(tmp_path / "a.npy", a)
    np.savez(tmp_path / "more.npz", x=x, other=a)
    inputs = ["--input", f"A={tmp_path / 'a.npy'}", "--input", str(tmp_path / "more.npz")]
    out = tmp_path / "out.npz"
    shown = run("run", "y[i] = A[i,j] x[j]", *inputs, "-o", str(out)).stdout
    assert shown.startswith("y[i=3] float64\n")
    np.testing.assert_allclose(np.load(out)["y"], a @ x, rtol=1e-14)
    found = data("run", "y[i] = A[i,j] x[j]", *inputs)
    assert found["outputs"]["y"]["shape"] == [3]
    np.testing.assert_allclose(found["outputs"]["y"]["values"], a @ x, rtol=1e-14)


def test_run_at_random_is_repeatable_and_keeps_to_declarations():
    text = "index v : vocab(5)\ninteger tok[b] : vocab\ntensor S[i, j] symmetric\n"
    text += "y[i, j] = S[i, j] - S[j, i]\nz[b, d] = E[tok[b], d]"
    first = data("run", text, "--random", "--seed", "3", "--sizes", "i=4,b=20")
    assert first == data("run", text, "--random", "--seed", "3", "--sizes", "i=4,b=20")
    assert first != data("run", text, "--random", "--seed", "4", "--sizes", "i=4,b=20")
    assert np.array(first["outputs"]["y"]["values"]).shape == (4, 4)
    assert not np.any(first["outputs"]["y"]["values"])
    assert first["outputs"]["z"]["shape"][0] == 20


def test_run_draws_only_what_is_missing(tmp_path):
    np.save(tmp_path / "x.npy", np.array([1.0, 2.0]))
    found = data("run", "y[i] = x[i]\nz[i] = x[i] w[i]\noutput y, z", "--input", f"x={tmp_path / 'x.npy'}", "--random")
    assert found["outputs"]["y"]["values"] == [1.0, 2.0]
    assert found["outputs"]["z"]["shape"] == [2]


def test_run_with_sizes_that_no_array_tells():
    found = data("run", "index i, j : n(N)\ny[i, j] = delta[i, j]", "--sizes", "N=2")
    assert found["outputs"]["y"]["values"] == [[1.0, 0.0], [0.0, 1.0]]


def test_run_json_holds_no_bare_nan():
    shown = run("run", "y[i] = log(-x[i]**2)", "--random", "--format", "json").stdout
    assert json.loads(shown)["outputs"]["y"]["values"][0] == "nan"


def test_run_of_a_gradient():
    found = data("run", QUADRATIC, "--random", "--grad", "x", "--with-value", "--sizes", "i=3")
    assert list(found["outputs"]) == ["L", "grad_x"]


def test_outputs_may_have_any_name(tmp_path):
    out = tmp_path / "o.npz"
    run("run", "file[i] = 2 x[i]", "--random", "-o", str(out))
    assert np.load(out).files == ["file"]


# ---- verify ---------------------------------------------------------------------------------------------------------
def test_verify_prints_the_table_and_agrees():
    shown = run("verify", QUADRATIC, "--sizes", "i=4", "--seed", "1").stdout
    assert re.search(r"^grad_x +complex step", shown, re.MULTILINE)
    assert shown.rstrip().endswith("verified")
    found = data("verify", QUADRATIC, "--wrt", "A")
    assert found["passed"] is True
    assert [row["name"] for row in found["rows"] if row["kind"] == "gradient"] == ["grad_A"]


def test_a_false_claim_exits_with_1():
    shown = run("verify", "y[i] = 2 x[i]\ny[i] == x[i]", code=1).stdout
    assert "FAILED" in shown
