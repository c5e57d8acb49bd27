"""What is told beside what is emitted, against counts by hand."""

from __future__ import annotations

import json

import pytest

import indexcalc as ic
from indexcalc.cost.alternatives import Alternative

GROUPS = """
index i, j : seq(L)
index d, a : feat(D)
index h : heads(H)
index g : group(G)
S[h,g,i,j] = Q[h,g,i,d] K[h,j,d] / sqrt(D)
P[h,g,i,j] = softmax[j](S[h,g,i,j])
O[h,g,i,a] = P[h,g,i,j] V[h,j,a]
"""


def found(text: str, sizes: dict[str, int], **options: object) -> list[Alternative]:
    return list(ic.cost(text, sizes, alternatives=True, **options).alternatives)  # type: ignore[arg-type]


def test_a_chain_of_products() -> None:
    (only,) = found("D[i,l] = A[i,j] B[j,k] C[k,l]", {"i": 1000, "j": 8, "k": 1000, "l": 8})
    assert (only.kind, only.about) == ("contraction", "D")
    assert only.chosen.flops == 2 * 8 * 1000 * 8 + 2 * 1000 * 8 * 8
    assert only.other.flops == 3 * 1000 * 8 * 1000 * 8


def test_a_gather_and_its_adjoint_beside_a_one_hot_matrix() -> None:
    text = "index v : vocab(V)\ninteger t[b] : vocab\ny[b, d] = E[t[b], d]"
    (gather,) = found(text, {"V": 1000, "b": 30, "d": 4})
    assert (gather.kind, gather.about, gather.chosen.flops) == ("gather", "E", 0)
    assert gather.other.flops == 2 * 30 * 1000 * 4
    assert gather.other.bytes == 8 * (30 * 1000 + 1000 * 4 + 30 * 4)
    (scatter,) = found(str(ic.grad(text, "E")), {"V": 1000, "b": 30, "d": 4})
    assert (scatter.kind, scatter.about) == ("scatter", "grad_E")
    assert (scatter.chosen.flops, scatter.other.flops) == (30 * 4, 2 * 30 * 1000 * 4)


def test_keys_and_values_that_a_group_shares() -> None:
    sizes = {"L": 8, "D": 4, "H": 2, "G": 3}
    shared = {a.about: a for a in found(GROUPS, sizes, dtype="float32") if a.kind == "shared"}
    assert shared.keys() == {"K", "V"}
    for each in shared.values():
        assert each.chosen.bytes == 4 * 2 * 8 * 4
        assert each.other.bytes == 3 * each.chosen.bytes
        assert each.chosen.flops == each.other.flops == 2 * 2 * 3 * 8 * 8 * 4
    assert not [a for a in found(GROUPS, sizes | {"G": 1}) if a.kind == "shared"]
    each_its_own = GROUPS.replace("K[h,j", "K[h,g,j").replace("V[h,j", "V[h,g,j")
    assert not [a for a in found(each_its_own, sizes) if a.kind == "shared"]


def test_kernels_beside_values_that_are_stored() -> None:
    sizes = {"L": 1024, "D": 64, "H": 2, "G": 2}
    first = found(GROUPS, sizes)[0]
    stored = ic.cost(GROUPS, sizes, without="fuse,fuse-rows")
    assert (first.kind, first.about) == ("kernels", "O")
    assert (first.other.flops, first.other.peak_bytes) == (stored.flops, stored.peak_bytes)
    assert first.chosen.peak_bytes == ic.cost(GROUPS, sizes).peak_bytes
    assert not [a for a in found(GROUPS, sizes, without="fuse,fuse-rows") if a.kind == "kernels"]


def test_nothing_to_tell() -> None:
    assert found("C[i,j] = A[i,k] B[k,j]", {"i": 2, "j": 3, "k": 4}) == []


@pytest.mark.parametrize("machine", ["matmul=1e12, bandwidth=2e10, exponentials=1e9", "FILE"])
def test_least_times(machine: str, tmp_path) -> None:
    if machine == "FILE":
        path = tmp_path / "machine.json"
        path.write_text(json.dumps({"matmul": 1e12, "bandwidth": 2e10, "exponentials": 1e9}), encoding="utf-8")
        machine = str(path)
    text = "index i, j, k : n(N)\nC[i,j] = A[i,k] B[k,j]\nE[i,j] = exp(C[i,j])\nF[i,j] = E[i,j] + A[i,j]\noutput F"
    cost = ic.cost(text, {"N": 1000}, machine=machine, without="fuse,fuse-rows")
    assert [s.time.bound for s in cost.statements if s.time] == ["compute", "compute", "memory"]
    seconds = [s.time.seconds for s in cost.statements if s.time]
    assert seconds == pytest.approx([2e9 / 1e12, 1e6 / 1e9, 3 * 8e6 / 2e10])
    assert cost.time is not None
    assert cost.time.seconds == pytest.approx(sum(seconds))
    assert cost.intensity == pytest.approx((2e9 + 1e6 + 1e6) / (24e6 + 16e6 + 24e6))
    shown = str(cost).splitlines()
    assert shown[0].split()[-5:] == ["FLOP/B", "at", "least", "bound", "by"]
    assert shown[1].split()[-3:] == ["2", "ms", "compute"]


@pytest.mark.parametrize(
    ("machine", "message"),
    [
        ("desktop", "no machine `desktop` is known"),
        ("matmul=fast", "a machine's matmul is a number above 0, not 'fast'"),
        ("matmul=0", "a number above 0"),
        ("speed=1", "a machine has no figure `speed`"),
        ("/nowhere/machine.json", "cannot be read"),
        (7, "given as text, not as int"),
    ],
)
def test_machines_that_are_refused(machine: object, message: str) -> None:
    with pytest.raises(ic.IndexCalcError, match=message):
        ic.cost("y[i] = x[i]", {"i": 3}, machine=machine)  # type: ignore[arg-type]
