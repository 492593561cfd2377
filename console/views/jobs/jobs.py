"""The rows of the jobs area."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from lineside.console.format import NONE, between, clock, count, number, state, took
from lineside.console.ports import Me
from lineside.console.reads import ends
from lineside.console.reads.ends import End
from lineside.console.reads.joblist import LIVE, WAITING
from lineside.console.reads.needs import why
from lineside.console.reads.walls import Working
from lineside.console.text import Line, Span, plain, safe
from lineside.console.views.jobs import pulse, waits
from lineside.console.widgets.charts import gauge, sparkline
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.jobs.devices.gpus import Gpu
from lineside.store.clock import Micros
from lineside.store.queries.jobs import JobRow

COLUMNS = (
    Column(key="id", title="#", align=">", priority=1, value=lambda row: row.job.id),
    Column(key="state", title="state", priority=1, min=11, value=lambda row: row.job.state),
    Column(key="priority", title="pri", align=">", priority=7, value=lambda row: row.job.priority),
    Column(key="name", title="name", priority=1, min=8, max=32, value=lambda row: row.job.name),
    Column(key="who", title="who", priority=4, max=12, value=lambda row: row.job.submitted_by),
    Column(key="gpu", title="gpu", priority=3, max=8, value=lambda row: row.job.gpus),
    Column(key="clock", title="clock", priority=2, value=lambda row: row.end.at_us or row.job.submitted_us),
    Column(key="done", title="done", align=">", priority=8, max=10,
           value=lambda row: row.metric.last_step if row.metric else -1),
    Column(key="now", title="now", priority=2, min=20, max=80, grow=True),
)  # fmt: skip


_REASON = 40
_NOTHING: waits.Ends = MappingProxyType({})


def cells(
    row: Working, curves: Mapping[int, Sequence[float]], gpus: Sequence[Gpu], me: Me, *, now: Micros,
    live: Sequence[JobRow] = (), known: waits.Ends = _NOTHING, room: int = _REASON,
) -> list[Cell]:  # fmt: skip
    """One row of the table.

    Args:
        live, known: the jobs that run and when they end, for what waits.
        room: cells of a reason that need not be cut.
    """
    job = row.job
    return [
        str(job.id),
        state_of(job, row.end),
        (str(job.priority), "dim"),
        safe(job.name),
        (safe(me.named(job.submitted_by)), "dim"),
        _gpu(job, gpus),
        _clock(row, now=now),
        (_done(row) if job.state in LIVE else "", "dim"),
        _now(row, curves, waits.words(job, gpus, live, known, now=now, room=room), room),
    ]


def state_of(job: JobRow, end: End = ends.NOTHING) -> Span:
    """`○ QUEUED 2/4`: the state, and which try it is where there were others."""
    words, style = state(job.state)
    tried = pulse.tries(Working(job=job, metric=None, end=end))
    return (f"{words} {tried}" if tried else words), style


def _gpu(job: JobRow, gpus: Sequence[Gpu]) -> Cell:
    if job.devices:
        index = {gpu.uuid: str(gpu.index) for gpu in gpus}
        return ",".join(index.get(uuid, "?") for uuid in job.devices)
    return ({-1: "any", 0: NONE}.get(job.gpus, str(job.gpus)), "dim")


def _clock(row: Working, *, now: Micros) -> Span:
    """`ends by 16:01`, `since 13:39`, `at 13:52:10`, `→ 12:40`."""
    job = row.job
    if job.ended_us is not None and job.state not in (*LIVE, *WAITING):
        return f"→ {pulse.hm(job.ended_us, now=now)}", "dim"
    if job.state in LIVE:
        return pulse.ends(row, now=now, brief=True)
    if row.end.again_us is not None:
        return f"at {clock(row.end.again_us, now=now)}", ""
    return f"since {pulse.hm(job.submitted_us, now=now)}", "dim"


def _done(row: Working) -> str:
    """`41 %`, or the step where nobody says how many there will be."""
    if row.metric is None:
        return ""
    total = row.end.total
    return gauge.percent(row.metric.last_step / total) if total else count(row.metric.last_step)


def _now(row: Working, curves: Mapping[int, Sequence[float]], said: Line, room: int) -> Cell:
    """What there is to say at this moment: progress, why it waits, how it ended."""
    job, metric = row.job, row.metric
    if job.state in WAITING:
        if job.attempt and job.cause:
            whole = f"retry: {safe(why(job.cause, job.detail))}"
            return (whole if len(whole) <= room else f"retry: {safe(job.cause)}"), "warn"
        return plain(said).removeprefix("waits for "), "wait"
    if job.state in LIVE:
        if metric is None:
            return ("serves" if job.kind == "service" else "no metric yet"), "dim"
        curve = sparkline.text(curves.get(job.run_id or 0, ()), width=10)
        return f"{safe(metric.metric)} {number(metric.last_value)} {curve}", "run"
    if job.state == "SUCCEEDED":
        return f"took {took(between(job.started_us, job.ended_us))}", "dim"
    if job.state == "SKIPPED" and job.cause == "ok":
        return safe(job.reason or "cached"), "dim"
    if job.state == "FAILED":
        return safe(why(job.cause, job.detail) if job.cause else job.reason), "bad"
    return safe(job.reason or job.cause or ""), "dim"
