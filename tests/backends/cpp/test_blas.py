"""Which library multiplies whole arrays."""

import ctypes

import pytest

from indexcalc.backends.cpp import blas

from .compiling import compiled

LAYERS = """
extern "C" int MKL_Set_Interface_Layer(int) {{ return {width}; }}
extern "C" int MKL_Set_Threading_Layer(int) {{ return {threads}; }}
extern "C" int cblas_sgemm() {{ return 5; }}
extern "C" int cblas_dgemm() {{ return 6; }}
extern "C" int cblas_cgemm() {{ return 7; }}
extern "C" int cblas_zgemm() {{ return 8; }}
"""


@pytest.fixture
def found(tmp_path, monkeypatch):
    """What is found beside a library of Intel's that answers so."""

    def look(width, threads):
        folder = tmp_path / "lib"
        folder.mkdir()
        compiled(LAYERS.format(width=width, threads=threads), folder)
        (folder / "text.so").rename(folder / "libmkl_rt.so.3")
        monkeypatch.setattr(blas, "get_path", lambda what: str(tmp_path))
        return blas.find_blas.__wrapped__()

    return look


def test_intels_library_comes_first(found):
    table = found(width=blas.NARROW, threads=blas.SEQUENTIAL).table()
    pointers = [ctypes.cast(getattr(table, name), ctypes.CFUNCTYPE(ctypes.c_int)) for name in blas.ROUTINES]
    assert [call() for call in pointers] == [5, 6, 7, 8] and table.wide == 0


@pytest.mark.parametrize("width, threads", [(1, 1), (0, 0), (0, 2)])
def test_intels_library_is_left_alone_where_somebody_has_it_otherwise(found, width, threads):
    other = found(width, threads)
    assert other is None or "mkl" not in other.library._name
