"""The rows of each panel of the wall: as many lines each as there is room for."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lineside.console.format import bar, clock, count, glyph, number, plural
from lineside.console.reads.achieved import Better
from lineside.console.reads.walls import Drift, Recent, Watched, Working
from lineside.console.text import Line, Span, clip, safe
from lineside.console.views.bars import block
from lineside.console.views.grid import grid, wrapped
from lineside.console.views.jobs import pulse
from lineside.console.views.jobs.gpus import gauge, gpu_rows
from lineside.console.widgets.charts import sparkline
from lineside.console.widgets.filled import Filled, Row
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.queries.walls import EventRow

if TYPE_CHECKING:
    from lineside.console.views.wall.wall import Scene


_FEW = 3
"""So few rows may take more lines each."""


def _each(rows: int, height: int, most: int) -> int:
    """Lines that each of so many rows may take."""
    return max(1, min(most, height // max(1, rows)))


# -- GPUs -----------------------------------------------------------------------------------------


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
        ("CPU ", "bold"), (bar(taken / scene.slots, 9), "run" if taken else "dim"),
        (f" {taken} of {scene.slots} slots taken", ""),
    ]  # fmt: skip


# -- endpoints ------------------------------------------------------------------------------------

_ENDPOINT = (
    Column(key="mark", title="", priority=1),
    Column(key="name", title="", priority=1, max=24, min=6),
    Column(key="version", title="", priority=4, max=8),
    Column(key="state", title="", priority=1, max=14),
    Column(key="spark", title="", priority=6),
    Column(key="p99", title="", priority=3),
)
_QUIET = ("no traffic", "poller down", "stale", "unparseable", "stopped")


def endpoints(scene: "Scene", width: int, height: int) -> Filled:
    """State in a word, latency of the last hour, what has drifted."""
    rows = scene.wall.endpoints
    if not rows:
        how = ": lineside serve NAME@champion" if width >= 60 else ""
        nothing: Line = [(f"nothing is served yet{how}", "dim")]
        return Filled(title="ENDPOINTS", rows=[Row(key="", lines=[clip(nothing, width)])])
    each = _each(len(rows), height, 9 if len(rows) > _FEW else 16)
    heads = grid(_ENDPOINT, [_endpoint(row, scene, each) for row in rows], width + 2)
    bad = sum(1 for row in rows if row.endpoint.state != "ok")
    return Filled(
        title="ENDPOINTS",
        right=("p99, last hour · " if each > 2 else "")
        + (f"{bad} of {len(rows)} not ok" if bad else f"{len(rows)} ok"),
        rows=[
            Row(key=row.endpoint.id, goes=("monitor", row.endpoint.id),
                lines=[head[1:], *_latency(row, scene, width, each)])
            for row, head in zip(rows, heads, strict=True)
        ],
    )  # fmt: skip


def _endpoint(row: Watched, scene: "Scene", each: int) -> list[Cell]:
    end, now = row.endpoint, scene.wall.at_us
    mark, style = glyph(end.state)
    served = f"v{end.served_version.removeprefix('v')}" if end.served_version else "–"
    if end.state == "mismatch" and end.registry_version is not None:
        served += f"≠v{end.registry_version}"
    quiet = end.state in _QUIET
    since = f"since {pulse.hm(end.state_since_us, now=now)}"
    tail = since if quiet or end.p99_ms is None else f"{number(end.p99_ms, digits=2)} ms"
    if each > 1 and not quiet:
        tail = f"p99 {tail}"
    spark = sparkline.text(row.p99, width=5) if row.p99 and each == 1 else ""
    return [
        (mark, style), (safe(end.name), "bold" if each > 1 else ""), (served, "dim"), (end.state, style),
        (spark, "dim"), (tail, "dim" if quiet else ""),
    ]  # fmt: skip


def _latency(row: Watched, scene: "Scene", width: int, each: int) -> list[Line]:
    """What stands below the state: load, what drifted or is wrong, p99 as bars, a blank."""
    if each == 1:
        return []
    said = _drift(row.drift, width, each) or _detail(row)
    if each > 5:
        said = [*_load(row), *said]
    said = [clip(line, width) for line in said[: each - 1]]
    blank = 1 if each > 4 else 0
    bars = _bars(row, width, each - 1 - len(said) - blank)
    lines = [*said, *bars]
    return [*lines, *([[]] * (each - 1 - len(lines)))] if blank else lines


def _bars(row: Watched, width: int, tall: int) -> list[Line]:
    known = [value for value in row.p99 if value is not None]
    if tall <= 0 or not known:
        return []
    style = "faint-drift" if row.endpoint.state == "drifted" else "faint-a"
    drawn = block(row.p99, width=max(8, width - 11), height=tall, low=0.0)
    scale = [f"{number(max(known), digits=2)} ms", *[""] * (tall - 1)]
    return [[("  ", ""), (text, style), (f" {mark}", "dim")] for text, mark in zip(drawn, scale, strict=True)]


def _load(row: Watched) -> list[Line]:
    """`3.5 requests/s  no errors  p50 4.1 ms`."""
    end = row.endpoint
    if end.state in _QUIET or end.rate is None:
        return []
    errors = f"{count(round(end.errors))} errors" if end.errors else "no errors"
    return [
        [(f"  {number(end.rate, digits=2)} requests/s  ", ""), (errors, "bad" if end.errors else "dim"),
         (f"  p50 {number(end.p50_ms, digits=2)} ms", "dim")]
    ]  # fmt: skip


def _detail(row: Watched) -> list[Line]:
    return [[("  ", ""), (safe(row.endpoint.detail), "warn")]] if row.endpoint.detail else []


def _drift(drift: Drift | None, width: int, each: int) -> list[Line]:
    """`drift 2 of 4: temp .41 ▂▃▇  humidity .19`; a line for each column where there is room."""
    if drift is None:
        return []
    tone = "drift" if drift.fired else "dim"
    if each > 4 * _FEW:
        said: Line = [(f"  drift {drift.fired} of {drift.tested} columns", tone)]
        return [said, *(_score(*score) for score in drift.scores)]
    out: list[Span] = [(f"  drift {drift.fired} of {drift.tested}: ", "drift" if drift.fired else "dim")]
    for place, (feature, value, fired) in enumerate(drift.scores):
        out.append((f"{safe(feature)} {number(value, digits=2)}", "drift" if fired else "dim"))
        if place == 0 and len(drift.values) > 1:
            out.append((" " + sparkline.text(drift.values, width=6, low=0.0), "drift" if fired else "dim"))
        out.append(("  ", ""))
    return [clip(out, width)]


def _score(feature: str, value: float, fired: bool) -> Line:
    mark, tone = ("◆", "drift") if fired else ("·", "dim")
    return [(f"    {mark} ", tone), (safe(feature)[:24].ljust(24), ""), (f" {number(value, digits=2)}", tone)]


# -- jobs -----------------------------------------------------------------------------------------

_JOB = (
    Column(key="mark", title="", priority=1),
    Column(key="id", title="", priority=1, align=">"),
    Column(key="name", title="", priority=1, max=24, min=8),
    Column(key="who", title="", priority=4, max=8),
    Column(key="step", title="", priority=3),
    Column(key="metric", title="", priority=2, max=16),
    Column(key="curve", title="", priority=5),
    Column(key="end", title="", priority=1),
)


def jobs(scene: "Scene", width: int, height: int) -> Filled:
    """What runs, how far it is and when it ends; then the queue with the reason of each."""
    wall = scene.wall
    waiting = list(wall.waiting)
    tall = 2 * len(wall.working) + len(waiting) <= height and width >= 60
    heads = grid(_JOB, [_job(work, scene, brief=tall) for work in wall.working], width + 2)
    rows = [
        Row(key=work.job.id, goes=("jobs", work.job.id),
            lines=[head[1:], *(_progress(work, scene, width) if tall else [])])
        for work, head in zip(wall.working, heads, strict=True)
    ]  # fmt: skip
    if not rows:
        rows = [Row(key="", lines=[[("nothing runs", "dim")]])]
    counts = f"{len(wall.working)} running · {plural(wall.counts.get('QUEUED', 0), 'waiting', 'waiting')}"
    if held := wall.counts.get("HELD", 0):
        counts += f" · {held} held"
    return Filled(title="JOBS", right=counts, rows=[*rows, *_queue(scene, width, height, rows)])


def _queue(scene: "Scene", width: int, height: int, above: Sequence[Row]) -> list[Row]:
    """The queue, a line each; in one line where there is no room for it."""
    waiting, counts = scene.wall.waiting, scene.wall.counts
    room = height - sum(len(row.lines) for row in above)
    if len(waiting) > room and waiting:
        first = waiting[0]
        line: Line = [("○ ", "wait"), (f"{counts.get('QUEUED', 0)} waiting, first {first.id}: ", ""),
                      (safe(first.reason or "its turn comes"), "dim")]  # fmt: skip
        return [Row(key=first.id, lines=[clip(line, width)], goes=("jobs", first.id))]
    rows = []
    for job in waiting:
        mark, style = glyph(job.state)
        line = [(f"{mark} ", style), (f"{job.id} ", "bold"), (f"{safe(job.name)}  ", ""),
                (safe(job.reason or "its turn comes"), "dim")]  # fmt: skip
        rows.append(Row(key=job.id, lines=[clip(line, width)], goes=("jobs", job.id)))
    return rows


def _job(work: Working, scene: "Scene", *, brief: bool) -> list[Cell]:
    job, metric = work.job, work.metric
    mark, style = glyph(job.state)
    curve = scene.curves.get(job.run_id or 0, ())
    who: Cell = (safe(scene.me.named(job.submitted_by)), "dim")
    ends: Cell = pulse.ends(work, now=scene.wall.at_us)
    if brief:
        return [(mark, style), (str(job.id), "bold"), safe(job.name), who, "", "", "", ends]
    return [
        (mark, style), (str(job.id), "bold"), safe(job.name), who,
        pulse.steps(work), f"{safe(metric.metric)} {number(metric.last_value)}" if metric else "",
        (sparkline.text(curve, width=6) if curve else "", "run"), ends,
    ]  # fmt: skip


def _progress(work: Working, scene: "Scene", width: int) -> list[Line]:
    """The second line of a job: how far, how well."""
    metric = work.metric
    if metric is None:
        said = "answers requests" if work.job.kind == "service" else "no metric yet: o shows its output"
        return [[("     ", ""), (said, "dim")]]
    curve = scene.curves.get(work.job.run_id or 0, ())
    out: list[Span] = [("     ", ""), (pulse.steps(work), "")]
    if work.end.total:
        share = metric.last_step / work.end.total
        out += [(" ", ""), *gauge(share, 10, "run"), (f" {100 * share:.0f} %", "dim")]
    out.append((f"  {safe(metric.metric)} {number(metric.last_value)} ", ""))
    out.append((sparkline.text(curve, width=max(6, min(28, width - 60))), "run"))
    return [clip(out, width)]


# -- runs and events ------------------------------------------------------------------------------

_RUN = (
    Column(key="mark", title="", priority=1),
    Column(key="id", title="", priority=1, align=">"),
    Column(key="name", title="", priority=1, max=22, min=6),
    Column(key="who", title="", priority=4, max=8),
    Column(key="metric", title="", priority=2, max=22),
    Column(key="curve", title="", priority=3),
    Column(key="at", title="", priority=3),
)


def recent(scene: "Scene", width: int, height: int) -> Filled:
    """The newest runs with their curves."""
    rows = scene.wall.recent
    each = next(lines for lines in (3, 2, 1) if lines * len(rows) <= height or lines == 1)
    spark = max(8, min(30, width - 52)) if each < 3 else 0
    lines = grid(_RUN, [_run(row, scene, spark) for row in rows], width + 2)
    return Filled(
        title="RECENT RUNS", right="2 shows all",
        rows=[
            Row(key=row.run.id, goes=("runs", row.run.id),
                lines=[line[1:], *([] if each < 3 else [_long_curve(row, scene, width)]),
                       *([[]] * min(1, each - 1))])
            for row, line in zip(rows, lines, strict=True)
        ]
        or [Row(key="", lines=[[("no runs yet", "dim")]])],
    )  # fmt: skip


def _long_curve(row: Recent, scene: "Scene", width: int) -> Line:
    """The curve over the whole panel, under its run."""
    curve = scene.curves.get(row.run.id, ())
    style = {"RUNNING": "run", "FAILED": "bad"}.get(row.run.status, "faint-a")
    return [("  ", ""), (sparkline.text(curve, width=max(8, width - 6)), style)]


def _run(row: Recent, scene: "Scene", spark: int) -> list[Cell]:
    run, metric = row.run, row.metric
    mark, style = glyph(run.status)
    curve = scene.curves.get(run.id, ())
    said = f"{safe(metric.metric)} {number(metric.last_value)}" if metric else ""
    if run.status == "FAILED":
        said = safe(run.cause or "failed")
    when = pulse.hm(run.ended_us or run.started_us or run.created_us, now=scene.wall.at_us)
    return [
        (mark, style), (str(run.id), "bold"), safe(run.name), (safe(scene.me.named(run.author)), "dim"),
        (said, "bad" if run.status == "FAILED" else ""),
        (sparkline.text(curve, width=spark).ljust(spark) if curve and spark else "",
         style if style != "ok" else "dim"),
        (when, "dim"),
    ]  # fmt: skip


def since(scene: "Scene", width: int, height: int) -> Filled:
    """In sum, then one line for each thing that happened; then what one has seen already."""
    wall = scene.wall
    left = clock(wall.since_us, now=wall.at_us)
    title = "THE LAST 24 HOURS" if wall.first_visit else f"SINCE YOU LEFT, {left}"
    rows = _sum(scene, width)
    rows += [_event(event, scene, width) for event in wall.events]
    rows = rows or [Row(key="", lines=[[("nothing happened", "dim")]])]
    if wall.before and height > len(rows) + 2:
        rows.append(Row(key="before", lines=[[("before that", "head")]]))
        rows += [_event(event, scene, width, tone="dim") for event in wall.before]
    return Filled(title=title, rows=rows)


def _sum(scene: "Scene", width: int) -> list[Row]:
    """`14 runs finished, 2 failed · best bike val_mae 38.10 → 36.91 (run 812, tomas)`."""
    wall = scene.wall
    counted: list[Span] = ended(wall.ended)
    betters: list[tuple[Better, list[Span]]] = [(each, _better(each, scene)) for each in wall.better]
    rows: list[Row] = []
    if counted:
        line = counted
        if betters and sum(len(text) for text, _ in [*counted, *betters[0][1]]) + 3 <= width:
            line = [*counted, (" · ", "dim"), *betters.pop(0)[1]]
        goes = wall.better[0].run_id if wall.better else None
        rows.append(Row(key="sum", lines=[clip(line, width)], goes=("runs", goes)))
    rows += [
        Row(key=("best", each.experiment), lines=[clip(line, width)], goes=("runs", each.run_id))
        for each, line in betters
    ]
    return rows


def _better(better: Better, scene: "Scene") -> list[Span]:
    old = f"{number(better.before)} → " if better.before is not None else ""
    who = safe(scene.me.named(better.author))
    return [
        (f"best {safe(better.experiment)} {safe(better.metric)} ", ""), (old, "dim"),
        (number(better.value), "bold ok"), (f" (run {better.run_id}, {who})", "dim"),
    ]  # fmt: skip


_TONE = {"alias": "accent", "retrain": "drift"}
_LIVES = {"alias": "models", "model": "models", "data": "data", "retrain": "monitor"}


def _event(event: EventRow, scene: "Scene", width: int, *, tone: str | None = None) -> Row:
    line: Line = [
        (f"{pulse.hm(event.at_us, now=scene.wall.at_us):>9}  ", "dim"),
        (safe(event.text), _TONE.get(event.kind, "") if tone is None else tone),
    ]
    lives = _LIVES.get(event.kind)
    return Row(
        key=(event.at_us, event.text), lines=[clip(line, width)], goes=(lives, None) if lives else None
    )


def ended(counts: Mapping[str, int]) -> list[Span]:
    """`14 runs finished, 2 failed, 1 cancelled`."""
    words = (("FINISHED", "finished", ""), ("FAILED", "failed", "bad"), ("KILLED", "cancelled", "dim"))
    told = [(counts[status], word, style) for status, word, style in words if counts.get(status)]
    if not told:
        return []
    (first, word, style), *rest = told
    return [
        (f"{plural(first, 'run')} {word}", style or "bold"),
        *((f", {count(n)} {word}", style) for n, word, style in rest),
    ]
