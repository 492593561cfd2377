"""Times of cron lines, against a walk over every minute."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lineside.jobs.schedules import cron, timings, wallclock
from lineside.jobs.schedules.cron import Cron
from lineside.jobs.schedules.timings import ByCron
from lineside.store.clock import SECOND, Micros

CHANGES = [
    ("Europe/Berlin", "2026-03-29"), ("Europe/Berlin", "2026-10-25"), ("America/New_York", "2026-11-01"),
    ("Asia/Beirut", "2026-03-28"), ("Asia/Beirut", "2026-10-24"), ("Australia/Lord_Howe", "2026-04-04"),
    ("Australia/Lord_Howe", "2026-10-03"), ("America/Goose_Bay", "2010-11-07"),
    ("Pacific/Apia", "2011-12-30"),
    ("Antarctica/Troll", "2026-10-25"), ("Asia/Kolkata", "2026-05-05"), ("UTC", "2026-02-28"),
]  # fmt: skip


def field(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    ranged = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    stepped = st.tuples(st.one_of(st.just("*"), ranged), st.integers(1, most)).map(lambda p: f"{p[0]}/{p[1]}")
    part = st.one_of(number.map(str), ranged, stepped)
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=3).map(",".join))


lines = st.tuples(field(0, 59), field(0, 23), field(1, 28), st.just("*"), field(0, 7)).map(" ".join)
places = st.sampled_from(CHANGES)
hours = st.integers(-30, 30)


def walked(line: Cron, zone: str, begin: int, end: int) -> list[int]:
    """Every minute after `begin` up to `end`, asked one by one."""
    tz, found, minutes = wallclock.zone(zone), list[int](), frozenset(line.minutes)

    def means(wall: datetime) -> bool:
        return 60 * wall.hour + wall.minute in minutes and line.on(wall.date())

    before = datetime.fromtimestamp(begin, tz)
    for when in range(begin + 60, end + 1, 60):
        wall = datetime.fromtimestamp(when, tz)
        shown = [wall] if line.floating or wall.fold == 0 else []
        lost = [] if line.floating else _lost(before, wall)
        if any(means(each) for each in (*lost, *shown)):
            found.append(when)
        before = wall
    return found


def _lost(before: datetime, wall: datetime) -> list[datetime]:
    """What the wall never showed between two minutes that follow each other."""
    old, new = before.replace(tzinfo=None), wall.replace(tzinfo=None)
    if new - old == timedelta(minutes=1):
        return []
    return [old + timedelta(minutes=n) for n in range(1, int((new - old).total_seconds()) // 60)]


@given(text=lines, place=places, shift=hours)
def test_times_are_those_that_a_walk_over_every_minute_finds(
    text: str, place: tuple[str, str], shift: int
) -> None:
    line, (zone, day) = cron.parse(text), place
    begin = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) + 3_600 * shift
    found, at = [], begin
    while (following := wallclock.next_after(line, wallclock.zone(zone), at)) is not None:
        if following > begin + 2 * 86_400:
            break
        assert following > at
        found.append(following)
        at = following

    assert found == walked(line, zone, begin, begin + 2 * 86_400)


@given(text=lines, place=places, begin=st.integers(0, 2**31), gap=st.integers(0, 10**7))
def test_the_newest_missed_time_is_the_last_one_of_a_walk(
    text: str, place: tuple[str, str], begin: int, gap: int
) -> None:
    timing = ByCron(cron.parse(text), wallclock.zone(place[0]))
    first = timing.next_after(Micros(begin * SECOND))
    assert first is not None
    now = Micros(first + gap * SECOND)

    newest = timings.newest(timing, first, now)
    missed, cut = timings.missed(timing, first, now)

    following = timing.next_after(newest)
    assert newest <= now
    assert following is None or following > now
    assert missed[-1] == newest
    assert missed == sorted(set(missed))
    assert cut == (missed[0] != first)
