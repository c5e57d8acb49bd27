"""What cannot be compiled or launched is said before anything runs; mutations find what they promise."""

from __future__ import annotations

import re

import numpy as np
import pytest

from indexcalc.backends.cupy.runner import Kernels, Schedule, mutations
from indexcalc.backends.cupy.runner.text import kernel_text
from indexcalc.diagnostics import IndexCalcError
from tests.backends.cpp.batch import has_compiler

COMPILED = pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")
KERNEL = 'extern "C" __global__ void f() {'


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("__global__ void f() {}", "IX970: the text has no kernel"),
        ('// extern "C" __global__ void f() {}', "IX970: the text has no kernel"),
        (
            f"__shared__ float a[4];\n{KERNEL} }}",
            r"IX970: kernel\.cu:1: shared variables are declared outside of functions",
        ),
        (f"{KERNEL}\n__shared__ float a = 3;\n}}", r"IX970: kernel\.cu:2: `float a = 3` is no declaration of a shared"),
        (f"{KERNEL}\nextern __shared__ float a[4];\n}}", r"IX970: kernel\.cu:2: dynamic shared memory `a` is no array"),
        (f"{KERNEL} __shared__ float a[3", r"IX970: kernel\.cu:1: a declaration of shared variables has no end"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused(source, message):
    with pytest.raises(IndexCalcError, match=message):
        kernel_text(source)


@pytest.mark.parametrize(("name", "value"), [("a b", 1), ("1a", 1), ("a", "1\n#include </etc/passwd>"), ("é", 1)])
def test_a_definition_is_a_name_and_one_line(name, value):
    with pytest.raises(IndexCalcError, match=r"IX970: `.*` cannot be defined as"):
        kernel_text(KERNEL + "}", {name: value})


def test_kernels_are_found_with_their_bounds_and_in_order():
    bounds = "__launch_bounds__(32 * (1 + 1), 2)"
    begin = 'extern "C" __global__'
    text = f"{begin} void {bounds} b(int n);\n{KERNEL} }}\n{begin} {bounds} void b(int n) {{ }}"
    assert kernel_text(text).kernels == ("b", "f")


def test_lines_of_the_text_stay():
    source = f"#include <cuda_pipeline.h>\n{KERNEL}\n  __shared__ float\n    a[3],\n    b;\n  a[0] = b;\n}}\n"
    text = kernel_text(source).source
    begun = text.index('#line 1 "kernel.cu"\n')
    assert text[begun:].splitlines()[6] == "  a[0] = b;"


@COMPILED
def test_the_compilers_messages_name_lines_of_the_text():
    with pytest.raises(
        IndexCalcError, match=r"(?s)IX970: the text does not compile:\n.*kernel\.cu:3:\d+: error: .*`?oops"
    ):
        Kernels(f"{KERNEL}\n__shared__ float a[4];\n  oops(a);\n}}")


LAUNCHED = 'extern "C" __global__ void f(const float* x, double* y, unsigned short n, float a, const int4* z) {}'
X, Y, Z = np.zeros(4, np.float32), np.zeros(4), np.zeros(4, np.int32)
READ_ONLY = np.zeros(4)
READ_ONLY.flags.writeable = False


@COMPILED
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([X, Y, 1, 2.0], "`f` takes 5 arguments, and 4 are given"),
        ([Y, Y, 1, 2.0, Z], "argument 1 of `f` is an array of float64, and the parameter points to float32"),
        ([Z, Y, 1, 2.0, Z], "argument 1 of `f` is an array of int32, and the parameter points to float32"),
        ([X[::2], Y, 1, 2.0, Z], "argument 1 of `f` has gaps"),
        ([1, Y, 1, 2.0, Z], "argument 1 of `f` is int, and the parameter is a pointer"),
        ([X, READ_ONLY, 1, 2.0, Z], "argument 2 of `f` is read-only"),
        ([X, Y, 1 << 16, 2.0, Z], "argument 3 of `f` is 65536, which is no uint16"),
        ([X, Y, -1, 2.0, Z], "argument 3 of `f` is -1, which is no uint16"),
        ([X, Y, 1.0, 2.0, Z], "argument 3 of `f` is float, and the parameter takes uint16"),
        ([X, Y, np.int32(1), 2.0, Z], "argument 3 of `f` is int32, and the parameter takes uint16"),
        ([X, Y, 1, np.float64(2), Z], "argument 4 of `f` is float64, and the parameter takes float32"),
        ([X, Y, 1, X, Z], "argument 4 of `f` is an array, and the parameter is no pointer"),
        ([X, Y, 1, 2.0, np.zeros(4, np.complex256)], "argument 5 of `f` is an array of .*structures of 16 bytes"),
    ],
)
def test_arguments_are_held_against_parameters(arguments, message):
    with pytest.raises(IndexCalcError, match=f"IX971: {message}"):
        Kernels(LAUNCHED).launch("f", 1, 1, arguments)


@COMPILED
@pytest.mark.parametrize(
    ("grid", "block", "more", "message"),
    [
        (0, 1, {}, "`grid` is 0"),
        ((1, 70000), 1, {}, "`grid` is 70000"),
        ((1, 1, 1, 1), 1, {}, "`grid` has 4 extents"),
        (1, (64, 32), {}, "a block of 2048 threads: it has 1024 at most"),
        (1, (1, 1, 65), {}, "`block` is 65"),
        (1, 1, {"shared": 1 << 20}, "`shared` is 1048576: it lies between 0 and 232448"),
        (1, 1, {"workers": 0}, "`workers` is 0"),
        (1, 1, {"seconds": float("nan")}, "a limit of nan seconds is none"),
    ],
)
def test_a_launch_has_cudas_limits(grid, block, more, message):
    with pytest.raises(IndexCalcError, match=f"IX971: {re.escape(message)}"):
        Kernels(LAUNCHED).launch("f", grid, block, [X, Y, 1, 2, Z], **more)


@COMPILED
def test_a_kernel_that_is_not_there_is_named():
    with pytest.raises(IndexCalcError, match=r"IX971: there is no kernel `g`\n  help: there is f"):
        Kernels(LAUNCHED).launch("g", 1, 1, [])


def test_a_schedule_has_known_words():
    with pytest.raises(IndexCalcError, match="IX971: a schedule has no order 'sideways'"):
        Schedule("sideways")
    with pytest.raises(IndexCalcError, match="IX971: the seed -1"):
        Schedule(seed=-1)


def test_mutations_leave_all_else_as_it_is():
    source = """// __syncthreads();
void ix_copy_wait(int);
int n = __syncthreads_count(1);
if (a) __syncwarp(0xff); else __barrier_sync_count(1,
    (32));
ix_copy_wait<2>();
x = /* mask */ (f(i) < n) ? 1 : 0;
"""
    found = list(mutations(source))
    assert [(m.line, m.removed) for m in found] == [
        (4, "__syncwarp(0xff)"),
        (4, "__barrier_sync_count(1,\n    (32))"),
        (6, "ix_copy_wait<2>()"),
        (7, "(f(i) < n)"),
    ]
    for mutation in found:
        assert mutation.source.count("\n") == source.count("\n")
        replacement = "(true)" if mutation.removed.startswith("(") else ""
        assert mutation.source.replace("\n", "") == source.replace(mutation.removed, replacement).replace("\n", "")
