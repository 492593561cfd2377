"""What is kept of a job's output: its end, at the offsets it was written to; and what readers say then."""

import contextlib
import io
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.disks import fill, small_disk
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.console.cli import following
from lineside.console.logs import LogFile
from lineside.jobs.execution import attempts, shim
from lineside.store import homes, outputs
from lineside.store.homes import Home

MIB = 1 << 20


@pytest.fixture(scope="module")
def module_runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerUnderTest]:
    with contextlib.closing(_capped(tmp_path_factory.mktemp("capped"))) as runner:
        yield runner


@pytest.fixture
def log(tmp_path: Path) -> Iterator[int]:
    file = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    yield file
    os.close(file)


def test_a_job_that_prints_too_much_keeps_its_end_and_its_large_files(busy_runner: RunnerUnderTest) -> None:
    code = (
        "print('first words')\nfor i in range(40_000): print(f'line {i:>90}')\n"
        "open('checkpoint', 'wb').write(bytes(3 << 20))"
    )
    job = busy_runner.python(code)
    row = busy_runner.wait_for(job)

    path = busy_runner.folder(job) / "log"
    assert row.state == "SUCCEEDED"
    assert path.stat().st_size > 3 * MIB
    assert path.stat().st_blocks * 512 < 1.2 * MIB
    assert busy_runner.log(job).endswith(f"line {39_999:>90}\n")
    assert (busy_runner.work / "checkpoint").stat().st_size == 3 * MIB

    said = io.StringIO()
    following.print_log(busy_runner.home, row, said)
    assert said.getvalue().startswith("… the first 3 MiB were dropped\n")
    assert "\0" not in said.getvalue()
    assert said.getvalue().count("\n") > 9_000


def test_a_log_is_looked_at_every_second_while_it_grows_and_not_at_all_while_it_rests(log: int) -> None:
    told: list[int] = []
    before = signal.signal(signal.SIGIO, lambda number, _: told.append(number))
    capped = shim._Log(log, MIB)
    os.write(log, b"x" * 3 * MIB)
    _look_now(capped)
    assert outputs.first_kept(log) == 2 * MIB
    assert capped.next < float("inf")

    _look_now(capped)
    assert capped.next == float("inf")  # it rests
    assert not told
    os.write(log, b"y" * 2 * MIB)
    until(lambda: told)
    capped.grows()
    assert capped.next < float("inf")
    _look_now(capped)
    assert outputs.first_kept(log) == 4 * MIB
    os.close(capped._watch)
    signal.signal(signal.SIGIO, before)


def test_where_no_hole_can_be_made_that_is_said_once_and_the_log_grows(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with _without_holes(tmp_path) as place, (place / "log").open("ab", buffering=0) as file:
        capped = shim._Log(file.fileno(), MIB)
        file.write(b"x" * 2 * MIB)
        capped.look()
        capped.look()

        assert outputs.first_kept(file.fileno()) == 0
        assert capped.next == float("inf")
    assert capfd.readouterr().err.count("cannot drop the front of a log") == 1


def test_a_reader_that_was_overtaken_goes_on_behind_what_was_dropped(tmp_path: Path, log: int) -> None:
    path = tmp_path / "log"
    os.write(log, b"one\n" * 40_000)
    seen, output = LogFile(path), following._Output(path)
    assert seen.grow()
    assert "".join(output.more()).count("one") == 40_000
    os.write(log, b"two\n" * MIB)
    shim._Log(log, MIB).look()

    while seen.grow():
        pass
    assert seen.lines(0, 1) == ["…"]
    assert seen.lines(len(seen) - 1, 1) == ["two"]
    assert seen.skipped_bytes == outputs.first_kept(log)
    again = list(output.more())
    assert again[0].startswith("\n… ")
    assert "\0" not in "".join(again)


def test_a_terminal_is_shown_colours_and_never_told_to_do_anything(tmp_path: Path) -> None:
    words = "\x1b[32mok\x1b[0m 10%\r\x1b]0;title\x07 \x9b2J é\n"
    ours, its = pty.openpty()
    with open(its, "w") as terminal:
        shown = following._fit(words, terminal)
    os.close(ours)

    assert shown == "\x1b[32mok\x1b[0m 10%\r␛]0;title␇ �2J é\n"
    assert following._fit(words, io.StringIO()) == words  # a program gets what was written


def test_how_a_job_ended_that_filled_the_disk_is_known(tmp_path: Path) -> None:
    with small_disk(tmp_path, size="40m") as disk, contextlib.closing(_capped(disk)) as runner:
        go = tmp_path / "go"
        job = runner.submit("sh", "-c", f"until [ -e {go} ]; do sleep 0.02; done; echo lost words; exit 3")
        runner.start_file(job)
        fill(disk / "ballast")
        go.touch()
        until(lambda: (runner.folder(job) / "exit").exists())
        (disk / "ballast").unlink()

        assert runner.wait_for(job).detail == "exit 3"


def test_the_end_of_a_log_is_found_behind_its_hole(tmp_path: Path, log: int) -> None:
    os.write(log, b"a" * 2 * MIB + b"the end")
    shim._Log(log, MIB).look()
    assert attempts.tail(tmp_path, size=8) == "athe end"
    assert outputs.read(log, 0, 4) == (MIB, b"aaaa")


def _capped(folder: Path) -> RunnerUnderTest:
    home = Home(folder / "home")
    homes.create(home)
    return RunnerUnderTest(home, config="[runner]\nslots = 2\npoll_s = 0.2\nlog_cap_mib = 1\n")


def _look_now(log: shim._Log) -> None:
    log.next = 0.0
    log.look()


@contextlib.contextmanager
def _without_holes(folder: Path) -> Iterator[Path]:
    """A file system that cannot make holes, where we may mount one; else the test is skipped."""
    if subprocess.run(["mount", "-t", "ramfs", "ramfs", folder], capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
