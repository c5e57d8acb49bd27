"""The folder of what compiling made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from indexcalc.backends import cache
from indexcalc.backends.cache import PROGRAM, SHARED, cache_folder, cached, recalled
from indexcalc.diagnostics import IndexCalcError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of our own."""
    monkeypatch.setenv("INDEXCALC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def make(content: bytes, made: list[bytes]):
    def write(path: Path) -> None:
        made.append(content)
        path.write_bytes(content)

    return write


def test_a_file_is_made_once(folder: Path) -> None:
    made: list[bytes] = []
    first, second = cached("key", SHARED, make(b"1", made)), cached("key", SHARED, make(b"2", made))
    assert first == second and first.read_bytes() == b"1" and made == [b"1"]
    assert cached("other", SHARED, make(b"3", made)) != first
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {p.suffix for p in folder.iterdir()} == {".so"}


@pytest.mark.parametrize("content", [b"", b"changed"])
def test_a_file_that_is_not_whole_is_made_again(content: bytes) -> None:
    made: list[bytes] = []
    cached("key", SHARED, make(b"12345", made)).write_bytes(content)
    assert cached("key", SHARED, make(b"67890", made)).read_bytes() == b"67890"


def test_what_fails_leaves_nothing(folder: Path) -> None:
    def broken(path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        cached("key", SHARED, broken)
    assert list(folder.iterdir()) == []


def test_the_least_recently_used_goes_first(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(cache, "MAX_BYTES", 25)
    made: list[bytes] = []
    paths = [cached(f"key{n}", SHARED, make(b"%d" % n * 10, made)) for n in range(2)]
    for age, path in zip((10, 20), paths):
        os.utime(path, ns=(10**18 + age, 10**18 + age))
    cached("key0", SHARED, make(b"x", made))  # used now
    newest = cached("key2", SHARED, make(b"2" * 10, made))
    assert set(folder.iterdir()) == {paths[0], newest}


def test_what_is_not_ours_stays(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(cache, "MAX_BYTES", 25)
    folder.mkdir()
    others = [folder / "libown.so", folder / "key-1.so", folder / f"key-{'0' * 32}.txt"]
    for path in others:
        path.write_bytes(b"0" * 99)
    made: list[bytes] = []
    cached("key", SHARED, make(b"1" * 20, made))
    newest = cached("other", SHARED, make(b"2" * 20, made))
    assert set(folder.iterdir()) == {*others, newest}


def test_a_file_that_another_process_removes_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []
    old = cached("key", SHARED, make(b"1", made))
    monkeypatch.setattr(os, "utime", lambda path: path.unlink() or Path.stat(path))
    assert cached("key", SHARED, make(b"2", made)) != old and made == [b"1", b"2"]


def test_a_link_is_followed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setenv("INDEXCALC_CACHE", str(tmp_path / "link"))
    assert cache_folder() == (tmp_path / "real").resolve()


def test_a_folder_in_which_others_may_write_is_refused(folder: Path) -> None:
    folder.mkdir()
    for mode in (0o770, 0o707, 0o777):
        folder.chmod(mode)
        with pytest.raises(IndexCalcError, match=r"IX957: others may write into the folder .*\n  help: chmod 700 it"):
            cache_folder()
    folder.chmod(0o755)
    assert cache_folder() == folder


def test_a_folder_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    cache_folder()
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(IndexCalcError, match=r"IX957: the folder .* belongs to somebody else\n  help: set INDEX"):
        cache_folder()


def test_a_folder_that_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("INDEXCALC_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(IndexCalcError, match=r"IX957: the folder .* cannot be made: Not a directory"):
        cache_folder()


def test_the_usual_place_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("INDEXCALC_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "indexcalc"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "indexcalc"


def test_the_folder_may_lie_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("INDEXCALC_CACHE", "~/compiled")
    assert cache_folder() == tmp_path.resolve() / "compiled"


def keep(made: list[str], value: str = "value", key: str = "key") -> str:
    """A text that is kept between brackets; what stands outside of them is refused."""

    def read(content: bytes) -> str:
        if content[:1] != b"[":
            raise ValueError("no bracket")
        return content[1:-1].decode()

    def make() -> str:
        made.append(value)
        return value

    return recalled(key, read, lambda text: f"[{text}]".encode(), make)


def test_a_value_is_made_once(folder: Path) -> None:
    made: list[str] = []
    assert [keep(made), keep(made, "other"), keep(made, "third", "key3")] == ["value", "value", "third"]
    assert made == ["value", "third"] and {p.suffix for p in folder.iterdir()} == {PROGRAM}


@pytest.mark.parametrize("content", [b"", b"[val", b"[other]"])
def test_a_value_that_is_not_whole_is_made_again(
    content: bytes, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made: list[str] = []
    keep(made)
    (path,) = folder.iterdir()
    path.write_bytes(content)
    with caplog.at_level("DEBUG", "indexcalc.cache"):
        assert [keep(made), keep(made)] == ["value"] * 2
    assert made == ["value"] * 2
    assert [r.getMessage() for r in caplog.records] == [f"{path} was cut short or changed; it is made anew"]


def test_a_value_that_cannot_be_read_is_made_again(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whole by its name, but not what was written under this key."""
    made: list[str] = []
    cached("key", PROGRAM, lambda path: path.write_bytes(b"other") and None)
    with caplog.at_level("DEBUG", "indexcalc.cache"):
        assert [keep(made), keep(made)] == ["value"] * 2
    assert made == ["value"]
    (record,) = caplog.records
    assert record.getMessage().endswith(".json is not what was written: no bracket; it is made anew")
    assert len(list(folder.iterdir())) == 1


def test_libraries_and_values_share_the_room(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(cache, "MAX_BYTES", 25)
    made: list[bytes] = []
    old = cached("key", SHARED, make(b"0" * 20, made))
    os.utime(old, ns=(10**18, 10**18))
    keep([], "0" * 8)
    assert [p.suffix for p in folder.iterdir()] == [PROGRAM]
