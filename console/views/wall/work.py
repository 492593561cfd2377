"""What works, on the wall: the GPUs, the jobs that run with how far they are, and those that wait."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineside.console.commands import shown
from lineside.console.format import count, glyph, number, plural
from lineside.console.reads.walls import Working
from lineside.console.text import Line, Span, clip, fit, line_width, safe
from lineside.console.views.grid import grid, wrapped
from lineside.console.views.jobs import pulse, waits
from lineside.console.views.jobs.gpus import gpu_rows
from lineside.console.widgets.charts import gauge, sparkline
from lineside.console.widgets.filled import Filled, Row
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.queries.jobs import JobRow

if TYPE_CHECKING:
    from lineside.console.views.wall.wall import Scene


def gpus(scene: "Scene", width: int, height: int) -> Filled:
    """A gauge each, whose it is, and how busy it was."""
    if not scene.gpus:
        words = wrapped(re.sub(r" \(.*?\)", "", scene.gpu_words), width)
        return Filled(title="GPUS", rows=[Row(key="cpu", lines=[_cpu(scene), *words[: max(0, height - 1)]])])
    held = [work.job for work in scene.wall.working]
    rows = gpu_rows(scene.gpus, held, scene.me, scene.loads, width=width, height=height, now=scene.wall.at_us)
    taken = sum(1 for gpu in scene.gpus if gpu.held)
    return Filled(title="GPUS", rows=rows, right=f"{taken} of {len(scene.gpus)} taken")


def _cpu(scene: "Scene") -> Line:
    """Slots taken of those there are: what a box without GPUs runs out of."""
    if not scene.slots:
        return [(" not known while no runner is up", "dim")]
    taken = sum(work.job.cpus for work in scene.wall.working)
    return [
        ("CPU ", "bold"), *gauge.bar(taken / scene.slots, width=9),
        (f" {taken} of {scene.slots} slots taken", ""),
    ]  # fmt: skip


# -- jobs -----------------------------------------------------------------------------------------

_JOB = (
    Column(key="id", title="", priority=1),
    Column(key="name", title="", priority=1, max=24, min=8),
    Column(key="who", title="", priority=4, max=8),
    Column(key="step", title="", priority=5),
    Column(key="metric", title="", priority=2, max=16),
    Column(key="curve", title="", priority=3),
    Column(key="end", title="", priority=1),
)
_CURVE = 7
_ROOMY = 72
"""From so many cells on, gauges of jobs are ten cells."""


def jobs(scene: "Scene", width: int, height: int) -> Filled:
    """What runs, how far it is and when it ends; then the queue with the reason of each."""
    wall = scene.wall
    working = _in_sight(scene, height)
    tall = lines(scene) <= height and width >= 60
    ids = _id_width(scene)
    heads = grid(_JOB, [_job(work, scene, ids, tall=tall) for work in working], width + 2)
    steps = max((len(pulse.steps(work)) for work in working), default=0)
    rows = [
        Row(key=work.job.id, goes=("jobs", work.job.id),
            lines=[head[1:], *(_progress(work, scene, width, ids, steps) if tall else [])])
        for work, head in zip(working, heads, strict=True)
    ]  # fmt: skip
    if not rows:
        rows = [Row(key="", lines=[[("nothing runs: ", "dim"), ("3", "key"), (" then ", "dim"),
                                    (shown(". n"), "key"), (" runs a pipeline", "dim")]])]  # fmt: skip
    counts = f"{len(wall.working)} running · {plural(wall.counts.get('QUEUED', 0), 'waiting', 'waiting')}"
    if held := wall.counts.get("HELD", 0):
        counts += f" · {held} held"
    return Filled(title="JOBS", right=counts, rows=[*rows, *_queue(scene, width, height, rows, ids)])


def lines(scene: "Scene") -> int:
    """How many lines all of it takes where each job may have two."""
    wall = scene.wall
    return len(wall.working) + sum(1 for work in wall.working if work.metric) + len(wall.waiting)


def _in_sight(scene: "Scene", height: int) -> Sequence[Working]:
    """What serves stands among the endpoints: here it goes first where there is no room for all."""
    wall = scene.wall
    if len(wall.working) + bool(wall.waiting) <= height:
        return wall.working
    return [work for work in wall.working if work.job.kind != "service"]


def _id_width(scene: "Scene") -> int:
    ids = [work.job.id for work in scene.wall.working] + [job.id for job in scene.wall.waiting]
    return max((len(str(id)) for id in ids), default=1)


def _queue(scene: "Scene", width: int, height: int, above: Sequence[Row], ids: int) -> list[Row]:
    """The queue, a line each; in one line where there is no room for it."""
    waiting, counts = scene.wall.waiting, scene.wall.counts
    room = height - sum(len(row.lines) for row in above)
    if not waiting:
        return []
    if len(waiting) > room:
        first = waiting[0]
        start: list[Span] = [("○ ", "wait"), (f"{counts.get('QUEUED', 0)} waiting", ""),
                             (f", first {first.id}: ", "dim")]  # fmt: skip
        line = [*start, *_why(first, scene, width - sum(len(text) for text, _ in start))]
        return [Row(key=first.id, lines=[clip(line, width)], goes=("jobs", first.id))]
    names = min(24, max(len(safe(job.name)) for job in waiting))
    rows = []
    for job in waiting:
        mark, style = glyph(job.state)
        line = [(f"{mark} ", style), (f"{job.id:>{ids}}  ", "bold"), (fit(safe(job.name), names) + "  ", "")]
        line += _why(job, scene, width - 2 - ids - 2 - names - 2)
        rows.append(Row(key=job.id, lines=[clip(line, width)], goes=("jobs", job.id)))
    return rows


def _why(job: JobRow, scene: "Scene", room: int) -> list[Span]:
    live = [work.job for work in scene.wall.working]
    ends = {work.job.id: work.end for work in scene.wall.working}
    return waits.words(job, scene.gpus, live, ends, now=scene.wall.at_us, room=room)


def _job(work: Working, scene: "Scene", ids: int, *, tall: bool) -> list[Cell]:
    job, metric = work.job, work.metric
    mark, style = glyph(job.state)
    curve = scene.curves.get(job.run_id or 0, ())
    head: list[Cell] = [
        (f"{mark} {job.id:>{ids}}", style), safe(job.name), (safe(scene.me.named(job.submitted_by)), "dim"),
    ]  # fmt: skip
    end: Cell = pulse.ends(work, now=scene.wall.at_us)
    if metric is None:
        said = "serves" if job.kind == "service" else "no metric yet"
        return [*head, "", (said, "dim"), "", end]
    if tall:
        return [*head, "", "", "", end]
    step = f"step {count(metric.last_step)}"
    return [
        *head, (step, "dim"), f"{safe(metric.metric)} {number(metric.last_value)}",
        (sparkline.text(curve, width=_CURVE) if curve else "", "run"), end,
    ]  # fmt: skip


def _progress(work: Working, scene: "Scene", width: int, ids: int, steps: int) -> list[Line]:
    """The second line of a job that trains: how far, how well."""
    metric = work.metric
    if metric is None:
        return []
    curve = scene.curves.get(work.job.run_id or 0, ())
    out: list[Span] = [(" " * (4 + ids), ""), (fit(pulse.steps(work), steps), "dim")]
    if work.end.total:
        share = metric.last_step / work.end.total
        out += [
            ("  ", ""),
            *gauge.bar(share, width=10 if width >= _ROOMY else 5),
            (f" {gauge.percent(share):>4}", ""),
        ]
    else:
        out.append((" " * (17 if width >= _ROOMY else 12), ""))
    out.append((f"  {safe(metric.metric)} {number(metric.last_value)} ", ""))
    room = width - line_width(out)
    if room >= _CURVE:
        out.append((sparkline.text(curve, width=min(28, room)), "run"))
    return [clip(out, width)]
