"""`indexcalc cost`: the figures that `ic.cost` gives."""

import indexcalc as ic

from .test_commands import ATTENTION, data, run

SIZES = ("--sizes", "L=32,D=8")


def test_cost_prints_the_table():
    shown = run("cost", ATTENTION, *SIZES).stdout
    with open(ATTENTION, encoding="utf-8") as file:
        assert shown.rstrip("\n") == str(ic.cost(file.read(), {"L": 32, "D": 8}))


def test_cost_of_a_gradient_says_what_it_adds():
    shown = run("cost", ATTENTION, *SIZES, "--grad", "Q,K,V").stdout
    assert "grad_S[i, j] = " in shown
    # the products, Q scaled, 1/sqrt(D) and O divided, in a kernel that forms no P
    assert f"takes {2 * 32 * 32 * 8 + 2 * 32 * 8 + 1:,} multiplications, this one " in shown


def test_cost_as_json():
    found = data("cost", ATTENTION, *SIZES, "--dtype", "float32")
    assert found["sizes"] == {"L": 32, "D": 8}
    assert found["dtype"] == "float32"
    assert found["flops"] == sum(s["flops"] for s in found["statements"])
    assert [s["name"] for s in found["statements"]] == ["S", "P", "O"]
    assert set(found["statements"][0]) == {
        "name", "text", "flops", "multiplications", "functions", "bytes", "peak_bytes", "matmul", "time", "intensity",
    }  # fmt: skip


def test_cost_without_sizes_is_formulas():
    shown = run("cost", ATTENTION).stdout
    assert "2 D L²" in shown and "peak  " in shown
    found = data("cost", ATTENTION, "--sizes", "L=10")
    assert found["sizes"] == {"L": 10} and "*D" in found["flops"] and "L" not in found["flops"]


def test_times_ask_for_every_size():
    shown = run("cost", ATTENTION, "--machine", "laptop", code=2).stderr
    assert "IX945" in shown and "extent `L`, extent `D`" in shown and "'L': …" in shown


def test_cost_refuses_an_unknown_dtype():
    assert "float33" in run("cost", ATTENTION, *SIZES, "--dtype", "float33", code=2).stderr


def test_cost_on_a_machine_beside_alternatives():
    asked = ("cost", ATTENTION, "--sizes", "L=1024,D=64", "--machine", "matmul=1e12", "--alternatives")
    found = data(*asked)
    assert found["time"]["bound"] in ("compute", "memory")
    assert found["machine"]["matmul"] == 1e12
    assert found["alternatives"][0]["kind"] == "kernels"
    shown = run(*asked).stdout
    assert "bound by" in shown and "in tiles" in shown and "stored" in shown
