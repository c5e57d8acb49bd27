"""The CPU's primitives against NumPy: numbers, fragments, products, and whole kernels under every schedule."""

from __future__ import annotations

import numpy as np
import pytest

from indexcalc.backends.cupy.runner import Kernels, Schedule, mutations, schedules
from indexcalc.backends.cupy.support import primitives_cpu
from indexcalc.diagnostics import IndexCalcError

from ..cpp.batch import skip_without_compiler
from .kernels import FAMILIES, Family

RNG = np.random.default_rng(0)
TEXT = r"""
extern "C" __global__ void convert(const float* x, ix_u16* bf16, ix_u16* f16, ix_u32* tf32, float* back, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  bf16[i] = ix_to_bf16(x[i]);
  f16[i] = ix_to_f16(x[i]);
  tf32[i] = ix_to_tf32(x[i]);
  const ix_u32 pair = ix_pack_bf16(x[i], 2 * x[i]), other = ix_pack_f16(x[i], 2 * x[i]);
  back[4 * i] = ix_low_bf16(pair), back[4 * i + 1] = ix_high_bf16(pair);
  back[4 * i + 2] = ix_low_f16(other), back[4 * i + 3] = ix_high_f16(other);
}
extern "C" __global__ void widen(const ix_u16* x, float* f16, float* bf16, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  f16[i] = ix_from_f16(x[i]);
  bf16[i] = ix_from_bf16(x[i]);
}
extern "C" __global__ void functions(const float* x, float* y, int n) {
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    y[i] = ix_exp2(x[i]);
    y[n + i] = ix_log2(x[i]);
    y[2 * n + i] = ix_tanh(x[i]);
    y[3 * n + i] = ix_max(x[i], x[n - 1 - i]);
  }
}
extern "C" __global__ void fragments(const ix_u32* rows, ix_u32* plain, ix_u32* transposed) {
  __shared__ __align__(16) ix_u32 tile[32 * 4];
  for (int k = 0; k < 4; ++k) tile[4 * threadIdx.x + k] = rows[4 * threadIdx.x + k];
  __syncthreads();
  ix_u32 word[4];
  ix_ldmatrix(word, tile + 4 * threadIdx.x);
  for (int i = 0; i < 4; ++i) plain[4 * threadIdx.x + i] = word[i];
  ix_ldmatrix_transposed(word, tile + 4 * threadIdx.x);
  for (int i = 0; i < 4; ++i) transposed[4 * threadIdx.x + i] = word[i];
}
extern "C" __global__ void multiply_fragments(const ix_u32* a, const ix_u32* b, float* c) {
  const int lane = threadIdx.x;
  ix_u32 words[4];
  float sum[4];
  for (int i = 0; i < 4; ++i) words[i] = a[4 * lane + i], sum[i] = c[4 * lane + i];
  MULTIPLY(sum, words, b[2 * lane], b[2 * lane + 1]);
  for (int i = 0; i < 4; ++i) c[4 * lane + i] = sum[i];
}
extern "C" __global__ void reduce(const float* x, float* sums, float* maxima) {
  const int i = threadIdx.x;
  sums[i] = ix_warp_sum(x[i]), sums[blockDim.x + i] = ix_warp_sum<4>(x[i]);
  maxima[i] = ix_warp_max(x[i]), maxima[blockDim.x + i] = ix_warp_max<4>(x[i]);
}
extern "C" __global__ void add(float* sum, ix_u32* bf16, ix_u32* f16) {
  ix_atomic_add(sum, 1.0f);
  ix_atomic_add_bf16(bf16, ix_pack_bf16(1.0f, -0.5f));
  ix_atomic_add_f16(f16, ix_pack_f16(2.0f, 0.25f));
}
extern "C" __global__ void tail(const float* from, float* to, int bytes) {
  __shared__ __align__(16) float tile[4];
  ix_copy16(tile, from, bytes);
  ix_copy_commit();
  ix_copy_wait<0>();
  for (int k = 0; k < 4; ++k) to[k] = tile[k];
}
extern "C" __global__ void askew(const float* from, float* to) {
  __shared__ __align__(16) float tile[8];
  ix_copy16(tile, from + 1);
  ix_copy_commit();
  ix_copy_wait<0>();
  to[0] = tile[0];
}
extern "C" __global__ void astray(ix_u32* to) {
  __shared__ __align__(16) ix_u32 tile[256];
  ix_u32 word[4];
  ix_ldmatrix(word, tile + threadIdx.x);
  to[threadIdx.x] = word[0];
}
"""


def kernels(kind: str = "bf16") -> Kernels:
    skip_without_compiler()
    return Kernels(primitives_cpu() + TEXT, defines={"MULTIPLY": f"ix_mma_{kind}"})


def rounded(x: np.ndarray, digits: int, away: bool = False) -> np.ndarray:
    """x with `digits` binary digits: to nearest, ties to even or away from zero."""
    mantissa, exponent = np.frexp(x.astype(np.float64))
    scaled = mantissa * 2.0**digits
    whole = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled) if away else np.round(scaled)
    return np.ldexp(whole, exponent - digits)


def bf16(x: np.ndarray) -> np.ndarray:
    """The bits of numbers that bf16 holds exactly."""
    return (np.asarray(x, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def numbers() -> np.ndarray:
    """Floats of all sizes, ties between numbers of 16 bits, the ends of their ranges, zeros, infinities."""
    wide = RNG.standard_normal(3000) * 2.0 ** RNG.integers(-30, 20, 3000)
    ties = (RNG.integers(-2048, 2048, 1000) + 0.5) * 2.0 ** RNG.integers(-24, 4, 1000)
    ends = [65504, 65519.99, 65520, 65536, 2**-14, 2**-24, 2**-25, 3 * 2**-25, 1e-8, 3e38, 0, -0.0, np.inf]
    return np.concatenate([wide, ties, ends, np.negative(ends)]).astype(np.float32)


def test_numbers_of_16_and_19_bits_are_rounded_as_ieee_says() -> None:
    x = numbers()
    n = len(x)
    to_bf16, to_f16, to_tf32 = np.zeros(n, np.uint16), np.zeros(n, np.uint16), np.zeros(n, np.uint32)
    back = np.zeros((n, 4), np.float32)
    kernels().launch("convert", (-(-n // 128),), (128,), [x, to_bf16, to_f16, to_tf32, back, np.int32(n)])
    with np.errstate(over="ignore"):
        expected_f16, twice_f16 = x.astype(np.float16), (2 * x).astype(np.float16)
        expected_bf16, twice_bf16 = (rounded(y, 8).astype(np.float32) for y in (x, 2 * x))
        expected_tf32 = rounded(x, 11, away=True).astype(np.float32)
    np.testing.assert_array_equal(to_f16, expected_f16.view(np.uint16))
    np.testing.assert_array_equal(to_bf16, bf16(expected_bf16))
    np.testing.assert_array_equal(to_tf32, expected_tf32.view(np.uint32))
    pairs = np.stack([expected_bf16, twice_bf16, expected_f16.astype(np.float32), twice_f16.astype(np.float32)], 1)
    np.testing.assert_array_equal(back, pairs)


def test_all_numbers_of_16_bits_become_floats() -> None:
    bits = np.arange(1 << 16, dtype=np.uint16)
    f16, bf16_ = np.zeros((2, 1 << 16), np.float32)
    kernels().launch("widen", (256,), (256,), [bits, f16, bf16_, np.int32(1 << 16)])
    np.testing.assert_array_equal(f16, bits.view(np.float16).astype(np.float32))
    np.testing.assert_array_equal(bf16_, (bits.astype(np.uint32) << 16).view(np.float32))


def test_nan_stays_nan() -> None:
    """Whatever its bits: those that are cut off may be all that tells it from infinity, and rounding may overflow."""
    x = np.array([0x7FC00000, 0x7FFFFFFF, 0x7F800001, 0xFFFFFFFF, 0xFF800001], np.uint32).view(np.float32)
    n = len(x)
    to_bf16, to_f16, to_tf32 = np.zeros(n, np.uint16), np.zeros(n, np.uint16), np.zeros(n, np.uint32)
    back = np.zeros((n, 4), np.float32)
    kernels().launch("convert", (1,), (32,), [x, to_bf16, to_f16, to_tf32, back, np.int32(n)])
    wide = (to_bf16.astype(np.uint32) << 16).view(np.float32)
    assert all(np.isnan(found).all() for found in (wide, to_f16.view(np.float16), to_tf32.view(np.float32), back))


def test_functions_are_those_of_the_formula() -> None:
    x = np.concatenate([RNG.uniform(-8, 8, 90), [0, 1, -130, 1e-40, np.inf, -np.inf, np.nan, 3, 4, 5]]).astype(
        np.float32
    )
    y = np.zeros((4, len(x)), np.float32)
    kernels().launch("functions", (1,), (32,), [x, y, np.int32(len(x))])
    flushed = np.where(np.abs(x) < 2.0**-126, 0, x).astype(np.float64)
    with np.errstate(all="ignore"):
        power = np.exp2(flushed)
        expected = [
            np.where(power < 2.0**-126, 0, power),
            np.log2(flushed),
            np.tanh(x.astype(np.float64)),
            np.maximum(x, x[::-1]),
        ]
    np.testing.assert_allclose(y, np.array(expected), rtol=3e-7, atol=1e-45)


def test_fragments_are_words_of_the_rows_that_lanes_name() -> None:
    rows = RNG.integers(0, 1 << 16, (4, 8, 8)).astype(np.uint16)  # matrix, row, column
    plain, transposed = np.zeros((2, 32, 4), np.uint32)
    kernels().launch("fragments", (1,), (32,), [rows.view(np.uint32), plain, transposed])
    for found, matrices in ((plain, rows), (transposed, rows.swapaxes(1, 2))):
        words = np.ascontiguousarray(matrices).view(np.uint32)  # matrix, row, pair
        np.testing.assert_array_equal(found, words.transpose(1, 2, 0).reshape(32, 4))


@pytest.mark.parametrize("kind", ["bf16", "f16", "tf32"])
def test_a_product_of_fragments_is_the_product_of_the_matrices(kind: str) -> None:
    """By the layouts of fragments that the PTX ISA shows; the numbers are small, so that the sums are exact."""
    depth = 8 if kind == "tf32" else 16
    a, b, c = (RNG.integers(-8, 9, shape).astype(np.float32) / 4 for shape in ((16, depth), (8, depth), (16, 8)))
    left, right = encoded(a, kind).view(np.uint32), encoded(b, kind).view(np.uint32)  # (row or column, word of depth)
    g, t = np.divmod(np.arange(32), 4)
    places = [(g + 8 * (i // 2), 2 * t + i % 2) for i in range(4)]
    x = np.stack([left[g + 8 * (i % 2), t + 4 * (i // 2)] for i in range(4)], 1)
    y = np.stack([right[g, t + 4 * i] for i in range(2)], 1)
    sums = np.stack([c[place] for place in places], 1)
    if kind == "tf32":
        x, y = x | 0x1FFF, y | 0x1FFF  # which are behind what is read
    kernels(kind).launch("multiply_fragments", (1,), (32,), [x, y, sums])
    np.testing.assert_array_equal(sums, np.stack([(c + a @ b.T)[place] for place in places], 1))


@pytest.mark.parametrize("schedule", schedules(), ids=str)
def test_reductions_of_lanes(schedule: Schedule) -> None:
    x = RNG.integers(-99, 99, 64).astype(np.float32)
    x[37] = np.nan
    sums, maxima = np.zeros((2, 2, 64), np.float32)
    kernels().launch("reduce", (1,), (64,), [x, sums, maxima], schedule=schedule)
    for row, lanes in enumerate((32, 4)):
        groups = x.reshape(-1, lanes)
        np.testing.assert_array_equal(sums[row], np.repeat(groups.sum(1), lanes))
        np.testing.assert_array_equal(maxima[row], np.repeat(groups.max(1), lanes))


@pytest.mark.parametrize("schedule", schedules(), ids=str)
def test_additions_of_many_threads(schedule: Schedule) -> None:
    total, low, high = np.ones(1, np.float32), np.zeros(1, np.uint32), np.zeros(1, np.uint32)
    kernels().launch("add", (3,), (64,), [total, low, high], schedule=schedule, workers=2)
    assert total[0] == 193
    assert (low.view(np.uint16).astype(np.uint32) << 16).view(np.float32).tolist() == [192, -96]
    assert high.view(np.float16).tolist() == [384, 48]


@pytest.mark.parametrize("size", range(0, 17, 4))
def test_a_copy_has_zeros_behind_what_it_reads(size: int) -> None:
    x, y = np.arange(1, 5, dtype=np.float32), np.full(4, np.nan, np.float32)
    kernels().launch("tail", (1,), (1,), [x, y, np.int32(size)])
    assert y.tolist() == [*x[: size // 4], *[0] * (4 - size // 4)]


@pytest.mark.parametrize(
    ("name", "threads", "arguments", "message"),
    [
        ("askew", 1, [np.zeros(8, np.float32), np.zeros(1, np.float32)], "IX974: .*, line LINE: ix_copy16 between"),
        ("astray", 32, [np.zeros(32, np.uint32)], "IX974: .*ix_ldmatrix of a row whose address is no multiple of 16"),
        ("fragments", 16, [np.zeros(n, np.uint32) for n in (128, 128, 128)], "IX973: .*ix_ldmatrix takes all 32 lanes"),
        ("multiply_fragments", 16, [np.zeros(n, d) for n, d in ((128, "u4"), (64, "u4"), (128, "f4"))],
         "IX973: .*ix_mma takes all 32 lanes of a warp"),
        ("tail", 1, [np.zeros(4, np.float32), np.zeros(4, np.float32), np.int32(17)], "IX974: .*16 bytes reads 17"),
    ],
)  # fmt: skip
def test_what_a_gpu_leaves_undefined_is_told(name: str, threads: int, arguments: list[object], message: str) -> None:
    line = TEXT[: TEXT.index("ix_copy16(tile, from + 1)")].count("\n") + 1
    with pytest.raises(IndexCalcError, match=message.replace("LINE", str(line))):
        kernels().launch(name, (1,), (threads,), arguments)


def encoded(x: np.ndarray, kind: str) -> np.ndarray:
    """The bits of x in a type that holds it exactly."""
    if kind == "tf32":
        return np.ascontiguousarray(x, np.float32)
    return x.astype(np.float16).view(np.uint16) if kind == "f16" else bf16(np.ascontiguousarray(x, np.float32))


def defines(family: Family) -> dict[str, str]:
    pairs = (option.removeprefix("-D").partition("=") for option in family.options)
    return {name: value for name, _, value in pairs}


def with_rest(x: np.ndarray) -> np.ndarray:
    """The array, and large numbers behind it, which nobody may read."""
    large = 3e4 if x.dtype == np.float32 else 0x7000  # bits of 1.6e29 and 8192
    room = np.full(2 * x.size + 8192, large, x.dtype)
    room[: x.size] = x.ravel()
    return room[: x.size].reshape(x.shape)


ROWS, COLUMNS, DEPTH = 72, 88, 104  # no whole tiles in any direction; several steps along the last


def product_error(family: Family, text: str, schedule: Schedule) -> float:
    """The largest error of the family's product, in units of the largest element; inf where it is stopped."""
    kind = family.name.split("_")[1]
    a, b = (RNG.integers(-16, 17, shape).astype(np.float32) / 8 for shape in ((ROWS, DEPTH), (COLUMNS, DEPTH)))
    right = b.T if "transposed" in family.name else b
    c = np.full((ROWS, COLUMNS), np.nan, np.float32)
    sizes = [np.int32(n) for n in (ROWS, COLUMNS, DEPTH)]
    given = [with_rest(encoded(np.ascontiguousarray(x), kind)) for x in (a, right)]
    try:
        Kernels(primitives_cpu() + text, defines(family)).launch("product", (2, 2), 128, [*given, c, *sizes],
                                                                 schedule=schedule)  # fmt: skip
    except IndexCalcError as error:
        assert error.diagnostics[0].code in ("IX972", "IX973", "IX974")
        return np.inf
    exact = a.astype(np.float64) @ b.T
    error = np.abs(c - exact).max() / np.abs(exact).max()
    return np.inf if np.isnan(error) else float(error)


@pytest.mark.parametrize("family", FAMILIES[:-1], ids=lambda f: f.name)
def test_products_of_tiles_are_exact_under_every_schedule(family: Family) -> None:
    skip_without_compiler()
    assert [product_error(family, family.text, schedule) for schedule in schedules()] == [0] * 6


@pytest.mark.parametrize("family", FAMILIES[:2], ids=lambda f: f.name)
def test_each_barrier_wait_and_mask_of_a_product_is_missed(family: Family) -> None:
    skip_without_compiler()
    removed = list(mutations(family.text))
    assert len(removed) == 5, "two waits, two barriers, a mask"
    for mutation in removed:
        errors = (product_error(family, mutation.source, schedule) for schedule in schedules())
        assert any(error > 0 for error in errors), mutation.removed


def test_a_softmax_by_warps() -> None:
    skip_without_compiler()
    family = FAMILIES[-1]
    x = RNG.standard_normal((6, 70)).astype(np.float32) * 4
    y = np.zeros((6, 35), np.uint32)
    compiled = Kernels(primitives_cpu() + family.text)
    for schedule in schedules():
        y[:] = 0
        compiled.launch("softmax", (2,), 128, [x, y, np.int32(6), np.int32(70)], schedule=schedule)
        found = (y.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        exact = np.exp(x.astype(np.float64) - x.max(1, keepdims=True))
        np.testing.assert_allclose(found, exact / exact.sum(1, keepdims=True), rtol=2.0**-8)
