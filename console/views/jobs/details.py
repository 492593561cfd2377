"""One job in full: what it runs, where, with what, its run, and every attempt."""

import json
import shlex
import textwrap

from lineside.console.commands import shown
from lineside.console.format import amount, between, clock, state, took
from lineside.console.ports import Me
from lineside.console.reads.joblist import WAITING, Opened
from lineside.console.reads.needs import why
from lineside.console.text import Line, Span, clip, fit, heading, safe
from lineside.console.views.grid import grid
from lineside.console.views.jobs.jobs import state_of
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.jobs import AttemptRow, CommandRow, JobRow
from lineside.store.queries.queues import NeedRow


def need_line(need: NeedRow) -> Line:
    """`after 60 train fraud ○ QUEUED  when it is ok`."""
    word, style = state(need.state)
    when = "when it is ok" if need.condition == "ok" else "when it ended"
    return [("  after ", "dim"), (f"{need.id} {safe(need.name)} ", ""), (word, style), (f"  {when}", "dim")]


def asks_for(job: JobRow) -> str:
    """`1 GPU, 4 CPU slots`."""
    gpus = {-1: "a GPU if the box has any", 0: "no GPU", 1: "1 GPU"}.get(job.gpus, f"{job.gpus} GPUs")
    return f"{gpus}, {job.cpus} CPU slot{'' if job.cpus == 1 else 's'}"


def command_text(opened: Opened) -> str:
    """What runs, as one could type it."""
    return shlex.join(json.loads(opened.command.argv))


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


def detail_lines(opened: Opened | None, me: Me, width: int, *, now: Micros) -> list[Line]:
    """Everything about one job: what it runs, where, with what, its run, and every attempt."""
    if opened is None:
        return []
    job, command = opened.job, opened.command
    said: list[Span] = [
        state_of(job, opened.end), ("  by ", "dim"), (safe(me.named(job.submitted_by)), ""),
        ("  submitted ", "dim"), (clock(job.submitted_us, now=now), ""),
    ]  # fmt: skip
    if job.pipeline:
        said += [("  stage ", "dim"), (safe(f"{job.pipeline} › {job.stage}"), "")]
    lines: list[Line] = [
        heading(f"JOB {job.id} {safe(job.name)}", width, right=safe(job.uid)),
        [("  ", ""), *said],
        *_wrapped("runs", command_text(opened), width),
        _fact("in", command.cwd),
        _fact("asks for", "; ".join(each for each in (asks_for(job), _policy(command)) if each)),
    ]
    if job.reason and job.state not in WAITING:
        lines.append(_fact("reason", job.reason))
    if params := json.loads(command.params):
        lines += _wrapped("params", "  ".join(f"{key}={value}" for key, value in params.items()), width)
    if job.run_id is not None:
        keys = shown("g r")
        lines.append([*_fact("run", str(job.run_id)), (f"   {keys}", "key"), (" shows its curves", "dim")])
    lines += [need_line(need) for need in opened.needs]
    if opened.attempts:
        lines += [[], [("  attempts", "head"), ("  the newest last", "dim")]]
        lines += grid(_ATTEMPT, [_attempt(row, now=now) for row in opened.attempts], width)
    return [clip(line, width) for line in lines]


def _wrapped(word: str, text: str, width: int) -> list[Line]:
    """A fact of up to three lines."""
    first, *more = textwrap.wrap(safe(text), max(20, width - 13), max_lines=3, placeholder=" …") or [""]
    return [_fact(word, first), *([(" " * 12, ""), (line, "")] for line in more)]


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
