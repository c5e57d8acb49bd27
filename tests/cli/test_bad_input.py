"""Every command, with input that cannot be right: exit code, message, and no traceback."""

import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from indexcalc.cli.main import cli

QUADRATIC = "L = x[i] A[i,j] x[j]"
TAKE_SOURCE = ["derive", "simplify", "emit", "run", "verify"]


def refused(*arguments, text=None, code=2):
    """What stands on stderr."""
    done = CliRunner().invoke(cli, list(arguments), input=text, prog_name="indexcalc")
    assert "Traceback" not in done.output + done.stderr
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == code, done.output + done.stderr
    return done.stderr


@pytest.mark.parametrize("command", TAKE_SOURCE)
def test_a_missing_file(command):
    assert "missing.idx: error IX011: no such file" in refused(command, "missing.idx")


@pytest.mark.parametrize("command", TAKE_SOURCE)
def test_a_folder(command, tmp_path):
    assert "error IX011: a folder, not a file" in refused(command, str(tmp_path))


@pytest.mark.parametrize("command", TAKE_SOURCE)
def test_a_binary_file(command, tmp_path):
    path = tmp_path / "binary.idx"
    path.write_bytes(bytes(range(256)))
    assert "error IX012" in refused(command, str(path))


@pytest.mark.parametrize("command", TAKE_SOURCE)
def test_a_faulty_program_is_shown_with_its_place(command):
    shown = refused(command, "y[i] = (x[i]")
    assert "error IX001" in shown
    assert "| y[i] = (x[i]" in shown or "| (x[i]" in shown
    assert "^" in shown


@pytest.mark.parametrize("command", ["derive", "emit", "run", "verify"])
def test_a_kind_that_is_no_program(command, tmp_path):
    path = tmp_path / "paper.tex"
    path.write_text("$x$")
    assert "error IX010" in refused(command, str(path))


@pytest.mark.parametrize("command", TAKE_SOURCE)
def test_huge_text(command):
    assert "error IX009" in refused(command, "-", text="y = x\n" * 400_000)


@pytest.mark.parametrize("command", ["derive", "simplify"])
def test_empty_text(command):
    assert "error IX" in refused(command, "-", text="")


def test_lint_of_what_cannot_be_read_exits_with_2_and_goes_on(tmp_path):
    done = CliRunner().invoke(cli, ["lint", "missing.idx", str(tmp_path), "y[i] = x[j]"])
    assert done.exit_code == 2
    assert [code in done.output for code in ("IX011", "IX101")] == [True, True]
    assert "Found 3 errors in 3 sources" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["derive", QUADRATIC, "--wrt", "z"], "`z`"),
        (["derive", QUADRATIC, "--wrt", "L"], "`L`"),
        (["derive", QUADRATIC, "--wrt", "x,x"], "named twice"),
        (["derive", QUADRATIC, "--wrt", ""], "is no name"),
        (["derive", QUADRATIC, "--wrt", "x;import os"], "is no name; give names such as Q,K,V"),
        (["derive", QUADRATIC, "--wrt", "x[k]"], "'x[k]' is no name; give the name alone, x"),
        (["derive", QUADRATIC, "--wrt", "x", "--memory", "1MiB"], "give sizes={'i': …} (--sizes i=…)"),
        (["derive", "L = xᵀAx", "--wrt", "x"], "xᵀ A x is x[i] A[i,j] x[j]"),
        (["derive", QUADRATIC, "--wrt", "x", "--of", "M"], "`M`"),
        (["derive", QUADRATIC, "--wrt", "x", "--format", "yaml"], "'yaml' is not one of"),
        (["derive", QUADRATIC, "--sizes", "i"], "'i' is no size"),
        (["derive", QUADRATIC, "--sizes", "i=-1"], "is no size"),
        (["derive", QUADRATIC, "--sizes", "i=2.5"], "is no size"),
        (["derive", QUADRATIC, "--sizes", "i=2,i=3"], "given twice"),
        (["derive", QUADRATIC, "--sizes", "i=99999999999"], "extents go up to"),
        (["derive", QUADRATIC, "--sizes", "q=3"], "sizes names `q`"),
        (["derive", "x[i] x[i]"], "give the formula a name: L = "),
        (["derive", "a = 2 x; b = 3 x"], 'choose one of a, b: of="a" (--of a)'),
        (["emit", "x[i] == y[i]"], "the program defines nothing"),
        (["run", ""], "the program defines nothing"),
        (["verify", QUADRATIC, "--sizes", "q=3"], "`q`"),
        (["verify", QUADRATIC, "--sizes", "i=3,j=4"], "4"),
        (["verify", QUADRATIC, "--sizes", "i=2000000000"], "`x` would have 2_000_000_000 components"),
        (["verify", QUADRATIC, "--wrt", "B"], "`B`"),
        (["verify", QUADRATIC, "--backend", "fortran"], "no backend 'fortran'"),
        (["verify", QUADRATIC, "--seed", "-1"], "--seed"),
        (["emit", QUADRATIC, "--backend", "nunpy"], "did you mean 'numpy'"),
        (["emit", QUADRATIC, "--grad", "A,q"], "`q`"),
        (["emit", QUADRATIC, "--of", "L"], "needs --grad"),
        (["emit", QUADRATIC, "-o", "/nowhere/at/all.py"], "No such file or directory"),
        (["run", QUADRATIC], "IX941: inputs `x`, `A` are missing\n  help: give --input x=FILE.npy, or --random"),
        (["run", QUADRATIC, "--input", "=x.npy"], "names no array; give NAME=FILE.npy"),
        (["run", QUADRATIC, "--input", "x="], "names no array; give NAME=FILE.npy"),
        (["run", QUADRATIC, "--random", "--backend", "x"], "IX904"),
        (["run", QUADRATIC, "--input", "x=missing.npy"], "missing.npy: error IX955: no such file"),
        (["run", QUADRATIC, "--input", "missing.npz"], "no such file"),
        (["run", QUADRATIC, "--random", "--sizes", "i=2000000000"], "IX009"),
        (["simplify", "y[i] = x[i]"], "error IX"),
        (["simplify", "x[i]", "--given", "tensor ("], "error IX"),
        (["demo", "--steps", "0"], "--steps"),
        (["lint"], "Missing argument"),
        (["lnt", "x"], "Did you mean 'lint'?"),
        (["frobnicate"], "Commands: demo, lint"),
        (["derive", QUADRATIC, "--wat"], "No such option"),
        ([], ""),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, list) else "",
)  # fmt: skip
def test_bad_requests(arguments, message):
    assert message in refused(*arguments)


def test_arrays_of_the_wrong_shape_name_and_kind(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((2, 3)))
    np.save(tmp_path / "x.npy", np.ones(4))
    np.save(tmp_path / "text.npy", np.array(["a"]))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "both.npz", B=np.ones(2))
    (tmp_path / "junk.npy").write_bytes(b"junk")
    (tmp_path / "empty.npz").write_bytes(b"")
    program = "y[i] = A[i,j] x[j]"

    def given(*names):
        return refused("run", program, *(p for n in names for p in ("--input", n.replace("@", f"{tmp_path}/"))))

    assert "IX944" in given("A=@a.npy", "x=@x.npy")
    assert "IX943" in given("A=@x.npy", "x=@x.npy")
    assert "IX942" in given("A=@a.npy", "x=@x.npy", "z=@x.npy")
    assert "IX941" in given("A=@a.npy")
    assert "IX949" in given("A=@a.npy", "x=@text.npy")
    assert "no .npy or .npz file of numbers" in given("A=@junk.npy")
    assert "no .npy or .npz file of numbers" in given("A=@objects.npy")
    assert "no .npy or .npz file of numbers" in given("A=@empty.npz")
    assert "has no name of its own" in given("@a.npy")
    assert "no array that the program takes" in given("@both.npz")
    assert "no array `A`" in given("A=@both.npz")
    assert "given twice" in given("A=@a.npy", "A=@a.npy")
    assert "cannot be read" in given("A=@")


# ---- in real processes ----------------------------------------------------------------------------------------------
def process(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "indexcalc", *arguments], capture_output=True, timeout=60, check=False, **options
    )


def test_a_reader_that_goes_away_is_no_traceback():
    command = f"'{sys.executable}' -m indexcalc explain | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("IX001")
    assert done.stderr == ""


def test_a_reader_that_is_gone_from_the_start():
    command = f"'{sys.executable}' -m indexcalc emit 'y[i] = 2 x[i]' | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 141)
    assert done.stderr == ""


def test_an_ascii_terminal_gets_ascii(tmp_path):
    import os

    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = process("derive", "L = α[i] A[i,j] α[j]", "--steps", env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert b"delta contraction" in done.stdout
    bad = process("lint", "y[i] = α[i] β[k]", env=environment)
    assert bad.returncode == 1
    assert b"y[i] = ?[i] ?[k]" in bad.stdout  # one character for one, so that carets stay in place
    assert b"in `beta[k]`" in bad.stdout and b"write sum[k](...)" in bad.stdout
    assert b"`sum[k](...)` does." in process("explain", "IX103", env=environment).stdout


def test_no_escape_codes_in_a_pipe():
    assert b"\x1b" not in process("lint", "y[i] = x[j]").stdout


def test_an_interrupt_is_no_traceback():
    import signal
    import time

    script = (
        "import signal, sys; from indexcalc.cli.main import main; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "  # a job in the background starts without one
        "print('ready', file=sys.stderr, flush=True); main(['lint', '-'])"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert started.stderr.readline().strip() == b"ready"
    time.sleep(0.2)  # it waits for its input, or loads what it needs
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=30)
    assert started.returncode == 130
    assert (out, err.strip()) == (b"", b"interrupted")


def test_bytes_that_are_no_text_on_standard_input():
    done = process("lint", "-", input=b"y = \xff\n")
    assert done.returncode == 2
    assert b"<stdin>:1:5: error IX012" in done.stdout


def test_standard_input_may_be_closed():
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m indexcalc lint - <&-"], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 2
