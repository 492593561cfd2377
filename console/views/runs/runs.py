"""The leaderboard: its columns and rows, and the chart of what is marked below it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lineside.console.format import NONE, between, clock, count, number, state, took
from lineside.console.ports import Me
from lineside.console.reads.leaderboard import HOLDOUT, Asked, Leaderboard, RunLine, side_of
from lineside.console.reads.needs import why
from lineside.console.text import Line, Span, clip, fit, heading, safe, spread, width_of
from lineside.console.views.runs import orders
from lineside.console.widgets.charts import sparkline
from lineside.console.widgets.charts.window import Plotted, Window
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.columns import Column as Metric
from lineside.store.queries.comparisons import Comparison
from lineside.store.queries.runs import RunRow

CURVE = 12
NARROW, _WIDE = 100, 160
"""Cells of the screen below which a row has to be short, and from which it may be long."""

_LEAST_ROOM = 2
"""Rows that a chart needs."""

_ORDERED = re.compile("(id|status|name|author|duration|created|metric:.*|param:.*)$")


def columns(board: Leaderboard, *, width: int = 120) -> list[Column]:
    """The columns for the board's metric, the hold-out where there is one, children, and params that differ.

    Args:
        width: cells of the screen. On a narrow one the status gives way, so that metric, first params and
            curve stay; on a wide one causes are said in full, and curves are long.
    """
    widest = 17 if width < NARROW else 26 if width < _WIDE else 44
    roomy = width >= _WIDE  # what is left over then makes curves longer, not names
    found = [
        Column(key="id", title="#", align=">", priority=1),
        Column(key="status", title="status", priority=1, max=widest),
        Column(key="name", title="name", priority=2, min=12, max=34, grow=not roomy),
        Column(key="author", title="who", priority=6, max=12),
        *([Column(key=f"metric:{HOLDOUT}", title=HOLDOUT, align=">", priority=5)] if board.measured else []),
        Column(key=f"metric:{board.column.title}", title=_title(board.column), align=">", priority=1, max=16),
        *(Column(key=f"param:{key}", title=key, align=">", priority=4 + place, max=12)
          for place, key in enumerate(board.params)),
        *([Column(key="children", title="children", align=">", priority=5)] if board.families else []),
        Column(key="step", title="step", align=">", priority=6),
        Column(key="duration", title="took", align=">", priority=6),
        Column(key="curve", title="curve", priority=2, min=curve_width(width), max=1_000, grow=roomy),
        Column(key="created", title="created", priority=12, align=">"),
    ]  # fmt: skip
    return [_of_order(column, board.asked.sort) for column in found]


def _of_order(column: Column, sort: str) -> Column:
    """By which the rows are sorted: it stays in sight where somebody chose it, with room for its arrow."""
    if column.key != sort.removeprefix("-"):
        return column
    least = max(column.min, width_of(column.title) + 1)
    return replace(column, min=least, priority=column.priority if sort == Asked().sort else 1)


def curve_width(width: int) -> int:
    """Cells of a curve on a screen of that width.

    >>> [curve_width(w) for w in (80, 120, 200, 300)]
    [8, 12, 24, 48]
    """
    return next((cells for least, cells in ((240, 48), (_WIDE, 24), (NARROW, CURVE)) if width >= least), 8)


def cells(
    line: RunLine, board: Leaderboard, me: Me, *, now: Micros, width: int = 120, curve: int = 0
) -> list[Cell]:
    """One row.

    Args:
        curve: cells that its curve may take on a wide screen; 0: as many as is usual there.
    """
    run, summary = line.run, line.summary
    bad = summary is not None and summary.last_kind != "finite"
    long = curve if curve and width >= _WIDE else curve_width(width)
    drawn = sparkline.text(_stretched(board.curves.get(run.id, ()), board, long), width=long)
    held = line.holdout.last_value if line.holdout else None
    return [
        str(run.id),
        status(run),
        safe(run.name),
        (safe(me.named(run.author)), "dim"),
        *([_number(held, best=False)] if board.measured else []),
        _chosen(line, board),
        *(_param(line.params.get(key)) for key in board.params),
        *([_family(run)] if board.families else []),
        (count(summary.last_step), "") if summary else (NONE, "dim"),
        (took(ran(run, now=now)), "dim"),
        (drawn, "bad" if bad else "run" if run.status == "RUNNING" else "faint-run"),
        (clock(run.created_us, now=now), "dim"),
    ]


def _stretched(values: Sequence[float], board: Leaderboard, cells: int) -> Sequence[float]:
    """Where all curves in sight are shorter than their column, the longest of them fills it."""
    longest = max(map(len, board.curves.values()), default=0)
    if not 0 < longest < cells:
        return values
    wide = round(len(values) * cells / longest)
    return [values[at * len(values) // wide] for at in range(wide)]


def _param(value: str | None) -> Cell:
    return (NONE, "dim") if value is None else safe(value)


def ran(run: RunRow, *, now: Micros) -> float | None:
    """Seconds it took, or has taken so far; None: it has not begun, or only this second."""
    seconds = between(run.started_us, run.ended_us or (now if run.status == "RUNNING" else None))
    return None if seconds is None or (seconds < 1 and run.ended_us is None) else max(0.0, seconds)


def _title(column: Metric) -> str:
    """A long name leaves room for others."""
    name = safe(column.title)
    return fit(name, min(20, width_of(name)))


def sortable(board: Leaderboard, *, width: int) -> list[Column]:
    """The columns that the store can sort by."""
    return [column for column in columns(board, width=width) if _ORDERED.match(column.key)]


def order(board: Leaderboard) -> Line:
    """`newest first · ★ lowest val_mae`: what stands first, and what the star is for."""
    spans: list[Span] = [(orders.said(board.asked.sort), "")]
    if board.best is None:
        return spans
    title = safe(board.column.title)
    sorted_by = board.asked.sort.removeprefix("-") in (board.column.title, f"metric:{board.column.title}")
    low = "lowest" if side_of(board.column) == "min" else "highest"
    return [*spans, (" · ", "dim"), ("★", "ok"), (f" {low}" + ("" if sorted_by else f" {title}"), "dim")]


def _chosen(line: RunLine, board: Leaderboard) -> Span:
    """The value of the chosen column; `…` until the points were looked at."""
    if board.column.best is None:
        return _number(line.value, best=line.run.id == board.best)
    if line.run.id not in board.bests:
        return "…", "dim"
    return _number(board.bests[line.run.id], best=False)


def _number(value: float | None, *, best: bool) -> Span:
    """The best of all that are listed has a star, so that it needs no colour."""
    if value is None:
        return NONE, "dim"
    if not math.isfinite(value):
        return number(value), "bad"
    return (f"★{number(value)}", "bold ok") if best else (number(value), "bold")


def _family(run: RunRow) -> Span:
    """How many children a parent has; whose child a run is."""
    if run.children:
        return count(run.children), ""
    return ("", "") if run.parent_id is None else (f"of {run.parent_id}", "dim")


def status(run: RunRow) -> Span:
    """`✗ FAILED signal 9`: the verdict with its cause."""
    words, style = state(run.status)
    if run.status in ("FAILED", "KILLED") and (run.cause or run.detail) and run.cause != "cancelled":
        words += " " + safe(why(run.cause, run.detail) if run.cause != "exit" else run.detail or "exit")
    return words, style


# -- the chart ------------------------------------------------------------------------------------


def chart_lines(
    board: Leaderboard,
    letters: Mapping[int, str],
    width: int,
    height: int,
    view: Window,
    *,
    log_y: bool,
    now: Micros,
    focused: bool = False,
) -> Plotted:
    """The metric of the marked runs, or of the one under the cursor; else why there is nothing to draw."""
    if not board.lines:
        return Plotted(rows=_undrawn(board, width, height, focused=focused))
    from lineside.console.views.runs import charts

    look = board.asked.look
    words = [*charts.said(board.lines, look, log_y=log_y, now=now), _whose(board, letters)]
    title = safe(board.charted) + _instead(board)
    head = heading(
        title, width, right=_fitting(words, width - width_of(title) - 6),
        style="head accent" if focused else "head",
    )  # fmt: skip
    if height - 1 < _LEAST_ROOM:
        return Plotted(rows=[head])
    drawn = charts.plotted(
        board.lines, look, letters, width=width - 1, height=height - 1, log_y=log_y, view=view,
        live=board.running,
    )  # fmt: skip
    return drawn.under(head, indent=1)


def _fitting(words: Sequence[str], room: int) -> str:
    """As many as there is room for; what is as usual is left out first.

    >>> _fitting(["x step", "y linear", "not smoothed", "run 828"], 20)
    'x step · run 828'
    """
    kept = list(words)
    for usual in ("y linear", "not smoothed", "x step"):
        if width_of(" · ".join(kept)) > room and usual in kept:
            kept.remove(usual)
    return " · ".join(kept)


def _instead(board: Leaderboard) -> str:
    """Says that the charted runs have no points of the table's metric."""
    return "" if board.charted == board.metric else f", for it logged no {safe(board.metric)}"


def _whose(board: Leaderboard, letters: Mapping[int, str]) -> str:
    """`runs a b c`, and which of them have no points; or the run under the cursor."""
    charted = board.asked.charted
    if len(charted) > 1:
        drawn = {line.run_id for line in board.lines}
        lack = " ".join(letters.get(id, str(id)) for id in charted if id not in drawn)
        words = "runs " + " ".join(letters.get(id, str(id)) for id in charted)
        return f"{words} · {lack} logged none" if lack else words
    return f"run {board.asked.charted[0]}" if board.asked.charted else "no run"


def _undrawn(board: Leaderboard, width: int, height: int, *, focused: bool) -> list[Line]:
    """Where nothing was logged: what is known of the run instead, and the end of its output."""
    style = "head accent" if focused else "head"
    found = board.beside
    if not board.asked.points or found is None:
        return [heading(safe(board.metric) or "chart", width, style=style)]
    run = found.run
    said, colour = status(run)
    head = heading(f"RUN {run.id}", width, right="no metric was logged", style=style)
    lines: list[Line] = [[("  ", ""), (said, colour), (_why_silent(run), "dim")]]
    if run.job_id is not None:
        lines.append([("  ", ""), ("o", "key"), (f" the whole output of job {run.job_id}", "dim")])
    room = max(0, height - len(lines) - 2)
    tail: list[Line] = [[("  " + text, "")] for text in found.tail[-room:]] if room else []
    if tail:
        tail = [[], *tail]
    elif run.job_id is None:
        tail = [[], [("  it was started outside the runner: no output was kept", "dim")]]
    return [head, *(clip(line, width) for line in [*lines, *tail])][:height]


def _why_silent(run: RunRow) -> str:
    return {
        "SCHEDULED": "  it waits for its turn", "RUNNING": "  nothing yet",
        "FAILED": "  it ended before it said anything",
    }.get(run.status, "  its script logged no number")  # fmt: skip


def differ_line(found: Comparison, letters: Mapping[int, str], width: int) -> Line:
    """` a b c differ in 3 of 31: lr 3e-3 1e-3 3e-3 · depth 4 4 6`: what somebody chose, not what came out."""
    told = sorted(
        (row for row in found.rows if row.kind in ("param", "data")),
        key=lambda row: (row.kind == "data", "seed" in row.key),
    )
    of = sum(row.kind in ("param", "data") for row in (*found.rows, *found.equal))
    marks = [letters.get(id, _letter(at)) for at, id in enumerate(found.run_ids)]
    spans: list[Span] = [(" ", "")]
    for mark in marks:
        spans += [(mark, f"bold {mark}"), (" ", "")]
    spans.append((f"differ in {len(told)} of {of}:  " if told else "no param and no data differ", "dim"))
    for place, row in enumerate(told):
        spans += [(" · ", "dim")] if place else []
        spans.append((safe(row.key), ""))
        spans += [(" " + safe(value or NONE), mark) for mark, value in zip(marks, row.values, strict=True)]
    return spread(clip(spans, width - 12), [("x", "key"), (" compare ", "dim")], width)


def _letter(place: int) -> str:
    return "abcdefgh"[place % 8]
