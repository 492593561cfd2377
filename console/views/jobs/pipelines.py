"""Pipelines: a row each, and the stages of one as a graph with the state of every stage."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from lineside.console.format import GLYPHS, NONE, between, number, plural, took
from lineside.console.reads.pipelist import Pipe, stage_state
from lineside.console.text import Line, Span, clip, fit, flush, safe, width_of
from lineside.console.views.grid import grid
from lineside.console.views.jobs import pulse
from lineside.console.widgets.filled import Filled, Row
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.jobs.projects.drawing import lanes
from lineside.store.clock import Micros
from lineside.store.queries.paces import StageRow
from lineside.store.queries.summaries import SummaryRow

COLUMNS = (
    Column(key="name", title="pipeline", priority=1, min=8, max=32, value=lambda pipe: pipe.name),
    Column(key="project", title="project", priority=3, max=20, value=lambda pipe: pipe.project),
    Column(key="state", title="state", priority=1, min=11, value=lambda pipe: pipe.state),
    Column(key="last", title="last run", priority=2, value=lambda pipe: pipe.at_us),
    Column(key="stages", title="stages", priority=2, min=16, max=90, grow=True),
    Column(key="params", title="params", priority=6, max=60),
)

_GLYPHS = {**GLYPHS, "cached": ("✓", "dim"), "skipped": ("↷", "dim"), "never ran": ("·", "dim")}
_NONE: Mapping[int, SummaryRow] = MappingProxyType({})
_WORDS = {"SUCCEEDED": "ok"}


def mark(state: str) -> Span:
    return _GLYPHS.get(state, ("·", "dim"))


def cells(pipe: Pipe, *, now: Micros) -> list[Cell]:
    """One row: its worst state, and every stage by its glyph."""
    glyph, style = mark(pipe.state)
    newest = pipe.newest
    stages = "  ".join(
        f"{mark(stage_state(pipe.stages[s.name]) if s.name in pipe.stages else 'never ran')[0]} {s.name}"
        for s in pipe.spec.stages
    )
    return [
        safe(pipe.name), (safe(pipe.project), "dim"),
        (f"{glyph} {_WORDS.get(pipe.state, pipe.state)}", style),
        (pulse.hm(newest.submitted_us, now=now) if newest else NONE, "dim"), safe(stages),
        (safe("  ".join(f"{key}={value}" for key, value in pipe.spec.params.items())), "dim"),
    ]  # fmt: skip


def graph(
    pipe: Pipe | None, measured: Mapping[int, SummaryRow] = _NONE, *, now: Micros, width: int, height: int
) -> Filled:
    """Its stages with the lanes between them, then the times it was started; each row leads to the job.

    Args:
        measured: run → the metric that people look at first.
    """
    if pipe is None:
        return Filled(title="STAGES", rows=())
    drawn = lanes(pipe.spec)
    left = max((width_of(lane) for lane, _ in drawn), default=1)
    named = max((width_of(name) for _, name in drawn if name), default=1)
    full = 4 * len(drawn) <= height
    rows: list[Row] = []
    joints: list[Line] = []
    for place, (lane, name) in enumerate(drawn):
        if name is None:
            joints.append([(f"{lane}", "dim")])
            continue
        row = pipe.stages.get(name)
        line = _stage(fit(lane, left), fit(name, named), row, now=now)
        line = [*line, (_came_to([row] if row else [], measured), "bold")]
        job = pipe.stages[name].id if name in pipe.stages else None
        goes = ("jobs", job) if job is not None else None
        more = _told(pipe, name, _on(pipe, drawn[place + 1 : place + 2], left)) if full else []
        rows.append(Row(key=name, lines=[clip(each, width) for each in (*joints, line, *more)], goes=goes))
        joints = []
    room = height - sum(len(row.lines) for row in rows)
    rows += turns(pipe, measured, now=now, width=width, room=room)
    ran = sum(1 for stage in pipe.spec.stages if stage.name in pipe.stages)
    return Filled(title=f"STAGES of {safe(pipe.name)}", rows=rows,
                  right=f"{plural(len(pipe.spec.stages), 'stage')}, {ran} ran")  # fmt: skip


_UPWARD = "│┤├╯╰┴┼"


def _on(pipe: Pipe, following: Sequence[tuple[str, str | None]], left: int) -> str:
    """The lanes that go on to the next line."""
    if not following:
        return " " * left
    lane, name = following[0]
    made = {path for stage in pipe.spec.stages for path in (*stage.outs, *stage.metrics)}
    led = any(stage.name == name and made & {*stage.deps} for stage in pipe.spec.stages)
    return fit("".join("│" if c in _UPWARD or (led and c == "●") else " " for c in lane), left)


def _told(pipe: Pipe, name: str, lanes: str) -> list[Line]:
    """What it runs, reads and makes, under its line, the lanes going on."""
    spec = next(stage for stage in pipe.spec.stages if stage.name == name)
    pad = lanes + " " * 2
    out: list[Line] = [[(pad, "dim"), (safe(spec.cmd), "dim")]]
    given = tuple(f"{key}={pipe.spec.params[key]}" for key in spec.params if key in pipe.spec.params)
    parts = [("reads ", spec.deps), ("makes ", (*spec.outs, *spec.metrics)), ("with ", given)]
    said: list[Span] = [(pad, "dim")]
    for word, paths in parts:
        if paths:
            said += [(word, "head"), (safe(", ".join(paths)) + "   ", "dim")]
    return [*out, said, [(lanes, "dim")]]


def _stage(lane: str, name: str, row: StageRow | None, *, now: Micros) -> Line:
    before, _, after = lane.partition("●")
    if row is None:
        return [(before, "dim"), ("·", "dim"), (f"{after}  {safe(name)}  never ran", "dim")]
    state = stage_state(row)
    glyph, style = mark(state)
    word = _WORDS.get(state, state)
    return [
        (before, "dim"), (glyph, style), (f"{after}  ", "dim"), (safe(name), "bold"),
        (f"  {fit(word, 10)}", style),
        (f" job {row.id:<6}", ""), (f"{_when(row, now=now)}  ", "dim"), (_more(row), _tone(state)),
    ]  # fmt: skip


def _when(row: StageRow, *, now: Micros) -> str:
    if row.ended_us is not None:
        length = between(row.started_us, row.ended_us)
        return f"→ {pulse.hm(row.ended_us, now=now)}" + (f" {took(length)}" if length else "")
    return f"since {pulse.hm(row.started_us or row.submitted_us, now=now)}"


def _more(row: StageRow) -> str:
    cause = f"{row.cause}: " if row.cause and row.cause != "ok" and row.state == "FAILED" else ""
    return safe(cause + row.reason)


def turns(pipe: Pipe, measured: Mapping[int, SummaryRow], *, now: Micros, width: int, room: int) -> list[Row]:
    """The times it was started, the newest first: how long each stage took, and what came of it."""
    found = pipe.turns[: max(0, room - 3)]
    if not found:
        return []
    names = [stage.name for stage in pipe.spec.stages]
    columns = (
        Column(key="at", title="", priority=1),
        *(Column(key=name, title="", priority=3 + place, max=24) for place, name in enumerate(names)),
        Column(key="metric", title="", priority=2, max=40),
    )
    head: list[Cell] = [("submitted", "head"), *((safe(name), "head") for name in names), ("", "")]
    lines = grid(columns, [head, *(_turn(turn, names, measured, now=now) for turn in found)], width + 2)
    first, *rest = (line[1:] for line in lines)
    right = plural(len(pipe.turns), "time") if len(pipe.turns) > len(found) else ""
    out = [Row(key="turns", lines=[[], flush("EACH TIME IT RAN", width, right=right), first])]
    for turn, line in zip(found, rest, strict=True):
        newest = max(turn.values(), key=lambda row: row.id)
        out.append(Row(key=("turn", newest.id), lines=[line], goes=("jobs", newest.id)))
    return out


def _turn(
    turn: Mapping[str, StageRow], names: Sequence[str], measured: Mapping[int, SummaryRow], *, now: Micros
) -> list[Cell]:
    at = next(iter(turn.values())).submitted_us
    came_to = _came_to(turn.values(), measured)
    return [(pulse.hm(at, now=now), "bold"), *(_length(turn.get(name)) for name in names), came_to]


def _came_to(rows: Iterable[StageRow], measured: Mapping[int, SummaryRow]) -> str:
    """`val_mae 36.22` of the first that logged anything."""
    found = (measured[row.run_id] for row in rows if row.run_id is not None and row.run_id in measured)
    return next((f"{safe(metric.metric)} {number(metric.last_value)}" for metric in found), "")


def _length(row: StageRow | None) -> Cell:
    """`✓ 52 m`, `✗ oom_cuda`, `○ QUEUED`."""
    if row is None:
        return NONE, "dim"
    state = stage_state(row)
    glyph, style = mark(state)
    length = between(row.started_us, row.ended_us) if row.ended_us is not None else None
    word = (row.cause or "") if state == "FAILED" else took(length) if length else state.lower()
    return safe(f"{glyph} {word}"), style


def _tone(state: str) -> str:
    return {"FAILED": "bad", "QUEUED": "wait", "HELD": "warn"}.get(state, "dim")
