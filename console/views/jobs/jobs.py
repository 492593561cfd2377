"""Rows and panes of the jobs area."""

import json
import shlex
from collections.abc import Mapping, Sequence

from lineside.console.format import NONE, amount, between, clock, number, state, took
from lineside.console.ports import Me
from lineside.console.reads import ends
from lineside.console.reads.ends import End
from lineside.console.reads.joblist import LIVE, WAITING, JobList, Opened
from lineside.console.reads.needs import why
from lineside.console.reads.walls import Working
from lineside.console.text import Line, Span, clip, fit, heading, safe
from lineside.console.views.grid import capped, grid, wrapped
from lineside.console.views.jobs import gpus as devices
from lineside.console.views.jobs import pulse, waits
from lineside.console.views.jobs.holding import holders
from lineside.console.widgets.charts import sparkline
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.jobs.devices.gpus import Gpu
from lineside.store.clock import Micros
from lineside.store.queries.jobs import AttemptRow, CommandRow, JobRow
from lineside.store.queries.queues import NeedRow

COLUMNS = (
    Column(key="id", title="#", align=">", priority=1, value=lambda row: row.job.id),
    Column(key="state", title="state", priority=1, min=11, value=lambda row: row.job.state),
    Column(key="priority", title="pri", align=">", priority=7, value=lambda row: row.job.priority),
    Column(key="name", title="name", priority=1, min=8, max=32, value=lambda row: row.job.name),
    Column(key="who", title="who", priority=4, max=12, value=lambda row: row.job.submitted_by),
    Column(key="gpu", title="gpu", priority=3, max=8, value=lambda row: row.job.gpus),
    Column(key="clock", title="clock", priority=2, value=lambda row: row.end.at_us or row.job.submitted_us),
    Column(key="now", title="now", priority=2, min=20, max=80, grow=True),
)


def cells(
    row: Working, curves: Mapping[int, Sequence[float]], gpus: Sequence[Gpu], me: Me, *, now: Micros
) -> list[Cell]:
    """One row of the table."""
    job = row.job
    return [
        str(job.id),
        _state(job, row.end),
        (str(job.priority), "dim"),
        safe(job.name),
        (safe(me.named(job.submitted_by)), "dim"),
        _gpu(job, gpus),
        _clock(row, now=now),
        _now(row, curves),
    ]


def _state(job: JobRow, end: End = ends.NOTHING) -> Span:
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


def _now(row: Working, curves: Mapping[int, Sequence[float]]) -> Cell:
    """What there is to say at this moment: progress, why it waits, how it ended."""
    job, metric = row.job, row.metric
    if job.state in WAITING:
        if job.attempt and job.cause:
            return f"retry: {safe(why(job.cause, job.detail))}", "warn"
        return safe(job.reason.removeprefix("waits for ")), "wait"
    if job.state in LIVE:
        if metric is None:
            return ("serves" if job.kind == "service" else "no metric yet"), "dim"
        curve = sparkline.text(curves.get(job.run_id or 0, ()), width=10)
        return f"{safe(metric.metric)} {number(metric.last_value)} {curve}  {pulse.steps(row)}", "run"
    if job.state == "SUCCEEDED":
        return f"took {took(between(job.started_us, job.ended_us))}", "dim"
    if job.state == "SKIPPED" and job.cause == "ok":
        return safe(job.reason or "cached"), "dim"
    if job.state == "FAILED":
        return safe(why(job.cause, job.detail) if job.cause else job.reason), "bad"
    return safe(job.reason or job.cause or ""), "dim"


# -- why it waits -----------------------------------------------------------------------------------


def why_lines(opened: Opened, width: int, height: int, *, blockers: Sequence[Line] = ()) -> list[Line]:
    """The queue's own words, who has what it wants, and the jobs in front."""
    job = opened.job
    verb = "IS HELD" if job.state == "HELD" else "WAITS"
    lines: list[Line] = [heading(f"WHY {job.id} {verb}", width)]
    asks: Line = [("  asks for ", "dim"), (_asks(job), ""), (f"   priority {job.priority}", "dim")]
    if blockers:  # device by device, in place of the sentence that names them all
        said = safe(job.reason.partition(":")[0])
        lines.append(clip([(f"  {said}", "bold"), *asks], width))
    else:
        lines += wrapped(safe(job.reason) or "its turn comes: nothing stands in the way", width, "")
        lines.append(clip(asks, width))
    lines += [clip(line, width) for line in blockers]
    lines += [_need(need) for need in opened.needs]
    if opened.expected is not None:
        lines.append(clip([("  expected to need ", "dim"), (opened.expected.words, "")], width))
    lines.append(clip([("  runs  ", "dim"), (safe(command_text(opened)), "")], width))
    return capped(lines, height)


def blockers(opened: Opened, view: JobList, gpus: Sequence[Gpu], me: Me, *, now: Micros) -> list[Line]:
    """GPU by GPU: who has it, until when, and whom to ask; then the likely start.

    Only for a job that waits for GPUs itself, not for another job or its own next try.
    """
    job = opened.job
    if job.state != "QUEUED" or not job.gpus or not gpus or opened.end.again_us is not None:
        return []
    if any(need.state in (*LIVE, *WAITING) for need in opened.needs):
        return []
    lines = [_blocker(gpu, view, me, now=now) for gpu in gpus]
    likely = waits.likely(job, gpus, view.live, view.ends)
    if likely is not None:
        at = pulse.ahead(likely, now=now)
        lines.append([("  likely start  ", "dim"), (at, "bold ok"), ("  when that many are free", "dim")])
    return lines


def _blocker(gpu: Gpu, view: JobList, me: Me, *, now: Micros) -> Line:
    on = holders(gpu, view.live)
    said, style = devices.whose(gpu, view.live, me, now=now)
    out: list[Span] = [(f"  GPU {gpu.index}  ", "bold"), (fit(said, 44).rstrip(), style)]
    at = waits.free_at(gpu, view.live, view.ends)
    if on and at is not None:
        out += [("  → ", "dim"), (f"free by {pulse.ahead(at, now=now)}", "")]
    idle = [job for job in on if gpu.util == 0 and not me.is_me(job.submitted_by)]
    if idle:
        out += [("  → ", "dim"), (f"ask {safe(idle[0].submitted_by)}", "ask")]
    return out


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
    Column(key="gpu", title="", priority=4),
    Column(key="pid", title="", priority=5),
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
            _state(job, opened.end),
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
    if command.retry_max or command.time_limit_s is not None:
        lines.append(_fact("policy", _policy(command)))
    if opened.attempts:
        lines += [[], [("  attempts", "head"), ("  the newest last", "dim")]]
        lines += grid(_ATTEMPT, [_attempt(row, now=now) for row in opened.attempts], width)
    return capped([clip(line, width) for line in lines], height)


def _policy(command: CommandRow) -> str:
    """`tried again up to 3 times after oom_cuda, lost; limit 2 h 00 m`."""
    said = []
    if command.retry_max:
        after = ", ".join(json.loads(command.retry_on)) or "any failure"
        said.append(f"tried again up to {command.retry_max} times after {after}")
    if command.time_limit_s is not None:
        said.append(f"limit {took(command.time_limit_s)}")
    return "; ".join(said)


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
        f"{len(json.loads(row.gpu_uuids))} GPU" if row.gpu_uuids != "[]" else "",
        f"pid {row.pid}" if row.pid else "",
        f"{took(cpu)} CPU" if row.user_s is not None else "",
        f"{amount(row.max_rss_bytes)} peak" if row.max_rss_bytes else "",
    ]
