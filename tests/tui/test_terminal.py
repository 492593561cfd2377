"""The console in a real pseudo-terminal: whatever ends it, the terminal is left as it was found."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ptyprocess import PtyProcess

from lineside.store.homes import Home

_MODE = re.compile(rb"\x1b\[\?(\d+)([hl])")
_OPEN = """
import sys
from pathlib import Path
from lineside.console.start import open_console
from lineside.store.homes import Home
sys.exit(open_console(Home(Path(sys.argv[1]))))
"""


def modes_left_on(output: bytes) -> set[int]:
    """The private modes that were switched on and not off again."""
    on: set[int] = set()
    for number, switch in _MODE.findall(output):
        (on.add if switch == b"h" else on.discard)(int(number))
    return on - {7, 25}  # wrapping and the cursor are on at rest


def read_until(pty: PtyProcess, done: str | None, *, within: float) -> bytes:
    """What the console writes until `done` appears, or until it ends."""
    output, deadline = b"", time.monotonic() + within
    while time.monotonic() < deadline:
        if select.select([pty.fd], [], [], 0.05)[0]:
            try:
                output += os.read(pty.fd, 65536)
            except OSError:
                return output
        if done is not None and done.encode() in output:
            return output
    raise TimeoutError(f"no {done!r} within {within} s in {output[-300:]!r}")


@pytest.mark.parametrize(
    ("way", "status"), [("q", 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["q", "SIGTERM", "SIGHUP"]
)
def test_the_terminal_is_left_clean(
    told: Home, tmp_path: Path, way: str | signal.Signals, status: int
) -> None:
    env = {**os.environ, "TERM": "xterm-256color", "XDG_STATE_HOME": str(tmp_path)}
    pty = PtyProcess.spawn([sys.executable, "-c", _OPEN, str(told.path)], dimensions=(24, 80), env=env)
    try:
        output = read_until(pty, "NEEDS YOU", within=20)
        if isinstance(way, str):
            pty.write(way.encode())
        else:
            pty.kill(way)
        output += read_until(pty, None, within=20)
        pty.wait()
    finally:
        pty.close(force=True)
    assert pty.exitstatus == status
    assert modes_left_on(output) == set()
    assert b"\x1b[?25h" in output[-200:]


def test_a_home_that_is_not_there_is_told_in_words_before_anything_is_drawn(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _OPEN, str(tmp_path / "no")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "no lineside home" in done.stderr
    assert "\x1b" not in done.stdout


def test_the_first_cell_needs_nothing_that_is_slow_to_import() -> None:
    """What is drawn first, and the whole of `lineside` until then."""
    code = (
        "import sys, lineside.console.__main__; from lineside.console import opening; "
        "assert '1Wall' in opening._skeleton(80, 24); opening.wish(['--home', '/']); "
        "heavy = {'textual', 'rich', 'numpy', 'asyncio', 'click', 'sqlite3', 'pathlib', 'dataclasses'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_the_console_starts_without_numpy_polars_or_duckdb() -> None:
    code = (
        "import sys; import lineside.console.app, lineside.console.screens.wall; "
        "heavy = {'numpy', 'polars', 'duckdb', 'httpx', 'scipy', 'sklearn', 'torch', 'onnxruntime'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
