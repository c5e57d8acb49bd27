"""Measuring, judging and keeping."""

import json
from dataclasses import replace

import pytest

from benchmarks import kept, run
from benchmarks.speed import judge, latency, measure
from benchmarks.speed.catalogue import WORKLOADS
from benchmarks.speed.compiling import long_program, network
from benchmarks.speed.measure import Effort, Measured
from benchmarks.speed.processes import Process, WorkerFailedError
from benchmarks.speed.workload import Aim
from benchmarks.table import Line, cells, faster, leaner, within
from docs import performance

SWIGLU = WORKLOADS["swiglu"]
SHORT = Effort(rounds=2, quiet=0.0)


def calls(*milliseconds, peak=None, others=0.0):
    found = Measured([(1e-3 * ms, others) for ms in milliseconds])
    found.peaks = [] if peak is None else [peak * 2**20]
    return found


def test_contenders_are_measured_in_processes_of_their_own():
    tiny = replace(SWIGLU, sizes=SWIGLU.tiny, peers={"NumPy by hand": SWIGLU.peers["NumPy by hand"]})
    found = measure.measured(tiny, SHORT, lambda what: None)
    for who in ("numpy", "NumPy by hand"):
        assert not found[who].missing
        assert len(found[who].calls) == 2
        assert 0 < found[who].minimum <= found[who].median
        assert found[who].error < 1e-5


class Told:
    """A process that gives one answer."""

    def __init__(self, answer):
        self.answer = answer

    def ask(self, what, patience):
        return self.answer


def test_a_contender_that_is_wrong_is_not_timed():
    told = {"compile": 0.1, "first": 0.2, "errors": {"y": 1e-7, "grad_x": 0.5}}
    with pytest.raises(WorkerFailedError, match=r"wrong: grad_x is off by 5\.0e-01"):
        measure._prepare(Told(told), Measured(), SWIGLU, SHORT)
    with pytest.raises(WorkerFailedError, match="wrong: grad_x"):
        measure._prepare(Told({**told, "errors": {"grad_x": float("nan")}}), Measured(), SWIGLU, SHORT)
    right = Measured()
    measure._prepare(Told({**told, "errors": {"y": 1e-7, "grad_x": 1e-6}}), right, SWIGLU, SHORT)
    assert right.error == 1e-6


def test_a_process_says_why_it_failed(tmp_path):
    process = Process("swiglu", SWIGLU.tiny, "numpy", tmp_path, 60)
    try:
        with pytest.raises(WorkerFailedError, match=r"AttributeError: .*nothing"):
            process.ask("nothing", 60)
        with pytest.raises(WorkerFailedError, match="took more than 0 s"):
            process.ask("prepare", 0.0)
    finally:
        process.close()
    with pytest.raises(WorkerFailedError, match="KeyError: 'nobody'"):
        Process("swiglu", SWIGLU.tiny, "nobody", tmp_path, 60)


def test_disturbed_calls_do_not_count_where_three_others_do():
    busy = [(9.0, 0.5), (8.0, 0.4)]
    assert Measured([(1.0, 0.0), (2.0, 0.01), (3.0, 0.07), *busy]).median == 2.0
    assert Measured([(1.0, 0.0), *busy]).median == 8.0  # the three least disturbed
    assert Measured([(1.0, 0.0), *busy]).data()["disturbed"]
    assert not calls(1, 2, 3).data()["disturbed"]


def test_aims_are_judged_by_the_fastest():
    work = replace(SWIGLU, aims=(Aim("fastest", "fastest", 1.1), Aim("numpy", "jax.jit", 2.0)), matmul=10**9)
    found = {
        "numpy": calls(20),
        "cpp": calls(10),
        "torch eager": calls(12),
        "torch.compile": Measured(missing="not installed"),
        "jax.jit": calls(30),
        "NumPy by hand": calls(1),
    }
    best, numpy = judge.lines(work, found, 1e12)
    assert (best.by, best.peer, best.ratio, best.verdict) == ("cpp", "torch eager", pytest.approx(1.2), "met")
    assert best.product_rate == pytest.approx(0.1)
    assert (numpy.by, numpy.ratio, numpy.verdict) == ("numpy", pytest.approx(1.5), "MISSED")


def test_memory_is_that_of_the_fastest():
    work = replace(
        SWIGLU, aims=(Aim("fastest", "fastest", 0.35, of="memory"), Aim("fastest", of="memory", bytes=2**27))
    )
    found = {"numpy": calls(10, peak=100), "cpp": calls(20, peak=1), "torch eager": calls(12, peak=200)}
    share, limit = judge.lines(work, found, None)
    assert (share.ours, share.theirs, share.ratio, share.verdict) == (100, 200, 0.5, "MISSED")
    assert (limit.ours, limit.verdict, limit.aim) == (100, "met", "≤ 128 MiB")


def test_what_is_missing_is_missed_and_without_a_peer_nothing_is_said():
    found = {"numpy": Measured(missing="too long"), "torch eager": calls(12)}
    line = judge.lines(replace(SWIGLU, aims=(Aim("numpy", "torch eager"),)), found, None)[0]
    assert (line.verdict, cells(line)[1]) == ("MISSED", "too long")
    found = {"numpy": calls(10), "torch eager": Measured(missing="not installed")}
    line = judge.lines(replace(SWIGLU, aims=(Aim("numpy", "torch eager"),)), found, None)[0]
    assert (line.verdict, cells(line)[4]) == ("", "not installed")


def test_ratios_say_how_many_times_as_fast_and_what_share_of_memory():
    assert faster(Line("a", 10.0, "b", 15.0), 1.5).verdict == "met"
    assert faster(Line("a", 10.0, "b", 14.0), 1.5).verdict == "MISSED"
    assert leaner(Line("a", 10.0, "b", 20.0, unit="MiB"), 0.5).verdict == "met"
    assert leaner(Line("a", 11.0, "b", 20.0, unit="MiB"), 0.5).verdict == "MISSED"
    assert within(Line("a", 10.0), 10).verdict == "met"
    assert within(Line("a", None), 10).verdict == "MISSED"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(kept, "ROOT", tmp_path)
    monkeypatch.setattr(kept, "RESULTS", tmp_path / "cpu.json")
    return tmp_path


def test_results_are_kept_row_by_row_and_shown(folder):
    first = run.Row([Line("layers", 12.34567, "somebody", 24.7)])
    mine = calls(12, peak=3)
    mine.cpu = [0.04, 0.03]
    figures = {"numpy": mine.data(), "other": Measured(missing="not installed").data()}
    second = run.Row([Line("gates", 5.0)], "Gates of all kinds", figures, 1e11)
    rates = {"product, NumPy": 123.4}
    kept.write({"layer": first}, rates, ("gate", "layer"))
    kept.write({"gate": second}, rates, ("gate", "layer"))
    data = json.loads((folder / "cpu.json").read_text("utf-8"))
    assert list(data["rows"]) == ["gate", "layer"]
    assert data["rows"]["layer"]["lines"][0]["ours"] == 12.35
    page = (folder / "docs" / "performance.md").read_text("utf-8")
    assert page == performance.page()
    for part in (
        "| layers | 12.3 ms |",
        "2.00 ×",
        "### Gates of all kinds",
        "| numpy | 12.0 ms | 12.0 ms | 30.0 ms | 3 MiB |",
    ):
        assert part in page
    assert "Not measured: other: not installed." in page
    assert "product, NumPy 123 GFLOP/s" in page


def test_rows_are_chosen_by_parts_of_their_names():
    assert run.chosen(("layer-norm", "derive-gpt")) == ["derive-gpt", "layer-norm"]
    assert [n for n in run.chosen(("attention",)) if "attention" not in n] == []
    with pytest.raises(run.click.UsageError, match="no row is called so"):
        run.chosen(("nothing",))


def test_compile_latency_counts_what_is_left_to_the_first_call():
    times = [{"parse": 0.1, "grad": 0.2, "compile": 0.05, "first": 2.5, "second": 0.5}]
    assert latency._compile(times) == pytest.approx(2050)
    assert latency._others(times) == "parse 100 ms, grad 200 ms, first 2500 ms, second 500 ms"


def test_long_programs_have_as_many_statements_as_asked():
    assert sum(" = " in line for line in long_program(100).splitlines()) == 100


def test_networks_are_closed_and_three_regular():
    tensors = [part.partition("[")[2].rstrip("]").split(", ") for part in network(20).split(" T")]
    assert [len(slots) for slots in tensors] == [3] * 20
    edges = [edge for slots in tensors for edge in slots]
    assert {edges.count(edge) for edge in edges} == {2}
