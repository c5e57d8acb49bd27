"""Each primitive, in a kernel of its own, becomes the instruction that is meant, on every architecture."""

from __future__ import annotations

import re
from functools import cache

import pytest

from indexcalc.backends.cupy.cubin import Cubin, compile_cuda
from indexcalc.backends.cupy.support import primitives

from .cubins import ARCHITECTURES, skip_without_nvrtc

FOUR = r"{%r\d+, %r\d+, %r\d+, %r\d+}"
MMA = "float c[4] = {f[0], f[1], f[2], f[3]}; const ix_u32 a[4] = {w[0], w[1], w[2], w[3]};" \
      " ix_mma_KIND(c, a, w[4], w[5]); f[0] = c[0]; f[1] = c[1]; f[2] = c[2]; f[3] = c[3];"  # fmt: skip
LOAD = "__shared__ __align__(16) unsigned char tile[512]; ix_u32 r[4]; tile[threadIdx.x] = w[0]; __syncthreads();" \
       " NAME(r, tile + 16 * threadIdx.x); w[0] = r[0]; w[1] = r[1]; w[2] = r[2]; w[3] = r[3];"  # fmt: skip

# A kernel's body, with w of ix_u32, f of float and h of ix_u16 in global memory, and what its PTX holds.
PROBES: dict[str, tuple[str, str]] = {
    "pack_bf16": ("w[0] = ix_pack_bf16(f[0], f[1]);", r"cvt\.rn\.bf16x2\.f32 "),
    "pack_f16": ("w[0] = ix_pack_f16(f[0], f[1]);", r"cvt\.rn\.f16x2\.f32 "),
    "to_bf16": ("h[0] = ix_to_bf16(f[0]);", r"cvt\.rn\.bf16\.f32 %rs"),
    "to_f16": ("h[0] = ix_to_f16(f[0]);", r"cvt\.rn\.f16\.f32 %rs"),
    "from_bf16": ("f[0] = ix_from_bf16(h[0]);", r"shl\.b32 [^;]*, 16;"),
    "from_f16": ("f[0] = ix_from_f16(h[0]);", r"cvt\.f32\.f16 "),
    "low_bf16": ("f[0] = ix_low_bf16(w[0]);", r"shl\.b32 [^;]*, 16;"),
    "high_bf16": ("f[0] = ix_high_bf16(w[0]);", r"and\.b32 [^;]*, -65536;"),
    "low_f16": ("f[0] = ix_low_f16(w[0]);", r"cvt\.f32\.f16 "),
    "high_f16": ("f[0] = ix_high_f16(w[0]);", r"cvt\.f32\.f16 "),
    "to_tf32": ("w[0] = ix_to_tf32(f[0]);", r"cvt\.rna\.tf32\.f32 "),
    "exp2": ("f[0] = ix_exp2(f[1]);", r"ex2\.approx\.ftz\.f32 "),
    "log2": ("f[0] = ix_log2(f[1]);", r"lg2\.approx\.ftz\.f32 "),
    "tanh": ("f[0] = ix_tanh(f[1]);", r"tanh\.approx\.f32 "),
    "max": ("f[0] = ix_max(f[1], f[2]);", r"max\.NaN\.f32 "),
    "ldmatrix": (LOAD.replace("NAME", "ix_ldmatrix"), rf"ldmatrix\.sync\.aligned\.m8n8\.x4\.shared\.b16 {FOUR}"),
    "ldmatrix_transposed": (
        LOAD.replace("NAME", "ix_ldmatrix_transposed"),
        rf"ldmatrix\.sync\.aligned\.m8n8\.x4\.trans\.shared\.b16 {FOUR}",
    ),
    "mma_bf16": (MMA.replace("KIND", "bf16"), r"mma\.sync\.aligned\.m16n8k16\.row\.col\.f32\.bf16\.bf16\.f32 "),
    "mma_f16": (MMA.replace("KIND", "f16"), r"mma\.sync\.aligned\.m16n8k16\.row\.col\.f32\.f16\.f16\.f32 "),
    "mma_tf32": (MMA.replace("KIND", "tf32"), r"mma\.sync\.aligned\.m16n8k8\.row\.col\.f32\.tf32\.tf32\.f32 "),
    "copy16": (
        "__shared__ __align__(16) float s[128]; ix_copy16(s + 4 * threadIdx.x, f + 4 * threadIdx.x, w[0]);"
        " ix_copy_commit(); ix_copy_wait<0>(); __syncthreads(); f[threadIdx.x] = s[127 - threadIdx.x];",
        r"cp\.async\.cg\.shared\.global \[%r\d+\], \[%rd\d+\], 16, %r\d+;",
    ),
    "copy_commit": ("ix_copy_commit();", r"cp\.async\.commit_group;"),
    "copy_wait": ("ix_copy_wait<3>();", r"cp\.async\.wait_group 3;"),
    "swizzle": ("w[0] = ix_swizzle<8>(w[1], w[2]);", r"xor\.b32 "),
    "warp_sum": ("f[0] = ix_warp_sum(f[threadIdx.x]);", r"(?s)(shfl\.sync\.bfly\.b32.*?add\.f32.*?){5}"),
    "warp_max": ("f[0] = ix_warp_max<4>(f[threadIdx.x]);", r"(?s)(shfl\.sync\.bfly\.b32.*?max\.NaN\.f32.*?){2}"),
    "atomic_add": ("ix_atomic_add(f, f[1]);", r"red\.global\.add\.f32 \[%rd\d+\], "),
    "atomic_add_f16": ("ix_atomic_add_f16(w, w[1]);", r"red\.global\.add\.noftz\.f16x2 \[%rd\d+\], "),
    "atomic_add_bf16": ("ix_atomic_add_bf16(w, w[1]);", r"red\.global\.add\.noftz\.bf16x2 \[%rd\d+\], "),
}
BEFORE_90 = {"atomic_add_bf16": r"(?s)ld\.volatile\.global\.u32 .*fma\.rn\.bf16x2 .*atom\.global\.cas\.b32 .*bra "}


@cache
def probes(architecture: str) -> Cubin:
    skip_without_nvrtc()
    kernels = (
        f'extern "C" __global__ void probe_{name}(ix_u32* w, float* f, ix_u16* h) {{ {body} }}\n'
        for name, (body, _) in PROBES.items()
    )
    return compile_cuda(primitives() + "".join(kernels), architecture)


def ptx_of(cubin: Cubin, name: str) -> str:
    """One probe's kernel, with one blank between words."""
    found = re.search(rf"\.entry probe_{name}\(.*?^}}", cubin.ptx, re.MULTILINE | re.DOTALL)
    assert found, name
    return re.sub(r"[ \t]+", " ", found[0])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", PROBES)
def test_a_primitive_is_its_instruction(name: str, architecture: str) -> None:
    cubin = probes(architecture)
    expected = BEFORE_90[name] if architecture == "sm_80" and name in BEFORE_90 else PROBES[name][1]
    assert re.search(expected, ptx_of(cubin, name)), ptx_of(cubin, name)
    figures = cubin.kernels[f"probe_{name}"]
    assert not figures.spills and figures.stack == 0 and figures.registers <= 48


def test_every_primitive_has_a_probe() -> None:
    names = set(re.findall(r"__forceinline__ [\w ]+? ix_(\w+)\(", primitives())) - {"shared_address"}
    assert names == set(PROBES)


def loaded(text: str) -> dict[str, int]:
    """The place in its array of what each register is loaded with."""
    loads = re.findall(r"ld\.global\.[a-z]\d+ (\S+), \[%rd\d+(?:\+(\d+))?\];", text)
    return {register: int(offset or 0) // 4 for register, offset in loads}


@pytest.mark.parametrize("kind", ["bf16", "f16"])
def test_the_second_number_is_the_upper_half(kind: str) -> None:
    """PTX takes the upper half first."""
    text = ptx_of(probes("sm_80"), f"pack_{kind}")
    operands = re.search(rf"cvt\.rn\.{kind}x2\.f32 \S+, (\S+), (\S+);", text)
    assert operands and [loaded(text)[register] for register in operands.groups()] == [1, 0]


@pytest.mark.parametrize("kind", ["bf16", "f16", "tf32"])
def test_a_product_has_its_operands_in_their_places(kind: str) -> None:
    """Words of A, then those of B, in the order of the call; the sum goes in and out in its own."""
    text = ptx_of(probes("sm_80"), f"mma_{kind}")
    groups = re.search(r"mma\.sync[^{]*{([^}]*)}, {([^}]*)}, {([^}]*)}, {([^}]*)};", text)
    assert groups
    after, a, b, before = (group.split(", ") for group in groups.groups())
    place = loaded(text)
    assert [[place[r] for r in each] for each in (a, b, before)] == [[0, 1, 2, 3], [4, 5], [0, 1, 2, 3]]
    stored = dict(re.findall(r"st\.global\.[a-z]\d+ \[%rd\d+(?:\+(\d+))?\], (\S+);", text))
    assert [stored[offset] for offset in ("", "4", "8", "12")] == after
