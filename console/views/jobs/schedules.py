"""Schedules in words: when, what they did last, whether they stand still."""

from typing import Protocol

from lineside.console.format import NONE, clock, glyph, plural
from lineside.console.reads.joblist import JobList
from lineside.console.text import Line, clip, fit, flush, safe, width_of
from lineside.console.views.jobs.pulse import ahead, hm
from lineside.console.widgets.filled import Filled, Row
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.schedules import FiringRow, ListedRow


class _Timed(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def spec(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


class _Standing(Protocol):
    @property
    def paused(self) -> int: ...
    @property
    def broken(self) -> str: ...


def when_words(row: _Timed) -> str:
    """`30 2 * * 1-5 Europe/Berlin`, `every 6 h`, `new digits`, `push to main`."""
    if row.kind == "cron":
        return row.spec if row.time_zone == "UTC" else f"{row.spec} {row.time_zone}"
    if row.kind == "interval":
        return f"every {_span(float(row.spec))}"
    return f"new {row.spec}" if row.kind == "dataset" else f"push to {row.spec}"


def waits_words(row: _Timed) -> str:
    """What one waits for that does not fire by time."""
    return (
        f"when a version of data {row.spec} is added" if row.kind == "dataset" else f"when {row.spec} moves"
    )


def state_words(row: _Standing) -> str:
    """Why it does not fire; nothing when it does."""
    return f"parked: {row.broken}" if row.broken else "paused" if row.paused else ""


def last_words(row: ListedRow) -> str:
    """What became of the newest firing."""
    if row.last_outcome is None:
        return "never fired"
    return f"job {row.last_job} {row.last_state}" if row.last_job is not None else row.last_outcome


def line_words(row: ListedRow, *, now: Micros, width: int) -> str:
    """One line of the list: name, when, next, what it did last, why it stands still."""
    coming = f"next {clock(row.next_us, now=now)}" if row.next_us is not None else ""
    parts = (row.name.ljust(width), when_words(row), coming, last_words(row), state_words(row))
    return "  ".join(part for part in parts if part)


def _span(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"


COLUMNS = (
    Column(key="name", title="schedule", priority=1, min=8, max=28, value=lambda row: row.name),
    Column(key="when", title="fires", priority=1, max=34, value=lambda row: row.spec),
    Column(key="next", title="next", priority=2, value=lambda row: row.next_us or 0),
    Column(key="state", title="state", priority=1, max=14, value=lambda row: state_words(row)),
    Column(key="last", title="last did", priority=3, max=40, value=lambda row: row.last_us or 0),
    Column(key="owner", title="whose", priority=5, max=12, value=lambda row: row.owner),
    Column(key="rules", title="if late, if busy", priority=6, max=26),
)
_STATES = {"": ("● fires", "ok"), "paused": ("‖ paused", "warn"), "parked": ("! parked", "bad")}


def cells(row: ListedRow, *, now: Micros) -> list[Cell]:
    """One row of the table."""
    coming = ahead(row.next_us, now=now) if row.next_us is not None else NONE
    failed = row.last_state == "FAILED"
    return [
        safe(row.name), safe(when_words(row)), (coming, "bold" if row.next_us is not None else "dim"),
        _STATES[state_words(row).partition(":")[0]],
        (safe(_last(row, now=now)), "bad" if failed else "dim"), (safe(row.owner), "dim"),
        (f"{_LATE[row.catch_up]}, {_BUSY[row.overlap]}", "dim"),
    ]  # fmt: skip


_LATE = {"latest": "the latest", "all": "all missed", "none": "none missed"}
_BUSY = {"skip": "skips", "queue": "waits", "replace": "replaces"}


def _last(row: ListedRow, *, now: Micros) -> str:
    return last_words(row) if row.last_us is None else f"{hm(row.last_us, now=now)}  {last_words(row)}"


def detail(row: ListedRow | None, view: JobList, *, now: Micros, width: int, height: int) -> Filled:
    """What it runs, why it stands still, every firing with what became of it; then those of all schedules.

    A row leads to its job.
    """
    if row is None:
        return _lesson()
    firings = view.firings
    rows = []
    if height > _LOW:
        what = [("runs  ", "head"), (safe(view.argv), ""), ("   in  ", "dim"), (safe(row.folder), "")]
        rows.append(Row(key="runs", lines=[clip(what, width)]))
    if row.broken:
        words: Line = [
            ("! parked: ", "bad"),
            (safe(row.broken), ""),
            ("   . r resumes it", "dim"),
        ]
        rows.append(Row(key="broken", lines=[words]))
    elif row.paused:
        rows.append(Row(key="paused", lines=[[("‖ paused: ", "warn"), (". r lets it fire again", "dim")]]))
    rows += [
        Row(key=each.due, lines=[_firing(each, now=now)], goes=("jobs", each.job_id) if each.job_id else None)
        for each in firings
    ]
    if not firings:
        rows.append(Row(key="none", lines=[[("never fired yet: . s fires it now", "dim")]]))
    rows += _of_all(view, now=now, width=width, room=height - len(rows))
    return Filled(title=f"FIRINGS of {safe(row.name)}", rows=rows, right=plural(len(firings), "firing"))


def _lesson() -> Filled:
    """How one gets a schedule: what stands there while there is none."""
    ways = (
        ('lineside schedules add nightly "30 2 * * *" PIPELINE', "by a cron line"),
        ("lineside schedules add often --every 6h PIPELINE", "by an interval"),
        ("lineside schedules add fresh --on-data NAME PIPELINE", "at new data"),
        ("lineside schedules add pushed --on-push main PIPELINE", "at each push"),
    )
    wide = max(len(command) for command, _ in ways)
    said: Line = [("A schedule starts a pipeline; in the folder of lineside.toml:", "")]
    lines: list[Line] = [[(f"  {command:<{wide}}  ", "bold"), (when, "dim")] for command, when in ways]
    return Filled(title="HOW ONE BEGINS", rows=[Row(key="lesson", lines=[[], said, [], *lines])])


_LOW = 4
"""With fewer lines there are firings alone."""


def _of_all(view: JobList, *, now: Micros, width: int, room: int) -> list[Row]:
    """The newest firings of all schedules, where there are others."""
    named = {row.id: safe(row.name) for row in view.schedules}
    if len({one.schedule_id for one in view.fired}) < 2 or room < 4:
        return []
    wide = min(28, max(map(width_of, named.values())))
    rows = [Row(key="all", lines=[[], flush("ALL FIRINGS", width)])]
    for one in view.fired[: room - 2]:
        line: Line = [(f"{fit(named.get(one.schedule_id, ''), wide)}  ", "bold"), *_firing(one, now=now)]
        goes = ("jobs", one.job_id) if one.job_id else None
        rows.append(Row(key=(one.schedule_id, one.due), lines=[clip(line, width)], goes=goes))
    return rows


def _firing(row: FiringRow, *, now: Micros) -> Line:
    mark, style = glyph(row.job_state or "SKIPPED")
    job = f"job {row.job_id} {row.job_state}" if row.job_id is not None else ""
    return [
        (f"{mark} ", style), (f"{clock(row.at_us, now=now):<12}", ""), (f"  {safe(row.outcome)}  ", "dim"),
        (job, style),
    ]  # fmt: skip
