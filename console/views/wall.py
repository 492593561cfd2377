"""The wall below NEEDS YOU: GPUs beside endpoints, jobs, and what happened since one left."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineside.console.format import bar, clock, count, glyph, number, plural
from lineside.console.ports import Me
from lineside.console.reads.walls import Wall, Watched, Working
from lineside.console.text import Line, Span, beside, clip, heading, safe
from lineside.console.views.gpus import gpu_lines
from lineside.console.views.grid import capped, grid, padded, wrapped
from lineside.console.views.lessons import lesson
from lineside.console.widgets import sparkline
from lineside.console.widgets.rows import Cell, Column
from lineside.jobs.devices.gpus import Gpu
from lineside.store.queries.walls import EventRow

WIDE = 140
"""From here on two columns all the way down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The wall and what comes from the runner's memory instead of the store."""

    wall: Wall
    me: Me
    gpus: tuple[Gpu, ...]
    gpu_words: str
    slots: int | None
    curves: Mapping[int, Sequence[float | None]]  # run → its main metric, decimated


def draw(scene: Scene, width: int, height: int) -> list[Line]:
    """All sections in exactly `height` lines."""
    return _wide(scene, width, height) if width >= WIDE else _narrow(scene, width, height)


def _narrow(scene: Scene, width: int, height: int) -> list[Line]:
    half = width // 2 - 1
    left = _gpus(scene, half)
    right = _endpoints(scene, width - half - 1)
    jobs = _jobs(scene, width)
    least_since = 5
    top = min(max(len(left), len(right)), max(3, height - 2 - least_since - min(len(jobs), 3) - 1))
    room = height - (top + 1) - 1 - 1 - least_since + 1
    jobs = capped(jobs, max(1, room), more="more jobs")
    pair = beside(
        padded(capped(left, top), top),
        padded(capped(right, top, more="more endpoints"), top),
        widths=(half, width - half - 1),
    )
    head = [*clip(heading("GPUS", half), half), ("┬", "rule"), *heading("ENDPOINTS", width - half - 1)]
    return padded(
        [
            head,
            *pair,
            _joint(width, half, "JOBS"),
            *jobs,
            *_since(scene, width, height - top - len(jobs) - 2),
        ],
        height,
    )


def _joint(width: int, at: int, title: str) -> Line:
    """A heading whose rule closes the one that came down from above."""
    text, rule, *rest = heading(title, width)
    cut = at - len(text[0])
    if not 0 < cut < len(rule[0]):
        return [text, rule, *rest]
    return [text, (rule[0][:cut] + "┴" + rule[0][cut + 1 :], rule[1]), *rest]


def _wide(scene: Scene, width: int, height: int) -> list[Line]:
    half = width // 2 - 1
    gpus = capped(_gpus(scene, half), max(1, height // 3))
    jobs = capped(_jobs(scene, half), max(1, height - len(gpus) - 2), more="more jobs")
    ends = capped(_endpoints(scene, width - half - 1), max(1, height // 3), more="more endpoints")
    left = [heading("GPUS", half), *gpus, [], heading("JOBS", half), *jobs]
    right = [heading("ENDPOINTS", width - half - 1), *ends, []]
    right += _since(scene, width - half - 1, height - len(right))
    return beside(padded(left, height), padded(right, height), widths=(half, width - half - 1))


# -- sections -------------------------------------------------------------------------------------


def _gpus(scene: Scene, width: int) -> list[Line]:
    held = [work.job for work in scene.wall.working]
    if scene.gpus:
        return gpu_lines(scene.gpus, held, scene.me, words="", width=width, now=scene.wall.at_us)
    return [_cpu(scene), *wrapped(re.sub(r" \(.*?\)", "", scene.gpu_words), width)]


def _cpu(scene: Scene) -> Line:
    """Slots taken of those there are: what a box without GPUs runs out of."""
    if not scene.slots:
        return [("  not known while no runner is up", "dim")]
    taken = sum(work.job.cpus for work in scene.wall.working)
    share = bar(taken / scene.slots, 9)
    return [
        (" CPU ", "bold"),
        (share, "run" if taken else "dim"),
        (f" {taken} of {scene.slots} slots taken", ""),
    ]


_ENDPOINT = (
    Column(key="mark", title="", priority=1),
    Column(key="name", title="", priority=1, max=24, min=6, grow=True),
    Column(key="version", title="", priority=2, max=10),
    Column(key="state", title="", priority=1, max=14),
    Column(key="spark", title="", priority=4),
    Column(key="p99", title="", priority=3, align=">"),
)


def _endpoints(scene: Scene, width: int) -> list[Line]:
    if not scene.wall.endpoints:
        return [[("  nothing is served yet", "dim")]]
    spark = 24 if width >= 60 else 5
    return grid(_ENDPOINT, [_endpoint(row, scene.wall, spark) for row in scene.wall.endpoints], width)


def _endpoint(row: Watched, wall: Wall, spark: int) -> list[Cell]:
    end = row.endpoint
    mark, style = glyph(end.state)
    served = f"v{end.served_version.removeprefix('v')}" if end.served_version else "–"
    if end.state == "mismatch" and end.registry_version is not None:
        served += f"≠v{end.registry_version}"
    quiet = end.state in ("no traffic", "poller down", "stale", "unparseable", "stopped")
    since = f"since {clock(end.state_since_us, now=wall.at_us)[-8:][:5]}"
    tail = since if quiet or end.p99_ms is None else f"{number(end.p99_ms, digits=2)} ms"
    return [
        (mark, style), safe(end.name), served, (end.state, style),
        (sparkline.text(row.p99, width=spark) if row.p99 else "", "dim"), (tail, "" if not quiet else "dim"),
    ]  # fmt: skip


_JOB = (
    Column(key="mark", title="", priority=1),
    Column(key="id", title="", priority=1, align=">"),
    Column(key="name", title="", priority=1, max=32, min=8, grow=True),
    Column(key="who", title="", priority=3, max=12),
    Column(key="step", title="", priority=4),
    Column(key="metric", title="", priority=2, max=26),
    Column(key="curve", title="", priority=5),
    Column(key="since", title="", priority=3, align=">"),
)


def _jobs(scene: Scene, width: int) -> list[Line]:
    wall = scene.wall
    rows = [_job(work, scene, 24 if width >= 90 else 8) for work in wall.working]
    lines: list[Line] = grid(_JOB, rows, width) if rows else [[("  nothing runs", "dim")]]
    if wall.waiting:
        first = wall.waiting[0]
        lines.append(clip([(" ○ ", "wait"), (f"{len(wall.waiting)} waiting, first {first.id}: ", ""),
                           (safe(first.reason or "its turn comes"), "dim")], width))  # fmt: skip
    return lines


def _job(work: Working, scene: Scene, spark: int) -> list[Cell]:
    job, metric = work.job, work.metric
    mark, style = glyph(job.state)
    curve = scene.curves.get(job.run_id or 0, ())
    told = (
        f"{safe(metric.metric)} {number(metric.last_value)}"
        if metric
        else "service"
        if job.kind == "service"
        else ""
    )
    return [
        (mark, style), (str(job.id), "bold"), safe(job.name), (safe(scene.me.named(job.submitted_by)), "dim"),
        f"step {count(metric.last_step)}" if metric else "",
        (told, "" if metric else "dim"), (sparkline.text(curve, width=spark) if curve else "", "run"),
        (f"since {clock(job.started_us, now=scene.wall.at_us)}", "dim"),
    ]  # fmt: skip


def _since(scene: Scene, width: int, height: int) -> list[Line]:
    wall = scene.wall
    left = clock(wall.since_us, now=wall.at_us)
    title = "THE LAST 24 HOURS" if wall.first_visit else f"SINCE YOU LEFT, {left}"
    lines: list[Line] = [heading(title, width)]
    if wall.ended:
        lines.append(clip([(" ", ""), *_ended(wall.ended)], width))
    fresh = [clip(_event(event, wall), width) for event in wall.events]
    lines += capped(fresh, max(0, height - len(lines)), more="more before")
    if len(lines) == 1 and not wall.before and not wall.working and not wall.endpoints:
        return lesson("wall", width)
    lines = lines if len(lines) > 1 else [*lines, [("  nothing happened", "dim")]]
    return [*lines, *_before(wall, width, height - len(lines))]


def _before(wall: Wall, width: int, height: int) -> list[Line]:
    """What one has seen already, where the screen would stand empty."""
    if not wall.before or height < 3:
        return []
    seen = [clip(_event(event, wall, tone="dim"), width) for event in wall.before]
    return [heading("BEFORE THAT", width), *capped(seen, height - 1, more="more before")]


def _event(event: EventRow, wall: Wall, *, tone: str | None = None) -> Line:
    return [
        (f" {clock(event.at_us, now=wall.at_us):>9}  ", "dim"),
        (safe(event.text), _TONE.get(event.kind, "") if tone is None else tone),
    ]


_TONE = {"alias": "accent", "retrain": "drift"}


def _ended(ended: Mapping[str, int]) -> list[Span]:
    """`14 runs finished, 2 failed, 1 cancelled`."""
    words = (("FINISHED", "finished", ""), ("FAILED", "failed", "bad"), ("KILLED", "cancelled", "dim"))
    told = [(ended[status], word, style) for status, word, style in words if ended.get(status)]
    if not told:
        return []
    (first, word, style), *rest = told
    return [
        (f" {plural(first, 'run')} {word}", style),
        *((f", {n} {word}", style) for n, word, style in rest),
    ]
