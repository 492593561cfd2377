"""What the console keeps between two sittings: it comes back, and never complains."""

from pathlib import Path

import pytest

from lineside.console.memory import SAID, Memory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "lineside" / "home"


def test_what_one_sitting_keeps_the_next_recalls(folder: Path) -> None:
    Memory(folder).keep_view("jobs/queue", {"wide": True})
    Memory(folder).say("runs lr<1")
    assert Memory(folder).view("jobs/queue") == {"wide": True}
    assert Memory(folder).said() == ["runs lr<1"]


def test_two_consoles_do_not_forget_each_others_tables(folder: Path) -> None:
    one, other = Memory(folder), Memory(folder)
    assert one.view("runs/runs") is None
    other.keep_view("jobs/jobs", {"sort": "name"})
    one.keep_view("runs/runs", {"sort": "lr"})
    assert Memory(folder).view("jobs/jobs") == {"sort": "name"}
    assert Memory(folder).view("runs/runs") == {"sort": "lr"}


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '"x"', "\x00\xff", "[" * 100_000])
def test_garbage_counts_as_nothing_said_and_is_written_over(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    for name in ("views", "said"):
        (folder / f"{name}.json").write_text(text)
    memory = Memory(folder)
    assert memory.view("jobs/jobs") is None
    assert all(isinstance(line, str) for line in memory.said())
    memory.keep_view("jobs/jobs", {})
    memory.say("jobs")
    assert Memory(folder).said()[-1] == "jobs"
    assert Memory(folder).view("jobs/jobs") == {}


def test_a_folder_that_cannot_be_made_is_no_reason_to_complain(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    memory = Memory(tmp_path / "file" / "state")
    memory.say("jobs")
    assert memory.said() == ["jobs"]
    assert Memory(tmp_path / "file" / "state").said() == []


def test_only_the_newest_lines_are_kept_each_once(folder: Path) -> None:
    memory = Memory(folder)
    for number in [*range(SAID + 10), 50]:
        memory.say(f"job {number}")
    assert len(memory.said()) == SAID
    assert memory.said()[-1] == "job 50"
    assert memory.said().count("job 50") == 1


def test_nothing_of_a_half_written_file_is_left(folder: Path) -> None:
    memory = Memory(folder)
    memory.keep("odd", {"not": {1, 2}})  # no JSON: kept for this sitting only
    assert list(folder.glob("*")) == []
