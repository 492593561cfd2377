"""What happened, on the wall: the newest runs, and what one has not seen yet."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from lineside.console.format import count, glyph, number, plural
from lineside.console.reads.achieved import Better
from lineside.console.reads.walls import Recent
from lineside.console.text import Line, Span, clip, line_width, safe
from lineside.console.views.bars import block
from lineside.console.views.grid import grid
from lineside.console.views.jobs import pulse
from lineside.console.widgets.charts import sparkline
from lineside.console.widgets.filled import Filled, Row
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.queries.walls import EventRow

if TYPE_CHECKING:
    from lineside.console.views.wall.wall import Scene


_RUN = (
    Column(key="mark", title="", priority=1),
    Column(key="id", title="", priority=1, align=">"),
    Column(key="name", title="", priority=1, max=22, min=6),
    Column(key="who", title="", priority=4, max=8),
    Column(key="metric", title="", priority=2, max=22),
    Column(key="curve", title="", priority=3),
    Column(key="at", title="", priority=3),
)


_MANY, _MOST = 12, 12
"""With room for so many of three lines each, runs have them, or more: themselves, their curve, a blank."""


def recent(scene: "Scene", width: int, height: int) -> Filled:
    """The newest runs with their curves."""
    count = max(1, min(_MANY, len(scene.wall.recent)))
    each = min(_MOST, height // count) if height >= 3 * count else 1
    rows = scene.wall.recent[: max(1, height // each)]
    spark = max(8, min(30, width - 52)) if each < 3 else 0
    lines = grid(_RUN, [_run(row, scene, spark) for row in rows], width + 2)
    return Filled(
        title="RECENT RUNS", right="2 shows all",
        rows=[
            Row(key=row.run.id, goes=("runs", row.run.id),
                lines=[line[1:], *(_curve(row, scene, width, each - 2) if each > 1 else [])])
            for row, line in zip(rows, lines, strict=True)
        ]
        or [Row(key="", lines=[[("no runs yet", "dim")]])],
    )  # fmt: skip


def _curve(row: Recent, scene: "Scene", width: int, tall: int) -> list[Line]:
    """The curve over the whole panel, under its run, and a blank."""
    curve = scene.curves.get(row.run.id, ())
    style = {"RUNNING": "faint-run", "FAILED": "faint-bad"}.get(row.run.status, "faint-a")
    drawn = block(curve, width=max(8, width - 6), height=tall) if curve else [""] * tall
    return [*([("  ", ""), (text, style)] for text in drawn), []]


def _run(row: Recent, scene: "Scene", spark: int) -> list[Cell]:
    run, metric = row.run, row.metric
    mark, style = glyph(run.status)
    curve = scene.curves.get(run.id, ())
    said = f"{safe(metric.metric)} {number(metric.last_value)}" if metric else ""
    if run.status == "FAILED":
        said = safe(run.cause or "failed")
    when = pulse.brief(run.ended_us or run.started_us or run.created_us, now=scene.wall.at_us)
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
    left = pulse.hm(wall.since_us, now=wall.at_us)
    title = "THE LAST 24 HOURS" if wall.first_visit else f"SINCE YOU LEFT, {left}"
    rows = _sum(scene, width)
    rows += [_event(*event, scene, width) for event in _folded(wall.events)]
    if not rows:
        rows = [
            Row(key="", lines=[[("nothing new", "dim"), ("; before that:" if wall.before else "", "dim")]])
        ]
    elif wall.before and height > len(rows) + 1:
        rows.append(Row(key="before", lines=[[("before that", "head")]]))
    if height > len(rows):
        rows += [_event(*event, scene, width, tone="dim") for event in _folded(wall.before)]
    return Filled(title=title, rows=rows)


def lines(scene: "Scene") -> int:
    """How many lines all that happened takes."""
    wall = scene.wall
    told = len(_sum(scene, 80)) + len(_folded(wall.events))
    return (told or 1) + (1 if told and wall.before else 0) + len(_folded(wall.before))


def _sum(scene: "Scene", width: int) -> list[Row]:
    """`14 runs finished, 2 failed · best bike val_mae 38.10 → 36.91 (run 812, tomas)`."""
    wall = scene.wall
    counted: list[Span] = ended(wall.ended)
    rows: list[Row] = []
    left = list(wall.better)
    if counted:
        line = counted
        forms = [_better(left[0], scene), _better(left[0], scene, brief=True)] if left else []
        joined = [[*counted, (" · ", "dim"), *form] for form in forms]
        fits = next((each for each in joined if line_width(each) <= width), None)
        if fits is not None:
            line, left = fits, left[1:]
        goes = wall.better[0].run_id if wall.better else None
        rows.append(Row(key="sum", lines=[clip(line, width)], goes=("runs", goes)))
    rows += [
        Row(key=("best", each.experiment), lines=[clip(_better(each, scene), width)],
            goes=("runs", each.run_id))
        for each in left
    ]  # fmt: skip
    return rows


def _better(better: Better, scene: "Scene", *, brief: bool = False) -> list[Span]:
    old = f"{number(better.before)} → " if better.before is not None else ""
    who = safe(scene.me.named(better.author))
    return [
        (f"best {safe(better.experiment)} {safe(better.metric)} ", ""), (old, "dim"),
        (number(better.value), "bold ok"), ("" if brief else f" (run {better.run_id}, {who})", "dim"),
    ]  # fmt: skip


_TONE = {"alias": "accent", "retrain": "drift"}
_LIVES = {"alias": "models", "model": "models", "data": "data", "retrain": "monitor"}


def _folded(events: Sequence[EventRow]) -> list[tuple[EventRow, int]]:
    """Neighbours that say the same are one, with how often."""
    groups = (list(same) for _, same in groupby(events, key=lambda event: (event.kind, event.text)))
    return [(same[0], len(same)) for same in groups]


def _event(event: EventRow, times: int, scene: "Scene", width: int, *, tone: str | None = None) -> Row:
    often = f"  ×{times}" if times > 1 else ""
    line: Line = clip([
        (f"{pulse.hm(event.at_us, now=scene.wall.at_us):>9}  ", "dim"),
        (safe(event.text), _TONE.get(event.kind, "") if tone is None else tone),
    ], width - len(often))  # fmt: skip
    if often:
        line = [*line, (often, "bold")]
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
