"""The endpoints on the wall: a line each, or with their load, their latency as bars and what has drifted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineside.console.format import bar, count, glyph, number
from lineside.console.reads.walls import Drift, Watched
from lineside.console.text import Line, Span, clip, fit, line_width, safe, width_of
from lineside.console.views.bars import block
from lineside.console.views.jobs import pulse
from lineside.console.widgets.charts import sparkline
from lineside.console.widgets.filled import Filled, Row

if TYPE_CHECKING:
    from lineside.console.views.wall.wall import Scene

_QUIET = ("no traffic", "poller down", "stale", "unparseable", "stopped")
_SPARK, _NAME, _VERSION = 5, 24, 8
_MUTE, _TALL = 3, 16
"""Lines of an endpoint that has nothing to draw, and of one that has, at most."""
_COLUMNS_EACH = 12
"""With so many lines, each column that drifted has one."""


def endpoints(scene: "Scene", width: int, height: int) -> Filled:
    """State in a word, latency of the last hour, what has drifted."""
    rows, width = scene.wall.endpoints, width - 1  # the last cell is the margin
    if not rows:
        how = ": lineside serve NAME@champion" if width >= 60 else ""
        nothing: Line = [(f"nothing is served yet{how}", "dim")]
        return Filled(title="ENDPOINTS", rows=[Row(key="", lines=[clip(nothing, width)])])
    tall = height >= 2 * len(rows)
    heads = _heads(rows, scene, width, tall=tall)
    bad = sum(1 for row in rows if row.endpoint.state not in ("ok", "stopped"))
    still = sum(1 for row in rows if row.endpoint.state == "stopped")
    calm = " · all ok" if not still else " · stopped" if still == len(rows) else f" · {still} stopped"
    spans = _heights(rows, height) if tall else [1] * len(rows)
    return Filled(
        title="ENDPOINTS",
        right=("p99, last hour" if width >= 48 else "p99")
        + (f" · {bad} of {len(rows)} not ok" if bad else calm),
        rows=[
            Row(key=row.endpoint.id, goes=("monitor", row.endpoint.id),
                lines=[head, *_below(row, width, lines)])
            for row, head, lines in zip(rows, heads, spans, strict=True)
        ],
    )  # fmt: skip


def _heights(rows: Sequence[Watched], height: int) -> list[int]:
    """Lines of each: those that have no latency to draw leave theirs to the others."""
    mute = [row.drift is None and not any(value is not None for value in row.p99) for row in rows]
    loud = len(rows) - sum(mute)
    each = (height - _MUTE * sum(mute)) // loud if loud else _MUTE
    if each < 2:
        return [height // len(rows)] * len(rows)
    most = _TALL if loud > 1 else 2 * _TALL
    return [_MUTE if quiet else min(most, each) for quiet in mute]


def _heads(rows: Sequence[Watched], scene: "Scene", width: int, *, tall: bool) -> list[Line]:
    """`◆ bike-api  v6  drifted  ▂▂▃▅▇ 18 ms`, aligned; the version and the curve where there is room."""
    names = min(_NAME, max(width_of(safe(row.endpoint.name)) for row in rows))
    states = max(len(row.endpoint.state) for row in rows)
    served = [_served(row) for row in rows]
    versions = min(_VERSION, max(map(len, served)))
    tails = [_tail(row, scene, tall=tall) for row in rows]
    ends = max(len(text) for text, _ in tails)
    if 2 + names + 2 + versions + 2 + states + 2 + ends > width:
        versions = 0
    out: list[Line] = []
    for row, version, (tail, tone) in zip(rows, served, tails, strict=True):
        mark, style = glyph(row.endpoint.state)
        line: list[Span] = [(f"{mark} ", style), (fit(safe(row.endpoint.name), names), "bold" * tall)]
        line += [(f"  {fit(version, versions)}", "dim")] if versions else []
        out.append(clip([*line, (f"  {fit(row.endpoint.state, states)}", style), (f"  {tail}", tone)], width))
    return out


def _served(row: Watched) -> str:
    end = row.endpoint
    served = f"v{end.served_version.removeprefix('v')}" if end.served_version else "–"
    if end.state == "mismatch" and end.registry_version is not None:
        served += f"≠v{end.registry_version}"
    return served


def _tail(row: Watched, scene: "Scene", *, tall: bool) -> Span:
    """Its p99 with a small curve, or since when there is none."""
    end = row.endpoint
    if end.state in _QUIET or end.p99_ms is None:
        return f"since {pulse.brief(end.state_since_us, now=scene.wall.at_us)}", "dim"
    p99 = f"{number(end.p99_ms, digits=2)} ms"
    if tall:
        return f"p99 {p99}", ""
    return f"{sparkline.text(row.p99, width=_SPARK).ljust(_SPARK)} {p99:>6}", ""


def _below(row: Watched, width: int, lines: int) -> list[Line]:
    """What stands below the state: load, what drifted or is wrong, p99 as bars, a blank."""
    if lines == 1:
        return []
    said = _drift(row.drift, width, lines) or _detail(row)
    if lines > 5:
        said = [*_load(row), *said]
    said = [clip(line, width) for line in said[: lines - 1]]
    mute = not said and not any(value is not None for value in row.p99)
    blank = 1 if lines > 4 or mute else 0
    drawn = [*said, *_bars(row, width, lines - 1 - len(said) - blank)]
    return [*drawn, *([[]] * min(blank, lines - 1 - len(drawn)))]


def _bars(row: Watched, width: int, tall: int) -> list[Line]:
    known = [value for value in row.p99 if value is not None]
    if tall <= 0 or not known:
        return []
    state = row.endpoint.state
    style = "faint-drift" if state == "drifted" else "rule" if state in _QUIET else "faint-a"
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
    if each > _COLUMNS_EACH:
        said: Line = [(f"  drift {drift.fired} of {drift.tested} columns", tone)]
        most = max((value for _, value, _ in drift.scores), default=1.0)
        return [said, *(_score(*score, most, width) for score in drift.scores)]
    out: list[Span] = [(f"  drift {drift.fired} of {drift.tested}: ", tone)]
    for place, (feature, value, fired) in enumerate(drift.scores):
        shade = "drift" if fired else "dim"
        score: list[Span] = [(f"{safe(feature)} {number(value, digits=2)}", shade)]
        if place == 0 and len(drift.values) > 1:
            score.append((" " + sparkline.text(drift.values, width=6, low=0.0), shade))
        if place and line_width(out) + line_width(score) > width:
            break
        out += [*score, ("  ", "")]
    return [clip(out, width)]


def _score(feature: str, value: float, fired: bool, most: float, width: int) -> Line:
    """`◆ temp      ████████▌     0.41`, the bar beside the largest."""
    mark, tone = ("◆", "drift") if fired else ("·", "dim")
    name = 16 if width < 70 else 24
    room = max(0, min(40, width - name - 14))
    return [(f"  {mark} ", tone), (fit(safe(feature), name), ""),
            (" " + bar(value / most if most else 0.0, room), "faint-drift" if fired else "faint-a"),
            (f" {number(value, digits=2):>5}", tone)]  # fmt: skip
