"""Every formula of the gallery says what it is, lints clean, reads back, and agrees with torch's autograd; the emitted
NumPy runs without indexcalc."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from docs.catalogue import GALLERY, families
from indexcalc.calculus.closed import closed
from tests.autograd import close, cotangent_of, gradients, leaves

from .formulas import FORMULAS, NAMES, ORACLES, extents, program_of, setting_of, tasks_of, torch_outputs
from .structure import project

each = pytest.mark.parametrize("name", NAMES)


def test_every_formula_has_an_oracle_and_every_oracle_a_formula() -> None:
    assert set(NAMES) == set(ORACLES)


def test_every_folder_is_a_family_that_the_readme_links_to() -> None:
    assert sorted(p.parent.name for p in GALLERY.rglob("*.idx")) == sorted(n.split("/")[0] for n in NAMES)
    for family in families():
        assert family.title and family.about and family.formulas, family.name


def test_titles_are_unique() -> None:
    titles = [f.title for f in FORMULAS.values()]
    assert sorted(set(titles)) == sorted(titles)


@each
def test_it_says_what_it_is_and_lints_clean(name: str) -> None:
    formula = FORMULAS[name]
    assert formula.title and formula.about
    assert [str(d) for d in ic.lint(formula.path)] == []
    assert set(formula.wrt()) <= set(program_of(name).inputs)


@each
def test_its_text_and_its_gradients_read_back(name: str) -> None:
    program = program_of(name)
    assert ic.parse(str(program)) == program
    for task in tasks_of(name):
        assert ic.parse(str(task.gradient)) == task.gradient
        equations = closed(task.gradient, program)
        assert ic.parse(str(equations)) == equations


@each
def test_values_and_gradients_agree_with_torch(name: str) -> None:
    formula, program, setting = FORMULAS[name], program_of(name), setting_of(name)
    tensors = leaves(setting.inputs, formula.wrt())
    values = torch_outputs(formula, tensors)
    assert set(values) == set(program.outputs)
    sizes = extents(name)
    for task in tasks_of(name):
        value = values[task.output]
        cotangent = cotangent_of(value)
        given: dict[str, Any] = dict(setting.inputs)
        if task.cotangent:
            given[task.cotangent] = cotangent.numpy()
        found = ic.compile(task.gradient)(**given, sizes=sizes)
        close(found[task.output], value)
        theirs = gradients(value, [tensors[n] for n in task.wrt], cotangent, retain_graph=True)
        for n, grad in zip(task.wrt, theirs):
            tensor = program.inputs[n]
            close(found[f"grad_{n}"], project(tensor, grad.numpy()))


@each
def test_the_emitted_text_runs_without_indexcalc(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program, setting = program_of(name), setting_of(name)
    wanted = ic.compile(program)(**setting.inputs, sizes=extents(name))
    source = ic.emit(program)
    for module in [m for m in sys.modules if m.split(".")[0] == "indexcalc"]:
        monkeypatch.setitem(sys.modules, module, None)  # an import of it fails
    namespace: dict[str, Any] = {}
    exec(compile(source, name, "exec"), namespace)
    found = namespace["run"]({n: np.asarray(a) for n, a in setting.inputs.items()}, extents(name))
    assert all((found[o] == wanted[o]).all() for o in program.outputs)
