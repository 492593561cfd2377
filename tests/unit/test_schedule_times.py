"""When a schedule is due: nights on which clocks change, intervals, and what was missed."""

from datetime import UTC, datetime

import pytest

from lineside.jobs.schedules import cron, timings, wallclock
from lineside.jobs.schedules.timings import ByCron, ByInterval
from lineside.store.clock import SECOND, Micros
from lineside.store.errors import Usage

HOUR = 3_600 * SECOND


def at(text: str) -> Micros:
    return Micros(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND)


def by(line: str, zone: str = "UTC") -> ByCron:
    return ByCron(cron.parse(line), wallclock.zone(zone))


def next_times(timing: timings.Timing, after: str, count: int) -> list[str]:
    """So many times after a moment, as UTC reads them."""
    found, when = [], at(after)
    for _ in range(count):
        following = timing.next_after(when)
        assert following is not None
        when = following
        found.append(datetime.fromtimestamp(when // SECOND, UTC).isoformat(timespec="minutes")[:16])
    return found


NIGHTS = [
    # zone, line in the hour that is skipped, its moment, line in the hour that comes twice, its moment
    ("Europe/Berlin", "30 2 * * *", "2026-03-29T01:00", "30 2 * * *", "2026-10-25T00:30"),
    ("Europe/London", "30 1 * * *", "2026-03-29T01:00", "30 1 * * *", "2026-10-25T00:30"),
    ("America/New_York", "30 2 * * *", "2026-03-08T07:00", "30 1 * * *", "2026-11-01T05:30"),
    ("America/Los_Angeles", "30 2 * * *", "2026-03-08T10:00", "30 1 * * *", "2026-11-01T08:30"),
    ("America/St_Johns", "30 2 * * *", "2026-03-08T05:30", "30 1 * * *", "2026-11-01T04:00"),
    ("America/Havana", "30 0 * * *", "2026-03-08T05:00", "30 0 * * *", "2026-11-01T04:30"),
    ("America/Santiago", "30 0 * * *", "2026-09-06T04:00", "30 23 * * *", "2026-04-05T02:30"),
    ("Asia/Beirut", "30 0 * * *", "2026-03-28T22:00", "30 23 * * *", "2026-10-24T20:30"),
    ("Africa/Casablanca", "30 2 * * *", "2026-03-22T02:00", "30 2 * * *", "2026-02-15T01:30"),
    ("Antarctica/Troll", "30 2 * * *", "2026-03-29T01:00", "30 2 * * *", "2026-10-25T00:30"),
    ("Australia/Sydney", "30 2 * * *", "2026-10-03T16:00", "30 2 * * *", "2026-04-04T15:30"),
    ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T15:30", "45 1 * * *", "2026-04-04T14:45"),
    ("Pacific/Auckland", "30 2 * * *", "2026-09-26T14:00", "30 2 * * *", "2026-04-04T13:30"),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "skipped", "moment", "twice", "first"), NIGHTS, ids=[n[0] for n in NIGHTS])
def test_a_time_that_the_clock_skips_or_repeats_fires_once_that_night(
    zone: str, skipped: str, moment: str, twice: str, first: str
) -> None:
    spring, autumn = by(skipped, zone), by(twice, zone)

    assert _around(spring, moment) == [moment]
    assert _around(autumn, first) == [first]


def _around(timing: ByCron, moment: str) -> list[str]:
    """The times less than 20 hours from a moment."""
    found, when = [], timing.next_after(Micros(at(moment) - 20 * HOUR))
    while when is not None and when < at(moment) + 20 * HOUR:
        found.append(datetime.fromtimestamp(when // SECOND, UTC).isoformat(timespec="minutes")[:16])
        when = timing.next_after(when)
    return found


@pytest.mark.parametrize("zone", [night[0] for night in NIGHTS])
def test_a_daily_line_fires_once_on_each_day_of_the_wall(zone: str) -> None:
    for line in ("30 2 * * *", "0 0 * * *", "45 1 * * *"):
        timing, days, when = by(line, zone), list[str](), at("2026-01-01T12:00")
        while (following := timing.next_after(when)) is not None and following < at("2027-01-01T12:00"):
            when = following
            days.append(timing.due(when)[:10])
        assert len(days) == len(set(days)) == 365


def test_an_hourly_line_follows_the_time_that_passes() -> None:
    hourly = by("0 * * * *", "Europe/Berlin")

    assert next_times(hourly, "2026-10-24T23:30", 3) == [
        "2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00",
    ]  # fmt: skip
    assert next_times(hourly, "2026-03-29T00:30", 2) == ["2026-03-29T01:00", "2026-03-29T02:00"]
    twice = [hourly.due(at("2026-10-25T00:00")), hourly.due(at("2026-10-25T01:00"))]
    assert twice == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]


def test_a_day_that_a_country_left_out_is_made_up_for_once() -> None:
    apia = by("30 2 * * *", "Pacific/Apia")

    assert [apia.due(at(f"{each}")) for each in next_times(apia, "2011-12-29T12:00", 3)] == [
        "2011-12-29T02:30", "2011-12-31T00:00", "2011-12-31T02:30",
    ]  # fmt: skip


def test_a_leap_day_on_a_sunday_is_found_a_generation_ahead() -> None:
    assert next_times(by("0 0 29 2 */7"), "2033-01-01T00:00", 1) == ["2060-02-29T00:00"]


def test_an_unknown_zone_is_refused_with_words() -> None:
    with pytest.raises(Usage, match="no time zone 'Europe/Berlln'"):
        wallclock.zone("Europe/Berlln")
    with pytest.raises(Usage, match=r"no time zone '../etc/passwd'"):
        wallclock.zone("../etc/passwd")


def test_an_interval_counts_from_when_it_was_added_and_never_drifts() -> None:
    since = at("2026-01-01T00:00")
    timing = ByInterval(since, 90 * 60 * SECOND)

    assert timing.next_after(since) == since + 90 * 60 * SECOND
    assert next_times(timing, "2026-01-01T04:00", 2) == ["2026-01-01T04:30", "2026-01-01T06:00"]
    assert timing.due(at("2026-01-01T04:30")) == "2026-01-01T04:30:00Z"


@pytest.mark.parametrize(
    ("text", "found"), [("90", 90), ("90s", 90), ("15m", 900), ("6h", 21_600), ("1.5d", 129_600)]
)
def test_an_interval_is_said_with_a_unit(text: str, found: float) -> None:
    assert timings.seconds(text) == found


@pytest.mark.parametrize("text", ["", "h", "0s", "10ms", "-5m", "nan", "inf", "5 fortnights", "9999d"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(Usage, match="is no length of time"):
        timings.seconds(text)


class Counted:
    """A timing that counts how often it is asked."""

    def __init__(self, timing: timings.Timing) -> None:
        self.timing, self.steps = timing, 0

    def next_after(self, at: Micros) -> Micros | None:
        self.steps += 1
        return self.timing.next_after(at)

    def due(self, at: Micros) -> str:
        return self.timing.due(at)


def test_the_newest_missed_time_of_a_month_is_found_by_jumping() -> None:
    minutely = Counted(by("* * * * *"))

    found = timings.newest(minutely, at("2026-01-01T00:00"), Micros(at("2026-01-31T00:00") + 30 * SECOND))

    assert found == at("2026-01-31T00:00")
    assert minutely.steps < 60


def test_all_of_a_month_of_minutes_are_the_newest_thousand_at_most() -> None:
    minutely = Counted(by("* * * * *"))

    found, cut = timings.missed(minutely, at("2026-01-01T00:00"), at("2026-01-31T00:00"))

    assert cut
    assert 500 <= len(found) <= timings.MOST
    assert found[-1] == at("2026-01-31T00:00")
    assert minutely.steps < 4 * timings.MOST


def test_all_of_a_few_missed_times_are_all_of_them() -> None:
    hourly = by("0 * * * *")

    found, cut = timings.missed(hourly, at("2026-01-01T00:00"), at("2026-01-01T05:30"))

    assert (len(found), cut) == (6, False)
