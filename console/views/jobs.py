"""Rows and panes of the jobs area."""

import json
import shlex
from collections.abc import Mapping, Sequence

from lineside.console.format import NONE, amount, between, clock, number, state, took
from lineside.console.ports import Me
from lineside.console.reads.joblist import LIVE, WAITING, Opened
from lineside.console.reads.needs import why
from lineside.console.reads.walls import Working
from lineside.console.text import Line, Span, clip, fit, heading, safe
from lineside.console.views.grid import capped, grid, wrapped
from lineside.console.widgets import sparkline
from lineside.console.widgets.rows import Cell, Column
from lineside.jobs.devices.gpus import Gpu
from lineside.store.clock import Micros
from lineside.store.queries.jobs import AttemptRow, JobRow
from lineside.store.queries.queues import NeedRow

COLUMNS = (
    Column(key="id", title="#", align=">", priority=1),
    Column(key="state", title="state", priority=1, min=11),
    Column(key="priority", title="pri", align=">", priority=7),
    Column(key="name", title="name", priority=1, min=8, max=32),
    Column(key="who", title="who", priority=4, max=12),
    Column(key="gpu", title="gpu", priority=3, max=8),
    Column(key="clock", title="clock", priority=2, align=">"),
    Column(key="now", title="now", priority=2, min=24, max=80, grow=True),
)


def cells(
    row: Working, curves: Mapping[int, Sequence[float]], gpus: Sequence[Gpu], me: Me, *, now: Micros
) -> list[Cell]:
    """One row of the table."""
    job = row.job
    return [
        str(job.id),
        _state(job),
        (str(job.priority), "dim"),
        safe(job.name),
        (safe(me.named(job.submitted_by)), "dim"),
        _gpu(job, gpus),
        (_clock(job, now=now), "dim"),
        _now(row, curves),
    ]


def _state(job: JobRow) -> Span:
    words, style = state(job.state)
    return (f"{words} try {job.attempt}" if job.attempt > 1 else words), style


def _gpu(job: JobRow, gpus: Sequence[Gpu]) -> Cell:
    if job.devices:
        index = {gpu.uuid: str(gpu.index) for gpu in gpus}
        return ",".join(index.get(uuid, "?") for uuid in job.devices)
    return ({-1: "any", 0: NONE}.get(job.gpus, str(job.gpus)), "dim")


def _clock(job: JobRow, *, now: Micros) -> str:
    if job.ended_us is not None and job.state not in (*LIVE, *WAITING):
        return f"→ {clock(job.ended_us, now=now)}"
    at = job.started_us if job.state in LIVE and job.started_us else job.submitted_us
    return clock(at, now=now)


def _now(row: Working, curves: Mapping[int, Sequence[float]]) -> Cell:
    """What there is to say at this moment: progress, why it waits, how it ended."""
    job, metric = row.job, row.metric
    if job.state in WAITING:
        return safe(job.reason), "wait"
    if job.state in LIVE:
        if metric is None:
            return ("serves" if job.kind == "service" else "no metric yet"), "dim"
        curve = sparkline.text(curves.get(job.run_id or 0, ()), width=10)
        return f"{safe(metric.metric)} {number(metric.last_value)} {curve}", "run"
    if job.state == "SUCCEEDED":
        return f"took {took(between(job.started_us, job.ended_us))}", "dim"
    if job.state == "FAILED":
        return safe(why(job.cause, job.detail) if job.cause else job.reason), "bad"
    return safe(job.reason or job.cause or ""), "dim"


# -- why it waits -----------------------------------------------------------------------------------


def why_lines(opened: Opened, width: int, height: int) -> list[Line]:
    """The queue's own words, and the jobs in front."""
    job = opened.job
    verb = "IS HELD" if job.state == "HELD" else "WAITS"
    lines: list[Line] = [heading(f"WHY {job.id} {verb}", width)]
    lines += wrapped(safe(job.reason) or "its turn comes: nothing stands in the way", width, "")
    lines.append(
        clip([("  asks for ", "dim"), (_asks(job), ""), (f"   priority {job.priority}", "dim")], width)
    )
    lines += [_need(need) for need in opened.needs]
    if opened.expected is not None:
        lines.append(clip([("  expected to need ", "dim"), (opened.expected.words, "")], width))
    lines.append(clip([("  runs  ", "dim"), (safe(command_text(opened)), "")], width))
    return capped(lines, height)


def _asks(job: JobRow) -> str:
    gpus = {-1: "a GPU if the box has any", 0: "no GPU", 1: "1 GPU"}.get(job.gpus, f"{job.gpus} GPUs")
    return f"{gpus}, {job.cpus} CPU slot{'' if job.cpus == 1 else 's'}"


def _need(need: NeedRow) -> Line:
    word, style = state(need.state)
    when = "when it is ok" if need.condition == "ok" else "when it ended"
    return [("  after ", "dim"), (f"{need.id} {safe(need.name)} ", ""), (word, style), (f"  {when}", "dim")]


def command_text(opened: Opened) -> str:
    """What runs, as one could type it."""
    return shlex.join(json.loads(opened.command.argv))


# -- one job ----------------------------------------------------------------------------------------

_ATTEMPT = (
    Column(key="number", title="", align=">", priority=1),
    Column(key="start", title="", priority=1),
    Column(key="took", title="", align=">", priority=1, min=7),
    Column(key="end", title="", priority=1, max=40),
    Column(key="pid", title="", priority=4),
    Column(key="cpu", title="", priority=3),
    Column(key="rss", title="", priority=3),
)


def detail_lines(opened: Opened | None, me: Me, width: int, height: int, *, now: Micros) -> list[Line]:
    """Everything about one job: what it runs, where, with what, and every attempt."""
    if opened is None:
        return []
    job, command = opened.job, opened.command
    lines: list[Line] = [
        heading(f"JOB {job.id}", width, right=safe(job.uid)),
        [
            ("  ", ""),
            (safe(job.name), "bold"),
            ("  ", ""),
            _state(job),
            ("  by ", "dim"),
            (safe(me.named(job.submitted_by)), ""),
            ("  submitted ", "dim"),
            (clock(job.submitted_us, now=now), ""),
        ],
        _fact("runs", command_text(opened)),
        _fact("in", command.cwd),
        _fact("asks for", _asks(job)),
    ]
    if job.reason:
        lines.append(_fact("reason", job.reason))
    if job.pipeline:
        lines.append(_fact("stage", f"{job.pipeline} › {job.stage}"))
    if params := json.loads(command.params):
        lines.append(_fact("params", "  ".join(f"{key}={value}" for key, value in params.items())))
    lines += [_need(need) for need in opened.needs]
    if opened.attempts:
        lines += [[], [("  attempts", "dim")]]
        lines += grid(_ATTEMPT, [_attempt(row, now=now) for row in opened.attempts], width)
    return capped([clip(line, width) for line in lines], height)


def _fact(word: str, text: str) -> Line:
    return [(f"  {fit(word, 9)} ", "dim"), (safe(text), "")]


def _attempt(row: AttemptRow, *, now: Micros) -> list[Cell]:
    cpu = (row.user_s or 0) + (row.system_s or 0)
    ended = row.cause is not None
    return [
        (f"  {row.number}", "bold"),
        clock(row.started_us, now=now),
        took(between(row.started_us, row.ended_us)),
        (
            safe(why(row.cause, row.detail)) if ended else "runs",
            "ok" if row.cause == "ok" else "bad" if ended else "run",
        ),
        f"pid {row.pid}" if row.pid else "",
        f"{took(cpu)} CPU" if row.user_s is not None else "",
        f"{amount(row.max_rss_bytes)} peak" if row.max_rss_bytes else "",
    ]
