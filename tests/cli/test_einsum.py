"""`indexcalc einsum`."""

import pytest

from .test_commands import data, run

SIZES = "b=2,q=128,h=8,d=64,k=128"


def test_the_page_of_a_contraction():
    shown = run("einsum", "bqhd,bkhd->bhqk", "--sizes", SIZES, "--names", "Q,K,S").stdout
    assert shown == (
        "S[b,h,q,k] = Q[b,q,h,d] K[b,k,h,d]   "
        "batched matmul (b, h), contracts d, transposes q and h, k and h\n"
        "result      2×8×128×128 (1.0 MiB float32)   33.6 MFLOP   1.0 MiB read   16 FLOP/byte\n"
        "gradients   bhqk,bkhd->bqhd\n"
        "            bhqk,bqhd->bkhd\n"
        "layout      Q: h inside, each matmul reads rows 2.0 KiB apart; in (b, h, q, d) each matrix is in one piece\n"
        "            K: h inside, each matmul reads rows 2.0 KiB apart; in (b, h, k, d) each matrix is in one piece\n"
        "taken by    numpy, torch, jax, opt_einsum, cupy, tensorflow\n"
    )


def test_json():
    found = data("einsum", "ij,jk,kl->il", "--sizes", "i=10,j=20,k=30,l=2", "--dtype", "float64")
    assert found["shape"] == [10, 2]
    assert found["flops"] == 3200
    assert found["bytes_written"] == 160
    assert found["order"] == [[1, 2], [0, 1]]
    assert found["gradients"][0] == {"einsum": "il,jk,kl->ij", "note": ""}
    assert found["targets"]["torch"] == {"valid": True, "shape": [10, 2]}


def test_a_target_that_refuses_is_exit_1():
    shown = run("einsum", "...i->i", "--target", "numpy,torch", code=1).stdout
    assert "taken by    torch\n" in shown
    assert "refused     numpy: numpy sums no axes of an ellipsis" in shown
    assert "tensorflow" not in shown
    run("einsum", "...i->i", "--target", "torch")
    assert data("einsum", "βγ->γ", "--target", "numpy", code=1)["targets"]["numpy"]["start"] == 0


def test_names_are_judged_by_those_who_read_names():
    assert "taken by    einops, fancy_einsum\n" in run("einsum", "batch seq d, d e -> batch seq e").stdout
    assert "refused     einops: einops.einsum needs `->`" in run("einsum", "batch d, d e").stdout
    assert "refused     numpy" in run("einsum", "batch seq d, d e -> batch seq e", "--target", "numpy", code=1).stdout


def test_a_pattern_of_einops():
    shown = run("einsum", "b (h d) -> b h d", "--dialect", "einops.rearrange", "--sizes", "h=4").stdout
    assert shown == "parts an axis into h d\ntaken by    einops\n"
    assert "refused     einops: `d` is lost" in run("einsum", "b d -> b", "--dialect", "einops.rearrange").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ij,jk->iz",), "1:9: error IX505: the output's `z` is in no operand"),
        (("ij.k",), "1:3: error IX505: dots stand only in"),
        (("ij,jk", "--sizes", "i=2"), "IX945: the size of `j` and `k` is not given"),
        (("ij", "--target", "matlab"), "no target 'matlab'"),
        (("ij", "--dialect", "matlab"), "no dialect 'matlab'"),
    ],
)
def test_refusals(arguments, message):
    assert message in run("einsum", *arguments, code=2).stderr
