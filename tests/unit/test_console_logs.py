"""A job's output by offset: whole lines, while it grows, however long it is."""

from pathlib import Path

import pytest

from lineside.console import logs
from lineside.console.logs import LogFile


def test_a_log_is_read_as_it_grows_and_half_a_line_is_completed_later(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = LogFile(path)
    assert not log.grow()  # not there yet
    path.write_text("one\ntw")
    assert log.grow()
    assert log.lines(0, 9) == ["one", "tw"]
    with path.open("a") as file:
        file.write("o\nthree\n")
    assert log.grow()
    assert not log.grow()
    assert log.lines(0, 9) == ["one", "two", "three"]
    assert log.lines(1, 1) == ["two"]
    assert log.lines(7, 1) == []


def test_only_the_end_of_a_long_log_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FIRST_BYTES", 10)
    path = tmp_path / "log"
    path.write_text("0123456789\nabcdefg\nxy\n")
    log = LogFile(path)
    while log.grow():
        pass
    assert log.skipped_bytes == 12
    assert log.lines(0, 9) == ["bcdefg", "xy"]


def test_colours_are_dropped_progress_shows_its_last_state_and_escapes_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\x1b[1;32mgreen\x1b[0m\n 10%\r 99%\r100%\n\x1b]0;title\x07\n\xff\n")
    log = LogFile(path)
    log.grow()
    assert log.lines(0, 9) == ["green", "100%", "␛]0;title␇", "�"]


def test_searching_goes_round_the_end_in_both_directions(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("loss 1\nok\nLOSS 2\n")
    log = LogFile(path)
    log.grow()
    assert log.find("loss", start=0, step=1) == 2
    assert log.find("loss", start=2, step=1) == 0
    assert log.find("loss", start=0, step=-1) == 2
    assert log.find("absent", start=0, step=1) is None


def test_a_log_that_is_deleted_while_it_is_shown_has_ellipses_for_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("one\ntwo\nthree\n")
    log = LogFile(path)
    assert log.grow()
    path.unlink()
    assert not log.grow()
    assert log.lines(0, 9) == ["…"] * 3
    assert log.find("two", start=0, step=1) is None
