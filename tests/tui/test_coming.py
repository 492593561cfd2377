"""The lanes of schedules: a mark where each fires, words where it stands still."""

from dataclasses import replace

from lineside.console.text import line_width, plain
from lineside.console.views.jobs.coming import coming
from lineside.store.clock import SECOND, Micros
from lineside.store.queries.schedules import ListedRow

NOW = Micros(1_800_000_000 * SECOND)
HOURLY = ListedRow(
    id=1, name="hourly", kind="interval", spec="3600", time_zone="UTC", folder="/", owner="ana",
    catch_up="latest", overlap="skip", paused=0, broken="", next_us=Micros(NOW + 3600 * SECOND),
    created_us=NOW, project=None, last_us=None, last_outcome=None, last_job=None, last_state=None,
)  # fmt: skip


def lanes(*rows: ListedRow, width: int = 80) -> list[str]:
    lines = coming(rows, now=NOW, width=width)
    assert all(line_width(line) <= width for line in lines)
    return [plain(line) for line in lines]


def test_what_fires_each_hour_has_its_marks_on_the_next_day() -> None:
    head, lane, axis = lanes(HOURLY)
    assert "THE NEXT 24 HOURS" in head
    assert lane.count("●") == 23, "the one a day from now is no longer on it"
    assert ":00" in axis


def test_with_room_for_it_the_next_week_is_shown() -> None:
    head, lane, _ = lanes(HOURLY, width=200)
    assert "THE NEXT 7 DAYS" in head
    assert lane.count("●") > 100


def test_what_stands_still_says_why_and_what_is_not_due_says_when_it_is() -> None:
    later = replace(HOURLY, name="later", spec="2592000", next_us=Micros(NOW + 2_592_000 * SECOND))
    text = lanes(replace(HOURLY, paused=1), replace(HOURLY, broken="no folder /x"), later)
    assert "paused" in text[1]
    assert "parked: no folder /x" in text[2]
    assert "●" not in text[3]
    assert text[3].rstrip()[-1].isdigit()


def test_what_waits_for_data_has_no_lane() -> None:
    assert lanes(replace(HOURLY, kind="dataset", spec="bike", next_us=None)) == []


def test_beside_those_with_lanes_it_says_what_it_waits_for() -> None:
    text = lanes(HOURLY, replace(HOURLY, name="on data", kind="dataset", spec="bike", next_us=None))
    assert "when a version of data bike is added" in text[2]
    assert "●" not in text[2]
