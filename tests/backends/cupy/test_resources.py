"""What the log says of kernels is what their cubins say."""

from __future__ import annotations

import pytest

from indexcalc.backends.cupy.cubin import compile_cuda
from indexcalc.backends.cupy.resources import Resources, resources_of

from . import elf
from .cubins import ARCHITECTURES, compiled, skip_without_nvrtc
from .kernels import FAMILIES, Family
from .test_cubins import SPILLING

KERNELS = (
    SPILLING
    + r"""
__constant__ float table[100];

extern "C" __global__ void plain(float* x) { x[threadIdx.x] = 1; }

extern "C" __global__ void reading(float* x) { x[threadIdx.x] = table[threadIdx.x]; }

extern "C" __global__ void sharing(float* x) {
  __shared__ float kept[256];
  kept[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = kept[255 - threadIdx.x];
}

extern "C" __global__ void indexing(float* x, const int* at) {
  float kept[32];
  for (int k = 0; k < 32; ++k) kept[k] = x[k];
  for (int k = 0; k < 32; ++k) kept[at[k]] += 1;
  for (int k = 0; k < 32; ++k) x[k] = kept[at[32 + k]];
}

__device__ __noinline__ float apart(float* x, int n) {
  float kept[16];
  for (int k = 0; k < 16; ++k) kept[k] = x[k];
  for (int k = 0; k < n; ++k) kept[int(x[k]) % 16] += x[k];
  return kept[n % 16];
}

extern "C" __global__ void calling(float* x, int n) { x[threadIdx.x] = apart(x, n) + apart(x + 1, n + 1); }
"""
)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_log_agrees_with_the_cubin(architecture: str) -> None:
    skip_without_nvrtc()
    cubin = compile_cuda(KERNELS, architecture)
    found = cubin.kernels
    assert set(found) == {"crowded", "plain", "reading", "sharing", "indexing", "calling"}
    registers, frames = (elf.attributes(cubin.code, n) for n in (elf.REGISTER_COUNT, elf.FRAME_SIZE))
    assert {name: of.registers for name, of in found.items()} == {name: registers[name] for name in found}
    for name in set(found) - {"calling"}:  # whose stack is that of two functions
        assert found[name].stack == frames[name]
    if architecture == "sm_80":
        assert {name: of.constant for name, of in found.items()} == elf.constants(cubin.code)
    sizes = elf.shared(cubin.code)
    assert found["sharing"].shared == 1024
    assert {name for name, of in found.items() if of.shared} == {"sharing"} == {n for n, size in sizes.items() if size}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_each_kernel_shows(architecture: str) -> None:
    skip_without_nvrtc()
    found = compile_cuda(KERNELS, architecture).kernels
    crowded = found["crowded"]
    assert crowded.registers == 64, "65536 registers for 1024 threads"
    assert crowded.spills and crowded.spill_stores > 0 < crowded.spill_loads and crowded.stack > 0
    assert [name for name, of in found.items() if of.spills] == ["crowded"]
    assert found["sharing"].barriers == 1 and found["plain"].barriers == 0
    assert found["indexing"].stack == 128 and found["plain"].stack == 0
    assert found["calling"].stack >= 64
    assert (found["plain"].constant is None) == (architecture != "sm_80")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_families_agree_with_their_cubins(family: Family) -> None:
    skip_without_nvrtc()
    for architecture in ARCHITECTURES:
        cubin = compiled(family, architecture)
        assert cubin.kernels[family.kernel].registers == elf.attributes(cubin.code, elf.REGISTER_COUNT)[family.kernel]


def test_what_a_kernel_calls_counts_with_it() -> None:
    """The stack is the deepest one, and spills are added."""
    log = """ptxas info    : Compiling entry function 'f' for 'sm_90'
ptxas info    : Function properties for f
ptxas         .     8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 20 registers, used 0 barriers, 72 bytes cumulative stack size
ptxas info    : Function properties for g
ptxas         .     64 bytes stack frame, 16 bytes spill stores, 20 bytes spill loads
ptxas info    : Compiling entry function 'h' for 'sm_90'
ptxas info    : Function properties for h
ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 8 registers, used 0 barriers
"""
    found = resources_of(log)
    assert found == {"f": Resources(20, 0, 72, 20, 32, 0, None), "h": Resources(8, 0, 0, 0, 0, 0, None)}


def test_a_log_without_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="no figures of ptxas"):
        resources_of("ptxas info    : Compiling entry function 'f' for 'sm_80'\n")
    assert resources_of("") == {}
