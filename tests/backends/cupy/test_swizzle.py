"""Places of chunks in shared memory, from the text that kernels use, compiled for the CPU."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from indexcalc.backends.cpp.runtime import compiled
from indexcalc.backends.cupy.support import header

from ..cpp.batch import skip_without_compiler

MOST, ROWS = 40, 64  # chunks of a row: numbers of 16 bits in rows of up to 320

HARNESS = f"""
#include <cstdint>
#include <utility>
#define __device__
#define __forceinline__ inline
typedef uint32_t ix_u32;
float ix_max(float, float);
float __shfl_xor_sync(ix_u32, float, int);
{header("portable")}
template <int CHUNKS>
static void places(ix_u32* place) {{
  for (ix_u32 row = 0; row < {ROWS}; ++row)
    for (ix_u32 chunk = 0; chunk < CHUNKS; ++chunk) *place++ = ix_swizzle<CHUNKS>(row, chunk);
}}
template <int... N>
static void choose(int chunks, ix_u32* place, std::integer_sequence<int, N...>) {{
  void (*const each[])(ix_u32*) = {{places<N + 1>...}};
  each[chunks - 1](place);
}}
extern "C" void swizzle(int chunks, ix_u32* place) {{
  choose(chunks, place, std::make_integer_sequence<int, {MOST}>());
}}
"""


def places(chunks: int) -> np.ndarray:
    """(row, chunk): where it lies, in units of 16 bytes."""
    skip_without_compiler()
    found = np.full((ROWS, chunks), 1, np.uint32)
    compiled(HARNESS, ("-O1",)).swizzle(chunks, found.ctypes.data_as(ctypes.c_void_p))
    assert not (found % 16).any()
    return found // 16


@pytest.mark.parametrize("chunks", range(1, MOST + 1))
def test_a_row_keeps_its_chunks(chunks: int) -> None:
    rows = np.arange(ROWS)[:, None]
    assert (np.sort(places(chunks), 1) == rows * chunks + np.arange(chunks)).all()


@pytest.mark.parametrize("chunks", range(1, MOST + 1))
def test_eight_rows_lie_in_eight_parts_of_the_banks(chunks: int) -> None:
    parts = places(chunks) % 8
    for row in range(ROWS - 7):
        assert (np.sort(parts[row : row + 8], 0) == np.arange(8)[:, None]).all()


@pytest.mark.parametrize("chunks", range(8, MOST + 1, 8))
def test_eight_chunks_of_a_row_are_written_at_once(chunks: int) -> None:
    """Copies of 16 bytes by 8 lanes that follow each other, in rows of whole turns through the banks."""
    parts = places(chunks).reshape(ROWS, chunks // 8, 8) % 8
    assert (np.sort(parts, 2) == np.arange(8)).all()
